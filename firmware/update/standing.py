"""What the machine knows of its card's systems, and what it asks of root's units: files in memory.

The machine itself may read no slot and write no choice. Root's units (system.py) tell it what the card holds, in STANDING. It asks by
making a file in its own folder, which a unit waits for (hardware/image/files/etc/systemd/system).
"""

import contextlib
import json
from pathlib import Path
from typing import get_args

from firmware.update.files import put_in_place, read_plain
from firmware.update.served import FILE as KEEP
from firmware.update.systems import BYTES, CHOICES, Slot, Standing

STANDING = Path("/run/kofuki-system/standing.json")
BACK = "system-back"
_MAX_BYTES = 4096


def tell(standing: Standing, file: Path) -> None:
    """Write it for the machine to read. Raises `OSError`."""
    choice = BYTES[standing.choice].decode()
    told = {"running": standing.running, "choice": choice, "versions": standing.versions}
    put_in_place(file, json.dumps(told).encode(), 0o644)


class CardSystems:
    """For the running machine. `told`: STANDING; `asks`: the machine's own folder in memory, None: it has none."""

    def __init__(self, told: Path, asks: Path | None) -> None:
        self._told = told
        self._asks = asks

    @property
    def standing(self) -> Standing | None:
        """None: this machine was not started from an image, or its card cannot be read."""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            told = json.loads(read_plain(self._told, _MAX_BYTES))
            first, second = told["versions"]
            if told["running"] in get_args(Slot):
                return Standing(told["running"], CHOICES[told["choice"].encode()], (first, second))
        return None

    def ask_to_keep(self) -> None:
        """Ask that the system on trial be kept. Raises `OSError`."""
        self._ask(KEEP)

    def ask_to_go_back(self) -> None:
        """Ask that the trial be given up; if its system runs, the board restarts. Raises `OSError`."""
        self._ask(BACK)

    def _ask(self, name: str) -> None:
        if self._asks is None:
            raise FileNotFoundError("the service manager made no folder for it")
        (self._asks / name).touch()
