"""A browser's side of HTTP without a socket: asks an ASGI application, keeps cookies, follows nothing."""

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

HOST = "desk.test"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str


class Browser:
    def __init__(self, app: Any, address: str = "192.0.2.7") -> None:
        self._app, self._address = app, address
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def post(self, path: str, data: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Answer:
        form = {"content-type": "application/x-www-form-urlencoded", **(headers or {})}
        return self.ask("POST", path, [urlencode(data).encode()], form)

    def ask(
        self, method: str, path: str, body: Iterable[bytes] = (), headers: Mapping[str, str] | None = None
    ) -> Answer:
        """`body`: its parts, as they arrive."""
        told = {"host": HOST, "cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), **(headers or {})}
        asked = urlsplit(path)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "https",
            "path": asked.path,
            "raw_path": asked.path.encode(),
            "query_string": asked.query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in told.items()],
            "client": (self._address, 40000),
            "server": (HOST, 443),
            "state": {},
        }
        return self._heard(asyncio.run(_exchange(self._app, scope, list(body))))

    def _heard(self, messages: list[dict[str, Any]]) -> Answer:
        start, body = messages[0], b"".join(message.get("body", b"") for message in messages[1:])
        headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
        for name, value in start["headers"]:
            if name.lower() == b"set-cookie":
                for cookie in SimpleCookie(value.decode()).values():
                    self.cookies[cookie.key] = cookie.value
                    if cookie["max-age"] == "0":
                        del self.cookies[cookie.key]
        return Answer(start["status"], headers, body.decode(errors="replace"))


async def _exchange(app: Any, scope: dict[str, Any], parts: list[bytes]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    heard = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    heard.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> dict[str, Any]:
        return heard.pop(0) if heard else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


def token_of(answer: Answer, action: str) -> str:
    """The token in the form of a page that is sent to `action`."""
    found = re.search(rf'action="{re.escape(action)}".*?name="form" value="([^"]+)"', answer.text, re.DOTALL)
    assert found is not None, answer.text
    return found[1]


def send(browser: Browser, page: str, action: str, **fields: str) -> Answer:
    """Open a page, fill in the form that is sent to `action`, and send it."""
    return browser.post(action, {"form": token_of(browser.get(page), action), **fields})
