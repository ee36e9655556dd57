"""`firmware.ports.Centre`, implemented by `CentreLine`, against each centre. The rules: drivers/line/README.md, "Idempotency".

The rig has a centre of its own (host_sim/rig/centre.py says why); these tests hold both to the same rules.
"""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from drivers.vocabulary import (
    AdviceFate,
    BindingFailed,
    CaseTold,
    CaseWord,
    CentreRefusal,
    CentreRefused,
    CopyState,
)
from firmware.service.site import Site
from tests.contract.centres import CENTRES, Place, centre, inkan
from tests.unit.centre.town import Session

REFUSED = CentreRefused(CentreRefusal.BAD_REQUEST)
EXPIRED = CentreRefused(CentreRefusal.EXPIRED)
BEAT = {"journal_seq": 1, "journal_head": "", "state": "IN_SERVICE", "reasons": [], "events": []}


@pytest.fixture(scope="module", params=CENTRES)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with centre(request.param, tmp_path_factory.mktemp("run")) as made:
        yield made


@pytest.fixture
def session(place: Place) -> Session:
    return place.session()


def rid() -> str:
    return secrets.token_hex(16)


def tell(session: Session, op: str, request_id: str, copy: int = 1) -> AdviceFate:
    return session.line.advise({"op": op, "request_id": request_id, "copy": copy, "reason": "because"})


def owe(session: Session, amount_yen: int = 500) -> str:
    session.reserved(inkan(session))
    key = session.nonce.hex()
    assert claim(session, key, amount_yen) is AdviceFate.ACKNOWLEDGED
    return key


def claim(session: Session, key: str, amount_yen: int) -> AdviceFate:
    return session.line.advise({"op": "claim", "key": key, "amount_yen": amount_yen, "reason": "hopper_empty"})


def collect(session: Session, key: str, amount_yen: int, collection: int) -> AdviceFate:
    told = {"op": "collected", "key": key, "amount_yen": amount_yen, "collection": collection}
    return session.line.advise(told)


# --- who ------------------------------------------------------------------------------------------


def test_a_challenge_takes_one_answer_however_often_it_is_given(place: Place) -> None:
    session = place.session()
    proof = place.card.prove(session.challenge, session.nonce, place.machine)
    assert session.line.authenticate(session.nonce, session.challenge, proof) == session.who
    another = place.card.prove(session.challenge, session.nonce, "another-machine")
    assert session.line.authenticate(session.nonce, session.challenge, another) == REFUSED


def test_an_order_needs_an_authentication_of_its_own_session(place: Place, session: Session) -> None:
    other = place.session()
    order = [inkan(session)]
    assert session.line.reserve(rid(), session.nonce, "never given", order, session.card.read) == REFUSED
    mixed = session.line.reserve(rid(), session.nonce, other.who.authentication_id, order, session.card.read)
    assert mixed == REFUSED


# --- one request id, one order ----------------------------------------------------------------------


def test_the_same_order_under_the_same_id_is_the_same_promise(session: Session) -> None:
    request_id = rid()
    first = session.reserved(inkan(session, 2), request_id=request_id)
    assert session.reserve(inkan(session, 2), request_id=request_id) == first
    assert session.line.status(request_id) == {1: CopyState.RESERVED, 2: CopyState.RESERVED}


def test_another_order_under_the_same_id_is_refused_and_the_first_stands(session: Session) -> None:
    request_id = rid()
    first = session.reserved(inkan(session), request_id=request_id)
    assert session.reserve(inkan(session, 2), request_id=request_id) == REFUSED
    assert session.reserve(inkan(session), request_id=request_id) == first
    assert session.line.status(request_id) == {1: CopyState.RESERVED}


def test_only_what_was_offered_is_promised(session: Session) -> None:
    for item in (inkan(session, 9), replace(inkan(session), options={"never": ("asked",)})):
        assert session.reserve(item) == REFUSED


def test_a_request_nobody_made_has_no_copies(session: Session) -> None:
    assert session.line.status(rid()) == {}


# --- the document -----------------------------------------------------------------------------------


def test_a_document_can_be_fetched_again_until_its_outcome_is_told(session: Session) -> None:
    reserved = session.reserved(inkan(session, 2))
    first = session.line.fetch(reserved, 1)
    assert isinstance(first, bytes)
    assert session.line.fetch(reserved, 1) == first
    assert session.line.status(reserved.request_id) == {1: CopyState.DELIVERED, 2: CopyState.RESERVED}
    assert tell(session, "issued", reserved.request_id, 1) is AdviceFate.ACKNOWLEDGED
    assert tell(session, "void", reserved.request_id, 2) is AdviceFate.ACKNOWLEDGED
    assert [session.line.fetch(reserved, copy) for copy in (1, 2)] == [EXPIRED, EXPIRED]


def test_a_document_of_another_request_cannot_be_fetched(session: Session) -> None:
    mine, other = session.reserved(inkan(session)), session.reserved(inkan(session))
    assert isinstance(session.line.fetch(replace(mine, request_id=other.request_id), 1), BindingFailed)


def test_a_copy_that_was_not_fetched_in_time_is_void(place: Place) -> None:
    session = place.session()
    reserved = session.reserved(inkan(session, 2))
    session.line.fetch(reserved, 1)
    place.later(timedelta(minutes=16))
    assert session.line.status(reserved.request_id) == {1: CopyState.DELIVERED, 2: CopyState.VOID}
    assert session.line.fetch(reserved, 2) == EXPIRED
    assert tell(session, "issued", reserved.request_id, 1) is AdviceFate.ACKNOWLEDGED, (
        "a fetched copy has the outcome that the machine tells"
    )


