"""Regression tests for money faults found in review: a yen paid twice or lost, a coin not reported, a crash, an abuse."""

from collections.abc import Mapping

import pytest

import host_sim.rig.centre as rig_centre
from drivers.vocabulary import CoinCredited, HopperCounters, claim_code
from firmware.book import records
from firmware.book.cases import Case
from firmware.console.messages import CONSOLE, CheckPassword, ConsoleLost
from firmware.desks import COIN, OF_MACHINE, Posted, Whose
from firmware.session import scenes as show
from firmware.session.absorb import absorb
from firmware.session.events import Event, HopperCounted
from firmware.session.known import Now
from firmware.session.states import State
from host_sim.adapters.disk import PowerLost, Tail
from host_sim.models.acceptor import Fate, Insertion
from host_sim.rig.console import PASSWORD, ConsoleRig
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person, serve
from host_sim.wallet import WalletCard
from tests.sessions.console_rooms import accounts_hold, claim_of_200, dies_with_a_coin_at_the_sensor

Cards = Mapping[str, WalletCard]


def force(machine: RigMachine, after_s: float, coin: str = "JP100A") -> None:
    """A coin reaches the credit sensor though the slot is closed."""
    at_s = machine.clock.monotonic() + after_s
    machine.acceptor._rolling.append((at_s, Insertion(coin, at_s, Fate.ROLLING)))


def test_coins_loaded_in_maintenance_are_change_for_the_next_resident(wallet: Cards) -> None:
    machine = ConsoleRig(tubes={10: 10, 50: 4, 100: 0, 500: 0})
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    machine.enter_maintenance("kato")
    machine.hoppers[100].fill(60, machine.clock.monotonic())
    machine.confirm(machine.say("hopper load 100 60"))
    machine.say("exit")
    person = serve(machine, Person(wallet["hanako"], coins=[500]))
    pay = next(scene for scene in person.seen if isinstance(scene, show.Pay))
    assert not pay.exact_money_only
    assert machine.records(records.SessionClosed)[-1].paid_out_yen == 200


def test_coins_taken_out_in_maintenance_are_no_change_any_more(wallet: Cards) -> None:
    machine = ConsoleRig(tubes={10: 0, 50: 0, 100: 20, 500: 0})
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    machine.enter_maintenance("tanaka")
    assert "2000 yen came out" in machine.confirm(machine.say("hopper pay 20x100"), "kato")
    machine.say("exit")
    person = serve(machine, Person(wallet["hanako"], coins=[500]))
    pay = next(scene for scene in person.seen if isinstance(scene, show.Pay))
    assert (pay.exact_money_only, pay.coins_come_back) == (True, False)
    assert machine.records(records.SessionClosed)[-1].claimed_yen == 0


@pytest.mark.parametrize("command", ["test keypad", "test screen", "acceptor pair 4711"])
def test_a_coin_during_a_test_is_recorded(command: str) -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    force(machine, 1.0 if "pair" not in command else 4.0)
    said = machine.say(command)
    if "confirm " in said:
        machine.confirm(said, "goto")
    machine.wait(3)
    accounts_hold(machine)
    assert machine.memory.book.totals["stray_yen"] == 100


@pytest.mark.parametrize("what", ["rejected", "credited"])
def test_a_coin_in_the_slot_while_a_claim_is_planned(wallet: Cards, what: str) -> None:
    machine, code = claim_of_200(wallet)
    send = machine.crew.send

    def sends(desk: str, command: object, whose: Whose) -> None:
        if type(command).__name__ == "CheckCoins":
            if what == "rejected":
                machine.acceptor._note(0, 2)
            else:
                force(machine, 0.0)
        send(desk, command, whose)

    machine.crew.send = sends
    assert "OK" in machine.say(f"collect {code}")


def test_a_coin_in_the_slot_while_the_acceptor_is_tested() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    send = machine.crew.send

    def sends(desk: str, command: object, whose: Whose) -> None:
        if type(command).__name__ == "CheckCoins":
            machine.acceptor._note(0, 2)
            machine.acceptor._note(0, 2)
        send(desk, command, whose)

    machine.crew.send = sends
    assert "PASS acceptor" in machine.say("test acceptor")


