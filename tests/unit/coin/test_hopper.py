"""Payouts: the reported coins are those that left the hopper, whatever it answered; faults H1 to H7."""

import pytest

from drivers.coin.hopper import HopperBank, _tried
from drivers.coin.payout import HopperFlags, PayoutStatus
from drivers.errors import DeviceFault, NoReply, WrongDevice
from drivers.vocabulary import Dispensed, HopperCounters, HopperState, StrayPayout
from host_sim.models.cctalk_bus import NAK
from host_sim.models.hopper import HopperModel
from tests.bench.coin_world import HOPPERS, Host, Machine

VALUES = pytest.mark.parametrize("value", [100, 50], ids=["no_cipher", "serial"])


class Payout:
    """A started bank on its models."""

    def __init__(self, wire: str = "clean_echo", *, tube: int = 50) -> None:
        self.machine = Machine(wire, tube=tube)
        self.host: Host = self.machine.host()
        self.bank: HopperBank = self.host.bank
        self.bank.start()

    def model(self, value: int) -> HopperModel:
        return self.machine.hoppers[value]

    def fault(self, value: int, name: str) -> None:
        self.model(value).fault(name, self.machine.clock.monotonic())

    def clear(self, value: int, name: str) -> None:
        self.model(value).clear(name, self.machine.clock.monotonic())

    def pay(self, value: int, coins: int) -> Dispensed:
        return self.bank.dispense(value, coins, self.bank.counters(value))

    def restart(self) -> HopperBank:
        """Start the host again, as a new process."""
        bank = self.machine.host().bank
        bank.start()
        return bank


def sent(payout: Payout, value: int, header: int = 167) -> list[int]:
    """Count the commands of one kind that reach a hopper from now on."""
    seen: list[int] = []
    honest = payout.model(value).command

    def command(asked: int, data: bytes, now_s: float):  # type: ignore[no-untyped-def]
        if asked == header:
            seen.append(data[-1] if data else 0)
        return honest(asked, data, now_s)

    payout.model(value).command = command  # type: ignore[method-assign]
    return seen


@VALUES
@pytest.mark.parametrize("coins", [1, 3, 49])
def test_coins_are_paid_and_counted(value: int, coins: int) -> None:
    payout = Payout()
    result = payout.pay(value, coins)
    assert (result.paid, result.asked, result.value_yen) == (coins, coins, value)
    assert result.state is HopperState.OK
    assert payout.model(value).out == coins
    assert result.counters == payout.bank.counters(value)


def test_each_value_comes_out_of_its_own_hopper() -> None:
    payout = Payout()
    for number, value in enumerate(HOPPERS, 1):
        assert payout.pay(value, number).paid == number
    assert [payout.model(value).out for value in HOPPERS] == [1, 2, 3, 4]


@VALUES
def test_a_hopper_is_off_before_and_after_its_payout(value: int) -> None:
    payout = Payout()
    assert payout.model(value)._flags() & 0x80
    payout.pay(value, 1)
    assert payout.model(value)._flags() & 0x80


# --- faults H1, H2: empty and jammed --------------------------------------------------------------------


@VALUES
def test_h1_a_hopper_that_runs_empty_pays_what_it_has_and_says_so(value: int) -> None:
    payout = Payout(tube=2)
    commands = sent(payout, value)
    result = payout.pay(value, 5)
    assert (result.paid, result.state) == (2, HopperState.EMPTY)
    assert payout.model(value).out == 2
    assert commands == [5]  # its motor ran without a coin, so the command is not repeated


@pytest.mark.parametrize("sensors", [True, False])
def test_h1_an_empty_hopper_pays_nothing_and_a_filled_one_is_used_again(sensors: bool) -> None:
    payout = Payout(tube=0)
    payout.model(100).level_sensors = sensors
    commands = sent(payout, 100)
    assert payout.pay(100, 1).paid == 0
    assert commands == [1]  # its motor ran and found no coin, so the command is not repeated
    assert payout.bank.states()[100] is HopperState.EMPTY
    payout.model(100).fill(40, payout.machine.clock.monotonic())
    payout.bank.start()
    assert payout.bank.states()[100] is (HopperState.OK if sensors else HopperState.EMPTY)
    payout.bank.clear()
    assert payout.bank.states()[100] is HopperState.OK
    assert payout.pay(100, 2).paid == 2


