"""What the cut counter proves: the cuts of the job and not one more; and that a copy's pages are printed once."""

from dataclasses import dataclass

import pytest

from drivers.vocabulary import NotPrinted, Printed, PrintTrouble, PrintUnknown
from firmware.session import effects as fx
from host_sim.adapters.disk import MemoryDisk
from host_sim.models.printer.answers import Counters
from tests.unit.printer.rig import Rig, make_rig
from tests.unit.printer.test_power_cut import Machine


@dataclass
class OwnCount(Counters):
    """A counter that goes on by `a_cut` at each cut: broken, or somebody cuts by hand."""

    a_cut: int = 1

    def __setattr__(self, name: str, value: int) -> None:
        cut = name == "cuts" and value == getattr(self, "cuts", value) + 1
        object.__setattr__(self, name, self.cuts + self.a_cut if cut else value)


@pytest.mark.parametrize("a_cut", [0, 1, 2])
def test_the_odometer_s_printer_must_have_counted_the_jobs_cuts(a_cut: int) -> None:
    rig = make_rig("kpm216h")
    rig.model.counters = OwnCount(a_cut=a_cut)
    outcome = rig.print_one(rig.page())
    assert isinstance(outcome, Printed) if a_cut == 1 else outcome == PrintUnknown(PrintTrouble.SILENT)


@pytest.mark.parametrize("a_cut", [0, 1, 2])
def test_every_cut_is_checked_where_the_page_is_proved_otherwise(a_cut: int) -> None:
    """No cut: the whole page still lies in the path. One too many: it may go through the page."""
    rig = make_rig("a4-203")
    rig.model.counters = OwnCount(a_cut=a_cut)
    outcome = rig.print_one(rig.page())
    assert rig.driver.clean == (a_cut == 1)
    match a_cut:
        case 0:
            assert isinstance(outcome, Printed)
            assert outcome.trouble is PrintTrouble.CUTTER
        case 1:
            assert isinstance(outcome, Printed)
            assert outcome.trouble is None
        case _:
            assert outcome == PrintUnknown(PrintTrouble.CUTTER)


def _in_doubt() -> Rig:
    """A job whose line was lost after the last dot, and works again."""
    whole = make_rig("a4-203")
    start = len(whole.stream.sent)
    assert isinstance(whole.print_one(whole.page()), Printed)
    total = len(whole.stream.sent) - start
    for at in range(total - 60, total):
        rig = make_rig("a4-203")
        rig.stream.gone_after = len(rig.stream.sent) + at + 1
        rig.print_one(rig.page())
        if rig.driver.in_doubt:
            rig.stream.gone_after = None
            rig.line.plug_in()
            return rig
    raise AssertionError("no byte leaves the job in doubt")


@pytest.mark.parametrize("made", [-1, 0, 1, 2, 10])
def test_a_cut_proves_no_page_after_the_line_was_lost(made: int) -> None:
    """No cut: no page was given out. A cut, or a count that began anew: the printer may have cut by itself."""
    rig = _in_doubt()
    assert rig.driver._doubt is not None
    rig.driver._doubt = type(rig.driver._doubt)(rig.driver.counter() - made, 1)  # type: ignore[operator]
    outcome = rig.driver.recount()
    match made:
        case 0:
            assert outcome == NotPrinted(reason=PrintTrouble.LINE_LOST, begun=True)
        case _:
            assert outcome == PrintUnknown(PrintTrouble.LINE_LOST)


def test_a_copys_pages_are_gone_when_they_were_given_to_the_printer() -> None:
    """A second `Print` of the copy has nothing to print, whoever asks for it."""
    machine = Machine(make_rig(), MemoryDisk())
    walk = machine.paid(2)
    machine.print(walk)
    sheets = len(machine.rig.paper())
    assert sheets == 2
    for command in walk.asked(fx.Print):
        with pytest.raises(KeyError):
            machine.desk.handle(command)
    assert len(machine.rig.paper()) == sheets