def test_more_coins_than_one_command_can_pay() -> None:
    machine = ConsoleRig(tubes={10: 300, 50: 4, 100: 5, 500: 0})
    machine.enter_maintenance()
    assert "2970 yen came out" in machine.confirm(machine.say("hopper pay 99x10,99x10,99x10"), "kato")
    accounts_hold(machine)


def test_a_hold_whose_answer_was_lost_is_given_back(wallet: Cards) -> None:
    machine, code = claim_of_200(wallet)
    planned = machine.say(f"collect {code}")
    machine.centre.faults.lost_after.add("hold")
    assert "ERR held" in machine.confirm(planned, "kato")
    machine.say("exit")
    machine.wait(60)
    accounts_hold(machine)


def test_a_hold_is_given_back_after_a_power_cut(wallet: Cards) -> None:
    machine, code = claim_of_200(wallet)
    planned = machine.say(f"collect {code}")
    machine.say(f"confirm {planned.rsplit('confirm ', 1)[1][:4]}")
    machine.say("kato")

    def cut(name: str) -> None:
        if name == "line hold acted":
            machine.die(Tail.KEPT)

    machine.at_point = cut
    with pytest.raises(PowerLost):
        machine.say(PASSWORD)
    machine.at_point = lambda _: None
    machine.restart()
    machine.wait(120)
    accounts_hold(machine)


def silent_after_paying(machine: ConsoleRig) -> None:
    hopper = machine.hoppers[100]

    def out(what: str) -> None:
        if hopper.still_to_pay == 0:
            hopper._faults.add("mute")

    hopper.on_effect = out


def test_two_payouts_that_nobody_can_account_for_are_two() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    for _ in range(2):
        silent_after_paying(machine)
        said = machine.confirm(machine.say("hopper pay 2x100"), "kato")
        assert "an unknown number of 2 coins" in said
        machine.hoppers[100].clear("mute", machine.clock.monotonic())
        machine.hoppers[100].on_effect = lambda _: None
        machine.say("test hopper")
    assert machine.loop.book.totals["unknown_yen"] == 400
    assert len(machine.loop.book.uncertain) == 2


def test_a_claim_whose_payout_nobody_can_account_for_is_not_paid_again(wallet: Cards) -> None:
    machine, code = claim_of_200(wallet)
    planned = machine.say(f"collect {code}")
    silent_after_paying(machine)
    said = machine.confirm(planned, "kato")
    assert machine.coins_out_yen() == 200
    machine.hoppers[100].clear("mute", machine.clock.monotonic())
    machine.hoppers[100].on_effect = lambda _: None
    machine.say("test hopper")
    planned = machine.say(f"collect {code}")
    if "confirm" in planned:
        said += machine.confirm(planned, "kato")
    assert machine.coins_out_yen() == 200, said


def test_a_coin_between_plan_and_confirm_of_reconcile_is_counted_once(wallet: Cards) -> None:
    machine = ConsoleRig()
    serve(machine, Person(wallet["hanako"]))
    machine.printer.counters.cuts += 1  # gives `reconcile` something to accept
    machine.enter_maintenance("goto")
    planned = machine.say("reconcile")
    force(machine, 0.0)
    machine.wait(3)
    assert "Accepted" in machine.confirm(planned)
    machine.restart()
    machine.wait(10)
    assert len(machine.records(records.StrayCoin)) == 1
    accounts_hold(machine)


def test_a_coin_in_a_session_without_a_fee(wallet: Cards, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rig_centre, "FEE_YEN", 0)
    for offer in rig_centre.OFFERS:
        monkeypatch.setitem(offer, "fee_yen", 0)
    machine = RigMachine()
    person = Person(wallet["hanako"], coins=[], copies=2)
    coins = [CoinCredited(100, 1)]
    person.on_scene = lambda shown: (
        machine.loop._hear(Posted(COIN, OF_MACHINE, coins.pop()))
        if isinstance(shown, show.Printing) and coins
        else None
    )
    serve(machine, person)
    assert machine.records(records.SessionClosed)[-1].outcome == "issued"
    assert machine.loop.book.totals["stray_yen"] + machine.loop.book.totals["inserted_yen"] == 100


