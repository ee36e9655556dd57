"""`console`: a technician's terminal at the serial line of a world that is up, or a script that is typed there."""

import argparse
import getpass
import os
import select
import sys
import termios
import tty
from collections.abc import Callable
from pathlib import Path

from host_sim.commands import Commands, run_directory, say
from host_sim.running import NotRunning
from host_sim.serial_cable import PASSWORD, STAFF
from host_sim.technician import Stopped, Terminal, opened, type_script

LEAVE = b"\x1d"  # Ctrl-]


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("console", help="the maintenance console, as a technician sees it")
    run_directory(parser)
    parser.add_argument("--script", type=Path, metavar="FILE", help="type the lines of FILE; ends at the first ERR")
    parser.add_argument(
        "--password-file",
        type=Path,
        metavar="FILE",
        help="`name password` on each line, for people who are not the simulated staff; without it they are asked for",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    script: Path | None = options.script
    with opened(options.directory) as line:
        if script is not None:
            return _script(line, script, options.password_file)
        people = ", ".join(f"{name} ({role})" for name, role in STAFF.items())
        say(f"Ctrl-] leaves. Simulated staff: {people}; password {PASSWORD}", to_error=True)
        keyboard = sys.stdin.fileno()
        before = termios.tcgetattr(keyboard) if os.isatty(keyboard) else None
        try:
            if before is not None:
                tty.setraw(keyboard)
            os.write(line, b"\r")
            _carry(keyboard, line)
        finally:
            if before is not None:
                termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
    return 0


def _script(line: int, script: Path, password_file: Path | None) -> int:
    """1 when a line was refused; the last words on standard error say which, and what the machine answered."""
    try:
        type_script(Terminal(line), _lines(script), _passwords(password_file), _show)
    except Stopped as stopped:
        say(f"\n{script}, {stopped}", to_error=True)
        return 1
    say("")
    return 0


def _show(piece: bytes) -> None:
    sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise NotRunning(f"{path} cannot be read as a text file.") from None


def _passwords(path: Path | None) -> Callable[[str], str]:
    """The password of a name: from the file, of the simulated staff, or asked for at this terminal."""
    known = dict.fromkeys(STAFF, PASSWORD)
    for row in _lines(path) if path else []:
        name, _, password = row.strip().partition(" ")
        if name:
            known[name] = password.strip()

    def of(name: str) -> str:
        if name not in known:
            if not sys.stdin.isatty():
                raise NotRunning(f"There is no password for {name}. Put `{name} PASSWORD` into a --password-file.")
            known[name] = getpass.getpass(f"\nPassword of {name}: ")
        return known[name]

    return of


def _carry(keyboard: int, line: int) -> None:
    """Copy bytes both ways until Ctrl-] or the end of the standard input."""
    while True:
        ready, _, _ = select.select([keyboard, line], [], [])
        if line in ready:
            os.write(sys.stdout.fileno(), os.read(line, 4096))
        if keyboard in ready:
            typed = os.read(keyboard, 256)
            if not typed or LEAVE in typed:
                return
            os.write(line, typed)
