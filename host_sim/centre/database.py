"""One database and its transactions. SQLAlchemy Core; SQLite by default, PostgreSQL by its URL.

One writer at a time on both: SQLite allows no more, and on PostgreSQL an advisory lock enforces the same. So a writing
transaction never conflicts with another and never has to be repeated, but it must be short: no typesetting and no
slow hash inside. Readers see one snapshot and do not wait.

A database that does not answer is `Busy` to the caller. Nothing is tried again here: after a lost connection nobody
knows whether the transaction was committed. Every call of the line may be repeated, so the machine asks again.
"""

import sqlite3
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

_ERASES, _STAYS, _ASKED = "erases", "stays", "asked"  # in a connection's `info`, while its transaction runs
T = TypeVar("T")
_BUSY_MS = 10_000
_WRITERS = 20131105  # the advisory lock's number: the day on which Miyazaki's issuing system was rebuilt

# A process whose computer has stopped must not keep the lock, and nobody waits for it longer than a machine does for us.
_POSTGRESQL = {
    "connect_timeout": 5,  # seconds
    "keepalives_idle": 5,  # seconds
    "tcp_user_timeout": 10_000,  # milliseconds, as the two below
    "options": "-c idle_in_transaction_session_timeout=10000 -c lock_timeout=10000",
}
_BEGIN = {
    ("sqlite", False): "BEGIN",
    ("sqlite", True): "BEGIN IMMEDIATE",  # takes the write lock at once, instead of failing later
    ("postgresql", False): "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    ("postgresql", True): f"BEGIN; SELECT pg_advisory_xact_lock({_WRITERS})",
}


class Busy(Exception):
    """The centre cannot answer now; ask again."""


class DatabaseTrouble(Exception):
    """The database cannot be used as it is. The message is one sentence for whoever runs the centre."""


NO_ANSWER = (Busy, DatabaseTrouble, sa.exc.SQLAlchemyError)  # for whoever goes on without the database


class Database:
    """Connections to one database."""

    def __init__(self, url: str, *, there: bool = False) -> None:
        """`there`: a SQLite file that is missing is not made. Raises `DatabaseTrouble`: it is, or the URL is none."""
        self.engine = _engine(url)
        if there and not self.in_memory:
            _must_be_there(self.engine.url)
        self._turn = threading.Lock()
        self._unwritten = False  # something was erased, and SQLite's log may still have it

    @property
    def in_memory(self) -> bool:
        """Whether it is a SQLite database that ends with this object."""
        return isinstance(self.engine.pool, sa.StaticPool)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One snapshot of the whole database. Raises `Busy` when the database does not answer."""
        with _busy_if_lost(), self.engine.connect() as connection, connection.begin():
            connection.info[_ASKED] = {}
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A writing transaction; only one runs at a time. Rolled back when the block raises.

        What `stays` was told is then written in a transaction of its own.
        Raises `Busy` when the database does not answer, also when it is unknown whether the transaction was committed.
        """
        left: list[Callable[[sa.Connection], None]] = []
        try:
            with self._transaction() as c:
                c.info[_STAYS] = left
                yield c
        except NO_ANSWER:
            raise
        except Exception:
            if left:
                with self._transaction() as c:
                    for write in left:
                        write(c)
            raise

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        with self._turn, _busy_if_lost(), self.engine.connect() as connection:
            connection.execution_options(writes=True)
            connection.info[_ASKED] = {}
            try:
                with connection.begin():
                    yield connection
            finally:
                self._unwritten = connection.info.pop(_ERASES, False) or self._unwritten
                connection.info.pop(_STAYS, None)
            self._write_over(connection)

    def erases(self, c: sa.Connection) -> None:
        """What this transaction overwrites or deletes was a resident's: nothing of it may stay in SQLite's files."""
        c.info[_ERASES] = True

    def _write_over(self, connection: sa.Connection) -> None:
        """Move everything from the write-ahead log to the database's file and cut the log off, after an erasure.

        The log still has the pages as they were. While somebody reads an older state it cannot be cut off; the next
        writing transaction tries again.
        """
        if not self._unwritten or self.engine.dialect.name != "sqlite":
            self._unwritten = False
            return
        raw: Any = connection.connection.driver_connection
        raw.execute("PRAGMA busy_timeout=100")
        waits = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        raw.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        self._unwritten = bool(waits)

    def close(self) -> None:
        self.engine.dispose()


def stays(c: sa.Connection, write: Callable[[sa.Connection], None]) -> None:
    """Write this now, and again by itself if the transaction is rolled back: a code that was used is used up."""
    write(c)
    c.info.get(_STAYS, []).append(write)


def once(c: sa.Connection, question: Hashable, ask: Callable[[], T]) -> T:
    """What `ask` answers, asked once in a transaction: for what this transaction does not change."""
    asked: dict[Hashable, Any] = c.info[_ASKED]
    if question not in asked:
        asked[question] = ask()
    answer: T = asked[question]
    return answer


@contextmanager
def _busy_if_lost() -> Iterator[None]:
    try:
        yield
    except sa.exc.TimeoutError as trouble:
        raise Busy(f"The database has no free connection: {trouble}") from trouble
    except sa.exc.DBAPIError as trouble:
        if getattr(trouble.orig, "sqlite_errorcode", None) in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB}:
            raise DatabaseTrouble(f"The database's file cannot be used: {trouble.orig}.") from trouble
        if not _is_passing(trouble):
            raise
        raise Busy(f"The database does not answer: {str(trouble.orig).strip()}") from trouble


def _is_passing(trouble: sa.exc.DBAPIError) -> bool:
    """Whether another try may succeed: a lost connection, a server that starts, a lock that was not free in time."""
    if isinstance(trouble.orig, sqlite3.Error):  # its OperationalError may also be a mistake in a statement
        return getattr(trouble.orig, "sqlite_errorcode", None) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
    return trouble.connection_invalidated or isinstance(trouble, sa.exc.OperationalError)


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        kind = parsed.get_backend_name()
        if kind == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
            engine = sa.create_engine(parsed, pool_size=8, max_overflow=40, connect_args=_POSTGRESQL)
        elif kind != "sqlite":
            raise DatabaseTrouble(f"The database is {kind}, but the centre knows sqlite and postgresql only.")
        elif parsed.database in {None, "", ":memory:"}:
            engine = sa.create_engine(parsed, poolclass=sa.StaticPool, connect_args={"check_same_thread": False})
        else:
            engine = sa.create_engine(parsed, pool_size=8, max_overflow=40)
    except sa.exc.ArgumentError:
        raise DatabaseTrouble("The database's address is not a URL such as postgresql://host/name.") from None
    except ModuleNotFoundError:
        raise DatabaseTrouble(
            "PostgreSQL's driver is missing; install it with: pip install kofuki[postgresql]"
        ) from None
    _begin_ourselves(engine)
    return engine


def _must_be_there(url: sa.URL) -> None:
    """SQLite would make the file of a mistyped address, empty. A server answers for itself."""
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise DatabaseTrouble(
            f"There is no database {url.database}: compare --run and --database with those of the centre's `serve`, "
            "or make it with: python -m host_sim.centre db init"
        )


def _begin_ourselves(engine: sa.Engine) -> None:
    """Each transaction begins with our own statement: on PostgreSQL one message begins it and takes the lock."""
    kind = engine.dialect.name

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        if kind == "postgresql":
            connection.autocommit = True  # psycopg then begins no transaction by itself
            return
        connection.isolation_level = None  # and neither does sqlite3
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten with zeros
        connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql(_BEGIN[kind, writes])
