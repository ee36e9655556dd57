"""The fee and the paper, through a power cut anywhere between counting the paper and the record of the copy.

The real session, desk, driver, journal and recovery on the simulated printer, whose path holds what an earlier page
left there. The machine stops at a byte, at an instant or at a step of the disk; the printer loses its power too, or
prints the bytes that it has. Afterwards the test compares the journal with the paper.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from drivers.printer.printer import PrinterDriver
from drivers.printer.raster import RasterPage
from drivers.vocabulary import AcceptorCounters, Printed
from firmware.book import records
from firmware.book.recovery import recover
from firmware.desks import SheetCut
from firmware.desks.paper import PaperDesk
from firmware.journal.journal import Journal
from firmware.journal.memory import Memory
from firmware.paper.vault import Vault
from firmware.service.start import Witnesses
from firmware.session import effects as fx
from firmware.session.events import Fetched, PagesReady, PaperReadiness, SlotClosed
from firmware.session.states import State
from host_sim.adapters.disk import MemoryDisk, Tail
from tests.unit.printer.rig import Rig, make_page, make_rig, power_back_after
from tests.unit.session import test_walks as walks

A4 = ("a4-203", "a4-300", "kpm216h", "receipt-80")
STEPS = 9  # of each kind of instant along one run
NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


class PowerCut(Exception):
    """The machine stops here. Not a DeviceError, so that no driver or desk catches it."""


@dataclass
class Machine:
    """The parts of a machine that print: desk, vault, journal, and one printer."""

    rig: Rig
    disk: MemoryDisk
    pages: dict[int, Sequence[RasterPage]] = field(default_factory=dict)
    sheets: int = 1  # pages of a copy

    def __post_init__(self) -> None:
        journal = Journal.open(
            self.disk, wall=lambda: NOON, mono=self.rig.clock.monotonic, segment_bytes=1 << 18
        )  # small, because each of these machines reads its segment several times
        self.memory = Memory(journal)
        self.vault = Vault()
        slips = make_rig("receipt-80").driver
        self.desk = PaperDesk(self.rig.driver, slips, self.vault, self._render, lambda _: (), lambda _: b"slip\n")

    def _render(self, document: bytes, sha256: str, request_id: str, copy: int) -> Sequence[RasterPage]:
        pages = [
            replace(
                make_page(self.rig.profile, copy=copy, number=number, of=self.sheets, seed=10 * copy + number),
                request_id=request_id,
                document_sha256=sha256,
            )
            for number in range(1, self.sheets + 1)
        ]
        self.pages[copy] = pages
        return pages

    def paid(self, copies: int) -> "walks.Walk":
        """A session whose fee is in and whose slot is closed: the next effect is CountPaper."""
        walk = walks.authenticated().feed(walks.CardRemoved()).keys(walks.Key.D2)
        walk.keys(walks.Key(str(copies)), walks.Key.ENTER, walks.Key.ENTER)
        reserved = walks.reserved(walk)
        documents = {copy.copy: f"document {copy.copy}".encode() for copy in reserved.copies}
        reserved = replace(
            reserved,
            copies=tuple(
                replace(c, pages=self.sheets, document_sha256=hashlib.sha256(documents[c.copy]).hexdigest())
                for c in reserved.copies
            ),
        )
        for copy in reserved.copies:
            self.vault.put(reserved.request_id, copy, documents[copy.copy])
        (ready,) = self.desk.handle(fx.Rasterise(reserved))
        assert isinstance(ready, PagesReady)
        walk.feed(reserved, Fetched(), ready, PaperReadiness(certificate=walks.READY, receipt=walks.READY))
        walk.feed(walks.CoinReadiness(hoppers=walks.ALL_OK, acceptor=AcceptorCounters(5, None)))
        walk = walks.pay(walk, *([100] * 3 * copies))
        for effect in walk.effects:
            if isinstance(effect, fx.Write):
                self.memory.note(effect.record)
        return walk

    def print(self, walk: "walks.Walk") -> None:
        """Carry out the session's effects in order until printing is over."""
        at = len(walk.effects)
        walk.feed(SlotClosed(AcceptorCounters(9, None)))
        while at < len(walk.effects):
            effect = walk.effects[at]
            at += 1
            match effect:
                case fx.Write(record=record):
                    self.memory.note(record)
                case fx.CountPaper() | fx.Print() | fx.CutRemains():
                    for answer in self.desk.handle(effect):
                        if not isinstance(answer, SheetCut):  # the loop takes this answer, not the session
                            walk.feed(answer)  # type: ignore[arg-type]
        assert walk.state not in {State.PREPARING_PAPER, State.PRINTING}


