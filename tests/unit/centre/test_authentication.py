"""Whose card it is (card sources 6, 7; city rules 5, 9; security rules 3, 9)."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from drivers.vocabulary import Authenticated, CardProof, CentreRefusal, CentreRefused, CentreUnreachable, Challenge
from host_sim.centre import pins
from host_sim.centre.store import Peer
from host_sim.centre.tables import authentications, cards, challenges
from tests.unit.centre.cards import SIGNING, Card, certificate, ec_key, rsa_key
from tests.unit.centre.cities import p384_city
from tests.unit.centre.town import HALL, SHOP, Town


@pytest.fixture
def town() -> Town:
    return Town()


def refused(code: CentreRefusal, left: int | None = None) -> CentreRefused:
    return CentreRefused(code, left)


def ask(town: Town, card: Card, peer: Peer = SHOP) -> Any:
    return town.line(peer).challenge(secrets.token_bytes(16), card.read)


def enter(town: Town, card: Card, pin: bytes = b"1234", peer: Peer = SHOP) -> Any:
    """Get a challenge and answer it; returns the outcome."""
    nonce = secrets.token_bytes(16)
    challenge = town.line(peer).challenge(nonce, card.read)
    if not isinstance(challenge, Challenge):
        return challenge
    return town.line(peer).authenticate(nonce, challenge, card.prove(challenge, nonce, peer.name, pin))


# --- certificates ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "code"),
    [
        ({"ends": datetime(2026, 11, 23, 14, 59, 59, tzinfo=UTC)}, CentreRefusal.CERTIFICATE_EXPIRED),
        ({"ends": datetime(2033, 11, 23, 14, 59, 59, tzinfo=UTC)}, CentreRefusal.CERTIFICATE_EXPIRED),  # not yet valid
        ({"issuer": "nobody"}, CentreRefusal.CERTIFICATE_FOREIGN),  # the same names, another key
        ({"issuer": "holder-of-a-card"}, CentreRefusal.CERTIFICATE_FOREIGN),
        ({"policy": SIGNING, "content_commitment": True}, CentreRefusal.CERTIFICATE_FOREIGN),  # the signing certificate
        ({"policy": None}, CentreRefusal.CERTIFICATE_FOREIGN),
        ({"policy": "1.2.3.4"}, CentreRefusal.CERTIFICATE_FOREIGN),
        ({"content_commitment": True}, CentreRefusal.CERTIFICATE_FOREIGN),
    ],
)
def test_a_certificate_that_will_not_do(town: Town, made: dict[str, Any], code: CentreRefusal) -> None:
    """Refused before the PIN is asked for, although the card register has this certificate."""
    assert ask(town, town.card("hanako", certificate(**made))) == refused(code)


def test_the_last_second_of_a_certificate(town: Town) -> None:
    """A certificate is good until 23:59:59 in Japan on its last day."""
    town.now = datetime(2026, 11, 24, 22, 0, tzinfo=town.now.tzinfo)
    card = town.card("hanako", certificate(ends=datetime(2026, 11, 24, 14, 59, 59, tzinfo=UTC)))
    assert isinstance(ask(town, card), Challenge)
    town.now = datetime(2026, 11, 25, 6, 30, tzinfo=town.now.tzinfo)
    assert ask(town, card) == refused(CentreRefusal.CERTIFICATE_EXPIRED)


@pytest.mark.parametrize(
    "credential",
    [b"", b"\x30\x03\x02\x01\x05", b"no certificate", bytes(2000)],
    ids=["nothing", "asn1", "words", "zeros"],
)
def test_a_credential_that_is_none(town: Town, credential: bytes) -> None:
    card = town.card("hanako", credential or b"?")
    assert ask(town, replace(card, read=replace(card.read, credential=credential))) == refused(
        CentreRefusal.CERTIFICATE_FOREIGN
    )


def test_a_certificate_that_is_not_in_the_register_is_refused(town: Town) -> None:
    card = town.card("hanako")
    stranger = replace(card, read=replace(card.read, credential=certificate()))
    assert enter(town, stranger) == refused(CentreRefusal.NOT_RESIDENT)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"revoked": True}, CentreRefusal.CERTIFICATE_REVOKED),
        ({"reported_lost": True}, CentreRefusal.CARD_REPORTED_LOST),
    ],
)
def test_a_card_that_is_no_longer_good(town: Town, row: dict[str, Any], code: CentreRefusal) -> None:
    assert enter(town, town.card("taro", **row)) == refused(code)


def test_a_card_revoked_between_challenge_and_answer(town: Town) -> None:
    card, nonce = town.card("taro"), secrets.token_bytes(16)
    challenge = town.line().challenge(nonce, card.read)
    assert isinstance(challenge, Challenge)
    with town.store.writing() as c:
        c.execute(cards.update().values(revoked=True))
    proof = card.prove(challenge, nonce, SHOP.name)
    assert town.line().authenticate(nonce, challenge, proof) == refused(CentreRefusal.CERTIFICATE_REVOKED)


# --- the answer -----------------------------------------------------------------------------------


def test_a_signature_over_anything_else_is_wrong(town: Town) -> None:
    """Bound to challenge, session, machine and card (binding rule 2)."""
    card, nonce = town.card("hanako"), secrets.token_bytes(16)
    wrong = refused(CentreRefusal.SIGNATURE_WRONG)
    for spoil in range(5):
        challenge = town.line().challenge(nonce, card.read)
        assert isinstance(challenge, Challenge)
        proofs = (
            card.prove(replace(challenge, challenge=bytes(32)), nonce, SHOP.name),
            card.prove(challenge, secrets.token_bytes(16), SHOP.name),
            card.prove(challenge, nonce, HALL.name),
            replace(card, key=rsa_key("another")).prove(challenge, nonce, SHOP.name),
            replace(card.prove(challenge, nonce, SHOP.name), signature=b""),
        )
        assert town.line().authenticate(nonce, challenge, proofs[spoil]) == wrong


def test_a_challenge_is_for_one_machine_and_one_session(town: Town) -> None:
    card, nonce = town.card("hanako"), secrets.token_bytes(16)
    challenge = town.line().challenge(nonce, card.read)
    assert isinstance(challenge, Challenge)
    bad = refused(CentreRefusal.BAD_REQUEST)
    other = secrets.token_bytes(16)
    assert town.line().authenticate(other, challenge, card.prove(challenge, other, SHOP.name)) == bad
    assert town.line(HALL).authenticate(nonce, challenge, card.prove(challenge, nonce, HALL.name)) == bad
    assert isinstance(
        town.line().authenticate(nonce, challenge, card.prove(challenge, nonce, SHOP.name)), Authenticated
    )


def test_the_same_answer_has_the_same_outcome_and_another_has_none(town: Town) -> None:
    """Fault N1: as if the first outcome had been lost on the way."""
    card, nonce = town.card("hanako"), secrets.token_bytes(16)
    challenge = town.line().challenge(nonce, card.read)
    assert isinstance(challenge, Challenge)
    proof = card.prove(challenge, nonce, SHOP.name)
    first = town.line().authenticate(nonce, challenge, proof)
    assert isinstance(first, Authenticated)
    assert town.line().authenticate(nonce, challenge, proof) == first
    other = replace(proof, signature=proof.signature[:-1] + bytes([proof.signature[-1] ^ 1]))
    assert town.line().authenticate(nonce, challenge, other) == refused(CentreRefusal.BAD_REQUEST)
    with town.store.reading() as c:
        assert c.scalar(sa.select(sa.func.count()).select_from(authentications)) == 1


def test_a_challenge_ends(town: Town) -> None:
    card, nonce = town.card("hanako"), secrets.token_bytes(16)
    challenge = town.line().challenge(nonce, card.read)
    assert isinstance(challenge, Challenge)
    town.now += timedelta(seconds=301)
    proof = card.prove(challenge, nonce, SHOP.name)
    assert town.line().authenticate(nonce, challenge, proof) == refused(CentreRefusal.EXPIRED)
    town.now -= timedelta(seconds=301)  # a clock that is set back does not revive it
    assert town.line().authenticate(nonce, challenge, proof) == refused(CentreRefusal.EXPIRED)


def test_credentials_are_deleted(town: Town) -> None:
    """Security rule 5: a challenge holds a certificate, so it is deleted when it is no longer needed."""
    ask(town, town.card("hanako"))
    town.now += timedelta(hours=1)
    ask(town, town.card("taro"))
    with town.store.reading() as c:
        assert c.scalar(sa.select(sa.func.count()).select_from(challenges)) == 1


def test_ids_cannot_be_guessed(town: Town) -> None:
    given = [ask(town, town.card("hanako")) for _ in range(20)]
    assert len({challenge.challenge_id for challenge in given}) == 20
    assert len({challenge.challenge for challenge in given}) == 20
    assert all(len(challenge.challenge_id) >= 22 for challenge in given)  # 128 bits


# --- who may not be served ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("holder", "code"),
    [
        ("jiro", CentreRefusal.MOVED_OUT),
        ("sakura", CentreRefusal.ASK_AT_COUNTER),
    ],
)
def test_residents_a_machine_cannot_serve(town: Town, holder: str, code: CentreRefusal) -> None:
    """The wallet's cast: the refusal comes only after the PIN, so that a finder of the card learns nothing."""
    card = town.card(holder)
    assert isinstance(ask(town, card), Challenge)
    assert enter(town, card) == refused(code)


