"""The gate: every call of a machine passes it. It bounds what a machine may ask, and writes log and metrics.

What waits (for a body, for a place, for a client that reads) is done in the event loop; what works (asking whether the
machine may speak, and the call itself) in one thread, entered once a call. Each call ends here with a status of the line: an
exception that no endpoint expected is logged by its class and place, counted, and answered without a word of it.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

from fastapi import FastAPI

from host_sim.centre import calls
from host_sim.centre.api import failure
from host_sim.centre.calls import Answered, Calls
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
# The connection is closed after these: its rest may be a body that nobody will read.
_CLOSING = {"content-type": "application/json", "connection": "close"}
_BUSY = Answered(503, _CLOSING, b'{"code":"busy"}')
_STRANGER = Answered(403, _CLOSING, b'{"code":"not_registered","pin_tries_left":null}')
_TOO_LONG = Answered(400, _CLOSING, b'{"code":"bad_request","pin_tries_left":null}')


class Gone(Exception):
    """The client hung up before its body was whole, or did not read its answer."""


class Doors(Protocol):
    """Whose certificate may speak, and who is refused often (`machines/admission.py`)."""

    def admits(self, peer: Peer, spki: str) -> bool: ...

    def refused(self, machine: str) -> None: ...


@dataclass(slots=True)
class _Call:
    """One message on its way through the gate; `status` and `code` are filled in as it is answered."""

    call: calls.Call | None  # None: there is no such call
    machine: str
    scope: Message
    began_s: float
    status: int = 0
    code: str = "ok"
    leave: list[Callable[[], None]] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        return "other" if self.call is None else self.call.name


class Gate:
    """The ASGI application that uvicorn serves: the calls of an application made by `api.make_app`, behind the gate."""

    def __init__(self, app: FastAPI, log: Log, doors: Doors, clock: Callable[[], float] = time.monotonic) -> None:
        self._calls = Calls(app)
        self._doors = doors
        self._clock = clock
        self._threads = ThreadPoolExecutor(lanes.MAKING + lanes.QUICK, "call")
        self.endpoints = self._calls.names
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
        peer = scope.get("kofuki.peer")
        machine = peer.name if isinstance(peer, Peer) else "-"
        call = _Call(self._calls.find(scope["method"], scope["path"]), machine, scope, self._clock())
        try:
            await self._serve(call, receive, send)
        except TooMuch:
            await _send(call, send, _BUSY)
        except Gone:
            call.code = "gone"
        except Exception as trouble:  # noqa: BLE001  nothing of it leaves but its class and place
            self.metrics.trouble()
            self.log.trouble(trouble, endpoint=call.endpoint, machine=_named(machine))
            if not call.status:
                status, told = failure(trouble)
                await _send(call, send, Answered(status, calls.JSON, json.dumps(told).encode()))
        finally:
            for leave in reversed(call.leave):
                leave()
            self._tell(call)

    async def _serve(self, call: _Call, receive: Receive, send: Send) -> None:
        call.leave.append(self._shares.enter(call.machine, order=call.endpoint == ORDER))
        body = await _whole_body(call.scope, receive)
        if body is None:
            await _send(call, send, _TOO_LONG)
            return
        leave = await self.lanes["making" if call.endpoint == ORDER else "quick"].enter()
        call.leave.append(leave)
        answered = await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, call, body)
        leave()  # the place in the lane is free once the answer is known, however slowly it is read
        try:
            async with asyncio.timeout(ANSWER_S):
                await _send(call, send, answered)
        except TimeoutError:
            raise Gone from None

    def _answer(self, call: _Call, body: bytes) -> Answered:
        if not self._is_admitted(call.scope):
            return _STRANGER
        answered = self._calls.answer(call.call, call.scope, body)
        if answered.status == 403:
            with contextlib.suppress(*NO_ANSWER):
                self._doors.refused(call.machine)
        return answered

    def _is_admitted(self, scope: Message) -> bool:
        peer = scope.get("kofuki.peer")
        if not isinstance(peer, Peer):
            return True  # the endpoints refuse it
        try:
            return self._doors.admits(peer, scope.get("kofuki.spki", ""))
        except NO_ANSWER:
            raise TooMuch from None

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


def _code_of(body: bytes) -> str:
    try:
        return str(json.loads(body)["code"])
    except (ValueError, KeyError, TypeError):
        return "other"


async def _send(call: _Call, send: Send, answered: Answered) -> None:
    call.status = answered.status
    if answered.status >= 400:
        call.code = _code_of(answered.body)
    headers = {"content-length": str(len(answered.body)), **answered.headers}
    told = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answered.status, "headers": told})
    await send({"type": "http.response.body", "body": answered.body})