@pytest.mark.parametrize(
    ("style", "product", "begins"),
    [
        ("encrypted", "SCH2", "address 5 refuses to pay without a cipher"),
        ("count_only", "SCH1", "address 5 refuses to pay without a cipher"),
        ("serial", "H-USE_SERNR", "address 5 wants dispense style serial, but the unit file says no_cipher"),
    ],
)
def test_a_hopper_of_another_style_is_refused_by_its_name(style: str, product: str, begins: str) -> None:
    payout = Payout()
    model = payout.machine.hoppers[100]
    model.dispense_style = style
    model._told[244] = product.encode()
    with pytest.raises(WrongDevice, match=begins):
        payout.restart()
    assert payout.model(100).out == 0


@pytest.mark.parametrize("product", ["SCH2-NOENCRYPT", "ANOTHER"])
def test_a_plain_hopper_is_used_whether_or_not_its_product_code_says_so(product: str) -> None:
    payout = Payout()
    payout.model(100)._told[244] = product.encode()
    payout.restart()
    assert (payout.model(100).out, payout.pay(100, 2).paid) == (0, 2)


def test_a_hopper_that_wants_a_pin_is_refused_by_its_cause() -> None:
    payout = Payout()
    payout.model(100).pin = "1234"
    with pytest.raises(DeviceFault, match="address 5 is locked with a PIN"):
        payout.restart()


@pytest.mark.parametrize(
    ("fault", "state"), [("jam", HopperState.JAMMED), ("over_current", HopperState.HARDWARE_ERROR)]
)
def test_h2_a_jam_is_told_and_pays_again_once_it_is_cleared(fault: str, state: HopperState) -> None:
    payout = Payout()
    payout.fault(100, fault)
    result = payout.pay(100, 3)
    assert (result.paid, result.state) == (0, state)
    assert payout.pay(100, 3).paid == 0
    assert payout.bank.states()[50] is HopperState.OK
    payout.clear(100, fault)
    assert payout.pay(100, 3).paid == 3
    assert payout.model(100).out == 3


# --- fault H3: power -----------------------------------------------------------------------------------


@VALUES
def test_h3_power_lost_while_paying_is_settled_by_counters_and_not_made_good(value: int) -> None:
    payout = Payout()
    payout.fault(value, "power_loss")
    commands = sent(payout, value)
    result = payout.pay(value, 4)
    assert result.paid == payout.model(value).out == 1
    assert commands == [4]


def test_h3_a_hopper_that_stays_dark_leaves_the_result_unknown_until_it_is_back() -> None:
    payout = Payout()
    before = payout.bank.counters(100)
    clock = payout.machine.clock
    clock.after(1.2, lambda: payout.model(100).power_off(clock.monotonic()))
    result = payout.bank.dispense(100, 6, before)
    assert (result.paid, result.counters, result.state) == (None, None, HopperState.UNKNOWN)
    payout.model(100).power_on(clock.monotonic())
    clock.advance(0.5)
    settled = payout.bank.settle(100, 6, before)
    assert settled.paid == payout.model(100).out
    assert 0 < payout.model(100).out < 6


def test_h3_a_life_count_that_makes_no_sense_is_unknown_and_not_a_number() -> None:
    payout = Payout()
    before = payout.bank.counters(100)
    payout.fault(100, "nv_error")
    result = payout.bank.dispense(100, 2, before)
    assert (result.paid, result.state) == (None, HopperState.HARDWARE_ERROR)
    assert payout.model(100).out == 0


def test_h3_a_broken_life_count_that_wraps_to_the_old_one_is_not_taken_for_no_coin() -> None:
    """Found by the swarm: a spoilt count wraps with the next coin and reads as before, while two coins are out."""
    payout = Payout()
    before = payout.bank.counters(100)
    model = payout.model(100)
    dropped = model.on_effect

    def break_counters(what: str) -> None:
        dropped(what)
        if model.out == 1:
            payout.fault(100, "nv_error")

    model.on_effect = break_counters
    result = payout.bank.dispense(100, 2, before)
    assert (model.out, model.life_total) == (2, before.life_total)
    assert (result.paid, result.state) == (None, HopperState.HARDWARE_ERROR)


