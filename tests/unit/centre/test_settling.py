"""Debts, heartbeats and flags (invariants I4, I12, I14, fault N8)."""

import random
from typing import Any

import pytest
import sqlalchemy as sa

from drivers.vocabulary import AdviceFate
from host_sim.centre.claims.codes import claim_code
from host_sim.centre.claims.desk import ClaimDesk, NotPaid
from host_sim.centre.claims.status import of_code
from host_sim.centre.operating.flags import OF_ONE_KIND_MAX, close
from host_sim.centre.tables import claims, collections, flags, machines
from tests.unit.centre.claims import CLERK, paid_at_desk, slip
from tests.unit.centre.town import HALL, SHOP, Town


def flagged(town: Town) -> list[str]:
    with town.store.reading() as c:
        return list(c.scalars(sa.select(flags.c.what)))


def beat(town: Town, seq: int, head: str, **more: Any) -> bool:
    state = {"journal_seq": seq, "journal_head": head, "state": "IN_SERVICE", "reasons": [], "events": []}
    return town.line(SHOP).heartbeat(state | more)


def taken(town: Town) -> str:
    """The key of a session in which money was taken."""
    session = town.session("hanako")
    session.reserved(session.item("inkan"))
    return session.nonce.hex()


def test_a_debt_is_one_however_often_it_is_told() -> None:
    town = Town()
    key = taken(town)
    for _ in range(5):
        assert (
            town.line().advise({"op": "claim", "key": key, "amount_yen": 700, "reason": "hopper_empty"})
            is AdviceFate.ACKNOWLEDGED
        )
    with town.store.reading() as c:
        rows = c.execute(sa.select(claims.c.claim_code, claims.c.amount_yen)).all()
    assert [tuple(row) for row in rows] == [(claim_code(key), 700)]
    assert flagged(town) == []


def test_a_debt_told_again_with_another_amount_is_flagged() -> None:
    town = Town()
    key = taken(town)
    town.line().advise({"op": "claim", "key": key, "amount_yen": 700, "reason": "x"})
    town.line().advise({"op": "claim", "key": key, "amount_yen": 900, "reason": "x"})
    town.line(HALL).advise({"op": "claim", "key": key, "amount_yen": 700, "reason": "x"})
    with town.store.reading() as c:
        assert c.scalars(sa.select(claims.c.amount_yen)).all() == [700]
    assert flagged(town) == ["two_amounts", "two_amounts"]


def left_after(town: Town, key: str, amount_yen: int, collection: int) -> bool:
    told = {"op": "collected", "key": key, "amount_yen": amount_yen, "collection": collection}
    return town.line().advise(told) is AdviceFate.ACKNOWLEDGED


def test_a_claim_is_paid_at_one_place_only() -> None:
    """Once a machine or the counter holds or has paid a claim, nobody else pays it."""
    town = Town()
    key = taken(town)
    town.line().advise({"op": "claim", "key": key, "amount_yen": 700, "reason": "x"})
    assert town.line(HALL).hold_claim(key, 1, "") is None  # a claim that another machine made
    assert town.line().hold_claim("cd" * 16, 1, "") is None
    assert town.line().hold_claim(key, 1, "") == 700
    desk = ClaimDesk(town.store, town.city)
    with pytest.raises(NotPaid, match="machine"):
        desk.hold(slip(key), CLERK, town.now)
    for _ in range(3):  # repeated after a lost answer, counted once
        assert left_after(town, key, 500, 1)
    assert town.line().hold_claim(key, 2, "") == 200
    assert left_after(town, key, 0, 2)  # no coin came out: the hold ends
    assert paid_at_desk(town.store, town.city, key, town.now).amount_yen == 200
    assert town.line().hold_claim(key, 3, "") is None
    with pytest.raises(NotPaid, match="paid already"):
        desk.hold(slip(key), CLERK, town.now)
    assert flagged(town) == []
    assert left_after(town, key, 100, 3)  # coins paid without a hold are recorded all the same
    assert flagged(town) == ["paid_twice"]


def test_a_hold_that_arrives_after_its_own_end_holds_nothing() -> None:
    """Fault N2: the machine has already reported that no coin came out, so this hold must not block the counter."""
    town = Town()
    key = taken(town)
    town.line().advise({"op": "claim", "key": key, "amount_yen": 700, "reason": "x"})
    assert left_after(town, key, 0, 1)
    assert town.line().hold_claim(key, 1, "") is None
    assert paid_at_desk(town.store, town.city, key, town.now).amount_yen == 700


def test_claim_codes_can_be_read_aloud() -> None:
    """SHA-256(16 zero bytes) begins 374708fff7; five bits each, highest first, by the table in drivers/line/README.md."""
    assert claim_code("0" * 32) == "G7DST99Z"
    dice = random.Random(1)
    codes = {claim_code(f"{dice.getrandbits(128):032x}") for _ in range(2000)}
    assert len(codes) == 2000
    assert not set("".join(codes)) & set("IO01")


