"""Exemption codes: granted at a desk, taken once, for one resident, for what was granted, and never for less."""

import argparse
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from drivers.vocabulary import Authenticated, CentreRefusal, CentreRefused, Reserved
from host_sim.centre.commands import desk_exemptions
from host_sim.centre.exemptions.grants import ExemptionDesk, Grant, NotGranted
from host_sim.centre.staff.accounts import Staff
from host_sim.centre.tables import audit, exemptions
from tests.unit.centre.town import HALL, SHOP, Session, Town

CLERK = Staff("tanaka", "田中　一", frozenset({"clerk"}))


def granted(
    town: Town, holder: str = "hanako", word: str = "welfare", *, copies: int = 1, kind: str = "inkan"
) -> Grant:
    desk = ExemptionDesk(town.store, town.city)
    return desk.grant(town.resident_id(holder), word, [kind], copies, CLERK, "saw the paper of the office", town.now)


def state(town: Town, grant: Grant) -> str:
    return ExemptionDesk(town.store, town.city).of_number(grant.number, town.now).state


def typed(session: Session, code: str) -> bool:
    """Type a code at the machine; True when the centre takes it, and then the session knows the new offers."""
    told = session.line.tell_code(session.nonce, session.who, code)
    if isinstance(told, Authenticated):
        session.who = told
        return True
    assert told == CentreRefused(CentreRefusal.CODE_WRONG)
    return False


def fees(session: Session) -> dict[str, tuple[int, int]]:
    return {offer.kind: (offer.fee_yen, offer.copies_max) for offer in session.who.offers}


def notes(town: Town, act: str) -> list[dict[str, Any]]:
    with town.store.reading() as c:
        return list(c.scalars(sa.select(audit.c.detail).where(audit.c.act == act).order_by(audit.c.id)))


@pytest.mark.parametrize("peer", [SHOP, HALL])
def test_a_code_frees_what_was_granted_once(peer: Any) -> None:
    town = Town()
    grant = granted(town)
    session = town.session("hanako", peer)
    before = fees(session)
    assert session.who.takes_code
    assert typed(session, grant.code)
    assert not session.who.takes_code
    assert fees(session) == before | {"inkan": (0, 1)}
    reserved = session.reserved(session.item("inkan"), session.item("juminhyo"))
    assert [copy.fee_yen for copy in reserved.copies] == [0, before["juminhyo"][0]]
    assert state(town, grant) == "used"
    again = town.session("hanako", peer)
    assert not again.who.takes_code
    assert not typed(again, grant.code)
    assert fees(again) == before


def test_what_is_on_record_names_the_exemption_and_not_the_resident() -> None:
    town = Town()
    grant = granted(town)
    session = town.session()
    assert typed(session, grant.code)
    reserved = session.reserved(session.item("inkan"), session.item("juminhyo"))
    for copy in (1, 2):
        assert isinstance(session.line.fetch(reserved, copy), bytes)
        session.line.advise({"op": "issued", "request_id": reserved.request_id, "copy": copy, "evidence": "process_id"})
    assert [(row["kind"], row["fee_yen"], row.get("exemption")) for row in notes(town, "issued")] == [
        ("inkan", 0, "welfare"),
        ("juminhyo", 300, None),
    ]
    (act,) = notes(town, "exemption_granted")
    assert (act["who"], act["why"]) == ("tanaka", "saw the paper of the office")
    told = [act, *notes(town, "exempted")]
    assert [row["grant"] for row in told] == [grant.number, grant.number]
    assert not [row for row in told if town.resident_id("hanako") in str(row) or grant.code in str(row)]


def test_an_order_without_a_freed_kind_leaves_the_code_open() -> None:
    town = Town()
    grant = granted(town)
    session = town.session()
    assert typed(session, grant.code)
    session.reserved(session.item("juminhyo"))
    assert state(town, grant) == "open"


def test_a_code_is_for_one_resident_only() -> None:
    town = Town()
    grant = granted(town, "hanako")
    other = town.session("taro")
    assert not other.who.takes_code
    assert not typed(other, grant.code)
    assert state(town, grant) == "open"


def test_after_five_codes_no_other_is_taken_in_this_session() -> None:
    town = Town()
    grant = granted(town)
    session = town.session()
    wrong = [f"{(int(grant.code) + n) % 10**8:08d}" for n in range(1, 6)]
    assert not any(typed(session, code) for code in wrong)
    assert not typed(session, grant.code)
    assert typed(town.session(), grant.code)


