"""Virtual time: it passes only when somebody waits, and what is due happens on the way.

A resident who drops a coin at 12.4 s, a hand that pulls the card, a power cut: each is a callback at an
instant. Whoever waits past that instant (`advance`) runs it, so a world of many devices needs no thread.
"""

import heapq
from collections.abc import Callable
from itertools import count
from math import inf


class VirtualClock:
    """Monotonic seconds from 0; satisfies `drivers.ports.Clock` without knowing it."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self.happenings = 0  # how much has fallen due; who remembers it can tell whether anything has since

    def monotonic(self) -> float:
        return self._now_s

    def at(self, when_s: float, act: Callable[[], None]) -> None:
        """Run `act` when time reaches `when_s` (at once on the next advance if that is past)."""
        heapq.heappush(self._due, (max(when_s, self._now_s), next(self._order), act))

    def after(self, delay_s: float, act: Callable[[], None]) -> None:
        self.at(self._now_s + delay_s, act)

    def next_due_s(self) -> float:
        """When something falls due next; inf if nothing will."""
        return self._due[0][0] if self._due else inf

    def advance(self, seconds: float) -> None:
        self.advance_to(self._now_s + seconds)

    def advance_to(self, when_s: float) -> None:
        """Let time pass up to `when_s`, running what falls due in order. An exception stops time where it was raised."""
        while self._due and self._due[0][0] <= when_s:
            due_s, _, act = heapq.heappop(self._due)
            self._now_s = max(self._now_s, due_s)
            self.happenings += 1
            act()
        self._now_s = max(self._now_s, when_s)
