"""The maintenance console's serial line: a cable with the machine at one end and a technician's terminal at the other.

Both ends are pseudo-terminals in the run directory: `console` is what the machine opens, `terminal` what a person
opens (`python -m host_sim console`, screen, miniterm). The accounts of the simulated technicians are written here, as
firmware/console/README.md says they look.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from host_sim.adapters.pty import KEEPS, PtyLine
from host_sim.unit_file import UnitFile

TERMINAL = "terminal"
USERS = "console-users.toml"
# Bytes at once, and more when they are read: of a full buffer the kernel loses some now and then.
_PIECE = KEEPS // 2
NOBODY_S = 1.0  # who reads nothing for so long is not there
PASSWORD = "kofuki-sim"  # noqa: S105  of people who do not exist
STAFF = {"tanaka": "technician", "kato": "cash", "goto": "security", "ueda": "viewer"}


class CableEnd:
    """A `LineModel`: bytes that arrive at this end leave at the other."""

    def __init__(self) -> None:
        self.other: CableEnd = self
        self.under_way = bytearray()

    def receive(self, data: bytes, now_s: float) -> None:  # noqa: ARG002
        self.other.under_way += data

    def transmit(self, now_s: float) -> bytes:  # noqa: ARG002
        data, self.under_way = bytes(self.under_way), bytearray()
        return data

    def wake_at(self) -> float | None:
        return None


class PacedEnd(CableEnd):
    """The machine's end. The machine waits while the terminal has much to read, as it would for a real line's speed.

    Bytes for a terminal that reads nothing for a second are lost, as on a line at which nobody listens.
    """

    def __init__(self, unread: Callable[[], int]) -> None:
        super().__init__()
        self._unread = unread
        self._waiting, self._same_since_s = 0, 0.0

    def room(self, now_s: float) -> int:
        """As `FlowControlled.room`."""
        waiting = self._unread() + len(self.other.under_way)
        if waiting != self._waiting:
            self._waiting, self._same_since_s = waiting, now_s
        if waiting == 0:
            return _PIECE
        nobody_reads = now_s - self._same_since_s > NOBODY_S
        return KEEPS if nobody_reads else 0


def cable(unit: UnitFile, run: Path) -> tuple[PtyLine, ...]:
    """Both ends of the cable; also writes the accounts. No ends for a unit without `[console]`."""
    if "console" not in unit.tables:
        return ()
    write_users(run / USERS)
    return joined(run / unit.port("console"), run / TERMINAL)


def joined(machine: Path, terminal: Path) -> tuple[PtyLine, PtyLine]:
    """The two ends of a cable, each behind its path."""
    person = CableEnd()
    persons = PtyLine(person, terminal)
    person.other = PacedEnd(persons.unread)
    person.other.other = person
    return PtyLine(person.other, machine), persons


def write_users(path: Path) -> None:
    """Write the accounts of `STAFF`. An existing file stays: a test may have written it."""
    if path.exists():
        return
    text = ['unlock = ""']
    for name, role in STAFF.items():
        salt = os.urandom(16)
        proof = hashlib.scrypt(PASSWORD.encode(), salt=salt, n=2**14, r=8, p=1, maxmem=64 << 20, dklen=32)
        text.append(f'\n[people.{name}]\nrole = "{role}"\nsalt = "{salt.hex()}"\nhash = "{proof.hex()}"')
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("\n".join(text) + "\n")
