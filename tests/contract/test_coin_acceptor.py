"""`firmware.ports.CoinAcceptor`: over ccTalk, and by pulses."""

from collections import Counter
from dataclasses import dataclass

import pytest

from drivers.coin.pulse import PulseAcceptor, PulseTiming
from drivers.errors import WrongDevice
from drivers.vocabulary import CoinCredited, CoinEvent
from firmware.ports import CoinAcceptor
from host_sim.clock import VirtualClock
from host_sim.models.acceptor import AcceptorModel
from host_sim.models.pulse_acceptor import PulseAcceptorModel
from host_sim.rig.pulse import PulseWires
from host_sim.rig.world import PULSES
from tests.bench.coin_world import ALL_YEN, COIN_OF, VALUES, Machine


@dataclass
class Slot:
    """One acceptor: its driver, and the slot into which the test drops coins."""

    driver: CoinAcceptor
    model: AcceptorModel | PulseAcceptorModel
    clock: VirtualClock

    def insert(self, value_yen: int) -> None:
        self.model.insert(COIN_OF[value_yen], self.clock.monotonic())

    def poll(self, seconds: float) -> list[CoinEvent]:
        events: list[CoinEvent] = []
        until_s = self.clock.monotonic() + seconds
        while self.clock.monotonic() < until_s:
            events += self.driver.poll()
            self.clock.advance(0.2)
        return events

    @property
    def in_box_yen(self) -> int:
        return sum(VALUES[coin] for coin in self.model.cash_box)


def credited(events: list[CoinEvent]) -> int:
    return sum(event.value_yen for event in events if isinstance(event, CoinCredited))


@pytest.fixture(params=["cctalk", "pulse"])
def slot(request: pytest.FixtureRequest) -> Slot:
    if request.param == "cctalk":
        machine = Machine("clean_echo")
        made = Slot(machine.host().acceptor, machine.acceptor, machine.clock)
    else:
        clock, model = VirtualClock(), PulseAcceptorModel()
        wires = PulseWires(model, clock)
        made = Slot(PulseAcceptor(wires, wires, PULSES, PulseTiming()), model, clock)
    made.driver.start()
    return made


def test_it_is_closed_until_it_is_opened_and_after_it_is_closed(slot: Slot) -> None:
    slot.insert(100)
    slot.driver.accept(ALL_YEN)
    slot.driver.inhibit()
    slot.insert(100)
    assert credited(slot.poll(8)) == slot.in_box_yen == 0
    assert slot.model.returned == [COIN_OF[100]] * 2


def test_every_coin_in_the_box_is_credited_once(slot: Slot) -> None:
    slot.driver.accept(ALL_YEN)
    events: list[CoinEvent] = []
    for value_yen in (10, 50, 100, 500, 100):
        slot.insert(value_yen)
        events += slot.poll(8)
    assert credited(events) == slot.in_box_yen == 760
    assert Counter(map(type, events)) == {CoinCredited: len(events)}
    assert slot.poll(2) == []


def test_a_coin_on_its_way_when_the_slot_closes_is_credited(slot: Slot) -> None:
    slot.driver.accept(ALL_YEN)
    slot.poll(1)
    slot.insert(100)
    slot.clock.advance(0.15)
    slot.driver.inhibit()
    assert credited(slot.poll(4)) == slot.in_box_yen


def test_single_values_can_be_refused_or_the_slot_stays_closed(slot: Slot) -> None:
    some = frozenset({100, 500})
    if slot.driver.selective:
        slot.driver.accept(some)
        slot.poll(1)
        slot.insert(10)
        slot.poll(1)
        slot.insert(100)
        assert credited(slot.poll(4)) == slot.in_box_yen == 100
    else:
        with pytest.raises(WrongDevice):
            slot.driver.accept(some)
        slot.insert(100)
        assert slot.in_box_yen == 0


def test_counters_count_only_coins_that_poll_has_returned(slot: Slot) -> None:
    before, counted_before = slot.driver.counters(), slot.driver.accepted_by_device()
    slot.driver.accept(ALL_YEN)
    slot.poll(1)
    slot.insert(100)
    slot.clock.advance(0.5)
    assert slot.driver.counters() == before, "the coin is in the box, but poll has not returned it yet"
    assert credited(slot.poll(4)) == 100
    after, counted_after = slot.driver.counters(), slot.driver.accepted_by_device()
    if before.event_counter is None:
        assert (after, counted_before, counted_after) == (before, None, None)
    else:
        assert (after.event_counter, counted_after) == (before.event_counter + 1, (counted_before or 0) + 1)


def test_at_rest_no_coin_is_under_way_and_nothing_blocks_it(slot: Slot) -> None:
    slot.poll(1)
    assert not slot.driver.under_way
    assert not slot.driver.blocked()


def test_an_acceptor_with_a_serial_number_is_paired_once(slot: Slot) -> None:
    told = [slot.driver.newly_paired(), slot.driver.newly_paired()]
    if isinstance(slot.model, AcceptorModel):
        assert told == [slot.model.serial, None]
        assert slot.driver.pair(slot.model.serial)
        assert slot.driver.newly_paired() == slot.model.serial
    else:
        assert told == [None, None]
        assert not slot.driver.pair(1)
