"""The program by itself, with nothing but a console and a service manager's socket: what it says when it cannot run."""

import os
import pty
import signal
import socket
import subprocess
import sys
import tty
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from firmware.identity import provide
from firmware.service.manager import START_AGAIN
from tests.unit.screens.test_letters_missing import HIDES

UNIT = Path(__file__).parents[2] / "hardware" / "units" / "dev-store.toml"


class Program:
    """One run of `python -m firmware`. `heard`: what the service manager was told."""

    def __init__(self, folder: Path, unit: str | None, prefix: Sequence[str]) -> None:
        self.run = folder / "run"
        self.run.mkdir()
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        path = folder / "unit.toml"
        if unit is not None:
            path.write_bytes(unit.replace("CONSOLE", os.ttyname(self._slave)).encode("utf-8", "surrogateescape"))
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(folder / "notify"))
        environment = {**os.environ, "NOTIFY_SOCKET": str(folder / "notify"), "GPIOZERO_PIN_FACTORY": "kofuki_sim"}
        command = [sys.executable, "-m", "firmware", "--unit", str(path), "--run-dir", str(self.run)]
        self.process = subprocess.Popen(
            [*prefix, *command], env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    def console(self) -> str:
        """What it shows up to its prompt, in one line."""
        shown = b""
        while not shown.endswith(b"halted> "):
            shown += os.read(self._master, 4096)
        return " ".join(shown.decode("ascii").split())

    def type(self, line: str) -> None:
        os.write(self._master, line.encode() + b"\r")

    def told(self, word: str) -> str:
        """The first message to the service manager with this word."""
        while word not in (said := self.manager.recv(4096).decode()):
            pass
        return said

    def end(self) -> tuple[int, str]:
        """Exit status and what it wrote for the system's log."""
        _, errors = self.process.communicate()
        return self.process.returncode, errors

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.communicate()
        os.close(self._master)
        os.close(self._slave)
        self.manager.close()


@contextmanager
def program(folder: Path, unit: str | None, prefix: Sequence[str] = ()) -> Iterator[Program]:
    made = Program(folder, unit, prefix)
    try:
        yield made
    finally:
        made.close()


UNITS = {
    "a wrong value": (f'extends = "{UNIT}"\n[console]\nport = "CONSOLE"\n[keypad]\nrows = "x"\n', "keypad.rows"),
    "an unknown key": (f'extends = "{UNIT}"\n[console]\nport = "CONSOLE"\n[coin]\nprot = "x"\n', "prot"),
    "a mistake in the syntax": ('[unit\nname = 1\n[console]\nport = "CONSOLE"\n[[coin\n', "TOML"),
    "not written in UTF-8": ('[console]\nport = "CONSOLE"\n[unit]\nname = "\udcff"\n', "UTF-8"),
    "a number for a list": (
        f'extends = "{UNIT}"\n[console]\nport = "CONSOLE"\n[coin]\naccepts_yen = 3\n',
        "accepts_yen",
    ),
}


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_file_that_cannot_be_used_is_told_on_the_console_it_names(tmp_path: Path, name: str) -> None:
    unit, word = UNITS[name]
    with program(tmp_path, unit) as machine:
        shown = machine.console()
        assert "141 The unit file cannot be used." in shown
        assert word in shown
        assert machine.told("STATUS").startswith("READY=1\nSTATUS=halted: 141")
        machine.told("WATCHDOG=1")
        machine.told("WATCHDOG=1")
        machine.type("again")
        status, log = machine.end()
    assert status == START_AGAIN
    assert word in log
    assert "Traceback" not in log


def test_without_a_unit_file_the_system_hears_why(tmp_path: Path) -> None:
    with program(tmp_path, None) as machine:
        assert "there is no unit file" in machine.told("STATUS")
        machine.told("WATCHDOG=1")
        machine.process.send_signal(signal.SIGTERM)
        status, log = machine.end()
    assert status == START_AGAIN
    assert log.startswith("The machine does not start: there is no unit file")
    assert "Traceback" not in log


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hide a library of the system")
def test_without_the_library_for_letters_nothing_is_begun(tmp_path: Path) -> None:
    """Neither journal nor seal: the machine halts before its first record."""
    unit = f'extends = "{UNIT}"\n[console]\nport = "CONSOLE"\n'
    with program(tmp_path, unit, ["unshare", "--mount", "sh", "-ec", HIDES, "sh"]) as machine:
        shown = machine.console()
        assert "142 A font or library" in shown
        assert "libfribidi0" in shown
        machine.type("again")
        status, log = machine.end()
    assert sorted(path.name for path in machine.run.iterdir()) == ["screen.raw", "state.json"]
    assert any((machine.run / "screen.raw").read_bytes()), "plain letters need no library"
    assert status == START_AGAIN
    assert "Traceback" not in log


def test_a_machine_without_a_certificate_prints_its_request(tmp_path: Path) -> None:
    """The first start of a card: the key was made on the machine, the centre has not answered yet."""
    unit = f'extends = "{UNIT}"\n[console]\nport = "CONSOLE"\n[centre]\nclient_key = "own/machine.key"\n'
    key = tmp_path / "run/own/machine.key"
    with program(
        tmp_path, unit, ["sh", "-ec", 'while [ ! -e "$0" ]; do sleep 0.05; done; exec "$@"', str(key)]
    ) as machine:
        request = provide("dev-store", tmp_path / "machine.key")
        key.parent.mkdir()
        request.rename(key.with_suffix(".csr"))
        (tmp_path / "machine.key").rename(key)
        assert "Type `request`" in machine.console()
        machine.type("request")
        shown = machine.console()
        machine.process.send_signal(signal.SIGTERM)
        machine.end()
    assert " ".join(key.with_suffix(".csr").read_text().split()) in shown
