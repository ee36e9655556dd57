"""The maintenance console's serial line: a cable with the machine at one end and a technician's terminal at the other.

Both ends are pseudo-terminals in the run directory: `console` is what the machine opens, `terminal` what a person
opens (`python -m host_sim console`, screen, miniterm). The accounts of the simulated technicians are written here, as
firmware/console/README.md says they look.
"""

import hashlib
import os
from pathlib import Path

from host_sim.adapters.pty import PtyLine
from host_sim.unit_file import UnitFile

TERMINAL = "terminal"
USERS = "console-users.toml"
PASSWORD = "kofuki-sim"  # noqa: S105  of people who do not exist
STAFF = {"tanaka": "technician", "kato": "cash", "goto": "security", "ueda": "viewer"}


class CableEnd:
    """A `LineModel`: bytes that arrive at this end leave at the other."""

    def __init__(self) -> None:
        self.other: CableEnd = self
        self._under_way = bytearray()

    def receive(self, data: bytes, now_s: float) -> None:  # noqa: ARG002
        self.other._under_way += data  # noqa: SLF001

    def transmit(self, now_s: float) -> bytes:  # noqa: ARG002
        data, self._under_way = bytes(self._under_way), bytearray()
        return data

    def wake_at(self) -> float | None:
        return None


def cable(unit: UnitFile, run: Path) -> tuple[PtyLine, ...]:
    """Both ends of the cable; also writes the accounts. No ends for a unit without `[console]`."""
    if "console" not in unit.tables:
        return ()
    write_users(run / USERS)
    machine, person = CableEnd(), CableEnd()
    machine.other, person.other = person, machine
    return PtyLine(machine, run / unit.port("console")), PtyLine(person, run / TERMINAL)


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
