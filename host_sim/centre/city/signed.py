"""The signed site tables of each machine, in the database.

A machine's tables are made when it asks, if what they would say has changed or their limit comes near. The set is then
made anew as a whole with higher versions, so that the machine fetches it and knows it for the later one. Rows stay:
what a machine served by on a day can be asked.
"""

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from host_sim.centre.city import table
from host_sim.centre.city.book import CityBook
from host_sim.centre.city.hours import JST
from host_sim.centre.store import Store
from host_sim.centre.tables import site_tables

VERSION_MAX = 2**52  # no clock has made a higher one, and a machine takes up to 2^53 - 1


class SiteTables:
    """`key` signs the tables: the key of the manifests."""

    def __init__(self, store: Store, book: CityBook, key: Ed25519PrivateKey) -> None:
        self._store = store
        self._book = book
        self._key = key

    def tables(self, machine: str, now: datetime) -> list[dict[str, str]]:
        """The machine's signed tables as the line sends them, in force first; empty: it is not in the city's file."""
        return [
            {"table": row.body, "signature": base64.b64encode(row.signature).decode()}
            for row in self._tables(machine, now)
        ]

    def highest(self, machine: str, now: datetime, held: int) -> int:
        """The highest version among the machine's tables; 0: it is not in the city's file.

        `held`: the highest that the machine holds. If it is above what the database has, the database was restored from
        an older backup; the machine refuses older tables, so they are made anew above it.
        """
        return _highest(self._tables(machine, now, held if held <= VERSION_MAX else 0))

    def _tables(self, machine: str, now: datetime, held: int = 0) -> Sequence[Any]:
        today = now.astimezone(JST).date()
        with self._store.reading() as c:
            found = table.contents(self._book.city(c, now), machine, today)
            last = self._last(c, machine)
        if not found or (_fresh(last, found, now) and _highest(last) >= held):
            return last if found else []
        with self._store.writing() as c:
            last = self._last(c, machine)  # another process may have made them meanwhile
            behind = _highest(last) < held
            if behind:
                self._store.flag(c, now, machine, "tables_behind", {})
            if behind or not _fresh(last, found, now):
                self._make(c, machine, found, max(_highest(last), held), now)
                last = self._last(c, machine)
        return last

    def _last(self, c: sa.Connection, machine: str) -> Sequence[Any]:
        mine = site_tables.c.machine == machine
        newest = sa.select(sa.func.max(site_tables.c.first_version)).where(mine).scalar_subquery()
        these = sa.select(site_tables).where(mine, site_tables.c.first_version == newest)
        return c.execute(these.order_by(site_tables.c.version)).all()

    def _make(
        self, c: sa.Connection, machine: str, found: Sequence[table.Content], last_version: int, now: datetime
    ) -> None:
        made = table.made(found, last_version, now)
        common = {"machine": machine, "first_version": made[0][0], "contents_sha256": table.sha256_of(found)}
        common["made_at"] = now.timestamp()
        rows = [
            {**common, "version": version, "body": body, "signature": self._key.sign(table.SIGNED + body.encode())}
            for version, body in made
        ]
        c.execute(site_tables.insert(), rows)


def _highest(rows: Sequence[Any]) -> int:
    return max((int(row.version) for row in rows), default=0)


def _fresh(last: Sequence[Any], found: Sequence[table.Content], now: datetime) -> bool:
    """Whether the tables that were made last still say what is to be said, and are not near their limit."""
    if not last or last[0].contents_sha256 != table.sha256_of(found):
        return False
    made_at = float(last[0].made_at)
    return made_at <= now.timestamp() < made_at + timedelta(days=table.RENEWED_DAYS).total_seconds()
