"""What a resident may know by a claim's code alone: owed, being paid, or paid when and where. Nothing personal, no amount.

Every text that is no code of an unpaid or paid claim gets the same answer: mistyped, unknown, another city's. A claim that its
machine could not tell yet is unknown, too, so the answer says so and whom to ask.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from host_sim.centre.city.book import CityBook
from host_sim.centre.city.city import InForce
from host_sim.centre.city.hours import JST
from host_sim.centre.city.place import Place, Texts
from host_sim.centre.claims import codes, debts

DAYS_SHOWN = 7


@dataclass(frozen=True, slots=True)
class OpenDay:
    day: date
    hours: Sequence[str]  # "08:30-17:15"; empty: closed


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a claim is paid, and when somebody is there: today and the days after."""

    name: Texts
    way: Texts
    telephone: str
    open_now: bool
    days: Sequence[OpenDay]


@dataclass(frozen=True, slots=True)
class Status:
    """`state`: unknown, owed, examined, paying, paid. `paid_on` and `paid_at` (a place): at a desk; both None by staff at the machine."""

    state: str
    paid_on: date | None = None
    paid_at: Texts | None = None


UNKNOWN = Status("unknown")


def of_code(c: sa.Connection, city: CityBook, typed: str, now: datetime) -> Status:
    """What became of the claim with this code."""
    try:
        code = codes.read(typed, city.at(c, now).municipality.code)
    except codes.NoCode:
        return UNKNOWN
    debt = debts.of_code(c, code)
    if debt is None:
        return UNKNOWN
    if debt.left_yen and debts.examined(c, debt.key):
        return Status("examined")
    if debt.left_yen:
        return Status("owed" if debts.holder(c, debt.key, now) is None else "paying")
    paid = debts.payment(c, debt.key)
    if paid is None:
        return Status("paid")
    at = datetime.fromisoformat(paid.at)
    place = city.at(c, at).places.get(paid.place)
    return Status("paid", at.astimezone(JST).date(), None if place is None else place.name)


def desks(city: InForce, now: datetime) -> list[Desk]:
    """The city's desks with people, in the order of the file."""
    return [_desk(place, now) for place in city.places.values() if place.staffed]


def _desk(place: Place, now: datetime) -> Desk:
    today = now.astimezone(JST).date()
    days = [today + timedelta(days=number) for number in range(DAYS_SHOWN)]
    shown = [OpenDay(day, [f"{a:%H:%M}-{b:%H:%M}" for a, b in place.timetable.spans(day)]) for day in days]
    return Desk(place.name, place.way, place.telephone, place.timetable.open_at(now), shown)
