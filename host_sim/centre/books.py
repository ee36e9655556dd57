"""The city's books in the database: load them, change them, and read everything about one household at one instant.

Every change gives the books a new version and writes it to the households it touches; a record that is written again as
it is changes nothing. A certificate is made from one
snapshot, and the centre stores the household's version with the promise. If the household has another version when
the paper is promised or fetched, the paper is not given out (incidents 2, 6).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa

from host_sim.centre import register as r
from host_sim.centre.store import Store
from host_sim.centre.tables import facts, families, family_members, households, residents, seals, taxes

Record = r.Resident | r.Household | r.Seal | r.TaxYear | r.FamilyRegister
Key = tuple[str, ...]  # of a record: the name of its table, then its primary key
TABLES = {table.name: table for table in (residents, households, seals, taxes, families)}
KINDS: Mapping[str, type[Any]] = {
    "residents": r.Resident,
    "households": r.Household,
    "seals": r.Seal,
    "taxes": r.TaxYear,
    "families": r.FamilyRegister,
}
Item = TypeVar("Item")
_AT_ONCE = 500  # rows of one statement; SQLite takes 32,766 values


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that a certificate of one resident can need, read in one transaction."""

    resident_id: str
    register: r.Register

    @property
    def resident(self) -> r.Resident:
        return self.register.residents[self.resident_id]

    @property
    def members(self) -> tuple[r.Resident, ...]:
        return self.register.members(self.register.household_of(self.resident))


class Changed(NamedTuple):
    """The version of the books after a change, and how many records were added and changed."""

    version: int
    added: int
    changed: int


def load(store: Store, register: r.Register) -> None:
    """Write a whole register into an empty database; if the database has one already, do nothing."""
    with store.writing() as c:
        if not begin(store, c, register.version, register.cast):
            return
        for table, rows in _rows(records_of(register), register.version).items():
            c.execute(table.insert(), rows)


def begin(store: Store, c: sa.Connection, version: int = 0, cast: Mapping[str, str] | None = None) -> bool:
    """Begin the books; False if the database has books already."""
    if store.fact(c, "version") is not None:
        return False
    told = {"version": version, "cast": dict(cast or {})}
    c.execute(facts.insert(), [{"name": name, "value": value} for name, value in told.items()])
    return True


def records_of(register: r.Register) -> list[Record]:
    everyone: list[Record] = [*register.households.values(), *register.residents.values()]
    return [*everyone, *register.seals.values(), *register.taxes.values(), *register.families.values()]


def snapshot(c: sa.Connection, resident_id: str, municipality: r.Municipality) -> Snapshot | None:
    """Everything about one resident in one statement; None for somebody whom the books do not have.

    `municipality`: the one that certifies today.
    """
    found: dict[str, list[Any]] = {}
    for part, version, packed in c.execute(_EVERYTHING, {"resident_id": resident_id}):
        found.setdefault(part, []).append((version, packed))

    def records(part: str, kind: type[Any]) -> list[Any]:
        return [r.unpack(kind, packed) for _, packed in found.get(part, ())]

    if "home" not in found:
        return None
    [home] = records("home", r.Household)
    register = r.Register(
        municipality=municipality,
        residents={person.resident_id: person for person in records("person", r.Resident)},
        households={home.household_id: home},
        seals={seal.resident_id: seal for seal in records("seal", r.Seal)},
        taxes={(year.resident_id, year.fiscal_year): year for year in records("year", r.TaxYear)},
        families={family.register_id: family for family in records("family", r.FamilyRegister)},
        version=found["home"][0][0],
    )
    return Snapshot(resident_id, register)


