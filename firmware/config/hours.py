"""When the machine serves, and until when: site x certificate x weekday, in Asia/Tokyo.

The city's calendar comes with the site table (`drivers/line/site_table.py`), and staff may narrow it on the console
(`settings.py`). The machine is open where both agree. A calendar, as plain dicts and written here as TOML:

    closed_days = ["12-29", "12-30", "2026-11-30"]   # each year, or once
    maintenance = [{ from = "2026-12-05T22:00", until = "2026-12-06T09:30", kinds = ["koseki_full"] }]
    [default]            # the machine itself
    everyday = "06:30-23:00"
    [koseki_full]        # a certificate with hours of its own, within those of the machine
    weekday = "09:00-17:00"

The line of a day is the first of these that the table has: on a public holiday `holiday`, else `everyday`; on
other days the day's own name (`monday`..`sunday`), else `weekday` (Monday to Friday), else `everyday`. A day
without a line is closed, as with the line "closed"; in a calendar that narrows, it is as the city says. A line may hold
several spans ("08:30-12:00,13:00-17:15"), and "24:00" ends a day that goes on into the next. A maintenance window
without `kinds` closes the machine.

The clock never ends a session. It only decides whether one may begin: the last admission is the closing time less
the longest session (fault T2).
See city rule 3.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from firmware.config.national_holidays import national_holidays

TOKYO = ZoneInfo("Asia/Tokyo")
DEFAULT = "default"
HORIZON_DAYS = 400  # how far ahead an opening is looked for; beyond it `opens_at` is None

_DAYS_KEPT = 5000

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_KEYS = frozenset({*_WEEKDAYS, "everyday", "weekday", "holiday"})
_SPAN = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})")


class HoursError(ValueError):
    """The table of hours cannot be used; the message is a sentence for the person who wrote it."""


class ClosedReason(StrEnum):
    """Words of `scenes.Closed.reason`."""

    HOURS = "hours"
    YEAR_END = "year_end"  # a closed day from 29 December to 3 January
    CLOSED_DAY = "closed_day"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class Open:
    until: datetime


@dataclass(frozen=True, slots=True)
class ClosedUntil:
    """`opens_at=None`: not within the horizon."""

    reason: ClosedReason
    opens_at: datetime | None


Span = tuple[datetime, datetime]  # from the first instant to the first one after, both in Asia/Tokyo
_Minutes = tuple[int, int]
_WHOLE_DAY: tuple[_Minutes, ...] = ((0, 24 * 60),)
_YEAR_END = frozenset({(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)})  # the word on the screen, not the rule


@dataclass(frozen=True, slots=True)
class _Window:
    span: Span
    kinds: frozenset[str]  # empty: the whole machine

    def concerns(self, kind: str | None) -> bool:
        return not self.kinds or kind in self.kinds


class Calendar:
    """One calendar, read. `narrows`: it is laid over the city's, so what it does not name stays as it is."""

    def __init__(self, table: Mapping[str, Any], *, narrows: bool = False) -> None:
        """Raises `HoursError` naming the key that is wrong."""
        rest = dict(table)
        self._closed_days = frozenset(_closed_day(text) for text in rest.pop("closed_days", ()))
        self._windows = tuple(_window(entry) for entry in rest.pop("maintenance", ()))
        if DEFAULT not in rest and not narrows:
            raise HoursError("hours.default is missing: the machine needs hours of its own")
        self._weeks = {kind: _week(kind, entry) for kind, entry in rest.items()}
        self._unsaid = _WHOLE_DAY if narrows else ()

    @property
    def kinds(self) -> Iterable[str]:
        """`default` and the kinds that have a week here."""
        return self._weeks

    def is_closed_on(self, day: date) -> bool:
        return bool({(None, day.month, day.day), (day.year, day.month, day.day)} & self._closed_days)

    def windows(self, kind: str | None) -> Iterator[Span]:
        """The maintenance windows that close this kind; None: the machine."""
        return (window.span for window in self._windows if window.concerns(kind))

    def spans(self, kind: str, day: date, *, holiday: bool) -> tuple[_Minutes, ...]:
        """The day's spans in the week of `default` or a kind; a kind without a week of its own is open all day."""
        named = self.line(kind, day, holiday=holiday)
        if named is None:
            return _WHOLE_DAY if kind not in self._weeks else self._unsaid
        return self._weeks[kind][named]

    def line(self, kind: str, day: date, *, holiday: bool) -> str | None:
        """The key of the line that holds on this day (`monday`, `everyday` ...); None: there is none."""
        working = ["weekday"] if day.weekday() < 5 else []
        keys = ["holiday", "everyday"] if holiday else [_WEEKDAYS[day.weekday()], *working, "everyday"]
        return next((key for key in keys if key in self._weeks.get(kind, {})), None)


