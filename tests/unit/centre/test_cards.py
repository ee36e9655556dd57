"""The card register: acts, who and why, what is allowed, and that each counts at once (city rules 5, 11)."""

import hashlib
import secrets
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from drivers.vocabulary import Authenticated, CentreRefusal, CentreRefused, Challenge
from host_sim.centre import cards as register
from host_sim.centre.cards import TRANSITIONS, ActRefused, CardState, NewCard, Told
from host_sim.centre.tables import card_acts, cards, copies
from tests.digits import stands_in
from tests.unit.centre.cards import Card, certificate
from tests.unit.centre.town import HALL, SHOP, Session, Town, paper_of

LOST, REVOKED = (CentreRefused(CentreRefusal(word)) for word in ("card_reported_lost", "certificate_revoked"))
UNREGISTERED = CentreRefused(CentreRefusal.NOT_REGISTERED)


@pytest.fixture
def town() -> Town:
    return Town()


def fingerprint(card: Card) -> str:
    return hashlib.sha256(card.read.credential).hexdigest()


def new_card(town: Town, holder: str = "hanako", **said: Any) -> tuple[Card, NewCard]:
    """A municipal card as the desk wrote it, not yet in the register."""
    card = town.municipal_card(holder)
    with town.store.writing() as c:
        row = register.find(c, fingerprint(card))
        c.execute(cards.delete().where(cards.c.credential_sha256 == row.credential_sha256))
        c.execute(card_acts.delete().where(card_acts.c.credential_sha256 == row.credential_sha256))
    known = {"kind": row.kind, "resident_id": row.resident_id, "public_key": row.public_key}
    said = {"valid_until": date(2030, 1, 1), "pin": bytearray(b"1234")} | said
    return card, NewCard(credential_sha256=fingerprint(card), **(known | said))


def issued(town: Town, holder: str = "hanako", **said: Any) -> Card:
    card, new = new_card(town, holder, **said)
    town.card_register.issue(new, town.told())
    return card


def acts(town: Town, card: Card) -> list[tuple[Any, ...]]:
    mine = (card_acts.c.credential_sha256 == fingerprint(card)) & (card_acts.c.who != "town")
    columns = (card_acts.c.act, card_acts.c.was, card_acts.c.became, card_acts.c.who, card_acts.c.why)
    with town.store.reading() as c:
        return [tuple(row) for row in c.execute(sa.select(*columns).where(mine).order_by(card_acts.c.id))]


def outcome(town: Town, card: Card, pin: bytes = b"1234") -> Any:
    """Challenge and answer at the city's own machine: the resident, or the refusal."""
    nonce = secrets.token_bytes(16)
    challenge = town.line(HALL).challenge(nonce, card.read)
    if not isinstance(challenge, Challenge):
        return challenge
    return town.line(HALL).authenticate(nonce, challenge, card.prove(challenge, nonce, HALL.name, pin))


# --- the acts ---------------------------------------------------------------------------------------


def test_each_act_changes_the_card_and_says_who_and_why(town: Town) -> None:
    card = issued(town)
    assert isinstance(outcome(town, card), Authenticated)
    town.card_register.lost(fingerprint(card), Told("miyazaki-07", "reported by telephone", town.now))
    assert outcome(town, card) == LOST
    town.act("found", card)
    assert isinstance(outcome(town, card), Authenticated)
    town.act("revoke", card)
    assert outcome(town, card) == REVOKED
    assert acts(town, card) == [
        ("issue", None, "in_use", "desk-01", "a test"),
        ("lost", "in_use", "lost", "miyazaki-07", "reported by telephone"),
        ("found", "lost", "in_use", "desk-01", "a test"),
        ("revoke", "in_use", "revoked", "desk-01", "a test"),
    ]
    with town.store.reading() as c:
        assert register.disagreements(c) == []


