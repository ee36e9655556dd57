"""The gate: every call of a machine passes it. It bounds what a machine may ask, and writes log and metrics.

Each call ends here with a status of the line: an exception that no endpoint expected is logged by its class and place,
counted, and answered by the application without a word of it (`api.py`).
"""

import asyncio
import contextlib
import json
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute

from host_sim.centre.database import NO_ANSWER
from host_sim.centre.messages import MAX_BODY_BYTES
from host_sim.centre.operating import lanes
from host_sim.centre.operating.lanes import Lane, Shares, TooMuch
from host_sim.centre.operating.log import Event, Log
from host_sim.centre.operating.metrics import Metrics
from host_sim.centre.store import Peer

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

ANSWER_S = 30.0  # for a client to read an answer
ORDER = "POST /v1/requests"
_BUSY = b'{"code":"busy"}'
_FAILED = b'{"code":"failed"}'
_STRANGER = b'{"code":"not_registered","pin_tries_left":null}'
_TOO_LONG = b'{"code":"bad_request","pin_tries_left":null}'


class Gone(Exception):
    """The client hung up before its body was whole, or did not read its answer."""


class Doors(Protocol):
    """Whose certificate may speak, and who is refused often (`machines/admission.py`)."""

    def admits(self, peer: Peer, spki: str) -> bool: ...

    def refused(self, machine: str) -> None: ...


@dataclass(slots=True)
class _Call:
    """One call on its way through the gate; `status` and `code` are filled in as it is answered."""

    endpoint: str
    machine: str
    scope: Message
    began_s: float
    status: int = 0
    code: str = "ok"
    leave: list[Callable[[], None]] = field(default_factory=list)


class Gate:
    """An ASGI application around the centre's."""

    def __init__(self, app: FastAPI, log: Log, doors: Doors, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._doors = doors
        self._clock = clock
        self._routes = _routes(app)
        self.endpoints = frozenset(endpoint for _, _, endpoint in self._routes)
        self.lanes = {"making": Lane(lanes.MAKING), "quick": Lane(lanes.QUICK)}
        self.log = log
        log.endpoints = self.endpoints | {"other"}
        self.metrics = Metrics(self.endpoints, self.lanes)
        self._shares = Shares(clock)

    def closed(self, why: str, machine: str | None) -> None:
        """A connection was closed before its call was heard (`wire.py`)."""
        self.metrics.closed(why)
        self.log.write(Event.CLOSED, code=why, machine=machine)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        peer = scope.get("kofuki.peer")
        machine = peer.name if isinstance(peer, Peer) else "-"
        call = _Call(self._endpoint(scope), machine, scope, self._clock())
        try:
            await self._serve(call, receive, send)
        except TooMuch:
            await _answer(call, send, 503, _BUSY)
        except Gone:
            call.code = "gone"
        except Exception as trouble:  # noqa: BLE001  nothing of it leaves but its class and place
            self.metrics.trouble()
            self.log.trouble(trouble, endpoint=call.endpoint, machine=_named(machine))
            if not call.status:
                await _answer(call, send, 500, _FAILED)
        finally:
            for leave in reversed(call.leave):
                leave()
            self._tell(call)

    async def _serve(self, call: _Call, receive: Receive, send: Send) -> None:
        call.leave.append(self._shares.enter(call.machine, order=call.endpoint == ORDER))
        body = await _whole_body(call.scope, receive)
        if body is None:
            await _answer(call, send, 400, _TOO_LONG)
            return
        leave = await self.lanes["making" if call.endpoint == ORDER else "quick"].enter()
        call.leave.append(leave)
        if not await self._is_admitted(call.scope):
            await _answer(call, send, 403, _STRANGER)
            return
        await self._app(call.scope, _once(body, receive), _watched(call, send, leave))
        if call.status == 403:
            with contextlib.suppress(*NO_ANSWER):
                await run_in_threadpool(self._doors.refused, call.machine)

    async def _is_admitted(self, scope: Message) -> bool:
        peer = scope.get("kofuki.peer")
        if not isinstance(peer, Peer):
            return True  # the endpoints refuse it
        try:
            return await run_in_threadpool(self._doors.admits, peer, scope.get("kofuki.spki", ""))
        except NO_ANSWER:
            raise TooMuch from None

    def _endpoint(self, scope: Message) -> str:
        for method, path, endpoint in self._routes:
            if method == scope["method"] and path.fullmatch(scope["path"]):
                return endpoint
        return "other"

    def _tell(self, call: _Call) -> None:
        seconds = self._clock() - call.began_s
        self.metrics.call(call.endpoint, call.code, seconds)
        self.log.write(
            Event.CALL,
            endpoint=call.endpoint,
            status=call.status,
            code=call.code,
            machine=_named(call.machine),
            request_id=_request_id(call.scope),
            duration_ms=round(seconds * 1000),
        )


def _routes(app: FastAPI) -> list[tuple[str, re.Pattern[str], str]]:
    calls = [
        (method, re.compile(route.path_regex.pattern), f"{method} {route.path}")
        for route in app.routes
        if isinstance(route, APIRoute)
        for method in sorted(route.methods or ())
    ]
    return [*calls, ("GET", re.compile("/openapi.json"), "GET /openapi.json")]


def _request_id(scope: Message) -> str | None:
    """The request or session that the call's path or body names."""
    named = scope.get("path_params", {})
    told = scope.get("kofuki.request_id") or named.get("request_id") or named.get("key")
    return None if told is None else str(told)


def _named(machine: str) -> str | None:
    return None if machine == "-" else machine


async def _whole_body(scope: Message, receive: Receive) -> bytes | None:
    """The body; None when it is too long, which is known before more than that is read. Raises `Gone`."""
    told = dict(scope["headers"]).get(b"content-length", b"0")
    if int(told) > MAX_BODY_BYTES:
        return None
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Gone
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _once(body: bytes, receive: Receive) -> Receive:
    """`receive` for the application: the body in one message, then what the connection says."""
    parts = [body]

    async def heard() -> Message:
        return {"type": "http.request", "body": parts.pop(), "more_body": False} if parts else await receive()

    return heard


def _watched(call: _Call, send: Send, leave: Callable[[], None]) -> Send:
    """`send` for the application. The place in the lane is free once the answer is known, however slowly it is read."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            leave()
            call.status = message["status"]
        elif call.status >= 400:
            call.code = _code_of(message.get("body", b""))
        try:
            async with asyncio.timeout(ANSWER_S):
                await send(message)
        except TimeoutError:
            raise Gone from None

    return sent


def _code_of(body: bytes) -> str:
    try:
        return str(json.loads(body)["code"])
    except (ValueError, KeyError, TypeError):
        return "other"


async def _answer(call: _Call, send: Send, status: int, body: bytes) -> None:
    """Answer without the application. The connection is closed: its rest may be a body that nobody will read."""
    call.status, call.code = status, _code_of(body)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
