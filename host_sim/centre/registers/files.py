"""A folder of register files, read and joined: `Files` is what one import or one delivery says.

The files of one register are given together, or none of them: without blocks.csv, every protection would end.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from host_sim.centre.books import Key
from host_sim.centre.forms import ivs
from host_sim.centre.registers.joining import Joined, finish, join
from host_sim.centre.registers.reading import Fault, FilesRefused, Read, Share, Where, read
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
from host_sim.centre.registers.staged import Staged

SHARE_BYTES = 8_000_000  # of a register's files; some 200 MB of memory while they are joined


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Records and where they stand. `notices`: letters that the certificates' font lacks, which are taken all the same."""

    registers: tuple[RegisterName, ...]
    records: Staged = field(default_factory=Staged)
    removed: Mapping[Key, Where] = field(default_factory=dict)
    notices: tuple[Fault, ...] = ()

    def where(self, key: Key) -> Where | None:
        """The line of a record, or the one that removes it."""
        return self.records.where(key) or self.removed.get(key)


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
            [Fault(*files.removed[key], "table", f"it belongs to another register than {register}") for key in strays]
        )
    return replace(files, registers=(register,))


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
    gone = read(directory / RemovedRow.file, RemovedRow) if RemovedRow.file in there else None
    faults += gone.faults if gone else []
    joined, notices = Joined(), []
    for name in registers:
        for share in _shares(directory, name):
            lines = {kind: read(directory / kind.file, kind, share) for kind in files_of(name) if kind.file in there}
            faults += [fault for got in lines.values() for fault in got.faults]
            if not faults:  # without every line, what belongs together cannot be told
                join(name, lines, directory, joined)
                notices += [notice for got in lines.values() for notice in _not_drawn(got)]
    if faults:
        raise FilesRefused(_by_line(faults))
    finish(directory, joined)
    removed, wrong = _removed(gone, joined.records)
    if joined.faults or wrong:
        raise FilesRefused([*_by_line(joined.faults), *wrong])
    return Files(registers=registers, records=joined.records, removed=removed, notices=tuple(_by_line(notices)))


def _shares(directory: Path, name: RegisterName) -> list[Share]:
    """One share for each so many bytes of a register's files."""
    files = (directory / kind.file for kind in files_of(name))
    count = 1 + sum(path.stat().st_size for path in files if path.exists()) // SHARE_BYTES
    return [Share(number, count) for number in range(count)]


def _by_line(faults: Sequence[Fault]) -> list[Fault]:
    """As they stand in the files. What is wrong with a whole file is found once a share and told once."""
    kinds: tuple[type[Row], ...] = (*FILES, RemovedRow)
    files = [kind.file for kind in kinds]
    places = {fault: files.index(fault.file) if fault.file in files else len(files) for fault in faults}
    return sorted(places, key=lambda fault: (places[fault], fault.line or 0))


def _strange(count: int, known: list[str]) -> str:
    return f"{count} of its CSV files belong to no register. Allowed: {', '.join(known)}"


def _removed(got: Read[RemovedRow] | None, records: Staged) -> tuple[dict[Key, Where], list[Fault]]:
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
