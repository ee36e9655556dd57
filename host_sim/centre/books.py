"""The city's books in the database: load them, change them, and read everything about one household at one instant.

Every change gives the books a new version and writes it to the households it touches. A certificate is made from one
snapshot, and the centre stores the household's version with the promise. If the household has another version when
the paper is promised or fetched, the paper is not given out (incidents 2, 6).
"""

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
        told = {"version": register.version, "cast": dict(register.cast)}
        c.execute(facts.insert(), [{"name": name, "value": value} for name, value in told.items()])
        everything: list[Record] = [*register.households.values(), *register.residents.values()]
        everything += [*register.seals.values(), *register.taxes.values(), *register.families.values()]
        for table, rows in _rows(everything, register.version).items():
            c.execute(table.insert(), rows)


def snapshot(c: sa.Connection, resident_id: str, municipality: r.Municipality) -> Snapshot | None:
    """Everything about a resident now, with the municipality that certifies today; None when there is no such resident."""
    household_id = c.scalar(sa.select(residents.c.household_id).where(residents.c.resident_id == resident_id))
    if household_id is None:
        return None
    home = c.execute(sa.select(households).where(households.c.household_id == household_id)).one()
    members = c.scalars(sa.select(residents.c.packed).where(residents.c.household_id == household_id))
    people = [r.unpack(r.Resident, packed) for packed in members]
    seal = c.scalar(sa.select(seals.c.packed).where(seals.c.resident_id == resident_id))
    years = c.scalars(sa.select(taxes.c.packed).where(taxes.c.resident_id == resident_id))
    mine = sa.select(family_members.c.register_id).where(family_members.c.resident_id == resident_id)
    lines = c.scalars(sa.select(families.c.packed).where(families.c.register_id.in_(mine)))
    register = r.Register(
        municipality=municipality,
        residents={person.resident_id: person for person in people},
        households={household_id: r.unpack(r.Household, home.packed)},
        seals={} if seal is None else {resident_id: r.unpack(r.Seal, seal)},
        taxes={(t.resident_id, t.fiscal_year): t for t in (r.unpack(r.TaxYear, year) for year in years)},
        families={f.register_id: f for f in (r.unpack(r.FamilyRegister, line) for line in lines)},
        version=home.version,
    )
    return Snapshot(resident_id, register)


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
