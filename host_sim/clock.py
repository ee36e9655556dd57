"""Virtual time: it passes only in `advance`, which runs every callback that falls due on the way.

A resident who drops a coin at 12.4 s, a hand that pulls the card, a power cut: each is a callback at an instant. The
call of `advance` that passes the instant runs it, so many devices need no threads.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from math import inf


class VirtualClock:
    """Monotonic seconds from 0. Satisfies `drivers.ports.Clock`, which may not be imported here."""

    def __init__(self) -> None:
        self.now_s = 0.0  # the same as `monotonic()`, but faster to read; only `advance_to` sets it
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self.happenings = 0  # grows with every callback and every step of time: equal means that nothing changed

    def monotonic(self) -> float:
        return self.now_s

    def at(self, when_s: float, act: Callable[[], None]) -> None:
        """Run `act` when time reaches `when_s` (at once on the next advance if that is past)."""
        heappush(self._due, (max(when_s, self.now_s), next(self._order), act))

    def after(self, delay_s: float, act: Callable[[], None]) -> None:
        self.at(self.now_s + delay_s, act)

    def next_due_s(self) -> float:
        """When something falls due next; inf if nothing will."""
        return self._due[0][0] if self._due else inf

    def advance(self, seconds: float) -> None:
        self.advance_to(self.now_s + seconds)

    def advance_to(self, when_s: float) -> None:
        """Let time pass up to `when_s`, running what falls due in order. An exception stops time where it was raised."""
        due = self._due
        while due and due[0][0] <= when_s:
            due_s, _, act = heappop(due)
            self.happenings += 1
            self.now_s = max(self.now_s, due_s)
            act()
        if when_s > self.now_s:
            self.happenings += 1
            self.now_s = when_s
