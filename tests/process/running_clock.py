"""Real time, without the spells in which the computer stood still."""

import time

_LONGEST_S = 0.5


class RunningClock:
    """What a driver's deadlines are measured with: between two looks no more than half a second passes.

    A computer that stands still for some seconds stops the device too, so its silence then says nothing.
    """

    def __init__(self) -> None:
        self._now_s = 0.0
        self._looked_s = time.monotonic()

    def monotonic(self) -> float:
        looked_s = time.monotonic()
        self._now_s += min(looked_s - self._looked_s, _LONGEST_S)
        self._looked_s = looked_s
        return self._now_s
