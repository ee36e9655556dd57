"""The printer on a real pseudo-terminal, in real time: full pages, the technician's bench, a pulled plug."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from drivers.errors import LineLost
from drivers.printer.printer import PrinterDriver
from drivers.printer.profile import load_profile
from drivers.printer.raster import PrintTicket
from drivers.serial_stream import SerialStream
from drivers.vocabulary import DeviceState, NotPrinted, Printed, PrintTrouble
from host_sim.adapters.pty import PtyLine, serve
from host_sim.models.printer import PrinterModel
from host_sim.models.printers import printer_named
from tests.process.running_clock import RunningClock
from tests.unit.paper.pdf import certificate
from tests.unit.printer.rig import make_page


@pytest.mark.parametrize("name", ["a4-203", "a4-300", "kpm216h", "receipt-80", "tm-t88"])
def test_a_full_page_over_a_pty(name: str, tmp_path: Path) -> None:
    model = printer_named(name, speed_mm_s=3000)
    line = PtyLine(model, tmp_path / "printer")
    with serve([line]):
        profile = load_profile(name)
        clock = RunningClock()
        driver = PrinterDriver(SerialStream(str(tmp_path / "printer"), 115200, clock, device="p"), clock, profile, "p")
        driver.start()
        driver.discard()
        page = make_page(profile)
        outcome = driver.print_pages([page], PrintTicket(page.request_id, 1, (page.raster_sha256,)), 1)
        assert isinstance(outcome, Printed), outcome
        with line.lock:
            assert model.tray[-1].rows() == page.rows
            assert model.complaints == []


def test_the_plug_is_pulled_and_put_back(tmp_path: Path) -> None:
    """Fault R5: the same driver finds the printer again and cleans up before it prints."""
    model = printer_named("a4-203", speed_mm_s=300)
    line = PtyLine(model, tmp_path / "printer")
    profile = load_profile("a4-203")
    with serve([line]):
        clock = RunningClock()
        stream = SerialStream(str(tmp_path / "printer"), 115200, clock, device="p")
        driver = PrinterDriver(stream, clock, profile, "p")
        driver.start()
        driver.discard()
        _pull_when_begun(model, line)
        page = make_page(profile)
        outcome = driver.print_pages([page], PrintTicket(page.request_id, 1, (page.raster_sha256,)), 1)
        assert outcome == NotPrinted(reason=PrintTrouble.LINE_LOST, begun=True)
        assert driver.status().device is DeviceState.NO_DEVICE
        with pytest.raises(LineLost):
            driver.discard()
        line.plug_in()
        driver.start()
        driver.discard()
        again = make_page(profile, copy=2, seed=2)
        outcome = driver.print_pages([again], PrintTicket(again.request_id, 2, (again.raster_sha256,)), 2)
        assert isinstance(outcome, Printed), outcome
        with line.lock:
            assert [sheet.rows() for sheet in model.tray] == [again.rows]
            _, fragment = model.retracted  # the sheet before it is the strip that the first start cut off
            assert 0 < fragment.height_dots < len(page.rows)


def _pull_when_begun(model: PrinterModel, line: PtyLine) -> None:
    """Somebody pulls the plug as soon as the first dots are on the paper."""
    begun = threading.Event()
    model.on_effect = lambda what: begun.set() if what == "dots" else None

    def pull() -> None:
        assert begun.wait(300)
        line.hang_up()

    threading.Thread(target=pull, daemon=True).start()


def _pdf(media_box: bytes, trailer: bytes = b"") -> bytes:
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox" + media_box + b">>endobj\n"
        b"4 0 obj<</Filter/Standard/V 1/R 2/O<" + b"41" * 32 + b">/U<" + b"42" * 32 + b">/P -4>>endobj\n"
        b"trailer<</Root 1 0 R" + trailer + b"/Size 5>>\n%%EOF"
    )


_BAD_FILES = {
    b"": "is not a PDF",
    b"hello": "is not a PDF",
    _pdf(b"[0 0 200 200]", b"/Encrypt 4 0 R/ID[<00><00>]"): "password",
    _pdf(b"[0 0 14000 14000]"): "larger than A3",
}


def test_the_technician_s_bench(tmp_path: Path) -> None:
    """`python -m drivers.printer`: status, test page, a PDF, and its error sentences."""
    model = printer_named("a4-203", speed_mm_s=3000)
    line = PtyLine(model, tmp_path / "printer")
    pdf = tmp_path / "certificate.pdf"
    pdf.write_bytes(certificate())

    def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "drivers.printer", "--port", str(tmp_path / "printer"), *arguments]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=900)

    with serve([line]):
        status = bench("status")
        assert (status.returncode, "device online" in status.stdout) == (0, True), status
        page = bench("test-page")
        assert (page.returncode, "Printed(" in page.stdout) == (0, True), page
        assert bench("print", str(pdf)).returncode == 0
        for bytes_, sentence in _BAD_FILES.items():
            (tmp_path / "bad.pdf").write_bytes(bytes_)
            bad = bench("print", str(tmp_path / "bad.pdf"))
            assert (bad.returncode, sentence in bad.stderr, bad.stderr.count("\n")) == (1, True, 1), bad
        wrong = bench("--profile", "receipt-80", "print", str(pdf))
        assert (wrong.returncode, "Traceback" in wrong.stderr) == (1, False), wrong
        with line.lock:
            # before it prints, a new process cuts off and takes back any paper in the path and the mouth
            strip, first, _ = model.retracted
            assert (first.height_dots, model.tray[-1].height_dots) == (2376, 2376)
            profile = load_profile("a4-203")
            assert strip.height_dots == profile.dots(profile.shortest_cut_mm)
            assert model.complaints == []
            model.paper_out()
        out = bench("status")
        assert (out.returncode, "trouble paper_out" in out.stdout) == (1, True), out
        model.fail("silence", 0)
        silent = bench("status")
        assert (silent.returncode, "does not answer" in silent.stderr) == (1, True), silent
    gone = bench("status")
    assert gone.returncode == 1
    assert "printer:" in gone.stderr
