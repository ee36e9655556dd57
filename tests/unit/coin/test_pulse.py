"""Pulse acceptors: what counts as a pulse, the value of a train, and what must be reported instead of a credit."""

import random
from typing import Any

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin

from drivers.coin.pulse import NOISE_LIMIT, Edge, Pulse, PulseAcceptor, PulseFilter, PulseTiming, TrainEnd
from drivers.errors import WrongDevice
from drivers.gpio import GpioEdges, OpenCollector
from drivers.vocabulary import AcceptorBlocked, AcceptorCounters, CoinCredited, CoinEvent, CreditsLost, WrongPulses
from host_sim.models.pulse_acceptor import PulseAcceptorModel

# 10 yen is one pulse, and the rest in proportion (500 yen: 50 pulses, the most a CH-926 can send).
PROPORTIONAL = {"JP010A": 1, "JP050A": 5, "JP100A": 10, "JP500A": 50}
# Two pulses for each 10 yen: a single spike of the right length is then no coin.
DOUBLED = {coin: pulses * 2 for coin, pulses in PROPORTIONAL.items()}
# The largest number is less than twice the smallest: two merged coins never look like one.
OCTAVE = {"JP010A": 5, "JP050A": 6, "JP100A": 7, "JP500A": 8}
YEN = {"JP010A": 10, "JP050A": 50, "JP100A": 100, "JP500A": 500}


class Rig:
    """A driver on a model; the test moves the time."""

    def __init__(self, codes: dict[str, int], seed: int = 0, *, width_s: float = 0.025, **quirks: Any) -> None:
        self.time_s = 0.0
        self.accepting = False
        self.loses, self.taken = -1, 0  # the number of an edge that never arrives
        self.model = PulseAcceptorModel(codes, seed=seed, width_s=width_s, **quirks)
        self.driver = PulseAcceptor(
            self, self, {pulses: YEN[coin] for coin, pulses in codes.items()}, PulseTiming(width_s=width_s)
        )
        self.driver.start()
        self.driver.accept(frozenset(YEN.values()))

    def take(self) -> list[Edge]:
        edges = [Edge(active=low, at_s=at_s) for at_s, low in self.model.edges(self.time_s)]
        lost = self.loses - self.taken
        self.taken += len(edges)
        return [edge for number, edge in enumerate(edges) if number != lost]

    def now_s(self) -> float:
        return self.time_s

    def allow(self, accepting: bool) -> None:
        self.accepting = accepting
        self.model.hold_inhibit(None if accepting else 0.0)

    def active(self) -> bool:
        return self.model.low()

    def try_out(self) -> None:
        self.allow(False)

    def run(self, seconds: float) -> list[CoinEvent]:
        events: list[CoinEvent] = []
        end_s = self.time_s + seconds
        while self.time_s < end_s:
            self.time_s += 0.2
            events += self.driver.poll()
        return events


def credited(events: list[CoinEvent]) -> int:
    return sum(event.value_yen for event in events if isinstance(event, CoinCredited))


@pytest.mark.parametrize("width_s", [0.025, 0.050, 0.100])
@pytest.mark.parametrize("coin", list(YEN))
def test_a_coin_is_credited_once_at_each_setting_of_the_width_switch(coin: str, width_s: float) -> None:
    rig = Rig(PROPORTIONAL, width_s=width_s)
    rig.model.insert(coin, 0.1)
    events = rig.run(15)
    assert credited(events) == YEN[coin]
    assert all(isinstance(event, CoinCredited) for event in events)


@pytest.mark.parametrize("codes", [PROPORTIONAL, DOUBLED])
@pytest.mark.parametrize("seed", range(10))
def test_proportional_pulses_add_up_however_fast_the_coins_come(codes: dict[str, int], seed: int) -> None:
    dice = random.Random(seed)
    rig = Rig(codes, seed)
    rig.model.fault("bounce", 0.0)
    events: list[CoinEvent] = []
    for _ in range(30):
        rig.model.insert(dice.choice(list(YEN)), rig.time_s)
        events += rig.run(dice.choice([0.2, 0.2, 0.4, 3.0]))
    events += rig.run(rig.model.busy_until_s() - rig.time_s + 1)
    assert credited(events) == sum(YEN[coin] for coin in rig.model.cash_box)
    assert not [event for event in events if not isinstance(event, CoinCredited)]
    assert rig.driver.counters() == AcceptorCounters(event_counter=None, accepted_total=None)


@pytest.mark.parametrize("codes", [PROPORTIONAL, DOUBLED, OCTAVE])
def test_a_coin_is_under_way_from_its_first_pulse_until_its_train_is_over(codes: dict[str, int]) -> None:
    rig = Rig(codes, width_s=0.1)
    assert not rig.driver.under_way
    rig.model.insert("JP050A", 0.0)
    rig.run(0.4)
    quiet = 0
    while rig.time_s < rig.model.busy_until_s():
        quiet = 0 if rig.run(0.2) or rig.driver.under_way else quiet + 1
        assert quiet < 2, "after two quiet polls the slot would count as closed while a coin's pulses still come"
    rig.run(1.0)
    assert not rig.driver.under_way


