"""A pulse coin acceptor (CH-926 style): one wire that goes low so many times for each coin it keeps.

Pulses of a coin that follows while pulses are still being sent come directly after those. Widths and gaps are those of
the makers' sheets (fast: 25 ms low, 100 ms high), with their tolerance. `edges` gives the changes of the wire;
`cash_box` and `returned` are where the coins really are.
"""

import random
from collections.abc import Callable, Mapping
from enum import StrEnum

# One pulse for each 10 yen. Both coins of 500 yen look the same to it, or it would refuse one of them.
TAUGHT: Mapping[str, int] = {"JP010A": 1, "JP050A": 5, "JP100A": 10, "JP500A": 50, "JP500B": 50}


class PulseFault(StrEnum):
    STATIC = "static"  # a spike far shorter than a pulse
    STUCK = "stuck"  # the wire stays low until cleared
    FORGED = "forged"  # fault M2: somebody on the wire sends the pulses of 100 yen; no coin came
    BOUNCE = "bounce"  # every pulse begins with a bouncing contact, until cleared


FAULTS = tuple(PulseFault)


class PulseAcceptorModel:
    """`codes`: coin identification -> pulses, as a technician taught it."""

    def __init__(
        self,
        codes: Mapping[str, int] = TAUGHT,
        *,
        width_s: float = 0.025,
        gap_s: float = 0.100,
        tolerance: float = 0.2,
        seed: int = 0,
    ) -> None:
        self.cash_box: list[str] = []
        self.returned: list[str] = []
        self.forged: list[str] = []  # coins whose pulses were sent and that never came
        self.inhibited = True
        self.on_effect: Callable[[str], None] = lambda _: None  # called with "coin in" when a coin reaches the box
        self._codes = codes
        self._width_s = width_s
        self._gap_s = gap_s
        self._tolerance = tolerance
        self._random = random.Random(seed)
        self._free_at_s = 0.0
        self._bouncing = self._stuck = False
        self._edges: list[tuple[float, bool]] = []  # (when, low)

    def insert(self, coin: str, now_s: float) -> bool:
        """A coin enters; True when it is kept. Pulses begin once those of the coins before are out."""
        pulses = self._codes.get(coin)
        if self.inhibited or self._stuck or pulses is None:
            self.returned.append(coin)
            return False
        self.cash_box.append(coin)
        self._send(pulses, now_s)
        self.on_effect("coin in")
        return True

    def _send(self, pulses: int, now_s: float) -> None:
        at_s = max(now_s + 0.1, self._free_at_s)
        for _ in range(pulses):
            width_s = self._about(self._width_s)
            if self._bouncing:
                self._edges += [(at_s, True), (at_s + 0.0008, False), (at_s + 0.0015, True)]
            else:
                self._edges.append((at_s, True))
            self._edges.append((at_s + width_s, False))
            at_s += width_s + self._about(self._gap_s)
        self._free_at_s = at_s

    def fault(self, name: str, now_s: float) -> None:
        match PulseFault(name):
            case PulseFault.STATIC:
                self._edges += [(now_s, True), (now_s + 0.0006, False)]
            case PulseFault.FORGED:
                self.forged.append("JP100A")
                self._send(self._codes["JP100A"], now_s)
            case PulseFault.STUCK:
                self._edges.append((now_s, True))
                self._stuck = True
            case PulseFault.BOUNCE:
                self._bouncing = True
        self._edges.sort()

    def clear(self, name: str, now_s: float) -> None:
        match PulseFault(name):
            case PulseFault.STUCK:
                self._edges.append((now_s, False))
                self._stuck = False
            case PulseFault.BOUNCE:
                self._bouncing = False
            case PulseFault.STATIC | PulseFault.FORGED:
                return

    def edges(self, until_s: float) -> list[tuple[float, bool]]:
        """Changes of the wire up to `until_s`, as (when, low); each is returned once."""
        due = [edge for edge in self._edges if edge[0] <= until_s]
        self._edges = [edge for edge in self._edges if edge[0] > until_s]
        return due

    def wake_at(self) -> float | None:
        """When the wire next changes; None if it will not."""
        return min((at_s for at_s, _ in self._edges), default=None)

    def busy_until_s(self) -> float:
        """When the last pulse of the coins so far ends."""
        return self._free_at_s

    def _about(self, seconds: float) -> float:
        return seconds * self._random.uniform(1 - self._tolerance, 1 + self._tolerance)
