"""Letters that IPAmj明朝 lacks and the register has: 追加文字 of 行政事務標準文字 (MJ+), in the private use area.

A city that has them names two files in its own file, `[letters]`: an additional font, and a table that says for each
letter of its register which glyph of that font draws it, what it is called, and which letter may stand for it (縮退).
Where the font lacks the glyph too, the other letter is printed only if the city has written `fallback = "said"`, and
then the paper says so; else the certificate is refused. No letter is ever replaced silently.

The table is CSV in UTF-8 with the columns letter, glyph, name, fallback: code points in hex ("F0A12", "8FBA E0110"),
one of the private use area, the name of the glyph ("MJ+012345"), and one letter or nothing.
"""

import csv
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from fontTools.ttLib import TTFont, TTLibError

from host_sim.centre.forms import ivs
from host_sim.centre.forms.canvas import Sheet
from host_sim.centre.forms.font import FAMILY
from host_sim.centre.register import AdditionalLetters

COLUMNS = ["letter", "glyph", "name", "fallback"]
_FAMILY = (16, 1)  # numbers of the OpenType table `name`: typographic family, family
_FULL = (4, 6)  # full and PostScript name; typst finds no font without them


class LettersUnusable(Exception):
    """The city's additional font or table cannot be used. The message is a sentence for the office."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter of the register. `printed`: what stands on the paper. `stands_in`: it is another letter (縮退)."""

    code: str  # U+F0A12
    name: str
    printed: str
    stands_in: bool


@dataclass(frozen=True, slots=True)
class Additional:
    """What a city's additional letters give. `letters`: by the letter of the register, only those that may be printed."""

    letters: Mapping[str, Letter] = field(default_factory=dict)
    family: str | None = None
    folder: Path | None = None


NOTHING = Additional()


def additional(rule: AdditionalLetters | None) -> Additional:
    """The letters of a city; none of them when the files cannot be used now, so that only those letters are refused."""
    try:
        return read(rule)
    except LettersUnusable:
        return NOTHING


def read(rule: AdditionalLetters | None) -> Additional:
    """The letters of a city. Raises `LettersUnusable`."""
    if rule is None:
        return NOTHING
    try:
        changed = tuple(Path(name).stat().st_mtime_ns for name in (rule.font, rule.table))
    except OSError as trouble:
        raise LettersUnusable(f"{trouble.filename} cannot be read: {trouble.strerror}.") from None
    return _read(rule, changed)


def put(sheets: Sequence[Sheet], known: Additional) -> str:
    """Put the letters that are printed in place of those of the register; returns what the paper has to say of it."""
    used: set[str] = set()
    for sheet in sheets:
        for item in sheet.words:
            used |= known.letters.keys() & set(_letters(item[-1])) if known.letters else set()
            item[-1] = shown(item[-1], known)
    return note([known.letters[letter] for letter in used])


def shown(text: str, known: Additional) -> str:
    """A text of the register as it is printed."""
    if not known.letters:
        return text
    return "".join(known.letters[letter].printed if letter in known.letters else letter for letter in _letters(text))


def _letters(text: str) -> Iterator[str]:
    return (character + (selector or "") for character, selector in ivs.letters(text))


def note(used: Sequence[Letter]) -> str:
    """The sentence about letters that stand for others; empty when none does."""
    stand_in = sorted((letter for letter in used if letter.stands_in), key=lambda letter: letter.code)
    told = "、".join(f"{letter.name}（{letter.code}）は「{letter.printed}」" for letter in stand_in)
    return f"次の文字は別の字で表示しています（縮退）。{told}" if told else ""


@lru_cache(maxsize=8)
def _read(rule: AdditionalLetters, _changed: tuple[int, ...]) -> Additional:
    family, held = _font(Path(rule.font))
    letters: dict[str, Letter] = {}
    try:
        with Path(rule.table).open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if rows.fieldnames != COLUMNS:
                raise LettersUnusable(f"{rule.table} must have the columns {', '.join(COLUMNS)}.")
            for line, row in enumerate(rows, start=2):
                _take(rule, line, row, held, letters)
    except (OSError, UnicodeDecodeError, csv.Error):
        raise LettersUnusable(f"{rule.table} is no CSV file in UTF-8.") from None
    return Additional(letters, family, Path(rule.font).parent)


def _take(
    rule: AdditionalLetters, line: int, row: Mapping[str, str], held: frozenset[int], letters: dict[str, Letter]
) -> None:
    """One row of the table; a letter that can be printed neither way is left out, and so is missing."""
    try:
        letter = "".join(chr(int(code, 16)) for code in row["letter"].split())
        glyph = int(row["glyph"], 16)
        right = bool(letter) and letter not in letters and unicodedata.category(chr(glyph)) == "Co" and row["name"]
    except (ValueError, TypeError, AttributeError, OverflowError):
        right = False
    if not right or len(row["fallback"] or "") > 1 or ivs.missing([row["name"], row["fallback"] or ""]):
        raise LettersUnusable(f"{rule.table}, line {line}: a column is wrong, or the letter stands there twice.")
    code = " ".join(f"U+{ord(character):04X}" for character in letter)
    if glyph in held:
        letters[letter] = Letter(code, row["name"], chr(glyph), stands_in=False)
    elif rule.fallback == "said" and row["fallback"]:
        letters[letter] = Letter(code, row["name"], row["fallback"], stands_in=True)


def _font(path: Path) -> tuple[str, frozenset[int]]:
    """The family of a font and the code points that it draws as wide as they are high, as the forms reckon."""
    try:
        with TTFont(path, lazy=True) as opened:
            names = opened["name"]
            family = next((told for number in _FAMILY if (told := names.getDebugName(number))), None)
            whole = all(names.getDebugName(number) for number in _FULL)
            em, advances = opened["head"].unitsPerEm, opened["hmtx"].metrics
            held = frozenset(code for code, glyph in (opened.getBestCmap() or {}).items() if advances[glyph][0] == em)
    except (OSError, KeyError, TTLibError):
        raise LettersUnusable(f"{path} is no font that can be read.") from None
    if family is None or family == FAMILY or not whole:
        raise LettersUnusable(f"{path} needs its own name: family, full name and PostScript name.")
    return str(family), held
