"""A coin acceptor that counts in pulses (CH-926, HX-616, DG600F and their kin): `firmware.ports.CoinAcceptor`.

It pulls one wire low so many times for a coin and knows nothing else: no confirmation, no identity, no
counter that can be asked again. What can be made safe is made safe here, on the time stamps of the edges
themselves, never on when the program got round to them:

- a pulse counts only if it is as long as this acceptor's pulses are (0.6 to 1.5 of nominal); static and
  relay noise are shorter, a stuck coin is longer;
- pulses belong together until the wire has rested for `end_s`; coins that follow each other closely come
  out as one train. That is harmless only if the number of pulses is proportional to the value: then every
  pulse is worth the same, and is credited as it comes. Any other code must keep the numbers within one
  octave (the largest below twice the smallest): then no two coins together look like one, and a merged
  train is recognised and reported instead of being credited wrongly. Codes that fit neither are refused;
- a part of a coin at the end of a train, or an edge that was lost, is a loss to be reported.

There is one inhibit line for all coins: a subset of values cannot be chosen, so it is refused. Without a counter a
coin that fell while the program was down can never be found: the journal says so (`event_counter` null), and a
session that was cut off with its slot open is flagged for a person. Which of two acceptors it is cannot be told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Protocol

from drivers.errors import WrongDevice
from drivers.vocabulary import AcceptorBlocked, AcceptorCounters, CoinCredited, CoinEvent, CreditsLost

_SENSOR_BLOCKED = 14  # the ccTalk code for the same thing (part 3, table 2)
_SHORTEST, _LONGEST = 0.6, 1.5  # of the nominal width


@dataclass(frozen=True, slots=True)
class Edge:
    """The wire became active (a pulse begins) or inactive, at the kernel's time of the edge."""

    active: bool
    at_s: float


class EdgeSource(Protocol):
    """Where edges come from (`drivers/gpio.py`)."""

    def take(self) -> Sequence[Edge]:
        """All edges since the last call, oldest first."""
        ...

    def now_s(self) -> float:
        """Now, on the clock of the edges."""
        ...


class InhibitLine(Protocol):
    """Open collector: never driven high, as some acceptors read 3.3 V at random."""

    def allow(self, accepting: bool) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseTiming:
    """Nominal width of one pulse, and the rest after which a train is over (longer than any gap inside one)."""

    width_s: float = 0.025
    end_s: float = 0.350
    bounce_s: float = 0.004
    stuck_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Pulse:
    """One good pulse."""

    began_s: float


@dataclass(frozen=True, slots=True)
class TrainEnd:
    """The wire has rested. `broken`: an edge was lost, so the number of pulses is not to be trusted."""

    broken: bool


@dataclass(frozen=True, slots=True)
class Stuck:
    """Active for far longer than a pulse."""


class PulseFilter:
    """Edges in, pulses out. Pure; counts what it rejects in `glitches`.

    A break of less than `bounce_s` inside a pulse is the contact bouncing, not its end, so a pulse is known
    only once the wire has been at rest for that long.
    """

    def __init__(self, timing: PulseTiming) -> None:
        self._timing = timing
        self._began_s: float | None = None
        self._ended_s: float | None = None  # of the pulse that began, unless it bounces on
        self._rested_since_s: float | None = None  # set while a train is open
        self._broken = False
        self._stuck_told = False
        self.glitches = 0

    @property
    def stuck(self) -> bool:
        """Whether the wire has been active for longer than any pulse, and still is."""
        return self._stuck_told

    @property
    def in_train(self) -> bool:
        """Whether the wire is active, or has not rested for long enough to end a train. A stuck one ends none."""
        return not self._stuck_told and (self._began_s is not None or self._rested_since_s is not None)

    def feed(self, edges: Sequence[Edge], now_s: float) -> list[Pulse | TrainEnd | Stuck]:
        """Take edges in order, and the present time, which ends a train or shows a stuck wire."""
        found: list[Pulse | TrainEnd | Stuck] = []
        for edge in edges:
            found += self._settle(edge.at_s)
            if edge.active and self._began_s is None:
                self._began_s = edge.at_s
            elif edge.active and self._ended_s is not None:
                self._ended_s = None  # bounced
            elif not edge.active and self._began_s is not None and self._ended_s is None:
                self._ended_s = edge.at_s
            else:  # two edges of a kind: the one between them was lost
                self._lose(edge)
        return found + self._settle(now_s) + self._stick(now_s)

    def _settle(self, now_s: float) -> list[Pulse | TrainEnd | Stuck]:
        """What has become certain by now: the end of a pulse, the end of a train."""
        found: list[Pulse | TrainEnd | Stuck] = []
        if self._ended_s is not None and now_s - self._ended_s >= self._timing.bounce_s:
            found += self._end()
        return found + self._rest(now_s)

    def _end(self) -> list[Pulse | TrainEnd | Stuck]:
        began_s, ended_s = self._began_s, self._ended_s
        assert began_s is not None
        assert ended_s is not None
        self._began_s, self._ended_s, self._stuck_told = None, None, False
        nominal_s = self._timing.width_s
        if not _SHORTEST * nominal_s <= ended_s - began_s <= _LONGEST * nominal_s:
            self.glitches += 1
            return []
        self._rested_since_s = ended_s
        return [Pulse(began_s)]

    def _lose(self, edge: Edge) -> None:
        self._broken = True
        self._rested_since_s = edge.at_s
        self._began_s, self._ended_s = (edge.at_s if edge.active else None), None

    def _rest(self, at_s: float) -> list[Pulse | TrainEnd | Stuck]:
        if self._began_s is not None or self._rested_since_s is None:
            return []
        if at_s - self._rested_since_s <= self._timing.end_s:
            return []
        broken, self._broken, self._rested_since_s = self._broken, False, None
        return [TrainEnd(broken)]

    def _stick(self, now_s: float) -> list[Pulse | TrainEnd | Stuck]:
        if (
            self._began_s is None
            or self._ended_s is not None
            or self._stuck_told
            or now_s - self._began_s < self._timing.stuck_s
        ):
            return []
        self._stuck_told = True
        return [Stuck()]


