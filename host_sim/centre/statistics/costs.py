"""What a channel costs, and residents and cards on a day: from a file of the city (`costs.toml`), checked as its own is.

It is a file of its own, because nobody is served by it, and because the auditor writes it and not who writes the rules.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from host_sim.centre.city.file import sentence
from host_sim.centre.statistics.elsewhere import FileWrong

Yen = Annotated[int, Field(ge=0, le=100_000_000_000)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Word = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,31}$")]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Standing(Part):
    """Residents and valid cards at the end of a day."""

    on: date
    residents: Annotated[int, Field(ge=1, le=1_000_000_000)]
    cards_valid: Count


class Outlay(Part):
    """What one channel costs. `once_yen` is spread over `years`; each of the two has as many words as the city likes."""

    years: Annotated[int, Field(ge=1, le=30)]
    once_yen: dict[Word, Yen] = {}
    each_year_yen: dict[Word, Yen] = {}
    commission_yen: Annotated[int, Field(ge=0, le=100_000)] = 0  # a copy

    @property
    def yearly_yen(self) -> Fraction:
        return Fraction(sum(self.once_yen.values()), self.years) + sum(self.each_year_yen.values())


class _File(Part):
    standing: list[Standing] = []
    channels: dict[Literal["store", "office", "counter", "staffed", "post"], Outlay] = {}


@dataclass(frozen=True)
class Costs:
    standings: Sequence[Standing]  # in the order of the days
    channels: Mapping[str, Outlay]

    def standing_on(self, after: date) -> Standing | None:
        """The last one before this day."""
        return next((known for known in reversed(self.standings) if known.on < after), None)


NOTHING = Costs((), {})


def read(text: str) -> Costs:
    """Raises `FileWrong` with one sentence for each mistake."""
    try:
        told: dict[str, Any] = tomllib.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as trouble:
        raise FileWrong([f"The file of costs is not TOML: {trouble}."]) from None
    try:
        written = _File.model_validate(told)
    except ValidationError as errors:
        raise FileWrong(sentence(error, "") for error in errors.errors(include_url=False)) from None
    days = [known.on for known in written.standing]
    twice = sorted({day for day in days if days.count(day) > 1})
    if twice:
        raise FileWrong(f"standing tells {day} twice." for day in twice)
    more = [known.on for known in written.standing if known.cards_valid > known.residents]
    if more:
        raise FileWrong(f"standing of {day} has more valid cards than residents." for day in more)
    return Costs(
        sorted(written.standing, key=lambda known: known.on),
        dict(written.channels.items()),
    )