def _everything() -> sa.CompoundSelect[Any]:
    """Rows of part, version and packed record, for `resident_id`."""
    this: sa.BindParameter[str] = sa.bindparam("resident_id")
    home = sa.select(residents.c.household_id).where(residents.c.resident_id == this).scalar_subquery()
    mine = sa.select(family_members.c.register_id).where(family_members.c.resident_id == this)

    def part(name: str, packed: sa.ColumnElement[str], where: sa.ColumnElement[bool], version: Any = None) -> Any:
        number = sa.literal_column("0").label("version") if version is None else version
        return sa.select(sa.literal_column(f"'{name}'").label("part"), number, packed.label("packed")).where(where)

    return sa.union_all(
        part("home", households.c.packed, households.c.household_id == home, households.c.version),
        part("person", residents.c.packed, residents.c.household_id == home),
        part("seal", seals.c.packed, seals.c.resident_id == this),
        part("year", taxes.c.packed, taxes.c.resident_id == this),
        part("family", families.c.packed, families.c.register_id.in_(mine)),
    )


_EVERYTHING = _everything()
_VERSION = sa.select(households.c.version).where(households.c.household_id == sa.bindparam("of"))


def version_of(c: sa.Connection, household_id: str) -> int | None:
    """The version of the books in which anything about this household last changed; None when there is no such household."""
    version: int | None = c.scalar(_VERSION, {"of": household_id})
    return version


def change(store: Store, c: sa.Connection, *records: Record, removed: Iterable[Key] = ()) -> int:
    """A change of one or many records at once; returns the version of the books, a new one if anything differs."""
    return change_all(store, c, records, list(removed)).version


def change_all(store: Store, c: sa.Connection, records: Iterable[Record], removed: Sequence[Key]) -> Changed:
    """The same for a whole register, of which only a portion is in memory at a time. Of two records with one key, the last."""
    last = int(store.fact(c, "version"))
    version, added, changed = last + 1, 0, 0
    touched: set[str] = set()
    for gone in portions(removed):
        touched |= _touched(c, list(read(c, gone).values()))
        _delete(c, gone)
    for some in portions_of(records):
        fresh = {key_of(record): record for record in some}
        packed = stored(c, fresh)
        added += len(fresh.keys() - packed.keys())
        fresh = {key: record for key, record in fresh.items() if packed.get(key) != r.pack(record)}
        changed += len(fresh.keys() & packed.keys())
        touched |= _touched(c, list(fresh.values()))
        _delete(c, fresh)
        for table, rows in _rows(list(fresh.values()), version).items():
            c.execute(table.insert(), rows)
    if not added and not changed and not removed:
        return Changed(last, 0, 0)
    store.set_fact(c, "version", version)
    for homes in portions(sorted(touched)):
        c.execute(households.update().where(households.c.household_id.in_(homes)).values(version=version))
    return Changed(version, added, changed)


def key_of(record: Record) -> Key:
    match record:
        case r.Resident():
            return "residents", record.resident_id
        case r.Household():
            return "households", record.household_id
        case r.Seal():
            return "seals", record.resident_id
        case r.TaxYear():
            return "taxes", record.resident_id, str(record.fiscal_year)
        case r.FamilyRegister():
            return "families", record.register_id


def keys(c: sa.Connection, table: str) -> set[Key]:
    """The keys of all records of one table."""
    return set(each_key(c, table))


def each_key(c: sa.Connection, table: str) -> Iterator[Key]:
    """The same, one after another."""
    each = sa.select(*TABLES[table].primary_key).execution_options(yield_per=10_000)
    return ((table, *map(str, row)) for row in c.execute(each))


def read(c: sa.Connection, wanted: Iterable[Key]) -> dict[Key, Record]:
    """Those of these records that are in the books."""
    return {key: r.unpack(KINDS[key[0]], packed) for key, packed in stored(c, wanted).items()}


def everything(c: sa.Connection, municipality: r.Municipality) -> r.Register:
    """The whole register."""
    found: dict[str, dict[Key, Any]] = {table: read(c, sorted(keys(c, table))) for table in TABLES}
    named = {row.name: row.value for row in c.execute(sa.select(facts))}
    return r.Register(
        municipality=municipality,
        residents={key[1]: record for key, record in found["residents"].items()},
        households={key[1]: record for key, record in found["households"].items()},
        seals={key[1]: record for key, record in found["seals"].items()},
        taxes={(key[1], int(key[2])): record for key, record in found["taxes"].items()},
        families={key[1]: record for key, record in found["families"].items()},
        cast=named["cast"],
        version=named["version"],
    )


