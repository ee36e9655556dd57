"""Find a resident by a name, the day of birth or the number. Each search is a row of the audit record: who, why, how many.

The row has no name. A page shows at most `MOST`: whoever gets more types more letters, so nobody can page through a city.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from pydantic import TypeAdapter

from host_sim.centre.cards import ActRefused, Told
from host_sim.centre.forms.eras import ERAS
from host_sim.centre.operating import audit
from host_sim.centre.register import Resident, ResidentState, unpack
from host_sim.centre.store import Store
from host_sim.centre.tables import residents

MOST = 20
_DAY = re.compile(r"(?P<year>\d{4}|[^\W\d]{1,2}(\d{1,2}|元))[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?")
_LETTER_OF_ERA = {"r": "令和", "h": "平成", "s": "昭和", "t": "大正", "m": "明治"}
LETTERS_MIN = 2
_FOLDED: dict[int, int | None] = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}
_FOLDED |= dict.fromkeys((*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))  # a name is typed without its variants


@dataclass(frozen=True, slots=True)
class _Alias:
    alias: str | None = None
    alias_kana: str | None = None


@dataclass(frozen=True, slots=True)
class _Born:
    on: date


@dataclass(frozen=True, slots=True)
class _Known:
    """Names and birth of a packed `Resident`; everything else is skipped, because a whole city is read."""

    name: str
    kana: str
    born: _Born
    former_surname: str | None = None
    former_surname_kana: str | None = None
    foreign: _Alias | None = None

    def names(self) -> Iterable[str | None]:
        alias = self.foreign or _Alias()
        return self.name, self.kana, self.former_surname, self.former_surname_kana, alias.alias, alias.alias_kana


_KNOWN = TypeAdapter(_Known)


@dataclass(frozen=True, slots=True)
class Found:
    """`more`: others than these match, too."""

    people: tuple[Resident, ...]
    more: bool


def find(store: Store, words: str, told: Told) -> Found:
    """Who has this number or day of birth, or these letters in a name; who lives here first, then by reading. Raises `ActRefused`.

    The whole register is read for a name or a day, so nobody who writes has to wait for it; the audit record is written after.
    """
    wanted = folded(words)
    if len(wanted) < LETTERS_MIN:
        raise ActRefused(f"Type at least {LETTERS_MIN} letters of the name, the day of birth, or the whole number.")
    if _is_no_day(wanted):
        raise ActRefused("This is no day of the calendar: type it with its year, as 1981-08-29 or S56.8.29.")
    with store.reading() as c:
        people = [unpack(Resident, packed) for packed in _packed(c, wanted)]
    people.sort(key=lambda one: (one.state is not ResidentState.RESIDENT, one.kana or one.name, one.resident_id))
    detail = {"who": told.who, "why": told.why, "found": len(people)}
    with store.writing() as c:
        audit.append(c, at=told.now.isoformat(), machine="desk", site="desk", act="resident_searched", detail=detail)
    return Found(tuple(people[:MOST]), len(people) > MOST)


def folded(words: str) -> str:
    """Letters without spaces and variants (異体字セレクタ); wide and narrow, hiragana and katakana alike."""
    return "".join(unicodedata.normalize("NFKC", words).split()).translate(_FOLDED).casefold()


def _packed(c: sa.Connection, wanted: str) -> list[str]:
    if wanted.isdecimal():
        return list(c.scalars(sa.select(residents.c.packed).where(residents.c.resident_id == wanted)))
    day = day_of(wanted)
    rows = c.scalars(sa.select(residents.c.packed).execution_options(yield_per=1000))
    return [packed for packed in rows if _fits(_KNOWN.validate_json(packed), wanted, day)]


def _fits(one: _Known, wanted: str, day: date | None) -> bool:
    return one.born.on == day if day else any(wanted in folded(name) for name in one.names() if name)


def day_of(wanted: str) -> date | None:
    """The day in folded words: 1981-08-29, 1981年8月29日, 昭和56年8月29日 or S56.8.29. None: they are no day."""
    found = _DAY.fullmatch(wanted)
    if found is None:
        return None
    year = _western(found["year"])
    try:
        return None if year is None else date(year, int(found["month"]), int(found["day"]))
    except ValueError:
        return None


def _is_no_day(wanted: str) -> bool:
    """Whether this has digits and is neither a number nor a day; nobody's name has digits."""
    return any(letter.isdecimal() for letter in wanted) and not wanted.isdecimal() and day_of(wanted) is None


def _western(year: str) -> int | None:
    """1981 of `1981`, `昭和56` or `s56`; None of an era that nobody knows."""
    if year.isdecimal():
        return int(year)
    era = year.rstrip("0123456789元")
    first = dict(ERAS).get(_LETTER_OF_ERA.get(era, era))
    number = year.removeprefix(era)
    of_era = 1 if number == "元" else int(number)
    return None if first is None or of_era < 1 else first.year - 1 + of_era
