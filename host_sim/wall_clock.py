"""The machine's wall clock in the simulator: real time in Japan, moved by a number of seconds kept in a file.

Firmware and centre both read that file, so both have the same time. An instant is named by `now`, `22:55`, `12-31`,
`sunday` or an ISO date and time.
"""

import contextlib
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

JST = ZoneInfo("Asia/Tokyo")
DAYTIME = time(10, 0)
_OPENS, _LAST_ADMISSION = time(6, 30), time(22, 45)
_CLOSED_DAYS = {(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)}
_SUNDAY = 6


class WallClock:
    """The clock of one run directory."""

    def __init__(self, run: Path) -> None:
        self._path = run / "clock-offset"

    @property
    def offset_s(self) -> float:
        with contextlib.suppress(OSError, ValueError):
            return float(self._path.read_text())
        return 0.0

    def now(self) -> datetime:
        return datetime.now(JST) + timedelta(seconds=self.offset_s)

    def set(self, words: str) -> None:
        """Move the clock to the named instant, from which it runs on. Raises ValueError with a sentence."""
        offset_s = 0.0 if words == "now" else (instant(words, self.now()) - datetime.now(JST)).total_seconds()
        fresh = self._path.with_suffix(".new")
        fresh.write_text(f"{offset_s:.3f}\n")
        fresh.replace(self._path)

    def open_if_closed(self) -> bool:
        """Outside a store's service hours, move the clock to a morning when it is open. True when it was moved."""
        now = self.now()
        day = now.date()
        if (day.month, day.day) not in _CLOSED_DAYS and _OPENS <= now.time() <= _LAST_ADMISSION:
            return False
        while (day.month, day.day) in _CLOSED_DAYS:
            day += timedelta(days=1)
        self.set(datetime.combine(day, DAYTIME).isoformat())
        return True


def instant(words: str, now: datetime) -> datetime:
    """What the words name, seen from `now` (Asia/Tokyo): a time today, a day (at 10:00), Sunday, or an ISO instant."""
    with contextlib.suppress(ValueError):
        at = datetime.strptime(words, "%H:%M").time()  # noqa: DTZ007 - only the time is read
        return datetime.combine(now.date(), at, JST)
    with contextlib.suppress(ValueError):
        day = datetime.strptime(f"{now.year}-{words}", "%Y-%m-%d").date()  # noqa: DTZ007 - only the day is read
        return datetime.combine(day, DAYTIME, JST)
    if words == "sunday":
        ahead = (_SUNDAY - now.weekday()) % 7
        return datetime.combine(now.date() + timedelta(days=ahead), DAYTIME, JST)
    try:
        named = datetime.fromisoformat(words)
    except ValueError:
        raise ValueError(f"{words!r} is no time: use now, HH:MM, MM-DD, sunday or 2026-11-24T10:00") from None
    return named.astimezone(JST) if named.tzinfo else named.replace(tzinfo=JST)
