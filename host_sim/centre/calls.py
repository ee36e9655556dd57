"""The line's calls, answered: method, path and body in; status, headers and bytes out; in the thread that asks.

FastAPI describes the calls (`api.py`): their paths, their messages, the OpenAPI document. They are read and answered here, for a
machine on the wire (`operating/gate.py`) as for one in memory (`memory.py`); a framework's way from the one to the other, through
its middlewares and dependencies, took a fifth of an issue's time.
"""

import inspect
import json
import re
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError

from host_sim.centre import messages as say
from host_sim.centre.api import TROUBLES, Misread, NoCall, answer_trouble

_Body = TypeVar("_Body", bound=BaseModel)
JSON = {"content-type": "application/json"}


class Answered(NamedTuple):
    """`headers`: with small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """One endpoint, and the models that read its arguments. `name`: method and path, as in the OpenAPI document."""

    name: str
    method: str
    path: re.Pattern[str]
    endpoint: Callable[..., Any]
    words: Mapping[str, TypeAdapter[Any]]
    body: tuple[str, type[BaseModel]] | None = None


class Calls:
    """All calls of an application made by `api.make_app`."""

    def __init__(self, app: FastAPI) -> None:
        self._calls = [_call(route) for route in app.routes if isinstance(route, APIRoute)]
        self._calls.append(
            Call("GET /openapi.json", "GET", re.compile(re.escape("/openapi.json")), _describing(app), {})
        )
        self.names = frozenset(call.name for call in self._calls)

    def find(self, method: str, path: str) -> Call | None:
        """The call of this method and path; None when there is none."""
        return next((one for one in self._calls if one.method == method and one.path.fullmatch(path)), None)

    def answer(self, call: Call | None, scope: MutableMapping[str, Any], body: bytes | None) -> Answered:
        """The answer to a call, or to what is none; `scope` says who asks (ASGI), and is told the path's words.

        Raises what nobody expected; for that, `api.failure` has the words.
        """
        try:
            if call is None:
                raise NoCall
            found = call.path.fullmatch(scope["path"])
            scope["path_params"] = words = found.groupdict() if found is not None else {}
            told = call.endpoint(**_read(call, words, body), request=Request(scope))
        except TROUBLES as trouble:
            status, refusal = answer_trouble(trouble)
            return Answered(status, JSON, json.dumps(refusal).encode())
        if isinstance(told, Response):
            return Answered(200, {name.lower(): value for name, value in told.headers.items()}, bytes(told.body))
        return Answered(200, JSON, told.model_dump_json(by_alias=True, warnings=False).encode())


def _call(route: APIRoute) -> Call:
    body, words = None, {}
    endpoint: Callable[..., Any] = route.endpoint
    for name, parameter in inspect.signature(endpoint).parameters.items():
        kind = parameter.annotation
        if inspect.isclass(kind) and issubclass(kind, BaseModel):
            body = (name, kind)
        elif name in route.param_convertors:
            words[name] = TypeAdapter(kind)
    [method] = sorted(route.methods or ())
    return Call(f"{method} {route.path}", method, re.compile(route.path_regex.pattern), endpoint, words, body)


def _describing(app: FastAPI) -> Callable[..., Response]:
    def describe(request: Request) -> Response:
        del request
        return Response(json.dumps(app.openapi()), media_type="application/json")

    return describe


def _read(call: Call, words: Mapping[str, str], body: bytes | None) -> dict[str, Any]:
    try:
        read: dict[str, Any] = {name: kind.validate_python(words[name]) for name, kind in call.words.items()}
    except ValidationError:
        raise Misread from None
    if call.body is not None:
        name, kind = call.body
        read[name] = read_body(kind, body)
    return read


def read_body(kind: type[_Body], body: bytes | None) -> _Body:
    """A body as the endpoints read it. Raises `Misread` or `NoCall`."""
    try:
        return kind.model_validate(say.parse(body or b""))
    except ValidationError:
        raise Misread from None
    except ValueError:
        raise NoCall from None