@pytest.mark.parametrize("coins", [2, 4])  # of two coins, the spoilt count wraps to the old one
def test_h3_counters_that_contradict_each_other_give_no_number_of_coins(coins: int) -> None:
    """A unit with one status byte cannot tell that its counters are broken; the count of this payout still does."""
    payout = Payout()
    before = payout.bank.counters(50)
    model = payout.model(50)
    model.status_bytes = 1
    dropped = model.on_effect

    def break_counters(what: str) -> None:
        dropped(what)
        if model.out == 1:
            payout.fault(50, "nv_error")

    model.on_effect = break_counters
    result = payout.bank.dispense(50, coins, before)
    assert (model.out, model.life_total) == (coins, coins - 2)
    assert (result.paid, result.state) == (None, HopperState.HARDWARE_ERROR)


@pytest.mark.parametrize("after_s", [0.05, 0.5, 1.0, 1.5, 2.5])
@VALUES
def test_h3_the_whole_machine_cut_at_any_time_is_settled_at_the_next_start(value: int, after_s: float) -> None:
    class Cut(BaseException):
        pass

    payout = Payout()
    before = payout.bank.counters(value)
    machine = payout.machine

    def cut() -> None:
        machine.model.power_off(machine.clock.monotonic())
        machine.stream.cut()
        raise Cut

    machine.clock.after(after_s, cut)
    with pytest.raises(Cut):
        payout.bank.dispense(value, 8, before)
    machine.clock.advance(10.0)
    machine.model.power_on(machine.clock.monotonic())
    machine.clock.advance(1.0)
    out = payout.model(value).out
    bank = payout.restart()
    commands = sent(payout, value)
    assert bank.settle(value, 8, before).paid == out
    assert payout.model(value).out == out
    assert commands == []


def test_a_restarted_host_waits_until_the_hopper_has_stopped() -> None:
    payout = Payout()
    before = payout.bank.counters(100)

    class Killed(BaseException):
        pass

    def kill() -> None:
        raise Killed

    payout.machine.clock.after(0.8, kill)
    with pytest.raises(Killed):
        payout.bank.dispense(100, 20, before)
    assert payout.restart().settle(100, 20, before).paid == payout.model(100).out == 20


# --- fault H4: answers ---------------------------------------------------------------------------------


@VALUES
@pytest.mark.parametrize("fault", ["lost_reply", "garbled_reply", "half_reply", "double_reply"])
def test_h4_a_lost_answer_to_the_command_never_pays_twice(value: int, fault: str) -> None:
    payout = Payout()
    commands = sent(payout, value)
    payout.machine.model.fault(fault, header=167)
    result = payout.pay(value, 3)
    assert result.paid == payout.model(value).out == 3
    assert commands == [3]


@VALUES
def test_h4_a_command_that_never_arrived_is_given_again_once_that_is_known(value: int) -> None:
    payout = Payout()
    honest = payout.model(value).command
    swallowed = [True]
    payout.model(value).command = (  # type: ignore[method-assign]
        lambda h, d, t: None if h == 167 and swallowed and swallowed.pop() else honest(h, d, t)
    )
    result = payout.pay(value, 3)
    assert result.paid == payout.model(value).out == 3


@VALUES
@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("answer_lost", [True, False])
def test_h4_a_refusal_is_no_payout_whether_or_not_it_moves_the_event_counter(
    value: int, counted: bool, answer_lost: bool
) -> None:
    payout = Payout()
    payout.model(value).counts_refused = counted
    payout.fault(value, "nak")
    if answer_lost:
        payout.machine.model.fault("lost_reply", header=167)
    result = payout.pay(value, 2)
    assert result.paid == payout.model(value).out == 2


def test_h4_a_hopper_that_always_refuses_is_given_up() -> None:
    payout = Payout()
    payout.model(100).dispense_style = "serial"  # the unit file names the wrong kind of command
    result = payout.pay(100, 2)
    assert result.paid == payout.model(100).out == 0


@VALUES
def test_the_same_payout_asked_for_again_pays_nothing_more(value: int) -> None:
    # The host died before it wrote the result, so the next one finds the intent and asks again.
    payout = Payout()
    before = payout.bank.counters(value)
    assert payout.bank.dispense(value, 3, before).paid == 3
    assert payout.bank.dispense(value, 3, before).paid == 3
    assert payout.restart().dispense(value, 3, before).paid == 3
    assert payout.model(value).out == 3


# --- faults H5, H6: late and stray coins ----------------------------------------------------------------


