"""The two explorers as a developer calls them: what they print, their exit codes, and that a named history can be replayed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def host_sim(*words: str, where: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "host_sim", *words]
    return subprocess.run(
        command, cwd=where, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True,
        timeout=900, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory whose `.sim` keeps the cards' keys for all runs of these tests."""
    return tmp_path_factory.mktemp("explorers")


def test_swarm_finds_nothing_and_says_which_faults_happened(where: Path) -> None:
    done = host_sim("swarm", "--sessions", "500", "--seed", "9", where=where)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 violations in 500 sessions" in done.stdout
    marks = dict(re.findall(r"^  ([A-Z]\d) +([\d,]+)  ", done.stdout, flags=re.MULTILINE))
    assert len(marks) > 50
    assert sum(int(times.replace(",", "")) for times in marks.values()) > 300


def test_crash_explores_and_a_history_can_be_replayed(where: Path) -> None:
    done = host_sim("crash", "--script", "cancel with coins in", where=where)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 violations" in done.stdout
    assert int(re.search(r"([\d,]+) histories in", done.stdout)[1].replace(",", "")) > 250  # type: ignore[index]
    again = host_sim("crash", "--replay", "cancel with coins in: 30 torn 1, 60 killed", where=where)
    assert again.returncode == 0, again.stdout + again.stderr
    assert again.stdout.count("Boot(") == 3
    assert "as named: cancel with coins in: 30 torn 1, 60 killed" in again.stdout


@pytest.mark.parametrize("name", ["nobody: 3 dropped", "one copy, change", "one copy, change: dropped"])
def test_an_unknown_name_is_refused_in_a_sentence(where: Path, name: str) -> None:
    done = host_sim("crash", "--replay", name, where=where)
    assert done.returncode == 1
    assert "names no history" in done.stderr
    assert "Traceback" not in done.stderr
