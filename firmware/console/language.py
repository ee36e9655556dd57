"""The language of the line: English, Japanese in UTF-8, or Japanese in Latin letters (romaji) for a terminal that has no other.

The English sentence is the key, with {} where something differs; `texts/` has one file for each other language. A text that a file
lacks stays English. A serial line cannot tell what its terminal can show, so the person says it with `language`.
"""

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_TEXTS = Path(__file__).parent / "texts"


class Language(StrEnum):
    EN = "en"
    JA = "ja"
    ROMAJI = "romaji"


@dataclass(frozen=True, slots=True)
class Template:
    """A text with {}: `fits` finds what differs, `says` has the same places in the other language."""

    fits: re.Pattern[str]
    says: str


@dataclass(frozen=True, slots=True)
class Texts:
    """One file of texts."""

    whole: Mapping[str, str]
    templates: tuple[Template, ...]

    def told(self, line: str) -> str:
        """The line in this language: as a whole, as a template, or its end (as the sentence behind a number)."""
        if line in self.whole:
            return self.whole[line]
        for template in self.templates:
            if found := template.fits.fullmatch(line):
                return template.says.format(*(self.told(part) for part in found.groups()))
        for blank in re.finditer(r" +", line):
            if (end := line[blank.end() :]) in self.whole:
                return line[: blank.end()] + self.whole[end]
        return line


@functools.cache
def texts(language: Language) -> Texts:
    """The texts of a language; none for English. Raises OSError or ValueError when the file cannot be read."""
    if language is Language.EN:
        return Texts({}, ())
    told: dict[str, str] = tomllib.loads((_TEXTS / f"{language}.toml").read_text(encoding="utf-8"))
    templates = [_template(key, says) for key, says in told.items() if "{}" in key]
    return Texts({key: says for key, says in told.items() if "{}" not in key}, tuple(templates))


def _template(key: str, says: str) -> Template:
    return Template(re.compile("(.+?)".join(map(re.escape, key.split("{}")))), says)
