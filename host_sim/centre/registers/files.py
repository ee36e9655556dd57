"""A folder of register files, read and joined: `Files` is what one import or one delivery says.

The files of one register are given together, or none of them: without blocks.csv, every protection would end.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from host_sim.centre.books import Key, Record
from host_sim.centre.forms import ivs
from host_sim.centre.registers.joining import join
from host_sim.centre.registers.reading import Fault, FilesRefused, Read, Where, read
from host_sim.centre.registers.rows import (
    FILES,
    REGISTERS,
    TABLES_OF,
    RegisterName,
    RemovedRow,
    Row,
    columns_of,
    files_of,
    form_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Records and where they stand. `notices`: letters that the certificates' font lacks, which are taken all the same."""

    registers: tuple[RegisterName, ...]
    records: Mapping[Key, Record] = field(default_factory=dict)
    removed: Collection[Key] = ()
    lines: Mapping[Key, Where] = field(default_factory=dict)
    notices: tuple[Fault, ...] = ()


def whole(directory: Path) -> Files:
    """The registers whose files are in this folder, each of them whole. Raises `FilesRefused`."""
    return _files(directory, may_remove=False)


def part(directory: Path, register: RegisterName) -> Files:
    """What a delivery changes in one register; a folder without files changes nothing. Raises `FilesRefused`."""
    files = _files(directory, may_remove=True) if any(directory.glob("*.csv")) else Files(registers=())
    if set(files.registers) - {register}:
        raise FilesRefused([Fault("manifest.json", None, "register", f"the files are of {', '.join(files.registers)}")])
    strays = [key for key in files.removed if key[0] not in TABLES_OF[register]]
    if strays:
        raise FilesRefused(
            [Fault(*files.lines[key], "table", f"it belongs to another register than {register}") for key in strays]
        )
    return Files(
        registers=(register,),
        records=files.records,
        removed=files.removed,
        lines=files.lines,
        notices=files.notices,
    )


def _files(directory: Path, *, may_remove: bool) -> Files:
    kinds: tuple[type[Row], ...] = (*FILES, RemovedRow) if may_remove else FILES
    there = {path.name for path in directory.glob("*.csv")} if directory.is_dir() else set()
    known = [kind.file for kind in kinds]
    faults = [Fault("the folder", None, None, _strange(len(there - set(known)), known))] if there - set(known) else []
    if not there:
        faults.append(Fault("the folder", None, None, f"no file is in it. Allowed: {', '.join(known)}"))
    registers = tuple(name for name in REGISTERS if there & {kind.file for kind in files_of(name)})
    for name in registers:
        faults += [
            Fault(
                kind.file, None, None, f"the file is missing; the files of {name} are given together, if need be empty"
            )
            for kind in files_of(name)
            if kind.file not in there
        ]
    lines: dict[type[Row], Read[Any]] = {
        kind: read(directory / kind.file, kind) for kind in kinds if kind.file in there
    }
    faults += [fault for got in lines.values() for fault in got.faults]
    if faults:
        raise FilesRefused(faults)  # without every line, what belongs together cannot be told
    joined = join(lines, directory)
    removed, wrong = _removed(lines.get(RemovedRow), joined.records)
    if joined.faults or wrong:
        raise FilesRefused([*joined.faults, *wrong])
    return Files(
        registers=registers,
        records=joined.records,
        removed=tuple(removed),
        lines=joined.lines | removed,
        notices=tuple(notice for got in lines.values() for notice in _not_drawn(got)),
    )


def _strange(count: int, known: list[str]) -> str:
    return f"{count} of its CSV files belong to no register. Allowed: {', '.join(known)}"


def _removed(got: Read[RemovedRow] | None, records: Mapping[Key, Record]) -> tuple[dict[Key, Where], list[Fault]]:
    found: dict[Key, Where] = {}
    faults = []
    for line, row in got.rows if got else ():
        key: Key = (row.table, row.number) if row.fiscal_year is None else (row.table, row.number, str(row.fiscal_year))
        if (row.table == "taxes") != (row.fiscal_year is not None):
            faults.append(Fault(row.file, line, "fiscal_year", "taxes have one, nothing else has"))
        if key in found or key in records:
            faults.append(Fault(row.file, line, "number", "the record stands twice in these files"))
        found[key] = (row.file, line)
    return found, faults


def _not_drawn(got: Read[Any]) -> Iterator[Fault]:
    columns = [name for name in columns_of(got.kind) if form_of(got.kind, name).printed]
    for line, row in got.rows:
        for column in columns:
            missing = ivs.missing([getattr(row, column) or ""])
            if missing:
                wrong = f"{', '.join(missing)} cannot be printed; the counter issues what this stands on"
                yield Fault(got.kind.file, line, column, wrong)
