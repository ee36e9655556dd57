"""TLS 1.3 with client certificates, and an HTTP protocol that gives the application the machine's name.

uvicorn does not give an application the client certificate. A subclass of its protocol puts the certificate's name
and site, and when the connection was opened, into the scope of every request.
"""

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from host_sim.centre.machines.registry import spki_of
from host_sim.centre.operating.lanes import CONNECTIONS
from host_sim.centre.store import Peer
from host_sim.centre.wire import BoundedProtocol, Bounds

Closed = Callable[[str, str | None], None]  # why, and the machine


class Protocols:
    """Makes the protocol of each connection; knows how many connections each machine has."""

    def __init__(self, bounds: Bounds, closed: Closed) -> None:
        self.bounds = bounds
        self.closed = closed
        self.connections_of: Counter[str] = Counter()

    def __call__(self, **uvicorns: Any) -> "NamedClientProtocol":
        return NamedClientProtocol(self, **uvicorns)


class NamedClientProtocol(BoundedProtocol):
    """HTTP/1.1 whose application learns the peer from its certificate."""

    def __init__(self, all_: Protocols, **uvicorns: Any) -> None:
        super().__init__(bounds=all_.bounds, closed=lambda why: all_.closed(why, self._machine), **uvicorns)
        self._all = all_
        self._machine: str | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        peer = peer_of(transport.get_extra_info("peercert") or {})
        shown = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
        spki = spki_of(shown) if shown else ""
        self._machine = None if peer is None else peer.name
        inner, opened = self.app, time.time()

        async def named(scope: Any, receive: Any, send: Any) -> None:
            await inner({**scope, "kofuki.peer": peer, "kofuki.spki": spki, "kofuki.opened": opened}, receive, send)

        self.app = named
        counted = self._machine or "-"
        self._all.connections_of[counted] += 1
        if self._all.connections_of[counted] > CONNECTIONS:
            self.hang_up("too_many_connections")

    def connection_lost(self, exc: Exception | None) -> None:
        self._all.connections_of[self._machine or "-"] -= 1
        super().connection_lost(exc)


def peer_of(certificate: dict[str, Any]) -> Peer | None:
    """Name and site of a verified client certificate, as `ssl` gives it; None when it names nobody."""
    subject = dict(pair for part in certificate.get("subject", ()) for pair in part)
    name, site = subject.get("commonName"), subject.get("organizationalUnitName")
    return None if name is None or site is None else Peer(name, site)


def tls_context(tls: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(tls / "server.pem", tls / "server.key")
    context.load_verify_locations(tls / "ca.pem")
    return context
