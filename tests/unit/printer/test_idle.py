"""What may happen to a printer while nobody prints: afterwards nobody knows what lies in its path, and it is cut off first."""

from collections.abc import Callable

import numpy as np
import pytest

from drivers.errors import DeviceError, WrongDevice
from drivers.printer import escpos
from drivers.printer.printer import PrinterDriver
from drivers.printer.profile import Proof, load_profile, profile_names
from drivers.vocabulary import NotPrinted, Printed, PrintTrouble, PrintUnknown
from host_sim.adapters.memory import MemoryStream
from host_sim.adapters.wire import WireKind
from host_sim.clock import VirtualClock
from host_sim.models.printers import printer_named
from tests.unit.printer.rig import USB, Rig, make_rig

PAGES = [name for name in profile_names() if load_profile(name).page_dots]


def _cover(rig: Rig) -> None:
    """Open for 0.2 s, between two polls."""
    rig.model.open_cover(rig.clock.monotonic())
    rig.model.path.burn(np.ones((40, 60), dtype=np.bool_))
    rig.model.path.feed(40)
    rig.clock.after(0.2, lambda: rig.model.close_cover(rig.clock.monotonic()))
    rig.clock.advance(3.0)


def _roll(rig: Rig) -> None:
    rig.model.paper_out(rig.clock.monotonic())
    rig.clock.advance(3.0)
    rig.model.path.feed(60)
    rig.model.load_paper(rig.clock.monotonic())


def _line(rig: Rig) -> None:
    rig.line.hang_up()
    rig.driver.status()
    rig.model.path.feed(60)
    rig.line.plug_in()


def _foreign_bytes(rig: Rig) -> None:
    """A program that looks for modems."""
    rig.model.receive(b"ATZ AT+GCAP\r\n\nAT\r\n", rig.clock.monotonic())
    rig.clock.advance(10.0)


LOSSES: dict[str, Callable[[Rig], None]] = {
    "cover": _cover,
    "roll": _roll,
    "line": _line,
    "foreign bytes": _foreign_bytes,
}


@pytest.mark.parametrize("name", PAGES)
def test_the_path_is_cleared_over_a_slow_line_too(name: str) -> None:
    rig = make_rig(name, tiny=False, wire=WireKind(baud=38400), started=False)
    rig.driver.start()
    assert not rig.driver.clean
    rig.driver.discard()
    assert rig.driver.clean


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("loss", LOSSES)
def test_after_a_loss_while_idle_the_path_is_cleared_before_the_next_page(name: str, loss: str) -> None:
    """Faults R13, R14."""
    rig = make_rig(name)
    assert isinstance(rig.print_one(rig.page()), Printed)
    rig.model.take_paper()
    LOSSES[loss](rig)
    rig.driver.prepare()
    assert not rig.model.path.begun, "what lay in the path is still there"
    rig.clock.advance(3.0)
    rig.model.take_paper(rig.clock.monotonic())
    before = {id(sheet) for sheet in rig.paper()}
    page = rig.page(seed=2)
    assert isinstance(rig.print_one(page, job=8), Printed)
    (sheet,) = [sheet for sheet in rig.paper() if id(sheet) not in before]
    assert sheet.rows().rstrip(b"\0") == page.rows.rstrip(b"\0")


@pytest.mark.parametrize("name", PAGES)
def test_a_path_that_nobody_touched_is_not_cut(name: str) -> None:
    rig = make_rig(name)
    assert isinstance(rig.print_one(rig.page()), Printed)
    cuts = rig.model.counters.cuts
    assert rig.driver.prepare() is False
    assert rig.model.counters.cuts == cuts


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("step", range(1, 10))
def test_a_cover_opened_for_an_instant_in_the_page_is_told(name: str, step: int) -> None:
    """Fault R15."""
    whole = make_rig(name)
    began_s = whole.clock.monotonic()
    assert isinstance(whole.print_one(whole.page()), Printed)
    took_s = whole.clock.monotonic() - began_s
    rig = make_rig(name)
    page = rig.page()
    rig.clock.after(took_s * step / 10, lambda: rig.model.open_cover(rig.clock.monotonic()))
    rig.clock.after(took_s * step / 10 + 0.2, lambda: rig.model.close_cover(rig.clock.monotonic()))
    outcome = rig.print_one(page)
    rig.clock.advance(1.0)
    rig.driver.prepare()
    if isinstance(outcome, Printed):
        whole_ones = [sheet for sheet in rig.paper() if sheet.rows().rstrip(b"\0") == page.rows.rstrip(b"\0")]
        assert [sheet.complete for sheet in whole_ones] == [True]
    else:
        assert outcome.reason is PrintTrouble.COVER_OPEN