def test_octave_codes_credit_single_coins_and_report_a_merged_train() -> None:
    rig = Rig(OCTAVE)
    for coin, yen in YEN.items():
        rig.model.insert(coin, rig.time_s)
        assert credited(rig.run(3)) == yen
    rig.model.insert("JP010A", rig.time_s)
    rig.model.insert("JP500A", rig.time_s)  # 5 + 8 pulses in one train
    events = rig.run(4)
    assert events == [CreditsLost(2, about_yen=20)]


@pytest.mark.parametrize("codes", [{1: 10, 2: 50, 3: 100, 4: 500}, {3: 10, 6: 100}])
def test_codes_that_two_coins_could_imitate_are_refused(codes: dict[int, int]) -> None:
    rig = Rig(PROPORTIONAL)
    with pytest.raises(WrongDevice, match="neither proportional"):
        PulseAcceptor(rig, rig, codes, PulseTiming())


def test_static_is_no_coin_not_even_in_the_middle_of_a_train() -> None:
    rig = Rig(PROPORTIONAL)
    rig.model.fault("static", 0.3)
    assert rig.run(2) == []
    assert rig.driver.glitches == 1
    rig.model.insert("JP050A", rig.time_s)
    rig.model.fault("static", rig.time_s + 0.29)
    assert credited(rig.run(3)) == 50


@pytest.mark.parametrize("width_s", [0.012, 0.045, 0.3])
def test_a_pulse_of_the_wrong_length_is_no_coin_and_no_silence(width_s: float) -> None:
    rig = Rig(PROPORTIONAL)  # nominal 25 ms
    rig.model._edges = [(1.0, True), (1.0 + width_s, False)]
    assert rig.run(3) == [WrongPulses(1, 10, pytest.approx(width_s))]
    assert not rig.accepting, "the slot shuts at the first pulse that cannot be read"


SWITCHES_S = (0.025, 0.045, 0.065, 0.1)  # every position of the makers' switches: HX-616, CH-926, DG600F


@pytest.mark.parametrize(("unit_s", "switch_s"), [(a, b) for a in SWITCHES_S for b in SWITCHES_S if a != b])
@pytest.mark.parametrize("codes", [PROPORTIONAL, OCTAVE])
@pytest.mark.parametrize("seed", range(5))
def test_every_yen_is_credited_or_told_whatever_the_speed_switch(
    unit_s: float, switch_s: float, codes: dict[str, int], seed: int
) -> None:
    rig = Rig(codes, seed, width_s=unit_s)
    rig.model._width_s = switch_s
    events: list[CoinEvent] = []
    coin = list(YEN)[seed % len(YEN)]
    rig.model.insert(coin, rig.time_s)
    events = rig.run(rig.model.busy_until_s() - rig.time_s + 2)
    told = sum(event.about_yen for event in events if isinstance(event, WrongPulses))
    assert credited(events) + told == YEN[coin]
    assert rig.accepting is (told == 0)


def test_spikes_are_counted_and_told_when_they_do_not_end() -> None:
    rig = Rig(PROPORTIONAL)
    events: list[CoinEvent] = []
    for _ in range(2 * NOISE_LIMIT):
        rig.model.fault("static", rig.time_s)
        events += rig.run(0.2)
    assert events == [WrongPulses(NOISE_LIMIT, 0, 0.0)] * 2
    for _ in range(2 * NOISE_LIMIT):  # a relay now and then
        rig.model.fault("static", rig.time_s)
        events = rig.run(10.0)
        assert events == []


def test_a_wire_that_rests_low_is_blocked_and_credits_nothing() -> None:
    """The counter switch at NC: the gaps of its trains would look like pulses."""
    rig = Rig(PROPORTIONAL, normally_closed=True)
    rig.model.insert("JP050A", 30.0)
    assert rig.run(4) == [AcceptorBlocked(14)]
    assert rig.driver.blocked()
    assert credited(rig.run(40)) == 0


def test_a_train_that_breaks_off_with_the_supply_is_told() -> None:
    rig = Rig(PROPORTIONAL, resets_at_accept=True)
    rig.model.insert("JP100A", 0.0)
    (event,) = [event for event in rig.run(4) if not isinstance(event, CoinCredited)]
    assert isinstance(event, WrongPulses)
    assert not rig.accepting


