"""The certificates' font, read directly: which characters it can draw, how wide they are, and their outlines.

Only what the forms need of OpenType: `cmap` formats 12 and 14 (variation selectors), `hmtx`, `loca` and `glyf`; that
is too little to add a dependency for. Source: OpenType specification 1.9, chapters cmap, hmtx, glyf. Lengths are in
font units (`units_per_em` to the em).
"""

import bisect
import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FAMILY = "IPAmjMincho"
FOLDERS = (Path("/usr/share/fonts/truetype/ipamj"), Path("/usr/share/fonts/opentype/ipamj"))
FILE = "ipamjm.ttf"
SELECTORS = range(0xE0100, 0xE01F0)  # VS17 to VS256

Contour = list[tuple[int, int, bool]]  # x, y, on the curve


class NoFont(Exception):
    """IPAmj明朝 is not installed (Debian package fonts-ipamj-mincho)."""


def folder() -> Path:
    """The folder that holds the font. Raises `NoFont`."""
    for place in FOLDERS:
        if (place / FILE).exists():
            return place
    raise NoFont("IPAmj明朝 is not installed: apt-get install fonts-ipamj-mincho")


@dataclass(frozen=True, slots=True)
class _Ranges:
    """Sorted, disjoint ranges of code points, each with the glyph of its first."""

    firsts: list[int]
    lasts: list[int]
    glyphs: list[int]

    def glyph(self, code: int) -> int | None:
        at = bisect.bisect_right(self.firsts, code) - 1
        if at < 0 or code > self.lasts[at]:
            return None
        return self.glyphs[at] + code - self.firsts[at]


class _Advances(dict[str, int]):
    """Cache: character -> advance. Its size is bounded by the number of characters."""

    def __init__(self, of: "Font") -> None:
        super().__init__()
        self._of = of

    def __missing__(self, character: str) -> int:
        glyph = self._of.glyph(ord(character))
        width = self._of.units_per_em if glyph is None else self._of.advance(glyph)
        self[character] = 0 if ord(character) in SELECTORS else width
        return self[character]


