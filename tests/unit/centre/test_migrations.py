"""A database of commit be9d26e becomes today's with nothing lost, on SQLite and PostgreSQL.

`be9d26e/*.sql` were written by that commit's own code: a session with its promise, ends and debts, a PIN failure, a
heartbeat and a clerk's change, so that every table has rows; then dumped by sqlite3's `iterdump` and `pg_dump --inserts`.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from host_sim.centre import books, schema
from host_sim.centre.database import Database, DatabaseTrouble
from host_sim.centre.fsck import fsck
from host_sim.centre.settling import Settler
from host_sim.centre.store import Store
from host_sim.centre.tables import copies, meta, residents
from tests.unit.centre.cities import MIYAZAKI
from tests.unit.centre.databases import AT_HAND, empty_database
from tests.unit.centre.town import SHOP, TUESDAY

OLD = Path(__file__).parent / "be9d26e"


def fill(database: Database, kind: str) -> None:
    connection: Any = database.engine.raw_connection()
    script = (OLD / f"{kind}.sql").read_text(encoding="utf-8")
    if kind == "sqlite":
        connection.driver_connection.executescript(script)
    else:
        connection.driver_connection.execute(script)
    connection.close()


def content(c: sa.Connection) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, columns by name, JSON read."""

    def read(value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) and value[:1] in {"{", "["} else value

    there = [name for name in sa.inspect(c).get_table_names() if name != "alembic_version"]
    tables = {name: c.execute(sa.text(f"SELECT * FROM {name}")).mappings().all() for name in there}
    return {
        name: sorted(({column: read(value) for column, value in row.items()} for row in rows), key=repr)
        for name, rows in tables.items()
    }


@pytest.mark.parametrize("kind", AT_HAND)
def test_a_database_of_be9d26e_is_upgraded_and_loses_nothing(kind: str, tmp_path: Path) -> None:
    with empty_database(kind, tmp_path) as url:
        database = Database(url)
        fill(database, kind)
        with pytest.raises(DatabaseTrouble, match=r"has revision 0001 and this program needs .* upgrade --backup"):
            Store(url)
        with database.writing() as c:
            before = content(c)
            schema.upgrade(c)
            after = content(c)
        assert all(before.values()), "every table of that time has rows"
        for name, rows in before.items():
            kept = [{column: row[column] for column in rows[0]} for row in after[name]]
            assert sorted(kept, key=repr) == rows
        store = Store(url)
        with store.reading() as c:
            for number in c.scalars(sa.select(residents.c.resident_id)):
                assert books.snapshot(c, number, MIYAZAKI) is not None
            promised = c.scalars(sa.select(copies.c.request_id).where(copies.c.state == "issued")).one()
        states = Settler(store).states(SHOP, promised, TUESDAY)
        assert states == {"1": "issued", "2": "void", "3": "reserved"}
        assert fsck(store) == []
        store.close()
        database.close()


@pytest.mark.parametrize("kind", AT_HAND)
def test_the_revisions_make_the_tables_of_tables_py(kind: str, tmp_path: Path) -> None:
    with empty_database(kind, tmp_path) as url:
        database = Database(url)
        with database.writing() as c:
            schema.upgrade(c)
            differences = compare_metadata(MigrationContext.configure(c, opts={"compare_type": True}), meta)
        assert differences == []
        database.close()
        Store(url).close()


@pytest.mark.parametrize("kind", AT_HAND)
def test_alembic_finds_the_revision_that_the_schema_wrote(kind: str, tmp_path: Path) -> None:
    steps = ScriptDirectory(str(schema.MIGRATIONS))
    assert tuple(step.revision for step in steps.walk_revisions())[::-1] == schema.revisions()
    with empty_database(kind, tmp_path) as url:
        Store(url, create=True).close()
        database = Database(url)
        with database.reading() as c:
            assert MigrationContext.configure(c).get_current_revision() == steps.get_current_head() == schema.newest()
        database.close()


@pytest.mark.parametrize("kind", AT_HAND)
def test_another_revision_is_told_in_one_sentence(kind: str, tmp_path: Path) -> None:
    with empty_database(kind, tmp_path) as url:
        with Database(url).reading():
            pass  # SQLite's file is there now, empty
        with pytest.raises(DatabaseTrouble, match=r"^The database is empty; make its tables with: .* db init$"):
            Store(url)
        Store(url, create=True).close()
        database = Database(url)
        with database.writing() as c:
            c.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(DatabaseTrouble, match="revision 9999, which is newer than this program"):
            Store(url, create=True)
        with database.writing() as c:
            c.execute(sa.text("DROP TABLE alembic_version"))
            c.execute(sa.text("DROP TABLE copies"))
        with pytest.raises(DatabaseTrouble, match="tables of another program"):
            Store(url, create=True)
        database.close()


def test_a_url_that_leads_nowhere_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_text("no database, but a letter of some length" * 20)
    for url in (f"sqlite:///{tmp_path}/none/x.db", f"sqlite:///{tmp_path}/letter.db", "mysql://x/y", "no url"):
        with pytest.raises(DatabaseTrouble, match=r"^The(re is no)? database"):
            Store(url)
