"""The printer: PDF to bytes and page to bytes beside other tools in the same run, throughput, memory, faults."""

import contextlib
import io
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
from PIL import Image

from drivers.printer.escpos import bands
from drivers.printer.profile import Profile, load_profile
from drivers.printer.raster import RasterPage, pack, raster_sha256
from drivers.vocabulary import Printed
from firmware.paper.pages import render
from firmware.paper.slips import claim_slip, receipt_for
from host_sim.adapters.wire import WireKind
from host_sim.centre import forms, sample
from tests.unit.paper.pdf import certificate
from tests.unit.paper.test_slips import CLAIM, RECEIPT
from tests.unit.printer.rig import make_rig

ROUNDS = 9


def _median_ms(act: Callable[[], object], rounds: int = ROUNDS) -> float:
    act()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def _render(pdf: bytes, profile: Profile) -> RasterPage:
    page, *_ = render(pdf, request_id="bench", copy=1, document_sha256="0" * 64, profile=profile)
    return page


def _to_bytes(page: RasterPage, profile: Profile) -> bytes:
    return b"".join(band.data for band in bands(page.rows, page.width_dots, profile))


def rows() -> list[tuple[str, str, str]]:
    pdf = certificate()
    return [*_speed(pdf), *_others(pdf), *_beside_pdftoppm(), *_slips(), *_throughput(), *_memory(), *_faults()]


def _grey(pdf: bytes, profile: Profile) -> np.ndarray:
    page = _render(pdf, profile)
    packed = np.frombuffer(page.rows, np.uint8).reshape(page.height_dots, -1)
    return ((1 - np.unpackbits(packed, axis=1)[:, : page.width_dots]) * 255).astype(np.uint8)


def _speed(pdf: bytes) -> list[tuple[str, str, str]]:
    found = []
    for name, target in (("a4-203", "<= 25 ms"), ("a4-300", "")):
        profile = load_profile(name)
        whole = _median_ms(lambda profile=profile: _to_bytes(_render(pdf, profile), profile))
        found.append((f"A4 PDF to ESC/POS bytes, {name}", f"{whole:.1f} ms", target))
    profile = load_profile("a4-203")
    grey = _grey(pdf, profile)

    def ours() -> bytes:
        rows = pack(grey)
        return b"".join(band.data for band in bands(rows, profile.width_dots, profile))

    own = _median_ms(ours)
    from escpos.printer import Dummy  # takes half a second and is needed only for comparison

    image = Image.fromarray(grey)

    def theirs() -> bytes:
        printer = Dummy()
        with contextlib.redirect_stdout(io.StringIO()):  # it prints a line for every image
            printer.image(image, impl="bitImageRaster")
        return printer.output

    other = _median_ms(theirs)
    found += [
        ("A4 grey page to ESC/POS bytes, a4-203", f"{own:.1f} ms", "<= 5 ms"),
        ("the same by python-escpos image()", f"{other:.1f} ms", ""),
        ("python-escpos / ours", f"{other / own:.0f} x", ">= 15 x"),
    ]
    return found


