"""A flood: orders, however many, hold no place that another call needs. Shown by order and count, not by time."""

import asyncio
import io
import json
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from drivers.line import fields
from drivers.vocabulary import CentreRefusal, CentreRefused
from host_sim.centre.generator import DOCUMENT_BYTES_MAX, PAGES_MAX, Press
from host_sim.centre.operating import lanes
from host_sim.centre.operating.gate import Gate
from host_sim.centre.operating.lanes import Lane, Shares, TooMuch
from host_sim.centre.operating.log import Log
from host_sim.centre.store import Peer
from tests.unit.centre.cities import sample_city
from tests.unit.centre.town import HALL, SHOP, OpenDoors, Session, Town, plain, typeset

BEAT = fields.encode({"journal_seq": 1, "journal_head": "", "state": "x", "reasons": [], "events": []})
HANG_S = 300.0
PEERS = [f"machine-{number}" for number in range(lanes.MAKING + lanes.WAITING + 1)]


class HeldTown(Town):
    """A town whose press stands still until `go` is set; `begun` counts the documents that are being made."""

    def __init__(self, directory: Path) -> None:
        self.go, self.begun = threading.Event(), threading.Semaphore(0)
        super().__init__(
            f"sqlite:///{directory / 'centre.db'}", plain(self._typeset), city=sample_city("store", *PEERS)
        )
        self.gate = Gate(self.app, Log(io.StringIO()), OpenDoors())

    def _typeset(self, *told: Any) -> bytes:
        self.begun.release()
        assert self.go.wait(HANG_S)
        return typeset(*told)

    def order(self, session: Session) -> bytes:
        item = {"kind": "inkan", "options": {}, "copies": 1}
        told = {"request_id": secrets.token_hex(16), "authentication_id": session.who.authentication_id}
        return fields.encode(told | {"session_nonce": fields.b64(session.nonce), "items": [item]})

    async def call(self, peer: Peer, path: str, body: bytes) -> int:
        return (await ask(self.gate, peer, path, body))[0]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[HeldTown]:
    town = HeldTown(tmp_path)
    yield town
    town.go.set()
    town.store.close()


async def ask(gate: Gate, peer: object, path: str, body: bytes, method: str = "POST") -> tuple[int, bytes]:
    status, _, answer = await exchange(gate, peer, path, body, method)
    return status, answer


async def exchange(
    gate: Gate, peer: object, path: str, body: bytes, method: str = "POST"
) -> tuple[int, dict[bytes, bytes], bytes]:
    sent: list[Mapping[str, Any]] = []
    parts = [body]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": parts.pop() if parts else b"", "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "root_path": ""}
    told = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await gate(scope | {"query_string": b"", "headers": told, "kofuki.peer": peer}, receive, send)
    headers = dict(sent[0]["headers"])
    return sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:])


def test_two_hundred_orders_of_one_machine_hold_up_nobody(town: HeldTown) -> None:
    session = town.session("hanako")

    async def flood() -> tuple[Counter[int], list[int]]:
        orders = [asyncio.create_task(town.call(SHOP, "/v1/requests", town.order(session))) for _ in range(200)]
        for _ in range(lanes.ORDERS):
            assert await asyncio.to_thread(town.begun.acquire, timeout=HANG_S)
        # Every document stands still. Everything else goes on: of other machines, and of this one.
        void = fields.encode({"reason": "cancelled", "journal_head": ""})
        other = [
            await town.call(HALL, "/v1/heartbeats", BEAT),
            await town.call(SHOP, "/v1/heartbeats", BEAT),
            await town.call(SHOP, f"/v1/requests/{secrets.token_hex(16)}/copies/1/void", void),
        ]
        assert town.gate.lanes["making"].running == lanes.ORDERS
        assert sum(not order.done() for order in orders) == lanes.ORDERS
        town.go.set()
        return Counter(await asyncio.gather(*orders)), other

    orders, other = asyncio.run(flood())
    assert other == [200, 200, 200]
    assert orders == {200: lanes.ORDERS, 503: 200 - lanes.ORDERS}


def test_orders_of_every_machine_hold_up_no_heartbeat(town: HeldTown) -> None:
    """As many machines as there are places and places to wait; the next order is told to come again."""
    peers = [Peer(name, "store") for name in PEERS]
    sessions = [town.session("hanako", peer) for peer in peers]

    async def flood() -> None:
        orders = [
            asyncio.create_task(town.call(peer, "/v1/requests", town.order(session)))
            for peer, session in zip(peers, sessions, strict=True)
        ]
        for _ in range(lanes.MAKING):
            assert await asyncio.to_thread(town.begun.acquire, timeout=HANG_S)
        beats = [await town.call(peer, "/v1/heartbeats", BEAT) for peer in (*peers, HALL)]
        making = town.gate.lanes["making"]
        assert beats == [200] * (len(peers) + 1)
        assert (making.running, making.waiting) == (lanes.MAKING, lanes.WAITING)
        assert [order.result() for order in orders if order.done()] == [503]
        for order in orders:
            order.cancel()
        town.go.set()
        await asyncio.gather(*orders, return_exceptions=True)
        assert (making.running, making.waiting) == (0, 0)

    # A wait of some seconds ends by itself; here it would make the count depend on the computer.
    town.gate.lanes["making"] = Lane(lanes.MAKING, wait_s=HANG_S)
    asyncio.run(flood())


