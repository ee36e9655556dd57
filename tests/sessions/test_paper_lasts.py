"""Before any money the machine checks that the paper lasts for every page of the order (book rule 5)."""

from collections.abc import Mapping
from typing import Any

import pytest

from firmware.book import records
from firmware.session import scenes as show
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person, serve
from host_sim.wallet import WalletCard
from tests.sessions.test_paper_cases import after_one_cut, idle
from tests.sessions.test_sessions import balanced, sorry

Cards = Mapping[str, WalletCard]
FIVE: Mapping[str, Any] = {"coins": [500, 500, 500], "copies": 5}


def low(machine: RigMachine) -> None:
    """The near-end sensor trips while the machine stands idle."""
    idle(machine)
    machine.printer.paper_low(machine.clock.monotonic())


def test_more_than_surely_lasts_is_refused_before_money(wallet: Cards) -> None:
    machine = RigMachine()
    low(machine)
    person = serve(machine, Person(wallet["hanako"], **FIVE))
    assert sorry(person).reason == "paper_short"
    assert not any(isinstance(scene, show.Pay) for scene in person.seen)
    assert balanced(machine).outcome == "not_issued"
    idle(machine)


def test_one_page_is_tried_while_the_printer_sees_paper(wallet: Cards) -> None:
    machine = RigMachine()
    machine.memory.note(records.PaperSet(sheets=0))
    low(machine)
    serve(machine, Person(wallet["hanako"]))
    assert balanced(machine).outcome == "issued"


def test_one_copy_of_two_pages_is_more_than_one_page(wallet: Cards) -> None:
    machine = RigMachine()
    machine.centre.pages = 2
    low(machine)
    assert sorry(serve(machine, Person(wallet["hanako"]))).reason == "paper_short"


@pytest.mark.parametrize(("sheets", "served"), [(5, False), (6, True)])
def test_the_sheets_measured_behind_the_near_end_sensor_are_used(wallet: Cards, sheets: int, served: bool) -> None:
    """One sheet more than the pages is needed: cutting off a spoiled page uses its paper."""
    machine = RigMachine(sheets_at_near_end=sheets)
    low(machine)
    serve(machine, Person(wallet["hanako"], **FIVE))
    assert balanced(machine).outcome == ("issued" if served else "not_issued")


@pytest.mark.parametrize(("sheets", "served"), [(5, False), (6, True), (0, True)])
def test_a_persons_count_of_sheets_can_only_lower_the_limit(wallet: Cards, sheets: int, served: bool) -> None:
    """A counted number of 0 is ignored while the printer sees paper."""
    machine = RigMachine()
    idle(machine)
    machine.memory.note(records.PaperSet(sheets=sheets))
    person = serve(machine, Person(wallet["hanako"], **FIVE))
    assert any(isinstance(scene, show.Pay) for scene in person.seen) == served
    machine.memory.note(records.PaperSet(sheets=400))
    low(machine)
    assert sorry(serve(machine, Person(wallet["kazuko"], **FIVE))).reason == "paper_short"


def test_a_roll_that_ends_all_the_same_gives_the_rest_back(wallet: Cards) -> None:
    machine = RigMachine(sheets_at_near_end=20)
    low(machine)
    watch = after_one_cut(machine, lambda m: m.printer.paper_out(m.clock.monotonic()))
    last = sorry(serve(machine, Person(wallet["hanako"], deeds={show.Printing: watch}, **FIVE)))
    book = balanced(machine)
    assert (book.outcome, book.earned_yen, book.paid_out_yen) == ("partly_issued", 300, 1200)
    assert last.issued_copies == 1
