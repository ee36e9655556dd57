"""What the console says unasked, each once: that a person will be logged out soon, and that settings on trial will go back."""

import math

from firmware.console.access import IDLE_S
from firmware.console.steps import Hands

BEFORE_S = 60.0


class Reminders:
    def __init__(self) -> None:
        self._idle_told_s = -math.inf  # when the silence began about which the person was warned
        self._trial_told = False

    def next(self, hands: Hands, heard_s: float) -> str | None:
        """A sentence for whoever is logged in, if one is due. `heard_s`: when that person typed last."""
        if self._idle_told_s != heard_s and hands.monotonic() - heard_s >= IDLE_S - BEFORE_S:
            self._idle_told_s = heard_s
            return f"Nobody types. In {BEFORE_S:.0f} s you are logged out; press Enter to stay."
        left_s = hands.trial_left_s
        if left_s is not None and left_s <= BEFORE_S and not self._trial_told:
            self._trial_told = True  # a trial ends with this run of the program
            return f"The settings on trial go back in {max(0.0, left_s):.0f} s. `config keep` keeps them."
        return None
