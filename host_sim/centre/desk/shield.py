"""What holds for every answer of the desk: headers for the browser, and an end to what a request may bring."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

from host_sim.centre.messages import MAX_BODY_BYTES

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), usb=()",
    "Strict-Transport-Security": "max-age=31536000",
}


class Shield:
    """An ASGI application around the desk's."""

    def __init__(self, app: Callable[[Message, Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)  # the check page has a policy of its own
            await send(message)

        headers = Headers(scope=scope)
        if _foreign(scope["method"], headers):
            await PlainTextResponse("This form came from another site; nothing was done.\n", 403)(
                scope, receive, guarded
            )
            return
        body = await _whole_body(headers, receive)
        if body is None:
            await PlainTextResponse("The form is too long; nothing was done.\n", 413)(scope, receive, guarded)
            return
        if _has_nul(scope, body):
            await PlainTextResponse("Something that no keyboard types was sent; nothing was done.\n", 400)(
                scope, receive, guarded
            )
            return
        await self._app(scope, _once(body, receive), guarded)


def _foreign(method: str, headers: Headers) -> bool:
    """Whether the browser says that another site's page sent this."""
    if method in {"GET", "HEAD"}:
        return False
    site, origin = headers.get("sec-fetch-site", "same-origin"), headers.get("origin")
    return site not in {"same-origin", "none"} or (origin is not None and origin != f"https://{headers.get('host')}")


def _has_nul(scope: Message, body: bytes) -> bool:
    """Whether the letter NUL was sent: PostgreSQL stores and compares no text with it."""
    sent = (scope["path"].encode(), scope["query_string"], body)
    return any(b"\0" in part or b"%00" in part for part in sent)


async def _whole_body(headers: Headers, receive: Receive) -> bytes | None:
    told = headers.get("content-length", "0")
    if not told.isdecimal() or int(told) > MAX_BODY_BYTES:
        return None
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if message["type"] != "http.request" or not message.get("more_body", False):
            return bytes(body)


def _once(body: bytes, receive: Receive) -> Receive:
    """`receive` for the application: the body in one message, then what the connection says."""
    parts = [body]

    async def heard() -> Message:
        return {"type": "http.request", "body": parts.pop(), "more_body": False} if parts else await receive()

    return heard
