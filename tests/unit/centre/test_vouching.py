"""Without a PIN: two clerks, each with a code that works once, at a counter, for the kinds that the city allows."""

import re
import secrets
from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa

from drivers.vocabulary import (
    Attendance,
    Authenticated,
    CardProof,
    CentreRefusal,
    CentreRefused,
    Challenge,
    ClerkHere,
    Reserved,
)
from host_sim.centre.city.file import CityError, read
from host_sim.centre.store import Peer
from host_sim.centre.tables import audit, authentications, cards, flags, requests
from tests.unit.centre.cards import Card
from tests.unit.centre.cities import sample_text
from tests.unit.centre.staff import Authenticator, enrolled
from tests.unit.centre.town import SHOP, Session, Town

COUNTER = Peer("miyazaki-counter-01", "counter")
WRONG = "000000"


@dataclass
class Desk:
    """A counter with two clerks who have accounts, and one who has not."""

    town: Town
    phones: dict[str, Authenticator]

    def challenge(self, card: Card, nonce: bytes, peer: Peer = COUNTER) -> Challenge | CentreRefused:
        asked = self.town.line(peer).challenge(nonce, card.read, attended=True)
        assert isinstance(asked, Challenge | CentreRefused), asked
        return asked

    def serve(self, card: Card, *two: tuple[str, str], signed: bool = True) -> Authenticated | CentreRefused:
        nonce = secrets.token_bytes(16)
        challenge = self.challenge(card, nonce)
        assert isinstance(challenge, Challenge), challenge
        proof = self.proof(card, challenge, nonce) if signed else CardProof(signature=b"")
        clerks = [Attendance(*clerk) for clerk in two]
        self.session = (nonce, challenge)
        told = self.town.line(COUNTER).authenticate(nonce, challenge, proof, clerks)
        assert isinstance(told, Authenticated | CentreRefused), told
        return told

    def proof(self, card: Card, challenge: Challenge, nonce: bytes) -> CardProof:
        """What the card of the desk shows: its signature without any PIN, where its chip makes one."""
        if card.read.method == "jpki":
            return CardProof(signature=b"")
        told = Challenge(challenge_id="-", challenge=challenge.challenge, pin_key=PIN_KEY_OF_NOBODY)
        return CardProof(signature=card.prove(told, nonce, COUNTER.name).signature)

    def codes(self) -> tuple[tuple[str, str], tuple[str, str]]:
        first, second = ("tanaka", "hidaka")
        return (first, self.phones[first].code(self.town.now)), (second, self.phones[second].code(self.town.now))

    def flagged(self) -> list[str]:
        with self.town.store.reading() as c:
            return list(c.scalars(sa.select(flags.c.what).order_by(flags.c.id)))

    def authenticated(self) -> int:
        with self.town.store.reading() as c:
            return c.scalar(sa.select(sa.func.count()).select_from(authentications)) or 0


PIN_KEY_OF_NOBODY = bytes(31) + b"\x09"


@pytest.fixture
def desk() -> Desk:
    town = Town()
    return Desk(town, {login: enrolled(town, login) for login in ("tanaka", "hidaka")})


@pytest.fixture(params=["municipal", "jpki"])
def card(request: pytest.FixtureRequest, desk: Desk) -> Card:
    return desk.town.municipal_card("hanako") if request.param == "municipal" else desk.town.card("hanako")


def test_the_challenge_names_the_clerks_and_asks_for_no_pin(desk: Desk, card: Card) -> None:
    challenge = desk.challenge(card, secrets.token_bytes(16))
    assert isinstance(challenge, Challenge)
    assert challenge.clerks == (ClerkHere("tanaka", "田中　一郎"), ClerkHere("hidaka", "日高　和美"))
    assert (challenge.pin_key, challenge.pin_tries_left) == (None, None)


def test_two_clerks_and_the_card_give_what_the_city_allows_and_nothing_else(desk: Desk, card: Card) -> None:
    who = desk.serve(card, *desk.codes())
    assert isinstance(who, Authenticated)
    refusals = {offer.kind: offer.refusal for offer in who.offers}
    assert refusals.pop("inkan") is None
    assert set(refusals.values()) == {CentreRefusal.PIN_NEEDED}
    session = Session(desk.town.line(COUNTER), desk.session[0], card, desk.session[1], who)
    assert session.reserve(session.item("juminhyo")) == CentreRefused(CentreRefusal.PIN_NEEDED)
    reserved = session.reserve(session.item("inkan"))
    assert isinstance(reserved, Reserved)
    with desk.town.store.reading() as c:
        methods = c.execute(sa.select(requests.c.method, requests.c.channel)).all()
        noted = c.execute(sa.select(audit.c.detail).where(audit.c.act == "vouched")).scalars().all()
    assert methods == [("attended", "counter")]
    assert noted == [{"request_id": reserved.request_id, "clerks": ["tanaka", "hidaka"]}]


def test_a_blocked_pin_is_no_hindrance_and_no_try_is_counted(desk: Desk) -> None:
    card = desk.town.municipal_card("hanako", pin_failures=3)
    assert isinstance(desk.serve(card, *desk.codes()), Authenticated)
    with desk.town.store.reading() as c:
        assert 3 in c.scalars(sa.select(cards.c.pin_failures)).all()


