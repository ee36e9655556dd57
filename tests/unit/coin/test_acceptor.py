"""The acceptor credits every coin once or reports its loss; faults A1 to A9."""

from collections.abc import Sequence

import pytest

from drivers.coin.acceptor import Acceptor
from drivers.coin.bus import CcTalkBus
from drivers.coin.events import Kind, kind_of
from drivers.errors import DeviceFault, LineLost, NoReply, NotPaired, WrongDevice
from drivers.vocabulary import (
    AcceptorBlocked,
    AcceptorCounters,
    AcceptorRestarted,
    CoinCredited,
    CoinEvent,
    CoinFraud,
    CoinRejected,
    Compared,
    CreditsLost,
    CreditsWithoutCoins,
)
from host_sim.models import acceptor as acceptor_model
from host_sim.models.acceptor import AcceptorModel
from tests.bench.coin_world import ALL_YEN, VALUES, Machine

POLL_S = 0.2


class Slot:
    """A started acceptor on its model."""

    def __init__(
        self, machine: Machine | None = None, last: int | None = None, serial: int | None = None, **more: int | None
    ) -> None:
        self.machine = machine or Machine("clean_echo")
        self.model = self.machine.acceptor
        self.clock = self.machine.clock
        self.driver = self.fresh(last, serial, **more)
        self.driver.start()

    def fresh(self, last: int | None, serial: int | None = None, total: int | None = None) -> Acceptor:
        bus = CcTalkBus(self.machine.stream, self.clock)
        return Acceptor(bus, 2, serial, VALUES, last, last_accepted_total=total)

    def open(self) -> "Slot":
        self.driver.accept(ALL_YEN)
        self.poll()
        return self

    def poll(self, times: int = 1) -> list[CoinEvent]:
        events: list[CoinEvent] = []
        for _ in range(times):
            events += self.driver.poll()
            self.clock.advance(POLL_S)
        return events

    def insert(self, *coins: str, apart_s: float = 0.06) -> None:
        for coin in coins:
            self.model.insert(coin, self.clock.monotonic())
            self.clock.advance(apart_s)


def yen(events: Sequence[CoinEvent]) -> list[int]:
    return [event.value_yen for event in events if isinstance(event, CoinCredited)]


# --- opening and closing -------------------------------------------------------------------------


def test_the_slot_is_closed_after_start_and_opens_for_the_chosen_values_only() -> None:
    slot = Slot()
    assert slot.model.open_coins == frozenset()
    slot.driver.accept(frozenset({10, 500}))
    assert slot.model.open_coins == {"JP010A", "JP500A", "JP500B"}  # both issues of the 500-yen coin
    slot.driver.inhibit()
    assert slot.model.open_coins == frozenset()


@pytest.mark.parametrize("header", [228, 231, 230, 227])
@pytest.mark.parametrize("fault", ["lost_reply", "garbled_reply"])
def test_closing_is_confirmed_though_an_answer_is_lost(header: int, fault: str) -> None:
    slot = Slot().open()
    slot.machine.model.fault(fault, header=header)
    slot.driver.inhibit()
    assert slot.model.open_coins == frozenset()


def test_an_acceptor_that_does_not_close_is_a_fault_and_not_a_closed_slot() -> None:
    slot = Slot().open()
    slot.model.reset = lambda _now_s: None  # type: ignore[method-assign]
    stubborn = slot.model.command
    slot.model.command = lambda h, d, t: None if h in {228, 231} else stubborn(h, d, t)  # type: ignore[method-assign]
    with pytest.raises(DeviceFault, match="closed"):
        slot.driver.inhibit()


def test_without_a_master_inhibit_the_masks_do_it_alone() -> None:
    # An SR3 has no header 228 and does not answer it.
    machine = Machine("clean")
    machine.acceptor.has_master_inhibit = False
    slot = Slot(machine)
    slot.driver.accept(frozenset({100}))
    assert slot.model.open_coins == {"JP100A"}
    slot.driver.inhibit()
    assert slot.model.open_coins == frozenset()


# --- crediting -----------------------------------------------------------------------------------


