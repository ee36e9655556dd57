"""Whole sessions with paper in the printer's mouth and path: taken, forgotten, stuck, spoiled, and after a lost line.

Faults R1 to R9 in the resident's view; `unit/printer/test_faults.py` tries them at every byte of a page.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from firmware.book import records
from firmware.session import scenes as show
from host_sim.adapters.disk import PowerLost, Tail
from host_sim.rig.machine import RigMachine
from host_sim.rig.paper import codes_in
from host_sim.rig.people import Person, serve
from host_sim.rig.truth import Checker
from host_sim.wallet import WalletCard
from tests.sessions.test_sessions import balanced, sorry

Cards = Mapping[str, WalletCard]
Deed = Callable[[RigMachine, show.Scene], None]


def _nothing(machine: RigMachine, scene: show.Scene) -> None:
    """The resident walks away."""


def once(act: Callable[[RigMachine], None]) -> Deed:
    """A deed that calls `act` the first time only."""
    done: list[bool] = []

    def deed(machine: RigMachine, _: show.Scene) -> None:
        if not done:
            done.append(True)
            act(machine)

    return deed


def _is_closed_for(machine: RigMachine, number: str) -> None:
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Closed), 60)
    assert isinstance(machine.loop.scene, show.Closed)
    assert machine.loop.scene.numbers == (number,)


def _is_open(machine: RigMachine) -> None:
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 120)


# --- fault R9: the mouth --------------------------------------------------------------------------------


def test_paper_is_taken(wallet: Cards) -> None:
    machine = RigMachine()
    serve(machine, Person(wallet["hanako"]))
    assert len(machine.records(records.PaperTaken)) == 1
    assert machine.printer.tray == []
    assert balanced(machine).outcome == "issued"


def test_paper_that_is_forgotten_is_called_for_taken_back_and_flagged(wallet: Cards) -> None:
    machine = RigMachine()
    person = serve(machine, Person(wallet["hanako"], deeds={show.TakePaper: _nothing}))
    alarms = [scene.alarm for scene in person.seen if isinstance(scene, show.TakePaper)]
    assert alarms[0] is False
    assert alarms[-1] is True
    (left,) = machine.records(records.PaperLeft)
    assert isinstance(left, records.PaperLeft)
    assert ("paper_left", left.rid) in machine.loop.book.queue
    machine.run_until(lambda: machine.printer.tray == [], 10)
    assert len(machine.printer.retracted) == 2  # the first is the strip that the start cut off
    assert balanced(machine).earned_yen == 300
    serve(machine, Person(wallet["kazuko"]))
    assert len(machine.printer.delivered) == 1


def test_what_cannot_be_taken_back_keeps_the_next_resident_away(wallet: Cards) -> None:
    """The next resident would take the paper for their own."""
    machine = RigMachine()
    _is_open(machine)
    machine.clock.advance(3.0)
    machine.printer.retract = lambda: None  # type: ignore[method-assign]  its motor is stuck
    serve(machine, Person(wallet["hanako"], deeds={show.TakePaper: _nothing}))
    _is_closed_for(machine, "403")
    machine.reader.insert(wallet["kazuko"].chip)
    for _ in range(20):
        machine.loop.turn()
    assert len(machine.records(records.SessionOpened)) == 1
    machine.reader.remove()
    machine.printer.take_paper(machine.clock.monotonic())
    _is_open(machine)
    serve(machine, Person(wallet["kazuko"]))
    assert balanced(machine).outcome == "issued"


def test_paper_in_the_mouth_is_refused_before_money(wallet: Cards) -> None:
    """Somebody pushes a sheet back into the mouth while the next resident is choosing."""
    machine = RigMachine()
    serve(machine, Person(wallet["hanako"]))

    def push_back(machine_: RigMachine) -> None:
        machine_.printer.tray.append(machine_.printer.delivered[0])
        machine_.printer.condition.sheet_in_mouth = True
        machine_.tap("enter", machine_.clock.monotonic() + 1)

    person = serve(machine, Person(wallet["kazuko"], deeds={show.Basket: once(push_back)}))
    assert sorry(person).reason == "paper_not_ready"
    assert not any(isinstance(scene, show.Pay) for scene in person.seen)


# --- faults R1 to R5: the path ---------------------------------------------------------------------------


def test_the_roll_ends_between_two_copies(wallet: Cards) -> None:
    """Fault R1: the resident keeps and pays for the printed copy, and gets the rest of the money back at once."""
    machine = RigMachine()
    cuts = machine.printer.counters.cuts

    def watch(machine_: RigMachine, _: show.Scene) -> None:
        if machine_.printer.counters.cuts == cuts + 1 and not machine_.printer.condition.paper_out:
            machine_.printer.paper_out(machine_.clock.monotonic())

    serve(machine, Person(wallet["hanako"], coins=[500, 100], copies=2, deeds={show.Printing: watch}))
    book = balanced(machine)
    assert (book.outcome, book.earned_yen, book.paid_out_yen) == ("partly_issued", 300, 300)
    assert len(machine.printer.delivered) == 1
    _is_closed_for(machine, "402")
    machine.printer.load_paper(machine.clock.monotonic())
    _is_open(machine)


def test_a_hot_head_is_waited_for(wallet: Cards) -> None:
    """Fault R1: the printer pauses for half a minute and finishes the page."""
    machine = RigMachine()
    serve(machine, Person(wallet["hanako"], deeds={show.Printing: once(lambda m: m.printer.fail("head_hot", 200))}))
    assert balanced(machine).outcome == "issued"
    assert machine.clock.monotonic() > 30


@pytest.mark.parametrize("fault", ["paper_out", "cover_open", "jam"])
def test_a_spoiled_page_is_void_marked_and_never_printed_again(wallet: Cards, fault: str) -> None:
    """Faults R2, R3: the money goes back; the sheet bears the void bar and stays in the machine."""
    machine = RigMachine()
    person = Person(wallet["hanako"], deeds={show.Printing: once(lambda m: m.printer.fail(fault, 2000))})
    serve(machine, person)
    book = balanced(machine)
    assert (book.outcome, book.earned_yen, book.paid_out_yen) == ("not_issued", 0, 300)
    (spoiled,) = machine.records(records.CopySpoiled)
    assert isinstance(spoiled, records.CopySpoiled)
    assert ("void_sheet_in_path", f"{spoiled.rid}.{spoiled.copy}") in machine.loop.book.queue
    machine.mend()
    _is_open(machine)
    machine.clock.advance(5.0)
    (fragment,) = [sheet for sheet in machine.printer.retracted if sheet.mishaps]
    ink = np.flatnonzero(fragment.dots().any(axis=1))
    assert fragment.dots()[ink[-3:]].all()  # the bar's lower edge, and nothing below it
    assert machine.printer.delivered == []
    serve(machine, Person(wallet["kazuko"]))
    assert [sheet.mishaps for sheet in machine.printer.delivered] == [()]


def test_a_cutter_that_sticks_behind_a_whole_page(wallet: Cards) -> None:
    """Fault R4: the page is proved printed and paid for; the machine calls a person and serves nobody until then."""
    machine = RigMachine()
    serve(machine, Person(wallet["hanako"], deeds={show.Printing: once(lambda m: m.printer.fail("cutter", 0))}))
    book = balanced(machine)
    assert (book.outcome, book.earned_yen) == ("issued", 300)
    (printed,) = machine.records(records.CopyPrinted)
    assert isinstance(printed, records.CopyPrinted)
    assert ("paper_stuck", f"{printed.rid}.{printed.copy}") in machine.loop.book.queue
    assert machine.records(records.PaperTaken) == []
    _is_closed_for(machine, "401")
    machine.printer.free(machine.clock.monotonic())
    _is_open(machine)


@pytest.mark.parametrize("tail", [None, Tail.KEPT])
def test_a_page_that_sticks_behind_the_cutter_is_no_void_sheet_after_a_restart(
    wallet: Cards, tail: Tail | None
) -> None:
    """The page was proved and paid for: the next run cuts it off without a void bar, and a person hands it over. Found by the swarm."""
    machine = RigMachine()
    serve(machine, Person(wallet["hanako"], deeds={show.Printing: once(lambda m: m.printer.fail("cutter", 0))}))
    _is_closed_for(machine, "401")
    with pytest.raises(PowerLost):
        machine.die(tail)
    machine.restart()
    machine.mend()
    _is_open(machine)
    machine.run_until(lambda: not machine.memory.book.whole_in_path, 60)
    printer = machine.printer
    papers = [codes_in(sheet.dots()) for sheet in (*printer.tray, *printer.delivered, *printer.retracted)]
    assert [whole for codes in papers for whole in codes.values()] == [True]
    Checker(machine).check()


@pytest.mark.parametrize("back_after_s", [0.5, 4.0, 60.0])
@pytest.mark.parametrize("when", ["first dots", "last dots", "cut"])
def test_the_printers_line_is_lost_in_the_middle_of_a_page(wallet: Cards, back_after_s: float, when: str) -> None:
    """Fault R5: the driver sends nothing again; the printer's counter decides if it can be read in time."""
    machine = RigMachine()
    _is_open(machine)
    (line,) = [stream for stream in machine._streams.values() if stream._model is machine.printer]

    def pull_the_plug(what: str) -> None:
        rows = machine.printer.path.burnt().shape[0]
        if {"first dots": what == "dots", "last dots": rows >= 30, "cut": what == "cut"}[when]:
            machine.printer.on_effect = machine._point
            line.hang_up()
            machine.clock.after(back_after_s, line.plug_in)

    def begin(machine_: RigMachine) -> None:
        machine_.printer.on_effect = pull_the_plug

    serve(machine, Person(wallet["hanako"], deeds={show.Printing: once(begin)}))
    paper = (*machine.printer.tray, *machine.printer.delivered, *machine.printer.retracted)
    whole = sum(sheet.complete for sheet in paper if any(codes_in(sheet.dots()).values()))
    printed = [r for r in machine.records(records.CopyPrinted) if isinstance(r, records.CopyPrinted)]
    if back_after_s < 10:
        assert len(printed) == whole
    else:
        assert len(printed) <= whole
        assert len(printed) + len(machine.loop.book.queue) > 0  # not charged, void, and a case for a person
    machine.mend()
    _is_open(machine)
    serve(machine, Person(wallet["kazuko"]))
    assert machine.records(records.SessionClosed)[-1].earned_yen == 300  # type: ignore[union-attr]
