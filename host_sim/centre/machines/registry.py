"""Which key may speak for which machine: entered by two people, suspended by one, revoked by two.

A certificate of the city's CA is not enough: its key must be registered here for its name and its site. Every other one is
refused and flagged. A key is known by the SHA-256 of its SubjectPublicKeyInfo, as the server's is in `drivers/line`.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from host_sim.centre.city.city import InForce
from host_sim.centre.operating import audit
from host_sim.centre.operating.flags import NotDone, check_words, same_person
from host_sim.centre.store import Peer, Store
from host_sim.centre.tables import machine_acts, machine_keys

ENTERED = "first start"  # who entered the machines of a new database
# Written once: each call asks it, and building a statement costs more than the database's answer.
_CONCERNED = (
    sa.select(machine_keys)
    .where((machine_keys.c.spki_sha256 == sa.bindparam("of_spki")) | (machine_keys.c.name == sa.bindparam("of_name")))
    .order_by(machine_keys.c.name, machine_keys.c.version)
)


class Unreadable(NotDone):
    """A file is no certificate of a machine; the message is a sentence."""


def spki_of(der: bytes) -> str:
    """The SHA-256 of a certificate's public key (SubjectPublicKeyInfo), as hex. Raises ValueError."""
    key = x509.load_der_x509_certificate(der).public_key()
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def read_certificate(path: Path) -> tuple[Peer, str]:
    """Name, site and key of a machine's certificate (PEM). Raises `Unreadable`."""
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        raise Unreadable(f"{path} is no certificate in PEM; name the file that the machine shall use.") from None
    names = {part.oid.dotted_string: str(part.value) for part in certificate.subject}
    name, site = names.get("2.5.4.3"), names.get("2.5.4.11")
    if not name or not site:
        raise Unreadable(f"{path} names no machine (CN) or no site (OU); have it made anew.")
    return Peer(name, site), spki_of(certificate.public_bytes(Encoding.DER))


def site_of(city: InForce, machine: str) -> str:
    """Where a machine stands: the city's word, because a machine cannot know where it may speak. Raises `NotDone`."""
    place = city.place_of(machine)
    if place is None:
        raise NotDone(f"The city's file names no machine {machine}: enter it at its site and apply the file.")
    return place.channel


# --- who may speak -------------------------------------------------------------------------------


class Standing(NamedTuple):
    """`refused`: why a certificate may not speak, as the word of a flag; empty if it may. `first_use`: of a renewed key."""

    refused: str
    first_use: bool = False


def standing(c: sa.Connection, peer: Peer, spki: str) -> Standing:
    """Whether this certificate may speak, by all keys of this machine and whoever has this key."""
    rows = c.execute(_CONCERNED, {"of_name": peer.name, "of_spki": spki}).all()
    bearers = [row for row in rows if row.spki_sha256 == spki]
    mine = [row for row in bearers if row.name == peer.name]
    if not bearers:
        return Standing("machine_unknown")
    if not mine:
        return Standing("machine_renamed")
    if mine[-1].site != peer.site:
        return Standing("machine_moved")
    refused = {"valid": "", "asked": "machine_unknown"}.get(mine[-1].state, "machine_revoked")
    valid = [row.spki_sha256 for row in rows if row.name == peer.name and row.state == "valid"]
    return Standing(refused, not refused and len(valid) > 1 and valid[-1] == spki)


def replace_older(c: sa.Connection, peer: Peer, spki: str, now: datetime) -> None:
    """The machine uses its renewed key: the older ones speak no more."""
    for row in _rows(c, peer.name, "valid"):
        if row.spki_sha256 != spki:
            _set(c, row, "replaced")
            _act(c, now, row, "replaced", "-", "the renewed key is in use")


# --- the acts ------------------------------------------------------------------------------------


def register(c: sa.Connection, now: datetime, peer: Peer, spki: str, by: str, why: str) -> bool:
    """Ask for a machine's key, or confirm it as a second person; returns whether it may speak now.

    The same for a renewal: the older key may speak until the machine has used the new one. Raises `NotDone`.
    """
    check_words(by, why)
    last = _last(c, peer.name)
    if last is not None and (last.spki_sha256, last.site) == (spki, peer.site):
        return _confirm(c, now, last, by, why)
    known = c.execute(sa.select(machine_keys).where(machine_keys.c.spki_sha256 == spki)).first()
    if known is not None:
        raise NotDone(f"{known.name} at {known.site} had this key, as version {known.version}. Make a new one.")
    row = {"name": peer.name, "version": 1 if last is None else last.version + 1, "site": peer.site}
    c.execute(machine_keys.insert().values(**row, spki_sha256=spki, state="asked"))
    _act(c, now, _last(c, peer.name), "asked", by, why)
    return False


