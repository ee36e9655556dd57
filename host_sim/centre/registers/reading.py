"""Reads one CSV file strictly. Each fault names file, line and column, what is wrong and what is allowed; never a value.

UTF-8, with or without BOM, RFC 4180. A quoted text may not run over a line end, because no column holds one.
"""

import csv
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from host_sim.centre.registers.rows import Row, columns_of, form_of, reader

Where = tuple[str, int | None]  # file and line; None: the file as a whole
Line = TypeVar("Line", bound=Row)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing for which the files are refused, as a sentence without personal data."""

    file: str
    line: int | None  # None: the file as a whole
    column: str | None
    wrong: str

    def __str__(self) -> str:
        line = "" if self.line is None else f" line {self.line}"
        return f"{self.file}{line}{'' if self.column is None else f', {self.column}'}: {self.wrong}"


class FilesRefused(Exception):
    """These files are not taken, and nothing was changed."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = tuple(faults)


@dataclass(slots=True)
class Read(Generic[Line]):
    """The lines of one file that could be read, by their numbers, and the faults of the others."""

    kind: type[Line]
    rows: list[tuple[int, Line]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, line: int | None, column: str | None, wrong: str) -> None:
        self.faults.append(Fault(self.kind.file, line, column, wrong))


@dataclass(frozen=True, slots=True)
class Share:
    """Some of the records: a register is read as often as it has shares, so that only one share of it is in memory."""

    number: int = 0
    of: int = 1

    def has(self, key: Sequence[str]) -> bool:
        return self.of == 1 or zlib.crc32("\0".join(key).encode()) % self.of == self.number


def read(path: Path, kind: type[Line], share: Share = Share()) -> Read[Line]:
    """The lines of a file that belong to these records. Everything that is wrong with them, or with the file, stands in `faults`."""
    got = Read(kind)
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file, strict=True)
        try:
            header = next(lines, None) or []
            if _header_is_right(got, header):
                key = [header.index(name) for name in kind.key if name in header]
                for cells in lines:
                    if len(cells) != len(header) or share.has([cells[place] for place in key]):
                        _take(got, lines.line_num, header, cells)
        except UnicodeDecodeError:
            got = Read(kind)
            got.fault(_not_utf8(path), None, "it is not UTF-8. Export the file as UTF-8 again")
        except csv.Error:
            got.fault(lines.line_num, None, "its quotation marks are not closed as RFC 4180 has it")
    return got


def _not_utf8(path: Path) -> int:
    """The first line that is not UTF-8."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    raise AssertionError("every line is UTF-8")


def _header_is_right(got: Read[Line], header: Sequence[str]) -> bool:
    due = list(columns_of(got.kind))
    columns = f"The columns are {', '.join(due)}"
    for name in dict.fromkeys(name for name in header if header.count(name) > 1 and name in due):
        got.fault(1, name, f"the column stands twice. {columns}")
    if any(name not in due for name in header):  # its words are not told: without a header, they are somebody's data
        places = [str(place) for place, name in enumerate(header, start=1) if name not in due]
        got.fault(1, None, f"no such column as that at place {', '.join(places)}. {columns}")
    for name, column in columns_of(got.kind).items():
        if name not in header and column.is_required():
            got.fault(1, name, f"the column is missing. {columns}")
    return not got.faults


def _take(got: Read[Line], line: int, header: Sequence[str], cells: Sequence[str]) -> None:
    if len(cells) != len(header):
        got.fault(line, None, f"it has {len(cells)} columns instead of {len(header)}")
        return
    try:
        got.rows.append((line, reader(got.kind).validate_python(dict(zip(header, cells, strict=True)))))
    except ValidationError as error:
        for column, wrong in _wrong(error):
            got.fault(line, column, f"{wrong}. Allowed: {form_of(got.kind, column).words}")


def _wrong(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Column and reason. Only the words of `columns.py` are passed on: pydantic's own may repeat the value."""
    for fault in error.errors(include_url=False, include_input=False):
        told = fault.get("ctx", {}).get("error")
        yield str(fault["loc"][0]), str(told) if isinstance(told, ValueError) else "it has another form"