@pytest.mark.parametrize(
    ("two", "code"),
    [
        (("tanaka", "tanaka"), CentreRefusal.SAME_CLERK),
        (("tanaka", "kuroki"), CentreRefusal.CLERK_REFUSED),  # a supervisor is no clerk
        (("tanaka", "nobody"), CentreRefusal.CLERK_REFUSED),
        (("hidaka", WRONG), CentreRefusal.CLERK_REFUSED),
        ((WRONG, "tanaka"), CentreRefusal.CLERK_REFUSED),
    ],
)
def test_whoever_is_not_two_clerks_is_refused_and_flagged(
    desk: Desk, card: Card, two: tuple[str, str], code: CentreRefusal
) -> None:
    """`WRONG` in the place of a login: a clerk who types a guessed code."""
    desk.phones["kuroki"] = enrolled(desk.town, "kuroki")
    now = desk.town.now
    typed = [
        ("hidaka" if who == WRONG and two[0] == WRONG else "tanaka", WRONG)
        if who == WRONG
        else (who, desk.phones[who].code(now) if who in desk.phones else WRONG)
        for who in two
    ]
    assert desk.serve(card, *typed) == CentreRefused(code)
    assert desk.flagged() == ["clerk_refused"]
    assert desk.authenticated() == 0


def test_a_code_that_was_used_is_refused(desk: Desk, card: Card) -> None:
    codes = desk.codes()
    assert isinstance(desk.serve(card, *codes), Authenticated)
    assert desk.serve(card, *codes) == CentreRefused(CentreRefusal.CLERK_REFUSED)
    desk.town.now += timedelta(seconds=60)
    assert isinstance(desk.serve(card, *desk.codes()), Authenticated)


def test_codes_cannot_be_guessed_one_after_the_other(desk: Desk, card: Card) -> None:
    for _ in range(12):
        assert desk.serve(card, ("tanaka", WRONG), ("hidaka", WRONG)) == CentreRefused(CentreRefusal.CLERK_REFUSED)
    desk.town.now += timedelta(seconds=60)
    assert desk.serve(card, *desk.codes()) == CentreRefused(CentreRefusal.CLERK_REFUSED)
    assert "staff_locked" in desk.flagged()


def test_a_lost_answer_may_be_sent_again(desk: Desk, card: Card) -> None:
    codes = desk.codes()
    who = desk.serve(card, *codes)
    nonce, challenge = desk.session
    clerks = [Attendance(*clerk) for clerk in codes]
    proof = desk.proof(card, challenge, nonce)
    if card.read.method == "jpki":  # an ECDSA signature differs each time, so that this is another answer
        assert desk.town.line(COUNTER).authenticate(nonce, challenge, proof, clerks) == who


def test_a_copied_municipal_record_proves_nothing(desk: Desk) -> None:
    card = desk.town.municipal_card("hanako")
    assert desk.serve(card, *desk.codes(), signed=False) == CentreRefused(CentreRefusal.SIGNATURE_WRONG)
    assert desk.authenticated() == 0


def test_a_card_reported_lost_is_refused_only_after_the_clerks(desk: Desk) -> None:
    card = desk.town.card("hanako", reported_lost=True)
    wrong = desk.serve(card, ("tanaka", WRONG), ("hidaka", WRONG))
    assert wrong == CentreRefused(CentreRefusal.CLERK_REFUSED)
    told = desk.serve(card, *desk.codes())
    assert isinstance(told, CentreRefused)
    assert told.code is CentreRefusal.CARD_REPORTED_LOST


def test_no_machine_but_a_counter_terminal_may_ask_for_it(desk: Desk, card: Card) -> None:
    for peer in (SHOP, Peer("miyazaki-office-01", "office")):
        assert isinstance(desk.challenge(desk.town.card("hanako"), secrets.token_bytes(16), peer), CentreRefused)


def test_an_answer_is_of_the_way_that_was_asked_for(desk: Desk) -> None:
    """Clerks in the answer to a challenge with a PIN, and none in that to a challenge without, are no answers."""
    card, nonce = desk.town.card("hanako"), secrets.token_bytes(16)
    line = desk.town.line(COUNTER)
    asked = line.challenge(nonce, card.read)
    assert isinstance(asked, Challenge)
    clerks = [Attendance(*clerk) for clerk in desk.codes()]
    assert line.authenticate(nonce, asked, CardProof(signature=b""), clerks) == CentreRefused(CentreRefusal.BAD_REQUEST)
    asked = line.challenge(nonce, card.read, attended=True)
    assert isinstance(asked, Challenge)
    assert line.authenticate(nonce, asked, CardProof(signature=b"")) == CentreRefused(CentreRefusal.BAD_REQUEST)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            'attended = ["inkan", "moon"]',
            "channels.counter.attended names moon, which has no fee in channels.counter.fees.",
        ),
        ("", None),
    ],
)
def test_the_city_says_which_kinds(desk: Desk, line: str, told: str | None) -> None:
    text = re.sub(r'attended = \["inkan"\].*', line, sample_text())
    if told is not None:
        with pytest.raises(CityError, match=re.escape(told)):
            read(text)
        return
    desk.town.city.apply(read(text), "kuroki", desk.town.now)
    card = desk.town.card("hanako")
    assert desk.challenge(card, secrets.token_bytes(16)) == CentreRefused(CentreRefusal.NOT_OFFERED)


def test_only_a_counter_has_clerks() -> None:
    text = sample_text().replace("[channels.store]", "[channels.store]\nattended = ['inkan']", 1)
    with pytest.raises(CityError, match=r"channels\.store\.attended: only a counter has clerks who see a photo ID"):
        read(text)
