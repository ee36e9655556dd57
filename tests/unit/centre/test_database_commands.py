"""`python -m host_sim.centre db ...`: the whole way of a database, and each mistake in one sentence."""

import sys
from pathlib import Path
from typing import Any

import pytest

from host_sim.centre.__main__ import main
from host_sim.centre.database import Database, DatabaseTrouble
from host_sim.centre.opening import open_books
from tests.unit.centre.databases import AT_HAND, empty_database
from tests.unit.centre.test_migrations import fill


@pytest.fixture
def db(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    def say(*words: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["host_sim.centre", "db", *map(str, words)])
        code = main()
        told = capsys.readouterr()
        return code, (told.out + told.err).strip()

    return say


@pytest.mark.parametrize("kind", AT_HAND)
def test_from_an_empty_database_to_a_restored_one(kind: str, tmp_path: Path, db: Any) -> None:
    file = tmp_path / "saved"
    with empty_database(kind, tmp_path) as url, empty_database(kind, tmp_path) as new:
        at, there = ("--database", url), ("--database", new)
        code, told = db("fsck", *at)
        assert code == 1
        assert told.endswith("make its tables with: python -m host_sim.centre db init") or kind == "sqlite"
        assert told.startswith("There is no database ") or kind != "sqlite"
        assert db("init", *at)[0] == 0
        assert db("init", *at)[0] == 0, "a second time changes nothing"
        with pytest.raises(DatabaseTrouble, match=r"has no books; enter the sample's with: .* db seed"):
            open_books(tmp_path, url)
        assert db("seed", *at)[0] == 0
        open_books(tmp_path, url).close()
        assert db("fsck", *at) == (0, "Nothing contradicts.")
        assert db("backup", file, *at)[0] == 0
        assert db("restore", file, *there) == (0, f"Everything of {file} is back.\nNothing contradicts.")
        assert db("restore", file, *there) == (1, "The database is not empty; restore into a new one.")
        assert db("restore", tmp_path / "none", *at) == (1, f"There is no file {tmp_path / 'none'}.")


@pytest.mark.parametrize("kind", AT_HAND)
def test_an_upgrade_makes_its_backup_first(kind: str, tmp_path: Path, db: Any) -> None:
    file = tmp_path / "before"
    with empty_database(kind, tmp_path) as url, empty_database(kind, tmp_path) as old:
        fill(Database(url), kind)
        code, told = db("fsck", "--database", url)
        assert code == 1
        assert "has revision 0001" in told
        assert db("upgrade", "--backup", file, "--database", url)[0] == 0
        assert db("fsck", "--database", url) == (0, "Nothing contradicts.")
        code, told = db("restore", file, "--database", old)
        assert code == 1
        assert "is back" in told
        assert "has revision 0001" in told, "the program of that time goes on from here"


@pytest.mark.parametrize("words", [("fsck",), ("backup", "saved"), ("upgrade", "--backup", "saved")])
@pytest.mark.parametrize("where", ["--run", "--database"])
def test_a_mistyped_place_is_refused_and_nothing_is_made_there(
    where: str, words: tuple[str, ...], tmp_path: Path, db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, told = db(*words, where, "typo" if where == "--run" else "sqlite:///typo.db")
    assert code == 1
    assert told.startswith("There is no database "), told
    assert "compare --run and --database" in told
    assert not list(tmp_path.iterdir())


def test_a_database_that_does_not_answer_is_told_in_one_sentence(tmp_path: Path, db: Any) -> None:
    code, told = db("fsck", "--database", f"postgresql://centre@/centre?host={tmp_path}")
    assert code == 1
    assert told.startswith("The database does not answer: ")
    assert "Traceback" not in told
