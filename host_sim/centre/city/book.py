"""The city's files that were applied, in the database.

A file takes effect when a person applies it, never by being saved: a half-written file must not reach a machine, and
several centre processes must serve by the same one. So its text is a row of the database, with its hash, the instant
and the person, and every process reads the version in force at the instant it decides for. Old versions stay.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from host_sim.centre.city.city import City, InForce
from host_sim.centre.city.file import read
from host_sim.centre.database import once
from host_sim.centre.store import Store
from host_sim.centre.tables import city_files

SAMPLE = "sample"  # who applied the sample's file; it is replaced by a newer sample or by a city's own

# The last version applied by `now`; before all of them, the first. Written once: it is asked in every call.
_by_then = sa.case((city_files.c.applied_at <= sa.bindparam("now"), city_files.c.version), else_=-city_files.c.version)
_IN_FORCE = sa.select(city_files.c.version).order_by(_by_then.desc()).limit(1)


class NoCity(Exception):
    """No city's file has been applied to this database."""


class CityBook:
    """Which city is in force. Every method but `apply` and `applied` takes the connection of a transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read: dict[int, City] = {}  # by version; a version never changes

    def apply(self, city: City, by: str, now: datetime) -> int:
        """Serve by this city from now on; returns the version. The text that is in force already keeps its version."""
        with self._store.writing() as c:
            last = c.execute(sa.select(city_files).order_by(city_files.c.version.desc()).limit(1)).first()
            if last is not None and last.sha256 == city.sha256:
                return int(last.version)
            version = 1 if last is None else last.version + 1
            row = {"version": version, "applied_at": now.timestamp(), "applied_by": by}
            c.execute(city_files.insert().values(**row, sha256=city.sha256, text=city.text))
        return version

    def applied(self) -> Sequence[Any]:
        """Every version, oldest first: version, applied_at, applied_by, sha256."""
        columns = (city_files.c.version, city_files.c.applied_at, city_files.c.applied_by, city_files.c.sha256)
        with self._store.reading() as c:
            return c.execute(sa.select(*columns).order_by(city_files.c.version)).all()

    def at(self, c: sa.Connection, now: datetime) -> InForce:
        """What the city has decided for this instant. Raises `NoCity`."""
        return self.city(c, now).at(now)

    def city(self, c: sa.Connection, now: datetime) -> City:
        """The city whose file is in force at this instant: the last one applied by then. Raises `NoCity`."""
        version = once(c, ("city in force", now), lambda: c.scalar(_IN_FORCE, {"now": now.timestamp()}))
        if version is None:
            raise NoCity("no city's file has been applied to this database")
        if version not in self._read:
            text = c.scalar(sa.select(city_files.c.text).where(city_files.c.version == version))
            self._read[version] = read(str(text))
        return self._read[version]
