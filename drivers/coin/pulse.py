"""A coin acceptor that counts in pulses (CH-926, HX-616, DG600F and their kin): `firmware.ports.CoinAcceptor`.

It pulls one wire low so many times for a coin. It has no confirmation, no serial number and no
counter that could be read again. The driver works on the time stamps of the edges, so it does not matter when
the program reads them:

- a pulse counts only if its length is 0.6 to 1.5 of nominal. One of another length is no credit and no coin that may be
  forgotten: the acceptor's speed switch may stand elsewhere than the unit file says. The driver shuts the slot at the first
  one, and reports the whole train as `WrongPulses` with its estimate. Shorter than any acceptor sends is static or a relay;
  that is counted, and reported when it does not end;
- pulses belong to one train until the wire has rested for `end_s`, so coins that follow each other closely come
  as one train. Where the number of pulses is proportional to the value, every
  pulse is worth the same and is credited as it comes. Any other code must keep its numbers within one
  octave (the largest below twice the smallest): then two coins together never look like one, and the driver
  reports the merged train as lost. `PulseCodes` refuses a code that fits neither;
- a remainder at the end of a train, or a lost edge, is reported as `CreditsLost`;
- a wire that rests low is blocked: a coin is stuck, or the acceptor's counter switch stands at NC.

There is one inhibit line for all coins, so `accept` refuses a subset of values. Without a counter a
coin that fell while the program was down is never found: the journal says so (`event_counter` null), and a
session that was cut off with its slot open is flagged for a person. An exchanged acceptor is not noticed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Protocol

from drivers.errors import WrongDevice
from drivers.vocabulary import (
    AcceptorBlocked,
    AcceptorCounters,
    CoinCredited,
    CoinEvent,
    Compared,
    CreditsLost,
    WrongPulses,
)

_SENSOR_BLOCKED = 14  # the ccTalk code for the same thing (part 3, table 2)
_SHORTEST, _LONGEST = 0.6, 1.5  # of the nominal width
# The DG600F's manual (4.3, page 8) calls pulses under 20 ms noise, of which an acceptor 20 % fast leaves 16.
NOISE_S = 0.010
PINS_REST_S = 0.175  # `EdgeSource.rest_s` of pins: they are looked at as often as a ccTalk acceptor is asked
NOISE_LIMIT, NOISE_WITHIN_S = 50, 60.0  # so many spikes in so long are no relay any more: a bad ground, or a loose wire


@dataclass(frozen=True, slots=True)
class Edge:
    """The wire became active (low: a pulse begins) or inactive; `at_s` is the kernel's time stamp of the edge."""

    active: bool
    at_s: float


class EdgeSource(Protocol):
    """Where edges come from (`drivers/gpio.py`). All calls open the pin when it is not open; they may raise `DeviceError`."""

    @property
    def rest_s(self) -> float:
        """How long to rest between two looks while coins may come, in seconds."""
        ...

    def take(self) -> Sequence[Edge]:
        """All edges since the last call, oldest first. Where some may have been lost, two equal edges follow each other."""
        ...

    def active(self) -> bool:
        """Whether the wire is low now."""
        ...

    def now_s(self) -> float:
        """Now, on the clock of the edges."""
        ...


class InhibitLine(Protocol):
    """Open collector: never driven high, because some acceptors read 3.3 V as high or low at random."""

    def allow(self, accepting: bool) -> None: ...

    def try_out(self) -> None:
        """Hold the wire in both ways, and leave the slot shut. Raises `WrongDevice` where it does not follow.

        What the acceptor does with it shows only with a coin (`test slot` on the console).
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseTiming:
    """Times of one acceptor: pulse width, rest that ends a train (longer than any gap in one), bounce, stuck wire."""

    width_s: float = 0.025
    end_s: float = 0.350
    bounce_s: float = 0.004
    stuck_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Pulse:
    """One good pulse."""

    began_s: float


@dataclass(frozen=True, slots=True)
class WrongPulse:
    """A pulse of a train, of a width that is not the acceptor's by the unit file."""

    width_s: float


@dataclass(frozen=True, slots=True)
class Noise:
    """So many spikes since the last report, each shorter than any acceptor's pulse."""

    spikes: int


@dataclass(frozen=True, slots=True)
class TrainEnd:
    """The wire has rested for `end_s`. `broken`: an edge was lost, so the number of pulses may be wrong."""

    broken: bool


@dataclass(frozen=True, slots=True)
class Stuck:
    """The wire has been active for `stuck_s`."""


Found = Pulse | WrongPulse | Noise | TrainEnd | Stuck