def test_half_a_unit_is_reported_and_not_carried_into_the_next_coin() -> None:
    rig = Rig(DOUBLED)
    rig.model._edges = [(1.0, True), (1.025, False)]  # a spike as long as a pulse
    assert rig.run(3) == [CreditsLost(1, about_yen=10)]
    rig.model.insert("JP010A", rig.time_s)
    assert credited(rig.run(3)) == 10


def test_a_lost_edge_is_reported_as_a_loss() -> None:
    rig = Rig(OCTAVE)
    rig.model.insert("JP100A", rig.time_s)
    rig.loses = 3
    assert rig.run(3) == [CreditsLost(1)]


def test_a_loss_takes_no_pulse_that_had_ended() -> None:
    found = PulseFilter(PulseTiming()).feed(
        [Edge(active=True, at_s=1.0), Edge(active=False, at_s=1.025), *[Edge(active=False, at_s=1.026)] * 2],
        2.0,
        active=False,
    )
    assert found == [Pulse(1.0), TrainEnd(broken=True)]


def test_a_stuck_wire_blocks_the_acceptor_and_says_so_once() -> None:
    rig = Rig(PROPORTIONAL)
    rig.model.fault("stuck", 1.0)
    assert rig.run(8) == [AcceptorBlocked(14)]
    assert not rig.driver.under_way, "a stuck wire is no coin under way"
    rig.model.clear("stuck", rig.time_s)
    assert rig.run(2) == []


@pytest.mark.parametrize("stuck_at_s", [0.05, 0.11, 0.42, 1.5, 3.0])
def test_whatever_a_held_wire_hides_of_a_coin_is_told(stuck_at_s: float) -> None:
    rig = Rig(PROPORTIONAL)
    rig.model.insert("JP500A", 0.0)
    rig.model.fault("stuck", stuck_at_s)
    events = rig.run(12)
    assert credited(events) == 500 - 10 * rig.model.hidden
    assert AcceptorBlocked(14) in events
    rig.model.clear("stuck", rig.time_s)
    assert credited(rig.run(4)) == 0


def test_a_wire_stuck_in_the_middle_of_a_coin_is_no_coin_under_way() -> None:
    rig = Rig(PROPORTIONAL)
    rig.model.insert("JP500A", rig.time_s)
    del rig.model._edges[2 * 20 + 1 :]  # the twentieth pulse ends, the one after it does not
    events = rig.run(8)
    assert (credited(events), events[-1]) == (200, AcceptorBlocked(14))
    assert not rig.driver.under_way


def test_the_slot_is_closed_by_default_and_never_opens_for_a_subset_it_cannot_enforce() -> None:
    rig = Rig(PROPORTIONAL)
    rig.driver.start()
    assert not rig.accepting
    with pytest.raises(WrongDevice):
        rig.driver.accept(frozenset({10, 50, 100}))
    assert not rig.accepting
    rig.driver.accept(frozenset({1, 5, 10, 50, 100, 500}))
    assert rig.accepting
    rig.driver.inhibit()
    assert rig.model.insert("JP100A", 0.0) is False


def test_gpio_wires_give_edges_with_their_time_and_the_inhibit_line_is_never_driven_high(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    factory = MockFactory()
    monkeypatch.setattr(Device, "pin_factory", factory)
    edges, line = GpioEdges(17), OpenCollector(27)
    coin, inhibit = factory.pin(17), factory.pin(27)
    assert edges.take() == []
    assert (inhibit.function, inhibit.state) == ("output", 0)
    line.allow(True)
    assert inhibit.function == "input"
    coin.drive_low()
    coin.drive_high()
    first, second = edges.take()
    assert (first.active, second.active) == (True, False)
    assert 0 <= first.at_s <= second.at_s <= edges.now_s()
    line.close()
    assert (inhibit.function, inhibit.state) == ("output", 0)
    edges.close()


@pytest.mark.parametrize("refuses", ["ground", "floating"])
def test_the_inhibit_wire_is_tried_in_both_ways_and_left_shut(monkeypatch: pytest.MonkeyPatch, refuses: str) -> None:
    factory = MockFactory()
    monkeypatch.setattr(Device, "pin_factory", factory)
    line = OpenCollector(27, refuses)
    pin = factory.pin(27)
    pin._state = True  # the acceptor's pull-up, where nobody holds the wire
    read = MockPin._get_state
    monkeypatch.setattr(MockPin, "_get_state", lambda pin: pin.function == "input" or read(pin))
    line.try_out()
    assert pin.function == ("output" if refuses == "ground" else "input")
    monkeypatch.setattr(MockPin, "_get_state", lambda _: False)  # it lies on ground somewhere
    with pytest.raises(WrongDevice, match="stays at ground when it is let go"):
        line.try_out()
    assert pin.function == ("output" if refuses == "ground" else "input")
    monkeypatch.setattr(MockPin, "_get_state", lambda _: True)
    with pytest.raises(WrongDevice, match="does not reach ground"):
        line.try_out()