@pytest.mark.parametrize("name", PAGES)
def test_a_cover_opened_behind_the_last_dot_is_not_forgotten(name: str) -> None:
    """Fault R15: the page is proved, and afterwards nobody knows what lies in the path."""
    whole = make_rig(name)
    began = whole.model.carried_out
    assert isinstance(whole.print_one(whole.page()), Printed)
    length = whole.model.carried_out - began
    told = 0
    last = len(escpos.begin(whole.profile))  # switches automatic status off and on: between the two nothing is told
    for back in range(last + 1, 40):
        rig = make_rig(name)
        rig.model.fail("cover_open", length - back)
        if isinstance(rig.print_one(rig.page()), Printed):
            told += 1
            rig.clock.advance(0.2)
            rig.model.close_cover(rig.clock.monotonic())
            rig.clock.advance(1.0)
            assert rig.driver.prepare() is True, back
    assert told or rig.profile.proof is not Proof.PROCESS_ID


@pytest.mark.parametrize("quirk", ["cuts_at_power_on", "cuts_at_cover_close"])
@pytest.mark.parametrize("step", range(1, 10))
def test_a_printer_that_cuts_by_itself_proves_no_page(quirk: str, step: int) -> None:
    """Fault R10."""
    rig = make_rig("a4-203", **{quirk: True, "head_to_cutter_mm": 5.0, "draws_back_mm": 5.0})
    length = len(rig.page().rows)
    page = rig.page()
    rig.model.fail("power_cut" if quirk == "cuts_at_power_on" else "cover_open", length * step // 20)

    def mend() -> None:
        rig.model.power_on(rig.clock.monotonic())
        rig.model.close_cover(rig.clock.monotonic())

    rig.clock.after(2.5, mend)
    outcome = rig.print_one(page)
    if isinstance(outcome, Printed):
        assert any(sheet.complete and sheet.rows().startswith(page.rows.rstrip(b"\0")) for sheet in rig.paper())
    else:
        assert isinstance(outcome, NotPrinted | PrintUnknown)
        assert not rig.driver.clean


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("draws_back_mm", [0.0, 9.0])
def test_a_short_draw_back_loses_no_dot(name: str, draws_back_mm: float) -> None:
    """Fault R12: the profile says more than the printer does; the sheet is longer, and all of the page is on it."""
    rig = make_rig(name)
    rig.model.behave(head_to_cutter_mm=24.0 if name == "kpm216h" else 10.0, draws_back_mm=draws_back_mm)
    rig.model.path.head = rig.model.machine.lead_dots
    page = rig.page()
    assert isinstance(rig.print_one(page), Printed)
    (sheet,) = rig.paper()
    assert sheet.complete
    assert page.rows.strip(b"\0") in sheet.rows()


def test_a_void_strip_is_long_enough_to_be_cut_off() -> None:
    rig = make_rig("a4-203", shortest_cut_mm=20.0)
    rig.model.path.burn(np.ones((8, 60), dtype=np.bool_))
    rig.model.path.feed(8)
    rig.model.counters.rows += 8
    assert rig.driver.prepare() is True
    assert not rig.model.path.begun


def test_a_cut_that_was_not_made_is_told_and_no_page_begins() -> None:
    """Fault R11: a printer that cuts off nothing shorter than 200 mm, on a profile that says 30."""
    rig = make_rig("a4-203")
    rig.model.behave(shortest_cut_mm=200.0)
    rig.model.path.burn(np.ones((8, 60), dtype=np.bool_))
    rig.model.counters.rows += 8
    with pytest.raises(DeviceError, match="not cut off"):
        rig.driver.prepare()
    assert rig.driver.status().trouble is PrintTrouble.CUTTER
    assert rig.print_one(rig.page()) == NotPrinted(reason=PrintTrouble.JAM, begun=False)


@pytest.mark.parametrize("name", PAGES)
def test_a_whole_page_that_was_cut_off_unseen_does_not_stop_the_next(name: str) -> None:
    """The power was lost between the cut and its answer. Nothing lies there, and a printer that cuts no thin strips cuts nothing."""
    rig = make_rig(name, shortest_cut_mm=10.0)
    rig.driver.prepare()
    rig.driver.keep_whole_page()
    assert rig.driver.prepare() is True
    assert rig.driver.status().ready
    assert isinstance(rig.print_one(rig.page()), Printed)


def _receipt_printer(name: str) -> tuple[PrinterDriver, Rig]:
    clock, model = VirtualClock(), printer_named(name)
    line = MemoryStream(model, clock, USB)
    profile = load_profile("receipt-80")
    driver = PrinterDriver(line, clock, profile, "receipt_printer")
    return driver, Rig(clock, model, line, line, driver, profile)  # type: ignore[arg-type]


def test_a_receipt_printer_that_does_not_answer_gs_i_is_refused_at_start() -> None:
    driver, _ = _receipt_printer("receipt-no-identity")
    with pytest.raises(WrongDevice, match="the receipt printer does not answer GS I"):
        driver.start()


def test_a_receipt_printer_whose_answers_are_late_is_served() -> None:
    driver, rig = _receipt_printer("receipt-late")
    driver.start()
    page = rig.page()
    from drivers.printer.raster import RasterSlip

    slip = RasterSlip(width_dots=page.width_dots, height_dots=page.height_dots, rows=page.rows)
    assert isinstance(driver.print_slip(slip, 1), Printed)
    assert [sheet.complete for sheet in rig.paper()] == [True]