def test_h5_a_motor_that_turns_without_result_is_stopped_and_the_late_coin_is_counted() -> None:
    payout = Payout()
    payout.fault(100, "stuck_busy")
    payout.fault(100, "late_coin")
    stops = sent(payout, 100, 172)
    result = payout.pay(100, 3)
    assert stops
    assert result.paid == payout.model(100).out == 1


def test_h5_a_hopper_that_will_not_stop_keeps_neither_a_payout_nor_a_start_waiting_for_ever() -> None:
    payout = Payout()
    payout.fault(100, "stuck_busy")
    honest, clock = payout.model(100).command, payout.machine.clock
    payout.model(100).command = lambda header, data, now_s: NAK if header == 172 else honest(header, data, now_s)  # type: ignore[method-assign]
    before, began_s = payout.bank.counters(100), clock.monotonic()
    assert payout.bank.dispense(100, 3, before).paid is None
    assert clock.monotonic() - began_s < 60
    assert payout.restart().settle(100, 3, before).paid is None
    assert clock.monotonic() - began_s < 120


def test_h5_settling_right_after_a_stop_waits_for_the_coin_in_the_exit() -> None:
    payout = Payout()
    before = payout.bank.counters(100)
    hopper, clock = payout.model(100), payout.machine.clock
    for header, data in ((164, b"\xa5"), (160, b""), (167, bytes(8) + b"\x05")):
        hopper.command(header, data, clock.monotonic())
    payout.fault(100, "late_coin")
    clock.advance(0.9)
    hopper.command(172, b"", clock.monotonic())
    already_out = hopper.out
    settled = payout.bank.settle(100, 5, before)
    clock.advance(2.0)
    hopper.advance(clock.monotonic())
    assert hopper.out == already_out + 1
    assert settled.paid == hopper.out


def test_h6_coins_that_come_out_without_a_command_put_the_hopper_out_of_use() -> None:
    payout = Payout()
    payout.pay(100, 2)
    assert payout.bank.states()[100] is HopperState.OK
    payout.fault(100, "phantom")
    payout.fault(100, "phantom")
    states = payout.bank.states()
    assert states[100] is HopperState.HARDWARE_ERROR
    assert states[50] is HopperState.OK
    assert payout.bank.strays() == [StrayPayout(value_yen=100, coins=2, life_total=4)]
    assert payout.bank.strays() == [], "strays are reported once"
    payout.bank.start()  # a new start does not clear it
    assert payout.bank.states()[100] is HopperState.HARDWARE_ERROR
    payout.bank.acknowledge(100)
    assert payout.bank.states()[100] is HopperState.OK


def test_h6_each_look_asks_one_hopper_and_four_looks_ask_all() -> None:
    payout = Payout()
    payout.fault(500, "phantom")
    asked = payout.bank._hoppers[10]._bus.quality
    before = asked.exchanges
    payout.bank.look()
    assert asked.exchanges == before + 4  # its status twice, its level, its count
    for _ in range(3):
        payout.bank.look()
    assert [(stray.value_yen, stray.coins) for stray in payout.bank.strays()] == [(500, 1)]


@pytest.mark.parametrize("value", [10, 50, 100, 500])
def test_h6_a_coin_between_the_last_look_and_a_payout_is_not_the_payouts(value: int) -> None:
    payout = Payout()
    payout.fault(value, "phantom")
    assert payout.pay(value, 2).paid == 2
    assert [(stray.value_yen, stray.coins) for stray in payout.bank.strays()] == [(value, 1)]


def test_h6_what_left_while_the_machine_was_off_is_told_at_the_next_start() -> None:
    payout = Payout()
    payout.pay(100, 2)
    payout.fault(100, "phantom")
    bank = HopperBank(payout.bank._hoppers[100]._bus, HOPPERS, styles={50: "serial"}, explained={100: 2})
    bank.start()
    assert bank.strays() == [StrayPayout(value_yen=100, coins=1, life_total=3)]


def test_h3_a_lifetime_count_that_jumped_gives_no_number_of_coins() -> None:
    payout = Payout()
    payout.fault(100, "nv_error")
    for _ in range(4):
        payout.bank.look()
    assert [(stray.value_yen, stray.coins) for stray in payout.bank.strays()] == [(100, None)]
    assert payout.bank.states()[100] is HopperState.HARDWARE_ERROR


