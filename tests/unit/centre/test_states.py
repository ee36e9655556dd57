"""Requests and copies under any order of calls: idempotent, final, numbered once (book rule 8; I7, I8, fault N8).

A small model gets the same random calls as the centre, and both must give the same answers.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from drivers.vocabulary import (
    AdviceFate,
    BindingFailed,
    CentreRefusal,
    CentreRefused,
    CentreUnreachable,
    CopyState,
    Reserved,
)
from host_sim.centre.database import Busy
from host_sim.centre.fsck import fsck
from host_sim.centre.tables import audit, copies, flags
from tests.unit.centre.town import HALL, SHOP, Session, Town, paper_of, plain

EXPIRED, BAD = CentreRefused(CentreRefusal.EXPIRED), CentreRefused(CentreRefusal.BAD_REQUEST)


@dataclass
class Expected:
    """The model's state of one request."""

    wanted: int
    made: Reserved | None = None
    dead: bool = False
    late: bool = False
    copies: dict[int, str] = field(default_factory=dict)
    conflicts: int = 0

    def states(self) -> Mapping[int, CopyState]:
        late = {n: "void" if self.late and s == "reserved" else s for n, s in self.copies.items()}
        return {} if self.dead else {n: CopyState(s) for n, s in late.items()}


class Walk:
    """The calls of one seed: three requests of one session, in any order, with time passing."""

    def __init__(self, town: Town, session: Session, seed: int) -> None:
        self.town, self.session = town, session
        self.dice = random.Random(seed)
        self.requests = {f"{self.dice.getrandbits(128):032x}": Expected(self.dice.randrange(1, 4)) for _ in range(3)}
        self.unknown_paper = self.unfetched_paper = 0
        self.old = False  # the resident was authenticated too long ago

    def step(self) -> None:
        rid, expected = self.dice.choice(list(self.requests.items()))
        copy = self.dice.randrange(1, expected.wanted + 1)
        act = self.dice.choice(("order", "order", "other", "fetch", "fetch", "issued", "void", "ask", "late"))
        getattr(self, f"_{act}")(rid, expected, copy)
        assert self.session.line.status(rid) == expected.states()

    def _order(self, rid: str, expected: Expected, copy: int) -> None:
        answer = self.session.reserve(self.session.item("inkan", expected.wanted), request_id=rid)
        if expected.dead or (expected.made is None and self.old):
            assert answer == EXPIRED
        elif expected.made is None:
            assert isinstance(answer, Reserved)
            expected.made = answer
            expected.copies = dict.fromkeys(range(1, expected.wanted + 1), "reserved")
        else:
            assert answer == expected.made

    def _other(self, rid: str, expected: Expected, copy: int) -> None:
        """Order something else under the same request id."""
        if expected.made is not None:
            assert self.session.reserve(self.session.item("juminhyo"), request_id=rid) == BAD

    def _fetch(self, rid: str, expected: Expected, copy: int) -> None:
        if expected.made is None:
            return
        answer = self.session.line.fetch(expected.made, copy)
        if expected.copies[copy] in {"reserved", "delivered"} and not expected.late:
            assert isinstance(answer, bytes)
            assert paper_of(answer)["number"] == expected.made.copies[copy - 1].issue_number
            expected.copies[copy] = "delivered"
        else:
            assert answer == EXPIRED

    def _issued(self, rid: str, expected: Expected, copy: int) -> None:
        self._settle(rid, expected, copy, "issued")

    def _void(self, rid: str, expected: Expected, copy: int) -> None:
        self._settle(rid, expected, copy, "void")

    def _settle(self, rid: str, expected: Expected, copy: int, state: str) -> None:
        for _ in range(self.dice.randrange(1, 3)):
            fate = self.session.line.advise({"op": state, "request_id": rid, "copy": copy, "reason": "x"})
            if expected.made is None:
                expected.dead = True
                self.unknown_paper += state == "issued"
                assert (fate is AdviceFate.CONTRADICTED) == (state == "issued")
                continue
            if expected.late and expected.copies[copy] == "reserved":
                expected.copies[copy] = "void"
            if expected.copies[copy] in {"issued", "void"}:
                expected.conflicts += expected.copies[copy] != state
            else:
                self.unfetched_paper += (expected.copies[copy], state) == ("reserved", "issued")
                expected.copies[copy] = state
            same = expected.copies[copy] == state
            assert fate is (AdviceFate.ACKNOWLEDGED if same else AdviceFate.CONTRADICTED)

    def _ask(self, rid: str, expected: Expected, copy: int) -> None:
        """Another machine may neither see, fetch nor settle this request."""
        other = self.town.line(HALL)
        assert other.status(rid) == {} or expected.made is None
        if expected.made is not None:
            assert other.fetch(expected.made, copy) == BAD
            told = other.advise({"op": "void", "request_id": rid, "copy": copy, "reason": "x"})
            assert told is AdviceFate.REFUSED

    def _late(self, rid: str, expected: Expected, copy: int) -> None:
        if self.dice.random() < 0.1:
            self.town.now += timedelta(seconds=901)
            self.old = True
            for other in self.requests.values():
                other.late = other.late or other.made is not None


