"""`console`: a technician's terminal at the serial line of a world that is up."""

import argparse
import os
import select
import sys
import termios
import tty
from pathlib import Path

from host_sim.commands import Commands, run_directory, say
from host_sim.running import NotRunning
from host_sim.serial_cable import PASSWORD, STAFF, TERMINAL

LEAVE = b"\x1d"  # Ctrl-]


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("console", help="the maintenance console, as a technician sees it")
    run_directory(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    path: Path = options.directory / TERMINAL
    try:
        line = os.open(path, os.O_RDWR | os.O_NOCTTY)
    except OSError:
        raise NotRunning(
            f"There is no {path}, so no world with a console is up. Start one with: python -m host_sim up"
        ) from None
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
        os.close(line)
    return 0


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