def test_a_code_ends_with_its_week_and_with_the_clerk_who_withdraws_it() -> None:
    town = Town()
    first, second = granted(town), granted(town)
    ExemptionDesk(town.store, town.city).withdraw(second.number, CLERK, "the wrong resident", town.now)
    session = town.session()
    assert not typed(session, second.code)
    town.now += timedelta(days=7)
    assert typed(town.session(), first.code)
    town.now += timedelta(days=1)
    late = town.session()
    assert not late.who.takes_code
    assert not typed(late, first.code)
    assert (state(town, first), state(town, second)) == ("over", "withdrawn")


def test_a_code_withdrawn_while_the_resident_chooses_is_no_fee_less() -> None:
    town = Town()
    grant = granted(town)
    session = town.session()
    assert typed(session, grant.code)
    ExemptionDesk(town.store, town.city).withdraw(grant.number, CLERK, "the wrong resident", town.now)
    assert session.reserve(session.item("inkan")) == CentreRefused(CentreRefusal.CODE_WRONG)


def test_two_sessions_with_one_code_get_one_order_free() -> None:
    town = Town()
    grant = granted(town)
    here, there = town.session("hanako", SHOP), town.session("hanako", HALL)
    assert typed(here, grant.code)
    assert typed(there, grant.code)
    answers = [session.reserve(session.item("inkan")) for session in (here, there)]
    assert [isinstance(answer, Reserved) for answer in answers] == [True, False]


def test_an_order_that_failed_whole_uses_no_code_up() -> None:
    town = Town()
    grant = granted(town, copies=2)
    session = town.session()
    assert typed(session, grant.code)
    reserved = session.reserved(session.item("inkan", copies=2))
    for copy, left in ((1, "used"), (2, "open")):
        session.line.advise(
            {"op": "void", "request_id": reserved.request_id, "copy": copy, "reason": "paper_not_ready"}
        )
        assert state(town, grant) == left
    assert typed(town.session(), grant.code)


def test_no_more_copies_are_free_than_were_granted() -> None:
    """Not in one line of the basket, and not in two lines of the same kind."""
    town = Town()
    grant = granted(town, copies=2)
    session = town.session()
    assert typed(session, grant.code)
    assert session.reserve(session.item("inkan", copies=3)) == CentreRefused(CentreRefusal.BAD_REQUEST)
    two = (session.item("inkan", copies=2), session.item("inkan", copies=1))
    assert session.reserve(*two) == CentreRefused(CentreRefusal.BAD_REQUEST)
    assert state(town, grant) == "open"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (("no-such-number", "welfare", ["inkan"], 1), "Nobody in the register has the number"),
        (("hanako", "lottery", ["inkan"], 1), "no exemption lottery today: its words are welfare"),
        (("hanako", "pension", ["inkan"], 1), "pension is not for inkan: it is for juminhyo"),
        (("hanako", "welfare", [], 1), "at least one kind"),
        (("hanako", "welfare", ["inkan"], 0), "1 to 9"),
        (("hanako", "welfare", ["inkan"], 10), "1 to 9"),
    ],
)
def test_what_cannot_be_granted_is_refused_in_a_sentence(wanted: tuple[str, str, list[str], int], words: str) -> None:
    town = Town()
    holder, word, kinds, copies = wanted
    with pytest.raises(NotGranted, match=words):
        ExemptionDesk(town.store, town.city).grant(
            town.resident_id(holder), word, kinds, copies, CLERK, "saw the paper", town.now
        )
    with town.store.reading() as c:
        assert c.execute(sa.select(exemptions)).all() == []


def test_a_kind_named_twice_is_granted_once() -> None:
    town = Town()
    grant = ExemptionDesk(town.store, town.city).grant(
        town.resident_id("hanako"), "welfare", ["inkan", "kisai", "inkan"], 1, CLERK, "saw the paper", town.now
    )
    assert grant.kinds == ("inkan", "kisai")


@pytest.mark.parametrize("file", ["no-such-folder/slip.pdf", "."])
def test_a_slip_that_cannot_be_written_is_said_before_anything_is_granted(
    file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--resident", "1", "--for", "welfare", "--kind", "inkan", "--by", "tanaka", "--why", "saw the paper"]
    parser = argparse.ArgumentParser()
    desk_exemptions.add(parser.add_subparsers())
    with pytest.raises(SystemExit):
        parser.parse_args(["exemptions", "grant", *words, "--slip", str(tmp_path / file)])
    assert "name a file in a folder that is there" in capsys.readouterr().err