class Asked(Witnesses):
    """The machine's witnesses, of which only the printer answers."""

    def __init__(self, printer: PrinterDriver) -> None:
        self._printer = printer

    def status(self, rid: str) -> None:
        return None

    def late_coins(self) -> tuple[()]:
        return ()

    def acceptor_counters(self) -> None:
        return None


def _soiled_by_an_earlier_run(name: str) -> Rig:
    """A printer whose path holds the rest of a page at which the host died."""
    rig = make_rig(name, started=False)
    rig.model.path.burn(np.ones((40, 60), dtype=np.bool_))
    rig.model.path.feed(40)
    rig.driver.start()
    return rig


def _soiled_in_this_run(name: str) -> Rig:
    rig = make_rig(name)
    rig.model.fail("cover_open", 1500)
    assert not isinstance(rig.print_one(rig.page(seed=99)), Printed)
    rig.mend()
    assert not rig.driver.clean
    return rig


def _spoiled_by_itself(name: str) -> Rig:
    """The printer goes dark for a moment in the middle of the last page."""
    rig = make_rig(name)
    start = rig.model.received
    assert isinstance(rig.print_one(rig.page()), Printed)
    length = rig.model.received - start
    rig = make_rig(name)
    rig.model.fail("power_cut", length + length // 2)
    power_back_after(rig, 0.5)
    return rig


PATHS: dict[str, Callable[[str], Rig]] = {
    "clean": make_rig,
    "an earlier run": _soiled_by_an_earlier_run,
    "this run": _soiled_in_this_run,
    "this copy": _spoiled_by_itself,
}


def _machine(name: str, path: str, sheets: int) -> Machine:
    return Machine(PATHS[path](name), MemoryDisk(), sheets=sheets)


def _stops(name: str, path: str, sheets: int, copies: int) -> Iterator[Callable[[Machine], None]]:
    """Functions that stop a run at a byte, at an instant, or at a step of the disk."""
    machine = _machine(name, path, sheets)
    walk = machine.paid(copies)
    sent, began_s = len(machine.rig.stream.sent), machine.rig.clock.monotonic()
    touches: list[tuple[str, str]] = []
    machine.disk.on_step = lambda *touch: touches.append(touch)
    machine.print(walk)
    assert walk.printed() == (0 if path == "this copy" else copies)
    total, took_s = len(machine.rig.stream.sent) - sent, machine.rig.clock.monotonic() - began_s
    early = {1, 8, 20, 60, 150, 400}
    for at in sorted({total * step // STEPS for step in range(STEPS)} | early | {total - 1, total - 25}):
        yield lambda m, at=at: m.rig.stream.cut_at(at, PowerCut)  # type: ignore[misc]
    for step in range(1, 2 * STEPS):
        yield lambda m, after_s=took_s * step / STEPS / 2: m.rig.clock.after(after_s, _stop)  # type: ignore[misc]
    for number in range(len(touches)):
        yield lambda m, number=number: setattr(m.disk, "on_step", _stop_at(number))  # type: ignore[misc]


def _stop() -> None:
    raise PowerCut


def _stop_at(number: int) -> Callable[[str, str], None]:
    left = [number]

    def touched(_operation: str, _when: str) -> None:
        if left[0] == 0:
            raise PowerCut
        left[0] -= 1

    return touched


def _restarted(machine: Machine, *, printer_too: bool) -> Machine:
    """Power comes back: a new process on the same disk and the same printer."""
    rig = machine.rig
    rig.line.cut()
    rig.model.no_more_faults()
    rig.model.power_on(rig.clock.monotonic())
    if printer_too:
        rig.model.power_off(rig.clock.monotonic())
        rig.model.power_on(rig.clock.monotonic())
    now_s = rig.clock.monotonic() + 5.0
    machine.disk.on_step = lambda _operation, _when: None
    machine.disk.cut(Tail.KEPT)
    machine.disk.power_on()
    fresh = make_rig(rig.profile.name, started=False, model=rig.model, now_s=now_s)
    return Machine(fresh, machine.disk, machine.pages, machine.sheets)


def _outcomes(machine: Machine) -> dict[int, Any]:
    kinds = records.CopyPrinted | records.CopySpoiled | records.CopyUncertain
    found = [stored.record for stored in machine.memory.journal.records()]
    return {record.copy: record for record in found if isinstance(record, kinds)}


def _cuts_since_intent(machine: Machine, copy: int) -> int:
    found = [stored.record for stored in machine.memory.journal.records()]
    (intent,) = [r for r in found if isinstance(r, records.PrintIntent) and r.copy == copy]
    assert intent.printer_counter is not None
    return machine.rig.model.counters.cuts - intent.printer_counter


def _copies_on_paper(machine: Machine) -> dict[int, int]:
    """Complete sheets of each copy that were cut."""
    rows = [sheet.rows().rstrip(b"\0") for sheet in machine.rig.paper() if sheet.complete]
    return {copy: sum(page.rows.rstrip(b"\0") in rows for page in pages) for copy, pages in machine.pages.items()}


@pytest.mark.parametrize("name", A4)
@pytest.mark.parametrize(
    ("path", "sheets", "copies"),
    [
        ("clean", 2, 1),
        ("an earlier run", 1, 1),
        ("an earlier run", 2, 1),
        ("this run", 1, 2),
        ("this run", 2, 1),
        ("this copy", 2, 1),
    ],
)
def test_a_fee_is_earned_by_a_whole_copy_and_by_nothing_else(name: str, path: str, sheets: int, copies: int) -> None:
    for stop in _stops(name, path, sheets, copies):
        for printer_too in (True, False):
            machine = _machine(name, path, sheets)
            walk = machine.paid(copies)
            stop(machine)
            try:
                machine.print(walk)
            except PowerCut:
                pass
            else:
                continue  # the stop would have come after the end
            machine = _restarted(machine, printer_too=printer_too)
            told = set(_outcomes(machine))
            recover(machine.memory.book, Asked(machine.rig.driver), machine.memory.note)
            outcomes, on_paper = _outcomes(machine), _copies_on_paper(machine)
            for copy, outcome in outcomes.items():
                if isinstance(outcome, records.CopyPrinted):
                    assert on_paper[copy] == sheets, (outcome, on_paper)
                elif isinstance(outcome, records.CopySpoiled):
                    finished = copy in told and not machine.rig.profile.clears_memory  # the page that it still held
                    assert on_paper[copy] < sheets or finished, (outcome, on_paper)
                elif copy not in told and machine.rig.profile.counter != "none":
                    assert _cuts_since_intent(machine, copy) >= sheets, (outcome, on_paper)
            _goes_on(machine)


def _goes_on(machine: Machine) -> None:
    """The next page is on a sheet of its own, and every incomplete page of the last copy bears the void bar."""
    rig = machine.rig
    machine.desk.start()
    machine.desk.handle(fx.CountPaper())
    assert not rig.model.path.begun
    for sheet in rig.paper():
        whole = sheet.rows().rstrip(b"\0") in [p.rows.rstrip(b"\0") for pages in machine.pages.values() for p in pages]
        forgets = rig.profile.clears_memory  # a printer without this may print on, and cut, when its cover is closed
        assert whole or sheet.blank or not forgets or _is_void(sheet.rows(), sheet.width_dots), (
            "an incomplete page without the void bar"
        )
    before = {id(sheet) for sheet in rig.paper()}
    page = make_page(rig.profile, seed=77)
    assert isinstance(rig.print_one(page, job=8), Printed)
    assert [sheet.rows() for sheet in rig.paper() if id(sheet) not in before] == [page.rows]


def _is_void(rows: bytes, width_dots: int) -> bool:
    return b"\xff" * (width_dots // 8) in rows  # the bar's black edge