@pytest.mark.parametrize("state", list(CardState))
@pytest.mark.parametrize("act", list(TRANSITIONS))
def test_an_act_that_is_not_allowed_says_why_and_changes_nothing(act: str, state: CardState) -> None:
    town = Town()
    card = issued(town)
    assert outcome(town, card, b"0000") == CentreRefused(CentreRefusal.WRONG_PIN, 2), (
        "so that there is a count to unlock"
    )
    for before in {CardState.LOST: ["lost"], CardState.REVOKED: ["revoke"]}.get(state, []):
        town.act(before, card)
    _, new = new_card(town, pin=None if act == "renew" else bytearray(b"5678"))
    more = [new] if act in {"renew", "replace"} else []
    with town.store.reading() as c:
        row = register.find(c, fingerprint(card))
    done = acts(town, card)
    if state in TRANSITIONS[act][0]:
        town.act(act, card, *more) if act != "unlock" else town.card_register.unlock(fingerprint(card), town.told())
        with town.store.reading() as c:
            assert register.state_of(register.find(c, fingerprint(card))) is TRANSITIONS[act][1]
            assert register.disagreements(c) == []
        return
    with pytest.raises(ActRefused) as refused:
        town.act(act, card, *more)
    assert str(refused.value).endswith(".")
    with town.store.reading() as c:
        assert register.find(c, fingerprint(card)) == row
        assert register.find(c, new.credential_sha256) is None
    assert acts(town, card) == done


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "seal"},
        {"kind": "something"},
        {"resident_id": "nobody"},
        {"valid_until": date(2026, 11, 23)},
        {"pin": None},
        {"pin": bytearray(b"123")},
        {"pin": bytearray("１２３４".encode())},
        {"kind": "individual_number"},  # with a PIN, which the city does not keep
        {"carries_seal": True, "resident_id": "kazuko"},
    ],
)
def test_a_card_that_cannot_be_issued(said: dict[str, Any]) -> None:
    town = Town()
    named = {"resident_id": town.resident_id(said["resident_id"])} if "resident_id" in said else {}
    card, new = new_card(town, **(said | named))
    with pytest.raises(ActRefused):
        town.card_register.issue(new, town.told())
    assert acts(town, card) == []


@pytest.mark.parametrize("told", [("", "why"), ("who", " ")])
def test_nobody_acts_without_a_name_and_a_reason(told: tuple[str, str]) -> None:
    town = Town()
    card = issued(town)
    with pytest.raises(ActRefused):
        town.card_register.lost(fingerprint(card), Told(*told, town.now))
    assert isinstance(outcome(town, card), Authenticated)


def test_a_card_is_entered_once() -> None:
    town = Town()
    card = issued(town)
    _, new = new_card(town)
    with pytest.raises(ActRefused):
        town.card_register.issue(replace(new, credential_sha256=fingerprint(card)), town.told())
    with pytest.raises(ActRefused):
        town.card_register.lost("0" * 64, town.told())


def test_unlocking_sets_the_count_to_zero_with_the_same_pin_or_another(town: Town) -> None:
    card = issued(town)
    for _ in range(3):
        outcome(town, card, b"0000")
    assert outcome(town, card) == CentreRefused(CentreRefusal.PIN_BLOCKED, 0)
    town.act("unlock", card)
    assert isinstance(outcome(town, card), Authenticated)
    typed = bytearray(b"8080")
    town.card_register.unlock(fingerprint(card), town.told(), typed)
    assert typed == bytes(4), "the digits do not stay in memory"
    assert outcome(town, card) == CentreRefused(CentreRefusal.WRONG_PIN, 2)
    assert isinstance(outcome(town, card, b"8080"), Authenticated)
    with pytest.raises(ActRefused):
        town.act("unlock", card)
    jpki = town.card("hanako")
    with pytest.raises(ActRefused):
        town.act("unlock", jpki)


def test_a_renewed_certificate_takes_the_place_of_the_old_one(town: Town) -> None:
    old, der = town.card("hanako"), certificate()
    new = replace(old, read=replace(old.read, credential=der))
    known = NewCard(
        credential_sha256=fingerprint(new), kind="individual_number", resident_id=town.resident_id("hanako")
    )
    with pytest.raises(ActRefused):
        town.act("renew", old, replace(known, resident_id=town.resident_id("taro")))
    town.act("renew", old, known)
    assert outcome(town, old) == REVOKED
    assert isinstance(outcome(town, new), Authenticated)
    municipal = issued(town, pin=bytearray(b"4649"), carries_seal=True)
    outcome(town, municipal, b"0000")
    record, after = new_card(town, pin=None)
    town.act("renew", municipal, after)
    assert outcome(town, record, b"0000") == CentreRefused(CentreRefusal.WRONG_PIN, 1), "the count is kept"
    assert isinstance(outcome(town, record, b"4649"), Authenticated)


