"""When the machine serves, and until when: site x certificate x weekday, in Asia/Tokyo.

The table is the `hours` part of a unit file, plain dicts:

    closed_days = ["12-29", "12-30", "12-31", "01-01", "01-02", "01-03"]
    maintenance = [{ from = "2026-12-05T22:00", until = "2026-12-06T09:30", kinds = ["koseki_full"] }]
    [hours.default]            # the machine itself
    everyday = "06:30-23:00"
    [hours.koseki_full]        # a certificate with hours of its own, within those of the machine
    weekday = "09:00-17:00"

The line of a day is the first of these that the table has: on a public holiday `holiday`, else `everyday`; on
other days the day's own name (`monday`..`sunday`), else `weekday` (Monday to Friday), else `everyday`. A day
without a line is closed, as with the line "closed". A line may hold several spans ("08:30-12:00,13:00-17:15"),
and "24:00" ends a day that goes on into the next. A maintenance window without `kinds` closes the machine.

The clock never ends a session. It only decides whether one may begin: the last admission is the closing time less
the longest session (fault T2).
See city rule 3.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from firmware.config.national_holidays import national_holidays

TOKYO = ZoneInfo("Asia/Tokyo")
DEFAULT = "default"
HORIZON_DAYS = 400  # how far ahead an opening is looked for; beyond it `opens_at` is None

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_KEYS = frozenset({*_WEEKDAYS, "everyday", "weekday", "holiday"})
_SPAN = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})")


class HoursError(ValueError):
    """The table of hours cannot be used; the message is a sentence for the person who wrote it."""


class ClosedReason(StrEnum):
    """Words of `scenes.Closed.reason`."""

    HOURS = "hours"
    YEAR_END = "year_end"  # one of the closed days
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


@dataclass(frozen=True, slots=True)
class _Window:
    span: Span
    kinds: frozenset[str]  # empty: the whole machine

    def concerns(self, kind: str | None) -> bool:
        return not self.kinds or kind in self.kinds


class ServiceHours:
    """The hours of one machine. `now` is always an aware datetime; a naive one fails an assertion."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        """Read the table. Raises `HoursError` naming the key that is wrong."""
        rest = dict(table)
        self._closed_days = frozenset(_month_day(text) for text in rest.pop("closed_days", ()))
        self._windows = tuple(_window(entry) for entry in rest.pop("maintenance", ()))
        if DEFAULT not in rest:
            raise HoursError("hours.default is missing: the machine needs hours of its own")
        self._weeks = {kind: _week(kind, entry) for kind, entry in rest.items()}
        self._holidays = national_holidays()

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

    def _day(self, day: date, kind: str | None) -> Iterator[Span]:
        """The spans of one day: the kind's within the machine's, less maintenance."""
        if (day.month, day.day) in self._closed_days:
            return
        spans = self._lines(DEFAULT, day)
        if kind is not None and kind in self._weeks:
            spans = _within(spans, self._lines(kind, day))
        for span in spans:
            pieces = [(_instant(day, span[0]), _instant(day, span[1]))]
            for window in self._windows:
                if window.concerns(kind):
                    pieces = [part for piece in pieces for part in _without(piece, window.span)]
            yield from pieces

    def _lines(self, kind: str, day: date) -> tuple[_Minutes, ...]:
        week = self._weeks[kind]
        if day in self._holidays:
            keys = ["holiday", "everyday"]
        else:
            keys = [_WEEKDAYS[day.weekday()], *(["weekday"] if day.weekday() < 5 else []), "everyday"]
        return next((week[key] for key in keys if key in week), ())

    def _why_closed(self, local: datetime, kind: str | None) -> ClosedReason:
        if (local.month, local.day) in self._closed_days:
            return ClosedReason.YEAR_END
        if any(window.concerns(kind) and window.span[0] <= local < window.span[1] for window in self._windows):
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


def _month_day(text: object) -> tuple[int, int]:
    try:
        day = date.fromisoformat(f"2024-{text}")  # a leap year, so that 02-29 can be named
    except ValueError:
        raise HoursError(f'hours.closed_days: {text!r} is no day of the year; write "12-29"') from None
    return day.month, day.day


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
