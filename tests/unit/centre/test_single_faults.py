"""Rules of which the tests once did not notice the loss: each is broken by one word of the program."""

from collections.abc import Mapping
from datetime import UTC, timedelta

import pytest
import sqlalchemy as sa

from drivers.vocabulary import AdviceFate, Authenticated, CentreRefusal, CentreRefused, Challenge, Reserved
from host_sim.centre.calls import Answered
from host_sim.centre.issuing import COPIES_MAX
from host_sim.centre.memory import MemoryLine
from host_sim.centre.operating import line
from host_sim.centre.tables import collections, flags
from tests.unit.centre.cards import certificate
from tests.unit.centre.claims import paid_at_desk
from tests.unit.centre.town import HALL, SHOP, Session, Town

BAD, EXPIRED = CentreRefused(CentreRefusal.BAD_REQUEST), CentreRefused(CentreRefusal.CERTIFICATE_EXPIRED)


class Overheard(MemoryLine):
    """A line that keeps what was sent over it."""

    def __init__(self, town: Town) -> None:
        super().__init__(town.app, SHOP)
        self.sent: list[tuple[str, str, bytes | None]] = []

    def exchange(
        self, method: str, path: str, body: bytes | None, deadline_s: float, headers: Mapping[str, str] | None = None
    ) -> Answered:
        self.sent.append((method, path, body))
        return super().exchange(method, path, body, deadline_s, headers)


def test_no_message_of_a_session_can_be_replayed_by_another_machine() -> None:
    """Order, fetch, report and answer, byte for byte, from the other machine; what the first one holds stays."""
    town = Town()
    heard = Overheard(town)
    session = town.session("hanako", line=town.line(transport=heard))
    reserved = session.reserved(session.item("inkan"))
    assert isinstance(session.line.fetch(reserved, 1), bytes)
    told = {"op": "void", "request_id": reserved.request_id, "copy": 1, "reason": "x"}
    assert town.line(HALL).advise(told) is AdviceFate.REFUSED
    for method, path, body in heard.sent:
        if path != "/v1/challenges":  # a challenge is a fresh one for each machine
            status, _, answer = town.transport(HALL).exchange(method, path, body, 8.0)
            assert (status, b"bad_request" in answer) == (403, True), path
    assert isinstance(session.line.fetch(reserved, 1), bytes)


def test_a_stopped_line_delivers_nothing() -> None:
    town = Town()
    session = town.session("hanako")
    reserved = session.reserved(session.item("inkan"))
    with town.store.writing() as c:
        line.stop(town.store, c, "a test", "tanaka", town.now)
    assert session.line.fetch(reserved, 1) == CentreRefused(CentreRefusal.STOPPED)
    with town.store.writing() as c:
        line.resume(town.store, c, ("tanaka", "kuroki"), town.now)
    assert isinstance(session.line.fetch(reserved, 1), bytes)


def test_a_basket_holds_nine_copies() -> None:
    town = Town()
    session = town.session("hanako")
    assert session.reserve(session.item("inkan", 5), session.item("juminhyo", COPIES_MAX - 4)) == BAD
    assert isinstance(session.reserve(session.item("inkan", 5), session.item("juminhyo", COPIES_MAX - 5)), Reserved)


@pytest.mark.parametrize("late_s", [0, 1])
def test_a_certificate_is_good_to_its_last_second(late_s: int) -> None:
    town = Town()
    der = certificate(ends=(town.now - timedelta(seconds=late_s)).astimezone(UTC))
    asked = town.line().challenge(bytes(16), town.card("hanako", der).read)
    assert isinstance(asked, Challenge) if late_s == 0 else asked == EXPIRED


def test_a_certificate_that_ends_between_question_and_answer_is_refused() -> None:
    town, nonce = Town(), bytes(16)
    card = town.card("hanako", certificate(ends=(town.now + timedelta(seconds=30)).astimezone(UTC)))
    challenge = town.line().challenge(nonce, card.read)
    assert isinstance(challenge, Challenge)
    town.now += timedelta(seconds=31)
    assert town.line().authenticate(nonce, challenge, card.prove(challenge, nonce, SHOP.name)) == EXPIRED


def owed(town: Town, amount_yen: int) -> tuple[Session, str]:
    session = town.session("hanako")
    session.reserved(session.item("inkan"))
    key = session.nonce.hex()
    told = {"op": "claim", "key": key, "amount_yen": amount_yen, "reason": "x"}
    assert session.line.advise(told) is AdviceFate.ACKNOWLEDGED
    return session, key


def paid(town: Town) -> int:
    with town.store.reading() as c:
        return c.scalar(sa.select(sa.func.sum(collections.c.amount_yen))) or 0


def collected(key: str, amount_yen: int) -> dict[str, str | int]:
    return {"op": "collected", "key": key, "amount_yen": amount_yen, "collection": 1}


def test_the_counter_pays_what_is_left_and_no_more() -> None:
    town = Town()
    session, key = owed(town, 700)
    assert session.line.advise(collected(key, 500)) is AdviceFate.ACKNOWLEDGED
    assert paid_at_desk(town.store, town.city, key, town.now).amount_yen == 200
    assert paid(town) == 700


def test_another_machine_cannot_say_that_it_paid_a_claim() -> None:
    town = Town()
    _, key = owed(town, 700)
    assert town.line(HALL).advise(collected(key, 700)) is AdviceFate.REFUSED
    assert paid(town) == 0


def test_a_halted_machine_leaves_the_head_that_it_told_last() -> None:
    """Else a machine whose journal was taken away could come back with any other one (invariant I14)."""
    town = Town()
    for seq, head in ((5, "a" * 64), (0, ""), (4, "b" * 64)):
        beat = {"journal_seq": seq, "journal_head": head, "state": "x", "reasons": [], "events": []}
        assert town.line(SHOP).heartbeat(beat)
    with town.store.reading() as c:
        assert c.scalars(sa.select(flags.c.what)).all() == ["journal_ran_backwards"]


def test_who_answered_is_known_where_the_question_was_asked() -> None:
    """A card's answer, taken from one machine, authenticates nobody at another."""
    town = Town()
    card, nonce = town.card("hanako"), bytes(16)
    challenge = town.line().challenge(nonce, card.read)
    assert isinstance(challenge, Challenge)
    proof = card.prove(challenge, nonce, SHOP.name)
    assert town.line(HALL).authenticate(nonce, challenge, proof) == BAD
    assert isinstance(town.line().authenticate(nonce, challenge, proof), Authenticated)