def _others(pdf: bytes) -> list[tuple[str, str, str]]:
    """Other renderers, process start included; they stop at the bitmap."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "page.pdf"
        source.write_bytes(pdf)
        out = str(Path(folder) / "page")
        commands = {
            "pdftoppm -mono": ["pdftoppm", "-r", "203.2", "-mono", "-singlefile", str(source), out],
            "ghostscript pbmraw": [
                *("gs", "-q", "-dBATCH", "-dNOPAUSE", "-dSAFER", "-r203.2", "-sDEVICE=pbmraw"),
                *(f"-sOutputFile={out}.pbm", str(source)),
            ],
        }
        return [
            (
                f"PDF to bitmap by {name}",
                f"{_median_ms(lambda c=command: subprocess.run(c, check=True)):.1f} ms"
                if shutil.which(command[0])
                else "not installed",
                "",
            )
            for name, command in commands.items()
        ]


def _beside_pdftoppm() -> list[tuple[str, str, str]]:
    """Ours to the printer's bytes beside pdftoppm to its bitmap, of the test page and of a paper that the centre made.

    The target is the test page's. A paper of the centre takes both programs longer, pdftoppm more so; its row has no target.
    """
    if not shutil.which("pdftoppm"):
        return []
    papers = (("test page", certificate(), "<= 0.72 x"), ("印鑑登録証明書", _of_the_centre(), ""))
    return [
        (f"{name} to ESC/POS bytes / pdftoppm -mono, processor time, a4-203", f"{_share(pdf):.2f} x", target)
        for name, pdf, target in papers
    ]


def _of_the_centre() -> bytes:
    register = sample.residents()
    who = register.by_key("hanako")
    facts = forms.IssueFacts(
        issue_number="20261124 宮崎市 K01 000001",
        issued_on=date(2026, 11, 24),
        request_id="0" * 32,
        card_fingerprint="0" * 64,
    )
    return forms.typeset("inkan", who, register.members(register.household_of(who)), {}, facts, register)


def _share(pdf: bytes) -> float:
    """In turns, so that other programs slow both; the start of pdftoppm included."""
    profile = load_profile("a4-203")
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "page.pdf"
        source.write_bytes(pdf)
        command = ["pdftoppm", "-r", "203.2", "-mono", "-singlefile", str(source), str(Path(folder) / "page")]
        for _ in range(ROUNDS + 1):
            began = time.process_time(), _children_s()
            _to_bytes(_render(pdf, profile), profile)
            subprocess.run(command, check=True)
            ours.append(time.process_time() - began[0])
            theirs.append(_children_s() - began[1])
    return statistics.median(ours[1:]) / statistics.median(theirs[1:])


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _slips() -> list[tuple[str, str, str]]:
    """Time from a receipt's facts to the bytes sent: as a picture, and in the printer's own characters."""
    found = []
    for name, how in (("receipt-80", "drawn"), ("tm-t88", "in letters")):
        profile = load_profile(name)
        took = _median_ms(lambda profile=profile: receipt_for(RECEIPT, profile))
        found.append((f"receipt, {how}, {name}", f"{took:.1f} ms", ""))
    took = _median_ms(lambda: claim_slip(CLAIM, load_profile("receipt-80").width_dots))
    return [*found, ("claim slip with its QR code, receipt-80", f"{took:.1f} ms", "")]


def _throughput() -> list[tuple[str, str, str]]:
    """Own time of the driver, the simulated printer beneath it included; then a 300 mm/s head, which must never wait for bytes."""
    wire = WireKind(baud=None, slice_bytes=65536, send_buffer=1 << 20)
    rig = make_rig("a4-203", tiny=False, wire=wire, speed_mm_s=300)
    random = np.random.default_rng(3)
    grey = random.integers(0, 2, (2376, 1664), dtype=np.uint8) * 255
    packed = pack(grey)
    page = rig.page()
    page = replace(page, rows=packed, raster_sha256=raster_sha256(1664, 2376, packed))
    began_s, before = rig.clock.monotonic(), len(rig.stream.sent)
    began = time.perf_counter()
    outcome = rig.print_one(page)
    own_s = time.perf_counter() - began
    assert isinstance(outcome, Printed)
    sent = len(rig.stream.sent) - before
    took_s = rig.clock.monotonic() - began_s
    paper_s = 2376 / 203.2 * 25.4 / 300 + 0.3  # the time of head and cutter
    return [
        ("bytes through driver and simulated printer", f"{sent / own_s / 1e6:.1f} MB/s", ">= 0.5 MB/s"),
        ("a page of noise at 300 mm/s, beside the head's own time", f"{took_s / paper_s:.3f} x", "<= 1.05 x"),
    ]


_MEASURE = """
import re, sys
from pathlib import Path
from drivers.printer.escpos import bands
from drivers.printer.profile import load_profile
from firmware.paper.pages import render
def kilobytes(name):
    return int(re.search(name + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
def one():
    pages = render(pdf, request_id="b", copy=1, document_sha256="0", profile=profile)
    for band in bands(pages[0].rows, profile.width_dots, profile):
        pass
profile = load_profile("a4-203")
pdf = Path(sys.argv[1]).read_bytes()
Path("/proc/self/clear_refs").write_text("5")  # the high-water mark begins here
before = kilobytes("VmRSS")
one()
print(kilobytes("VmHWM") - before)
"""


def _memory() -> list[tuple[str, str, str]]:
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(certificate())
        file.flush()
        done = subprocess.run([sys.executable, "-c", _MEASURE, file.name], check=True, capture_output=True, text=True)
    return [("peak memory of one page, a4-203", f"{int(done.stdout) / 1024:.1f} MB", "<= 25 MB")]


def _faults() -> list[tuple[str, str, str]]:
    """Thousands of jobs with two faults at once: the driver's outcome against the paper."""
    from tests.unit.printer.two_faults import play

    began = time.perf_counter()
    sessions = 3000
    counts = play(range(sessions))
    words = ", ".join(f"{name} {number}" for name, number in sorted(counts.items()))
    return [
        (f"{sessions} jobs with one or two faults, in", f"{time.perf_counter() - began:.0f} s", ""),
        (f"false words among them ({words})", "0", "0"),
    ]