def test_a_protected_child_is_told_nothing_but_to_ask(town: Town) -> None:
    assert enter(town, town.card("midori")) == refused(CentreRefusal.UNDER_AGE)
    midori = replace(town.register.by_key("midori"), protected=True)
    town.change(midori)
    assert enter(town, town.card("midori")) == refused(CentreRefusal.ASK_AT_COUNTER)


def test_the_site_decides_which_cards(town: Town) -> None:
    citizen = town.municipal_card("saburo", kind="citizen")
    expired = town.municipal_card("yoshiko", valid_until="2025-12-28")
    assert ask(town, citizen) == refused(CentreRefusal.CARD_NOT_TAKEN)
    assert ask(town, expired) == refused(CentreRefusal.CARD_EXPIRED)
    assert isinstance(enter(town, citizen, peer=HALL), Authenticated)
    assert isinstance(enter(town, expired, peer=HALL), Authenticated)


def test_outside_hours(town: Town) -> None:
    card = town.card("hanako")
    town.now = town.now.replace(hour=23, minute=0)
    assert ask(town, card) == refused(CentreRefusal.OUTSIDE_HOURS)
    town.now = town.now.replace(hour=22, minute=59, second=59)
    nonce = secrets.token_bytes(16)
    challenge = town.line().challenge(nonce, card.read)
    assert isinstance(challenge, Challenge)
    town.now += timedelta(minutes=4)  # 23:03, with the session under way
    assert isinstance(
        town.line().authenticate(nonce, challenge, card.prove(challenge, nonce, SHOP.name)), Authenticated
    )


