"""Records on their way from files into the books, on disk: a city has a million of them, and memory has room for few.

The database of this module is a temporary one that SQLite makes without a name and removes when it is closed.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

from host_sim.centre import register as r
from host_sim.centre.books import KINDS, Key, Record, key_of
from host_sim.centre.registers.reading import Where

_TABLES = """
CREATE TABLE records (part TEXT, number TEXT, year TEXT, household TEXT, packed TEXT, file TEXT, line INTEGER,
  PRIMARY KEY (part, number, year)) WITHOUT ROWID;
CREATE INDEX of_household ON records (household) WHERE household IS NOT NULL;
CREATE TABLE once (name TEXT, value TEXT, line INTEGER, PRIMARY KEY (name, value, line)) WITHOUT ROWID;
"""
_ADD = "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?, ?)"
_ONE = "SELECT packed, file, line FROM records WHERE part = ? AND number = ? AND year = ?"
_KEYS = "SELECT part, number, year FROM records"
_PART = "SELECT number, packed FROM records WHERE part = ? ORDER BY number, year"
_NUMBERS = "SELECT number FROM records WHERE part = ?"
# Of each household the line of its own record, which sorts before those of its residents.
_HOUSEHOLDS = """
SELECT household, file, line, min(part || printf('%12d', line)) FROM records WHERE household IS NOT NULL GROUP BY household
"""
# Left alone, SQLite reads every resident of the city for it, because their numbers are in order.
_AT_HOME = """
SELECT packed FROM records INDEXED BY of_household WHERE household = ? AND part = 'residents' ORDER BY number
"""
_ONCE = "INSERT OR IGNORE INTO once VALUES (?, ?, ?)"
_TWICE = """
SELECT name, line, (SELECT min(line) FROM once AS other WHERE other.name = once.name AND other.value = once.value) AS before
FROM once WHERE line > before ORDER BY name, line
"""


class Staged(Mapping[Key, Record]):
    """The records of some files, each with the line from which it came."""

    def __init__(self) -> None:
        self._c = sqlite3.connect("", isolation_level=None)
        self._c.executescript(_TABLES)
        self._c.execute("BEGIN")

    def add(self, record: Record, file: str, line: int | None) -> None:
        household = record.household_id if isinstance(record, r.Household | r.Resident) else None
        self._c.execute(_ADD, (*_columns(key_of(record)), household, r.pack(record), file, line))

    def __getitem__(self, key: Key) -> Record:
        found = self._one(key)
        if found is None:
            raise KeyError(key)
        record: Record = r.unpack(KINDS[key[0]], found[0])
        return record

    def __contains__(self, key: object) -> bool:
        return isinstance(key, tuple) and self._one(key) is not None

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[Key]:
        for part, number, year in self._each(_KEYS):
            yield (part, number, year) if year else (part, number)

    def of(self, *parts: str) -> Iterator[Record]:
        """The records of these tables, by their numbers."""
        for part in parts:
            for _, packed in self._each(_PART, part):
                yield r.unpack(KINDS[part], packed)

    def numbers(self, part: str) -> Iterator[str]:
        for (number,) in self._each(_NUMBERS, part):
            yield number

    def where(self, key: Key) -> Where | None:
        """The line of a record; None for one that is not in the files."""
        found = self._one(key)
        return None if found is None else (found[1], found[2])

    # --- households -----------------------------------------------------------------------------

    def households(self) -> Iterator[tuple[str, Where]]:
        """Each household that a household's or a resident's line names, with the first of these lines."""
        for household, file, line, _ in self._each(_HOUSEHOLDS):
            yield household, (file, line)

    def residents_of(self, household: str) -> list[r.Resident]:
        return [r.unpack(r.Resident, packed) for (packed,) in self._each(_AT_HOME, household)]

    # --- what only one record may have ----------------------------------------------------------

    def note_once(self, name: str, value: str, line: int) -> None:
        self._c.execute(_ONCE, (name, value, line))

    def twice(self) -> Iterator[tuple[str, int, int]]:
        """Name, line, and the first line with the same value, of each further line."""
        yield from self._each(_TWICE)

    # --- inside ---------------------------------------------------------------------------------

    def _each(self, statement: str, *values: str) -> Iterator[Any]:
        with closing(self._c.execute(statement, values)) as found:
            yield from found

    def _one(self, key: Key) -> Any:
        return self._c.execute(_ONE, _columns(key)).fetchone()


def _columns(key: Key) -> tuple[str, str, str]:
    part, number, *year = key
    return part, number, year[0] if year else ""
