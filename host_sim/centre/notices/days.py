"""What the city's notices tell on some days: each with its days, its words and the source of its picture; pure.

An entry with `each_day` stands for a plug-in, which tells something else every day.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from host_sim.centre.city.model import NoticePart
from host_sim.centre.notices import birth_flowers
from host_sim.centre.notices.pictures import FLOWER


@dataclass(frozen=True, slots=True)
class Told:
    """`picture`: a source (pictures.py); empty: none. `daily`: of a plug-in, for this one day."""

    first: date
    last: date
    text: Mapping[str, str]
    picture: str = ""
    daily: bool = False


def told_on(entries: Iterable[NoticePart], day: date) -> list[Told]:
    """What is told on one day, in the order of the file."""
    return list(between(entries, day, day, day))


def between(entries: Iterable[NoticePart], first: date, last: date, last_daily: date) -> Iterator[Told]:
    """What is told on some day from `first` to `last`; of the plug-ins only what they tell until `last_daily`."""
    for entry in entries:
        if entry.until < first or entry.from_ > last:
            continue
        if entry.text is not None:
            yield Told(entry.from_, entry.until, entry.text, entry.picture or "")
            continue
        day = max(first, entry.from_)
        while day <= min(last_daily, entry.until):
            yield Told(day, day, birth_flowers.text(day), FLOWER + birth_flowers.of(day).word, daily=True)
            day += timedelta(days=1)
