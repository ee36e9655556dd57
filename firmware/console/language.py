"""The language of the line: English, Japanese in UTF-8, or Japanese in Latin letters (romaji) for a terminal that has no other.

The English sentence is the key, with {} where something differs; `texts/` has one file for each other language. A text that a file
lacks stays English. A serial line cannot tell what its terminal can show, so the person says it with `language`.
"""

import functools
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from firmware.console.rows import columns

_TEXTS = Path(__file__).parent / "texts"
_RECORD = re.compile(r"(?:[A-Z][a-z]+)+")
_LATIN = re.compile(r"[A-Za-z]{2,}")
_PLACES = (re.compile(r"([\w./-]+\.toml: [\w.\[\]]+): (.+)"), re.compile(r"([\w./\[\]-]+): (.+)"))
_STEP = re.compile(r"; (?=\d )")  # of numbered steps in one line
_CELL = re.compile(r"( *\S+(?: \S+)*)( {2,}|$)")  # and the gap behind it


# What the lines count; in English a single one loses its last letter. A test reads the program for others.
COUNTED = ("bytes", "coins", "credits", "failed sessions", "keys", "records", "rows", "sessions", "sheets", "words")
_ONE = re.compile(rf"(?<![\w.,:])1 ({'|'.join(COUNTED)})(?: (are))?\b")


class Language(StrEnum):
    EN = "en"
    JA = "ja"
    ROMAJI = "romaji"


@dataclass(frozen=True, slots=True)
class Template:
    """A text with {}: `fits` finds what differs, `says` has the same places in the other language."""

    fits: re.Pattern[str]
    says: str
    words: int  # beside what differs
    longest: str  # run of letters that never differs: looked for first, because that is quicker


@dataclass(frozen=True, slots=True)
class Texts:
    """One file of texts."""

    whole: Mapping[str, str]
    templates: tuple[Template, ...]

    def told(self, line: str) -> str:
        """The line in this language: as a whole, cell by cell of a table, step by step, as a template, by its end, or word by word."""
        if line in self.whole:
            return self.whole[line]
        if line.startswith(" "):
            return f" {self.told(line[1:])}"
        if len(cells := _CELL.findall(line)) > 1:
            return self._row(cells)
        if line.startswith("1 ") and "; 2 " in line:
            return "; ".join(map(self._step, _STEP.split(line)))
        if known := self._by_template(line):
            return known
        if known := self.whole.get(f"{line}.") or self._by_template(f"{line}.", sentence=True):
            return known.rstrip(".。")  # a driver's sentence inside another one, without its end
        return (
            self._behind_place(line)
            or self._end(line)
            or self._list(line)
            or " ".join(map(self._word, line.split(" ")))
        )

    def _by_template(self, line: str, *, sentence: bool = False) -> str:
        """The line as the closest template says it; empty when none fits. `sentence`: only those with words of their own."""
        for template in self.templates:
            if template.longest not in line or (sentence and template.words <= 2):
                continue
            if found := template.fits.fullmatch(line):
                return template.says.format(*(self.told(part) for part in found.groups()))
        return ""

    def _behind_place(self, line: str) -> str:
        """The line with its end told, if it begins with the place that the end is about: `unit.toml: coin: ...`.

        A key behind the name of a file stays as the file has it.
        """
        for place in _PLACES:
            found = place.fullmatch(line)
            if found is not None and (told := self.told(found[2])) != found[2]:
                return f"{found[1]}: {told}"
        return ""

    def _step(self, step: str) -> str:
        """`2 wait.` of several steps, with its number."""
        number, _, words = step.partition(" ")
        return f"{number} {self.told(words)}"

    def _row(self, cells: Sequence[tuple[str, str]]) -> str:
        """A row of a table: each cell begins in the column in which it began, where what is before leaves room."""
        row, column = "", 0
        for text, gap in cells:
            column += len(text) + len(gap)
            words = text.lstrip(" ")
            row += " " * (len(text) - len(words)) + self.told(words)
            row += " " * (max(1, column - columns(row)) if gap else 0)
        return row

    def _word(self, word: str) -> str:
        """`name=value` of a record, or the record's name."""
        if _RECORD.fullmatch(word):
            return self.whole.get(word, word)
        name, equals, value = word.partition("=")
        return (
            f"{self.whole.get(name + equals, name + equals)}{self.whole.get(value, value)}" if name and value else word
        )

    def _list(self, line: str) -> str:
        """A list of things that all have their text; empty when it is none."""
        things = line.split(", ")
        return ", ".join(self.whole[thing] for thing in things) if all(thing in self.whole for thing in things) else ""

    def _end(self, line: str) -> str:
        """The line with its end told, if that is a sentence: as the one behind a number."""
        for blank in re.finditer(r" +", line):
            if " " in (end := line[blank.end() :]) and end in self.whole:
                return line[: blank.end()] + self.whole[end]
        return ""


def one(line: str) -> str:
    """An English line in which a single thing is not told as several."""
    return _ONE.sub(lambda found: f"1 {found[1][:-1]}{' is' if found[2] else ''}", line)


@functools.cache
def texts(language: Language) -> Texts:
    """The texts of a language; none for English. Raises OSError or ValueError when the file cannot be read."""
    if language is Language.EN:
        return Texts({}, ())
    told: dict[str, str] = tomllib.loads((_TEXTS / f"{language}.toml").read_text(encoding="utf-8"))
    closest_first = sorted(
        (key for key in told if "{}" in key), key=lambda key: (-len(key.replace("{}", "")), -key.count("{}"))
    )
    templates = [_template(key, told[key]) for key in closest_first]
    return Texts({key: says for key, says in told.items() if "{}" not in key}, tuple(templates))


def _template(key: str, says: str) -> Template:
    parts = key.split("{}")
    fits = re.compile("(.+?)".join(map(re.escape, parts)))
    return Template(fits, says, len(_LATIN.findall(" ".join(parts))), max(parts, key=len))
