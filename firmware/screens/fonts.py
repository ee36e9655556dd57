"""The screens' letters: BIZ UDゴシック, drawn for people who read with difficulty.

A language may name its own fonts in its words file (`[fonts] regular, bold`); they must hold that language's letters
and Japanese ones, because certificates and names stay Japanese. A letter that the family lacks, such as a rare kanji
or one chosen by a variation selector, is drawn in IPAmj明朝: its style differs, but no name shows an empty box.
"""

import struct
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from PIL import ImageFont

from firmware.config.unit import UnitError
from firmware.screens.words import alphabet, words

FOLDER = Path("/usr/share/fonts/truetype")
OWN_FOLDER = Path("/usr/share/fonts/opentype/noto")  # of fonts that a language names
REGULAR = FOLDER / "bizud-gothic/BIZUDPGothic-Regular.ttf"
BOLD = FOLDER / "bizud-gothic/BIZUDPGothic-Bold.ttf"
RARE = FOLDER / "ipamj/ipamjm.ttf"

Font = ImageFont.FreeTypeFont


class LettersMissing(UnitError):
    """A font or library that draws the letters is missing; the machine does not start. The message is a sentence."""


class Face(NamedTuple):
    """A font: its file, and which of the file's fonts."""

    path: Path
    number: int = 0


def load(path: Path, size: int, number: int = 0) -> Font:
    """A font. Raises `LettersMissing` when the file or the library for variation selectors is missing."""
    return _large(path, size, number) if path.suffix == ".ttc" else _small(path, size)


@lru_cache(maxsize=8)
def _large(path: Path, size: int, number: int) -> Font:
    """Of Noto each size takes 3 MB, and is read in a millisecond: only the last few are kept."""
    return _read(path, size, number)


@cache
def _small(path: Path, size: int) -> Font:
    return _read(path, size, 0)


def _read(path: Path, size: int, number: int) -> Font:
    try:
        font = ImageFont.truetype(str(path), size, number, layout_engine=ImageFont.Layout.RAQM)
    except OSError:
        raise LettersMissing(
            f"the font {path} cannot be read; hardware/machine-packages.txt names its package"
        ) from None
    # Pillow brings Raqm, but takes the library fribidi from the system. Without it Pillow lays out letter by letter, and
    # each variation selector in a name becomes an empty box.
    if font.layout_engine != ImageFont.Layout.RAQM:
        raise LettersMissing("names with variation selectors cannot be drawn; the package libfribidi0 is missing")
    return font


def family(language: str, *, bold: bool) -> Face:
    """The font that holds a language's letters."""
    own = words(language).font(bold=bold)
    if own is None:
        return Face(BOLD if bold else REGULAR)
    file, number = own.split(":")
    return Face(OWN_FOLDER / file, int(number))


class Letters:
    """One size and weight in one language."""

    def __init__(self, language: str, size: int, *, bold: bool = False) -> None:
        self.size, self.bold = size, bold
        self._face = family(language, bold=bold)
        self.font = load(self._face.path, size, self._face.number)
        self._advances = _Own(_kept_advances(self._face, size))

    def runs(self, text: str) -> Iterator[tuple[str, Font]]:
        """The text in pieces, each with the font that holds its letters."""
        held = coverage(self._face.path)
        if text.isascii() or all(ord(letter) in held for letter in text):
            yield text, self.font
            return
        run, rare = "", False
        for letter in _with_selectors(text):
            is_rare = len(letter) > 1 or ord(letter) not in held
            if run and is_rare != rare:
                yield run, load(RARE, self.size) if rare else self.font
                run = ""
            run, rare = run + letter, is_rare
        if run:
            yield run, load(RARE, self.size) if rare else self.font

    def width(self, text: str) -> float:
        """Pixels from the start of the text to its end, exact. Takes 0.1 ms; see `at_most`."""
        return sum(font.getlength(run) for run, font in self.runs(text))

    def at_most(self, text: str) -> float:
        """An upper bound of `width`: the sum of the letters' widths, without kerning. Faster; used to find line ends."""
        return sum(map(self._advances.__getitem__, text))


class _Own(dict[str, float]):
    """Widths of the letters of one text, which is measured many times until its lines are found. They go with the text."""

    def __init__(self, kept: "_Kept") -> None:
        super().__init__()
        self._kept = kept

    def __missing__(self, letter: str) -> float:
        width = self[letter] = self._kept[letter]
        return width


class _Kept(dict[str, float]):
    """Widths of single letters. Only those of the words files are kept: other letters may come from a resident's name."""

    def __init__(self, face: Face, size: int) -> None:
        super().__init__()
        self._face, self._size = face, size

    def __missing__(self, letter: str) -> float:
        if is_selector(letter):
            return 0.0
        path, number = self._face if ord(letter) in coverage(self._face.path) else Face(RARE)
        width = load(path, self._size, number).getlength(letter)
        if letter in alphabet():
            self[letter] = width
        return width


@cache
def _kept_advances(face: Face, size: int) -> _Kept:
    return _Kept(face, size)


def is_selector(letter: str) -> bool:
    """Whether this is a variation selector: standardised (from U+FE00) or ideographic (from U+E0100)."""
    return "\ufe00" <= letter <= "\ufe0f" or "\U000e0100" <= letter <= "\U000e01ef"


def _with_selectors(text: str) -> Iterator[str]:
    letter = ""
    for character in text:
        if letter and not is_selector(character):
            yield letter
            letter = ""
        letter += character
    if letter:
        yield letter


class Coverage:
    """The code points that a font has; a bit for each, because a set of Noto's 45,000 takes four megabytes."""

    def __init__(self) -> None:
        self._bits = bytearray(0x110000 >> 3)

    def add(self, first: int, last: int) -> None:
        for point in range(first, last + 1):
            self._bits[point >> 3] |= 1 << (point & 7)

    def __contains__(self, point: int) -> bool:
        return bool(self._bits[point >> 3] >> (point & 7) & 1)


@cache
def coverage(path: Path) -> Coverage:
    """The code points a font file has glyphs for (OpenType 1.9 `cmap`, subtable format 12).

    Of a collection, those of its first font: the fonts of Noto's collections differ in shapes, not in letters.
    """
    with path.open("rb") as file:
        head = file.read(12)
        start = 0
        if head[:4] == b"ttcf":  # a collection: the first font's tables
            start = struct.unpack(">I", file.read(4))[0]
            file.seek(start)
            head = file.read(12)
        tables = file.read(16 * struct.unpack_from(">H", head, 4)[0])
        records = (struct.unpack_from(">4sIII", tables, at) for at in range(0, len(tables), 16))
        at, size = next((at, size) for tag, _, at, size in records if tag == b"cmap")
        file.seek(at)
        cmap = file.read(size)
    covered = Coverage()
    for number in range(struct.unpack_from(">H", cmap, 2)[0]):
        offset = struct.unpack_from(">I", cmap, 8 + 8 * number)[0]
        if struct.unpack_from(">H", cmap, offset)[0] == 12:
            for group in range(struct.unpack_from(">I", cmap, offset + 12)[0]):
                first, last = struct.unpack_from(">II", cmap, offset + 16 + 12 * group)
                covered.add(first, last)
    return covered