def test_a_machines_alarm_is_flagged_once_and_not_at_every_heartbeat() -> None:
    town = Town()
    for events in ([], ["pin_attack"], ["pin_attack"], ["pin_attack", "x"], [], ["pin_attack"]):
        assert beat(town, 5, "a" * 64, events=events)
    with town.store.reading() as c:
        told = [(row.detail["event"], row.times) for row in c.execute(sa.select(flags).order_by(flags.c.id))]
    assert told == [("pin_attack", 2), ("x", 1)]


def test_a_journal_never_runs_backwards() -> None:
    """I14: the centre remembers the journal's head."""
    town = Town()
    for seq, head in ((5, "a" * 64), (5, "a" * 64), (9, "b" * 64)):
        assert beat(town, seq, head)
    assert flagged(town) == []
    assert beat(town, 8, "c" * 64)
    assert flagged(town) == ["journal_ran_backwards"]
    assert beat(town, 8, "d" * 64)
    assert flagged(town) == ["journal_ran_backwards", "journal_forked"]
    assert beat(town, 0, "")  # a bench program has no journal
    assert len(flagged(town)) == 2


def test_what_a_machine_reports_is_kept() -> None:
    town = Town()
    beat(town, 1, "a" * 64, state="SUSPENDED", reasons=["printer"], events=["binding_failed"])
    with town.store.reading() as c:
        row = c.execute(sa.select(machines)).one()
        event = c.scalars(sa.select(flags.c.detail)).one()
    assert (row.name, row.state, row.reasons) == (SHOP.name, "SUSPENDED", ["printer"])
    assert event == {"event": "binding_failed"}


def test_m4_a_claim_of_credits_without_coins_is_paid_only_after_two_people_have_looked() -> None:
    town = Town()
    key = taken(town)
    town.line().advise({"op": "claim", "key": key, "amount_yen": 200, "reason": "tamper"})
    town.line().advise({"op": "claim", "key": key, "amount_yen": 200, "reason": "tamper"})  # told again: one flag
    assert flagged(town) == ["credits_without_coins"]
    with town.store.writing() as c:
        number = c.scalar(sa.select(flags.c.id))
        assert number is not None
    assert town.line().hold_claim(key, 1, "") is None
    with town.store.reading() as c:
        assert of_code(c, town.city, slip(key), town.now).state == "examined", "the resident is told so"
    with town.store.writing() as c:
        close(c, town.now, number, "ito", "looked at the coin line")
    for pays in (lambda: town.line().hold_claim(key, 1, ""), lambda: _at_the_desk(town, key)):
        assert pays() is None, "one person is not enough"
    with town.store.writing() as c:
        assert close(c, town.now, number, "kato", "counted the cash box")
    assert town.line().hold_claim(key, 1, "") == 200


def test_m4_every_claim_of_credits_without_coins_waits_however_many_there_are() -> None:
    town = Town()
    for number in range(OF_ONE_KIND_MAX + 1):
        with town.store.writing() as c:
            town.store.flag(c, town.now, SHOP.name, "credits_without_coins", {"key": f"{number:032x}"})
    town.line().advise({"op": "claim", "key": "ab" * 16, "amount_yen": 200, "reason": "tamper"})
    assert town.line().hold_claim("ab" * 16, 1, "") is None


def test_a_claim_of_another_reason_waits_for_nobody() -> None:
    town = Town()
    key = taken(town)
    town.line().advise({"op": "claim", "key": key, "amount_yen": 200, "reason": "cancelled"})
    assert flagged(town) == []
    assert _at_the_desk(town, key) == 200


def test_the_desk_pays_what_is_left_and_no_more() -> None:
    town = Town()
    key = taken(town)
    town.line().advise({"op": "claim", "key": key, "amount_yen": 700, "reason": "x"})
    assert town.line().hold_claim(key, 1, "") == 700
    assert left_after(town, key, 500, 1)
    assert _at_the_desk(town, key) == 200
    with town.store.reading() as c:
        paid = c.scalar(sa.select(sa.func.sum(collections.c.amount_yen)))
    assert paid == 700


def test_only_the_machine_that_owes_tells_what_it_paid() -> None:
    town, told = Town(), {"op": "collected", "key": "ab" * 16, "amount_yen": 200, "collection": 1}
    town.line().advise({"op": "claim", "key": "ab" * 16, "amount_yen": 700, "reason": "x"})
    assert town.line(HALL).advise(told) is AdviceFate.REFUSED
    assert _at_the_desk(town, "ab" * 16) == 700


def _at_the_desk(town: Town, key: str) -> int | None:
    try:
        return paid_at_desk(town.store, town.city, key, town.now).amount_yen
    except NotPaid:
        return None
