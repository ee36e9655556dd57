"""The centre without a wire: the same endpoints, called in this thread, for whole sessions in virtual time.

`MemoryLine.exchange` has the shape of the drivers' transport seam (drivers/line/README.md), below their codec: bytes
in, bytes out. No socket, no event loop, no thread; only the store does I/O, and with `sqlite://` not even that.
"""

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError

from host_sim.centre import messages as say
from host_sim.centre.api import TROUBLES, NoCall, answer_trouble
from host_sim.centre.store import Peer

_Body = TypeVar("_Body", bound=BaseModel)
Exchanged = tuple[int, Mapping[str, str], bytes]


@dataclass(frozen=True, slots=True)
class _Call:
    """One endpoint, and the models that read its arguments."""

    route: APIRoute
    body: tuple[str, type[BaseModel]] | None
    path: Mapping[str, TypeAdapter[Any]]


class MemoryLine:
    """One machine's line to an application made by `api.make_app`."""

    def __init__(self, app: FastAPI, peer: Peer, opened_s: float | None = None) -> None:
        self._calls = [_call(route) for route in app.routes if isinstance(route, APIRoute)]
        self._scope = {"type": "http", "kofuki.peer": peer, "kofuki.opened": opened_s}

    def exchange(
        self, method: str, path: str, body: bytes | None, deadline_s: float, headers: Mapping[str, str] | None = None
    ) -> Exchanged:
        """Status, headers and body; `deadline_s` is ignored, because no virtual time passes here."""
        del deadline_s
        sent = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
        try:
            answer = self._answer(method, path, body, Request({**self._scope, "headers": sent}))
        except (*TROUBLES, ValidationError) as trouble:
            status, told = answer_trouble(trouble)
            return status, {}, json.dumps(told).encode()
        if isinstance(answer, Response):
            return 200, {name.lower(): value for name, value in answer.headers.items()}, bytes(answer.body)
        return 200, {}, _json(answer)

    def _answer(self, method: str, path: str, body: bytes | None, request: Request) -> Any:
        for call in self._calls:
            match = call.route.path_regex.match(path)
            if match is not None and method in (call.route.methods or ()):
                words = {name: kind.validate_python(match[name]) for name, kind in call.path.items()}
                return call.route.endpoint(**words, **_read(call, body), request=request)
        raise NoCall


def _call(route: APIRoute) -> _Call:
    body, path = None, {}
    endpoint: Callable[..., Any] = route.endpoint
    for name, parameter in inspect.signature(endpoint).parameters.items():
        kind = parameter.annotation
        if inspect.isclass(kind) and issubclass(kind, BaseModel):
            body = (name, kind)
        elif name in route.param_convertors:
            path[name] = TypeAdapter(kind)
    return _Call(route, body, path)


def _read(call: _Call, body: bytes | None) -> dict[str, BaseModel]:
    if call.body is None:
        return {}
    name, kind = call.body
    return {name: read_body(kind, body)}


def read_body(kind: type[_Body], body: bytes | None) -> _Body:
    """A body as the endpoints read it. Raises `ValidationError` or `NoCall`, for which `answer_trouble` has the words."""
    try:
        return kind.model_validate(say.parse(body or b""))
    except ValidationError:
        raise
    except ValueError:
        raise NoCall from None


def _json(answer: BaseModel) -> bytes:
    return answer.model_dump_json(by_alias=True, warnings=False).encode()
