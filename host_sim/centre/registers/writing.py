"""A register as files: the example for a city, and how two registers are compared."""

import base64
import csv
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

from host_sim.centre import register as r
from host_sim.centre.books import Key, Record, key_of, records_of
from host_sim.centre.registers import rows as f
from host_sim.centre.registers.feed import MANIFEST, rows_of

Cells = tuple[type[f.Row], dict[str, Any]]


def write(register: r.Register, directory: Path, only: Sequence[f.RegisterName] = f.REGISTERS) -> None:
    """Write all files of a register into a folder, UTF-8 with BOM, so that a spreadsheet reads them, too."""
    write_records(records_of(register), directory, only)


def write_records(records: Sequence[Record], directory: Path, only: Sequence[f.RegisterName]) -> None:
    """Write these records as the files of the registers named."""
    directory.mkdir(parents=True, exist_ok=True)
    lines: dict[type[f.Row], list[dict[str, Any]]] = {kind: [] for name in only for kind in f.files_of(name)}
    for record in sorted(records, key=key_of):
        for kind, cells in _lines(record):
            if kind in lines:
                lines[kind].append(cells)
        if isinstance(record, r.Seal) and record.imprint_png is not None and "seals" in only:
            (directory / f.IMPRINTS).mkdir(exist_ok=True)
            (directory / f.IMPRINTS / _picture(record)).write_bytes(base64.b64decode(record.imprint_png))
    for kind, rows in lines.items():
        _write(directory, kind, rows)


def write_removed(keys: Sequence[Key], directory: Path) -> None:
    """Write the records that a delivery removes."""
    rows = [dict(zip(("table", "number", "fiscal_year"), key, strict=False)) for key in keys]
    _write(directory, f.RemovedRow, rows)


def write_manifest(
    directory: Path, register: f.RegisterName, number: int, made_at: datetime, *, complete: bool = False
) -> None:
    """Make a delivery of a folder: name every file with its hash and its rows."""
    entries = []
    for path in sorted(path for path in directory.rglob("*") if path.is_file() and path.name != MANIFEST):
        data = path.read_bytes()
        entry = {"name": path.relative_to(directory).as_posix(), "sha256": hashlib.sha256(data).hexdigest()}
        entries.append(entry | {"rows": rows_of(data) if path.suffix == ".csv" else None})
    told = {"register": register, "number": number, "made_at": made_at.isoformat(), "complete": complete}
    (directory / MANIFEST).write_text(json.dumps(told | {"files": entries}, indent=1), encoding="utf-8")


def _write(directory: Path, kind: type[f.Row], rows: Sequence[Mapping[str, Any]]) -> None:
    with (directory / kind.file).open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(f.columns_of(kind))
        writer.writerows([[_text(row.get(column)) for column in f.columns_of(kind)] for row in rows])


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case float():
            return f"{value:.1f}"
        case date():
            return value.isoformat()
        case _:
            return str(value)


# --- records into lines -------------------------------------------------------------------------


def _lines(record: Record) -> Iterator[Cells]:
    match record:
        case r.Household():
            yield f.HouseholdRow, _cells(record)
        case r.Resident():
            yield f.ResidentRow, _cells(record)
            if record.foreign is not None:
                yield f.ForeignRow, _cells(record.foreign) | {"resident_id": record.resident_id}
            for kind in ("protected", "issue_blocked", "ward"):
                if getattr(record, kind):
                    yield f.BlockRow, {"resident_id": record.resident_id, "kind": kind}
        case r.Seal():
            yield f.SealRow, _cells(record) | {"imprint": _picture(record)}
        case r.TaxYear():
            yield from _tax(record)
        case r.FamilyRegister():
            yield from _family(record)


def _cells(record: Any) -> dict[str, Any]:
    """The fields of a record, each date as its day and the register's words for it."""
    cells: dict[str, Any] = {}
    for field in fields(record):
        value = getattr(record, field.name)
        cells[field.name] = value
        if isinstance(value, r.RegisterDate):
            cells |= {field.name: value.on, f"{field.name}_written": value.written}
    return cells


def _picture(seal: r.Seal) -> str:
    return "" if seal.imprint_png is None else f"{seal.resident_id}.png"


def _tax(tax: r.TaxYear) -> Iterator[Cells]:
    yield f.TaxRow, _cells(tax)
    groups = {"income": tax.incomes_yen, "deduction": tax.deductions_yen, "dependant": tax.dependants}
    whose = {"resident_id": tax.resident_id, "fiscal_year": tax.fiscal_year}
    for group, items in groups.items():
        for place, (label, amount) in enumerate(items.items(), start=1):
            yield f.TaxItemRow, whose | {"group": group, "place": place, "label": label, "amount": amount}


def _family(family: r.FamilyRegister) -> Iterator[Cells]:
    whose = {"register_id": family.register_id}
    yield f.FamilyRow, _cells(family)
    yield from _events(family.events, whose)
    for place, member in enumerate(family.members, start=1):
        here = whose | {"member": place}
        yield f.MemberRow, _cells(member) | here
        yield from _events(member.events, here)
        for line, there in enumerate(member.addresses, start=1):
            yield f.AddressRow, _cells(there) | here | {"line": line}


def _events(events: Sequence[r.FamilyEvent], whose: Mapping[str, Any]) -> Iterator[Cells]:
    for event, entry in enumerate(events, start=1):
        for line, (label, text) in enumerate(entry.lines or (("", ""),), start=1):
            cells = {"event": event, "line": line, "title": entry.title, "label": label, "text": text}
            yield f.EventRow, {**whose, **cells}