def test_any_sequence_of_calls_agrees_with_the_model() -> None:
    town = Town()
    conflicts = unknown = unfetched = 0
    for seed in range(40):
        town.now = town.now.replace(hour=10, minute=0)
        walk = Walk(town, town.session("hanako"), seed)
        for _ in range(40):
            walk.step()
        conflicts += sum(expected.conflicts for expected in walk.requests.values())
        unknown += walk.unknown_paper
        unfetched += walk.unfetched_paper
    with town.store.reading() as c:
        rows = c.execute(sa.select(flags.c.what, flags.c.times)).all()
        numbers = c.scalars(sa.select(copies.c.issue_number)).all()
        kept = c.scalars(
            sa.select(sa.func.count()).where(copies.c.document.is_not(None), copies.c.state == "void")
        ).one()
    told = Counter({what: sum(row.times for row in rows if row.what == what) for what in {row.what for row in rows}})
    assert told["two_ends"] == conflicts > 20
    assert told["unknown_paper"] == unknown > 5
    assert told["unfetched_paper"] == unfetched > 5
    assert len(set(numbers)) == len(numbers) > 80
    assert kept == 0


def test_an_expired_document_does_not_stay() -> None:
    """Security rule 6: a copy that nobody fetched becomes void, and its pages are deleted at the next order."""
    town = Town()
    session = town.session("hanako")
    first = session.reserved(session.item("inkan", 2))
    session.line.fetch(first, 1)
    town.now += timedelta(seconds=901)
    town.session("kazuko").reserved()
    with town.store.reading() as c:
        mine = copies.c.request_id == first.request_id
        rows = c.execute(sa.select(copies.c.state, copies.c.document).where(mine).order_by(copies.c.copy)).all()
    assert [tuple(row) for row in rows] == [("delivered", None), ("void", None)]
    # Paper of a fetched copy may exist, so the machine may tell its outcome however late.
    assert (
        session.line.advise({"op": "issued", "request_id": first.request_id, "copy": 1, "reason": "printed"})
        is AdviceFate.ACKNOWLEDGED
    )
    assert session.line.status(first.request_id) == {1: CopyState.ISSUED, 2: CopyState.VOID}


def test_numbers_go_up_by_terminal_and_day_and_do_not_show_its_place() -> None:
    """Standard 5.5: the place of issue is not printed. The terminal's word is `printf NAME | sha256sum | xxd -r -p | base32`, cut."""
    town = Town()
    shop, hall = town.session("hanako", SHOP), town.session("taro", HALL)
    given = [s.reserved(s.item("inkan")).copies[0].issue_number for s in (shop, hall, shop)]
    assert given == [
        "20261124 宮崎市 TXR3C2 0001",
        "20261124 宮崎市 TA7M35 0001",
        "20261124 宮崎市 TXR3C2 0002",
    ]
    town.now += timedelta(days=1)
    next_day = town.session("hanako")
    assert next_day.reserved().copies[0].issue_number == "20261125 宮崎市 TXR3C2 0001"


def test_an_order_is_only_what_was_offered() -> None:
    """No machine can order a kind, an answer or a number of copies that was not offered."""
    town = Town()
    session = town.session("hanako")
    good = session.item("juminhyo")
    options = dict(good.options)

    def order(**change: Any) -> object:
        changed = {"kind": good.kind, "options": good.options, "copies": 1, "fee_yen": 300} | change
        return session.reserve(type(good)(**changed))

    assert order(kind="koseki_of_a_stranger") == CentreRefused(CentreRefusal.NOT_OFFERED)
    assert order(copies=6) == BAD
    assert order(copies=0) == BAD
    assert order(options={}) == BAD
    assert order(options={**options, "scope": ("part",), "members": (town.resident_id("kazuko"),)}) == BAD
    assert order(options={**options, "scope": ("all", "self")}) == BAD
    assert session.reserve(*[good] * 10) == BAD
    kazuko = town.session("kazuko")
    assert kazuko.reserve(kazuko.item("inkan")) == CentreRefused(CentreRefusal.NOT_REGISTERED)


