"""What somebody learns who has copied a certificate or an identity record, and cannot prove the PIN (security rule 17)."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from drivers.vocabulary import CentreRefusal, CentreRefused, Challenge
from host_sim.centre.register import ResidentState
from host_sim.models.municipal_card import IdentityRecord
from tests.unit.centre.cards import Card, ec_key, rsa_key
from tests.unit.centre.town import HALL, SHOP, Town

Change = Callable[[Town, Card], object]


def _holder(**change: Any) -> Change:
    return lambda town, _: town.change(replace(town.register.by_key("yoshiko"), **change))


def _gone(town: Town, card: Card) -> None:
    """The register has never heard of this card."""
    with town.store.writing() as c:
        c.exec_driver_sql("DELETE FROM cards")


STATES: dict[str, Change] = {
    "as it should be": lambda town, card: None,
    "not in the register": _gone,
    "lost": lambda town, card: town.act("lost", card),
    "revoked": lambda town, card: town.act("revoke", card),
    "lost, then found": lambda town, card: (town.act("lost", card), town.act("found", card)),
    "protected": _holder(protected=True),
    "stopped": _holder(issue_blocked=True),
    "ward": _holder(ward=True),
    "moved out": _holder(state=ResidentState.MOVED_OUT),
    "leaving": _holder(state=ResidentState.LEAVING),
    "dead": _holder(state=ResidentState.DEAD),
    "a child": lambda town, _: town.change(
        replace(town.register.by_key("yoshiko"), born=town.register.by_key("midori").born)
    ),
}


def learn(town: Town, card: Card, peer: Any) -> list[Any]:
    """Every answer that a copy of the card gets, without what is random in it."""
    line, nonce = town.line(peer), secrets.token_bytes(16)
    challenge = line.challenge(nonce, card.read)
    if not isinstance(challenge, Challenge):
        return [challenge]
    told: list[Any] = [replace(challenge, challenge_id="", challenge=b"")]
    copy = replace(card, key=rsa_key("stranger") if challenge.pin_key is None else ec_key("stranger"))
    return [*told, line.authenticate(nonce, challenge, copy.prove(challenge, nonce, peer.name))]


@pytest.mark.parametrize("peer", [SHOP, HALL])
@pytest.mark.parametrize("method", ["jpki", "municipal"])
def test_a_copy_gets_the_same_answers_whoever_the_holder_is(method: str, peer: Any) -> None:
    told = {}
    town = Town()
    for state, change in STATES.items():
        town.change(town.register.by_key("yoshiko"))
        card = town.card("yoshiko") if method == "jpki" else town.municipal_card("yoshiko")
        change(town, card)
        told[state] = learn(town, card, peer)
    for state, answers in told.items():
        assert answers == told["as it should be"], state
    assert told["lost"][-1] == CentreRefused(CentreRefusal.SIGNATURE_WRONG)


@pytest.mark.parametrize("state", ["lost", "revoked", "protected", "moved out", "a child"])
def test_a_found_municipal_card_says_nothing_but_that_the_pin_is_wrong(state: str) -> None:
    """Here the finder has the card itself, so it signs: only the PIN is missing."""
    town = Town()
    card, nonce = town.municipal_card("yoshiko"), secrets.token_bytes(16)
    STATES[state](town, card)
    for code, left in ((CentreRefusal.WRONG_PIN, 2), (CentreRefusal.WRONG_PIN, 1), (CentreRefusal.PIN_BLOCKED, 0)):
        challenge = town.line().challenge(nonce, card.read)
        assert isinstance(challenge, Challenge)
        proof = card.prove(challenge, nonce, SHOP.name, b"0000")
        assert town.line().authenticate(nonce, challenge, proof) == CentreRefused(code, left)


def test_what_a_municipal_card_says_of_itself_is_judged_from_its_record_alone() -> None:
    """Kind and last day are in the record, so a store refuses them whether the city knows the card or not."""
    town = Town()
    point = ec_key("municipal").public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    for kind, until, code in (
        ("citizen", "20300101", CentreRefusal.CARD_NOT_TAKEN),
        ("resident_register", "20251228", CentreRefusal.CARD_EXPIRED),
    ):
        card = town.municipal_card("yoshiko", kind)
        record = IdentityRecord(user_id="123456789012", kind=kind, valid_until=until, card_key=point).encoded()
        unknown = replace(card, read=replace(card.read, credential=record))
        assert learn(town, unknown, SHOP) == [CentreRefused(code)]


@pytest.mark.parametrize("spoil", range(16))
def test_a_record_that_is_none_is_refused_by_its_form(spoil: int) -> None:
    town = Town()
    card = town.municipal_card("yoshiko")
    good = card.read.credential
    bad = (
        b"",
        b"\xe1",
        good[:-1],
        good + b"\0",
        good.replace(b"45201", b"4520a"),
        good.replace(b"\x80\x01\x01", b"\x80\x01\x02"),
        good.replace(b"20300101", b"20301301"),
        good.replace(b"\x83\x01\x01", b"\x83\x01\x03"),
        good.replace(b"\x83\x01", b"\x84\x01"),
        good[:-1] + bytes([good[-1] ^ 1]),  # not a point of the curve
        bytes(len(good)),
        good[:2] + b"\x86\x7f" + good[4:],
        b"\xe1\x80" + good[2:],
        b"\xe1\x81\x05abcde",
        good[:3] + good[6:],
        secrets.token_bytes(30),
    )[spoil]
    read = replace(card, read=replace(card.read, credential=bad or b"?"))
    assert learn(town, read, HALL) == [CentreRefused(CentreRefusal.CERTIFICATE_FOREIGN)]
