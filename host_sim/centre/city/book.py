"""The city's files that were applied, and the site tables made from them, in the database.

A file takes effect when a person applies it, never by being saved: a half-written file must not reach a machine, and
several centre processes must serve by the same one. So its text is a row of the database, with its hash, the instant
and the person, and every process reads the version in force at the instant it decides for. Old versions stay.

A machine's tables are made when it asks and what they would say has changed, or their limit comes near.
"""

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from host_sim.centre.city import table
from host_sim.centre.city.city import City, InForce
from host_sim.centre.city.file import read
from host_sim.centre.city.hours import JST
from host_sim.centre.city.place import Place
from host_sim.centre.store import Store
from host_sim.centre.tables import city_files, site_tables

SAMPLE = "sample"  # who applied the sample's file; it is replaced by a newer sample or by a city's own


class NoCity(Exception):
    """No city's file has been applied to this database."""


class CityBook:
    """Which city is in force, and which tables its machines have. `key` signs the tables."""

    def __init__(self, store: Store, key: Ed25519PrivateKey) -> None:
        self._store = store
        self._key = key
        self._read: dict[int, City] = {}  # by version; a version never changes

    # --- the file -------------------------------------------------------------------------------

    def apply(self, city: City, by: str, now: datetime) -> int:
        """Serve by this city from now on; returns the version. The text that is in force already keeps its version."""
        sha256 = hashlib.sha256(city.text.encode()).hexdigest()
        with self._store.writing() as c:
            last = c.execute(sa.select(city_files).order_by(city_files.c.version.desc()).limit(1)).first()
            if last is not None and last.sha256 == sha256:
                return int(last.version)
            version = 1 if last is None else last.version + 1
            row = {"version": version, "applied_at": now.timestamp(), "applied_by": by}
            c.execute(city_files.insert().values(**row, sha256=sha256, text=city.text))
        return version

    def applied(self) -> Sequence[Any]:
        """Every version, oldest first: version, applied_at, applied_by, sha256."""
        columns = (city_files.c.version, city_files.c.applied_at, city_files.c.applied_by, city_files.c.sha256)
        with self._store.reading() as c:
            return c.execute(sa.select(*columns).order_by(city_files.c.version)).all()

    def city(self, now: datetime) -> City:
        """The city whose file is in force at this instant: the last one applied by then. Raises `NoCity`."""
        with self._store.reading() as c:
            return self._city(c, now)

    def at(self, now: datetime) -> InForce:
        """What the city has decided for this instant."""
        return self.city(now).at(now)

    def place_of(self, machine: str, now: datetime) -> Place | None:
        return self.at(now).place_of(machine)

    def _city(self, c: sa.Connection, now: datetime) -> City:
        by_then = sa.case(
            (city_files.c.applied_at <= now.timestamp(), city_files.c.version), else_=-city_files.c.version
        )
        version = c.scalar(sa.select(city_files.c.version).order_by(by_then.desc()).limit(1))
        if version is None:
            raise NoCity("no city's file has been applied to this database")
        if version not in self._read:
            text = c.scalar(sa.select(city_files.c.text).where(city_files.c.version == version))
            self._read[version] = read(str(text))
        return self._read[version]

    # --- the tables -----------------------------------------------------------------------------

    def tables(self, machine: str, now: datetime) -> list[dict[str, str]]:
        """The machine's signed tables as the line sends them, in force first; empty: it is not in the city's file."""
        return [
            {"table": row.body, "signature": base64.b64encode(row.signature).decode()}
            for row in self._tables(machine, now)
        ]

    def highest(self, machine: str, now: datetime) -> int:
        """The highest version among the machine's tables; 0: it is not in the city's file."""
        return max((int(row.version) for row in self._tables(machine, now)), default=0)

    def _tables(self, machine: str, now: datetime) -> Sequence[Any]:
        today = now.astimezone(JST).date()
        with self._store.reading() as c:
            found = table.contents(self._city(c, now), machine, today)
            last = self._last(c, machine)
        if not found or _fresh(last, found, now):
            return last if found else []
        with self._store.writing() as c:
            last = self._last(c, machine)  # another process may have made them meanwhile
            if not _fresh(last, found, now):
                self._make(c, machine, found, last, now)
                last = self._last(c, machine)
        return last

    def _last(self, c: sa.Connection, machine: str) -> Sequence[Any]:
        mine = site_tables.c.machine == machine
        newest = sa.select(sa.func.max(site_tables.c.first_version)).where(mine).scalar_subquery()
        these = sa.select(site_tables).where(mine, site_tables.c.first_version == newest)
        return c.execute(these.order_by(site_tables.c.version)).all()

    def _make(
        self, c: sa.Connection, machine: str, found: Sequence[table.Content], last: Sequence[Any], now: datetime
    ) -> None:
        made = table.made(found, max((row.version for row in last), default=0), now)
        common = {"machine": machine, "first_version": made[0][0], "contents_sha256": table.sha256_of(found)}
        common["made_at"] = now.timestamp()
        rows = [
            {**common, "version": version, "body": body, "signature": self._key.sign(table.SIGNED + body.encode())}
            for version, body in made
        ]
        c.execute(site_tables.insert(), rows)


def _fresh(last: Sequence[Any], found: Sequence[table.Content], now: datetime) -> bool:
    """Whether the tables that were made last still say what is to be said, and are not near their limit."""
    if not last or last[0].contents_sha256 != table.sha256_of(found):
        return False
    made_at = float(last[0].made_at)
    return made_at <= now.timestamp() < made_at + timedelta(days=table.RENEWED_DAYS).total_seconds()