def test_a_card_with_a_key_on_p384_behind_the_switch() -> None:
    """The coming card signs with ECDSA and SHA-384 (card source 12)."""
    key = ec.generate_private_key(ec.SECP384R1())
    der = certificate(key=key.public_key())
    assert ask(Town(), Town().card("hanako", der)) == refused(CentreRefusal.CERTIFICATE_FOREIGN)
    town, nonce = Town(city=p384_city()), secrets.token_bytes(16)
    card = town.card("hanako", der)
    challenge = town.line().challenge(nonce, card.read)
    assert isinstance(challenge, Challenge)
    bound = b"kofuki-auth-1" + challenge.challenge + nonce + SHOP.name.encode()
    wrong = CardProof(signature=key.sign(bound, ec.ECDSA(hashes.SHA256())))
    assert town.line().authenticate(nonce, challenge, wrong) == refused(CentreRefusal.SIGNATURE_WRONG)
    challenge = town.line().challenge(nonce, card.read)
    assert isinstance(challenge, Challenge)
    bound = b"kofuki-auth-1" + challenge.challenge + nonce + SHOP.name.encode()
    proof = CardProof(signature=key.sign(bound, ec.ECDSA(hashes.SHA384())))
    assert isinstance(town.line().authenticate(nonce, challenge, proof), Authenticated)


# --- the municipal PIN ----------------------------------------------------------------------------


def failures(town: Town) -> int:
    with town.store.reading() as c:
        return int(c.scalar(sa.select(cards.c.pin_failures)) or 0)


def test_three_wrong_pins_lock_the_card_whatever_the_machine(town: Town) -> None:
    card = town.municipal_card("yoshiko")
    assert enter(town, card, b"0000", SHOP) == refused(CentreRefusal.WRONG_PIN, 2)
    given = ask(town, card, HALL)
    assert isinstance(given, Challenge)
    assert given.pin_tries_left == 2
    assert enter(town, card, b"0001", HALL) == refused(CentreRefusal.WRONG_PIN, 1)
    assert enter(town, card, b"0002", SHOP) == refused(CentreRefusal.PIN_BLOCKED, 0)
    for peer in (SHOP, HALL):
        assert enter(town, card, b"1234", peer) == refused(CentreRefusal.PIN_BLOCKED, 0)


def test_the_right_pin_resets_the_count(town: Town) -> None:
    card = town.municipal_card("yoshiko")
    for _ in range(3):
        assert enter(town, card, b"0000") == refused(CentreRefusal.WRONG_PIN, 2)
        assert enter(town, card, b"0001") == refused(CentreRefusal.WRONG_PIN, 1)
        assert isinstance(enter(town, card), Authenticated)


