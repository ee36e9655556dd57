"""Pages as dots: turns a grey page into packed black-and-white rows, and hashes them. Pure.

A grey page becomes black and white in two layers. Everything darker than `TEXT_LEVEL` is ink, so letters, rules and
the seal keep whole, smooth strokes (diffusion and plain dithering speckle thin Mincho strokes). Everything lighter
is tint: an ordered 8x8 pattern with as many dots as the grey is dark, so that the ground pattern stays visible. No dot
of tint touches ink, because it would roughen the smooth edges of letters. A stroke thinner than a dot is ink too, though
it is drawn as grey as a tint: it has white close on both sides (`_hairs`).

Vendor manuals warn that the printer carries out the real-time commands `10 04 n`, `10 05 n` and `10 14 ..` wherever
they appear, inside image data too (TM-T90 specification, DLE DC4 notes; TM-U295 page 59). So `scrub` adds
one dot to such a byte pair (10 becomes 30); it never removes a dot. It runs before a page is hashed, so the
hash is that of the dots on paper.
"""

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

TEXT_LEVEL = 160  # grey below this is ink
# Of a stroke 0.4 dots wide, the thinnest of a label in 8 pt, one of two rows of dots is darker than this.
_HAIR_LEVEL, _WHITE_LEVEL = 212, 240
_DLE, _DLE_SCRUBBED, _REAL_TIME = 0x10, 0x30, (0x04, 0x05, 0x14)


def row_bytes(width_dots: int) -> int:
    """Bytes of one packed row."""
    return (width_dots + 7) // 8


def raster_sha256(width_dots: int, height_dots: int, rows: bytes) -> str:
    """The hash of a raster's dots and shape; lower-case hex."""
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
    """A print ticket was used twice, or after it was revoked."""


class PrintTicket:
    """The right to print one copy once: made after payment, invalid after `use` or `revoke`. RAM only.

    The session's loop may revoke it while a worker uses it. One atomic `list.pop` decides which comes first.
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
        """Make the ticket invalid; False when it was already spent, so that printing may have begun."""
        try:
            self._lives.pop()
        except IndexError:
            return False
        return True


def _tint_thresholds() -> NDArray[np.uint8]:
    """The 8x8 ordered pattern as grey levels: grey g gets 64 * (255 - g) / 255 dots of 64."""
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


def _hairs(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Packed: dots that are not white, with white one or two dots away above and below, or left and right."""
    white = np.packbits(grey >= _WHITE_LEVEL, axis=1)
    before, after = white >> np.uint8(1) | white >> np.uint8(2), white << np.uint8(1) | white << np.uint8(2)
    before[:, 1:] |= white[:, :-1] << np.uint8(7) | white[:, :-1] << np.uint8(6)
    after[:, :-1] |= white[:, 1:] >> np.uint8(7) | white[:, 1:] >> np.uint8(6)
    above, below = np.zeros_like(white), np.zeros_like(white)
    for away in (1, 2):
        above[away:] |= white[:-away]
        below[:-away] |= white[away:]
    hairs: NDArray[np.uint8] = np.packbits(grey < _HAIR_LEVEL, axis=1)
    hairs &= (before & after) | (above & below)
    return hairs


def pack(grey: NDArray[np.uint8]) -> bytes:
    """Turn a grey page (rows x dots, 0 = black) into packed, scrubbed rows. Equal pages give equal bytes."""
    height, width = grey.shape
    ink = np.packbits(grey < TEXT_LEVEL, axis=1) | _hairs(grey)
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
    """Image data in which no bytes read as a real-time command; the same object when there were none."""
    if not has_real_time(data):
        return data
    array = np.frombuffer(data, dtype=np.uint8).copy()
    _scrub_in_place(array)
    return array.tobytes()


def has_real_time(data: bytes) -> bool:
    """Whether these bytes hold the beginning of a real-time command."""
    return any(bytes((_DLE, second)) in data for second in _REAL_TIME)
