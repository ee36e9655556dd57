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
import re
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

TEXT_LEVEL = 160  # grey below this is ink
# Of a stroke 0.4 dots wide, the thinnest of a label in 8 pt, one of two rows of dots is darker than this.
_HAIR_LEVEL, _WHITE_LEVEL = 212, 240
_DLE, _DLE_SCRUBBED, _REAL_TIME = 0x10, 0x30, (0x04, 0x05, 0x14)
_COMMAND = re.compile(b"\x10[\x04\x05\x14]")
# Rows made at once: whole patterns of tint, so few that they stay in the processor's cache and that many bands have no ink.
# Of the rows around them three decide about a dot: one that it touches, and two more that make that one a hair.
_BAND, _AROUND = 96, 3


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


@cache
def _tint_thresholds(width: int) -> NDArray[np.uint8]:
    """The 8x8 ordered pattern as grey levels, for a band of rows: grey g gets 64 * (255 - g) / 255 dots of 64."""
    order: NDArray[np.int64] = np.zeros((1, 1), dtype=np.int64)
    for _ in range(3):
        order = np.block([[4 * order, 4 * order + 2], [4 * order + 3, 4 * order + 1]])
    levels: NDArray[np.uint8] = ((2 * order + 1) * 255 // 128).astype(np.uint8)
    return np.tile(levels, (_BAND // 8, -(-width // 8)))[:, :width]


def _words(dots: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Rows of dots as words of 64 dots, the left one in the highest bit; zeros beyond the width."""
    rows = np.zeros((len(dots), -(-dots.shape[1] // 64) * 8), dtype=np.uint8)
    rows[:, : row_bytes(dots.shape[1])] = np.packbits(dots, axis=1)
    return rows.view(">u8").astype(np.uint64)


def _beside(dots: NDArray[np.uint64], away: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """For each dot the one that lies so far to its left, and to its right."""
    step, rest = np.uint64(away), np.uint64(64 - away)
    left, right = dots >> step, dots << step
    left[:, 1:] |= dots[:, :-1] << rest
    right[:, :-1] |= dots[:, 1:] >> rest
    return left, right


def _around(ink: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Ink grown by one dot up, down, left and right."""
    left, right = _beside(ink, 1)
    grown: NDArray[np.uint64] = ink | left | right
    grown[:-1] |= ink[1:]
    grown[1:] |= ink[:-1]
    return grown


def _hairs(dark: NDArray[np.uint64], white: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Dots that are dark, with white one or two dots away above and below, or left and right."""
    left, right, above, below = (np.zeros_like(white) for _ in range(4))
    for away in (1, 2):
        before, after = _beside(white, away)
        left |= before
        right |= after
        above[away:] |= white[:-away]
        below[:-away] |= white[away:]
    return dark & ((left & right) | (above & below))


def pack(grey: NDArray[np.uint8]) -> bytes:
    """Turn a grey page (rows x dots, 0 = black) into packed, scrubbed rows. Equal pages give equal bytes."""
    packed = np.concatenate([_packed(grey, top) for top in range(0, len(grey), _BAND)])
    _scrub_in_place(packed.reshape(-1))
    return packed.tobytes()


def _packed(grey: NDArray[np.uint8], top: int) -> NDArray[np.uint8]:
    """The band of rows that begins at `top`. Most of a page has nothing but tint."""
    band = grey[top : top + _BAND]
    tint = band < _tint_thresholds(grey.shape[1])[: len(band)]
    before = min(top, _AROUND)
    wider = grey[top - before : top + _BAND + _AROUND]
    if wider.min(initial=_WHITE_LEVEL) >= _HAIR_LEVEL:
        return np.packbits(tint, axis=1)
    ink = _words(wider < TEXT_LEVEL) | _hairs(_words(wider < _HAIR_LEVEL), _words(wider >= _WHITE_LEVEL))
    own = slice(before, before + len(band))
    black = ink[own] | (_words(tint) & ~_around(ink)[own])
    return black.astype(">u8").view(np.uint8)[:, : row_bytes(grey.shape[1])]


def _scrub_in_place(data: NDArray[np.uint8]) -> None:
    data[_real_time_at(data)] = _DLE_SCRUBBED


def _real_time_at(data: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Where the beginnings of real-time commands stand."""
    at = np.flatnonzero(data[:-1] == _DLE)
    return at[np.isin(data[at + 1], _REAL_TIME)]


def scrub(data: bytes) -> bytes:
    """Image data in which no bytes read as a real-time command; the same object when there were none."""
    array = np.frombuffer(data, dtype=np.uint8)
    if not _real_time_at(array).size:
        return data
    array = array.copy()
    _scrub_in_place(array)
    return array.tobytes()


def has_real_time(data: bytes) -> bool:
    """Whether these bytes hold the beginning of a real-time command."""
    return _COMMAND.search(data) is not None
