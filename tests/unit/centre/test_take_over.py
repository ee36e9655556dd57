"""A simulator's run directory that another checkout has left: it is served, or one sentence says why not."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from host_sim.centre import sample
from host_sim.centre.database import Database, DatabaseTrouble
from host_sim.centre.opening import database_url, open_books
from host_sim.centre.operating import startup
from host_sim.centre.server import take_over
from tests.unit.centre.test_migrations import fill
from tests.unit.centre.town import TUESDAY

OLDER = startup.Manifest("another program", "452017", "", "", "")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "centre").mkdir()
    return tmp_path


def test_a_database_of_an_older_program_gets_this_programs_tables(run: Path) -> None:
    database = Database(database_url(run, None))
    fill(database, "sqlite")
    database.close()
    take_over(run)
    open_books(run, None, make=True).close()


def test_the_sample_is_made_for_an_empty_database_only(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Making it takes a second, and every command of the desk opens the books."""
    open_books(run, None, make=True).close()
    monkeypatch.setattr(sample, "residents", lambda: pytest.fail("made again"))
    open_books(run, None).close()


def test_this_program_may_start_where_another_one_ran(run: Path) -> None:
    store = open_books(run, None, make=True)
    startup.replace(store, OLDER, TUESDAY)
    take_over(run)
    with store.reading() as c:
        known = startup.standing(store, c)
    assert known is not None
    assert known["program"] == startup.program_sha256()
    store.close()


def test_a_database_of_a_newer_program_stays_as_it_is(run: Path) -> None:
    store = open_books(run, None, make=True)
    with store.writing() as c:
        c.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseTrouble, match=r"revision 9999, which is newer than this program \(\d+\)"):
        take_over(run)
    with store.reading() as c:
        assert c.scalar(sa.text("SELECT version_num FROM alembic_version")) == "9999"
    store.close()