def test_one_silent_hopper_leaves_the_others(wallet: Cards) -> None:
    machine = RigMachine()
    person = Person(wallet["hanako"], coins=[500])
    person.on_scene = lambda s: (
        machine.hoppers[100].fault("mute", machine.clock.monotonic()) if isinstance(s, show.Printing) else None
    )
    serve(machine, person)
    closed = machine.records(records.SessionClosed)[-1]
    assert (closed.paid_out_yen, closed.claimed_yen) == (200, 0)


def test_a_swallowed_coin_whose_event_was_not_read_is_flagged(wallet: Cards) -> None:
    machine = RigMachine()
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    machine.acceptor.fault("swallow", machine.clock.monotonic())

    dies_with_a_coin_at_the_sensor(machine, wallet["hanako"], None)
    machine.restart()
    machine.wait(20)
    assert machine.coins_in_yen() == 500
    assert machine.records(records.Flag) != []


def test_the_console_is_lost_while_the_second_password_is_checked() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    planned = machine.say("hopper pay 3x100")
    machine.say(f"confirm {planned.rsplit('confirm ', 1)[1][:4]}")
    machine.say("kato")
    send = machine.crew.send

    def sends(desk: str, command: object, whose: Whose) -> None:
        send(desk, command, whose)
        if isinstance(command, CheckPassword):
            machine.loop._hear(Posted(CONSOLE, OF_MACHINE, ConsoleLost()))

    machine.crew.send = sends
    machine.type(PASSWORD)
    machine.wait(30)
    assert machine.coins_out_yen() == 0


def test_a_viewer_cannot_read_the_code_of_a_claim(wallet: Cards) -> None:
    machine, code = claim_of_200(wallet)
    machine.centre.faults.down = True
    assert "ERR held" in machine.confirm(machine.say(f"collect {code}"), "kato")
    machine.log_in("ueda")
    assert code.lower() not in machine.say("journal tail 50").lower()


def test_a_silent_acceptor_does_not_keep_the_hoppers_from_paying_back(wallet: Cards) -> None:
    machine = RigMachine()

    def pay(machine_: RigMachine, scene: show.Scene) -> None:
        if scene.inserted_yen == 0 and scene.countdown_s is None:
            machine_.drop(100, machine_.clock.monotonic() + 1)
        elif scene.inserted_yen == 100 and scene.countdown_s is None:
            machine_.acceptor.fault("mute", machine_.clock.monotonic())

    person = Person(wallet["hanako"], deeds={show.Pay: pay})
    serve(machine, person)
    closed = machine.records(records.SessionClosed)[-1]
    assert (closed.paid_out_yen, closed.claimed_yen) == (100, 0)


def test_a_machine_in_maintenance_with_nobody_logged_in_watches_its_door() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    machine.acceptor.fault("mute", machine.clock.monotonic())
    machine.say("logout")
    machine.wait(3600)
    assert machine.console.person is None
    machine.move_door(opened=True)
    machine.wait(60)
    machine.move_door(opened=False)
    machine.wait(60)
    assert any(code == "door_opened" for code, _ in machine.loop.book.queue)


def test_two_stray_coins_are_one_item_of_two() -> None:
    machine = RigMachine(pulse=True)
    machine.wait(3)
    for _ in range(2):
        machine.loop._hear(Posted(COIN, OF_MACHINE, CoinCredited(100, None)))
    assert machine.loop.book.totals["stray_yen"] == 200
    assert machine.loop.book.queue == [("stray_coin", "2 coins, 200 yen")]


