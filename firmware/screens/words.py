"""The words of every screen, one file a language in texts/. A key that is missing is a programmer's error."""

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

from drivers.vocabulary import Text

FOLDER = Path(__file__).parent / "texts"


# In the order of their numbers, on the poster and on the screens; BCP 47, and Japanese in easy words.
LANGUAGES = ("ja", "en", "zh-Hans", "ko", "vi", "pt-BR", "ja-easy")
_DOTTED = frozenset({"ja", "ja-easy", "zh-Hans"})  # they list words with 、


class Words:
    """The words of one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._table: Mapping[str, Any] = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))

    def __call__(self, part: str, key: str, **values: object) -> str:
        text = self._table[part][key]
        assert isinstance(text, str), f"{self.language}: {part}.{key} is not a text"
        return text.format(**values) if values else text

    def sentences(self, reason: str) -> tuple[str, str]:
        """What happened, and what to do; {years} stands for the age of the youngest who are served."""
        table = self._table["reasons"][reason]
        return table["what"], table["then"]

    def reason(self, reason: str, years: int) -> tuple[str, str]:
        """Two sentences for an end or closing reason. `years`: the age of the youngest who are served."""
        what, then = self.sentences(reason)
        return what.format(years=years), then

    def refusal(self, reason: str, years: int) -> str:
        """A few letters that say why a line of the menu is grey."""
        return str(self._table["reasons"][reason].get("short", self("choose_kind", "not_here"))).format(years=years)

    def of(self, text: Text) -> str:
        """This language's version of a text from the centre (a title or a label).

        Where the centre sent none: by the Japanese one in [city], else in the language that `others` of [self] names.
        """
        japanese = text["ja"]
        other: str = text.get(self("self", "others"), japanese)
        told: str = self._table.get("city", {}).get(japanese, other)
        return text.get(self.language, told)

    def listed(self, names: Iterable[str]) -> str:
        return ("、" if self.language in _DOTTED else ", ").join(names)

    def yen(self, amount: int) -> str:
        return self("numbers", "yen", amount=f"{amount:,}")

    def copies(self, count: int) -> str:
        return self("numbers", "copy" if count == 1 else "copies", count=count)

    def date(self, day: date) -> str:
        names = self._table["dates"]
        return str(names["pattern"]).format(
            month=names["months"][day.month - 1], day=day.day, weekday=names["weekdays"][day.weekday()]
        )

    def instant(self, at: datetime) -> str:
        """The day and time at which something opens."""
        return self("closed", "opens_at", date=self.date(at.date()), time=self.time(at.time()))

    def time(self, at: time) -> str:
        return f"{at.hour}:{at.minute:02}"

    def font(self, *, bold: bool) -> str | None:
        """The language's own font, as "file:number of the font in the file"; None: BIZ UDゴシック."""
        own: str | None = self._table.get("fonts", {}).get("bold" if bold else "regular")
        return own


@cache
def words(language: str) -> Words:
    return Words(language)


@cache
def alphabet() -> frozenset[str]:
    """Every letter that stands in the words files, and ASCII."""
    texts = (path.read_text(encoding="utf-8") for path in FOLDER.glob("*.toml"))
    return frozenset(map(chr, range(32, 127))).union(*texts)


def beside(language: str) -> Words:
    """The second language on the screen: English when `language` is Japanese, else Japanese."""
    return words(words(language)("self", "second"))