class PulseFilter:
    """Edges in, pulses out. Pure; counts the spikes that it rejects in `glitches`.

    A break of less than `bounce_s` inside a pulse is the contact bouncing. So a pulse is reported
    only when the wire has rested for that long.
    """

    def __init__(self, timing: PulseTiming) -> None:
        self._timing = timing
        self._began_s: float | None = None
        self._ended_s: float | None = None  # end of the pulse that began; None again when it bounces
        self._rested_since_s: float | None = None  # set while a train is open
        self._broken = False
        self._stuck_told = False
        self._low_since_s: float | None = None  # since when the wire is low though no edge said so
        self._spikes_s: list[float] = []  # when the spikes came that no report has told of
        self.glitches = 0

    @property
    def stuck(self) -> bool:
        """Whether the wire has been active for longer than any pulse, and still is."""
        return self._stuck_told

    @property
    def in_train(self) -> bool:
        """Whether a train is open: the wire is active or has rested less than `end_s`. False while it is stuck."""
        return not self._stuck_told and (self._began_s is not None or self._rested_since_s is not None)

    def feed(self, edges: Sequence[Edge], now_s: float, *, active: bool) -> list[Found]:
        """Take edges in order, the present time and level of the wire; return what they and the time complete."""
        found: list[Found] = []
        for edge in edges:
            found += self._settle(edge.at_s)
            if edge.active and self._began_s is None:
                self._began_s = edge.at_s
            elif edge.active and self._ended_s is not None:
                self._ended_s = None  # bounced
            elif not edge.active and self._began_s is not None and self._ended_s is None:
                self._ended_s = edge.at_s
            else:  # two equal edges: the one between them was lost, but no pulse that had ended
                found += [] if self._ended_s is None else self._end()
                self._lose(edge)
        found += self._settle(now_s)
        self._watch_level(now_s, low_at_rest=active and not edges and self._began_s is None)
        return found + self._stick(now_s)

    def _watch_level(self, now_s: float, *, low_at_rest: bool) -> None:
        """An edge that is still on its way would explain a low wire; a wire that stays low rests there."""
        if not low_at_rest:
            self._stuck_told = self._stuck_told and self._began_s is not None
            self._low_since_s = None
        elif self._low_since_s is None:
            self._low_since_s = now_s

    def _settle(self, now_s: float) -> list[Found]:
        """The pulse and the train that have ended by `now_s`."""
        found: list[Found] = []
        if self._ended_s is not None and now_s - self._ended_s >= self._timing.bounce_s:
            found += self._end()
        return found + self._rest(now_s)

    def _end(self) -> list[Found]:
        began_s, ended_s, was_stuck = self._began_s, self._ended_s, self._stuck_told
        assert began_s is not None
        assert ended_s is not None
        self._began_s, self._ended_s, self._stuck_told = None, None, False
        if was_stuck:  # it has been told, and somebody has freed it
            return []
        width_s, nominal_s = ended_s - began_s, self._timing.width_s
        if width_s < NOISE_S:
            return self._spike(ended_s)
        self._rested_since_s = ended_s
        if not _SHORTEST * nominal_s <= width_s <= _LONGEST * nominal_s:
            return [WrongPulse(width_s)]
        return [Pulse(began_s)]

    def _spike(self, at_s: float) -> list[Found]:
        self.glitches += 1
        self._spikes_s = [each for each in self._spikes_s if at_s - each < NOISE_WITHIN_S] + [at_s]
        spikes = len(self._spikes_s)
        if spikes < NOISE_LIMIT:
            return []
        self._spikes_s.clear()
        return [Noise(spikes)]

    def _lose(self, edge: Edge) -> None:
        self._broken = True
        self._rested_since_s = edge.at_s
        self._began_s, self._ended_s = (edge.at_s if edge.active else None), None

    def _rest(self, at_s: float) -> list[Found]:
        if self._began_s is not None or self._rested_since_s is None:
            return []
        if at_s - self._rested_since_s <= self._timing.end_s:
            return []
        broken, self._broken, self._rested_since_s = self._broken, False, None
        return [TrainEnd(broken)]

    def _stick(self, now_s: float) -> list[Found]:
        since_s = self._low_since_s if self._began_s is None else self._began_s
        if since_s is None or self._ended_s is not None or self._stuck_told or now_s - since_s < self._timing.stuck_s:
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
                "its pulse numbers are neither proportional to the values nor all below twice the smallest, so "
                "two coins together could look like one: set other pulse numbers on the acceptor and in the unit file.",
            )

    @property
    def proportional(self) -> bool:
        pulses, yen = next(iter(self.codes.items()))
        return all(p * yen == y * pulses for p, y in self.codes.items())

    @property
    def unit(self) -> tuple[int, int]:
        """The smallest number of pulses that is worth crediting, and its value in yen (proportional codes)."""
        return gcd(*self.codes), gcd(*self.codes.values())

    def about_yen(self, pulses: int) -> int:
        """What so many pulses may stand for: at least the smallest coin."""
        if self.proportional:
            of_unit, yen = self.unit
            return max(1, pulses // of_unit) * yen
        if pulses in self.codes:
            return self.codes[pulses]
        smallest = min(self.codes)
        return max(1, pulses // smallest) * self.codes[smallest]


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
        """`codes`: pulses -> yen. Raises `WrongDevice` when two coins together could look like one."""
        self._source = source
        self._inhibit_line = inhibit_line
        self._codes = PulseCodes(codes)
        self._filter = PulseFilter(timing)
        self._device = device
        self._pulses = 0  # pulses of the open train that are not credited yet
        self._wrong: list[float] = []  # widths of the wrong ones in it

    @property
    def glitches(self) -> int:
        """Spikes since the start. A number that keeps rising means bad wiring."""
        return self._filter.glitches

    def start(self) -> None:
        """Open both pins, try the inhibit wire and close the slot. Keeps the pulses counted so far: a coin may be coming in
        now. Raises `WrongDevice` where the inhibit wire does not follow."""
        self._inhibit_line.try_out()
        self._source.now_s()  # a coin pin that cannot be opened shows here, not at the first poll

    def pair(self, serial: int) -> bool:  # noqa: ARG002  the answer is the same for all
        """Always False: a pulse acceptor has no serial number to pair with."""
        return False

    def newly_paired(self) -> int | None:
        return None

    @property
    def rest_s(self) -> float:
        return self._source.rest_s

    @property
    def under_way(self) -> bool:
        """Whether a train is open, so that more may be credited."""
        return self._filter.in_train

    def accept(self, values_yen: frozenset[int]) -> None:
        """Open the slot. Raises `WrongDevice` when the acceptor takes a coin that is not in `values_yen`."""
        if not set(self._codes.codes.values()) <= values_yen:
            raise WrongDevice(
                self._device, f"it cannot refuse single coins, and only {sorted(values_yen)} are allowed."
            )
        self._inhibit_line.allow(True)

    def inhibit(self) -> None:
        """Close the slot. The acceptor does not confirm it; a coin already inside is still counted."""
        self._inhibit_line.allow(False)

    def poll(self) -> Sequence[CoinEvent]:
        """Credits, losses and a blocked sensor since the last poll, oldest first."""
        edges = self._source.take()
        events: list[CoinEvent] = []
        for found in self._filter.feed(edges, self._source.now_s(), active=self._source.active()):
            events += self._taken(found)
        return _joined(events)

    def _taken(self, found: Found) -> list[CoinEvent]:
        match found:
            case Pulse():
                self._pulses += 1
                return self._credit_units() if self._codes.proportional else []
            case WrongPulse(width_s=width_s):
                self._wrong.append(width_s)
                self._inhibit_line.allow(False)  # no further coin for pulses that nobody can read
                return []
            case Noise(spikes=spikes):
                return [WrongPulses(spikes, 0, 0.0)]
            case TrainEnd(broken=broken):
                return self._end_of_train(broken=broken)
            case Stuck():
                return [AcceptorBlocked(_SENSOR_BLOCKED)]

    def blocked(self) -> bool:
        """Whether the wire is still stuck."""
        return self._filter.stuck

    def accepted_by_device(self) -> int | None:
        return None

    def compare(self) -> Compared:
        """Nothing counts beside the pulses, so no credit is ever proved."""
        return Compared(borne=False)

    def counters(self) -> AcceptorCounters:
        """Both None: a pulse acceptor does not count."""
        return AcceptorCounters(event_counter=None, accepted_total=None)

    def _credit_units(self) -> list[CoinEvent]:
        pulses, yen = self._codes.unit
        if self._pulses < pulses:
            return []
        self._pulses -= pulses
        return [CoinCredited(yen, None)]

    def _end_of_train(self, *, broken: bool) -> list[CoinEvent]:
        pulses, self._pulses = self._pulses, 0
        wrong, self._wrong = self._wrong, []
        if wrong:
            return [WrongPulses(len(wrong), self._codes.about_yen(pulses + len(wrong)), wrong[-1])]
        if broken:
            return [CreditsLost(1)]
        if pulses == 0:
            return []
        value = None if self._codes.proportional else self._codes.codes.get(pulses)
        if value is None:
            return [CreditsLost(max(1, pulses // min(self._codes.codes)), self._codes.about_yen(pulses))]
        return [CoinCredited(value, None)]


def _joined(events: Sequence[CoinEvent]) -> list[CoinEvent]:
    """Add up the credits of one poll, so that the journal needs one record for them."""
    joined: list[CoinEvent] = []
    for event in events:
        last = joined[-1] if joined else None
        if isinstance(event, CoinCredited) and isinstance(last, CoinCredited):
            joined[-1] = CoinCredited(last.value_yen + event.value_yen, None)
        else:
            joined.append(event)
    return joined