# --- at once: a card reported lost at every instant of a session ---------------------------------------


def begin(town: Town, card: Card) -> tuple[bytes, Challenge]:
    nonce = secrets.token_bytes(16)
    challenge = town.line(HALL).challenge(nonce, card.read)
    assert isinstance(challenge, Challenge)
    return nonce, challenge


@pytest.mark.parametrize("act", ["lost", "revoke"])
@pytest.mark.parametrize("make", ["card", "municipal_card"])
def test_a_card_lost_at_any_instant_gets_no_paper(town: Town, make: str, act: str) -> None:
    told = LOST if act == "lost" else REVOKED

    def fresh() -> Card:
        card: Card = getattr(town, make)("hanako")
        return card

    between_challenge_and_answer = fresh()
    nonce, challenge = begin(town, between_challenge_and_answer)
    town.act(act, between_challenge_and_answer)
    proof = between_challenge_and_answer.prove(challenge, nonce, HALL.name)
    assert town.line(HALL).authenticate(nonce, challenge, proof) == told
    assert town.line(HALL).authenticate(nonce, challenge, proof) == told, "the same answer, the same outcome"

    before_the_order = town.session(fresh(), HALL)
    town.act(act, before_the_order.card)
    assert before_the_order.reserve() == told
    again = before_the_order
    repeated = again.line.authenticate(
        again.nonce, again.challenge, again.card.prove(again.challenge, again.nonce, HALL.name)
    )
    assert not isinstance(repeated, Authenticated), "its name and its offers are not shown again"

    before_the_fetch = town.session(fresh(), HALL)
    promised = before_the_fetch.reserved(before_the_fetch.item("juminhyo", 2))
    assert isinstance(before_the_fetch.line.fetch(promised, 1), bytes)
    town.act(act, before_the_fetch.card)
    assert before_the_fetch.line.fetch(promised, 1) == told, "not a second time either"
    assert before_the_fetch.line.fetch(promised, 2) == CentreRefused(CentreRefusal.EXPIRED), "void since then"
    with town.store.reading() as c:
        states = set(c.scalars(sa.select(copies.c.state)))
        kept = c.scalar(sa.select(sa.func.count()).where(copies.c.document.is_not(None)))
    assert (states, kept) == ({"void"}, 0)


def test_a_card_found_again_serves_a_new_session_only(town: Town) -> None:
    session = town.session("hanako")
    promised = session.reserved()
    town.act("lost", session.card)
    assert session.line.fetch(promised, 1) == LOST
    town.act("found", session.card)
    assert session.line.fetch(promised, 1) == CentreRefused(CentreRefusal.EXPIRED)
    assert isinstance(town.session(session.card), Session)


def test_a_pin_set_by_the_desk_while_the_old_one_is_weighed(monkeypatch: pytest.MonkeyPatch) -> None:
    town = Town()
    card = issued(town)
    nonce, challenge = begin(town, card)
    slow = register.PinKey.fits

    def fits(key: Any, pin: Any, row: Any) -> bool:
        right = slow(key, pin, row)
        town.card_register.unlock(fingerprint(card), town.told(), bytearray(b"8080"))
        return right

    monkeypatch.setattr(register.PinKey, "fits", fits)
    proof = card.prove(challenge, nonce, HALL.name)
    assert town.line(HALL).authenticate(nonce, challenge, proof) == CentreRefused(CentreRefusal.EXPIRED)


# --- the seal registration (city rule 11) ----------------------------------------------------------------


def refusal(town: Town, card: Card, kind: str) -> Any:
    session = town.session(card, HALL)
    return next(offer.refusal for offer in session.who.offers if offer.kind == kind)


