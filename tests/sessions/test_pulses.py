"""A pulse acceptor in whole sessions: every yen is credited or told, and what cannot be a credit has a consequence."""

from collections.abc import Mapping

import pytest

from firmware.book import records
from firmware.book.cases import STRAY_LIMIT, Case
from firmware.session import scenes as show
from host_sim.models.pulse_acceptor import PulseAcceptorModel
from host_sim.models.zoo import Kind, load, of_kind
from host_sim.rig.console import ConsoleRig
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person, serve
from host_sim.rig.truth import Checker
from host_sim.wallet import WalletCard
from tests.sessions.test_coins import idle, numbers
from tests.sessions.test_sessions import balanced, sorry

Cards = Mapping[str, WalletCard]


def acceptor(machine: RigMachine) -> PulseAcceptorModel:
    assert isinstance(machine.acceptor, PulseAcceptorModel)
    return machine.acceptor


def queued(machine: RigMachine, code: Case) -> list[str]:
    return [detail for each, detail in machine.loop.book.queue if each == code]


def touch(machine: RigMachine, times: int) -> None:
    """Somebody touches the case of an acceptor without a ground, again and again."""
    for _ in range(times):
        acceptor(machine).fault("static", machine.clock.monotonic())
        machine.wait(1.0)


@pytest.mark.parametrize("name", [device.name for device in of_kind(Kind.PULSE_ACCEPTOR)])
def test_a_resident_pays_at_each_acceptor_of_the_zoo_or_is_told(wallet: Cards, name: str) -> None:
    machine = RigMachine(zoo=[load(name)])
    checker = Checker(machine)
    machine.at_point = checker.effect
    person = serve(machine, Person(wallet["hanako"], coins=[500]))
    if "resets_at_accept" in load(name).model:
        assert sorry(person).reason == "coin_trouble"
    else:
        assert balanced(machine).outcome == "issued"
    machine.settle_advices()
    checker.check()


@pytest.mark.parametrize("coins", [[100, 100, 100], [500], [10, 50, 100]])
def test_w1_pulses_of_another_width_end_the_session_and_the_service(wallet: Cards, coins: list[int]) -> None:
    machine = RigMachine(pulse=True)
    checker = Checker(machine)
    machine.at_point = checker.effect
    idle(machine)
    acceptor(machine).fault("switched", 0.0)
    person = serve(machine, Person(wallet["hanako"], coins=coins))
    assert sorry(person).reason == "coin_trouble"
    sid = machine.records(records.SessionClosed)[-1].sid  # type: ignore[union-attr]
    (detail,) = queued(machine, Case.PULSES_WRONG)
    assert detail.endswith(f"about {machine.coins_in_yen()} yen, session {sid}"), "a person asks about the money"
    assert numbers(machine) == ("310",)
    machine.wait(120)
    assert numbers(machine) == ("310",), "only a person ends this"
    checker.check()
    acceptor(machine).clear("switched", 0.0)
    machine.mend()
    idle(machine)
    wallet["hanako"].chip.heal()
    serve(machine, Person(wallet["hanako"]))
    assert machine.records(records.SessionClosed)[-1].outcome == "issued"  # type: ignore[union-attr]
    checker.check()


def test_w1_part_of_the_money_was_credited_and_comes_back(wallet: Cards) -> None:
    machine = RigMachine(pulse=True)
    person = Person(wallet["hanako"], coins=[100, 100], apart_s=4.0)

    def pay(machine_: RigMachine, scene: show.Scene) -> None:
        assert isinstance(scene, show.Pay)
        if scene.inserted_yen == 100:
            acceptor(machine_).fault("switched", 0.0)
        elif scene.inserted_yen == 0 and scene.countdown_s is None:
            person._pay(machine_, machine_.clock.monotonic())

    person.deeds[show.Pay] = pay
    assert sorry(serve(machine, person)).returned_yen == 100
    assert queued(machine, Case.PULSES_WRONG)[0].split(", ")[1] == "about 100 yen"


def test_w3_pulses_at_rest_are_one_item_that_counts_and_close_the_machine(wallet: Cards) -> None:
    machine = RigMachine(zoo=[load("universal-static")])
    machine.memory.note(records.Flag(Case.KEYPAD, "an item that waits for a person"))
    idle(machine)
    touch(machine, STRAY_LIMIT)
    assert isinstance(machine.loop.scene, show.Idle)
    touch(machine, 300 - STRAY_LIMIT)
    assert numbers(machine) == ("310",)
    assert machine.loop.book.queue == [
        ("keypad", "an item that waits for a person"),
        ("stray_coin", "300 coins, 3000 yen"),
    ]
    machine.restart()
    assert numbers(machine) == ("310",)
    machine.mend()
    idle(machine)
    assert queued(machine, Case.STRAY_COIN) == []


