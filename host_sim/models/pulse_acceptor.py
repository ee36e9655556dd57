"""A pulse coin acceptor (CH-926 style): one wire that goes low so many times for each coin it keeps.

Pulses of a coin that follows while pulses are still being sent come directly after those. Widths and gaps are those of
the makers' sheets (fast: 25 ms low, 100 ms high), with their tolerance. `edges` gives the changes of the wire;
`cash_box` and `returned` are where the coins really are, `trains` what the wire was sent for.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import inf

# One pulse for each 10 yen. Both coins of 500 yen look the same to it, or it would refuse one of them.
TAUGHT: Mapping[str, int] = {"JP010A": 1, "JP050A": 5, "JP100A": 10, "JP500A": 50, "JP500B": 50}
SPIKE_S = 0.0006  # of static


class PulseFault(StrEnum):
    STATIC = "static"  # a spike far shorter than a pulse; `static_pulses`: an acceptor that makes pulses of it
    STUCK = "stuck"  # the wire stays low until cleared
    FORGED = "forged"  # fault M2: somebody on the wire sends the pulses of 100 yen; no coin came
    BOUNCE = "bounce"  # every pulse begins with a bouncing contact, until cleared
    SWITCHED = "switched"  # somebody moves the speed switch to another position (`widths_s`), until cleared
    WEAK = "weak_supply"  # the supply drops at each accepted coin, until cleared
    INHIBIT_CUT = "inhibit cut"  # the inhibit wire is off, so the input floats, until cleared


FAULTS = tuple(PulseFault)
_AT_ONCE = frozenset({PulseFault.STATIC, PulseFault.STUCK, PulseFault.FORGED})  # the others: when a coin comes


@dataclass(frozen=True, slots=True)
class Train:
    """What the wire was sent for one coin. `coin`: None where no coin came. `sent`: the pulses that really went out."""

    coin: str | None
    begins_s: float
    ends_s: float
    pulses: int
    sent: int


class PulseAcceptorModel:
    """`codes`: coin identification -> pulses, as a technician taught it."""

    def __init__(
        self,
        codes: Mapping[str, int] = TAUGHT,
        *,
        width_s: float = 0.025,
        widths_s: tuple[float, ...] = (0.025, 0.05, 0.1),
        gap_s: float = 0.100,
        tolerance: float = 0.2,
        begins_s: float = 0.1,
        normally_closed: bool = False,
        inhibit: str = "low",
        low_below_v: float = 1.0,
        high_above_v: float = 3.0,
        static_pulses: int = 0,
        resets_at_accept: bool = False,
        reset_pulse_s: float = 0.04,
        seed: int = 0,
    ) -> None:
        """`width_s`: by its speed switch, `widths_s` all positions of it. `begins_s`: from the coin to its first pulse.

        `normally_closed`: the output rests low and pulses are high. `inhibit`: the level that refuses coins, "low" or
        "high"; "none" for an acceptor without such an input. The input is pulled up, so an open wire is high; between the
        two voltages it takes either level. `static_pulses`: pulses sent for a touch or a plug in the same outlet.
        `resets_at_accept`: the coil takes the supply down, so that the train breaks off; when the supply is back, the
        output is low for `reset_pulse_s`.
        """
        self.cash_box: list[str] = []
        self.returned: list[str] = []
        self.forged: list[str] = []  # coins whose pulses were sent and that never came
        self.trains: list[Train] = []
        self.unsent = 0  # pulses that a coin was worth and that never went out
        self.hidden = 0  # pulses that went out while something else held the wire, and the one it ran into
        self.on_effect: Callable[[str], None] = lambda _: None  # called with "coin in" when a coin reaches the box
        self.on_fault: Callable[[str], None] = lambda _: None  # called with a fault's name whenever it happens
        self.powered = True
        self._inhibit_v: float | None = 0.0  # None: nobody holds the wire
        self._codes = codes
        self._width_s = self._usual_width_s = width_s
        self._widths_s = tuple(widths_s)
        self._gap_s = gap_s
        self._tolerance = tolerance
        self._begins_s = begins_s
        self._normally_closed = normally_closed
        self._inhibit = inhibit
        self._low_below_v, self._high_above_v = low_below_v, high_above_v
        self._static_pulses = static_pulses
        self._weak = self._usually_weak = resets_at_accept
        self._reset_pulse_s = reset_pulse_s
        self._random = random.Random(seed)
        self._free_at_s = 0.0
        self._bouncing = self._stuck = self._inhibit_cut = False
        self._pulling = 0  # how many of the causes in `_edges` hold the wire now: pulse, static, stuck coin
        self._edges: list[tuple[float, bool]] = []  # (when, whether a cause begins or ends)

    # --- the inhibit input ----------------------------------------------------------------------

    def hold_inhibit(self, volts: float | None) -> None:
        """What the host does with the inhibit wire: a voltage, or None where it lets go."""
        self._inhibit_v = volts

    @property
    def inhibited(self) -> bool:
        """Whether a coin that came now would be refused."""
        return self._refuses(None if self._inhibit_cut else self._inhibit_v)

    def _refuses(self, volts: float | None) -> bool:
        """What it does with a coin while the input has this voltage; None: nobody holds it."""
        if self._inhibit == "none":
            return False
        if volts is None or volts > self._high_above_v:
            return self._inhibit == "high"
        if volts < self._low_below_v:
            return self._inhibit == "low"
        return self._random.random() < 0.5

    # --- coins ----------------------------------------------------------------------------------

    def insert(self, coin: str, now_s: float) -> bool:
        """A coin enters; True when it is kept. Pulses begin once those of the coins before are out."""
        pulses = self._codes.get(coin)
        if not self.powered or self.inhibited or self._stuck or pulses is None:
            self.returned.append(coin)
            return False
        self.cash_box.append(coin)
        self._tell_of_coin()
        if self._weak:
            self._send_until_reset(coin, pulses, now_s)
        else:
            self._send(coin, pulses, now_s)
        self.on_effect("coin in")
        return True

    def _tell_of_coin(self) -> None:
        """The faults by which a coin is kept that should not be, or its pulses are not as they should be."""
        happening = {
            PulseFault.INHIBIT_CUT: self._inhibit_cut and self._refuses(self._inhibit_v),
            PulseFault.WEAK: self._weak,
            PulseFault.SWITCHED: self._width_s != self._usual_width_s,
            PulseFault.BOUNCE: self._bouncing,
        }
        for fault, happens in happening.items():
            if happens:
                self.on_fault(fault)

    def _send(self, coin: str | None, pulses: int, now_s: float) -> None:
        begins_s = self._begins(now_s)
        at_s = self._pulses(pulses, begins_s)
        self.trains.append(Train(coin, begins_s, at_s, pulses, pulses))

    def _send_until_reset(self, coin: str, pulses: int, now_s: float) -> None:
        """The coil draws the supply down within the train; what was not sent is forgotten, also of coins before."""
        sent = self._random.randint(0, min(3, pulses - 1))
        begins_s = self._begins(now_s)
        at_s = self._pulses(sent, begins_s)
        if self._reset_pulse_s:
            self._edges += [(at_s, True), (at_s + self._reset_pulse_s, False)]
            at_s += self._reset_pulse_s + self._gap_s
        self._free_at_s = at_s
        self.unsent += pulses - sent
        self.trains.append(Train(coin, begins_s, at_s, pulses, sent))

    def _begins(self, now_s: float) -> float:
        return max(now_s + self._begins_s, self._free_at_s)

    def _pulses(self, pulses: int, at_s: float) -> float:
        """Put so many pulses on the wire; returns when the last one is over."""
        for _ in range(pulses):
            width_s = self._about(self._width_s)
            if self._bouncing:
                self._edges += [(at_s, True), (at_s + 0.0008, False), (at_s + 0.0015, True)]
            else:
                self._edges.append((at_s, True))
            self._edges.append((at_s + width_s, False))
            at_s += width_s + self._about(self._gap_s)
        self._free_at_s = at_s
        return at_s

    # --- what goes wrong ------------------------------------------------------------------------

    def fault(self, name: str, now_s: float) -> None:
        match PulseFault(name):
            case PulseFault.STATIC if self._static_pulses:
                self._send(None, self._static_pulses, now_s)
            case PulseFault.STATIC:
                self._edges += [(now_s, True), (now_s + SPIKE_S, False)]
            case PulseFault.FORGED:
                self.forged.append("JP100A")
                self._send(None, self._codes["JP100A"], now_s)
            case PulseFault.STUCK:
                self._edges.append((now_s, True))
                self._stuck = True
            case lasting:
                self._set(lasting, on=True)
        self._edges.sort()
        if name in _AT_ONCE:
            self.on_fault(name)

    def clear(self, name: str, now_s: float) -> None:
        match PulseFault(name):
            case PulseFault.STUCK if self._stuck:
                self._edges.append((now_s, False))
                self._edges.sort()
                self._stuck = False
            case PulseFault.STUCK | PulseFault.STATIC | PulseFault.FORGED:
                return
            case lasting:
                self._set(lasting, on=False)

    def _set(self, fault: PulseFault, *, on: bool) -> None:
        match fault:
            case PulseFault.BOUNCE:
                self._bouncing = on
            case PulseFault.SWITCHED:
                others = [each for each in self._widths_s if each != self._usual_width_s]
                self._width_s = self._random.choice(others) if on and others else self._usual_width_s
            case PulseFault.WEAK:
                self._weak = on or self._usually_weak
            case PulseFault.INHIBIT_CUT:
                self._inhibit_cut = on

    def power_off(self, now_s: float) -> None:
        """The train under way breaks off; a coin that comes now is returned, because the coil is off."""
        self.powered = False
        later = [begins for at_s, begins in self._edges if at_s > now_s]
        self._edges = [edge for edge in self._edges if edge[0] <= now_s]
        open_ones = later.count(False) - later.count(True)
        self._edges += [(now_s, False)] * open_ones
        self.unsent += later.count(False)
        self._free_at_s = min(self._free_at_s, now_s)

    def power_on(self, now_s: float) -> None:  # noqa: ARG002  as the other devices
        self.powered = True

    # --- the coin wire --------------------------------------------------------------------------

    def edges(self, until_s: float) -> list[tuple[float, bool]]:
        """Changes of the wire up to `until_s`, as (when, low); each is returned once."""
        due = [edge for edge in self._edges if edge[0] <= until_s]
        self._edges = [edge for edge in self._edges if edge[0] > until_s]
        found = []
        for at_s, begins in due:
            before, self._pulling = self._pulling, self._pulling + (1 if begins else -1)
            self.hidden += begins and bool(before)
            if bool(before) is not bool(self._pulling):  # else another cause holds the wire anyway
                found.append((at_s, self.low()))
        return found

    def low(self) -> bool:
        """The level of the wire, after the changes that `edges` gave."""
        return bool(self._pulling) is not self._normally_closed

    def wake_at(self) -> float | None:
        """When the wire next changes; None if it will not."""
        at_s = min((at_s for at_s, _ in self._edges), default=inf)
        return None if at_s == inf else at_s

    def busy_until_s(self) -> float:
        """When the last pulse of the coins so far ends."""
        return self._free_at_s

    def _about(self, seconds: float) -> float:
        return seconds * self._random.uniform(1 - self._tolerance, 1 + self._tolerance)
