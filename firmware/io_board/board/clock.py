"""Microseconds since the program started, without wrapping: MicroPython's own counter begins anew every 18 minutes."""

import time


class Clock:
    """Ask it more often than every 8 minutes: half of what the counter holds."""

    def __init__(self) -> None:
        self._ticks = time.ticks_us()
        self._us = 0

    def now_us(self) -> int:
        """How long the program has run."""
        ticks = time.ticks_us()
        self._us += time.ticks_diff(ticks, self._ticks)
        self._ticks = ticks
        return self._us

    def at_us(self, ticks: int) -> int:
        """When the counter stood at `ticks`: an instant at most 8 minutes before or after the last `now_us`."""
        return self._us + time.ticks_diff(ticks, self._ticks)
