"""Puts what files say into the books, inside one transaction of the caller; whoever raises here changes nothing.

A household's members are derived: who names the household, by their numbers. The checks look at the books as they
would be afterwards, so that a delivery is judged together with what it does not repeat.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

import sqlalchemy as sa

from host_sim.centre import books
from host_sim.centre import register as r
from host_sim.centre.books import Key, Record
from host_sim.centre.registers.files import Files
from host_sim.centre.registers.reading import Fault, FilesRefused, Where
from host_sim.centre.registers.rows import TABLES_OF
from host_sim.centre.store import Store
from host_sim.centre.tables import family_members, residents, seals, taxes

_FOLDER: Where = ("the folder", None)
LIVING = {r.ResidentState.RESIDENT, r.ResidentState.LEAVING}


@dataclass(frozen=True, slots=True)
class Applied:
    """How many records were added, changed and removed."""

    added: int
    changed: int
    removed: int
    version: int

    def __str__(self) -> str:
        return f"{self.added} added, {self.changed} changed, {self.removed} removed"


@dataclass(slots=True)
class Home:
    """A household as it would be, and the line that touches it."""

    cause: Where
    record: r.Household | None = None
    people: dict[str, r.Resident] = field(default_factory=dict)


def replace_registers(store: Store, c: sa.Connection, files: Files, may_remove: int | None) -> Applied:
    """The registers of these files become what the files say. `may_remove`: None if any number of records may go."""
    tables = [table for name in files.registers for table in TABLES_OF[name]]
    gone = {key for table in tables for key in books.each_key(c, table) if key not in files.records}
    if may_remove is not None and len(gone) > may_remove:
        counts = Counter(key[0] for key in gone)
        told = ", ".join(f"{count} {table}" for table, count in sorted(counts.items()))
        wrong = f"it lacks {told} that the books have; say --remove {len(gone)} to remove them"
        raise FilesRefused([Fault("the folder", None, None, wrong)])
    return _apply(store, c, files, gone)


def change_registers(store: Store, c: sa.Connection, files: Files) -> Applied:
    """The records of these files are written, and those that they remove are removed."""
    there = books.stored(c, files.removed)
    absent = [line for key, line in files.removed.items() if key not in there]
    if absent:
        raise FilesRefused([Fault(*line, "number", "the books have no such record") for line in absent])
    return _apply(store, c, files, set(files.removed))


def _apply(store: Store, c: sa.Connection, files: Files, gone: set[Key]) -> Applied:
    faults = list(_households(c, files, gone))
    done = books.change_all(store, c, files.records.of(*books.TABLES), sorted(gone))
    faults += _dangling(c, files)
    faults += _left_behind(c, files, gone)
    if faults:
        raise FilesRefused(faults)
    return Applied(done.added, done.changed, len(gone), done.version)


# --- households ---------------------------------------------------------------------------------


def _households(c: sa.Connection, files: Files, gone: set[Key]) -> Iterator[Fault]:
    """What is wrong with a household that these files touch. One that is right gets its members."""
    for some in books.portions(sorted(_causes(c, files, gone).items())):
        for number, home in _homes(c, dict(some), files, gone).items():
            if not home.people and ("households", number) in gone:
                continue
            yield from _wrong_household(home, files)
            if home.record is not None:
                record = replace(home.record, member_ids=tuple(sorted(home.people)))
                files.records.add(record, *(files.where(("households", number)) or home.cause))


def _causes(c: sa.Connection, files: Files, gone: set[Key]) -> dict[str, Where]:
    """Every household that these files touch, and the line that does."""
    causes = dict(files.records.households())
    people = chain(files.records.numbers("residents"), (key[1] for key in gone if key[0] == "residents"))
    for some in books.portions_of(people):
        here = sa.select(residents.c.resident_id, residents.c.household_id).where(residents.c.resident_id.in_(some))
        for number, household in c.execute(here):
            causes.setdefault(household, files.where(("residents", number)) or _FOLDER)
    for key in gone:
        if key[0] == "households":
            causes.setdefault(key[1], files.where(key) or _FOLDER)
    return causes


def _homes(c: sa.Connection, causes: Mapping[str, Where], files: Files, gone: set[Key]) -> dict[str, Home]:
    """These households as they would be afterwards."""
    homes = {number: Home(cause) for number, cause in causes.items()}
    stored = books.read(c, [("households", number) for number in homes])
    here = sa.select(residents.c.packed).where(residents.c.household_id.in_(list(homes)))
    for packed in c.scalars(here):
        person = r.unpack(r.Resident, packed)
        key = books.key_of(person)
        if key not in files.records and key not in gone:
            homes[person.household_id].people[person.resident_id] = person
    for number, home in homes.items():
        key = ("households", number)
        record = files.records.get(key) or stored.get(key)
        home.record = record if isinstance(record, r.Household) and key not in gone else None
        home.people |= {person.resident_id: person for person in files.records.residents_of(number)}
    return homes


def _wrong_household(home: Home, files: Files) -> Iterator[Fault]:
    lines = (files.records.where(("residents", number)) for number in home.people)
    here = [line for line in lines if line is not None]
    if home.record is None:
        for file, line in here or [home.cause]:
            yield Fault(file, line, "household_id", "there is no such household")
        return
    file, line = files.where(books.key_of(home.record)) or home.cause
    living = [person for person in home.people.values() if person.state in LIVING]
    heads = [person.resident_id for person in living if person.relation == "世帯主"]
    if not home.people:
        yield Fault(file, line, "household_id", "nobody is in this household")
    elif home.record.head_id not in home.people:
        yield Fault(file, line, "head_id", "the head is not a member of the household")
    elif living and not heads:
        yield Fault(file, line, "head_id", "no member who lives there is 世帯主")
    elif len(heads) > 1:
        for number in heads[1:]:
            there = files.where(("residents", number)) or (file, line)
            yield Fault(*there, "relation", "the household has a second 世帯主")
    elif heads and heads != [home.record.head_id]:
        yield Fault(file, line, "head_id", "another member than this one is 世帯主")


# --- what refers to a resident -------------------------------------------------------------------


def _dangling(c: sa.Connection, files: Files) -> Iterator[Fault]:
    """Records about nobody, and people who stand in two family registers."""
    for records in books.portions_of(files.records.of("seals", "taxes", "families")):
        named = [(books.key_of(record), number) for record in records for number in _about(record)]
        known = set(_those(c, residents.c.resident_id, {number for _, number in named}))
        in_families = Counter((key, number) for key, number in named if key[0] == "families")
        twice = _in_two(c, {number for _, number in in_families})
        for key, number in named:
            if number not in known:
                yield Fault(*_line(files, key), "resident_id", "there is no such resident")
        for (key, number), count in in_families.items():
            if number in twice or count > 1:
                wrong = "a member stands twice, here or here and in another 戸籍"
                yield Fault(*_line(files, key), "resident_id", wrong)


def _line(files: Files, key: Key) -> Where:
    return files.where(key) or _FOLDER


def _those(c: sa.Connection, column: sa.Column[str], numbers: Iterable[str]) -> Iterator[str]:
    """The values of a column that are among these numbers, as often as they stand there."""
    for some in books.portions(sorted(numbers)):
        yield from c.scalars(sa.select(column).where(column.in_(some)))


def _about(record: Record) -> Sequence[str]:
    """The residents whom a record names; of a family register, those who are not struck off."""
    match record:
        case r.Seal() | r.TaxYear():
            return [record.resident_id]
        case r.FamilyRegister():
            return [m.resident_id for m in record.members if m.resident_id and not m.struck_off]
        case _:
            return []


def _in_two(c: sa.Connection, numbers: Iterable[str]) -> set[str]:
    found = Counter(_those(c, family_members.c.resident_id, numbers))
    return {number for number, count in found.items() if count > 1}


def _left_behind(c: sa.Connection, files: Files, gone: Iterable[Key]) -> Iterator[Fault]:
    """Seals, taxes and family registers of people who are removed."""
    people = sorted(key[1] for key in gone if key[0] == "residents")
    for table in (seals, taxes, family_members):
        for some in books.portions(people):
            here = sa.select(table.c.resident_id).where(table.c.resident_id.in_(some)).distinct()
            for number in c.scalars(here):
                file, line = _line(files, ("residents", number))
                yield Fault(
                    file, line, "number", f"a resident who is removed still stands in {table.name}; remove that first"
                )
