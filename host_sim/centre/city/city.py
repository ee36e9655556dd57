"""One city: its file with every change that is written in it, and what is in force on a day.

The file tells what holds, and then the changes: each from a day, some until a day, with only what differs. What is in
force on a day is the file with the changes of that day laid over it, in the order of the file. So an old rule stays
readable, a change is written in advance, and a campaign ends by itself.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from host_sim.centre.city import place
from host_sim.centre.city.hours import JST
from host_sim.centre.city.model import ChangeHead, Rules
from host_sim.centre.city.place import Place
from host_sim.centre.register import Municipality

BEGINNING = date(2000, 1, 1)  # from when the file's first part holds; nothing before it is asked
_WHOLE = {"name", "title", "way", "reason", "location"}  # written anew as a whole, like every list


@dataclass(frozen=True)
class InForce:
    """What the city has decided for the days from `since` to the next change."""

    since: date
    rules: Rules

    @cached_property
    def municipality(self) -> Municipality:
        return place.municipality(self.rules)

    @cached_property
    def places(self) -> Mapping[str, Place]:
        return place.places(self.rules)

    def place_of(self, machine: str) -> Place | None:
        """Where this machine stands; None when the file does not list it."""
        return next((place for place in self.places.values() if machine in place.machines), None)

    @property
    def machines(self) -> Mapping[str, Place]:
        return {machine: place for place in self.places.values() for machine in place.machines}


@dataclass(frozen=True)
class Change:
    """One `[[change]]` of the file: its head, and the sections that it lays over the others."""

    head: ChangeHead
    sections: Mapping[str, Any] = field(repr=False)

    def holds_on(self, day: date) -> bool:
        return self.head.from_ <= day and (self.head.until is None or day <= self.head.until)


@dataclass(frozen=True)
class City:
    """`periods`: one for each day on which something changes, in order; the first begins at `BEGINNING`."""

    text: str = field(repr=False)
    changes: Sequence[Change]
    periods: Sequence[InForce]

    @cached_property
    def sha256(self) -> str:
        """Of the text, by which two versions are told apart."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def on(self, day: date) -> InForce:
        """What is in force on this day; before `BEGINNING`, what the file begins with."""
        at = bisect_right([period.since for period in self.periods], day)
        return self.periods[max(0, at - 1)]

    def at(self, now: datetime) -> InForce:
        return self.on(now.astimezone(JST).date())


def days_of_change(heads: Sequence[ChangeHead]) -> list[date]:
    """Every day on which something begins or has ended, in order, after `BEGINNING`."""
    days = {head.from_ for head in heads} | {head.until + timedelta(days=1) for head in heads if head.until}
    return [BEGINNING, *sorted(day for day in days if day > BEGINNING)]


def laid_over(base: Mapping[str, Any], changes: Sequence[Change], day: date) -> dict[str, Any]:
    """The file's sections on this day."""
    result = dict(base)
    for change in changes:
        if change.holds_on(day):
            result = _over(result, change.sections, "")
            for key in change.head.remove:
                result = without(result, key.split("."))
    return result


def _over(base: Mapping[str, Any], change: Mapping[str, Any], under: str) -> dict[str, Any]:
    """Tables are laid one over the other key by key; the lines of one kind's hours are one value, as texts and lists are."""
    result = dict(base)
    for key, value in change.items():
        old = base.get(key)
        merges = isinstance(old, Mapping) and isinstance(value, Mapping) and key not in _WHOLE and under != "hours"
        result[key] = _over(old, value, key) if merges else value  # type: ignore[arg-type]
    return result


def without(base: Mapping[str, Any], path: Sequence[str]) -> dict[str, Any]:
    """The table without one key, where it has it: what a change added and ended meanwhile is gone already."""
    result = dict(base)
    if len(path) == 1:
        result.pop(path[0], None)
    elif isinstance(base.get(path[0]), Mapping):
        result[path[0]] = without(base[path[0]], path[1:])
    return result