class Font:
    """One TrueType file, mapped into memory."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        count = self._u16(4)
        self._tables = {bytes(self._data[at : at + 4]): self._u32(at + 8) for at in range(12, 12 + 16 * count, 16)}
        self.units_per_em = self._u16(self._tables[b"head"] + 18)
        self._long_offsets = self._u16(self._tables[b"head"] + 50) == 1
        self._metrics = self._u16(self._tables[b"hhea"] + 34)
        self._plain, self._default, self._other = self._read_cmap()
        self._advances = _Advances(self)

    def glyph(self, code: int, selector: int | None = None) -> int | None:
        """The glyph of a character, or of a character with its selector; None when the font has none of its own."""
        if selector is None:
            return self._plain.glyph(code)
        default = self._default.get(selector)
        if default is not None and default.glyph(code) is not None:
            return self._plain.glyph(code)
        return self._other.get((code, selector))

    def texts(self) -> Iterator[tuple[int, str]]:
        """Each glyph with each character, and each character with a selector of its own, that it draws."""
        for first, last, glyph in zip(self._plain.firsts, self._plain.lasts, self._plain.glyphs, strict=True):
            for code in range(first, last + 1):
                yield glyph + code - first, chr(code)
        for (code, selector), glyph in self._other.items():
            yield glyph, chr(code) + chr(selector)

    def advance(self, glyph: int) -> int:
        """The glyph's advance width."""
        return self._u16(self._tables[b"hmtx"] + 4 * min(glyph, self._metrics - 1))

    def width_em(self, text: str) -> float:
        """The width of a text set without kerning, in em. A selector has no width; a missing glyph counts as one em."""
        return sum(map(self._advances.__getitem__, text)) / self.units_per_em

    def outline(self, glyph: int) -> list[Contour]:
        """The contours of a glyph, y upwards, quadratic, with TrueType's implied points left implied."""
        loca, glyf = self._tables[b"loca"], self._tables[b"glyf"]
        if self._long_offsets:
            begin, end = self._u32(loca + 4 * glyph), self._u32(loca + 4 * glyph + 4)
        else:
            begin, end = 2 * self._u16(loca + 2 * glyph), 2 * self._u16(loca + 2 * glyph + 2)
        if begin == end:
            return []
        contours = self._i16(glyf + begin)
        if contours < 0:
            return self._compound(glyf + begin + 10)
        return self._simple(glyf + begin + 10, contours)

    # --- tables -------------------------------------------------------------------------------------

    def _u16(self, at: int) -> int:
        return int.from_bytes(self._data[at : at + 2], "big")

    def _i16(self, at: int) -> int:
        return int.from_bytes(self._data[at : at + 2], "big", signed=True)

    def _u32(self, at: int) -> int:
        return int.from_bytes(self._data[at : at + 4], "big")

    def _read_cmap(self) -> tuple[_Ranges, dict[int, _Ranges], dict[tuple[int, int], int]]:
        cmap = self._tables[b"cmap"]
        plain = _Ranges([], [], [])
        default: dict[int, _Ranges] = {}
        other: dict[tuple[int, int], int] = {}
        for number in range(self._u16(cmap + 2)):
            at = cmap + self._u32(cmap + 4 + 8 * number + 4)
            match self._u16(at):
                case 12:
                    groups = struct.iter_unpack(">LLL", self._data[at + 16 : at + 16 + 12 * self._u32(at + 12)])
                    for first, last, glyph in groups:
                        plain.firsts.append(first)
                        plain.lasts.append(last)
                        plain.glyphs.append(glyph)
                case 14:
                    for record in range(self._u32(at + 6)):
                        self._read_selector(at, at + 10 + 11 * record, default, other)
                case _:  # format 4 repeats what 12 holds
                    pass
        assert plain.firsts, "the font has no cmap of format 12"
        return plain, default, other

    def _read_selector(
        self, table: int, record: int, default: dict[int, _Ranges], other: dict[tuple[int, int], int]
    ) -> None:
        selector = int.from_bytes(self._data[record : record + 3], "big")
        default_at, other_at = self._u32(record + 3), self._u32(record + 7)
        if default_at:
            at = table + default_at
            pairs = [
                (int.from_bytes(self._data[p : p + 3], "big"), self._data[p + 3])
                for p in range(at + 4, at + 4 + 4 * self._u32(at), 4)
            ]
            default[selector] = _Ranges([p for p, _ in pairs], [p + more for p, more in pairs], [0] * len(pairs))
        if other_at:
            at = table + other_at
            for p in range(at + 4, at + 4 + 5 * self._u32(at), 5):
                other[int.from_bytes(self._data[p : p + 3], "big"), selector] = self._u16(p + 3)

    # --- outlines -----------------------------------------------------------------------------------

    def _simple(self, at: int, contours: int) -> list[Contour]:
        ends = [self._u16(at + 2 * n) for n in range(contours)]
        at += 2 * contours
        at += 2 + self._u16(at)  # instructions
        flags: list[int] = []
        while len(flags) <= ends[-1]:
            flag = self._data[at]
            at += 1
            repeat = 1
            if flag & 8:
                repeat += self._data[at]
                at += 1
            flags += [flag] * repeat
        xs, at = self._coordinates(at, flags, short=2, same=16)
        ys, _ = self._coordinates(at, flags, short=4, same=32)
        points = [(x, y, bool(flag & 1)) for x, y, flag in zip(xs, ys, flags, strict=True)]
        starts = [0, *(end + 1 for end in ends)]
        return [points[begin : end + 1] for begin, end in zip(starts, ends, strict=False)]

    def _coordinates(self, at: int, flags: list[int], short: int, same: int) -> tuple[list[int], int]:
        values, value = [], 0
        for flag in flags:
            if flag & short:
                value += self._data[at] if flag & same else -self._data[at]
                at += 1
            elif not flag & same:
                value += self._i16(at)
                at += 2
            values.append(value)
        return values, at

    def _compound(self, at: int) -> list[Contour]:
        """The contours of a compound glyph. Reads plain offsets only: this font uses nothing else."""
        whole: list[Contour] = []
        while True:
            flags, glyph = self._u16(at), self._u16(at + 2)
            assert flags & 2, "a compound glyph joined by points"
            if flags & 1:
                dx, dy = self._i16(at + 4), self._i16(at + 6)
                at += 8
            else:
                dx, dy = struct.unpack(">bb", self._data[at + 4 : at + 6])
                at += 6
            at += 2 if flags & 8 else 4 if flags & 0x40 else 8 if flags & 0x80 else 0
            whole += [[(x + dx, y + dy, on) for x, y, on in contour] for contour in self.outline(glyph)]
            if not flags & 0x20:
                return whole


@cache
def font() -> Font:
    """The font of the certificates. Raises `NoFont`."""
    return Font(folder() / FILE)