class ServiceHours:
    """The hours of one machine or place. `now` is always an aware datetime; a naive one fails an assertion."""

    def __init__(self, city: Mapping[str, Any], own: Mapping[str, Any] | None = None) -> None:
        """The city's calendar, and one that narrows it. Raises `HoursError` naming the key that is wrong."""
        self._city = Calendar(city)
        self._own = Calendar(own or {}, narrows=True)
        self._calendars = (self._city, self._own)
        self._holidays = national_holidays()
        self._days: dict[tuple[date, str | None], tuple[Span, ...]] = {}  # the screen asks for the same days again

    # --- questions ------------------------------------------------------------------------------

    def state(self, now: datetime, kind: str | None = None) -> Open | ClosedUntil:
        """Whether the machine (or one kind of certificate) serves at `now`, and until when that holds."""
        local = _local(now)
        for start, end in self._spans_from(local, kind):
            if start <= local:
                return Open(end)
            return ClosedUntil(self._why_closed(local, kind), start)
        return ClosedUntil(self._why_closed(local, kind), None)

    def admits(self, now: datetime, longest_session_s: float, kind: str | None = None) -> bool:
        """Whether a session that may last `longest_session_s` can begin and still end before closing."""
        state = self.state(now, kind)
        return isinstance(state, Open) and _local(now) + timedelta(seconds=longest_session_s) <= state.until

    def next_opening(self, now: datetime, kind: str | None = None) -> datetime | None:
        """The next instant after `now` at which service begins; the present opening does not count."""
        local = _local(now)
        return next((start for start, _ in self._spans_from(local, kind) if start > local), None)

    def today(self, now: datetime, kind: str | None = None) -> tuple[time, time]:
        """What the idle screen shows of today: first opening and last closing (00:00 for 24:00).

        A closed day gives 00:00 twice.
        """
        spans = list(self._day(_local(now).date(), kind))
        return (spans[0][0].time(), spans[-1][1].time()) if spans else (time(), time())

    # --- the calendar ---------------------------------------------------------------------------

    def _spans_from(self, local: datetime, kind: str | None) -> Iterator[Span]:
        """Spans that end after `local`, in order; what touches across midnight is one span."""
        pending: Span | None = None
        for offset in range(HORIZON_DAYS):
            for start, end in self._day(local.date() + timedelta(days=offset), kind):
                if end <= local:
                    continue
                if pending is not None and start == pending[1]:
                    pending = (pending[0], end)
                    continue
                if pending is not None:
                    yield pending
                pending = (start, end)
        if pending is not None:
            yield pending

    def _day(self, day: date, kind: str | None) -> tuple[Span, ...]:
        if len(self._days) > _DAYS_KEPT:
            self._days.clear()
        if (day, kind) not in self._days:
            self._days[day, kind] = tuple(self._spans_of(day, kind))
        return self._days[day, kind]

    def _spans_of(self, day: date, kind: str | None) -> Iterator[Span]:
        """The spans of one day: where all calendars agree, less maintenance."""
        if any(calendar.is_closed_on(day) for calendar in self._calendars):
            return
        windows = [window for calendar in self._calendars for window in calendar.windows(kind)]
        for span in self._agreed(day, kind, self._calendars):
            pieces = [(_instant(day, span[0]), _instant(day, span[1]))]
            for window in windows:
                pieces = [part for piece in pieces for part in _without(piece, window)]
            yield from pieces

    def _agreed(self, day: date, kind: str | None, calendars: Iterable[Calendar]) -> tuple[_Minutes, ...]:
        holiday, spans = day in self._holidays, _WHOLE_DAY
        for calendar in calendars:
            for week in (DEFAULT,) if kind is None else (DEFAULT, kind):
                spans = _within(spans, calendar.spans(week, day, holiday=holiday))
        return spans

    def without_effect(self, since: date) -> list[str]:
        """The lines of the narrowing calendar (`default.monday`) that would open where the city's is shut.

        Looked for on the days from `since` on as far as the horizon.
        """
        wider: dict[str, None] = {}
        for day in (since + timedelta(days=offset) for offset in range(HORIZON_DAYS)):
            holiday = day in self._holidays
            for kind in self._own.kinds:
                line = self._own.line(kind, day, holiday=holiday)
                spans = self._own.spans(kind, day, holiday=holiday)
                city = self._agreed(day, None if kind == DEFAULT else kind, (self._city,))
                if line is not None and _within(spans, city) != spans:
                    wider[f"{kind}.{line}"] = None
        return sorted(wider)

    def _why_closed(self, local: datetime, kind: str | None) -> ClosedReason:
        if any(calendar.is_closed_on(local.date()) for calendar in self._calendars):
            return ClosedReason.YEAR_END if (local.month, local.day) in _YEAR_END else ClosedReason.CLOSED_DAY
        windows = (window for calendar in self._calendars for window in calendar.windows(kind))
        if any(start <= local < end for start, end in windows):
            return ClosedReason.MAINTENANCE
        return ClosedReason.HOURS