def test_who_waits_too_long_is_told_to_come_again() -> None:
    async def wait() -> None:
        lane = Lane(1, wait_s=0.0)
        leave = await lane.enter()
        with pytest.raises(TooMuch):
            await lane.enter()
        leave()
        leave()  # once is enough, twice does no harm
        assert (lane.running, lane.waiting) == (0, 0)
        (await lane.enter())()

    asyncio.run(wait())


def taken(shares: Shares, machine: str, times: int, *, order: bool = False) -> list[Callable[[], None]]:
    ends = []
    for _ in range(times):
        try:
            ends.append(shares.enter(machine, order=order))
        except TooMuch:
            break
    return ends


def test_a_machine_has_its_share_and_no_more() -> None:
    shares = Shares(lambda: 0.0)
    ends = taken(shares, "a", 100)
    assert len(ends) == lanes.CALLS
    assert len(taken(shares, "b", 100)) == lanes.CALLS
    ends.pop()()
    assert len(taken(shares, "a", 100)) == 1
    assert len(taken(shares, "c", 100, order=True)) == lanes.ORDERS
    assert len(taken(shares, "c", 100)) == lanes.CALLS - lanes.ORDERS


def test_a_machine_has_its_rate() -> None:
    now_s = [0.0]
    shares = Shares(lambda: now_s[0])

    def calls() -> int:
        done = 0
        while ends := taken(shares, "a", 1):
            ends[0]()
            done += 1
        return done

    assert calls() == lanes.BURST
    now_s[0] += 2.0
    assert calls() == 2 * lanes.RATE_PER_S
    now_s[0] += 10_000.0
    assert calls() == lanes.BURST
    assert len(taken(shares, "b", 1)) == 1


def test_the_refusal_of_the_gate_is_the_lines() -> None:
    gate = Gate(Town().app, Log(io.StringIO()), OpenDoors())

    async def too_much() -> tuple[int, bytes]:
        for _ in range(lanes.CALLS):
            gate._shares.enter(SHOP.name, order=False)
        return await ask(gate, SHOP, "/v1/heartbeats", BEAT)

    status, body = asyncio.run(too_much())
    assert (status, json.loads(body)) == (503, {"code": "busy"})
    status, body = asyncio.run(ask(gate, HALL, "/v1/heartbeats", b"x" * 300_000))
    assert (status, json.loads(body)) == (400, {"code": "bad_request", "pin_tries_left": None})


HUGE = "9" * 30


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/heartbeats", BEAT.replace(b'"journal_seq":1', f'"journal_seq":{HUGE}'.encode())),
        ("/v1/heartbeats", BEAT.replace(b'"journal_seq":1', b'"journal_seq":9223372036854775808')),
        ("/v1/heartbeats", BEAT.replace(b'"journal_seq":1', b'"journal_seq":1e400')),
        ("/v1/heartbeats", BEAT.replace(b'"journal_seq":1', b'"journal_seq":' + b"9" * 9000)),
        (f"/v1/claims/{'a' * 32}/hold", b'{"collection":9223372036854775808,"journal_head":""}'),
        (f"/v1/claims/{'a' * 32}/hold", b'{"collection":2147483648,"journal_head":""}'),
        (f"/v1/claims/{'a' * 32}/collected", b'{"amount_yen":1,"collection":9223372036854775808,"journal_head":""}'),
        ("/v1/claims", f'{{"key":"{"a" * 32}","amount_yen":{HUGE},"reason":"","journal_head":""}}'.encode()),
        ("/v1/claims", f'{{"key":"{"a" * 32}","amount_yen":1,"reason":"\\u0000","journal_head":""}}'.encode()),
        (f"/v1/requests/{'a' * 32}/copies/{HUGE}/void", b'{"reason":"","journal_head":""}'),
        ("/v1/heartbeats", b'{"journal_seq":' * 20_000),
        ("/v1/heartbeats", b"[" * 250_000),
    ],
)  # fmt: skip
def test_numbers_and_depths_beyond_measure_are_refused(path: str, body: bytes) -> None:
    gate = Gate(Town().app, Log(io.StringIO()), OpenDoors())
    status, told = asyncio.run(ask(gate, SHOP, path, body))
    assert status in {400, 422}
    assert json.loads(told) == {"code": "bad_request", "pin_tries_left": None}


@pytest.mark.parametrize(("size_bytes", "pages"), [(DOCUMENT_BYTES_MAX + 1, 1), (10, 400), (10, PAGES_MAX + 1)])
def test_a_document_that_no_machine_takes_is_refused_in_a_word(size_bytes: int, pages: int) -> None:
    """And it is no wrong document, which would stop the line."""
    press = Press(("inkan",), typeset=lambda *_: b"x" * size_bytes, check=lambda *_: [], page_count=lambda _: pages)
    town = Town(press=press)
    session = town.session("hanako")
    assert session.reserve(session.item("inkan")) == CentreRefused(CentreRefusal.ASK_AT_COUNTER)
    assert session.reserve(session.item("inkan")) == CentreRefused(CentreRefusal.ASK_AT_COUNTER)
