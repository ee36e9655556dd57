"""The databases for the tests: SQLite, and a private PostgreSQL that is started once for each test process.

A test that asks for PostgreSQL fails where the server is missing; nothing is skipped.
"""

import atexit
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from host_sim.centre import api, books, database, sample
from host_sim.centre.database import Database
from host_sim.centre.desk import app as desk
from host_sim.centre.store import Store
from host_sim.centre.tables import meta
from host_sim.running import HANG_S
from tests.unit.centre.standing import Applications

# A transaction of a test may stand still for as long as a slow computer likes; in service it may not.
_OPTIONS = str(database._POSTGRESQL["options"])
database._POSTGRESQL["options"] = _OPTIONS.replace("session_timeout=10000", "session_timeout=600000")
assert database._POSTGRESQL["options"] != _OPTIONS
AT_HAND = ("sqlite", "postgresql")
_counted = count(1)


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3]))
    assert found, "PostgreSQL's server is missing: install Debian's package postgresql (make setup does)."
    return found[-1].parent


def _as_user(*, dying: bool = False) -> list[str]:
    """PostgreSQL refuses to run as root. `dying`: the program ends when this process does."""
    words = ["setpriv", *(["--pdeathsig", "QUIT"] if dying else [])]
    if os.geteuid() == 0:
        words += ["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
    return words if len(words) > 1 else []


class Server:
    """A PostgreSQL server on a Unix socket in a directory of its own, without a port."""

    def __init__(self, *settings: str) -> None:
        self._settings = [word for setting in ("listen_addresses=", *settings) for word in ("-c", setting)]
        # The path of a Unix socket is limited to about 100 characters.
        self._directory = TemporaryDirectory(prefix="kofuki-pg-")
        self.socket = Path(self._directory.name)
        if os.geteuid() == 0:
            shutil.chown(self.socket, "postgres")
        made = [
            str(_programs() / "initdb"),
            "-D",
            str(self.socket / "data"),
            "-U",
            "centre",
            "-A",
            "trust",
            "--no-sync",
        ]
        subprocess.run([*_as_user(), *made], check=True, cwd=self.socket, capture_output=True)
        self.process = self.start()

    def start(self) -> "subprocess.Popen[bytes]":
        where = ["-D", str(self.socket / "data"), "-k", str(self.socket)]
        with (self.socket / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*_as_user(dying=True), str(_programs() / "postgres"), *where, *self._settings],
                cwd=self.socket,
                stdout=log,
                stderr=log,
            )
        while not self._answers():
            assert self.process.poll() is None, (self.socket / "log").read_text()
            threading.Event().wait(0.02)
        return self.process

    def _answers(self) -> bool:
        engine = sa.create_engine(self.url("postgres"), poolclass=sa.NullPool)
        try:
            engine.connect().close()
        except sa.exc.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """End every connection and the server at once, without a checkpoint (PostgreSQL's `immediate` stop)."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(HANG_S)

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()
        self._directory.cleanup()

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://centre@/{name}?host={self.socket}"

    def create(self, name: str, template: str = "template1") -> str:
        self._order(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop(self, name: str) -> None:
        self._order(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _order(self, words: str) -> None:
        engine = sa.create_engine(self.url("postgres"), poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(words)


@cache
def shared_server() -> Server:
    """This process's server. Nothing survives a power cut here: no test that uses it cuts the power."""
    server = Server("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=400")
    atexit.register(server.close)
    store = Store(server.create("sample"), create=True)
    books.load(store, sample.residents())
    with store.writing() as c:  # beside each table, the rows that it has at a test's beginning
        c.exec_driver_sql("CREATE SCHEMA sample")
        for table in meta.tables:
            c.exec_driver_sql(f"CREATE TABLE sample.{table} AS SELECT * FROM public.{table}")
    store.close()
    return server


_COUNTED = [f"{name}_id_seq" for name, table in meta.tables.items() if "id" in table.c]
_free: list[str] = []  # databases that a test has used: emptied and filled again, which is faster than a new one


