"""The revision of a database's schema: made at the newest, compared at every start, moved up by `migrations/`.

The revisions are numbered in one line, as the names of their files say. Alembic is imported only to move a database up: it takes
half a second, which every start of a centre would pay.
"""

from functools import cache
from pathlib import Path

import sqlalchemy as sa

from host_sim.centre.database import DatabaseTrouble
from host_sim.centre.tables import meta

OLDEST = "0001"  # databases of that time have no table for their revision
COMMAND = "python -m host_sim.centre db"
MIGRATIONS = Path(__file__).parent / "migrations"
_stamp = sa.Table(  # as Alembic makes it
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def revision(c: sa.Connection) -> str | None:
    """The revision of this database; None when it is empty. Raises `DatabaseTrouble` for another program's database."""
    there = set(sa.inspect(c).get_table_names())
    if not there:
        return None
    if _stamp.name in there:
        number: str | None = c.scalar(sa.select(_stamp.c.version_num))
        if number is not None:
            return number
    elif {"facts", "requests", "copies", "audit"} <= there:
        return OLDEST
    raise DatabaseTrouble("The database holds tables of another program; give the centre an empty one.")


def newest() -> str:
    return revisions()[-1]


@cache
def revisions() -> tuple[str, ...]:
    """The numbers of all revisions, oldest first."""
    return tuple(sorted(file.stem[1:5] for file in (MIGRATIONS / "versions").glob("r[0-9]*.py")))


def check(c: sa.Connection) -> None:
    """Raises `DatabaseTrouble` unless the database's revision is this program's; the sentence says what to do."""
    has, wants = revision(c), newest()
    if has == wants:
        return
    if has is None:
        raise DatabaseTrouble(f"The database is empty; make its tables with: {COMMAND} init")
    _known(has)
    told = f"The database has revision {has} and this program needs {wants}"
    raise DatabaseTrouble(f"{told}; stop every centre, then run: {COMMAND} upgrade --backup FILE")


def create(c: sa.Connection) -> None:
    """Make every table in an empty database."""
    meta.create_all(c)
    _mark(c, newest())


def upgrade(c: sa.Connection) -> None:
    """Move the schema and the rows up to the newest revision, all in this transaction.

    Raises `DatabaseTrouble` for a database of a newer program.
    """
    has = revision(c)
    if has is not None:
        _known(has)
        if has == newest():
            return
        if _stamp.name not in sa.inspect(c).get_table_names():
            _mark(c, OLDEST)
    from alembic import command  # noqa: PLC0415  as the head of this file says
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = c
    command.upgrade(config, "head")


def _known(has: str) -> None:
    if has not in revisions():
        raise DatabaseTrouble(
            f"The database has revision {has}, which is newer than this program ({newest()}); install it anew."
        )


def _mark(c: sa.Connection, number: str) -> None:
    """Write the revision where Alembic reads it."""
    _stamp.create(c)
    c.execute(_stamp.insert().values(version_num=number))
