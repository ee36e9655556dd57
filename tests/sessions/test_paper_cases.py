"""Regression tests for faults found in review, between the centre's promise and the sheet in the resident's hand."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from firmware.book import records
from firmware.desks import LINE, OF_MACHINE, C, DeskName, Whose, WipeDesk
from firmware.screens.words import words
from firmware.session import scenes as show
from firmware.session.effects import Rasterise
from host_sim.adapters.disk import PowerLost, Tail
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person, serve
from host_sim.wallet import WalletCard
from tests.sessions.test_paper import once
from tests.sessions.test_sessions import balanced, sorry

Cards = Mapping[str, WalletCard]


def idle(machine: RigMachine) -> None:
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 120)


def after_one_cut(machine: RigMachine, act):  # type: ignore[no-untyped-def]
    cuts, done = machine.printer.counters.cuts, []

    def watch(m: RigMachine, _: show.Scene) -> None:
        if m.printer.counters.cuts == cuts + 1 and not done:
            done.append(True)
            act(m)

    return watch


@pytest.mark.parametrize("step", ["challenges", "requests", "document"])
def test_wrong_pin_where_no_pin_was_asked(wallet: Cards, step: str) -> None:
    machine = RigMachine()
    machine.centre.faults.refusals[step] = "wrong_pin"
    assert sorry(serve(machine, Person(wallet["hanako"]))).reason == "bad_answer"
    balanced(machine)


@pytest.mark.parametrize("hot", [True, False])
def test_a_copy_in_doubt_is_forgotten_when_the_session_gives_it_up(wallet: Cards, hot: bool) -> None:
    machine = RigMachine()
    idle(machine)
    line = machine.stream_of("printer")
    machine.printer.hot_s = 44.0

    def pull(_: str) -> None:
        if machine.printer.path.burnt().shape[0] >= 30:
            machine.printer.on_effect = machine._point
            line.hang_up()
            machine.printer._voice.silent = True
            machine.clock.after(0.3, line.plug_in)

    def begin(m: RigMachine) -> None:
        m.printer.on_effect = pull
        if hot:
            m.printer.fail("head_hot", 200)

    serve(machine, Person(wallet["hanako"], coins=[500], deeds={show.Printing: once(begin)}))
    assert len(machine.records(records.CopyUncertain)) == 1
    assert machine.records(records.SessionClosed)[-1].paid_out_yen == 500  # type: ignore[attr-defined]


def test_a_paid_copy_is_not_called_invalid_when_the_roll_ends_before_the_next(wallet: Cards) -> None:
    machine = RigMachine()
    watch = after_one_cut(machine, lambda m: m.printer.paper_out(m.clock.monotonic()))
    last = sorry(serve(machine, Person(wallet["hanako"], coins=[500, 100], copies=2, deeds={show.Printing: watch})))
    assert last.issued_copies == 1
    assert "not valid" not in words("en").reason(last.reason, 15)[1]
    assert not last.void_paper


def test_a_paid_page_that_sticks_is_flagged(wallet: Cards) -> None:
    machine = RigMachine()
    person = Person(wallet["hanako"], deeds={show.Printing: once(lambda m: m.printer.fail("cutter", 0))})
    last = sorry(serve(machine, person))
    assert (last.reason, last.issued_copies) == ("paper_stuck", 0)
    assert not any(isinstance(s, show.TakePaper) for s in person.seen)


def test_the_second_of_two_sticks(wallet: Cards) -> None:
    machine = RigMachine()
    watch = after_one_cut(machine, lambda m: m.printer.fail("cutter", 0))
    person = serve(machine, Person(wallet["hanako"], coins=[500, 100], copies=2, deeds={show.Printing: watch}))
    assert {s.copies for s in person.seen if isinstance(s, show.TakePaper)} == {1}
    assert sorry(person).reason == "paper_stuck"


def test_stop_pressed_at_the_alarm_cancels_nothing(wallet: Cards) -> None:
    machine = RigMachine()

    def at_paper(m: RigMachine, scene: show.Scene) -> None:
        assert isinstance(scene, show.TakePaper)
        if scene.alarm and scene.countdown_s is None:
            m.tap("cancel", m.clock.monotonic() + 1)
            m.take_paper(m.clock.monotonic() + 3)

    person = serve(machine, Person(wallet["hanako"], deeds={show.TakePaper: at_paper}))
    assert balanced(machine).reason == ""
    assert any(isinstance(s, show.Done) for s in person.seen)


@pytest.mark.parametrize("fault", ["string", "light"])
def test_fraud_while_idle_is_not_charged_to_the_next_resident(wallet: Cards, fault: str) -> None:
    machine = RigMachine()
    idle(machine)
    machine.acceptor.fault(fault, machine.clock.monotonic())
    machine.nudge("coin")
    for _ in range(20):
        machine.loop.turn()
    person = serve(machine, Person(wallet["hanako"]))
    assert balanced(machine).reason == ""
    assert not any(isinstance(s, show.Sorry) for s in person.seen)


def test_fraud_after_the_slot_closed_changes_no_ending(wallet: Cards) -> None:
    machine = RigMachine()

    def act(m: RigMachine) -> None:
        m.acceptor.fault("string", m.clock.monotonic())
        m.nudge("coin")

    person = serve(machine, Person(wallet["hanako"], deeds={show.Printing: once(act)}))
    assert not any(isinstance(s, show.Sorry) for s in person.seen)


def test_a_coin_thrown_in_while_idle_is_not_credited_to_the_next_resident(wallet: Cards) -> None:
    machine = RigMachine()
    idle(machine)
    machine.drop(100, machine.clock.monotonic() + 0.5)
    for _ in range(20):
        machine.loop.turn()
    person = serve(machine, Person(wallet["hanako"]))
    assert not next(s for s in person.seen if isinstance(s, show.Pay)).rejected


def test_nothing_is_printed_after_the_promise_has_ended(wallet: Cards) -> None:
    machine = RigMachine()
    serve(machine, Person(wallet["hanako"], coins=[10] * 30, apart_s=50.0), 3000.0)
    assert not machine.records(records.PrintIntent)
    assert balanced(machine).outcome == "not_issued"


def spoil(m: RigMachine) -> None:
    """The dots in memory are no longer those that were promised."""
    held = m.crew._shifts["paper"].desk._pages  # type: ignore[attr-defined]
    for copy, pages in list(held.items()):
        held[copy] = tuple(dataclasses.replace(page, rows=b"\x01" + page.rows[1:]) for page in pages)


def test_the_stopped_line_survives_a_power_cut_in_the_refund(wallet: Cards) -> None:
    machine = RigMachine()
    deeds = {show.Printing: once(spoil), show.MoneyBack: once(lambda m: m.die(Tail.KEPT))}
    with pytest.raises(PowerLost):
        serve(machine, Person(wallet["hanako"], deeds=deeds))
    machine.restart()
    assert machine.memory.book.line_stopped is not None


def test_the_stopped_line_survives_a_power_cut_right_behind_the_spoiled_copy(wallet: Cards) -> None:
    machine = RigMachine()
    note = machine.memory.note

    def cut(record: records.Record, *, durable: bool | None = None) -> int:
        number = note(record, durable=durable)
        if isinstance(record, records.CopySpoiled):
            machine.die(Tail.KEPT)
        return number

    machine.memory.note = cut  # type: ignore[method-assign]
    with pytest.raises(PowerLost):
        serve(machine, Person(wallet["hanako"], deeds={show.Printing: once(spoil)}))
    machine.restart()
    assert machine.memory.book.line_stopped == "raster"


def test_a_claim_whose_slip_fails_says_so_and_stays_to_be_noted(wallet: Cards) -> None:
    machine = RigMachine()
    idle(machine)

    def begin(m: RigMachine) -> None:
        for hopper in m.hoppers.values():
            hopper.tube = 0
        m.slips.paper_out(m.clock.monotonic())

    at: list[tuple[float, show.Scene]] = []
    person = Person(wallet["hanako"], coins=[500], deeds={show.Printing: once(begin)})
    person.on_scene = lambda scene: at.append((machine.clock.monotonic(), scene))
    serve(machine, person)
    index = next(n for n, (_, scene) in enumerate(at) if isinstance(scene, show.Done))
    assert at[index][1].claim_slip is False  # type: ignore[attr-defined]
    assert at[index + 1][0] - at[index][0] >= 20


def test_a_late_wipe_of_the_last_session_keeps_the_next_documents(wallet: Cards) -> None:
    """Each desk has its own thread: the paper desk may get the last session's wipe after the next session's documents."""
    machine = RigMachine()
    send, late = machine.crew.send, list[tuple[DeskName[Any], Any, Whose]]()

    def sending(desk: DeskName[C], command: C, whose: Whose) -> None:
        if desk == "paper" and isinstance(command, WipeDesk):
            late.append((desk, command, whose))
            return
        if isinstance(command, Rasterise):
            while late:
                send(*late.pop())
        send(desk, command, whose)

    machine.crew.send = sending  # type: ignore[method-assign]
    for name in ("hanako", "taro"):
        serve(machine, Person(wallet[name]))
    assert [record.outcome for record in machine.records(records.SessionClosed)] == ["issued"] * 2  # type: ignore[union-attr]


def test_pages_asked_for_when_the_session_has_ended_are_a_fault_and_no_crash(wallet: Cards) -> None:
    machine = RigMachine()
    send = machine.crew.send

    def sending(desk: DeskName[C], command: C, whose: Whose) -> None:
        if isinstance(command, Rasterise):
            send(LINE, WipeDesk(), OF_MACHINE)
        send(desk, command, whose)

    machine.crew.send = sending  # type: ignore[method-assign]
    person = serve(machine, Person(wallet["hanako"]))
    assert [record.outcome for record in machine.records(records.SessionClosed)] == ["not_issued"]  # type: ignore[union-attr]
    assert machine.coins_in_yen() == 0
    assert any(isinstance(scene, show.Sorry) for scene in person.seen)


def test_a_paid_paper_that_a_start_takes_back_is_a_case(wallet: Cards) -> None:
    """Crash point 21: the paper lay in the mouth when the power failed."""
    machine = RigMachine()

    def cut(m: RigMachine, _: show.Scene) -> None:
        m.die(Tail.KEPT)

    machine.watchers[:] = [Person(wallet["hanako"], deeds={show.TakePaper: cut})]
    machine.reader.insert(wallet["hanako"].chip)
    with pytest.raises(PowerLost):
        machine.run_session()
    machine.restart()
    idle(machine)
    (rid,) = machine.centre.requests
    assert ("paper_left", rid) in machine.loop.book.queue
    assert machine.loop.book.totals["earned_yen"] == 300


def test_a_cut_says_nothing_of_the_papers_of_an_earlier_session(wallet: Cards) -> None:
    """The earlier session ended with an uncut copy in the path, which no record says was taken."""
    machine = RigMachine()
    jammed = once(lambda m: m.printer.fail("cutter"))
    serve(machine, Person(wallet["hanako"], coins=[500, 100], copies=2, deeds={show.Printing: jammed}))
    assert machine.loop.book.paper_waiting is not None
    machine.mend()
    idle(machine)
    machine.watchers[:] = [Person(wallet["taro"], deeds={show.Pay: lambda m, _: m.die(Tail.KEPT)})]
    machine.reader.insert(wallet["taro"].chip)
    with pytest.raises(PowerLost):
        machine.run_session()
    machine.restart()
    idle(machine)
    assert "paper_left" not in {code for code, _ in machine.loop.book.queue}