def test_coins_are_credited_oldest_first_with_the_counter_of_their_event() -> None:
    slot = Slot().open()
    slot.insert("JP500B", "JP010A", "JP100A")
    assert slot.poll() == [CoinCredited(500, 1), CoinCredited(10, 2), CoinCredited(100, 3)]
    assert slot.poll(5) == []


@pytest.mark.parametrize("burst", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("before", [0, 248, 250, 251, 252, 253, 254, 255])
def test_a2_a_jump_of_up_to_five_is_credited_in_order_also_across_the_wrap(before: int, burst: int) -> None:
    slot = Slot()
    slot.model._counter = before
    slot.driver = slot.fresh(before)
    slot.driver.start()
    slot.open()
    coins = ["JP010A", "JP050A", "JP100A", "JP500A", "JP500B"][:burst]
    slot.insert(*coins)
    events = slot.poll()
    assert yen(events) == [VALUES[coin] for coin in coins]
    # Part 2, 3.27: 255 is followed by 1; 0 is never counted.
    expected = before
    for event in events:
        assert isinstance(event, CoinCredited)
        expected = expected % 255 + 1
        assert event.event_counter == expected
    assert slot.poll(3) == []


@pytest.mark.parametrize(
    ("last", "now", "new"),
    [(255, 1, 1), (253, 3, 5), (48, 54, 6), (254, 255, 1), (1, 3, 2)],  # part 2, 3.27, page 16
)
def test_the_differences_of_the_specification(last: int, now: int, new: int) -> None:
    slot = Slot().open()
    slot.driver._last = last
    slot.model._counter = now
    slot.model._events = [(3, 0)] * 5
    slot.model.accept_counter += new
    events = slot.poll(3)
    assert yen(events) == [100] * min(new, 5)
    assert [event for event in events if isinstance(event, CreditsLost)] == [CreditsLost(new - 5)] * (new > 5)


def test_a3_more_than_five_new_events_credit_five_and_tell_the_loss() -> None:
    slot = Slot().open()
    slot.insert(*["JP100A"] * 8, apart_s=0.05)
    events = slot.poll(3)
    assert events == [*[CoinCredited(100, counter) for counter in range(4, 9)], CreditsLost(3)]
    assert slot.poll(10) == []


def test_a3_rejects_that_push_a_credit_out_of_the_buffer_are_seen_by_the_second_count() -> None:
    slot = Slot().open()
    slot.insert("JP500A")
    slot.model.fault("burst_noise", slot.clock.monotonic())
    events = slot.poll(5)
    assert yen(events) == []
    assert [event for event in events if isinstance(event, CreditsLost)] == [CreditsLost(1)], (
        "of three events one was a coin"
    )


def test_a3_rejects_alone_are_no_loss_however_many() -> None:
    slot = Slot().open()
    for _ in range(5):
        slot.model.fault("burst_noise", slot.clock.monotonic())
        assert not any(isinstance(event, CreditsLost) for event in slot.poll())
    assert not any(isinstance(event, CreditsLost) for event in slot.poll(5))


def test_a3_without_a_count_of_its_own_every_lost_event_may_have_been_a_coin() -> None:
    machine = Machine("clean_echo")
    machine.acceptor.has_accept_counter = False
    slot = Slot(machine).open()
    slot.model.fault("burst_noise", slot.clock.monotonic())
    assert CreditsLost(2) in slot.poll()


def test_a4_a_reset_in_the_middle_is_told_the_slot_opens_again_and_nothing_is_doubled() -> None:
    slot = Slot().open()
    slot.insert("JP100A", "JP500A")
    assert yen(slot.poll()) == [100, 500]
    slot.model.fault("reset", slot.clock.monotonic())
    slot.clock.advance(0.2)
    assert slot.poll(2) == [AcceptorRestarted()]
    assert slot.model.open_coins == set(VALUES)
    slot.insert("JP050A")
    assert slot.poll() == [CoinCredited(50, 1)]


def test_a4_a_reset_that_hides_behind_new_events_is_told_and_those_are_credited() -> None:
    slot = Slot().open()
    for _ in range(4):
        slot.insert("JP010A")
        slot.poll()
    slot.model.fault("reset", slot.clock.monotonic())
    slot.model._mask = 0x1F  # some products keep their inhibits over a reset
    slot.model._deaf_until_s = 0.0
    slot.model._polled_s = slot.clock.monotonic()
    slot.insert("JP500A")
    events = slot.poll(2)
    assert AcceptorRestarted() in events
    assert yen(events) == [500]


def test_a4_a_reset_before_the_first_event_is_found_when_it_refuses_what_we_allow() -> None:
    # Part 2, 3.27.1: 0 stays 0; a surprising "inhibited coin" must open the slot again.
    slot = Slot().open()
    slot.model.fault("reset", slot.clock.monotonic())
    slot.clock.advance(0.2)
    slot.poll()
    slot.insert("JP100A")
    events = slot.poll(2)
    assert CoinRejected(127 + 3, certain=True) in events
    assert AcceptorRestarted() in events
    assert slot.model.open_coins == set(VALUES)


def test_a4_inhibits_that_were_lost_without_a_reset_are_found_by_the_regular_check() -> None:
    slot = Slot().open()
    slot.model.fault("reset", slot.clock.monotonic())
    slot.clock.advance(0.2)
    events = slot.poll(30)
    assert events == [AcceptorRestarted()]
    assert slot.model.open_coins == set(VALUES)


def test_a4_a_restart_before_the_first_event_is_reported_at_closing() -> None:
    """The event counter stays 0, and the inhibits look as after closing: the rolling coin's event is lost."""
    slot = Slot().open()
    slot.insert("JP500A", apart_s=0.01)
    slot.model.fault("reset", slot.clock.monotonic())
    slot.clock.advance(0.2)
    slot.driver.inhibit()
    assert slot.poll(3) == [AcceptorRestarted()]
    assert slot.model.cash_box == ["JP500A"]


def test_a5_a_coin_that_rolls_while_the_slot_closes_is_credited() -> None:
    slot = Slot().open()
    slot.clock.after(0.003, lambda: slot.model.insert("JP500A", slot.clock.monotonic()))  # 228 takes 6 ms
    slot.driver.inhibit()
    assert yen(slot.poll(3)) == [500]
    assert slot.model.cash_box == ["JP500A"]


def test_a5_a_coin_into_the_closed_slot_comes_back_and_is_not_credited() -> None:
    slot = Slot().open()
    slot.driver.inhibit()
    slot.poll()
    slot.insert("JP100A")
    assert yen(slot.poll(3)) == []
    assert slot.model.returned == ["JP100A"]


@pytest.mark.parametrize(
    ("fault", "event"),
    [
        ("string", CoinFraud(20)),
        ("light", CoinFraud(40)),
        ("jam", AcceptorBlocked(14)),
        ("unknown_code", CoinRejected(177, certain=False)),
    ],
)
def test_a1_a6_codes_have_their_outcome_and_are_no_credit(fault: str, event: CoinEvent) -> None:
    slot = Slot().open()
    slot.model.fault(fault, slot.clock.monotonic())
    assert slot.poll(2) == [event]


def test_a6_foreign_and_hasty_coins_come_back_for_certain() -> None:
    slot = Slot().open()
    slot.insert("KR500A")
    slot.poll()
    slot.insert("JP100A", "JP100A", apart_s=0.01)
    events = slot.poll(2)
    assert yen(events) == [100]
    assert slot.model.returned == ["KR500A", "JP100A"]
    assert CoinRejected(8, certain=True) in events


def test_a_swallowed_coin_is_no_certain_return() -> None:
    slot = Slot().open()
    slot.model.fault("swallow", slot.clock.monotonic())
    slot.insert("JP100A")
    assert slot.poll(2) == [CoinRejected(36, certain=False)]


@pytest.mark.parametrize("pairs", [[(0, 0)], [(0, 2)]])
def test_a_dummy_event_after_power_up_is_ignored(pairs: list[tuple[int, int]]) -> None:
    slot = Slot().open()
    for a, b in pairs:
        slot.model._note(a, b)
    assert slot.poll(3) == []


def test_a_coin_we_never_enabled_is_a_loss_to_be_told_and_not_a_credit() -> None:
    slot = Slot().open()
    slot.model._note(9, 0)
    assert slot.poll(1) == [CreditsLost(1)]


@pytest.mark.parametrize("fault", ["lost_reply", "garbled_reply", "half_reply", "double_reply"])
@pytest.mark.parametrize("wire", ["clean", "clean_echo"])
def test_a7_a_bad_answer_to_the_poll_neither_loses_nor_doubles(fault: str, wire: str) -> None:
    slot = Slot(Machine(wire)).open()
    slot.insert("JP100A", "JP500A")
    slot.machine.model.fault(fault, header=229)
    slot.machine.model.fault(fault, header=229)
    assert yen(slot.poll(3)) == [100, 500]


def test_a7_a_flipped_bit_that_passes_the_sum_is_not_credited() -> None:
    # Two opposite flips: the counter and the code of the newest event change together.
    slot = Slot().open()
    honest = slot.model.command
    lies = [1]

    def command(header: int, data: bytes, now_s: float):  # type: ignore[no-untyped-def]
        answer = honest(header, data, now_s)
        if header == 229 and answer is not None and lies and lies.pop():
            return type(answer)(bytes((answer.data[0] + 4,)) + b"\x04" + answer.data[2:])
        return answer

    slot.model.command = command  # type: ignore[method-assign]
    assert slot.poll(4) == []


def test_a8_a_host_that_pauses_gets_no_phantoms_and_no_losses() -> None:
    slot = Slot().open()
    slot.insert("JP100A")
    slot.clock.advance(1.5)
    slot.insert("JP500A")  # by now the device has closed its slot by itself
    assert yen(slot.poll(3)) == [100]
    assert slot.model.returned == ["JP500A"]
    slot.insert("JP500A")
    assert yen(slot.poll(3)) == [500]


def test_a9_another_unit_in_its_place_is_refused_until_paired() -> None:
    slot = Slot()
    slot.model.fault("swapped", slot.clock.monotonic())
    slot.clock.advance(0.2)
    with pytest.raises(WrongDevice, match="paired with 107187"):
        slot.fresh(None, serial=107187).start()
    slot.fresh(None, serial=slot.model.serial).start()


def test_a9_the_first_acceptor_ever_seen_is_paired_and_told_once() -> None:
    slot = Slot()
    assert slot.driver.newly_paired() == 107187
    assert slot.driver.newly_paired() is None
    slot.model.fault("swapped", slot.clock.monotonic())
    slot.clock.advance(0.2)
    with pytest.raises(NotPaired):
        slot.driver.start()


def test_a9_an_acceptor_swapped_between_two_polls_is_found_by_its_restart() -> None:
    slot = Slot().open()
    slot.insert("JP100A")
    slot.poll()
    slot.model.fault("swapped", slot.clock.monotonic())
    slot.clock.advance(0.2)
    assert slot.poll() == [AcceptorRestarted()]
    with pytest.raises(NotPaired):
        slot.driver.poll()


def test_a9_pairing_begins_counting_anew_and_a_refused_one_changes_nothing() -> None:
    slot = Slot(serial=107187)
    slot.open().insert("JP100A", "JP500A")
    slot.poll()
    slot.model.fault("swapped", slot.clock.monotonic())
    slot.model._counter, slot.model._events = (
        2,
        [(3, 0), (4, 0), (0, 0), (0, 0), (0, 0)],
    )  # another host has already read events from it
    slot.clock.advance(0.2)
    with pytest.raises(NotPaired, match="paired with 4711"):
        slot.driver.pair(4711)
    with pytest.raises(NotPaired, match="paired with 107187"):
        slot.driver.start()
    assert slot.driver.pair(slot.model.serial)
    assert yen(slot.driver.poll()) == [], "events from before the pairing are not credited"
    assert slot.driver.newly_paired() == slot.model.serial
    slot.open().insert("JP050A")
    assert yen(slot.poll()) == [50]


def test_a9_coin_positions_are_read_from_the_device() -> None:
    machine = Machine("clean")
    machine.acceptor.coins = {1: "JP500B", 7: "JP010A", 16: "JP100A", 3: "EU100A"}
    slot = Slot(machine).open()
    assert slot.model.open_coins == {"JP500B", "JP010A", "JP100A"}
    slot.insert("JP500B", "JP010A", "JP100A")
    assert yen(slot.poll()) == [500, 10, 100]


def test_a9_an_acceptor_that_knows_none_of_our_coins_or_is_none_is_refused() -> None:
    machine = Machine("clean")
    machine.acceptor.coins = {1: "EU100A"}
    with pytest.raises(WrongDevice, match="none of the coins"):
        Slot(machine)
    bus = CcTalkBus(machine.stream, machine.clock)
    with pytest.raises(WrongDevice, match="'Payout', not a coin acceptor"):
        Acceptor(bus, 3, None, VALUES, None).start()


def test_a_fault_of_its_own_keeps_it_from_starting() -> None:
    machine = Machine("clean")
    machine.acceptor.fault("self_check", 0.0)
    with pytest.raises(DeviceFault, match="fault 3"):
        Slot(machine)


# --- across restarts of the host -----------------------------------------------------------------


def test_coins_accepted_while_the_host_was_down_are_credited_after_it() -> None:
    slot = Slot().open()
    slot.insert("JP010A")
    slot.poll()
    slot.driver.poll()
    last = slot.driver.counters().event_counter
    slot.insert("JP100A", "JP500A")  # the host dies; the device keeps its slot open for a second
    again = slot.fresh(last)
    slot.clock.advance(20.0)
    again.start()
    assert list(again.poll()) == [CoinCredited(100, 2), CoinCredited(500, 3)]
    assert slot.model.open_coins == frozenset()


def test_a_first_start_takes_the_counter_as_it_is() -> None:
    machine = Machine("clean")
    machine.acceptor._counter = 77
    machine.acceptor._events = [(3, 0)] * 5
    slot = Slot(machine)
    assert slot.poll(3) == []
    assert slot.driver.counters().event_counter == 77


def test_an_acceptor_reset_while_the_host_was_down_is_told() -> None:
    slot = Slot().open()
    slot.insert("JP100A")
    slot.poll(2)
    last = slot.driver.counters().event_counter
    slot.model.fault("reset", slot.clock.monotonic())
    slot.clock.advance(1.0)
    again = slot.fresh(last)
    again.start()
    assert list(again.poll()) == [AcceptorRestarted()]


def test_a_coin_that_vanished_in_a_reset_while_the_host_was_down_is_counted_by_header_225() -> None:
    slot = Slot().open()
    slot.insert("JP100A")
    slot.poll(2)
    counters = slot.driver.counters()
    slot.insert("JP500A")  # accepted, but no host read it
    slot.model.fault("reset", slot.clock.monotonic())
    slot.clock.advance(1.0)
    again = slot.fresh(counters.event_counter, total=counters.accepted_total)
    again.start()
    assert [*again.poll(), *again.poll()] == [AcceptorRestarted(), CreditsLost(1)]


def test_starting_again_after_trouble_loses_nothing() -> None:
    slot = Slot().open()
    slot.insert("JP100A")
    slot.machine.stream.hang_up()
    with pytest.raises(LineLost):
        slot.driver.poll()
    slot.machine.stream.plug_in()
    slot.driver.start()
    assert yen(slot.poll(2)) == [100]


# --- the second count ----------------------------------------------------------------------------


def test_m1_a_credit_that_the_acceptor_did_not_count_is_told_before_a_payout() -> None:
    slot = Slot().open()
    slot.insert("JP100A")
    slot.model.fault("forged", slot.clock.monotonic())
    slot.model.fault("forged", slot.clock.monotonic())
    compared = slot.driver.compare()
    assert compared.events[-1] == CreditsWithoutCoins(2)
    assert compared.borne, "after that the two counts agree"
    assert slot.driver.compare() == Compared(borne=True)
    assert slot.poll(3) == []


@pytest.mark.parametrize("total", [0, 1, 2**24 - 2])
def test_m1_a_journal_with_more_coins_than_the_acceptor_counted_is_told_at_the_start(total: int) -> None:
    """Also where the count of 24 bits wraps. A coin that was lost in between may have been counted."""
    machine = Machine("clean_echo")
    machine.acceptor.accept_counter = total
    machine.acceptor._master = False  # as the host left it: no restart
    slot = Slot(machine, 0, total=(total + 2) % 2**24)
    assert slot.poll(3) == [CreditsWithoutCoins(2)]


def test_a_count_in_ram_that_begins_anew_right_behind_the_first_coin_is_no_tampering() -> None:
    """The count was 0 before the coin and is 0 after the restart: nobody can say whether the coin came (README, M2)."""
    slot = Slot().open()
    slot.model.counts_in_ram = True
    slot.insert("JP100A")
    assert yen(slot.poll()) == [100]
    slot.model.fault("reset", slot.clock.monotonic())
    slot.clock.advance(0.2)
    assert not any(isinstance(event, CreditsWithoutCoins) for event in slot.poll(20))
    compared = slot.driver.compare()
    assert (compared.borne, compared.events) == (False, ())


def test_credits_after_a_restart_that_never_was_are_tampering_also_where_few_coins_were_counted() -> None:
    slot = Slot().open()
    slot.insert("JP100A", "JP100A")
    slot.poll(4)
    slot.model.fault("reset", slot.clock.monotonic())
    slot.clock.advance(0.2)
    slot.poll()
    slot.model.fault("forged", slot.clock.monotonic())
    assert CreditsWithoutCoins(1) in slot.poll(6)


def test_a_count_that_began_anew_proves_nothing_until_the_slot_opens_again() -> None:
    machine = Machine("clean_echo")
    machine.acceptor.accept_counter = 900
    slot = Slot(machine).open()
    slot.insert("JP100A")
    slot.poll(2)
    slot.model.fault("reset", slot.clock.monotonic())
    slot.model.accept_counter = 0
    slot.clock.advance(1.0)
    assert CreditsWithoutCoins(901) not in slot.poll(4)
    assert not slot.driver.compare().borne
    slot.driver.inhibit()
    slot.open()
    assert slot.driver.compare().borne


def test_an_acceptor_without_a_count_proves_nothing() -> None:
    machine = Machine("clean_echo")
    machine.acceptor.has_accept_counter = False
    slot = Slot(machine).open()
    slot.insert("JP100A")
    assert slot.driver.compare() == Compared(borne=False)
    assert yen(slot.poll(2)) == [100]


def test_an_acceptor_that_reports_values_instead_of_positions_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(acceptor_model.ALWAYS, 213, b"\1")  # type: ignore[arg-type]
    with pytest.raises(WrongDevice, match="values instead of coin positions"):
        Slot()


# --- trouble -------------------------------------------------------------------------------------


def test_one_silent_poll_is_a_bad_line_and_two_are_a_dead_device() -> None:
    slot = Slot().open()
    slot.model.fault("mute", slot.clock.monotonic())
    assert list(slot.driver.poll()) == []
    with pytest.raises(NoReply):
        slot.driver.poll()
    slot.model.clear("mute", slot.clock.monotonic())
    assert slot.poll() == []


def test_trouble_never_takes_events_with_it() -> None:
    slot = Slot().open()
    slot.insert("JP500A", "JP010A")
    slot.model._mask = 0  # its inhibits are lost, and it ignores new ones
    stubborn = slot.model.command
    slot.model.command = lambda h, d, t: None if h in {228, 231} else stubborn(h, d, t)  # type: ignore[method-assign]
    slot.model._note(0, 130)
    assert yen(list(slot.driver.poll())) == [500, 10]
    with pytest.raises(DeviceFault):
        slot.driver.poll()


def test_every_code_has_a_kind_and_no_code_is_a_certain_return_that_the_table_does_not_mark_so() -> None:
    # Part 3, table 2, the codes marked R.
    marked = {1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 22, 24, 25, 30, 32, 33, 37, 38, *range(128, 160)}
    assert {code for code in range(256) if kind_of(code) is Kind.REJECTED} <= marked
    assert all(kind_of(code) is Kind.UNCERTAIN for code in (4, 5, 6, 7, 18, 19, 21, 23, 31, 34, 36, 177, 255))


def test_a_model_without_a_second_count_is_served_as_well() -> None:
    machine = Machine("clean")
    machine.acceptor.has_accept_counter = False
    slot = Slot(machine).open()
    slot.insert("JP100A")
    assert slot.poll(4) == [CoinCredited(100, 1)]
    assert slot.driver.counters().accepted_total is None
    assert isinstance(slot.model, AcceptorModel)


def test_the_counters_do_not_run_ahead_of_what_was_handed_over() -> None:
    """After a death between start and first poll, the next host must find the same coins."""
    slot = Slot().open()
    slot.insert("JP100A")
    slot.poll()
    last, total = slot.driver.counters().event_counter, slot.driver.counters().accepted_total
    slot.insert("JP500A")
    for _ in range(2):
        again = slot.fresh(last, total=total)
        again.start()
        assert again.counters() == AcceptorCounters(event_counter=last, accepted_total=total)
    assert yen(again.poll()) == [500]
    assert again.counters() == AcceptorCounters(event_counter=2, accepted_total=2)


def after_power_up(slot: Slot, refused: int) -> None:
    """Header 225 in RAM; events that nobody reads: dummies after power-up, or coins that are pushed into the closed slot."""
    slot.model.reset(slot.clock.monotonic())
    slot.model.accept_counter = 0
    slot.clock.advance(1.0)
    for _ in range(refused):
        slot.model._note(0, 2)


def alarms(events: Sequence[CoinEvent]) -> list[CoinEvent]:
    return [event for event in events if isinstance(event, CreditsWithoutCoins | CreditsLost)]


@pytest.mark.parametrize("last", [0, 1, 3, 5, 100, 235, 254, 255])
@pytest.mark.parametrize("refused", [0, 1, 3])
def test_a_power_cut_is_no_tampering_whatever_the_counter_has_reached_since(last: int, refused: int) -> None:
    slot = Slot()
    after_power_up(slot, refused)
    slot.driver = slot.fresh(last, total=5000)
    slot.driver.start()
    events = slot.poll(6)
    slot.open().insert("JP100A")
    events += slot.poll(6)
    assert alarms([*events, *slot.driver.compare().events]) == []
    assert events.count(AcceptorRestarted()) == 1
    assert yen(events) == [100]


@pytest.mark.parametrize("last", [1, 2, 248, 252, 255])
@pytest.mark.parametrize("opened", [True, False])
def test_a_restart_that_hides_behind_its_first_events_is_no_tampering(last: int, opened: bool) -> None:
    slot = Slot()
    slot.model.accept_counter = 5000
    slot.model._counter = last  # after 5,000 coins it is anywhere
    slot.driver = slot.fresh(last, total=5000)
    slot.driver.start()
    slot.poll(3)
    if opened:
        slot.open()
    after_power_up(slot, 1)
    compared = slot.driver.compare()
    events = [*compared.events, *slot.poll(6)]
    assert [event for event in events if isinstance(event, CreditsWithoutCoins)] == []
    assert events.count(AcceptorRestarted()) == 1
    assert not compared.borne


def test_m2_an_acceptor_that_keeps_back_the_count_it_told_before_is_not_used() -> None:
    """Whoever is on the wire could so be paid for credits that nobody can prove."""
    slot = Slot()
    slot.model.has_accept_counter = False
    slot.driver = slot.fresh(0, total=900)
    with pytest.raises(DeviceFault, match="header 225"):
        slot.driver.start()
    slot.model.has_accept_counter = True
    slot.model.accept_counter = 900
    slot.driver.start()
    assert alarms(slot.poll(3)) == []