def test_an_answer_asked_again_counts_once(town: Town) -> None:
    card, nonce = town.municipal_card("yoshiko"), secrets.token_bytes(16)
    challenge = town.line().challenge(nonce, card.read)
    assert isinstance(challenge, Challenge)
    proof = card.prove(challenge, nonce, SHOP.name, b"9999")
    for _ in range(10):
        assert town.line().authenticate(nonce, challenge, proof) == refused(CentreRefusal.WRONG_PIN, 2)
    assert failures(town) == 1


def test_open_challenges_do_not_multiply_the_tries(town: Town) -> None:
    """Ten challenges are opened, then ten PINs tried: three count, and for the rest the card is locked."""
    card = town.municipal_card("yoshiko")
    asked = []
    for _ in range(10):
        nonce = secrets.token_bytes(16)
        challenge = town.line().challenge(nonce, card.read)
        assert isinstance(challenge, Challenge)
        asked.append((nonce, challenge))
    answers = [
        town.line().authenticate(nonce, challenge, card.prove(challenge, nonce, SHOP.name, b"%04d" % n))
        for n, (nonce, challenge) in enumerate(asked)
    ]
    assert answers[:3] == [
        refused(CentreRefusal.WRONG_PIN, 2),
        refused(CentreRefusal.WRONG_PIN, 1),
        refused(CentreRefusal.PIN_BLOCKED, 0),
    ]
    assert set(answers[3:]) == {refused(CentreRefusal.PIN_BLOCKED, 0)}


def test_a_power_cut_gives_no_free_guess(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The try is on the disk before the PIN is compared."""
    card = town.municipal_card("yoshiko")

    def cut(*_: object) -> bytes:
        assert failures(town) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr(pins, "slow_hash", cut)
    with pytest.raises(KeyboardInterrupt):
        enter(town, card)
    monkeypatch.undo()
    assert failures(town) == 1
    assert isinstance(enter(town, card), Authenticated)


def test_a_repeated_answer_waits_while_the_first_is_checked(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    card, nonce = town.municipal_card("yoshiko"), secrets.token_bytes(16)
    challenge = town.line().challenge(nonce, card.read)
    assert isinstance(challenge, Challenge)
    proof = card.prove(challenge, nonce, SHOP.name)
    slow, told = pins.slow_hash, []

    def weigh(pin: bytes, salt: bytes) -> bytes:
        told.append(town.line().authenticate(nonce, challenge, proof))
        return slow(pin, salt)

    monkeypatch.setattr(pins, "slow_hash", weigh)
    assert isinstance(town.line().authenticate(nonce, challenge, proof), Authenticated)
    assert isinstance(told[0], CentreUnreachable)


def test_a_copied_record_without_the_cards_key_is_refused_and_costs_no_try(town: Town) -> None:
    card = town.municipal_card("yoshiko")
    forged = replace(card, key=ec_key("forged"))
    assert enter(town, forged, b"0000") == refused(CentreRefusal.SIGNATURE_WRONG)
    assert failures(town) == 0


@pytest.mark.parametrize(
    "sealed",
    [None, b"", bytes(32), bytes(32 + 4 + 16), secrets.token_bytes(32 + 4 + 16), secrets.token_bytes(32 + 5 + 16)],
    ids=["none", "empty", "short", "low order", "noise", "five digits"],
)
def test_a_pin_that_cannot_be_opened_costs_no_try(town: Town, sealed: bytes | None) -> None:
    card, nonce = town.municipal_card("yoshiko"), secrets.token_bytes(16)
    challenge = town.line().challenge(nonce, card.read)
    assert isinstance(challenge, Challenge)
    proof = replace(card.prove(challenge, nonce, SHOP.name), encrypted_pin=sealed)
    assert town.line().authenticate(nonce, challenge, proof) == refused(CentreRefusal.BAD_REQUEST)
    assert failures(town) == 0


def test_a_pin_of_another_session_cannot_be_opened(town: Town) -> None:
    """The session is the salt of the key agreement, and the challenge its associated data."""
    card, nonce = town.municipal_card("yoshiko"), secrets.token_bytes(16)
    challenge = town.line().challenge(nonce, card.read)
    assert isinstance(challenge, Challenge)
    right = card.prove(challenge, nonce, SHOP.name)
    recorded = card.prove(challenge, secrets.token_bytes(16), SHOP.name)
    mixed = replace(right, encrypted_pin=recorded.encrypted_pin)
    assert town.line().authenticate(nonce, challenge, mixed) == refused(CentreRefusal.BAD_REQUEST)


def test_a_jpki_card_is_no_municipal_card(town: Town) -> None:
    """The machine cannot choose the method of another kind of card."""
    card = town.card("hanako", method="municipal", kind="resident_register")
    assert enter(town, card) == refused(CentreRefusal.NOT_RESIDENT)
