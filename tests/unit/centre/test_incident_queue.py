"""The queue of incidents: what machines tell of their cases, the paper's whereabouts, and both sides' evidence."""

import json
import secrets
from typing import Any

import pytest
import sqlalchemy as sa

from drivers.vocabulary import CaseTold, CaseWord
from host_sim.centre.incidents import evidence
from host_sim.centre.operating import flags
from host_sim.centre.tables import machine_words
from tests.unit.centre.claims import owed
from tests.unit.centre.town import SHOP, Town


def tell(town: Town, *cases: tuple[str, str], words: tuple[tuple[int, str], ...] = ()) -> None:
    said = [CaseWord(seq, town.now, line) for seq, line in words]
    assert town.line().tell_cases(9, "a" * 64, [CaseTold(*case) for case in cases], said)


def queue(town: Town) -> list[tuple[int, str, str]]:
    with town.store.reading() as c:
        return [(row.id, row.what, row.about) for row, _ in evidence.listed(c)]


def shown(town: Town, number: int) -> evidence.Evidence:
    with town.store.reading() as c:
        return evidence.of(c, number)


def printed(town: Town) -> str:
    """A request of two copies; the first was fetched."""
    session = town.session()
    reserved = session.reserved(session.item("inkan", 2))
    assert isinstance(session.line.fetch(reserved, 1), bytes)
    return reserved.request_id


def test_a_case_is_one_incident_however_often_it_is_told_and_gone_is_not_closed() -> None:
    town = Town()
    about = f"{secrets.token_hex(16)}.1"
    for _ in range(3):
        tell(town, ("copy_uncertain", about), ("door_opened", "not in maintenance"))
    assert [(what, told) for _, what, told in queue(town)] == [
        ("case", f"copy_uncertain {about}"),
        ("case", "door_opened not in maintenance"),
    ]
    tell(town, ("door_opened", "not in maintenance"))
    assert len(queue(town)) == 2, "at the centre two people close it"
    found = shown(town, 1)
    assert [(act.by, act.words) for act in found.acts] == [(SHOP.name, "Closed at the machine.")]
    with town.store.writing() as c:
        assert not flags.close(c, town.now, 1, "tanaka", "found")
        with pytest.raises(flags.NotDone, match="second person"):
            flags.close(c, town.now, 1, "TANAKA", "found")
        assert flags.close(c, town.now, 1, "hidaka", "destroyed")
    assert [number for number, _, _ in queue(town)] == [2]
    tell(town, ("copy_uncertain", about), ("door_opened", "not in maintenance"))
    assert [told for _, _, told in queue(town)] == ["door_opened not in maintenance", f"copy_uncertain {about}"]


@pytest.mark.parametrize(
    ("case", "end", "wheres"),
    [
        ("copy_uncertain", "void", ["uncertain", "not_fetched"]),
        ("void_sheet_in_path", "void", ["in_path", "not_fetched"]),
        ("paper_stuck", "issued", ["stuck", "not_fetched"]),
        ("keypad", "issued", ["handed_out", "not_fetched"]),
        ("keypad", "void", ["none", "not_fetched"]),
        ("keypad", None, ["not_told", "not_fetched"]),
    ],
)
def test_each_copy_says_where_its_sheet_is(case: str, end: str | None, wheres: list[str]) -> None:
    town = Town()
    rid = printed(town)
    if end is not None:
        town.line().advise({"op": end, "request_id": rid, "copy": 1, "reason": "x"})
    tell(town, (case, f"{rid}.1"))
    assert [sheet.where for sheet in shown(town, 1).sheets] == wheres


def test_a_paper_that_was_never_promised_is_looked_for_too() -> None:
    town, rid = Town(), secrets.token_hex(16)
    town.line().advise({"op": "issued", "request_id": rid, "copy": 1, "reason": "printed"})
    assert [what for _, what, _ in queue(town)] == ["unknown_paper"]
    assert [(sheet.copy, sheet.where) for sheet in shown(town, 1).sheets] == [(1, "not_promised")]


def test_the_evidence_of_both_sides_stands_side_by_side() -> None:
    town = Town()
    rid = printed(town)
    town.line().advise({"op": "void", "request_id": rid, "copy": 1, "reason": "uncertain"})
    town.line().heartbeat({"journal_seq": 9, "journal_head": "a" * 64, "state": "suspended", "reasons": ["uncertain"]})
    lines = ((3, "3 SessionOpened"), (5, f"5 PrintIntent rid={rid[:8]}~"), (6, f"6 CopyUncertain rid={rid[:8]}~"))
    tell(town, ("copy_uncertain", f"{rid}.1"), words=lines)
    found = shown(town, 1)
    assert [row.act for row in found.centre if row.act in {"reserved", "void", "flag"}][-2:] == ["void", "flag"]
    assert [word.line for word in found.words] == [line for _, line in lines]
    assert (found.machine.journal_seq, found.machine.state) == (9, "suspended")
    assert [case.code for case in found.cases] == ["copy_uncertain"]
    told = "\n".join(evidence.told(found))
    assert rid not in told
    assert "宮崎　花子" not in told
    for sentence in ("Look for it.", "At the centre:", "At the machine:", "journal 9 aaaaaaaa~"):
        assert sentence in told


def test_a_claims_key_is_never_shown_whole() -> None:
    """Whoever has the key can make the code, and so fetch the money."""
    town = Town()
    key = owed(town)
    town.line().advise({"op": "claim", "key": key, "amount_yen": 900, "reason": "x"})  # told with two amounts
    found = shown(town, 1)
    assert [(debt.amount_yen, debt.left_yen) for debt in found.debts] == [(700, 700)]
    assert key not in "\n".join(evidence.told(found))


def test_a_word_once_told_stays_and_another_one_is_flagged() -> None:
    town = Town()
    tell(town, words=((5, "5 Coin value_yen=100"),))
    tell(town, words=((5, "5 Coin value_yen=500"),))
    with town.store.reading() as c:
        assert c.scalars(sa.select(machine_words.c.line)).all() == ["5 Coin value_yen=100"]
    assert [what for _, what, _ in queue(town)] == ["journal_forked"]


@pytest.mark.parametrize(
    "body", [{"cases": [{"code": "Name Of", "detail": ""}]}, {"words": [{"seq": 1, "at": "x"}]}, {"x": 1}]
)
def test_a_telling_that_is_none_is_refused(body: dict[str, Any]) -> None:
    town = Town()
    asked: dict[str, Any] = {"journal_seq": 1, "journal_head": "", "cases": [], "words": []} | body

    status, _, _ = town.transport().exchange("POST", "/v1/cases", json.dumps(asked).encode(), 8.0)
    assert status == 422
    assert queue(town) == []
