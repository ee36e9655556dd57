"""The card desk: orders, cuts in the middle of writing, the PIN at the resident's pad, and the photo-ID rule."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from drivers.card_desk.terminal import DeskStopped
from drivers.errors import CardGone
from drivers.line.card_orders import CardOrders
from drivers.vocabulary import CentreRefusal, CentreRefused
from host_sim.centre import cards as register
from host_sim.centre.card_desk import enquiries, letter, orders, rules
from host_sim.centre.card_desk.enquiries import Proof
from host_sim.centre.cards import ActRefused
from host_sim.centre.city.model import CardDeskPart, SwitchPart
from host_sim.centre.pins import PinKey
from host_sim.centre.register import Resident, ResidentState, pack, unpack
from host_sim.centre.tables import audit, card_acts, card_order_acts, card_orders, cards, residents
from host_sim.centre.tables import enquiries as letters
from host_sim.models.blank_card import BlankCard
from tests.digits import stands_in
from tests.unit.centre.card_desk import CLERK, COLLEAGUE, Desk, blank, fingerprint, is_in, outcome, words_of
from tests.unit.centre.town import HALL, JST, Town

DESK = CardDeskPart(resident_register_until=date(2015, 12, 28))
COMMANDS = 16  # of which the last four read the record and sign


@pytest.fixture
def desk() -> Desk:
    return Desk(Town())


@contextmanager
def refused(match: str) -> Iterator[None]:
    with pytest.raises(ActRefused, match=match) as told:
        yield
    assert str(told.value).endswith(".")


# --- writing --------------------------------------------------------------------------------------


def test_a_card_is_ordered_written_and_used_at_a_machine(desk: Desk) -> None:
    made = desk.order("issue", "hanako", carries_seal=True)
    card = blank()
    hands = desk.put_in(card, made.code.lower(), "4649", "4649")
    assert words_of(hands) == [
        "Press the four digits of your PIN, then ENTER.",
        "The same PIN once more, then ENTER.",
        "Done. Please take your card.",
    ]
    assert desk.state(made.order_id) == "done"
    assert is_in(outcome(desk.town, card))
    assert outcome(desk.town, card, "0000") == CentreRefused(CentreRefusal.WRONG_PIN, 2)
    with desk.town.store.reading() as c:
        row = register.known(c, fingerprint(card))
        assert (row.kind, row.valid_until, row.seal_number is not None) == ("citizen", "2036-11-24", True)
        assert register.disagreements(c) == []
        acts = list(
            c.execute(sa.select(card_order_acts.c.became, card_order_acts.c.who).order_by(card_order_acts.c.id))
        )
    told = [("ordered", CLERK), *((state, "miyazaki-counter-01") for state in ("begun", "recorded", "done"))]
    assert [tuple(act) for act in acts] == told


@pytest.mark.parametrize("acts", [False, True])
@pytest.mark.parametrize("at", range(1, COMMANDS + 1))
def test_cut_at_each_command_the_register_is_never_ahead_and_the_card_is_finished(
    desk: Desk, at: int, acts: bool
) -> None:
    made, card = desk.order("issue"), blank()
    card.fail("pulled", at=at, acts=acts)
    with pytest.raises(CardGone):
        desk.put_in(card, made.code, "4649", "4649")
    card.heal()
    with desk.town.store.reading() as c:
        row = orders.of(c, made.order_id)
        assert row is not None
        assert (row.state == "ordered") == (row.chip is None)
        assert (row.state == "recorded") == (row.record is not None)
        assert row.record is not None or set(card.memory.record) == {0xFF}, (
            "nothing is on the card that is not written down"
        )
        assert (
            c.scalar(sa.select(sa.func.count()).select_from(cards).where(cards.c.resident_id == row.resident_id)) == 0
        )
    desk.put_in(card, made.code, "4649", "4649")
    assert is_in(outcome(desk.town, card))


def test_the_cuts_above_are_all_there_are(desk: Desk) -> None:
    assert len(desk.issued().log) == COMMANDS


def test_a_resident_who_cancels_or_slips_goes_on_with_the_same_card(desk: Desk) -> None:
    made, card = desk.order("issue"), blank()
    with pytest.raises(DeskStopped, match="The resident stopped"):
        desk.put_in(card, made.code, "4649", None)
    assert desk.state(made.order_id) == "recorded"
    hands = desk.put_in(card, made.code, "4649", "4640", "8052", "8052")
    assert "The two PINs differ. Please begin again." in words_of(hands)
    assert is_in(outcome(desk.town, card, "8052"))


def test_an_easy_pin_is_warned_of_and_may_be_kept(desk: Desk) -> None:
    made, card = desk.order("issue"), blank()
    hands = desk.put_in(card, made.code, "1234", "1234", keeps=True)
    assert any("easily guessed" in words for words in words_of(hands))
    assert is_in(outcome(desk.town, card, "1234"))


def test_an_easy_pin_can_be_changed_for_another(desk: Desk) -> None:
    made, card = desk.order("issue"), blank()
    desk.put_in(card, made.code, "0000", "0000", "8052", "8052", keeps=False)
    assert is_in(outcome(desk.town, card, "8052"))


@pytest.mark.parametrize(
    ("pin", "easy"),
    [
        (b"0000", True),
        (b"1234", True),
        (b"9876", True),
        (b"1212", True),
        (b"1950", True),
        (b"0305", True),
        (b"8052", False),
    ],
)
def test_which_pins_are_easy(pin: bytes, easy: bool) -> None:
    assert rules.easy(pin, date(1950, 3, 5)) == easy


def test_another_chip_another_master_key_and_another_place_are_refused(desk: Desk) -> None:
    made, card, second = desk.order("issue"), blank(), blank()
    with pytest.raises(DeskStopped, match="The resident stopped"):
        desk.put_in(card, made.code, None)
    with pytest.raises(DeskStopped, match="not the card of this order"):
        desk.put_in(second, made.code, "4649", "4649")
    with pytest.raises(DeskStopped, match="at no counter"):
        desk.put_in(card, made.code, "4649", "4649", peer=HALL)
    with pytest.raises(DeskStopped, match="code is not good"):
        desk.put_in(card, "AAAAA AAAAA")
    with desk.town.store.writing() as c:
        orders.discard(c, made.order_id, desk.told())
    with pytest.raises(DeskStopped, match="code is not good"):
        desk.put_in(card, made.code)
    again = desk.order("issue")
    with pytest.raises(DeskStopped, match="not the card of this order"):
        desk.put_in(card, again.code)
    strange = blank(bytes(32))
    with pytest.raises(DeskStopped, match="none of ours"):
        desk.put_in(strange, again.code)
    assert set(strange.memory.record) == {0xFF}


def test_a_code_ends_and_another_one_takes_its_place(desk: Desk) -> None:
    made, card = desk.order("issue"), blank()
    with desk.town.store.writing() as c:
        code = orders.fresh_code(c, made.order_id, desk.told())
    with pytest.raises(DeskStopped, match="code is not good"):
        desk.put_in(card, made.code, "4649", "4649")
    desk.town.now += timedelta(seconds=orders.CODE_S + 1)
    with pytest.raises(DeskStopped, match="code is not good"):
        desk.put_in(card, code, "4649", "4649")
    with desk.town.store.writing() as c:
        code = orders.fresh_code(c, made.order_id, desk.told())
    desk.put_in(card, code, "4649", "4649")
    assert is_in(outcome(desk.town, card))
    with desk.town.store.writing() as c, refused("is written and in use"):
        orders.discard(c, made.order_id, desk.told())


# --- what is ordered ------------------------------------------------------------------------------


def test_the_kind_is_the_one_that_the_day_allows() -> None:
    last = DESK.resident_register_until
    assert rules.kind_for(DESK, last, refuses_resident_register=False) == "resident_register"
    assert rules.kind_for(DESK, last, refuses_resident_register=True) == "citizen"
    assert rules.kind_for(DESK, last + timedelta(days=1), refuses_resident_register=False) == "citizen"
    assert rules.after_years(last, 10) == date(2025, 12, 28), "the last 住基カード ended then (city rule 6)"
    assert rules.after_years(date(2024, 2, 29), 10) == date(2034, 2, 28)


def test_before_december_2015_a_resident_register_card_is_written(desk: Desk) -> None:
    desk.town.now = datetime(2015, 12, 28, 10, 0, tzinfo=JST)
    made = desk.order("issue", "taro")
    assert made.kind == "resident_register"


def test_a_second_card_is_refused_and_a_replaced_one_ends(desk: Desk) -> None:
    first = desk.issued("hanako", carries_seal=True)
    with refused("has a card of the city"):
        desk.order("issue", "hanako")
    with desk.town.store.writing() as c:
        register.turn(c, fingerprint(first), "lost", desk.told())
    made, second = desk.order("replace", card=fingerprint(first)), blank()
    with refused("is not ended"):
        desk.order("replace", card=fingerprint(first))
    assert outcome(desk.town, first) == CentreRefused(CentreRefusal.CARD_REPORTED_LOST)
    desk.put_in(second, made.code, "8052", "8052")
    assert outcome(desk.town, first) == CentreRefused(CentreRefusal.CERTIFICATE_REVOKED)
    assert is_in(outcome(desk.town, second, "8052"))
    with desk.town.store.reading() as c:
        assert register.known(c, fingerprint(second)).seal_number is not None
        assert register.known(c, fingerprint(first)).seal_number is None


def test_a_lost_card_is_replaced_and_no_second_one_issued_beside_it(desk: Desk) -> None:
    """Else it could be found again, and its holder would have two."""
    first = desk.issued()
    with desk.town.store.writing() as c:
        register.turn(c, fingerprint(first), "lost", desk.told())
    with refused("renew or replace it"):
        desk.order("issue")


def test_a_card_is_renewed_only_near_its_end(desk: Desk) -> None:
    card = desk.issued()
    with refused("renewed from 90 days"):
        desk.order("renew", card=fingerprint(card))
    assert rules.renewable(DESK, date(2036, 11, 24), date(2036, 8, 26))
    assert not rules.renewable(DESK, date(2036, 11, 24), date(2036, 8, 25))


def test_the_register_moved_on_while_the_card_was_written(desk: Desk) -> None:
    first = desk.issued()
    made, second = desk.order("replace", card=fingerprint(first)), blank()
    with desk.town.store.writing() as c:
        register.turn(c, fingerprint(first), "revoke", desk.told())
    with pytest.raises(DeskStopped, match="register has changed"):
        desk.put_in(second, made.code, "8052", "8052")
    assert desk.state(made.order_id) == "recorded"


# --- the switch of plastic cards ------------------------------------------------------------------


def test_the_free_switch_has_an_end_and_says_that_its_dates_do_not_add_up() -> None:
    announced = SwitchPart.model_validate(
        {"from": date(2003, 8, 1), "years": 5, "extended_years": 2, "until": date(2012, 3, 31)}
    )
    assert rules.switch_refusal(announced, date(2012, 3, 31)) is None
    assert "ended on 2012-03-31" in str(rules.switch_refusal(announced, date(2012, 4, 1)))
    assert "begins on 2003-08-01" in str(rules.switch_refusal(announced, date(2003, 7, 31)))
    assert rules.switch_refusal(None, date(2012, 3, 31)) is not None
    assert "ends on 2010-07-31: the two do not agree" in rules.switch_sentence(announced)
    summed = announced.model_copy(update={"until": date(2010, 7, 31)})
    assert "do not agree" not in rules.switch_sentence(summed)


def test_a_plastic_card_is_switched_in_time_and_refused_afterwards(desk: Desk) -> None:
    with refused("ended on 2012-03-31"):
        desk.order("switch", "hanako")
    switch = SwitchPart.model_validate({"from": date(2003, 8, 1), "years": 5, "until": date(2026, 12, 31)})
    during = DESK.model_copy(update={"switch": switch})
    with desk.town.store.writing() as c:
        wanted = orders.Wanted(act="switch", resident_id=desk.town.resident_id("hanako"))
        made = orders.order(c, during, wanted, Proof(), desk.told())
    card = blank()
    desk.put_in(card, made.code, "4649", "4649")
    with desk.town.store.reading() as c:
        assert register.known(c, fingerprint(card)).seal_number is not None
    with desk.town.store.writing() as c, refused("has a card of the city"):
        orders.order(c, during, wanted, Proof(), desk.told())
    with desk.town.store.writing() as c, refused("no valid seal registration"):
        nobody = orders.Wanted(act="switch", resident_id=desk.town.resident_id("kazuko"))
        orders.order(c, during, nobody, Proof(), desk.told())


# --- PIN, and who has no photo ID -----------------------------------------------------------------


def locked(desk: Desk) -> object:
    card = desk.issued()
    for _ in range(3):
        outcome(desk.town, card, "0001")
    assert outcome(desk.town, card) == CentreRefused(CentreRefusal.PIN_BLOCKED, 0)
    return card


def test_with_a_photo_id_a_locked_pin_is_set_anew_on_the_same_day(desk: Desk) -> None:
    card = locked(desk)
    made = desk.order("pin", card=fingerprint(card))  # type: ignore[arg-type]
    with pytest.raises(DeskStopped, match="is blank: put the holder's card in"):
        desk.put_in(blank(), made.code, "8052", "8052")
    with pytest.raises(DeskStopped, match="not the card of this order"):
        desk.put_in(desk.issued("taro"), made.code)
    desk.put_in(card, made.code, "8052", "8052")  # type: ignore[arg-type]
    assert is_in(outcome(desk.town, card, "8052"))  # type: ignore[arg-type]


def test_the_old_pin_changes_the_pin_without_any_document(desk: Desk) -> None:
    card = desk.issued()
    made = desk.order("change", proof=None, card=fingerprint(card))
    hands = desk.put_in(card, made.code, "4649", "8052", "8052")
    assert words_of(hands) == [
        "Press the four digits of your present PIN, then ENTER.",
        "Press the four digits of your new PIN, then ENTER.",
        "The same PIN once more, then ENTER.",
        "Done. Please take your card.",
    ]
    assert outcome(desk.town, card, "4649") == CentreRefused(CentreRefusal.WRONG_PIN, 2)
    assert is_in(outcome(desk.town, card, "8052"))
    with desk.town.store.reading() as c:
        row = c.execute(sa.select(card_orders).where(card_orders.c.order_id == made.order_id)).one()
    assert (row.state, row.proof, row.second) == ("done", "old_pin", None)


@pytest.mark.parametrize("act", ["pin", "issue"])
def test_nothing_else_is_ordered_without_a_proof(desk: Desk, act: str) -> None:
    wanted = {"card": fingerprint(desk.issued())} if act == "pin" else {"holder": "taro"}
    with refused("How the person was recognised"):
        desk.order(act, proof=None, **wanted)  # type: ignore[arg-type]


def test_slips_with_the_new_pin_cost_no_try_of_the_old_one(desk: Desk) -> None:
    card = desk.issued()
    made = desk.order("change", proof=None, card=fingerprint(card))
    desk.put_in(card, made.code, "4649", "8052", "8053", "1234", "1234", "8052", "8052", keeps=False)
    assert wrong_pins(desk, card) == 0
    assert is_in(outcome(desk.town, card, "8052"))


def test_wrong_old_pins_of_desk_and_machine_count_on_one_card(desk: Desk) -> None:
    card = desk.issued()
    made = desk.order("change", proof=None, card=fingerprint(card))
    outcome(desk.town, card, "0001")
    with pytest.raises(DeskStopped, match="PIN is locked"):
        desk.put_in(card, made.code, "0002", "8052", "8052", "0003", "8052", "8052")
    assert outcome(desk.town, card) == CentreRefused(CentreRefusal.PIN_BLOCKED, 0)
    with pytest.raises(DeskStopped, match="PIN is locked"):
        desk.put_in(card, made.code, "4649", "8052", "8052")
    with desk.town.store.writing() as c:
        assert [c.scalar(sa.select(sa.func.count()).where(audit.c.act == "card_old_pin_wrong"))] == [2]
        orders.discard(c, made.order_id, desk.told())
    with refused("The PIN of this card is locked"):
        desk.order("change", proof=None, card=fingerprint(card))
    again = desk.order("pin", card=fingerprint(card))
    desk.put_in(card, again.code, "8052", "8052")
    assert is_in(outcome(desk.town, card, "8052"))


def test_a_right_old_pin_after_a_wrong_one_changes_it_and_forgets_the_wrong_one(desk: Desk) -> None:
    card = desk.issued()
    made = desk.order("change", proof=None, card=fingerprint(card))
    hands = desk.put_in(card, made.code, "0002", "8052", "8052", "4649", "8052", "8052")
    assert "This is not your present PIN. Tries left: 2." in words_of(hands)
    assert wrong_pins(desk, card) == 0


def test_an_answer_that_the_terminal_sends_again_counts_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The centre's answer is lost on the way each time, so the same body comes twice."""
    card = desk.issued()
    made = desk.order("change", proof=None, card=fingerprint(card))
    sent: list[object] = []
    finish = CardOrders.finish

    def twice(self: CardOrders, *told: Any) -> Any:
        sent.append(first := finish(self, *told))
        sent.append(again := finish(self, *told))
        assert first == again
        return again

    monkeypatch.setattr(CardOrders, "finish", twice)
    desk.put_in(card, made.code, "0002", "8052", "8052", "4649", "8052", "8052")
    assert sent == [CentreRefused(CentreRefusal.WRONG_PIN, 2)] * 2 + ["done"] * 2
    assert wrong_pins(desk, card) == 0