def test_a_coin_read_late_is_the_residents(wallet: Cards) -> None:
    machine = RigMachine()

    def pay(machine_: RigMachine, scene: show.Scene) -> None:
        now_s = machine_.clock.monotonic()
        if scene.inserted_yen == 0 and scene.countdown_s is None:
            machine_.drop(100, now_s + 1)
        elif scene.inserted_yen == 100 and scene.countdown_s is None:
            machine_.drop(100, now_s + 1)
            machine_.clock.at(now_s + 1.041, lambda: machine_.acceptor.fault("mute", machine_.clock.monotonic()))
            machine_.clock.at(now_s + 9.0, lambda: machine_.acceptor.clear("mute", machine_.clock.monotonic()))

    person = Person(wallet["hanako"], deeds={show.Pay: pay})
    serve(machine, person)
    machine.wait(20)
    closed = machine.records(records.SessionClosed)[-1]
    assert closed.inserted_yen == 200 or any(closed.sid in d and "100 yen" in d for _, d in machine.loop.book.queue)


@pytest.mark.parametrize("command", ["load", "float"])
def test_a_count_of_more_coins_than_a_hopper_holds_is_refused(command: str) -> None:
    machine = ConsoleRig()
    machine.enter_maintenance("kato")
    assert "ERR" in machine.say(f"hopper {command} 500 999999")


def test_a_loss_that_was_reported_is_no_mismatch_of_the_counters(wallet: Cards) -> None:
    machine = ConsoleRig()
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)

    dies_with_a_coin_at_the_sensor(machine, wallet["hanako"], Tail.KEPT)
    machine.restart()
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    machine.wait(30)
    told = {code for code, _ in machine.loop.book.queue}
    assert told == {"suspect_coin", "credits_lost"}
    machine.enter_maintenance("kato")
    machine.say("close")
    machine.say("exit")
    machine.wait(5)
    assert {code for code, _ in machine.loop.book.queue} == told
    assert isinstance(machine.loop.scene, show.Idle), machine.loop.scene


@pytest.mark.parametrize("form", ["uncertain", "uncertain --json"])
def test_a_viewer_cannot_make_the_code_of_a_claim(wallet: Cards, form: str) -> None:
    machine = ConsoleRig()

    def pay(machine_: RigMachine, scene: show.Scene) -> None:
        if scene.countdown_s is None and scene.inserted_yen < 200:
            at_s = machine_.clock.monotonic() + 1
            machine_.drop(100, at_s)
            if scene.inserted_yen:
                machine_.clock.at(at_s + 0.045, lambda: machine_.die(Tail.KEPT))

    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
    machine.watchers[:] = [Person(wallet["hanako"], deeds={show.Pay: pay})]
    machine.reader.insert(wallet["hanako"].chip)
    with pytest.raises(PowerLost):
        machine.run_session()
    machine.restart()
    machine.settle_advices()
    (key,) = machine.centre.claims
    machine.log_in("ueda")
    said = machine.say(form).replace("\n", "").replace(" ", "")
    assert "suspect_coin" in said
    assert key not in said, f"the key gives away the code: {claim_code(key)}"


def test_what_a_hopper_may_have_paid_is_not_paid_by_another(wallet: Cards) -> None:
    machine = ConsoleRig()
    person = Person(wallet["hanako"], coins=[500])
    person.on_scene = lambda scene: silent_after_paying(machine) if isinstance(scene, show.Printing) else None
    serve(machine, person)
    closed = machine.records(records.SessionClosed)[-1]
    assert machine.coins_out_yen() == 200
    assert (closed.paid_out_yen, closed.claimed_yen) == (0, 200)  # the whole amount of this step becomes a claim
    assert [code for code, _ in machine.loop.book.queue] == [Case.PAY_UNKNOWN]


def test_the_count_of_a_hopper_that_was_given_up_comes_too_late() -> None:
    loop = RigMachine().loop
    loop.context.next_payout = (100, 2)
    written: list[records.Record] = []
    now = Now(State.PREPARING_PAYOUT, loop.context, loop.book, written.append)
    assert absorb(now, HopperCounted(50, HopperCounters(0, 0))) is Event.KEY_IGNORED
    assert (written, now.effects) == ([], [])
