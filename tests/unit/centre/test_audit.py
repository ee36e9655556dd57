"""The audit record: only added to, chained, and every kind of change is found and named, on both databases."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from host_sim.centre.operating import audit
from host_sim.centre.store import Store
from host_sim.centre.tables import audit as rows
from host_sim.centre.tables import audit_head, flag_acts
from tests.unit.centre.databases import AT_HAND, empty_database, unguard
from tests.unit.centre.town import SHOP, TUESDAY

ROOT = Path(__file__).parent.parent.parent.parent
WRITER = """
import sys
from host_sim.centre.store import Store
from tests.unit.centre.town import SHOP, TUESDAY
store = Store(sys.argv[1])
for number in range(40):
    with store.writing() as c:
        store.note(c, TUESDAY, SHOP, "issued", {"copy": number, "by": sys.argv[2]})
"""


@pytest.fixture(scope="module", params=AT_HAND)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with empty_database(request.param, tmp_path_factory.mktemp("audit")) as url:
        yield url


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An empty record."""
    store = Store(url, create=True)
    with store.writing() as c:
        for table in (rows, audit_head, flag_acts):
            table.drop(c)
            table.create(c)
    yield store
    store.close()


def write(store: Store, count: int) -> None:
    for number in range(1, count + 1):
        with store.writing() as c:
            store.note(c, TUESDAY, SHOP, "issued", {"copy": number, "kind": "住民票", "fee_yen": 300})


def faults(store: Store, witness: tuple[int, str] | None = None) -> list[str]:
    with store.reading() as c:
        return list(audit.faults(c, witness))


def as_owner(store: Store, *statements: str) -> None:
    """What somebody does who owns the database: takes the triggers away first."""
    with store.writing() as c:
        unguard(c)
        for statement in statements:
            c.execute(sa.text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET act = 'void' WHERE id = 2",
        "DELETE FROM audit WHERE id = 2",
        "DELETE FROM audit",
        "UPDATE flag_acts SET words = 'x'",
        "DELETE FROM flag_acts",
    ],
)
def test_the_database_itself_refuses_to_change_a_row(store: Store, statement: str) -> None:
    write(store, 3)
    with store.writing() as c:
        c.execute(flag_acts.insert().values(flag_id=1, at="", act="commented", by="a", words="b"))
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), store.writing() as c:
        c.execute(sa.text(statement))
    assert faults(store) == []


COLUMNS = "at, machine, site, act, detail, previous, sha256"


@pytest.mark.parametrize(
    ("done", "told"),
    [
        ([f"UPDATE audit SET {column} = 'other' WHERE id = 3"], ["Row 3 was changed: its hash is that of other words."])
        for column in ("at", "machine", "site", "act")
    ]
    + [
        (["UPDATE audit SET detail = '{\"copy\": 9}' WHERE id = 3"], ["Row 3 was changed: its hash is that of other words."]),
        (["DELETE FROM audit WHERE id = 3"], ["Row 3 is missing: row 4 does not follow row 2."]),
        (["DELETE FROM audit WHERE id IN (2, 3)"], ["Rows 2 to 3 are missing: row 4 does not follow row 1."]),
        (["DELETE FROM audit WHERE id = 1"], ["Row 1 is missing: row 2 does not follow row 0."]),
        (["DELETE FROM audit WHERE id = 6"], ["Row 6 is missing at the end: the head counts 6."]),
        (["DELETE FROM audit"], ["Rows 1 to 6 are missing at the end: the head counts 6."]),
        (
            [f"INSERT INTO audit (id, {COLUMNS}) SELECT 7, {COLUMNS} FROM audit WHERE id = 2"],
            [
                "Row 7 does not follow row 6: one of them was inserted, replaced or moved.",
                "Row 7 was changed: its hash is that of other words.",
                "Row 7 and what follows it were inserted past the head.",
            ],
        ),
        (
            ["UPDATE audit SET id = 99 WHERE id = 3", "UPDATE audit SET id = 3 WHERE id = 4", "UPDATE audit SET id = 4 WHERE id = 99"],
            [
                "Row 3 does not follow row 2: one of them was inserted, replaced or moved.",
                "Row 3 was changed: its hash is that of other words.",
                "Row 4 does not follow row 3: one of them was inserted, replaced or moved.",
                "Row 4 was changed: its hash is that of other words.",
                "Row 5 does not follow row 4: one of them was inserted, replaced or moved.",
            ],
        ),
    ],
)  # fmt: skip
def test_every_change_is_found_and_named(store: Store, done: list[str], told: list[str]) -> None:
    write(store, 6)
    assert faults(store) == []
    as_owner(store, *done)
    assert faults(store) == told


def test_a_record_that_was_written_anew_is_found_with_a_witness(store: Store) -> None:
    """Who owns the database can write a whole chain. A head that was printed before does not fit it."""
    write(store, 6)
    with store.reading() as c:
        number, sha256 = audit.head(c)
    witness = audit.read_witness(f"{number} {sha256}\n")
    write(store, 2)
    assert faults(store, witness) == []
    as_owner(store, "DELETE FROM audit", "DELETE FROM audit_head")
    write(store, 5)
    with store.writing() as c:
        store.note(c, TUESDAY, SHOP, "void", {})
    write(store, 2)
    assert faults(store) == []
    assert faults(store, witness) == ["Row 6 is not the one whose hash the witness holds: the record was written anew."]
    as_owner_again = ["DELETE FROM audit", "DELETE FROM audit_head"]
    with store.writing() as c:
        if c.dialect.name == "postgresql":
            unguard(c)
        for statement in as_owner_again:
            c.execute(sa.text(statement))
    assert faults(store, witness) == ["Row 6 is not the one whose hash the witness holds: the record was written anew."]


def test_a_text_without_a_head_is_no_witness() -> None:
    for text in ("", "6", "6 abc", "x" * 64):
        with pytest.raises(audit.NoHead):
            audit.read_witness(text)


def test_the_chain_holds_with_several_processes(store: Store, url: str) -> None:
    write(store, 1)
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, url, name], cwd=ROOT) for name in ("a", "b")]
    assert [writer.wait(900) for writer in writers] == [0, 0]
    assert faults(store) == []
    with store.reading() as c:
        assert audit.head(c)[0] == 81
        assert c.scalars(sa.select(rows.c.id).order_by(rows.c.id)).all() == list(range(1, 82))


def test_a_write_that_is_taken_back_leaves_no_gap(store: Store) -> None:
    write(store, 2)

    def fails() -> None:
        with store.writing() as c:
            store.note(c, TUESDAY, SHOP, "issued", {})
            raise LookupError

    with pytest.raises(LookupError):
        fails()
    write(store, 2)
    assert faults(store) == []


def test_numbers_and_nested_words_are_the_same_when_they_are_read_again(store: Store) -> None:
    told = {"n": 1.5, "big": 2**62, "list": [1, None, True], "of": {"b": "\u2028", "a": "葛󠄀"}, "tuple": (1, 2)}
    with store.writing() as c:
        store.note(c, TUESDAY, SHOP, "x", told)
    assert faults(store) == []


@pytest.mark.parametrize("text", ["高千穂", "8305", "Takachiho Kana", "printed; 8305", "A", "", "x" * 65, "a\nb"])
def test_only_words_are_recorded(text: str) -> None:
    assert audit.word(text) == "other"
    assert audit.word("paper_out") == "paper_out"
