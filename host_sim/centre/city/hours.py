"""When a place is open: the grammar of hours of the site table (drivers/line/README.md), read a second time.

The line of a day is the first of these that a kind's hours have: on a public holiday `holiday`, else `everyday`; on
other days the day's own name, else `weekday` (Monday to Friday), else `everyday`. A day without a line is closed. A
line is "closed" or spans in order ("08:30-12:00,13:00-17:15"); "24:00" ends a day. A kind with hours of its own is
issued within those of `default`. All times are Asia/Tokyo. See city rule 3.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

JST = ZoneInfo("Asia/Tokyo")
DEFAULT = "default"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS = (*WEEKDAYS, "everyday", "weekday", "holiday")
_SPAN = re.compile(r"([0-2]\d):([0-5]\d)-([0-2]\d):([0-5]\d)")
Minutes = tuple[int, int]  # of the day: the first one open and the first one after
Span = tuple[datetime, datetime]


def read_line(text: str) -> tuple[Minutes, ...]:
    """The spans of one line. ValueError, as a sentence, for anything else."""
    if text == "closed":
        return ()
    spans: list[Minutes] = []
    for part in text.split(","):
        match = _SPAN.fullmatch(part.strip())
        hours = [int(group) for group in match.groups()] if match else [99, 0, 0, 0]
        start, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
        if not (spans[-1][1] if spans else 0) <= start < end <= 24 * 60:
            raise ValueError(f'is "{text}"; write "06:30-23:00", several in order with commas, or "closed"')
        spans.append((start, end))
    return tuple(spans)


def read_closed_day(text: str) -> str:
    """A day of every year ("12-29") or one day ("2026-12-05"), as it was written. ValueError for anything else."""
    try:
        day = date.fromisoformat(f"2024-{text}" if len(text) == 5 else text)  # 2024 has a 29 February
    except ValueError:
        day = None
    if day is None or text not in {day.isoformat(), day.strftime("%m-%d")}:
        raise ValueError(f'is "{text}"; write "12-29" for a day of every year, "2026-12-05" for one day')
    return text


@dataclass(frozen=True, slots=True)
class Window:
    """Maintenance, from the first minute to the first one after. No kinds: everything is closed."""

    start: datetime
    end: datetime
    kinds: frozenset[str] = frozenset()

    def concerns(self, kind: str) -> bool:
        return not self.kinds or kind in self.kinds


class Timetable:
    """The hours, closed days and maintenance of one place. Two that say the same are equal."""

    def __init__(
        self, hours: Mapping[str, Mapping[str, str]], closed_days: Iterable[str], maintenance: Iterable[Window]
    ) -> None:
        self.hours = {kind: dict(lines) for kind, lines in hours.items()}
        self.closed_days = tuple(sorted(set(closed_days)))
        self.maintenance = tuple(sorted(maintenance, key=lambda w: (w.start, w.end, sorted(w.kinds))))
        self._weeks = {
            kind: {day: read_line(line) for day, line in lines.items()} for kind, lines in self.hours.items()
        }

    def open_at(self, now: datetime, kind: str = DEFAULT) -> bool:
        """Whether the place issues this kind at this instant; `default`: whether it is open at all."""
        local = now.astimezone(JST)
        return any(start <= local < end for start, end in self.spans(local.date(), kind))

    def spans(self, day: date, kind: str = DEFAULT) -> list[Span]:
        """When this kind is issued on this day, in order."""
        if day.isoformat() in self.closed_days or day.strftime("%m-%d") in self.closed_days:
            return []
        lines = self._lines(DEFAULT, day)
        if kind != DEFAULT and kind in self._weeks:
            own = self._lines(kind, day)
            lines = tuple((max(a, c), min(b, d)) for a, b in lines for c, d in own if max(a, c) < min(b, d))
        midnight = datetime.combine(day, time(), JST)
        pieces = [(midnight + timedelta(minutes=a), midnight + timedelta(minutes=b)) for a, b in sorted(lines)]
        for window in self.maintenance:
            if window.concerns(kind):
                pieces = [rest for piece in pieces for rest in _without(piece, window)]
        return pieces

    def _lines(self, kind: str, day: date) -> tuple[Minutes, ...]:
        week = self._weeks[kind]
        if is_holiday(day):
            keys = ["holiday", "everyday"]
        else:
            keys = [WEEKDAYS[day.weekday()], *(["weekday"] if day.weekday() < 5 else []), "everyday"]
        return next((week[key] for key in keys if key in week), ())


def _without(piece: Span, window: Window) -> Iterator[Span]:
    for start, end in ((piece[0], min(piece[1], window.start)), (max(piece[0], window.end), piece[1])):
        if start < end:
            yield start, end


@cache
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("JP", years=year))


def is_holiday(day: date) -> bool:
    return day in _holidays(day.year)
