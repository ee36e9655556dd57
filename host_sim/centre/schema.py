"""The revision of a database's schema: made at the newest, compared at every start, moved up by `migrations/`."""

from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from host_sim.centre.database import DatabaseTrouble
from host_sim.centre.tables import meta

OLDEST = "0001"  # databases of that time have no table for their revision
COMMAND = "python -m host_sim.centre db"


def revision(c: sa.Connection) -> str | None:
    """The revision of this database; None when it is empty. Raises `DatabaseTrouble` for another program's database."""
    there = set(sa.inspect(c).get_table_names())
    if not there:
        return None
    if "alembic_version" in there:
        number: str | None = c.scalar(sa.text("SELECT version_num FROM alembic_version"))
        if number is not None:
            return number
    elif {"facts", "requests", "copies", "audit"} <= there:
        return OLDEST
    raise DatabaseTrouble("The database holds tables of another program; give the centre an empty one.")


def newest() -> str:
    number = _revisions().get_current_head()
    assert number is not None
    return number


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
    MigrationContext.configure(c).stamp(_revisions(), "head")


def upgrade(c: sa.Connection) -> None:
    """Move the schema and the rows up to the newest revision, all in this transaction.

    Raises `DatabaseTrouble` for a database of a newer program.
    """
    has = revision(c)
    if has is not None:
        _known(has)
    if has is not None and "alembic_version" not in sa.inspect(c).get_table_names():
        MigrationContext.configure(c).stamp(_revisions(), OLDEST)
    config = _config()
    config.attributes["connection"] = c
    command.upgrade(config, "head")


def _known(has: str) -> None:
    if has not in {step.revision for step in _revisions().walk_revisions()}:
        raise DatabaseTrouble(
            f"The database has revision {has}, which is newer than this program ({newest()}); install it anew."
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


@cache
def _revisions() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
