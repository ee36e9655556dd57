"""The endpoints: the same answers over ASGI and in memory, and for any request an answer of the line's vocabulary."""

import asyncio
import io
import json
import random
from collections.abc import Mapping
from typing import Any

import pytest

from drivers.line import fields
from host_sim.centre.memory import MemoryLine
from host_sim.centre.operating.gate import Gate
from host_sim.centre.operating.log import Log
from host_sim.centre.store import Peer
from tests.unit.centre.town import SHOP, OpenDoors, Town

RID = "0123456789abcdef" * 2
COPY = f"/v1/requests/{RID}/copies/1"
VOID = {"reason": "x", "journal_head": ""}


def over_asgi(town: Town, method: str, path: str, body: bytes | None, peer: object = SHOP) -> tuple[int, bytes]:
    """Calls the application as uvicorn does."""
    sent: list[Mapping[str, Any]] = []
    parts = [body or b""]

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": parts.pop() if parts else b"", "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
        "kofuki.peer": peer,
    }
    asyncio.run(Gate(town.app, Log(io.StringIO()), OpenDoors())(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", f"/v1/requests/{RID}", None, 404),
        ("GET", "/v1/requests/xyz", None, 422),
        ("GET", f"/v1/requests/{RID.upper()}", None, 422),
        ("GET", f"{COPY}/document", None, 403),
        ("GET", f"/v1/requests/{RID}/copies/0/document", None, 422),
        ("GET", f"/v1/requests/{RID}/copies/x/document", None, 422),
        ("GET", "/v1/nothing", None, 400),
        ("GET", "/v1/claims", None, 400),
        ("GET", "/openapiXjson", None, 400),
        ("HEAD", "/openapi.json", None, 400),
        ("GET", "//openapi.json", None, 400),
        ("GET", "/openapi.json/", None, 400),
        ("DELETE", f"/v1/requests/{RID}", None, 400),
        ("POST", f"{COPY}/void", fields.encode(VOID), 200),
        ("POST", f"{COPY}/issued", fields.encode(VOID), 422),
        ("POST", f"{COPY}/void", fields.encode(VOID | {"more": 1}), 422),
        ("POST", f"{COPY}/void", fields.encode({"reason": "x"}), 422),
        ("POST", f"{COPY}/void", fields.encode(VOID | {"reason": 5}), 422),
        ("POST", f"{COPY}/void", fields.encode(VOID | {"journal_head": "A" * 64}), 422),
        ("POST", f"{COPY}/void", b'{"reason":"x","reason":"x","journal_head":""}', 400),
        ("POST", f"{COPY}/void", b'{"reason":NaN,"journal_head":""}', 400),
        ("POST", f"{COPY}/void", b'{"reason":"\\ud800","journal_head":""}', 400),
        ("POST", f"{COPY}/void", b"[" * 200_000, 400),
        ("POST", f"{COPY}/void", b"\xff", 400),
        ("POST", f"{COPY}/void", b"[]", 422),
        ("POST", f"{COPY}/void", fields.encode(VOID | {"reason": "x" * 300_000}), 400),
        ("POST", "/v1/challenges", fields.encode({"session_nonce": "é" * 24, "method": "jpki", "credential": ""}), 422),
        ("POST", "/v1/challenges", fields.encode({"session_nonce": "A" * 24, "method": "none", "credential": ""}), 422),
        (
            "POST",
            "/v1/claims",
            fields.encode({"key": "a" * 32, "amount_yen": 0, "reason": "", "journal_head": ""}),
            422,
        ),
        (
            "POST",
            "/v1/claims",
            fields.encode({"key": "a" * 32, "amount_yen": 1.0, "reason": "", "journal_head": ""}),
            422,
        ),
        (
            "POST",
            "/v1/claims",
            fields.encode({"key": "a" * 32, "amount_yen": True, "reason": "", "journal_head": ""}),
            422,
        ),
    ],
)
def test_the_wire_makes_no_difference(method: str, path: str, body: bytes | None, status: int) -> None:
    """Security rule 16, fault N6. Refusals use the line's words, over ASGI and in memory."""
    wired = over_asgi(Town(), method, path, body)
    told = Town().transport().exchange(method, path, body, 1.0)
    assert wired[0] == told[0] == status
    assert json.loads(wired[1]) == json.loads(told[2])
    if status != 200:
        assert json.loads(wired[1]) == {"code": "bad_request", "pin_tries_left": None}


def test_whole_sessions_over_asgi_and_in_memory_are_the_same() -> None:
    """A real session is recorded in memory and repeated over ASGI at a centre in the same state."""
    town = Town()
    session = town.session("hanako")
    reserved = session.reserved(session.item("inkan"))
    path = f"/v1/requests/{reserved.request_id}"
    for way in ("", "/copies/1/document"):
        status, body = over_asgi(town, "GET", path + way, None)
        assert (status, body) == (200, town.transport().exchange("GET", path + way, None, 1.0)[2])


@pytest.mark.parametrize("peer", [None, "miyazaki-store-01", {"name": "miyazaki-store-01"}])
def test_a_client_without_a_name_is_refused(peer: object) -> None:
    status, body = over_asgi(Town(), "GET", f"/v1/requests/{RID}", None, peer)
    assert (status, json.loads(body)["code"]) == (403, "bad_request")


def test_noise_is_always_refused_in_the_lines_words() -> None:
    """Ten thousand spoilt bodies: every answer is one of the line's, never status 500."""
    dice = random.Random(3)
    town = Town()
    line = MemoryLine(town.app, Peer("m", "store"))
    bodies = {
        "/v1/challenges": {"session_nonce": "A" * 22 + "==", "method": "jpki", "credential": "AAAA"},
        "/v1/authentications": {
            "challenge_id": "x",
            "session_nonce": "A" * 22 + "==",
            "signature": "AAAA",
            "encrypted_pin": None,
        },
        "/v1/requests": {
            "request_id": RID,
            "authentication_id": "x",
            "session_nonce": "A" * 22 + "==",
            "items": [{"kind": "inkan", "options": {"a": ["b"]}, "copies": 1}],
        },
        f"{COPY}/void": VOID,
        "/v1/claims": {"key": RID, "amount_yen": 100, "reason": "x", "journal_head": ""},
        "/v1/heartbeats": {"journal_seq": 1, "journal_head": "", "state": "x", "reasons": ["a"], "events": []},
    }
    for _ in range(10_000):
        path = dice.choice(list(bodies))
        body = fields.encode(bodies[path])
        at = dice.randrange(len(body))
        spoilt = body[:at] + bytes([body[at] ^ 1 << dice.randrange(8)]) + body[at + dice.randrange(4) :]
        status, _, answer = line.exchange("POST", path, spoilt, 1.0)
        assert status in {200, 400, 403, 422}
        if status != 200:
            assert set(json.loads(answer)) == {"code", "pin_tries_left"}
