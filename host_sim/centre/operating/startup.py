"""The start-up manifest: every process of one centre runs the same program with the same keys for the same city.

It stands in the database that they share. A process that differs does not start (incident 5: the program for one server
stood on several), until a person replaces the manifest with `startup replace`. Processes that run then go on until
they are restarted, one by one; one of the old program does not start again.
"""

import hashlib
import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from host_sim.centre.identity import Identity
from host_sim.centre.store import HERE, Store
from host_sim.centre.tables import processes

_PROGRAM = Path(__file__).parent.parent
_FACT = "startup manifest"
_NAMES = {
    "program": "program",
    "municipality": "municipality",
    "manifest_key": "key for manifests",
    "pin_key": "key for PINs",
    "authority": "authority for machines' certificates",
}


class NotStarted(RuntimeError):
    """The centre does not start; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """`program`: SHA-256 of the centre's files. `municipality`: 団体コード. The rest: SHA-256 of the public keys."""

    program: str
    municipality: str
    manifest_key: str
    pin_key: str
    authority: str


def manifest_of(identity: Identity, municipality: str) -> Manifest:
    authority = x509.load_pem_x509_certificate((identity.directory / "tls" / "ca.pem").read_bytes())
    spki = authority.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Manifest(
        program=program_sha256(),
        municipality=municipality,
        manifest_key=hashlib.sha256(identity.manifest_key.public_key().public_bytes_raw()).hexdigest(),
        pin_key=hashlib.sha256(identity.pin_key.public_key().public_bytes_raw()).hexdigest(),
        authority=hashlib.sha256(spki).hexdigest(),
    )


@cache
def program_sha256(program: Path = _PROGRAM) -> str:
    """The hash of the centre's files with their names, as they lay there at the start of this process."""
    files = (path for path in program.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    told = hashlib.sha256()
    for path in sorted(files):
        name = path.relative_to(program).as_posix()
        told.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return told.hexdigest()


def standing(store: Store, c: sa.Connection) -> Mapping[str, str] | None:
    """The manifest in the database; None before the first start."""
    told: Mapping[str, str] | None = store.fact(c, _FACT)
    return told


def check_in(store: Store, manifest: Manifest, url: str, now: datetime) -> None:
    """Compare with the processes before this one, and enter this process. Raises `NotStarted`."""
    with store.writing() as c:
        known = standing(store, c)
        if known is None:
            _set(store, c, manifest, now, "startup_first")
        elif known != asdict(manifest):
            raise NotStarted(_difference(known, asdict(manifest)))
        _forget_ended(c)
        row = {"host": socket.gethostname(), "pid": os.getpid(), "started_at": now.isoformat()}
        shown = sa.make_url(url).render_as_string(hide_password=True)
        c.execute(processes.insert().values(**row, program=manifest.program, database=shown))


def check_out(store: Store) -> None:
    """This process ends."""
    with store.writing() as c:
        _forget(c, os.getpid())


def replace(store: Store, manifest: Manifest, now: datetime) -> None:
    """From now on, processes with this manifest start, and no others."""
    with store.writing() as c:
        _set(store, c, manifest, now, "startup_replaced")


def listed(c: sa.Connection) -> list[Any]:
    """The processes, oldest first. One that was killed stays until another one starts on its computer."""
    return list(c.execute(sa.select(processes).order_by(processes.c.started_at)).all())


def _set(store: Store, c: sa.Connection, manifest: Manifest, now: datetime, act: str) -> None:
    store.set_fact(c, _FACT, asdict(manifest))
    store.note(c, now, HERE, act, asdict(manifest))


def _difference(known: Mapping[str, str], own: Mapping[str, str]) -> str:
    differing = [name for name in own if known.get(name) != own[name]]
    told = ", and ".join(
        f"another {_NAMES[name]} ({own[name][:12]}) than the centre's other processes ({known.get(name, 'none')[:12]})"
        for name in differing
    )
    return (
        f"This process does not start: it has {told}. Install what the others have; or, if this is what the centre "
        "shall run from now on, type `python -m host_sim.centre startup replace` with the same options, then restart "
        "the others one by one."
    )


def _forget_ended(c: sa.Connection) -> None:
    """Take out processes of this computer that were killed."""
    here = processes.c.host == socket.gethostname()
    for pid in c.scalars(sa.select(processes.c.pid).where(here)).all():
        if pid == os.getpid() or not Path(f"/proc/{pid}").exists():
            _forget(c, pid)


def _forget(c: sa.Connection, pid: int) -> None:
    c.execute(processes.delete().where(processes.c.host == socket.gethostname(), processes.c.pid == pid))
