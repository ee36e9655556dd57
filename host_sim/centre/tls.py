"""TLS 1.3 with client certificates, and a uvicorn protocol that gives the application the machine's name.

uvicorn does not give an application the client certificate. A subclass of its protocol puts the certificate's name
and site into the scope of every request.
"""

import asyncio
import ssl
from pathlib import Path
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from host_sim.centre.store import Peer


class NamedClientProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose application learns the peer from its certificate."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        peer = peer_of(transport.get_extra_info("peercert") or {})
        inner = self.app

        async def named(scope: Any, receive: Any, send: Any) -> None:
            await inner({**scope, "kofuki.peer": peer}, receive, send)

        self.app = named


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