def stored(c: sa.Connection, wanted: Iterable[Key]) -> dict[Key, str]:
    """The packed text of those of these records that are in the books."""
    found: dict[Key, str] = {}
    for name, here in _by_table(wanted).items():
        table = TABLES[name]
        for some in portions(here):
            where = table.c[next(iter(table.primary_key)).name].in_({key[1] for key in some})
            for *key, packed in c.execute(sa.select(*table.primary_key, table.c.packed).where(where)):
                found[(name, *map(str, key))] = packed
    return {key: found[key] for here in _by_table(wanted).values() for key in here if key in found}


def _delete(c: sa.Connection, gone: Iterable[Key]) -> None:
    for name, here in _by_table(gone).items():
        if name == "families":
            for some in portions(here):
                c.execute(family_members.delete().where(family_members.c.register_id.in_([key[1] for key in some])))
        table = TABLES[name]
        names = [column.name for column in table.primary_key]
        matches = [table.c[column] == sa.bindparam(f"key_{column}") for column in names]
        rows = [_numbers(dict(zip((f"key_{column}" for column in names), key[1:], strict=True))) for key in here]
        c.execute(table.delete().where(*matches), rows)


def _numbers(row: dict[str, Any]) -> dict[str, Any]:
    return row | ({"key_fiscal_year": int(row["key_fiscal_year"])} if "key_fiscal_year" in row else {})


def _by_table(wanted: Iterable[Key]) -> dict[str, list[Key]]:
    found: dict[str, list[Key]] = {}
    for key in wanted:
        found.setdefault(key[0], []).append(key)
    return found


def portions(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for first in range(0, len(items), _AT_ONCE):
        yield items[first : first + _AT_ONCE]


def portions_of(items: Iterable[Item]) -> Iterator[Sequence[Item]]:
    """The same of what comes one after another."""
    left = iter(items)
    while some := list(islice(left, _AT_ONCE)):
        yield some


def _touched(c: sa.Connection, records: Sequence[Record]) -> set[str]:
    """The households that a change touches; for somebody who moves, the old household and the new one."""
    people: set[str] = set()
    homes: set[str] = set()
    books_of_families = []
    for record in records:
        match record:
            case r.Household():
                homes.add(record.household_id)
            case r.FamilyRegister():
                people |= {m.resident_id for m in record.members if m.resident_id}
                books_of_families.append(record.register_id)
            case r.Resident():
                homes.add(record.household_id)
                people.add(record.resident_id)
            case _:
                people.add(record.resident_id)
    for some in portions(books_of_families):  # who stood there before
        mine = sa.select(family_members.c.resident_id).where(family_members.c.register_id.in_(some))
        people |= set(c.scalars(mine))
    for part in portions(sorted(people)):
        homes |= set(c.scalars(sa.select(residents.c.household_id).where(residents.c.resident_id.in_(part))))
    return homes


def _rows(records: Sequence[Record], version: int) -> Mapping[sa.Table, list[dict[str, Any]]]:
    rows: dict[sa.Table, list[dict[str, Any]]] = {}
    for record in records:
        for table, row in _row(record, version):
            rows.setdefault(table, []).append(row)
    return rows


def _row(record: Record, version: int) -> list[tuple[sa.Table, dict[str, Any]]]:
    packed = {"packed": r.pack(record)}
    match record:
        case r.Resident():
            return [(residents, {"resident_id": record.resident_id, "household_id": record.household_id} | packed)]
        case r.Household():
            return [(households, {"household_id": record.household_id, "version": version} | packed)]
        case r.Seal():
            return [(seals, {"resident_id": record.resident_id} | packed)]
        case r.TaxYear():
            return [(taxes, {"resident_id": record.resident_id, "fiscal_year": record.fiscal_year} | packed)]
        case r.FamilyRegister():
            members = sorted({m.resident_id for m in record.members if m.resident_id and not m.struck_off})
            lines = [(family_members, {"resident_id": m, "register_id": record.register_id}) for m in members]
            return [(families, {"register_id": record.register_id} | packed), *lines]
