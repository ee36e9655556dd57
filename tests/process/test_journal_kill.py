"""Real kills of a real process on a real file system. `make bench` does 5,000."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_kill_loses_what_was_acknowledged(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.process.journal_killer", str(tmp_path), "320", "7"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told["kills"] == 320
    assert told["records"] > 1000
    # The random kills must include these: with a page open, with a payout open, and during a start.
    assert {"serving, printing", "serving, paying", "serving, idle"} <= told["places"].keys()
    assert any(place.startswith("opening") for place in told["places"])


def test_the_reader_reads_what_a_killed_process_left(tmp_path: Path) -> None:
    """`python -m firmware.journal verify` and `show`, on the folder of a killed process."""
    killer = [sys.executable, "-m", "tests.process.journal_killer", str(tmp_path), "3", "1"]
    subprocess.run(killer, cwd=ROOT, capture_output=True, timeout=900, check=True)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "firmware.journal", *words]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)

    verified = run("verify", str(tmp_path))
    assert verified.returncode == 0
    assert "the end is clean" in verified.stdout
    shown = run("show", str(tmp_path), "--last", "2")
    assert shown.returncode == 0
    assert len(shown.stdout.splitlines()) == 2
    segment = tmp_path / "00000000.journal"
    data = bytearray(segment.read_bytes())
    data[600] ^= 0xFF
    segment.write_bytes(data)
    broken = run("verify", str(tmp_path))
    assert broken.returncode == 1
    assert "acknowledged records lie behind" in broken.stderr
    assert "Traceback" not in broken.stderr
