"""The desk as a process: TLS with a certificate of its own, bounds on every connection, and a place in the list of processes."""

import asyncio
import contextlib
import functools
import socket
import ssl
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import uvicorn

from host_sim.centre.city.book import CityBook
from host_sim.centre.database import NO_ANSWER
from host_sim.centre.desk.app import make_app
from host_sim.centre.desk.desk import Desk
from host_sim.centre.identity import ensure_desk
from host_sim.centre.opening import database_url, keys_of, open_books, open_city, simulated_now
from host_sim.centre.operating import startup
from host_sim.centre.operating.log import Event, Log
from host_sim.centre.serving import bound
from host_sim.centre.staff.accounts import Accounts
from host_sim.centre.store import Store
from host_sim.centre.wire import BoundedProtocol, Bounds

CONNECTIONS = 200
_BOUNDS = Bounds()


class Server(uvicorn.Server):
    """`run_to_the_end` serves until SIGTERM."""

    def __init__(self, desk: Desk, app: Any, tls: Path, manifest: startup.Manifest, url: str) -> None:
        self._desk, self._manifest, self._url, self._log = desk, manifest, url, Log(sys.stderr)
        config = uvicorn.Config(
            app,
            http=self._protocol,  # type: ignore[arg-type]  # not a class, but it makes one
            ws="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=_BOUNDS.kept_s,
            timeout_graceful_shutdown=3,
            server_header=False,
        )
        config.load()
        config.ssl = _tls_context(tls)
        super().__init__(config)

    def _protocol(self, **uvicorns: Any) -> BoundedProtocol:
        return BoundedProtocol(bounds=_BOUNDS, closed=lambda why: self._log.write(Event.CLOSED, code=why), **uvicorns)

    def run_to_the_end(self, host: str, port: int) -> None:
        """Raises `NotStarted`, with nothing left behind."""
        listening = bound("The desk's port", host, port)
        startup.check_in(self._desk.store, self._manifest, self._url, self._desk.now())
        self._log.take_over()
        self.run(sockets=[listening])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        loop = asyncio.get_running_loop()
        bounded = functools.partial(loop.create_server, ssl_handshake_timeout=_BOUNDS.handshake_s)
        loop.create_server = bounded  # type: ignore[method-assign]
        await super().startup(sockets)
        self._log.write(Event.STARTED)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        with contextlib.suppress(*NO_ANSWER):
            startup.check_out(self._desk.store)
        self._log.write(Event.ENDED)


def open_desk(store: Store, city: CityBook, staff_key: bytes, now: Callable[[], datetime]) -> Desk:
    return Desk(store, city, Accounts(store, city, staff_key), now)


def make_server(run: Path, database: str | None, make: Callable[[Desk], Any] = make_app) -> Server:
    """The desk of one centre; with `make`, another application over the same books.

    Raises `CityError` for a city's file that cannot be used.
    """

    def now() -> datetime:
        return simulated_now(run / "clock-offset")

    store = open_books(run, database)
    book = open_city(store, None, now())
    with store.reading() as c:
        city = book.city(c, now())
    identity = keys_of(run, city)
    ensure_desk(run / "centre")
    manifest = startup.manifest_of(identity, city.at(now()).municipality.code)
    desk = open_desk(store, book, identity.staff_key, now)
    return Server(desk, make(desk), run / "centre" / "tls", manifest, database_url(run, database))


def _tls_context(tls: Path) -> ssl.SSLContext:
    """Of staff's browsers no certificate is asked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(tls / "desk.pem", tls / "desk.key")
    return context