def test_a_try_is_counted_before_it_is_judged(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power goes while the slow hash runs: no free guess; and the right PIN is taken up again on its own answer."""
    card = desk.issued()
    made = desk.order("change", proof=None, card=fingerprint(card))

    def cut(*_: object) -> bool:
        raise RuntimeError("power")

    with monkeypatch.context() as power:
        power.setattr(PinKey, "fits", cut)
        with pytest.raises(RuntimeError, match="power"):
            desk.put_in(card, made.code, "4649", "8052", "8052")
    assert wrong_pins(desk, card) == 1
    desk.put_in(card, made.code, "4649", "8052", "8052")
    assert wrong_pins(desk, card) == 0


def wrong_pins(desk: Desk, card: BlankCard) -> int:
    with desk.town.store.reading() as c:
        return int(register.known(c, fingerprint(card)).pin_failures)


def test_without_a_photo_id_a_letter_is_answered_first_and_a_second_person_agrees(desk: Desk) -> None:
    card = locked(desk)
    print_ = fingerprint(card)  # type: ignore[arg-type]
    with desk.town.store.writing() as c:
        sent = enquiries.send(c, DESK, desk.town.resident_id("kazuko"), desk.told())
        assert enquiries.answer(c, sent.enquiry_id, sent.code, desk.told()) == (
            "The letter was sent today: a reply counts from tomorrow on."
        )
    with refused("has not been entered"):
        desk.order("pin", card=print_, proof=Proof(sent.enquiry_id, COLLEAGUE))
    desk.town.now += timedelta(days=2)
    with desk.town.store.writing() as c:
        assert "not the code" in str(enquiries.answer(c, sent.enquiry_id, "00000000", desk.told()))
        assert enquiries.answer(c, sent.enquiry_id, sent.code, desk.told()) is None
    for second in (None, CLERK):
        with refused("a second member of staff"):
            desk.order("pin", card=print_, proof=Proof(sent.enquiry_id, second))
    made = desk.order("pin", card=print_, proof=Proof(sent.enquiry_id, COLLEAGUE))
    desk.put_in(card, made.code, "8052", "8052")  # type: ignore[arg-type]
    assert is_in(outcome(desk.town, card, "8052"))  # type: ignore[arg-type]
    with refused("was used already"):
        desk.order("pin", card=print_, proof=Proof(sent.enquiry_id, COLLEAGUE))
    with desk.town.store.reading() as c:
        row = c.execute(sa.select(card_orders).where(card_orders.c.order_id == made.order_id)).one()
    assert (row.who, row.second, row.proof) == (CLERK, COLLEAGUE, sent.enquiry_id)


def test_a_reply_counts_for_its_days_its_resident_and_five_tries(desk: Desk) -> None:
    answered = desk.answered("kazuko")
    with refused("another resident"):
        desk.order("issue", "taro", proof=Proof(answered, COLLEAGUE))
    desk.town.now += timedelta(days=26)
    with refused("The reply counted until"):
        desk.order("issue", "kazuko", proof=Proof(answered, COLLEAGUE))
    with desk.town.store.writing() as c:
        sent = enquiries.send(c, DESK, desk.town.resident_id("kazuko"), desk.told())
    desk.town.now += timedelta(days=1)
    with desk.town.store.writing() as c:
        said = [enquiries.answer(c, sent.enquiry_id, "x", desk.told()) for _ in range(6)]
    assert [str(words)[:30] for words in said[3:]] == [
        "This is not the code on the le",
        "The code was wrong too often: ",
        "This enquiry counts no more: s",
    ]


def test_a_second_letter_ends_the_first(desk: Desk) -> None:
    with desk.town.store.writing() as c:
        first = enquiries.send(c, DESK, desk.town.resident_id("kazuko"), desk.told())
        enquiries.send(c, DESK, desk.town.resident_id("kazuko"), desk.told())
        states = c.scalars(sa.select(letters.c.state).order_by(letters.c.state)).all()
        assert states == ["sent", "withdrawn"]
    desk.town.now += timedelta(days=1)
    with desk.town.store.writing() as c:
        assert "counts no more" in str(enquiries.answer(c, first.enquiry_id, first.code, desk.told()))


# --- traces ---------------------------------------------------------------------------------------


def test_no_pin_code_or_name_is_in_any_trace(desk: Desk) -> None:
    made, card = desk.order("issue", "hanako"), blank()
    desk.put_in(card, made.code, "4649", "4649")
    answered = desk.answered("hanako")
    with desk.town.store.reading() as c:
        told = str([list(c.execute(sa.select(table))) for table in (audit, card_order_acts, card_acts)])
        kept = str([tuple(row) for row in c.execute(sa.select(card_orders))])
    assert answered in told
    for where in (told, kept):
        assert not stands_in("4649", where)
        assert [secret for secret in (made.code, made.code.replace(" ", ""), "宮崎", "花子") if secret in where] == []
    assert not re.search(r"[ァ-ヶ]{3}", told)


@pytest.mark.parametrize("told", [("", "a reason"), ("hidaka", " ")])
def test_who_and_why_must_be_said(desk: Desk, told: tuple[str, str]) -> None:
    words = register.Told(*told, desk.town.now)
    with desk.town.store.writing() as c, refused("Who does it and why"):
        wanted = orders.Wanted(act="issue", resident_id=desk.town.resident_id("taro"))
        orders.order(c, DESK, wanted, Proof(), words)


def test_who_has_died_since_the_order_gets_no_card_and_the_clerk_hears_why(desk: Desk) -> None:
    made = desk.order()
    with desk.town.store.writing() as c:
        this = residents.c.resident_id == desk.town.resident_id("kazuko")
        gone = unpack(Resident, str(c.scalar(sa.select(residents.c.packed).where(this))))
        packed = pack(replace(gone, state=ResidentState.DEAD))
        c.execute(residents.update().where(this).values(packed=packed))
    with pytest.raises(DeskStopped, match="has changed since the order"):
        desk.put_in(blank(), made.code, "4649", "4649")
    assert desk.state(made.order_id) == "ordered", "no chip was opened"


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"name": "\U00030000田　和子"}, "not in the font"),
        ({"name": "宮崎　" + "長" * 300}, "too long for the envelope"),
    ],
)
def test_an_enquiry_whose_letter_cannot_be_printed_is_not_opened(
    desk: Desk, facts: dict[str, str], sentence: str
) -> None:
    store, number = desk.town.store, desk.town.resident_id("kazuko")
    this = residents.c.resident_id == number
    with store.writing() as c:
        kazuko = unpack(Resident, str(c.scalar(sa.select(residents.c.packed).where(this))))
        c.execute(residents.update().where(this).values(packed=pack(replace(kazuko, **facts))))
    with refused(sentence), store.writing() as c:
        sent = enquiries.send(c, DESK, number, desk.told())
        letter.addressed(c, desk.town.city, sent, desk.town.now)
    with store.reading() as c:
        assert c.scalars(sa.select(letters.c.state)).all() == []
