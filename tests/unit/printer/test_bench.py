"""The technician's bench without a printer: it draws the page of a captured stream."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drivers.printer.__main__ import main
from drivers.printer.profile import profile_names
from drivers.printer.reader import UnreadableStream, read_sheets
from drivers.vocabulary import Printed
from tests.unit.printer.rig import make_rig


@pytest.mark.parametrize("name", profile_names())
def test_a_captured_job_is_drawn_to_the_dot(name: str, tmp_path: Path) -> None:
    rig = make_rig(name, tiny=False)
    sent = len(rig.stream.sent)
    page = rig.page()
    assert isinstance(rig.print_one(page), Printed)
    captured = tmp_path / "printer.bin"
    captured.write_bytes(rig.stream.sent[sent:])
    assert main(["--profile", name, "dump", str(captured), "--png", str(tmp_path / "page.png")]) == 0
    drawn = ~np.asarray(Image.open(tmp_path / "page.png"))
    skipped = rig.profile.lead_dots
    packed = np.packbits(drawn[: page.height_dots - skipped], axis=1).tobytes()
    assert packed == page.rows[skipped * rig.profile.row_bytes :]
    assert not drawn[page.height_dots - skipped :].any()  # fed to the cutter


@pytest.mark.parametrize("cut", [3, 30, 300])
def test_a_stream_cut_short_says_where(cut: int) -> None:
    rig = make_rig()
    sent = len(rig.stream.sent)
    rig.print_one(rig.page())
    stream = bytes(rig.stream.sent[sent:])
    image = stream.index(b"\x1dv0")
    with pytest.raises(UnreadableStream, match=f"at byte {image} is cut short"):
        read_sheets(stream[: image + cut], rig.profile)


def test_what_this_driver_never_sends_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "odd.bin").write_bytes(b"\x1b@hello")
    assert main(["dump", str(tmp_path / "odd.bin"), "--png", str(tmp_path / "odd.png")]) == 1
    assert "unknown command 68 65 at byte 2" in capsys.readouterr().err


def test_the_bench_needs_a_port_and_a_profile_that_exists(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 2
    assert main(["--profile", "laser", "status"]) == 1
    assert "there is no printer profile 'laser'" in capsys.readouterr().err