@dataclass(frozen=True, slots=True)
class PulseCodes:
    """Pulses of a coin -> its value in yen."""

    codes: Mapping[int, int]

    def __post_init__(self) -> None:
        assert self.codes
        assert all(pulses > 0 and yen > 0 for pulses, yen in self.codes.items())
        if not self.proportional and max(self.codes) >= 2 * min(self.codes):
            raise WrongDevice(
                "acceptor",
                "its pulse numbers are neither proportional to the values nor within one octave: "
                "two coins together could not be told from one.",
            )

    @property
    def proportional(self) -> bool:
        pulses, yen = next(iter(self.codes.items()))
        return all(p * yen == y * pulses for p, y in self.codes.items())

    @property
    def unit(self) -> tuple[int, int]:
        """The smallest number of pulses that is worth crediting, and its value in yen (proportional codes)."""
        return gcd(*self.codes), gcd(*self.codes.values())


class PulseAcceptor:
    """One pulse acceptor."""

    selective = False

    def __init__(
        self,
        source: EdgeSource,
        inhibit_line: InhibitLine,
        codes: Mapping[int, int],
        timing: PulseTiming,
        *,
        device: str = "acceptor",
    ) -> None:
        """`codes`: pulses -> yen. Raises `WrongDevice` for codes that cannot be told apart."""
        self._source = source
        self._inhibit_line = inhibit_line
        self._codes = PulseCodes(codes)
        self._filter = PulseFilter(timing)
        self._device = device
        self._pulses = 0  # of the open train, not credited yet

    @property
    def glitches(self) -> int:
        """Pulses of a wrong length since the start: rising steadily means bad wiring."""
        return self._filter.glitches

    def start(self) -> None:
        """Close the slot. What has been counted stays counted: a coin may be coming in at this moment."""
        self._inhibit_line.allow(False)

    def pair(self, serial: int) -> bool:  # noqa: ARG002  the answer is the same for all
        """False: it has no serial number, so there is nothing to pair with."""
        return False

    def newly_paired(self) -> int | None:
        return None

    @property
    def under_way(self) -> bool:
        """Whether a train is open: it may be worth more than was credited so far."""
        return self._filter.in_train

    def accept(self, values_yen: frozenset[int]) -> None:
        """Open the slot. Raises `WrongDevice` when it would take a coin that is not allowed."""
        if not set(self._codes.codes.values()) <= values_yen:
            raise WrongDevice(
                self._device, f"it cannot refuse single coins, and only {sorted(values_yen)} are allowed."
            )
        self._inhibit_line.allow(True)

    def inhibit(self) -> None:
        """Close the slot. There is no confirmation; a coin on its way is still counted."""
        self._inhibit_line.allow(False)

    def poll(self) -> Sequence[CoinEvent]:
        """Credits and losses since the last poll."""
        edges = self._source.take()
        events: list[CoinEvent] = []
        for found in self._filter.feed(edges, self._source.now_s()):
            match found:
                case Pulse():
                    self._pulses += 1
                    if self._codes.proportional:
                        events += self._credit_units()
                case TrainEnd(broken=broken):
                    events += self._end_of_train(broken=broken)
                case Stuck():
                    events.append(AcceptorBlocked(_SENSOR_BLOCKED))
        return _joined(events)

    def blocked(self) -> bool:
        """Whether the wire is still stuck."""
        return self._filter.stuck

    def accepted_by_device(self) -> int | None:
        return None

    def counters(self) -> AcceptorCounters:
        """Nothing: it does not count."""
        return AcceptorCounters(event_counter=None, accepted_total=None)

    def _credit_units(self) -> list[CoinEvent]:
        pulses, yen = self._codes.unit
        if self._pulses < pulses:
            return []
        self._pulses -= pulses
        return [CoinCredited(yen, None)]

    def _end_of_train(self, *, broken: bool) -> list[CoinEvent]:
        pulses, self._pulses = self._pulses, 0
        if broken:
            return [CreditsLost(1)]
        if pulses == 0:
            return []
        value = None if self._codes.proportional else self._codes.codes.get(pulses)
        if value is None:
            return [CreditsLost(max(1, pulses // min(self._codes.codes)))]
        return [CoinCredited(value, None)]


def _joined(events: Sequence[CoinEvent]) -> list[CoinEvent]:
    """Units credited in the same poll are one credit: fewer journal records for the same money."""
    joined: list[CoinEvent] = []
    for event in events:
        last = joined[-1] if joined else None
        if isinstance(event, CoinCredited) and isinstance(last, CoinCredited):
            joined[-1] = CoinCredited(last.value_yen + event.value_yen, None)
        else:
            joined.append(event)
    return joined
