"""Imports and numbered deliveries: each is one transaction, with the books, the number and the age together.

A delivery is a folder with `manifest.json` and the files of one register. The manifest's number follows the last one's;
a missing, an older and a changed delivery are refused, and the same one again changes nothing (incident 2).
"""

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from host_sim.centre import books
from host_sim.centre.registers import files
from host_sim.centre.registers.applying import Applied, change_registers, replace_registers
from host_sim.centre.registers.reading import Fault, FilesRefused
from host_sim.centre.registers.rows import RegisterName
from host_sim.centre.store import HERE, Store
from host_sim.centre.tables import deliveries, feeds

MANIFEST = "manifest.json"
CLOCKS_DIFFER = timedelta(minutes=5)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Entry(_Strict):
    """One file of a delivery. `rows`: its lines without the header; null for a picture."""

    name: str = Field(pattern=r"^(imprints/)?[0-9A-Za-z_-]{1,60}\.(csv|png)$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    rows: int | None = Field(ge=0, strict=True)


class Manifest(_Strict):
    """What a delivery is. `complete`: its files are the whole register, so it needs no delivery before it."""

    register_name: RegisterName = Field(alias="register")
    number: int = Field(ge=1, strict=True)
    made_at: AwareDatetime
    complete: bool = Field(strict=True)
    files: tuple[Entry, ...]


class Imported(NamedTuple):
    files: files.Files
    applied: Applied


def import_files(store: Store, directory: Path, now: datetime, may_remove: int) -> Imported:
    """Make the registers in this folder the books' registers. Raises `FilesRefused`."""
    told = files.whole(directory)
    with store.writing() as c:
        books.begin(store, c)
        applied = replace_registers(store, c, told, may_remove)
        for name in told.registers:
            last = c.scalar(sa.select(feeds.c.number).where(feeds.c.register == name)) or 0
            _stand(c, name, last, now)
        store.note(c, now, HERE, "import", {"registers": list(told.registers), "counts": str(applied)})
    return Imported(told, applied)


def deliver(store: Store, directory: Path, now: datetime) -> Applied | None:
    """Apply a delivery; None: it was applied before. Raises `FilesRefused`."""
    raw, manifest = _manifest(directory)
    digest = hashlib.sha256(raw).hexdigest()
    with store.reading() as c:
        if _applied_before(c, manifest, digest, now):
            return None
    _check_files(directory, manifest)
    told = files.whole(directory) if manifest.complete else files.part(directory, manifest.register_name)
    if told.registers != (manifest.register_name,):
        raise _refused("register", f"the files are of {', '.join(told.registers)}")
    with store.writing() as c:
        if _applied_before(c, manifest, digest, now):
            return None
        if store.fact(c, "version") is None:
            raise _refused("number", "there are no books yet; import the registers first")
        applied = replace_registers(store, c, told, None) if manifest.complete else change_registers(store, c, told)
        row = {"register": manifest.register_name, "number": manifest.number, "manifest_sha256": digest}
        times = {"made_at": manifest.made_at.isoformat(), "applied_at": now.isoformat()}
        c.execute(deliveries.insert().values(**row, **times))
        _stand(c, manifest.register_name, manifest.number, manifest.made_at)
        detail = {"register": manifest.register_name, "number": manifest.number, "counts": str(applied)}
        store.note(c, now, HERE, "delivery", detail)
    return applied


def in_order(directory: Path) -> list[Path]:
    """The deliveries of a folder: itself, or those in its folders, by register and number. Raises `FilesRefused`."""
    if (directory / MANIFEST).is_file():
        return [directory]
    found = [path.parent for path in directory.glob(f"*/{MANIFEST}")]
    if not found:
        raise FilesRefused([Fault("the folder", None, None, f"there is no {MANIFEST} in it or in a folder of it")])
    numbered = {path: _manifest(path)[1] for path in found}
    return sorted(found, key=lambda path: (numbered[path].register_name, numbered[path].number))


def _manifest(directory: Path) -> tuple[bytes, Manifest]:
    try:
        raw = (directory / MANIFEST).read_bytes()
        return raw, Manifest.model_validate_json(raw)
    except FileNotFoundError:
        raise _refused(None, "the delivery has none") from None
    except ValidationError as error:
        fields = sorted({".".join(map(str, fault["loc"])) or "its JSON" for fault in error.errors()})
        raise _refused(
            ", ".join(fields), "it has another form; the form stands in the README of the registers"
        ) from None


def _applied_before(c: sa.Connection, manifest: Manifest, digest: str, now: datetime) -> bool:
    """Whether this very delivery was applied. Raises `FilesRefused` for one that is not next."""
    name, number = manifest.register_name, manifest.number
    this = (deliveries.c.register == name) & (deliveries.c.number == number)
    before = c.scalar(sa.select(deliveries.c.manifest_sha256).where(this))
    if before == digest:
        return True
    if before is not None:
        raise _refused("number", f"delivery {number} of {name} was applied with other content")
    last = c.execute(sa.select(feeds).where(feeds.c.register == name)).first()
    number_before = 0 if last is None else last.number
    if number <= number_before:
        raise _refused("number", f"delivery {number} of {name} comes too late; the last one applied is {number_before}")
    if number > number_before + 1 and not manifest.complete:
        told = f"{number_before + 1}" if number == number_before + 2 else f"{number_before + 1} to {number - 1}"
        raise _refused("number", f"delivery {told} of {name} is missing; apply it first, or a complete delivery")
    if manifest.made_at > now + CLOCKS_DIFFER:
        raise _refused("made_at", "it is in the future; set the clock of the system that made it")
    newest = c.scalar(
        sa.select(deliveries.c.made_at)
        .where(deliveries.c.register == name)
        .order_by(deliveries.c.number.desc())
        .limit(1)
    )
    if newest is not None and manifest.made_at < datetime.fromisoformat(newest):
        raise _refused("made_at", "it is before that of the last delivery applied")
    return False


def _check_files(directory: Path, manifest: Manifest) -> None:
    """Every file is listed and there, with its hash and its number of lines."""
    there = {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()} - {MANIFEST}
    named = [entry.name for entry in manifest.files]
    faults = []
    if there - set(named) or len(set(named)) < len(named):
        faults.append(Fault(MANIFEST, None, "files", "each file of the delivery must stand in it once"))
    for entry in manifest.files:
        if entry.name not in there:
            faults.append(Fault(entry.name, None, None, f"{MANIFEST} names it and it is not there"))
            continue
        data = (directory / entry.name).read_bytes()
        if hashlib.sha256(data).hexdigest() != entry.sha256:
            faults.append(Fault(entry.name, None, None, "its SHA-256 is not that of the manifest; send it again"))
        elif entry.rows != (rows_of(data) if entry.name.endswith(".csv") else None):
            faults.append(Fault(entry.name, None, None, "it has another number of rows than the manifest says"))
    if faults:
        raise FilesRefused(faults)


def rows_of(data: bytes) -> int:
    """The lines of a CSV file without its header; no column holds a line end."""
    return max(0, len(data.splitlines()) - 1)


def _stand(c: sa.Connection, register: str, number: int, made_at: datetime) -> None:
    c.execute(feeds.delete().where(feeds.c.register == register))
    c.execute(feeds.insert().values(register=register, number=number, made_at=made_at.isoformat()))


def _refused(field: str | None, wrong: str) -> FilesRefused:
    return FilesRefused([Fault(MANIFEST, None, field, wrong)])
