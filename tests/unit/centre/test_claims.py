"""Claims at the desk: looked up, held, paid once, and the machine hears of it (fault N13)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from host_sim.centre.claims import codes, debts, status
from host_sim.centre.claims.desk import HOLD, ClaimDesk, NotPaid
from host_sim.centre.fsck import fsck
from host_sim.centre.tables import audit, claim_payments, collections, flags
from tests.unit.centre.claims import CITY, CLERK, COLLEAGUE, DESK, owed, paid_at_desk, slip
from tests.unit.centre.town import SHOP, Town

BEAT = {"journal_seq": 5, "journal_head": "a" * 64, "state": "IN_SERVICE", "reasons": [], "events": []}


def flagged(town: Town) -> list[str]:
    with town.store.reading() as c:
        return list(c.scalars(sa.select(flags.c.what).order_by(flags.c.id)))


def state_of(town: Town, key: str) -> status.Status:
    with town.store.reading() as c:
        return status.of_code(c, town.city, slip(key), town.now)


def test_a_claim_is_paid_once_with_a_receipt() -> None:
    town, desk = Town(), None
    desk, key = ClaimDesk(town.store, town.city), owed(town, 700)
    looked = desk.look_up(slip(key), CLERK, town.now)
    assert (looked.state, looked.debt.left_yen, looked.code) == ("owed", 700, slip(key))
    receipt = paid_at_desk(town.store, town.city, key, town.now)
    assert (receipt.amount_yen, receipt.code, receipt.machine, receipt.number) == (
        700,
        slip(key),
        SHOP.name,
        "20261124-0001",
    )
    for act in (desk.hold, lambda *told: desk.pay(told[0], told[1], DESK, told[2])):
        with pytest.raises(NotPaid, match=r"paid already: 2026-11-24 \d\d:\d\d, 市民課窓口"):
            act(slip(key), CLERK, town.now)
    with town.store.reading() as c:
        assert c.execute(sa.select(sa.func.count(), sa.func.sum(collections.c.amount_yen))).one() == (1, 700)
        acts = c.scalars(sa.select(audit.c.act).where(audit.c.site == "counter").order_by(audit.c.id)).all()
    assert acts == ["claim_looked_up", "claim_held", "claim_paid"]
    assert desk.receipt(slip(key), COLLEAGUE, town.now).number == receipt.number
    assert flagged(town) == []


def test_fsck_counts_receipts_and_finds_one_whose_payment_is_missing() -> None:
    town = Town()
    paid_at_desk(town.store, town.city, owed(town), town.now)
    assert fsck(town.store) == []
    with town.store.writing() as c:
        c.execute(claim_payments.delete())
    assert any("0001 of counter on 20261124 was given 0 times" in fault for fault in fsck(town.store))


def test_nothing_is_paid_without_a_hold_and_two_clerks_do_not_pay_at_once() -> None:
    town = Town()
    desk, key = ClaimDesk(town.store, town.city), owed(town)
    with pytest.raises(NotPaid, match="Nobody holds this claim for you"):
        desk.pay(slip(key), CLERK, DESK, town.now)
    desk.hold(slip(key), CLERK, town.now)
    for act in (desk.hold, lambda *told: desk.pay(told[0], told[1], DESK, told[2])):
        with pytest.raises(NotPaid, match="tanaka is paying this claim now"):
            act(slip(key), COLLEAGUE, town.now)
    assert town.line().hold_claim(key, 1, "") is None, "the machine does not pay it either"
    with pytest.raises(NotPaid, match="no place with a desk"):
        desk.pay(slip(key), CLERK, "city-hall-machine", town.now)
    town.now += HOLD + timedelta(seconds=1)
    desk.hold(slip(key), COLLEAGUE, town.now)  # the first hold ended by itself
    desk.let_go(slip(key), COLLEAGUE, town.now)
    assert town.line().hold_claim(key, 2, "") == 700
    with pytest.raises(NotPaid, match=SHOP.name):
        desk.hold(slip(key), CLERK, town.now)


def test_a_machines_refused_collection_does_not_end_the_desks_hold() -> None:
    town = Town()
    desk, key = ClaimDesk(town.store, town.city), owed(town)
    desk.hold(slip(key), CLERK, town.now)
    assert town.line().hold_claim(key, 1, "") is None
    town.line().advise({"op": "collected", "key": key, "amount_yen": 0, "collection": 1})
    with pytest.raises(NotPaid, match="tanaka"):
        desk.hold(slip(key), COLLEAGUE, town.now)
    assert desk.pay(slip(key), CLERK, DESK, town.now).amount_yen == 700


def test_two_people_end_the_hold_of_a_machine_that_is_lost() -> None:
    town = Town()
    desk, key = ClaimDesk(town.store, town.city), owed(town)
    with pytest.raises(NotPaid, match="No machine holds"):
        desk.end_hold(slip(key), CLERK, COLLEAGUE, "burnt", town.now)
    town.line().hold_claim(key, 1, "")
    desk.end_hold(slip(key), CLERK, COLLEAGUE, "burnt", town.now)
    assert paid_at_desk(town.store, town.city, key, town.now).amount_yen == 700
    town.line().advise({"op": "collected", "key": key, "amount_yen": 700, "collection": 1})
    assert flagged(town) == ["paid_twice"], "it had paid all the same"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (lambda right: f"KOFUKI-CLAIM:131016:{right}", "another city"),
        (lambda right: codes.on_slip(right[:8], "131016"), "does not fit"),
        (lambda right: right[:8], "nine letters"),
        (lambda right: right + "A", "nine letters"),
        (lambda _: "", "nine letters"),
        (lambda _: "O" * 9, "nine letters"),
        (lambda _: codes.on_slip("AAAAAAAA", CITY), "No claim has this code"),
    ],
)
def test_what_is_no_code_of_this_city_is_refused_with_a_sentence(typed: Callable[[str], str], sentence: str) -> None:
    town = Town()
    key = owed(town)
    with pytest.raises(NotPaid, match=sentence):
        ClaimDesk(town.store, town.city).hold(typed(slip(key)), CLERK, town.now)
    assert state_of(town, key).state == "owed"


@pytest.mark.parametrize(
    "typed",
    [
        lambda right: f"KOFUKI-CLAIM:{CITY}:{right}",
        lambda right: f"kofuki-claim;{CITY};{right.lower()}\r",  # a scanner for another keyboard
        codes.spoken,
        lambda right: f" {right[:3]} {right[3:6]}　{right[6:].lower()} ",
        lambda right: "".join(chr(ord(letter) + 0xFEE0) for letter in right),  # full width
    ],
)
def test_a_slip_is_scanned_or_typed(typed: Callable[[str], str]) -> None:
    town = Town()
    key = owed(town)
    assert ClaimDesk(town.store, town.city).look_up(typed(slip(key)), CLERK, town.now).debt.key == key


def test_guessing_is_bounded_and_told() -> None:
    town = Town()
    desk, key = ClaimDesk(town.store, town.city), owed(town)
    guesses = [codes.on_slip(f"AAAAAA{a}{b}", CITY) for a in "ABCDEFGH" for b in "ABC"]
    for guess in guesses[:8]:
        with pytest.raises(NotPaid, match="No claim has this code"):
            desk.look_up(guess, CLERK, town.now)
    for typed in (guesses[8], slip(key)):
        with pytest.raises(NotPaid, match="wait 15 minutes"):
            desk.look_up(typed, CLERK, town.now)
    assert flagged(town) == ["claim_codes_tried"]
    assert desk.look_up(slip(key), COLLEAGUE, town.now).state == "owed", "a colleague goes on"
    town.now += timedelta(minutes=16)
    assert desk.look_up(slip(key), CLERK, town.now).state == "owed"


def test_the_machine_hears_of_it_until_it_says_that_it_is_written() -> None:
    town, line = Town(), None
    line, keys = town.line(), [owed(town) for _ in range(25)]
    for key in keys:
        town.now += timedelta(seconds=1)
        paid_at_desk(town.store, town.city, key, town.now)
    told = line.heartbeat(BEAT)
    assert told is not None
    assert [paid.key for paid in told.claims_paid] == keys[:20]
    for key in keys[:20]:
        assert line.advise({"op": "heard", "key": key, "amount_yen": 700}).name == "ACKNOWLEDGED"
    told = line.heartbeat(BEAT)
    assert told is not None
    assert [paid.key for paid in told.claims_paid] == keys[20:]
    with town.store.reading() as c:
        heard = sa.select(sa.func.count()).select_from(claim_payments).where(claim_payments.c.heard_at != "")
        assert c.scalar(heard) == 20
        assert debts.unheard(c, "miyazaki-office-01") == []


def test_the_status_says_nothing_personal_and_unknown_codes_have_one_answer() -> None:
    town = Town()
    desk, key = ClaimDesk(town.store, town.city), owed(town)
    assert state_of(town, key) == status.Status("owed")
    desk.hold(slip(key), CLERK, town.now)
    assert state_of(town, key) == status.Status("paying")
    desk.pay(slip(key), CLERK, DESK, town.now)
    paid = state_of(town, key)
    assert (paid.state, paid.paid_on, (paid.paid_at or {})["ja"]) == (
        "paid",
        town.now.date(),
        "市民課窓口（市役所本庁舎1階）",
    )
    unknown = (
        "",
        "O",
        codes.on_slip("AAAAAAAA", CITY),
        f"KOFUKI-CLAIM:131016:{slip(key)}",
        slip(key)[:8] + ("3" if slip(key)[8] == "2" else "2"),
        "'; --",
    )
    with town.store.reading() as c:
        answers = {status.of_code(c, town.city, typed, town.now) for typed in unknown}
        places = status.desks(town.city.at(c, town.now), town.now)
    assert answers == {status.UNKNOWN}
    assert places[0].name["ja"] == "市民課窓口（市役所本庁舎1階）"
    assert places[0].open_now
    assert [list(day.hours) for day in places[0].days[:6]] == [["08:30-17:15"]] * 4 + [["09:00-12:30"], []]


def test_a_claim_paid_at_its_machine_is_paid() -> None:
    town = Town()
    key = owed(town)
    town.line().hold_claim(key, 1, "")
    assert state_of(town, key) == status.Status("paying")
    town.line().advise({"op": "collected", "key": key, "amount_yen": 700, "collection": 1})
    assert state_of(town, key) == status.Status("paid")
    with pytest.raises(NotPaid, match="by staff at the machine"):
        ClaimDesk(town.store, town.city).hold(slip(key), CLERK, town.now)