def test_w3_pulses_of_another_width_at_rest_are_one_item_too() -> None:
    machine = RigMachine(zoo=[load("universal-static")])
    idle(machine)
    acceptor(machine).fault("switched", 0.0)
    touch(machine, 30)
    assert queued(machine, Case.PULSES_WRONG) == ["30 pulses, about 300 yen"]
    assert numbers(machine) == ("310",)


def test_w3_spikes_without_end_close_the_machine() -> None:
    machine = RigMachine(pulse=True)
    idle(machine)
    touch(machine, 49)
    assert machine.loop.book.queue == []
    touch(machine, 51)
    assert len(queued(machine, Case.PULSES_WRONG)) == 1
    assert numbers(machine) == ("310",)


@pytest.mark.parametrize("quirks", [{"inhibit": "none"}, {"inhibit": "high"}])
def test_w2_coins_in_a_slot_that_does_not_shut_are_counted_and_close_the_machine(quirks: dict[str, str]) -> None:
    machine = RigMachine(pulse=True)
    idle(machine)
    acceptor(machine)._inhibit = quirks["inhibit"]  # the driver pulls the wire to ground
    for _ in range(STRAY_LIMIT + 1):
        machine.drop(100, machine.clock.monotonic())
        machine.wait(4.0)
    assert numbers(machine) == ("310",)
    (detail,) = queued(machine, Case.STRAY_COIN)
    assert detail.endswith(f", {machine.coins_in_yen()} yen")


def test_a10_the_second_session_whose_train_broke_off_is_never_begun(wallet: Cards) -> None:
    machine = RigMachine(zoo=[load("ch-926-weak-supply")])
    person = serve(machine, Person(wallet["hanako"], coins=[500]))
    assert sorry(person).reason == "coin_trouble"
    assert numbers(machine) == ("310",)
    assert machine.records(records.SessionClosed)[-1].sid in queued(machine, Case.PULSES_WRONG)[0]  # type: ignore[union-attr]


def test_a_journal_of_a_release_with_an_item_for_each_stray_coin_is_read() -> None:
    machine = RigMachine(pulse=True)
    for _ in range(2):
        machine.memory.note(records.StrayCoin(100, None))
    for item in ("100 yen, event None", "100 yen, event None (2)"):
        machine.memory.note(records.Resolved(code="stray_coin", detail=item, decision="found"))
    assert machine.loop.book.queue == []


# --- a technician's coin ---------------------------------------------------------------------------------


def slot_of(*, inhibit: str = "low", open_s: float | None = 12.0, enter: bool = True) -> tuple[ConsoleRig, str]:
    """A technician tests the slot: a coin while it is shut, ENTER, and a coin while it is open."""
    machine = ConsoleRig(pulse=True)
    acceptor(machine)._inhibit = inhibit
    machine.enter_maintenance()
    now_s = machine.clock.monotonic()
    machine.drop(10, now_s + 8)
    if enter:
        machine.tap("enter", now_s + 11)
    if open_s is not None:
        machine.drop(10, now_s + 8 + open_s)
    said = machine.say("test slot")
    while said.endswith("): "):
        said += machine.say("y")
    return machine, said


def test_a_technicians_coin_shows_that_the_slot_shuts_and_opens() -> None:
    machine, said = slot_of()
    assert "1 PASS shut slot" in said
    assert "2 PASS open slot: 10 yen" in said
    assert (machine.coins_in_yen(), machine.loop.book.totals["test_coins_yen"]) == (10, 10)
    assert acceptor(machine).returned == ["JP010A"]
    assert acceptor(machine).inhibited


@pytest.mark.parametrize("inhibit", ["none", "high"])
def test_a_slot_that_does_not_shut_keeps_the_machine_closed(inhibit: str) -> None:
    machine, said = slot_of(inhibit=inhibit, open_s=None)
    assert "ERR test The shut slot kept the coin" in said
    assert queued(machine, Case.PULSES_WRONG) == ["1 coins, 10 yen, kept by the shut slot in a test"]
    machine.say("exit")
    assert numbers(machine) == ("310",)


def test_a_slot_that_does_not_open_or_a_technician_who_does_nothing_passes_nothing() -> None:
    assert "ERR test The open slot took no coin" in slot_of(open_s=None)[1]
    assert "ERR test Nobody pressed ENTER" in slot_of(enter=False, open_s=None)[1]
