"""The screens' letters: BIZ UDゴシック, drawn for people who read with difficulty.

A language may name its own family in its words file (`[fonts] regular, bold`); it must hold that language's letters
and Japanese ones, because certificates and names stay Japanese. A letter that the family lacks, such as a rare kanji
or one chosen by a variation selector, is drawn in IPAmj明朝: its style differs, but no name shows an empty box.
"""

import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from PIL import ImageFont

from firmware.config.unit import UnitError
from firmware.screens.words import alphabet, words

FOLDER = Path("/usr/share/fonts/truetype")
REGULAR = FOLDER / "bizud-gothic/BIZUDPGothic-Regular.ttf"
BOLD = FOLDER / "bizud-gothic/BIZUDPGothic-Bold.ttf"
RARE = FOLDER / "ipamj/ipamjm.ttf"

Font = ImageFont.FreeTypeFont


class LettersMissing(UnitError):
    """A font or library that draws the letters is missing; the machine does not start. The message is a sentence."""


@cache
def load(path: Path, size: int) -> Font:
    """A font. Raises `LettersMissing` when the file or the library for variation selectors is missing."""
    try:
        font = ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.RAQM)
    except OSError:
        raise LettersMissing(
            f"the font {path} cannot be read; hardware/machine-packages.txt names its package"
        ) from None
    # Pillow brings Raqm, but takes the library fribidi from the system. Without it Pillow lays out letter by letter, and
    # each variation selector in a name becomes an empty box.
    if font.layout_engine != ImageFont.Layout.RAQM:
        raise LettersMissing("names with variation selectors cannot be drawn; the package libfribidi0 is missing")
    return font


def family(language: str, *, bold: bool) -> Path:
    """The file that holds a language's letters."""
    own = words(language).font(bold=bold)
    if own is None:
        return BOLD if bold else REGULAR
    return FOLDER / own


class Letters:
    """One size and weight in one language."""

    def __init__(self, language: str, size: int, *, bold: bool = False) -> None:
        self.size, self.bold = size, bold
        self._path = family(language, bold=bold)
        self.font = load(self._path, size)

    def runs(self, text: str) -> Iterator[tuple[str, Font]]:
        """The text in pieces, each with the font that holds its letters."""
        if text.isascii() or coverage(self._path).issuperset(map(ord, text)):
            yield text, self.font
            return
        run, rare = "", False
        for letter in _with_selectors(text):
            is_rare = len(letter) > 1 or ord(letter) not in coverage(self._path)
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
        advances = _advances(self._path, self.size)
        return sum(advances[letter] for letter in text)


class _Advances(dict[str, float]):
    """Widths of single letters. Only those of the words files are kept: other letters may come from a resident's name."""

    def __init__(self, path: Path, size: int) -> None:
        super().__init__()
        self._path, self._size = path, size

    def __missing__(self, letter: str) -> float:
        if is_selector(letter):
            return 0.0
        width = load(self._path if ord(letter) in coverage(self._path) else RARE, self._size).getlength(letter)
        if letter in alphabet():
            self[letter] = width
        return width


@cache
def _advances(path: Path, size: int) -> _Advances:
    return _Advances(path, size)


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


@cache
def coverage(path: Path) -> frozenset[int]:
    """The code points a TrueType font has glyphs for (OpenType 1.9 `cmap`, subtable format 12)."""
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
    covered: set[int] = set()
    for number in range(struct.unpack_from(">H", cmap, 2)[0]):
        offset = struct.unpack_from(">I", cmap, 8 + 8 * number)[0]
        if struct.unpack_from(">H", cmap, offset)[0] == 12:
            for group in range(struct.unpack_from(">I", cmap, offset + 12)[0]):
                first, last = struct.unpack_from(">II", cmap, offset + 16 + 12 * group)
                covered.update(range(first, last + 1))
    return frozenset(covered)