# --- what became of it --------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "second"), [("issued", "void"), ("void", "issued")])
def test_the_first_end_stands_and_the_other_is_contradicted(session: Session, first: str, second: str) -> None:
    reserved = session.reserved(inkan(session))
    assert tell(session, first, reserved.request_id) is AdviceFate.ACKNOWLEDGED
    assert tell(session, first, reserved.request_id) is AdviceFate.ACKNOWLEDGED
    assert tell(session, second, reserved.request_id) is AdviceFate.CONTRADICTED
    assert session.line.status(reserved.request_id) == {1: CopyState(first)}


def test_an_order_given_up_before_it_arrived_is_never_made(session: Session) -> None:
    request_id = rid()
    assert tell(session, "void", request_id) is AdviceFate.ACKNOWLEDGED
    assert session.reserve(inkan(session), request_id=request_id) == EXPIRED
    assert session.line.status(request_id) == {}


def test_paper_of_a_request_nobody_made_is_contradicted(session: Session) -> None:
    assert tell(session, "issued", rid()) is AdviceFate.CONTRADICTED


def test_an_end_of_a_copy_that_is_not_in_the_promise_is_refused(session: Session) -> None:
    reserved = session.reserved(inkan(session))
    assert tell(session, "void", reserved.request_id, 2) is AdviceFate.REFUSED
    assert session.line.status(reserved.request_id) == {1: CopyState.RESERVED}


# --- debts --------------------------------------------------------------------------------------------


def test_a_claim_told_again_is_one_debt_and_its_first_amount_stands(session: Session) -> None:
    key = owe(session, 500)
    assert claim(session, key, 500) is AdviceFate.ACKNOWLEDGED
    assert claim(session, key, 900) is AdviceFate.ACKNOWLEDGED
    assert session.line.hold_claim(key, 1, "") == 500


def test_a_collection_told_again_counts_once_and_the_rest_stays_owed(session: Session) -> None:
    key = owe(session, 500)
    assert [session.line.hold_claim(key, 1, "") for _ in range(2)] == [500, 500]
    assert [collect(session, key, 200, 1) for _ in range(2)] == [AdviceFate.ACKNOWLEDGED] * 2
    assert session.line.hold_claim(key, 1, "") is None, "the collection arrived before the claim"
    assert session.line.hold_claim(key, 2, "") == 300
    assert collect(session, key, 300, 2) is AdviceFate.ACKNOWLEDGED
    assert session.line.hold_claim(key, 3, "") is None, "nothing is owed any more"


def test_a_collection_of_more_than_was_left_is_recorded(session: Session) -> None:
    key = owe(session, 100)
    assert collect(session, key, 500, 1) is AdviceFate.ACKNOWLEDGED
    assert session.line.hold_claim(key, 2, "") is None


def test_a_claim_nobody_made_is_neither_held_nor_collected(session: Session) -> None:
    key = rid()
    assert session.line.hold_claim(key, 1, "") is None
    assert collect(session, key, 100, 1) is AdviceFate.REFUSED


def test_a_heartbeat_brings_the_centres_time(place: Place) -> None:
    told = place.line.heartbeat(BEAT)
    assert told is not None
    assert told.at.utcoffset() == timedelta(hours=9)


def paid(session: Session) -> list[tuple[str, int]]:
    told = session.line.heartbeat(BEAT)
    assert told is not None
    return [(each.key, each.amount_yen) for each in told.claims_paid]


def heard(session: Session, key: str, amount_yen: int) -> AdviceFate:
    return session.line.advise({"op": "heard", "key": key, "amount_yen": amount_yen})


def test_the_machine_is_told_of_a_payment_until_it_says_that_it_is_written(place: Place, session: Session) -> None:
    key = owe(session)
    assert heard(session, key, 500) is AdviceFate.REFUSED, "nobody has paid it"
    place.pay_at_desk(key)
    assert [paid(session) for _ in range(2)] == [[(key, 500)]] * 2
    assert session.line.hold_claim(key, 1, "") is None, "nothing is left to pay"
    assert heard(session, key, 400) is AdviceFate.REFUSED
    assert [heard(session, key, 500) for _ in range(2)] == [AdviceFate.ACKNOWLEDGED] * 2
    assert paid(session) == []


def test_the_desk_pays_what_the_machine_has_not(place: Place, session: Session) -> None:
    key = owe(session)
    assert session.line.hold_claim(key, 1, "") == 500
    assert collect(session, key, 200, 1) is AdviceFate.ACKNOWLEDGED
    place.pay_at_desk(key)
    assert paid(session) == [(key, 300)]
    assert heard(session, key, 300) is AdviceFate.ACKNOWLEDGED


def test_open_cases_are_told_and_told_again(session: Session) -> None:
    case, word = (
        CaseTold("copy_uncertain", f"{rid()}.1"),
        CaseWord(7, datetime.now(UTC), "7 CopyUncertain rid=ab~ copy=1"),
    )
    assert [session.line.tell_cases(7, "a" * 64, [case], [word]) for _ in range(2)] == [True, True]
    assert session.line.tell_cases(8, "b" * 64, [], [])


def test_the_site_tables_are_for_this_machine_and_the_first_holds_now(place: Place) -> None:
    told, signed = place.line.heartbeat(BEAT), place.line.site_tables()
    assert told is not None
    assert isinstance(signed, tuple), signed
    tables = place.line.opened(signed)
    assert tables[0].in_force(told.at)
    assert {table.machine for table in tables} == {place.machine}
    assert max(table.version for table in tables) == told.site_table
    site = Site.read(tables[0])
    assert site.open_kinds(told.at, 600.0) >= {"juminhyo", "inkan"}
    assert site.elsewhere(told.at, ["juminhyo"])
