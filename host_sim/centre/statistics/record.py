"""Counts papers from the audit record. Only rows `issued` are read, by an index; nothing of a person is in them."""

from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from host_sim.centre.city.hours import JST
from host_sim.centre.statistics.calendar import Calendar
from host_sim.centre.statistics.papers import Counts, Papers
from host_sim.centre.tables import audit

LATE = timedelta(
    days=62
)  # a machine that has not reached the centre for 60 days stops (site table, drivers/line/README.md)
_TOLD = ("kind", "channel", "requester", "method")


def count(c: sa.Connection, first: date, after: date, calendar: Calendar) -> Counts:
    """The copies that residents ordered from the first day up to `after`, also those of which a machine told later.

    Rows of an older program have no `asked_at` and no channel; they count by when they were told, and by the machine's
    certificate.
    """
    start, end = (datetime.combine(day, time(), JST) for day in (first, after))
    counts: Counts = Counts()
    for row in c.execute(_query(start, end + LATE)):
        at = datetime.fromisoformat(row.asked_at or row.at).astimezone(JST)
        if start <= at < end:
            month = f"{at:%Y-%m}"
            channel = row.channel or row.site
            told = (row.kind, channel, row.requester or "", row.method or "", row.fee_yen or 0)
            counts[Papers(month, month, calendar.band(at), *told)] += 1
    return counts


def _query(start: datetime, end: datetime) -> sa.Select[Any]:
    """`at` is text; the day before and the day after hold what was written with another offset from UTC."""
    told = [audit.c.detail[key].as_string().label(key) for key in (*_TOLD, "asked_at")]
    day = timedelta(days=1)
    when = audit.c.at.between((start - day).isoformat(), (end + day).isoformat())
    columns = (audit.c.at, audit.c.site, audit.c.detail["fee_yen"].as_integer().label("fee_yen"), *told)
    query = sa.select(*columns).where(sa.literal_column("act") == sa.literal_column("'issued'"), when)
    return query.execution_options(yield_per=5000)
