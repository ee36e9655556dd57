"""One database and its transactions. SQLAlchemy Core; SQLite by default, PostgreSQL by its URL.

One writer at a time on both: SQLite allows no more, and on PostgreSQL an advisory lock enforces the same. So a writing
transaction never conflicts with another and never has to be repeated, but it must be short: no typesetting and no
slow hash inside. Readers see one snapshot and do not wait.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from host_sim.centre.operating import audit, flags
from host_sim.centre.tables import facts, meta, serials

_WRITERS = 20131105  # the advisory lock's number: the day on which Miyazaki's issuing system was rebuilt


class Peer(NamedTuple):
    """The machine at the other end, as its client certificate names it."""

    name: str
    site: str  # store, office, counter


class Store:
    """Every method takes the connection of a transaction from `reading` or `writing`."""

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        self._turn = threading.Lock()
        self._sqlite = self._engine.dialect.name == "sqlite"
        meta.create_all(self._engine)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One snapshot of the whole database."""
        engine = self._engine if self._sqlite else self._engine.execution_options(isolation_level="REPEATABLE READ")
        with engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A writing transaction; only one runs at a time. Rolled back when the block raises."""
        with self._turn, self._engine.connect() as connection:
            connection.execution_options(writes=True)
            with connection.begin():
                if not self._sqlite:
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITERS)))
                yield connection

    def close(self) -> None:
        self._engine.dispose()

    # --- facts, numbers, traces -----------------------------------------------------------------

    def fact(self, c: sa.Connection, name: str) -> Any:
        """The value of a fact, or None."""
        return c.scalar(sa.select(facts.c.value).where(facts.c.name == name))

    def set_fact(self, c: sa.Connection, name: str, value: object) -> None:
        """Store a fact; `None` deletes it."""
        c.execute(facts.delete().where(facts.c.name == name))
        if value is not None:
            c.execute(facts.insert().values(name=name, value=value))

    def next_serials(self, c: sa.Connection, day: date, terminal: str, count: int) -> range:
        """The next `count` serial numbers of this terminal on this day, from 1."""
        where = (serials.c.day == day.isoformat()) & (serials.c.terminal == terminal)
        last = c.scalar(sa.select(serials.c.last).where(where))
        if last is None:
            c.execute(serials.insert().values(day=day.isoformat(), terminal=terminal, last=count))
            return range(1, count + 1)
        c.execute(serials.update().where(where).values(last=last + count))
        return range(last + 1, last + count + 1)

    def note(self, c: sa.Connection, now: datetime, peer: Peer, act: str, detail: Mapping[str, Any]) -> None:
        """One row of the audit record: numbers and words, no name and no address."""
        audit.append(c, at=now.isoformat(), machine=peer.name, site=peer.site, act=act, detail=detail)

    def flag(self, c: sa.Connection, now: datetime, machine: str, what: str, detail: Mapping[str, Any]) -> None:
        """Store something that a person must look at. It stays until two people have closed it (incident 2)."""
        flags.raise_flag(c, now, machine, what, detail)


def _engine(url: str) -> sa.Engine:
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return sa.create_engine(parsed, pool_size=8, max_overflow=40)
    if parsed.database in {None, "", ":memory:"}:
        engine = sa.create_engine(parsed, poolclass=sa.StaticPool, connect_args={"check_same_thread": False})
    else:
        engine = sa.create_engine(parsed, pool_size=8, max_overflow=40)
    _prepare_sqlite(engine)
    return engine


def _prepare_sqlite(engine: sa.Engine) -> None:
    """Set the write-ahead log; let a writing transaction take the write lock at its start instead of failing later."""

    @sa.event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _: object) -> None:
        connection.isolation_level = None  # sqlite3 then begins no transaction by itself
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA busy_timeout=10000")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
