"""Sessions with each printer of pages in the zoo: a page proved in its own way, a power cut and an opened cover in its middle."""

from collections.abc import Callable, Mapping

import pytest

from firmware.book import records
from firmware.session import scenes as show
from host_sim.models.zoo import Device, Kind, load_all
from host_sim.rig.machine import RigMachine
from host_sim.rig.paper import codes_in
from host_sim.rig.people import Person, serve
from host_sim.rig.truth import Checker
from host_sim.wallet import WalletCard
from tests.sessions.test_sessions import balanced, closed

Cards = Mapping[str, WalletCard]
Trouble = Callable[[RigMachine], None]
PRINTERS = [device for device in load_all().values() if device.kind is Kind.PRINTER and device.refused is None]
every_printer = pytest.mark.parametrize("device", PRINTERS, ids=lambda device: device.name)


def in_the_page(trouble: Trouble, happened: list[str]):  # type: ignore[no-untyped-def]
    """A deed: `trouble`, once, when the first dots are on the paper."""

    def begin(machine: RigMachine, _: show.Scene) -> None:
        def look(what: str) -> None:
            machine._point(what)
            if what == "dots":
                machine.printer.on_effect = machine._point
                happened.append(what)
                machine.clock.after(0.0, lambda: trouble(machine))

        machine.printer.on_effect = look

    return {show.Printing: begin}


def power_cut(machine: RigMachine) -> None:
    """Of the printer alone, for half a second."""
    machine.printer.power_off(machine.clock.monotonic())
    machine.clock.after(0.5, lambda: machine.printer.power_on(machine.clock.monotonic()))


def cover(machine: RigMachine) -> None:
    """Open for 0.2 s."""
    machine.printer.open_cover(machine.clock.monotonic())
    machine.clock.after(0.2, lambda: machine.printer.close_cover(machine.clock.monotonic()))


def whole_sheets(machine: RigMachine) -> int:
    """Whole certificates without a void bar that a person can take."""
    sheets = (*machine.printer.delivered, *machine.printer.tray)
    return sum(whole for sheet in sheets for whole in codes_in(sheet.dots()).values())


@every_printer
def test_a_page_is_issued(device: Device, wallet: Cards) -> None:
    machine = RigMachine(zoo=[device])
    serve(machine, Person(wallet["hanako"]))
    assert (balanced(machine).outcome, balanced(machine).earned_yen) == ("issued", 300)
    assert whole_sheets(machine) == 1
    Checker(machine).check()


@every_printer
@pytest.mark.parametrize("trouble", [power_cut, cover], ids=["power cut", "cover"])
def test_a_page_with_trouble_in_its_middle_is_not_charged(device: Device, trouble: Trouble, wallet: Cards) -> None:
    """Faults R10, R15: not charged, void or a case for a person; the next resident gets a whole sheet."""
    machine = RigMachine(zoo=[device])
    happened: list[str] = []
    serve(machine, Person(wallet["hanako"], deeds=in_the_page(trouble, happened)))
    book = closed(machine)
    assert happened
    assert (book.outcome, book.earned_yen, book.paid_out_yen) == ("not_issued", 0, 300)
    assert machine.records(records.CopyPrinted) == []
    assert len(machine.records(records.CopySpoiled)) + len(machine.records(records.CopyUncertain)) == 1
    assert whole_sheets(machine) == 0
    machine.mend()
    serve(machine, Person(wallet["kazuko"]))
    assert (closed(machine).outcome, whole_sheets(machine)) == ("issued", 1)
    Checker(machine).check()
