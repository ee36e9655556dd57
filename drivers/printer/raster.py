"""Dots: what a page is once it has been turned into bits, and how it gets there. Pure.

A grey page becomes black and white in two layers. Everything darker than `TEXT_LEVEL` is ink: letters, rules and
the seal keep whole, smooth strokes (diffusion and plain dithering speckle thin Mincho strokes). Everything lighter
is tint: an ordered 8x8 pattern with the grey's own share of dots, so that the ground pattern survives. A dot of
tint never touches ink, else the smoothed edges of letters would grow hair.

Vendor manuals warn that the real-time commands `10 04 n`, `10 05 n` and `10 14 ..` are acted on wherever they
appear, inside image data too (TM-T90 specification, DLE DC4 notes; TM-U295 page 59). `scrub` therefore adds
one dot to such a byte pair (10 becomes 30); no dot is ever taken away. It runs before a page is hashed, so the
hash names the very dots of the paper.
"""

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

TEXT_LEVEL = 160  # grey below this is ink
_DLE, _DLE_SCRUBBED, _REAL_TIME = 0x10, 0x30, (0x04, 0x05, 0x14)


def row_bytes(width_dots: int) -> int:
    """Bytes of one packed row."""
    return (width_dots + 7) // 8


def raster_sha256(width_dots: int, height_dots: int, rows: bytes) -> str:
    """Name a raster by its dots and its shape; lower-case hex."""
    digest = hashlib.sha256(b"kofuki-raster-1\0" + width_dots.to_bytes(4, "big") + height_dots.to_bytes(4, "big"))
    digest.update(rows)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class RasterSlip:
    """Rows for the receipt printer: packed, most significant bit left, 1 = black."""

    width_dots: int
    height_dots: int
    rows: bytes = field(repr=False)

    def __post_init__(self) -> None:
        assert len(self.rows) == row_bytes(self.width_dots) * self.height_dots, "rows do not fill the slip"


@dataclass(frozen=True, slots=True, kw_only=True)
class RasterPage:
    """One page of one copy of one request, as dots. Rows as in `RasterSlip`; hashes are lower-case hex."""

    request_id: str
    copy: int
    page: int  # 1 .. pages
    pages: int
    document_sha256: str
    raster_sha256: str
    width_dots: int
    height_dots: int
    rows: bytes = field(repr=False)

    def __post_init__(self) -> None:
        assert len(self.rows) == row_bytes(self.width_dots) * self.height_dots, "rows do not fill the page"


class TicketSpent(Exception):
    """A print ticket was shown twice, or after it was revoked."""


class PrintTicket:
    """The right to print one copy once: made after payment, dead after `use` or `revoke`. RAM only.

    The session's loop may revoke while a worker uses: one `list.pop` decides, and it is atomic.
    """

    __slots__ = ("_lives", "copy", "raster_sha256s", "request_id")

    def __init__(self, request_id: str, copy: int, raster_sha256s: tuple[str, ...]) -> None:
        self.request_id = request_id
        self.copy = copy
        self.raster_sha256s = raster_sha256s
        self._lives = [True]

    def use(self) -> None:
        """Spend the ticket. Raises `TicketSpent` if that happened before or it was revoked."""
        try:
            self._lives.pop()
        except IndexError:
            raise TicketSpent(f"the ticket of copy {self.copy} is spent or revoked") from None

    def revoke(self) -> bool:
        """Kill the ticket; False when it was already spent, so that printing may have begun."""
        try:
            self._lives.pop()
        except IndexError:
            return False
        return True


def _tint_thresholds() -> NDArray[np.uint8]:
    """The 8x8 ordered pattern as grey levels: tint of grey g gets 64 * (255 - g) / 255 dots of 64."""
    order: NDArray[np.int64] = np.zeros((1, 1), dtype=np.int64)
    for _ in range(3):
        order = np.block([[4 * order, 4 * order + 2], [4 * order + 3, 4 * order + 1]])
    levels: NDArray[np.uint8] = ((2 * order + 1) * 255 // 128).astype(np.uint8)
    return levels


def _around(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Packed ink grown by one dot up, down, left and right."""
    one, seven = np.uint8(1), np.uint8(7)
    grown: NDArray[np.uint8] = ink | (ink << one) | (ink >> one)
    grown[:, :-1] |= ink[:, 1:] >> seven
    grown[:, 1:] |= ink[:, :-1] << seven
    grown[:-1] |= ink[1:]
    grown[1:] |= ink[:-1]
    return grown


def pack(grey: NDArray[np.uint8]) -> bytes:
    """Turn a grey page (rows x dots, 0 = black) into packed, scrubbed rows. Equal pages give equal bytes."""
    height, width = grey.shape
    ink = np.packbits(grey < TEXT_LEVEL, axis=1)
    thresholds = _tint_thresholds()
    tint_dots = np.empty((height, width), dtype=np.bool_)
    for offset, line in enumerate(thresholds):
        np.less(grey[offset::8], np.resize(line, width), out=tint_dots[offset::8])
    tint = np.packbits(tint_dots, axis=1)
    tint &= ~_around(ink)
    ink |= tint
    _scrub_in_place(ink.reshape(-1))
    return ink.tobytes()


def _scrub_in_place(data: NDArray[np.uint8]) -> None:
    at = np.flatnonzero(data[:-1] == _DLE)
    if at.size:
        data[at[np.isin(data[at + 1], _REAL_TIME)]] = _DLE_SCRUBBED


def scrub(data: bytes) -> bytes:
    """Image data without real-time look-alikes; the same object when it had none."""
    if not has_real_time(data):
        return data
    array = np.frombuffer(data, dtype=np.uint8).copy()
    _scrub_in_place(array)
    return array.tobytes()


def has_real_time(data: bytes) -> bool:
    """Whether a printer would find a real-time command in these bytes."""
    return any(bytes((_DLE, second)) in data for second in _REAL_TIME)
