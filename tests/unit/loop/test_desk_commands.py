"""Each desk takes its own commands only: mypy refuses code that sends one to another desk."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
PROGRAM = """
from firmware.console.steps import Do, Tell
from firmware.desks import CARD, COIN, OF_MACHINE
from firmware.desks.card import CardDesk
from firmware.loop import Loop
from firmware.session.effects import OpenSlot, ReadCard
from firmware.workers import Crew

open_slot, read_card = OpenSlot(frozenset()), ReadCard(frozenset())

def sends(crew: Crew, loop: Loop, desk: CardDesk) -> None:
    crew.send(COIN, open_slot, OF_MACHINE)
    loop.send(CARD, read_card)
    Do(COIN, open_slot)
    crew.send(CARD, open_slot, OF_MACHINE)  # wrong
    loop.send(CARD, open_slot)  # wrong
    Do(CARD, open_slot)  # wrong
    Tell(COIN, read_card)  # wrong
    desk.handle(open_slot)  # wrong
"""


def test_a_command_for_another_desk_does_not_pass_mypy(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    checked = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--config-file",
            ROOT / "pyproject.toml",
            "--cache-dir",
            ROOT / ".mypy_cache",
            program,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    wrong = [number for number, line in enumerate(PROGRAM.splitlines(), start=1) if line.endswith("# wrong")]
    refused = [int(line.split(":")[1]) for line in checked.stdout.splitlines() if ": error:" in line]
    assert refused == wrong, checked.stdout + checked.stderr
