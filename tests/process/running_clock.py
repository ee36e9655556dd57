"""Real time, without the pauses in which the computer stood still."""

import time

_LONGEST_S = 0.5


class RunningClock:
    """A clock for a driver's deadlines: between two calls it advances by at most half a second.

    A computer that stands still for some seconds also stops the simulated device, which is then not to blame for its silence.
    """

    def __init__(self) -> None:
        self._now_s = 0.0
        self._looked_s = time.monotonic()

    def monotonic(self) -> float:
        looked_s = time.monotonic()
        self._now_s += min(looked_s - self._looked_s, _LONGEST_S)
        self._looked_s = looked_s
        return self._now_s
