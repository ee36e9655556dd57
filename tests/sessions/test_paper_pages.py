"""Copies of several pages: what happens to the first pages when a later one fails (crash point 16)."""

from collections.abc import Callable, Mapping, Sequence

import pytest

from drivers.printer.raster import RasterPage
from firmware.book import records
from firmware.paper.trouble import PageTrouble
from firmware.session import scenes as show
from host_sim.rig.machine import RigMachine
from host_sim.rig.paper import codes_in, draw_pages
from host_sim.rig.people import Person, serve
from host_sim.rig.truth import Checker
from host_sim.wallet import WalletCard
from tests.sessions.test_paper_cases import idle
from tests.sessions.test_sessions import balanced, sorry

Cards = Mapping[str, WalletCard]


def on_page_two(act: Callable[[RigMachine], None], copy: int = 1):  # type: ignore[no-untyped-def]
    """A deed that calls `act` while the head prints the second page of that copy."""

    def begin(machine: RigMachine, scene: show.Scene) -> None:
        assert isinstance(scene, show.Printing)
        cuts = machine.printer.counters.cuts
        if scene.copy != copy or begun:
            return
        begun.append(True)

        def look(what: str) -> None:
            machine._point(what)
            if what == "dots" and machine.printer.counters.cuts == cuts + 1:
                machine.printer.on_effect = machine._point
                act(machine)

        machine.printer.on_effect = look

    begun: list[bool] = []
    return {show.Printing: begin}


def fail(fault: str) -> Callable[[RigMachine], None]:
    return lambda machine: machine.printer.fail(fault, 40)


def pull_out_and_in(machine: RigMachine) -> None:
    line = machine.stream_of("printer")
    line.hang_up()
    machine.clock.after(0.3, line.plug_in)


def two_pages(**world: str) -> RigMachine:
    machine = RigMachine(**world)  # type: ignore[arg-type]
    machine.centre.pages = 2
    idle(machine)
    return machine


def test_both_pages_are_handed_over(wallet: Cards) -> None:
    machine = two_pages()
    serve(machine, Person(wallet["hanako"]))
    assert balanced(machine).outcome == "issued"
    assert [sheet.mishaps for sheet in machine.printer.delivered] == [(), ()]
    Checker(machine).check()


def test_the_first_page_of_a_void_copy_is_taken_back_with_the_rest(wallet: Cards) -> None:
    """The printer works again at once, so nothing is left in the mouth for this resident or the next."""
    machine = two_pages()
    seen: list[tuple[show.Scene, int]] = []
    person = Person(wallet["hanako"], deeds=on_page_two(pull_out_and_in))
    person.on_scene = lambda scene: seen.append((scene, len(machine.printer.tray)))
    serve(machine, person)
    assert next(in_mouth for scene, in_mouth in seen if isinstance(scene, show.Sorry)) == 0
    assert machine.printer.delivered == []
    assert sum(bool(codes_in(sheet.dots())) for sheet in machine.printer.retracted) == 2
    assert sorry(person).void_paper
    assert balanced(machine).paid_out_yen == 300
    Checker(machine).check()
    idle(machine)
    serve(machine, Person(wallet["kazuko"]))
    assert len(machine.printer.delivered) == 2


@pytest.mark.parametrize(("fault", "number"), [("paper_out", "402"), ("cover_open", "401"), ("jam", "401")])
def test_pages_that_cannot_be_taken_back_close_the_machine_and_are_flagged(
    wallet: Cards, fault: str, number: str
) -> None:
    machine = two_pages()
    person = serve(machine, Person(wallet["hanako"], deeds=on_page_two(fail(fault))))
    assert sorry(person).void_paper
    (spoiled,) = machine.records(records.CopySpoiled)
    assert isinstance(spoiled, records.CopySpoiled)
    assert ("void_sheet_in_path", f"{spoiled.rid}.1") in machine.loop.book.queue
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Closed), 60)
    assert number in machine.loop.scene.numbers  # type: ignore[union-attr]
    assert [sheet.complete for sheet in machine.printer.tray] == [True]
    machine.printer.free(machine.clock.monotonic())
    machine.printer.close_cover(machine.clock.monotonic())
    machine.printer.load_paper(machine.clock.monotonic())
    idle(machine)
    assert machine.printer.tray == machine.printer.delivered == []
    assert balanced(machine).paid_out_yen == 300
    Checker(machine).check()


def test_a_paid_copy_stays_in_the_mouth_when_the_next_one_is_spoiled(wallet: Cards) -> None:
    machine = two_pages()
    person = Person(wallet["hanako"], coins=[500, 100], copies=2, deeds=on_page_two(pull_out_and_in, copy=2))
    serve(machine, person)
    book = balanced(machine)
    assert (book.outcome, book.earned_yen, book.paid_out_yen) == ("partly_issued", 300, 300)
    assert sum(sheet.complete for sheet in machine.printer.delivered) >= 2
    assert sorry(person).void_paper
    assert sorry(person).issued_copies == 1
    Checker(machine).check()


def test_a_printer_that_takes_nothing_back_calls_a_person_and_tells_the_resident(wallet: Cards) -> None:
    machine = two_pages(certificate_printer="a4-300")
    person = serve(machine, Person(wallet["hanako"], deeds=on_page_two(fail("jam"))))
    assert sorry(person).void_paper
    (spoiled,) = machine.records(records.CopySpoiled)
    assert isinstance(spoiled, records.CopySpoiled)
    assert ("void_sheet_in_path", f"{spoiled.rid}.1") in machine.loop.book.queue


def test_a_paper_that_the_printer_cannot_draw_goes_to_the_counter_and_the_machine_goes_on(
    wallet: Cards, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen once: ink beyond the head's reach, from one resident's long reading, stopped the whole machine."""
    unlucky: list[str] = []

    def draw(document: bytes, document_sha256: str, request_id: str, copy: int) -> Sequence[RasterPage]:
        if not unlucky or unlucky[0] == request_id:
            unlucky.append(request_id)
            raise PageTrouble("a page of 1680 x 2376 dots has ink beyond 1664 x 2376")
        return draw_pages(document, document_sha256, request_id, copy)

    monkeypatch.setattr("host_sim.rig.parts.draw_pages", draw)
    machine = RigMachine()
    person = serve(machine, Person(wallet["hanako"]))
    assert sorry(person).reason == "ask_at_counter"
    assert not any(isinstance(scene, show.Pay) for scene in person.seen)
    assert balanced(machine).inserted_yen == 0
    assert machine.loop.book.line_stopped is None
    serve(machine, Person(wallet["hanako"]))
    assert balanced(machine).outcome == "issued"
    Checker(machine).check()
