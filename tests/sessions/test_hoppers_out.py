"""Hoppers that cannot or will not pay: a state that outlives the session, known before a PIN is typed (reason 302)."""

from collections.abc import Mapping

import pytest

from firmware.book import records
from firmware.session import scenes as show
from host_sim.adapters.disk import PowerLost, Tail
from host_sim.models.hopper import HopperModel
from host_sim.rig.console import ConsoleRig
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person, serve
from host_sim.wallet import WalletCard
from tests.sessions.test_coins import idle
from tests.sessions.test_sessions import balanced

Cards = Mapping[str, WalletCard]
YEN = (10, 50, 100, 500)


def front(machine: RigMachine) -> show.Idle:
    idle(machine)
    scene = machine.loop.scene
    assert isinstance(scene, show.Idle)
    return scene


def all_hoppers(machine: RigMachine, fault: str) -> None:
    for hopper in machine.hoppers.values():
        hopper.fault(fault, machine.clock.monotonic())


def resident(machine: RigMachine, card: WalletCard, *coins: int) -> records.SessionClosed:
    card.chip.heal()
    serve(machine, Person(card, coins=coins or (100, 100, 100)))
    closed = machine.records(records.SessionClosed)[-1]
    assert isinstance(closed, records.SessionClosed)
    return closed


def told(machine: RigMachine) -> dict[str, object]:
    """What the heartbeat says now."""
    return dict(machine.loop.heartbeat.beat().facts)


@pytest.mark.parametrize("fault", ["jam", "mute", "pin_locked"])
def test_h8_hoppers_out_of_order_at_rest_are_told_and_exact_money_is_served(wallet: Cards, fault: str) -> None:
    machine = RigMachine()
    assert not front(machine).exact_money_only
    all_hoppers(machine, fault)
    machine.wait(120)  # four hoppers, one every 15 s
    assert front(machine).exact_money_only
    beat = told(machine)
    assert (beat["state"], beat["reasons"]) == ("in_service", ["change"])
    assert {f"hopper_{value}" for value in YEN} <= set(beat["devices"])  # type: ignore[arg-type]
    closed = resident(machine, wallet["hanako"])
    assert (closed.outcome, closed.claimed_yen) == ("issued", 0)
    if fault == "jam":  # with the others it does not serve after a start: no hopper answers, or one is of no use
        machine.restart()
        assert front(machine).exact_money_only, "a restart does not mend a hopper"
    for hopper in machine.hoppers.values():
        hopper.clear(fault, machine.clock.monotonic())
    machine.wait(120)
    assert not front(machine).exact_money_only, "seen well again"
    assert told(machine)["reasons"] == []


@pytest.mark.parametrize("fault", ["pays_nothing", "over_current", "empty"])
def test_h8_of_six_residents_at_most_one_gets_a_claim_slip(wallet: Cards, fault: str) -> None:
    machine = RigMachine()
    idle(machine)
    all_hoppers(machine, fault)
    claims = [
        resident(machine, wallet["hanako"], 500).claimed_yen,
        *(resident(machine, wallet["hanako"]).claimed_yen for _ in range(5)),
    ]
    assert claims == [200, 0, 0, 0, 0, 0]
    assert front(machine).exact_money_only
    for state in machine.loop.book.hoppers_out.values():
        assert state in {"pays_short", "empty", "hardware_error"}


def test_h8_a_restart_does_not_forget_which_hopper_paid_nothing_and_a_technician_ends_it(wallet: Cards) -> None:
    machine = ConsoleRig()
    idle(machine)
    machine.hoppers[100].fault("pays_nothing", machine.clock.monotonic())
    assert resident(machine, wallet["hanako"], 500).paid_out_yen == 200, "the next smaller coin pays"
    machine.restart()
    idle(machine)
    assert machine.loop.book.hoppers_out == {100: "pays_short"}
    machine.enter_maintenance("kato")
    assert "hopper 100: pays_short" in machine.say("reasons")
    machine.hoppers[100].clear("pays_nothing", machine.clock.monotonic())
    machine.confirm(machine.say("hopper load 100 1"))
    machine.say("exit")
    machine.wait(5)
    idle(machine)
    assert machine.loop.book.hoppers_out == {}


def test_a_payout_that_a_power_cut_ended_says_nothing_about_the_hopper(wallet: Cards) -> None:
    machine = RigMachine()
    idle(machine)
    machine.watchers[:] = [Person(wallet["hanako"], coins=[500])]
    machine.reader.insert(wallet["hanako"].chip)
    machine.run_until(lambda: bool(machine.records(records.PayIntent)))
    with pytest.raises(PowerLost):
        machine.die(Tail.KEPT)
    machine.restart()
    idle(machine)
    assert machine.loop.book.hoppers_out == {}


def test_a_book_without_coins_refuses_no_exact_money_though_the_hoppers_are_full(wallet: Cards) -> None:
    machine = RigMachine(tubes=dict.fromkeys(YEN, 0))
    idle(machine)
    for hopper in machine.hoppers.values():
        hopper.fill(60, machine.clock.monotonic())
    assert front(machine).exact_money_only
    person = Person(wallet["hanako"])
    serve(machine, person)
    assert (balanced(machine).outcome, balanced(machine).claimed_yen) == ("issued", 0)
    pay = next(scene for scene in person.seen if isinstance(scene, show.Pay))
    assert not pay.coins_come_back, "the resident is told before a coin is in"


def test_a_coin_that_does_not_fit_below_the_fee_comes_straight_back_where_there_is_no_change(wallet: Cards) -> None:
    machine = RigMachine(tubes=dict.fromkeys(YEN, 0))
    closed = resident(machine, wallet["hanako"], 500)
    assert (closed.inserted_yen, closed.claimed_yen) == (0, 0)
    assert machine.acceptor.returned == ["JP500A"]


@pytest.mark.parametrize(
    "hopper",
    [
        HopperModel(address=5, coin="JP100A", tube=1, pin="1234"),
        HopperModel(address=5, coin="JP100A", tube=1, dispense_style="encrypted"),
    ],
)
def test_h9_a_hopper_that_can_never_pay_is_refused_at_the_start_and_nobodys_money_is_touched(
    hopper: HopperModel,
) -> None:
    machine = RigMachine()
    idle(machine)
    model = machine.hoppers[100]
    model.pin, model.dispense_style, model._told = hopper.pin, hopper.dispense_style, hopper._told
    model.power_off(machine.clock.monotonic())
    model.power_on(machine.clock.monotonic())
    machine.restart()
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Closed), 120)
    scene = machine.loop.scene
    assert isinstance(scene, show.Closed)
    assert "301" in scene.numbers
    assert "PIN" in machine.loop.troubles["coin"] or "cipher" in machine.loop.troubles["coin"]


def test_a_hopper_with_broken_counters_gets_a_new_board_and_serves_again(wallet: Cards) -> None:
    """Fault H3: the new board counts from 0, and that is no payout."""
    machine = RigMachine()
    idle(machine)
    machine.hoppers[100].fault("nv_error", machine.clock.monotonic())
    machine.wait(90)
    machine.mend()
    assert not front(machine).exact_money_only
    closed = resident(machine, wallet["hanako"], 500)
    assert (closed.outcome, closed.paid_out_yen) == ("issued", 200)
