"""One report, from everything that a city has: its file, the audit record, the papers of others, and its costs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from host_sim.centre.city.book import CityBook
from host_sim.centre.city.city import City
from host_sim.centre.city.hours import JST
from host_sim.centre.statistics import costs as cost_file
from host_sim.centre.statistics import elsewhere, record, standing
from host_sim.centre.statistics.calendar import Calendar
from host_sim.centre.statistics.costs import Costs
from host_sim.centre.statistics.papers import Counts, Months
from host_sim.centre.statistics.report import Report
from host_sim.centre.store import Store


@dataclass(frozen=True)
class Sources:
    """What a report is made from beside the database: the texts of two files, each empty when there is none."""

    papers_csv: str = ""
    costs_toml: str = ""


def gather(store: Store, book: CityBook, months: Months, sources: Sources, now: datetime) -> Report:
    """Raises `FileWrong`, or `NoCity` when no city's file has been applied.

    Residents and cards are those of the registers, if today is one of the days; else those of the file of costs.
    """
    before, today = months.a_year_before(), now.astimezone(JST).date()
    with store.reading() as c:
        city = book.city(c, now)
        calendar = Calendar(city)
        seen, seen_before = (_seen(c, calendar, when) for when in (months, before))
        known = standing.of_today(c, today) if months.first_day <= today < months.after else None
    made = _report(city, calendar, months, sources, seen, seen_before)
    if known is None:
        return made
    earlier = [other for other in made.costs.standings if other.on < today]
    return replace(made, costs=replace(made.costs, standings=[*earlier, known]))


def from_files(city: City, months: Months, sources: Sources) -> Report:
    """A report of files alone, without a centre. Raises `FileWrong`."""
    return _report(city, Calendar(city), months, sources, Counts(), Counts())


def titles(city: City, months: Months, language: str) -> Mapping[str, str]:
    """Kind -> what the city calls it at the end of the months."""
    kinds = city.on(months.after).rules.kinds
    return {word: kind.title.get(language, kind.title["ja"]) for word, kind in kinds.items()}


def _seen(c: sa.Connection, calendar: Calendar, months: Months) -> Counts:
    return record.count(c, months.first_day, months.after, calendar)


def _report(
    city: City, calendar: Calendar, months: Months, sources: Sources, seen: Counts, seen_before: Counts
) -> Report:
    kinds = list(city.on(months.after).rules.kinds)
    told = elsewhere.read(sources.papers_csv, kinds, calendar) if sources.papers_csv else Counts()
    known: Costs = cost_file.read(sources.costs_toml) if sources.costs_toml else cost_file.NOTHING
    return Report(
        months=months,
        calendar=calendar,
        kinds=kinds,
        papers=seen + elsewhere.within(told, months),
        before=seen_before + elsewhere.within(told, months.a_year_before()),
        costs=known,
    )
