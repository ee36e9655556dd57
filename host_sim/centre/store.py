"""What every part of the centre stores alike: facts, serial numbers, the audit record, flags."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from host_sim.centre import schema
from host_sim.centre.database import Database
from host_sim.centre.operating import audit, flags
from host_sim.centre.tables import facts, serials

# Written once: each call asks them, and building a statement costs more than the database's answer.
_FACT = sa.select(facts.c.value).where(facts.c.name == sa.bindparam("of"))
_NO_FACT = facts.delete().where(facts.c.name == sa.bindparam("of"))
_SET_FACT = facts.insert()
_TODAYS = (serials.c.day == sa.bindparam("of_day")) & (serials.c.terminal == sa.bindparam("of_terminal"))
_LAST = sa.select(serials.c.last).where(_TODAYS)
_FIRST_SERIALS, _MORE_SERIALS = serials.insert(), serials.update().where(_TODAYS)


class Peer(NamedTuple):
    """The machine at the other end, as its client certificate names it."""

    name: str
    site: str  # store, office, counter


HERE = Peer("centre", "-")  # in the audit record: the centre itself, by one of its commands


class Store(Database):
    """A database with this program's tables. Every method takes the connection of a `reading` or `writing` block."""

    def __init__(self, url: str, *, create: bool = False) -> None:
        """Raises `DatabaseTrouble` if its tables are not this program's. `create`: make them if there are none."""
        super().__init__(url, there=not create)
        if create or self.in_memory:
            with self.writing() as c:
                if schema.revision(c) is None:
                    schema.create(c)
        with self.reading() as c:
            schema.check(c)

    # --- facts, numbers, traces -----------------------------------------------------------------

    def fact(self, c: sa.Connection, name: str) -> Any:
        """The value of a fact, or None."""
        return c.scalar(_FACT, {"of": name})

    def set_fact(self, c: sa.Connection, name: str, value: object) -> None:
        """Store a fact; `None` deletes it."""
        c.execute(_NO_FACT, {"of": name})
        if value is not None:
            c.execute(_SET_FACT, {"name": name, "value": value})

    def next_serials(self, c: sa.Connection, day: date, terminal: str, count: int) -> range:
        """The next `count` serial numbers of this terminal on this day, from 1."""
        of = {"of_day": day.isoformat(), "of_terminal": terminal}
        last = c.scalar(_LAST, of)
        if last is None:
            c.execute(_FIRST_SERIALS, {"day": day.isoformat(), "terminal": terminal, "last": count})
            return range(1, count + 1)
        c.execute(_MORE_SERIALS, of | {"last": last + count})
        return range(last + 1, last + count + 1)

    def note(self, c: sa.Connection, now: datetime, peer: Peer, act: str, detail: Mapping[str, Any]) -> None:
        """One row of the audit record: numbers and words, no name and no address."""
        audit.append(c, at=now.isoformat(), machine=peer.name, site=peer.site, act=act, detail=detail)

    def flag(self, c: sa.Connection, now: datetime, machine: str, what: str, detail: Mapping[str, Any]) -> None:
        """Store something that a person must look at. It stays until two people have closed it (incident 2)."""
        flags.raise_flag(c, now, machine, what, detail)
