"""Puts what files say into the books, inside one transaction of the caller; whoever raises here changes nothing.

A household's members are derived: who names the household, by their numbers. The checks look at the books as they
would be afterwards, so that a delivery is judged together with what it does not repeat.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from host_sim.centre import books
from host_sim.centre import register as r
from host_sim.centre.books import Key, Record
from host_sim.centre.registers.files import Files
from host_sim.centre.registers.reading import Fault, FilesRefused, Where
from host_sim.centre.registers.rows import TABLES_OF
from host_sim.centre.store import Store
from host_sim.centre.tables import family_members, residents, seals, taxes

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
    there = {key for name in files.registers for table in TABLES_OF[name] for key in books.keys(c, table)}
    gone = there - set(files.records)
    if may_remove is not None and len(gone) > may_remove:
        counts = Counter(key[0] for key in gone)
        told = ", ".join(f"{count} {table}" for table, count in sorted(counts.items()))
        raise FilesRefused(
            [
                Fault(
                    "the folder",
                    None,
                    None,
                    f"it lacks {told} that the books have; say --remove {len(gone)} to remove them",
                )
            ]
        )
    return _apply(store, c, files, gone)


def change_registers(store: Store, c: sa.Connection, files: Files) -> Applied:
    """The records of these files are written, and those that they remove are removed."""
    there = books.stored(c, files.removed)
    absent = [key for key in files.removed if key not in there]
    if absent:
        raise FilesRefused([Fault(*files.lines[key], "number", "the books have no such record") for key in absent])
    return _apply(store, c, files, set(files.removed))


def _apply(store: Store, c: sa.Connection, files: Files, gone: set[Key]) -> Applied:
    homes = _homes(c, files, gone)
    faults = [fault for home in homes.values() for fault in _wrong_household(home, files)]
    fresh = dict(files.records)
    for number, home in homes.items():
        if home.record is not None:
            fresh["households", number] = replace(home.record, member_ids=tuple(sorted(home.people)))
    before = books.stored(c, fresh)
    changed = sum(1 for key, packed in before.items() if packed != r.pack(fresh[key]))
    version = books.change(store, c, *fresh.values(), removed=sorted(gone))
    faults += _dangling(c, files)
    faults += _left_behind(c, files, gone)
    if faults:
        raise FilesRefused(faults)
    return Applied(len(fresh) - len(before), changed, len(gone), version)


# --- households ---------------------------------------------------------------------------------


def _homes(c: sa.Connection, files: Files, gone: set[Key]) -> dict[str, Home]:
    """Every household that these files touch, as it would be afterwards."""
    homes: dict[str, Home] = {}
    people = {key[1]: record for key, record in files.records.items() if isinstance(record, r.Resident)}
    for key, record in files.records.items():
        if isinstance(record, r.Household | r.Resident):
            homes.setdefault(record.household_id, Home(files.lines[key]))
    leaving: dict[str, Where] = {
        key[1]: files.lines.get(key, ("the folder", None)) for key in gone if key[0] == "residents"
    }
    was_there: dict[str, Where] = {number: files.lines["residents", number] for number in people} | leaving
    for some in books.portions(sorted(was_there)):
        here = sa.select(residents.c.resident_id, residents.c.household_id).where(residents.c.resident_id.in_(some))
        for number, household in c.execute(here):
            homes.setdefault(household, Home(was_there[number]))
    for key in gone:
        if key[0] == "households":
            homes.setdefault(key[1], Home(files.lines.get(key, ("the folder", None))))
    _fill(c, homes, files, people, gone)
    return {number: home for number, home in homes.items() if home.people or ("households", number) not in gone}


def _fill(
    c: sa.Connection, homes: Mapping[str, Home], files: Files, people: Mapping[str, r.Resident], gone: set[Key]
) -> None:
    wanted = [("households", number) for number in homes]
    for key, record in {**books.read(c, wanted), **files.records}.items():
        if isinstance(record, r.Household) and key not in gone:
            homes[record.household_id].record = record
    for some in books.portions(list(homes)):
        here = sa.select(residents.c.resident_id, residents.c.packed).where(residents.c.household_id.in_(some))
        for number, packed in c.execute(here):
            if number not in people and ("residents", number) not in gone:
                person = r.unpack(r.Resident, packed)
                homes[person.household_id].people[number] = person
    for number, person in people.items():
        homes[person.household_id].people[number] = person


def _wrong_household(home: Home, files: Files) -> Iterator[Fault]:
    here = [files.lines["residents", number] for number in home.people if ("residents", number) in files.records]
    if home.record is None:
        for file, line in here or [home.cause]:
            yield Fault(file, line, "household_id", "there is no such household")
        return
    file, line = files.lines.get(books.key_of(home.record), home.cause)
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
            there = files.lines.get(("residents", number), (file, line))
            yield Fault(*there, "relation", "the household has a second 世帯主")
    elif heads and heads != [home.record.head_id]:
        yield Fault(file, line, "head_id", "another member than this one is 世帯主")


# --- what refers to a resident -------------------------------------------------------------------


def _dangling(c: sa.Connection, files: Files) -> Iterator[Fault]:
    """Records about nobody, and people who stand in two family registers."""
    named = [(key, number) for key, record in files.records.items() for number in _about(record)]
    numbers = sorted({number for _, number in named})
    known: set[str] = set()
    for some in books.portions(numbers):
        known |= set(c.scalars(sa.select(residents.c.resident_id).where(residents.c.resident_id.in_(some))))
    for key, number in named:
        if number not in known:
            yield Fault(*files.lines[key], "resident_id", "there is no such resident")
    in_families = [(key, number) for key, number in named if key[0] == "families"]
    twice = _in_two(c, sorted({number for _, number in in_families}))
    within = Counter(in_families)
    for key, number in dict.fromkeys(in_families):
        if number in twice or within[key, number] > 1:
            yield Fault(*files.lines[key], "resident_id", "a member stands twice, here or here and in another 戸籍")


def _about(record: Record) -> Sequence[str]:
    """The residents whom a record names; of a family register, those who are not struck off."""
    match record:
        case r.Seal() | r.TaxYear():
            return [record.resident_id]
        case r.FamilyRegister():
            return [m.resident_id for m in record.members if m.resident_id and not m.struck_off]
        case _:
            return []


def _in_two(c: sa.Connection, numbers: Sequence[str]) -> set[str]:
    found: Counter[str] = Counter()
    for some in books.portions(numbers):
        here = sa.select(family_members.c.resident_id).where(family_members.c.resident_id.in_(some))
        found.update(c.scalars(here))
    return {number for number, count in found.items() if count > 1}


def _left_behind(c: sa.Connection, files: Files, gone: Iterable[Key]) -> Iterator[Fault]:
    """Seals, taxes and family registers of people who are removed."""
    people = sorted(key[1] for key in gone if key[0] == "residents")
    for table in (seals, taxes, family_members):
        for some in books.portions(people):
            here = sa.select(table.c.resident_id).where(table.c.resident_id.in_(some)).distinct()
            for number in c.scalars(here):
                file, line = files.lines.get(("residents", number), ("the folder", None))
                yield Fault(
                    file, line, "number", f"a resident who is removed still stands in {table.name}; remove that first"
                )
