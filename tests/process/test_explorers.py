"""The two explorers as a developer calls them: what they print, their exit codes, and that a named history can be replayed."""

import contextlib
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.card_keys import lay

ROOT = Path(__file__).parent.parent.parent


def host_sim(*words: str, where: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "host_sim", *words]
    return subprocess.run(
        command, cwd=where, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True,
        timeout=900, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory whose `.sim` has the cards' keys."""
    made = tmp_path_factory.mktemp("explorers")
    lay(made / ".sim" / "rig-keys")
    return made


def test_swarm_finds_nothing_and_says_which_faults_happened(where: Path) -> None:
    done = host_sim("swarm", "--sessions", "200", "--seed", "9", where=where)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "0 violations in 200 sessions" in done.stdout
    marks = dict(re.findall(r"^  ([A-Z]\d) +([\d,]+)  ", done.stdout, flags=re.MULTILINE))
    assert len(marks) > 50
    assert sum(int(times.replace(",", "")) for times in marks.values()) > 120


def test_crash_explores_goes_on_where_it_was_stopped_and_a_history_can_be_replayed(where: Path) -> None:
    done = host_sim("crash", "--script", "cancel with coins in", where=where)
    rest = host_sim("crash", "--script", "cancel with coins in", "--from", "1, cancel with coins in: 60", where=where)
    assert (done.returncode, rest.returncode) == (0, 0), done.stderr + rest.stderr
    assert done.stderr == rest.stderr == ""
    assert "0 violations" in done.stdout
    histories = [int(re.search(r"([\d,]+) histories in", ran.stdout)[1].replace(",", "")) for ran in (done, rest)]  # type: ignore[index]
    assert histories[0] > 250
    assert 1 < histories[1] < histories[0]
    again = host_sim("crash", "--replay", "cancel with coins in: 30 torn 1, 60 killed", where=where)
    assert again.returncode == 0, again.stdout + again.stderr
    assert again.stdout.count("Boot(") == 3
    assert "as named: cancel with coins in: 30 torn 1, 60 killed" in again.stdout


@pytest.mark.parametrize(
    ("words", "unit", "goes_on"),
    [
        (["swarm", "--sessions", "200000", "--seed", "5"], "sessions", r"swarm --seed \d+ --sessions \d+"),
        (
            ["crash", "--depth", "2", "--script", "one copy, change", "--zoo", "receipt-late"],
            "instants",
            r'crash --depth 2 --script "one copy, change" --zoo receipt-late --from "\d, one copy, change: \d+"',
        ),
    ],
)
def test_a_terminal_is_told_how_far_it_is_and_ctrl_c_ends_with_what_was_found(
    where: Path, words: list[str], unit: str, goes_on: str
) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(where)
        environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "TERM": "xterm", "COLUMNS": "160"}
        os.execve(sys.executable, [sys.executable, "-m", "host_sim", *words], environment)  # noqa: S606
    said, asked = b"", False
    with contextlib.suppress(OSError):  # EIO: the program has ended
        while piece := os.read(terminal, 4096):
            said += piece
            if not asked and re.search(rf"[1-9][\d,.]* of [\d,]+ {unit}".encode(), said):
                os.write(terminal, b"\x03")
                asked = True
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    told = said.decode()
    assert os.waitstatus_to_exitcode(status) == 130, told[-3000:]
    assert re.search(r"[\d,.]+/s", told)
    assert " left" in told
    assert re.search(r"0 violations", told)
    assert "Traceback" not in told
    assert re.search(rf"Stopped. This goes on:\r\n +python -m host_sim {goes_on}\r\n", told), told[-3000:]


@pytest.mark.parametrize("name", ["nobody: 3 dropped", "one copy, change", "one copy, change: dropped"])
def test_an_unknown_name_is_refused_in_a_sentence(where: Path, name: str) -> None:
    done = host_sim("crash", "--replay", name, where=where)
    assert done.returncode == 1
    assert "names no history" in done.stderr
    assert "Traceback" not in done.stderr
