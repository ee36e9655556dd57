"""A crew whose desks are late, as threads are: commands wait before a desk begins them, answers before the loop gets them.

Only the commands and answers of one desk keep their order: the paper desk may still be cutting when the next resident's
documents come, and the loop may get a key after a coin that fell later. `InlineCrew` has no delays and never shows this.
"""

import heapq
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

from firmware.desks import C, Desk, DeskName, Posted, Whose
from host_sim.clock import VirtualClock
from host_sim.rig.crew import Alarm, InlineCrew
from host_sim.rig.quiet import Quiet

BUSY = 0.05  # share of its commands for which the paper desk is busy for BUSY_S
BUSY_S = 12.0
PACES_S = (0.0, 0.02, 0.1, 0.5)  # a desk is late by up to one of these


class LateCrew(InlineCrew):
    """Satisfies `firmware.workers.Crew`. Each desk has a pace of its own, drawn from `dice`."""

    def __init__(
        self,
        desks: Iterable[Desk[Any]],
        clock: VirtualClock,
        alarms: Mapping[str, Alarm],
        quiet: Mapping[str, Quiet],
        still: Mapping[str, Quiet],
        dice: random.Random,
    ) -> None:
        super().__init__(desks, clock, alarms, quiet, still)
        self._dice = dice
        self._pace_s: dict[str, float] = defaultdict(lambda: dice.choice(PACES_S))
        self._begins_s: dict[str, float] = defaultdict(float)  # desk -> when it begins the last command sent
        self._heard_s: dict[str, float] = defaultdict(float)  # desk -> when the loop gets its last answer
        self._answers: list[tuple[float, int, Posted]] = []
        self._order = count()

    def send(self, desk: DeskName[C], command: C, whose: Whose) -> None:
        now_s = self._clock.monotonic()
        busy_s = self._dice.uniform(0.0, BUSY_S) if desk == "paper" and self._dice.random() < BUSY else 0.0
        at_s = self._begins_s[desk] = max(self._begins_s[desk], now_s + self._late_s(desk) + busy_s)
        self._clock.at(at_s, lambda: super(LateCrew, self).send(desk, command, whose))

    def receive(self, timeout_s: float) -> Posted | None:
        ends_s = self._clock.monotonic() + timeout_s
        while True:
            now_s = self._clock.monotonic()
            next_s = self._answers[0][0] if self._answers else ends_s
            if self._answers and next_s <= now_s:
                return heapq.heappop(self._answers)[2]
            posted = super().receive(max(0.0, min(ends_s, next_s) - now_s))
            if posted is not None:
                self._hold_back(posted)
            elif self._clock.monotonic() >= ends_s and (not self._answers or self._answers[0][0] > ends_s):
                return None

    def _hold_back(self, posted: Posted) -> None:
        desk, now_s = posted.desk, self._clock.monotonic()
        at_s = self._heard_s[desk] = max(self._heard_s[desk], now_s + self._late_s(desk))
        heapq.heappush(self._answers, (at_s, next(self._order), posted))

    def _late_s(self, desk: str) -> float:
        return self._dice.uniform(0.0, self._pace_s[desk])