def _confirm(c: sa.Connection, now: datetime, row: Any, by: str, why: str) -> bool:
    if row.state == "valid":
        raise NotDone(f"{row.name} is registered with this key already, as version {row.version}.")
    if row.state in {"revoked", "replaced"}:
        raise NotDone(f"This key of {row.name} is {row.state} for good. Make the machine a new key and certificate.")
    if row.state == "suspended":
        _set(c, row, "asked")
        _act(c, now, row, "asked", by, why)
        return False
    first = acts_of(c, row.name)[-1].by
    if same_person(first, by):
        raise NotDone(f"{by} has asked for this already; a second person must say the same, too.")
    _set(c, row, "valid")
    _act(c, now, row, "registered", by, why)
    return True


def revoke(c: sa.Connection, now: datetime, name: str, by: str, why: str) -> bool:
    """Let a machine speak no more: from the first person's word on, and for good with the second's; returns whether for good.

    Until the second word, two people may still let it speak again (`register`). Raises `NotDone`.
    """
    check_words(by, why)
    standing = _rows(c, name, "valid", "asked", "suspended")
    if not standing:
        raise NotDone(f"No key of {name} may speak. `machines list` shows who may.")
    second = all(row.state == "suspended" for row in standing)
    if second and same_person(acts_of(c, name)[-1].by, by):
        raise NotDone(f"{by} has stopped {name} already; a second person must revoke it, too.")
    for row in standing:
        _set(c, row, "revoked" if second else "suspended")
        _act(c, now, row, "revoked" if second else "suspended", by, why)
    return second


def enter_first(store: Store, tls: Path, machines: Iterable[Peer], now: datetime) -> None:
    """Enter the machines of a database that knows none, with the keys that were made for them here. Later only two people can."""
    with store.writing() as c:
        if c.execute(sa.select(machine_keys.c.name).limit(1)).first() is not None:
            return
        for machine in machines:
            _, spki = read_certificate(tls / f"{machine.name}.pem")
            row = {"name": machine.name, "version": 1, "site": machine.site}
            c.execute(machine_keys.insert().values(**row, spki_sha256=spki, state="valid"))
            _act(c, now, _last(c, machine.name), "entered", ENTERED, "the city's file lists it")


def ask_for_new(store: Store, tls: Path, machines: Iterable[Peer], by: str, now: datetime) -> list[str]:
    """Ask for each machine of the city's file that has no key here yet; returns their names. A second person confirms."""
    with store.writing() as c:
        if c.execute(sa.select(machine_keys.c.name).limit(1)).first() is None:
            return []  # the first start enters them
        new = [machine for machine in machines if _last(c, machine.name) is None]
        for machine in new:
            register(c, now, *read_certificate(tls / f"{machine.name}.pem"), by, "the city's file lists it")
    return [machine.name for machine in new]


# --- reading -------------------------------------------------------------------------------------


def listed(c: sa.Connection) -> Sequence[Any]:
    """Every key: name, version, site, spki_sha256, state; by name, oldest first."""
    return c.execute(sa.select(machine_keys).order_by(machine_keys.c.name, machine_keys.c.version)).all()


def acts_of(c: sa.Connection, name: str) -> Sequence[Any]:
    """What was done to a machine's keys, oldest first."""
    return c.execute(sa.select(machine_acts).where(machine_acts.c.name == name).order_by(machine_acts.c.id)).all()


def _rows(c: sa.Connection, name: str, *states: str) -> Sequence[Any]:
    wanted = (machine_keys.c.name == name) & machine_keys.c.state.in_(states)
    return c.execute(sa.select(machine_keys).where(wanted).order_by(machine_keys.c.version)).all()


def _last(c: sa.Connection, name: str) -> Any:
    newest = sa.select(machine_keys).where(machine_keys.c.name == name).order_by(machine_keys.c.version.desc())
    return c.execute(newest.limit(1)).first()


def _set(c: sa.Connection, row: Any, state: str) -> None:
    this = (machine_keys.c.name == row.name) & (machine_keys.c.version == row.version)
    c.execute(machine_keys.update().where(this).values(state=state))


def _act(c: sa.Connection, now: datetime, row: Any, act: str, by: str, why: str) -> None:
    about = {"name": row.name, "version": row.version}
    c.execute(machine_acts.insert().values(**about, at=now.isoformat(), act=act, by=by, why=why))
    audit.append(c, at=now.isoformat(), machine=row.name, site=row.site, act=f"machine_{act}", detail=about)
