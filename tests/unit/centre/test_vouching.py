"""Without a PIN: two clerks, each with a code that works once, at a counter, for the kinds that the city allows."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

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
from host_sim.centre import rules, sample
from host_sim.centre.city.file import CityError, read
from host_sim.centre.register import Resident
from host_sim.centre.store import Peer
from host_sim.centre.tables import audit, authentications, cards, flags, meta, requests
from tests.unit.centre.cards import Card, certificate
from tests.unit.centre.cities import sample_text
from tests.unit.centre.staff import Authenticator, accounts_of, enrolled
from tests.unit.centre.town import HALL, SHOP, TUESDAY, Session, Town

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


def refused_with(desk: Desk, told: object) -> str:
    """The word of a refusal; nobody was authenticated."""
    assert isinstance(told, CentreRefused), told
    assert desk.authenticated() == 0
    return str(told.code)


def test_codes_of_each_other_are_refused(desk: Desk, card: Card) -> None:
    (first, one), (second, two) = desk.codes()
    assert refused_with(desk, desk.serve(card, (first, two), (second, one))) == "clerk_refused"


def test_the_code_of_a_refused_pair_is_used_up(desk: Desk, card: Card) -> None:
    """Whoever read it over the clerk's shoulder cannot use it with a colleague's."""
    first, second = desk.codes()
    assert refused_with(desk, desk.serve(card, first, (second[0], WRONG))) == "clerk_refused"
    assert refused_with(desk, desk.serve(card, first, second)) == "clerk_refused"


@pytest.mark.parametrize(("old", "new"), [("clerk", "auditor"), (None, None)])
def test_a_clerk_who_left_between_the_two_codes_is_refused(
    desk: Desk, card: Card, old: str | None, new: str | None
) -> None:
    """Out of the city's file, or in it without the role, after the glass has named them."""
    nonce = secrets.token_bytes(16)
    challenge = desk.challenge(card, nonce)
    assert isinstance(challenge, Challenge)
    codes = desk.codes()
    text = re.search(r"\[staff\.hidaka\]\n(?:[^\[\n].*\n|.*=.*\n)*", sample_text())
    assert text is not None
    part = "" if old is None or new is None else text.group().replace(f'"{old}"', f'"{new}"')
    assert part != text.group()
    desk.town.city.apply(read(sample_text().replace(text.group(), part)), "kuroki", desk.town.now)
    clerks = [Attendance(*clerk) for clerk in codes]
    told = desk.town.line(COUNTER).authenticate(nonce, challenge, desk.proof(card, challenge, nonce), clerks)
    assert refused_with(desk, told) == "clerk_refused"


def test_a_locked_account_confirms_nothing(desk: Desk, card: Card) -> None:
    with desk.town.store.writing() as c:
        accounts_of(desk.town).lock(c, "hidaka", "kuroki", desk.town.now)
    assert refused_with(desk, desk.serve(card, *desk.codes())) == "clerk_refused"


@pytest.mark.parametrize(
    ("row", "told"), [({"reported_lost": True}, "card_reported_lost"), ({"revoked": True}, "certificate_revoked")]
)
@pytest.mark.parametrize("kind", ["jpki", "municipal"])
def test_a_card_that_the_register_stopped_is_stopped_for_two_clerks_too(
    desk: Desk, kind: str, row: dict[str, bool], told: str
) -> None:
    town = desk.town
    card = town.card("hanako", **row) if kind == "jpki" else town.municipal_card("hanako", **row)
    assert refused_with(desk, desk.serve(card, *desk.codes())) == told


@pytest.mark.parametrize(
    ("issuer", "ends", "told"),
    [("appointed", TUESDAY - timedelta(seconds=1), "certificate_expired"), ("other", None, "certificate_foreign")],
)
def test_a_certificate_that_cannot_be_believed_is_refused_before_the_clerks(
    desk: Desk, issuer: str, ends: datetime | None, told: str
) -> None:
    der = certificate(issuer) if ends is None else certificate(issuer, ends=ends)
    assert refused_with(desk, desk.challenge(desk.town.card("hanako", der), secrets.token_bytes(16))) == told


def test_a_resident_under_fifteen_is_refused_after_the_clerks(desk: Desk) -> None:
    child = next(r.resident_id for r in desk.town.register.residents.values() if rules_say_under_age(r))
    card = desk.town.card(child)
    wrong = desk.serve(card, ("tanaka", WRONG), ("hidaka", WRONG))
    assert wrong == CentreRefused(CentreRefusal.CLERK_REFUSED)
    assert desk.serve(card, *desk.codes()) == CentreRefused(CentreRefusal.UNDER_AGE)


def rules_say_under_age(resident: Resident) -> bool:
    return rules.refusal_of(resident, sample.residents(), TUESDAY.date(), 15) == "under_age"


@pytest.mark.parametrize("peer", [SHOP, HALL, Peer(SHOP.name, "counter"), Peer("nowhere-01", "counter")])
def test_what_a_machine_says_it_is_counts_for_nothing(desk: Desk, peer: Peer) -> None:
    """The city's file says where a machine stands, whatever channel its certificate names."""
    card, nonce = desk.town.card("hanako"), secrets.token_bytes(16)
    assert refused_with(desk, desk.challenge(card, nonce, peer)) in {"not_offered", "not_registered"}
    challenge = desk.challenge(card, nonce)
    assert isinstance(challenge, Challenge)
    clerks = [Attendance(*clerk) for clerk in desk.codes()]
    told = desk.town.line(peer).authenticate(nonce, challenge, CardProof(signature=b""), clerks)
    assert refused_with(desk, told) in {"bad_request", "not_registered"}


def test_an_authentication_by_two_clerks_orders_nothing_at_another_machine(desk: Desk) -> None:
    card = desk.town.card("hanako")
    who = desk.serve(card, *desk.codes())
    assert isinstance(who, Authenticated)
    nonce, challenge = desk.session
    elsewhere = Session(desk.town.line(SHOP), nonce, card, challenge, who)
    assert elsewhere.reserve(elsewhere.item("inkan")) == CentreRefused(CentreRefusal.BAD_REQUEST)


def rows_of(town: Town) -> dict[str, set[str]]:
    """Every row of the centre's tables, in letters."""
    with town.store.reading() as c:
        return {table.name: {repr(row) for row in c.execute(sa.select(table))} for table in meta.sorted_tables}


def test_logins_stand_on_the_records_of_vouching_only_and_codes_nowhere(desk: Desk) -> None:
    """A login is on the authentication, the audit of `vouched`, the staff's own tables and a flag; no paper names a clerk.

    A code has six digits, which stand in longer numbers of the sample's residents by chance: only what the
    session wrote is searched, for the code as a whole number.
    """
    before = rows_of(desk.town)
    card = desk.town.card("hanako")
    who = desk.serve(card, *(codes := desk.codes()))
    assert isinstance(who, Authenticated)
    session = Session(desk.town.line(COUNTER), desk.session[0], card, desk.session[1], who)
    assert isinstance(session.reserve(session.item("inkan")), Reserved)
    after = rows_of(desk.town)
    written = {name: rows - before[name] for name, rows in after.items()}
    assert written["authentications"]
    assert written["requests"]
    for _, code in codes:
        assert {name for name, rows in written.items() if re.search(rf"(?<!\d){code}(?!\d)", " ".join(rows))} == set()
    named = {name for name, rows in after.items() if "tanaka" in " ".join(rows)}
    assert "audit" in named
    assert named <= {"authentications", "staff_accounts", "audit", "city_versions", "city"}, named
