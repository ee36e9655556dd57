"""Backup and restore of a whole database, each one consistent while the centre serves.

SQLite: its online backup. PostgreSQL: `pg_dump`, which reads one snapshot, and `pg_restore` in one transaction. A backup
is taken back into an empty database only, so that it never mixes with newer rows.
"""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from host_sim.centre import schema
from host_sim.centre.database import Database, DatabaseTrouble


def backup(database: Database, file: Path) -> None:
    """Write everything to the new file. Raises `DatabaseTrouble`; the file then does not exist."""
    if file.exists():
        raise DatabaseTrouble(f"{file} exists already; a backup never replaces another.")
    part = file.with_name(file.name + ".part")
    try:
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)  # everybody's name and address are in it
        if database.engine.dialect.name == "sqlite":
            _copy_sqlite(database, part)
        else:
            _run(database, "pg_dump", "--format=custom", f"--file={part}")
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.rename(file)
    except OSError as trouble:
        raise DatabaseTrouble(f"{file} cannot be written: {trouble.strerror}.") from None
    finally:
        part.unlink(missing_ok=True)


def restore(database: Database, file: Path) -> None:
    """Fill an empty database from a backup. Raises `DatabaseTrouble`; the database is then still empty."""
    if not file.is_file():
        raise DatabaseTrouble(f"There is no file {file}.")
    with database.reading() as c:
        if schema.revision(c) is not None:
            raise DatabaseTrouble("The database is not empty; restore into a new one.")
    if database.engine.dialect.name == "sqlite":
        _fill_sqlite(database, file)
    else:
        alone = ("--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges")
        _run(database, "pg_restore", *alone, str(file))


def _copy_sqlite(database: Database, part: Path) -> None:
    with closing(database.engine.raw_connection()) as source, closing(sqlite3.connect(part)) as target:
        assert isinstance(source.driver_connection, sqlite3.Connection)
        source.driver_connection.backup(target)


def _fill_sqlite(database: Database, file: Path) -> None:
    with (
        closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as source,
        closing(database.engine.raw_connection()) as target,
    ):
        assert isinstance(target.driver_connection, sqlite3.Connection)
        damage = _damage(source)
        if damage is not None:
            raise DatabaseTrouble(f"{file} is not a whole backup of a SQLite database: {damage}.")
        source.backup(target.driver_connection)


def _damage(source: sqlite3.Connection) -> str | None:
    try:
        told: str = source.execute("PRAGMA quick_check").fetchone()[0]
        tables = source.execute("SELECT count(*) FROM sqlite_master WHERE name = 'requests'").fetchone()[0]
    except sqlite3.DatabaseError as trouble:
        return str(trouble)
    if told == "ok":
        return None if tables else "no table of a centre is in it"
    return told


def _run(database: Database, program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL on this database; the password is in its environment, where no other user sees it."""
    url: sa.URL = database.engine.url
    where = url._replace(drivername="postgresql", password=None).render_as_string()
    environment = os.environ | ({"PGPASSWORD": str(url.password)} if url.password else {})
    found = shutil.which(program)
    if found is None:
        raise DatabaseTrouble(f"{program} is missing; install Debian's package postgresql-client.")
    done = subprocess.run(
        [found, f"--dbname={where}", *arguments], env=environment, check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        why = done.stderr.strip().splitlines()[-1:] or [f"status {done.returncode}"]
        raise DatabaseTrouble(f"{program} has failed: {why[0]}")
