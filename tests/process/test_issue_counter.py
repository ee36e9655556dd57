"""A counter terminal through real parts, without the front panel: `issue` in a world of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from host_sim.journal_tail import JournalTail
from tests.card_keys import with_keys

pytestmark = pytest.mark.pcsc

HOUSE = Path(__file__).resolve().parents[2]
MORNING = "2026-11-24T10:00"  # a Tuesday


def issue(out: Path, *words: str) -> dict[str, Any]:
    """Serve one resident; returns the summary."""
    written = (HOUSE / "hardware" / "units" / "dev-counter.toml").read_text(encoding="utf-8")
    unit = out.parent / f"{out.name}.toml"
    # A computer that is busy with other tests draws the first paper slowly.
    unit.write_text(written.replace("[centre]\n", "[centre]\ndeadline_s = 60.0\n"), encoding="utf-8")
    command = [sys.executable, "-m", "host_sim", "issue", "--card", "hanako", "--unit", str(unit), *words]
    command += ["--directory", str(with_keys(out.parent / f"{out.name}-run"))]
    command += ["--out", str(out), "--at", MORNING, "--wait", "900", "--time-limit", "900"]
    done = subprocess.run(command, check=False, cwd=HOUSE, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    summary: dict[str, Any] = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    return summary


def test_a_counter_terminal_issues_without_a_coin_and_shows_both_glasses(tmp_path: Path) -> None:
    """The clerk takes the fee: nothing is inserted, the till has it, and each glass was drawn at each act."""
    summary = issue(tmp_path, "--certificate", "juminhyo", "--copies", "2")
    assert [summary[name] for name in ("outcome", "fee_yen", "change_yen")] == ["issued", 600, 0]
    taken = [line.fields for line in JournalTail(tmp_path / "journal").new() if line.name == "FeeTaken"]
    assert [fields[1] for fields in taken] == [600]
    for state in ("entering_pin", "choosing_kind", "consenting", "taking_fee"):
        clerk, resident = sorted(tmp_path.glob(f"glass-*-{state}-*.png"))[:2]
        assert (clerk.stem.split("-")[-1], resident.stem.split("-")[-1]) == ("clerk", "resident")
        assert Image.open(clerk).tobytes() != Image.open(resident).tobytes()


def test_two_clerks_with_their_codes_stand_in_for_the_pin(tmp_path: Path) -> None:
    assert issue(tmp_path, "--certificate", "inkan", "--without-pin")["outcome"] == "issued"
    assert not list(tmp_path.glob("glass-*-entering_pin-*")), "no PIN was asked for"