def test_the_registration_stops_with_the_card_on_which_it_hangs(town: Town) -> None:
    my_number = town.card("hanako")
    assert refusal(town, my_number, "inkan") is None, "it hangs on no card of this register"
    carrier = issued(town, carries_seal=True)
    assert refusal(town, my_number, "inkan") is None
    session = town.session(my_number, HALL)
    promised = session.reserved(session.item("inkan"))
    town.act("lost", carrier)
    assert session.line.fetch(promised, 1) == UNREGISTERED, "promised before, and not fetched"
    assert session.reserve(session.item("inkan")) == UNREGISTERED
    assert refusal(town, my_number, "inkan") == CentreRefusal.NOT_REGISTERED
    assert refusal(town, my_number, "juminhyo") is None, "only what needs the registration"
    town.act("found", carrier)
    assert refusal(town, my_number, "inkan") is None
    town.act("lost", carrier)
    successor, new = new_card(town)
    town.act("replace", carrier, new)
    assert refusal(town, successor, "inkan") is None, "the registration has moved to the new card"
    session = town.session(successor, HALL)
    document = session.line.fetch(session.reserved(session.item("inkan")), 1)
    assert isinstance(document, bytes)
    assert paper_of(document)["seal"] == "valid"
    town.act("revoke", successor)
    assert refusal(town, my_number, "inkan") == CentreRefusal.NOT_REGISTERED
    issued(town, carries_seal=True)
    assert refusal(town, my_number, "inkan") is None


def test_a_lost_my_number_card_does_not_stop_the_registration(town: Town) -> None:
    lost, carrier = town.card("hanako"), issued(town, carries_seal=True)
    town.act("lost", lost)
    assert refusal(town, carrier, "inkan") is None


def test_a_registration_hangs_on_one_card(town: Town) -> None:
    issued(town, carries_seal=True)
    with pytest.raises(ActRefused):
        issued(town, carries_seal=True)


def test_a_plastic_card_is_changed_for_another_and_gives_its_registration_up(town: Town) -> None:
    """It is in the register, no machine knows it, and `replace` moves the registration."""
    seal = town.register.seal_of(town.register.by_key("hanako"))
    assert seal is not None
    plastic = hashlib.sha256(b"plastic card 123456").hexdigest()
    row = {"credential_sha256": plastic, "kind": "seal", "method": "none", "resident_id": town.resident_id("hanako")}
    row |= {"revoked": False, "reported_lost": False, "seal_number": seal.registration_number}
    with town.store.writing() as c:
        c.execute(cards.insert().values(**row, pin_failures=0))
    _, new = new_card(town, kind="citizen")
    town.card_register.replace(plastic, new, town.told("プラスチックカード switch"))
    with town.store.reading() as c:
        assert register.find(c, plastic).seal_number is None
        assert register.find(c, new.credential_sha256).seal_number == seal.registration_number


# --- the record ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spoil", ["revoked", "reported_lost", "gone", "act changed", "act gone"])
def test_a_row_changed_past_the_acts_is_found(town: Town, spoil: str) -> None:
    card = issued(town)
    town.act("lost", card)
    town.act("found", card)
    this = cards.c.credential_sha256 == fingerprint(card)
    with town.store.writing() as c:
        assert register.disagreements(c) == []
        match spoil:
            case "gone":
                c.execute(cards.delete().where(this))
            case "act changed":
                c.execute(card_acts.update().where(card_acts.c.act == "found").values(became="revoked"))
            case "act gone":
                c.execute(card_acts.delete().where(card_acts.c.act == "lost"))
            case column:
                c.execute(cards.update().where(this).values({column: True}))
    with town.store.reading() as c:
        assert len(register.disagreements(c)) == 1


def test_the_record_names_no_resident_and_no_pin(town: Town) -> None:
    card = issued(town, pin=bytearray(b"9182"))
    town.card_register.unlock(fingerprint(card), town.told(), bytearray(b"8080"))
    with town.store.reading() as c:
        told = str(c.execute(sa.select(card_acts)).all())
    assert town.resident_id("hanako") not in told
    assert not stands_in("9182", told)
    assert not stands_in("8080", told)
    assert SHOP.name not in told