def business_date(opened_at: datetime) -> date:
    """The date a session counts for: the day it was opened in Asia/Tokyo, whenever it ends."""
    return _local(opened_at).date()


def _local(now: datetime) -> datetime:
    assert now.tzinfo is not None, "an instant without its zone is no instant"
    return now.astimezone(TOKYO)


def _instant(day: date, minutes: int) -> datetime:
    midnight = datetime.combine(day, time(), TOKYO)
    return midnight + timedelta(minutes=minutes)


def _within(outer: tuple[_Minutes, ...], inner: tuple[_Minutes, ...]) -> tuple[_Minutes, ...]:
    both = ((max(a, c), min(b, d)) for a, b in outer for c, d in inner)
    return tuple(sorted(span for span in both if span[0] < span[1]))


def _without(span: Span, hole: Span) -> Iterator[Span]:
    if hole[1] <= span[0] or span[1] <= hole[0]:
        yield span
        return
    if span[0] < hole[0]:
        yield span[0], hole[0]
    if hole[1] < span[1]:
        yield hole[1], span[1]


# --- reading the table ------------------------------------------------------------------------------


def _week(kind: str, entry: object) -> dict[str, tuple[_Minutes, ...]]:
    if not isinstance(entry, Mapping):
        raise HoursError(f"hours.{kind} must be a table of days")
    for key in entry:
        if key not in _DAY_KEYS:
            raise HoursError(f"hours.{kind} does not take the key {key!r}; it takes {', '.join(sorted(_DAY_KEYS))}")
    return {key: _spans(f"hours.{kind}.{key}", text) for key, text in entry.items()}


def _spans(where: str, text: object) -> tuple[_Minutes, ...]:
    if text == "closed":
        return ()
    parts = text.split(",") if isinstance(text, str) else []
    spans: list[_Minutes] = []
    for part in parts:
        match = _SPAN.fullmatch(part.strip())
        numbers = [int(group) for group in match.groups()] if match else [99, 99, 99, 99]
        start, end = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
        after = spans[-1][1] if spans else 0
        if max(numbers[1], numbers[3]) > 59 or not after <= start < end <= 24 * 60:
            raise HoursError(f'{where} is {text!r}; allowed is "06:30-23:00", several in order, or "closed"')
        spans.append((start, end))
    if not spans:
        raise HoursError(f'{where} must be text like "06:30-23:00", not {text!r}')
    return tuple(spans)


def _closed_day(text: object) -> tuple[int | None, int, int]:
    once = isinstance(text, str) and len(text) > len("12-29")
    try:
        day = date.fromisoformat(str(text) if once else f"2024-{text}")  # a leap year, so that 02-29 can be named
    except ValueError:
        raise HoursError(f'hours.closed_days: {text!r} is no day of the year; write "12-29" or "2026-11-30"') from None
    return day.year if once else None, day.month, day.day


def _window(entry: object) -> _Window:
    if not isinstance(entry, Mapping) or not {"from", "until"} <= entry.keys() <= {"from", "until", "kinds"}:
        raise HoursError(f"hours.maintenance: {entry!r} needs `from` and `until`, and may have `kinds`")
    start, end = (_minute(entry[key]) for key in ("from", "until"))
    kinds = entry.get("kinds", ())
    if not start < end or not isinstance(kinds, list | tuple) or not all(isinstance(kind, str) for kind in kinds):
        raise HoursError(f"hours.maintenance: {entry!r} must end after it begins, and `kinds` is a list of words")
    return _Window((start, end), frozenset(kinds))


def _minute(value: object) -> datetime:
    """A local time to the minute, as text or as TOML's own date-time."""
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        instant = None
    if not isinstance(instant, datetime) or instant.second or instant.microsecond:
        raise HoursError(f'hours.maintenance: {value!r} is no time; write "2026-12-05T22:00"')
    return instant.replace(tzinfo=TOKYO) if instant.tzinfo is None else instant.astimezone(TOKYO)
