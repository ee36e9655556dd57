"""HTTP/1.1 as uvicorn speaks it, with an end to everything a client may spend: bytes before a call, and time.

uvicorn has no deadline for a connection that never asks, or asks a byte a minute, and no limit for a request's head.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from host_sim.centre.messages import MAX_BODY_BYTES

HEAD_BYTES_MAX = 16 * 1024
HEADERS_MAX = 64
MESSAGE_BYTES_MAX = HEAD_BYTES_MAX + 2 * MAX_BODY_BYTES  # chunks need more bytes than the body they carry

_WORDS = b'{"code":"bad_request","pin_tries_left":null}'
_NO_HTTP = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\n"
    b"content-length: %d\r\n\r\n%s" % (len(_WORDS), _WORDS)
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """`request_s`: from a connection, or the first byte of a request on a kept one, to the request's last byte."""

    request_s: float = 10.0
    handshake_s: float = 10.0
    kept_s: int = 120  # for a kept connection between two requests


class BoundedProtocol(HttpToolsProtocol):
    """`closed` is told why a connection was closed before its request was heard (a word of `metrics.CLOSED`)."""

    def __init__(self, *, bounds: Bounds, closed: Callable[[str], None], **uvicorns: Any) -> None:
        super().__init__(**uvicorns)
        self._bounds = bounds
        self._closed = closed
        self._deadline: asyncio.TimerHandle | None = None
        self._head_open = True
        self._heard_bytes = 0  # of the present request
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._begin_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._begin_deadline()
        self._heard_bytes += len(data)
        super().data_received(data)
        if self._head_open and self._heard_bytes > HEAD_BYTES_MAX:
            self.hang_up("head_too_long")
        elif self._heard_bytes > MESSAGE_BYTES_MAX:
            self.hang_up("body_too_long")

    def on_url(self, url: bytes) -> None:
        self._head_bytes += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value)
        super().on_header(name, value)
        if len(self.headers) > HEADERS_MAX or self._head_bytes > HEAD_BYTES_MAX:
            raise httptools.HttpParserError("head too long")

    def on_headers_complete(self) -> None:
        self._head_open = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._end_deadline()
        self._head_open, self._heard_bytes, self._head_bytes = True, 0, 0

    def send_400_response(self, msg: str) -> None:
        """The same words as for any other message that is none; `msg` is uvicorn's and is not told."""
        del msg
        self._closed("bad_http")
        self.transport.write(_NO_HTTP)
        self.transport.close()

    def hang_up(self, why: str) -> None:
        """Close now: what the client has not read yet is lost."""
        self._end_deadline()
        if not self.transport.is_closing():
            self._closed(why)
        self.transport.abort()

    def _begin_deadline(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self._bounds.request_s, self.hang_up, "silent")

    def _end_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