def test_own_payouts_are_no_strays_also_when_their_result_came_late() -> None:
    payout = Payout()
    payout.fault(100, "power_loss")
    payout.pay(100, 3)
    payout.pay(100, 3)
    assert payout.bank.strays() == []
    assert payout.bank.states()[100] is HopperState.OK


# --- states --------------------------------------------------------------------------------------


def test_h7_a_low_tube_is_told_while_it_still_pays() -> None:
    payout = Payout(tube=11)
    assert payout.bank.states()[100] is HopperState.OK
    payout.pay(100, 2)
    assert payout.bank.states()[100] is HopperState.LOW


def test_a_silent_hopper_is_unknown_and_the_others_serve() -> None:
    machine = Machine("clean")
    machine.hoppers[500].fault("mute", 0.0)
    bank = machine.host().bank
    bank.start()
    assert bank.states() == {
        10: HopperState.OK,
        50: HopperState.OK,
        100: HopperState.OK,
        500: HopperState.UNKNOWN,
    }
    with pytest.raises(NoReply):
        bank.counters(500)
    machine.hoppers[500].clear("mute", machine.clock.monotonic())
    assert bank.states()[500] is HopperState.OK
    assert bank.dispense(500, 1, bank.counters(500)).paid == 1


def test_when_no_hopper_answers_the_bus_is_dead() -> None:
    machine = Machine("clean")
    for hopper in machine.hoppers.values():
        hopper.fault("mute", 0.0)
    with pytest.raises(NoReply, match="no hopper"):
        machine.host().bank.start()


def test_a_hopper_with_other_coins_than_the_unit_file_says_is_refused() -> None:
    machine = Machine("clean")
    machine.hoppers[100].coin = "JP050A"
    with pytest.raises(WrongDevice, match="holds JP050A, but 100 yen is set for it"):
        machine.host().bank.start()


def test_a_hopper_that_does_not_name_its_coin_is_accepted() -> None:
    machine = Machine("clean")
    machine.hoppers[100].coin = "------"
    bank = machine.host().bank
    bank.start()
    assert bank.dispense(100, 1, bank.counters(100)).paid == 1


def test_an_acceptor_at_a_hoppers_address_is_refused() -> None:
    machine = Machine("clean")
    bank = HopperBank(machine.host().bus, {100: 2})
    with pytest.raises(WrongDevice, match="not a hopper"):
        bank.start()


@pytest.mark.parametrize(
    ("flags", "state", "reset_first"),
    [  # part 2, 3.90.1; two bytes as on SCH2, three as on SCH3
        ("80 00", HopperState.OK, False),
        ("C0 00", HopperState.OK, False),
        ("01 00", HopperState.HARDWARE_ERROR, True),
        ("02 00", HopperState.EMPTY, False),
        ("08 00", HopperState.JAMMED, True),
        ("10 00", HopperState.JAMMED, True),
        ("20 00", HopperState.JAMMED, True),
        ("00 04", HopperState.HARDWARE_ERROR, False),
        ("00 10", HopperState.HARDWARE_ERROR, False),
        ("00 10 00", HopperState.JAMMED, True),
        ("00 00 01", HopperState.OK, True),
        ("00 02 00", HopperState.OK, False),
        ("80", HopperState.OK, False),
    ],
)
def test_status_bytes_become_one_state(flags: str, state: HopperState, reset_first: bool) -> None:
    read = HopperFlags(bytes.fromhex(flags))
    assert (read.state(None), read.reset_first) == (state, reset_first)


def test_a_life_count_that_passes_its_last_number_goes_on_counting() -> None:
    payout = Payout()
    payout.model(100).life_total = 0xFFFFFE
    payout.host = payout.machine.host()
    bank = payout.restart()
    result = bank.dispense(100, 5, bank.counters(100))
    assert result.paid == 5
    assert result.counters == HopperCounters(event_counter=1, life_total=3)


def test_a_hopper_that_counted_no_command_has_not_tried() -> None:
    """An earlier payout may have left the same numbers of paid and unpaid coins; the event counter tells them apart."""
    before = PayoutStatus(event_counter=1, remaining=0, paid=0, unpaid=3)
    assert not _tried(before, before, 3)
    assert _tried(before, PayoutStatus(event_counter=2, remaining=0, paid=0, unpaid=3), 3)
    assert not _tried(before, PayoutStatus(event_counter=1, remaining=0, paid=1, unpaid=2), 3)
