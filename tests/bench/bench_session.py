"""Whole sessions: how many a second in virtual time with all codecs, and time and memory of the real process."""

import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from firmware.session import scenes as show
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person, serve
from host_sim.wallet import Wallet
from host_sim.world import World

SESSIONS = 60


def rows() -> list[tuple[str, str, str]]:
    return [*_virtual(), *_imports(), *_real()]


def _virtual() -> list[tuple[str, str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        card = Wallet.open(Path(folder), date(2026, 11, 24)).cards["hanako"]
        machine = RigMachine()
        machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
        began_s, virtual_s = time.perf_counter(), machine.clock.monotonic()
        for _ in range(SESSIONS):
            serve(machine, Person(card, coins=[100, 100, 100]))
        took_s = time.perf_counter() - began_s
        passed_s = machine.clock.monotonic() - virtual_s
    return [
        ("virtual sessions with every byte codec", f"{SESSIONS / took_s:.0f} /s on one core", ">= 300 /s"),
        ("virtual time against real time", f"{passed_s / took_s:.0f} times", ""),
    ]


def _imports() -> list[tuple[str, str, str]]:
    """Processor time of the program's imports, also as a multiple of what Python needs to start and do nothing.

    The multiple is about the same on a slower computer, so it says what a Pi will take; the least of several runs, because
    whatever else runs here only adds.
    """
    program, nothing = (min(_processor_s(code) for _ in range(7)) for code in ("import firmware.__main__", "pass"))
    return [
        ("imports of the program, processor time", f"{program * 1000:.0f} ms", "<= 2.5 s on a Pi 4"),
        ("imports of the program against an empty Python", f"{program / nothing:.0f} times", "<= 30 times"),
    ]


def _processor_s(code: str) -> float:
    command = [sys.executable, "-c", f"{code}; import time; print(time.process_time())"]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _real() -> list[tuple[str, str, str]]:
    """Start to the idle screen, and resident memory: the machine's own process on real parts."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), patience_s=120.0)
        world.clock.set("2026-11-24T10:00")
        with world:
            world.wait_for_service()
            began_s = time.perf_counter()
            world.restart()
            world.wait_for_service()
            started_s = time.perf_counter() - began_s
            status = Path(f"/proc/{world.firmware.pid}/status").read_text()
        resident_kb = int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))
    return [
        ("process stopped, started, IDLE on the screen", f"{started_s:.2f} s", "<= 1.5 s (start alone)"),
        ("resident memory of the machine", f"{resident_kb / 1024:.0f} MB", "<= 120 MB"),
    ]