def test_an_authentication_is_for_one_machine_one_session_and_a_while() -> None:
    town = Town()
    session = town.session("hanako")
    stolen = Session(town.line(HALL), session.nonce, session.card, session.challenge, session.who)
    assert stolen.reserve() == BAD
    other = Session(session.line, bytes(16), session.card, session.challenge, session.who)
    assert other.reserve() == BAD
    town.now += timedelta(seconds=901)
    assert session.reserve() == EXPIRED


def test_an_order_with_another_fee_is_refused() -> None:
    """The resident saw 200 yen, the centre's fee is 300."""
    session = Town().session("hanako")
    item = session.item("inkan")
    cheaper = type(item)(kind="inkan", options={}, copies=1, fee_yen=200)
    assert session.reserve(cheaper) == BindingFailed("fee_yen")


def test_the_audit_record_is_enough_for_the_reports_and_names_nobody() -> None:
    town = Town()
    session = town.session("hanako")
    reserved = session.reserved(session.item("juminhyo"), session.item("inkan"))
    for copy, op in ((1, "issued"), (2, "void")):
        session.line.fetch(reserved, copy)
        session.line.advise({"op": op, "request_id": reserved.request_id, "copy": copy, "reason": "printed"})
    with town.store.reading() as c:
        rows = c.execute(sa.select(audit).order_by(audit.c.id)).mappings().all()
    assert [(row["act"], row["site"], row["machine"]) for row in rows] == [
        ("reserved", "store", "miyazaki-store-01"),
        ("issued", "store", "miyazaki-store-01"),
        ("void", "store", "miyazaki-store-01"),
    ]
    assert rows[1]["at"] == "2026-11-24T10:00:00+09:00"
    said = {key: rows[1]["detail"][key] for key in ("kind", "fee_yen", "requester", "channel", "method", "asked_at")}
    assert said == {
        "kind": "juminhyo",
        "fee_yen": 300,
        "requester": "household",
        "channel": "store",
        "method": "jpki",
        "asked_at": "2026-11-24T10:00:00+09:00",
    }
    assert (rows[2]["detail"]["kind"], rows[2]["detail"]["requester"]) == ("inkan", "self")
    told = repr(rows)
    assert all(p.name not in told and p.resident_id not in told for p in town.register.residents.values())


@pytest.mark.parametrize("again", [1, 2])
def test_a_restart_forgets_nothing(url: str, again: int) -> None:
    town = Town(url)
    session = town.session("hanako")
    reserved = session.reserved()
    town.store.close()
    for _ in range(again):
        later = Town(url)
    assert later.line().status(reserved.request_id) == {1: CopyState.RESERVED}
    assert isinstance(later.line().fetch(reserved, 1), bytes)
    assert later.session("hanako").reserved().copies[0].issue_number.endswith(" 0002")


def test_a_kind_has_hours_of_its_own() -> None:
    """戸籍 is issued in office hours: offered until 17:00, ordered for a short time after that (city rule 3)."""
    town = Town(press=replace(plain(), kinds=("juminhyo", "koseki")))
    town.now = town.now.replace(hour=16, minute=55)
    session = town.session("hanako")
    assert [offer.refusal for offer in session.who.offers] == [None, None]
    town.now = town.now.replace(hour=17, minute=5)
    assert isinstance(session.reserve(session.item("koseki")), Reserved)
    town.now = town.now.replace(hour=17, minute=15)
    evening = town.session("hanako")
    assert [offer.refusal for offer in evening.who.offers] == [None, CentreRefusal.OUTSIDE_HOURS]
    late = type(session.item("koseki"))(kind="koseki", options={}, copies=1, fee_yen=450)
    assert evening.reserve(late) == CentreRefused(CentreRefusal.OUTSIDE_HOURS)
    assert isinstance(evening.reserve(evening.item("juminhyo")), Reserved)


def test_a_promise_whose_commit_was_not_heard_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database commits and its answer is lost: the centre may not bury what it cannot know, and the machine asks again."""
    town = Town()
    session, rid, real = town.session("hanako"), "ab" * 16, town.store.writing

    @contextmanager
    def lost() -> Iterator[sa.Connection]:
        with real() as c:
            yield c
            promised = c.scalar(sa.select(sa.func.count()).select_from(copies))
        if promised and not heard:
            heard.append(promised)
            raise Busy("the connection was lost")

    heard: list[int] = []
    monkeypatch.setattr(town.store, "writing", lost)
    order = session.item("inkan")
    assert isinstance(session.reserve(order, request_id=rid), CentreUnreachable)
    assert heard == [1]
    reserved = session.reserved(order, request_id=rid)
    assert isinstance(session.line.fetch(reserved, 1), bytes)
    assert fsck(town.store) == []
