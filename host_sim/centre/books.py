"""The city's books in the database: load them, change them, and read everything about one household at one instant.

Every change gives the books a new version and writes it to the households it touches. A certificate is made from one
snapshot, and the centre stores the household's version with the promise. If the household has another version when
the paper is promised or fetched, the paper is not given out (incidents 2, 6).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from host_sim.centre import register as r
from host_sim.centre.store import Store
from host_sim.centre.tables import facts, families, family_members, households, residents, seals, taxes

Record = r.Resident | r.Household | r.Seal | r.TaxYear | r.FamilyRegister


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


def load(store: Store, register: r.Register) -> None:
    """Write a whole register into an empty database; if the database has one already, do nothing."""
    with store.writing() as c:
        if store.fact(c, "version") is not None:
            return
        town = json.loads(r.pack(register.municipality))  # the column's type encodes it again
        told = {"version": register.version, "municipality": town, "cast": dict(register.cast)}
        c.execute(facts.insert(), [{"name": name, "value": value} for name, value in told.items()])
        everything: list[Record] = [*register.households.values(), *register.residents.values()]
        everything += [*register.seals.values(), *register.taxes.values(), *register.families.values()]
        for table, rows in _rows(everything, register.version).items():
            c.execute(table.insert(), rows)


def snapshot(c: sa.Connection, resident_id: str) -> Snapshot | None:
    """Everything about one resident in one statement; None for somebody whom the books do not have."""
    found: dict[str, list[Any]] = {}
    for part, version, packed in c.execute(_EVERYTHING, {"resident_id": resident_id}):
        found.setdefault(part, []).append((version, packed))

    def records(part: str, kind: type[Any]) -> list[Any]:
        return [r.unpack(kind, packed) for _, packed in found.get(part, ())]

    if "home" not in found:
        return None
    [home], [town] = records("home", r.Household), records("town", r.Municipality)
    register = r.Register(
        municipality=town,
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
        part("town", sa.cast(facts.c.value, sa.String), facts.c.name == "municipality"),
    )


_EVERYTHING = _everything()


def version_of(c: sa.Connection, household_id: str) -> int | None:
    """The version of the books in which anything about this household last changed; None when there is no such household."""
    version: int | None = c.scalar(sa.select(households.c.version).where(households.c.household_id == household_id))
    return version


def change(store: Store, c: sa.Connection, *records: Record) -> int:
    """A clerk's change, one or many records at once; returns the new version of the books."""
    version = int(store.fact(c, "version")) + 1
    store.set_fact(c, "version", version)
    touched = _touched(c, records)
    for table, rows in _rows(records, version).items():
        for row in rows:
            same = [column == row[column.name] for column in table.primary_key]
            c.execute(table.delete().where(*same))
            c.execute(table.insert().values(**row))
    c.execute(households.update().where(households.c.household_id.in_(touched)).values(version=version))
    return version


def _touched(c: sa.Connection, records: Sequence[Record]) -> set[str]:
    """The households that a change touches; for somebody who moves, the old household and the new one."""
    people: set[str] = set()
    homes: set[str] = set()
    for record in records:
        match record:
            case r.Household():
                homes.add(record.household_id)
            case r.FamilyRegister():
                people |= {m.resident_id for m in record.members if m.resident_id}
            case r.Resident():
                homes.add(record.household_id)
                people.add(record.resident_id)
            case _:
                people.add(record.resident_id)
    return homes | set(c.scalars(sa.select(residents.c.household_id).where(residents.c.resident_id.in_(people))))


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