def _take() -> str:
    """The URL of a PostgreSQL database with the sample's books."""
    server = shared_server()
    if not _free:
        return server.create(f"town-{next(_counted)}", "sample")
    url = _free.pop()
    again = ["SET LOCAL session_replication_role = replica"]  # the triggers that keep a table append-only rest
    again += [f"DELETE FROM {table}; INSERT INTO {table} SELECT * FROM sample.{table}" for table in meta.tables]
    again += [f"ALTER SEQUENCE {name} RESTART" for name in _COUNTED]
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as c:
        c.exec_driver_sql("; ".join(again))
    return url


@contextmanager
def database(kind: str, directory: Path) -> Iterator[str]:
    """The URL of a database for a `Town`, until the block ends. A SQLite file is empty at first."""
    if kind == "sqlite":
        yield f"sqlite:///{directory / f'centre-{next(_counted)}.db'}"
        return
    url = _take()
    yield url
    _free.append(url)


@contextmanager
def empty_database(kind: str, directory: Path) -> Iterator[str]:
    """The URL of a database without a table, until the block ends."""
    name = f"empty-{next(_counted)}"
    if kind == "sqlite":
        yield f"sqlite:///{directory / name}.db"
        return
    try:
        yield shared_server().create(name)
    finally:
        shared_server().drop(name)


def unguard(c: sa.Connection) -> None:
    """Take away what keeps the audit record append-only, as the database's owner can; on PostgreSQL for this transaction."""
    if c.dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            c.execute(sa.text(f"DROP TRIGGER audit_no_{act}"))
    else:
        c.execute(sa.text("SET LOCAL session_replication_role = replica"))


_standing: list[sa.Engine] = []  # of databases in memory that a test has used; their statements are compiled already


class Copied(Store):
    """A SQLite database in memory that is a copy of `content`, which is faster than to make it."""

    def __init__(self, content: bytes) -> None:
        Database.__init__(self, "sqlite://")
        if _standing:
            self.engine = _standing.pop()
        with self.engine.connect() as c:
            _raw(c).deserialize(content)

    def content(self) -> bytes:
        with self.engine.connect() as c:
            return _raw(c).serialize()

    def give_back(self) -> None:
        with self.engine.connect() as c:
            if not _raw(c).in_transaction:
                _standing.append(self.engine)


@cache
def sample_bytes() -> bytes:
    """The sample's books."""
    store = Store("sqlite://")
    books.load(store, sample.residents())
    with store.engine.connect() as c:
        return _raw(c).serialize()


def _raw(c: sa.Connection) -> sqlite3.Connection:
    raw = c.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


class Fresh:
    """The databases and applications of the towns of one test (`conftest.py`), each taken when a town asks for it."""

    def __init__(self) -> None:
        self.lasts = False  # whether a test runs, at whose end all is given back
        self.lines, self.desks = Applications(api.make_app), Applications(desk.make_app)
        self.kind = "sqlite"
        self._taken: list[tuple[str, Store]] = []
        self._copies: list[Copied] = []

    def copied(self, content: bytes) -> Copied:
        """A database in memory, until the test ends."""
        store = Copied(content)
        if self.lasts:
            self._copies.append(store)
        return store

    def store(self) -> Store:
        if self.kind == "sqlite":
            return self.copied(sample_bytes())
        url = _take()
        self._taken.append((url, Store(url)))
        return self._taken[-1][1]

    def again(self) -> None:
        """Between two examples of one test: the towns of those before are gone."""
        kind = self.kind
        self.end()
        self.kind, self.lasts = kind, True

    def end(self) -> None:
        for url, store in self._taken:
            store.close()
            _free.append(url)
        for copy in self._copies:
            copy.give_back()
        self._copies = []
        self.lines.end()
        self.desks.end()
        self.kind, self._taken, self.lasts = "sqlite", [], False


FRESH = Fresh()
