"""The running process: uvicorn with our bounds, its log and metrics, and the listener for health and metrics beside it."""

import asyncio
import contextlib
import functools
import gc
import os
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from prometheus_client import generate_latest

from host_sim.centre.alarms.sending import Sender
from host_sim.centre.database import NO_ANSWER
from host_sim.centre.machines.admission import Admission
from host_sim.centre.operating import health, startup
from host_sim.centre.operating.gate import Gate
from host_sim.centre.operating.log import Event, Log
from host_sim.centre.operating.metrics import Books
from host_sim.centre.store import Store
from host_sim.centre.tls import Protocols, tls_context
from host_sim.centre.wire import Bounds


@dataclass(frozen=True, slots=True)
class Place:
    """Where the process listens. `health`: host and port of the listener for `/health` and `/metrics`, if wanted.

    `names`: hosts and addresses by which machines call it, for the certificate that the first start makes.
    """

    host: str
    port: int
    health: tuple[str, int] | None = None
    bounds: Bounds = field(default_factory=Bounds)
    names: tuple[str, ...] = ()


class Server(uvicorn.Server):
    """One process of the centre. `run_to_the_end` serves until SIGTERM."""

    def __init__(
        self,
        app: FastAPI,
        place: Place,
        store: Store,
        manifest: startup.Manifest,
        tls: Path,
        url: str,
        now: Callable[[], datetime],
        alarms: Sender,
    ) -> None:
        self.gate = Gate(app, Log(sys.stderr), Admission(store, now))
        self._place, self._store, self._manifest, self._url, self._now = place, store, manifest, url, now
        self._alarms, self._ending = alarms, threading.Event()
        self._health = health.Health(store, tls, manifest)
        self._books = Books(store, now)
        self.gate.metrics.registry.register(self._books)
        config = uvicorn.Config(
            self.gate,
            http=Protocols(place.bounds, self.gate.closed),  # type: ignore[arg-type]  # not a class, but it makes one
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            timeout_keep_alive=place.bounds.kept_s,
            timeout_graceful_shutdown=3,
            server_header=False,
        )
        config.load()
        config.ssl = tls_context(tls)
        super().__init__(config)

    def run_to_the_end(self) -> None:
        """Raises `NotStarted`, with nothing left behind."""
        line = bound("The machines' port", self._place.host, self._place.port)
        looking = self._listener()
        startup.check_in(self._store, self._manifest, self._url, self._now())
        self.gate.log.take_over()
        if looking is not None:
            threading.Thread(target=looking.serve_forever, daemon=True).start()
        sending = threading.Thread(target=self._alarms.run, args=(self._ending,), daemon=True)
        sending.start()
        self.run(sockets=[line])

    def _listener(self) -> Any:
        if self._place.health is None:
            return None
        page = functools.partial(generate_latest, self.gate.metrics.registry)
        try:
            return health.listen(*self._place.health, self._health, page)
        except OSError as trouble:
            raise _taken("The port for health", *self._place.health, trouble) from None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        loop = asyncio.get_running_loop()
        # uvicorn passes no deadline for the handshake, and asyncio's own is a minute.
        bounded = functools.partial(loop.create_server, ssl_handshake_timeout=self._place.bounds.handshake_s)
        loop.create_server = bounded  # type: ignore[method-assign]
        self._health.loop = loop
        await super().startup(sockets)
        gc.collect()
        gc.freeze()  # what was loaded stays; looking through it again and again took one part in thirty of the time
        self.gate.log.write(Event.STARTED)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """uvicorn's; then this process takes itself off the list, because SIGTERM ends it before `run` returns."""
        self._ending.set()
        await super().shutdown(sockets)
        with contextlib.suppress(*NO_ANSWER):  # the database may have ended first
            startup.check_out(self._store)
        self.gate.log.write(Event.ENDED)


def bound(what: str, host: str, port: int) -> socket.socket:
    """A socket that does not listen yet: uvicorn begins when it is ready.

    asyncio sends at once (TCP_NODELAY) only on a socket that says it is TCP; else the body of an answer waits 40 ms, until
    the client has acknowledged the head.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    line = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        line.bind((host, port))
    except OSError as trouble:
        line.close()
        raise _taken(what, host, port, trouble) from None
    return line


def _taken(what: str, host: str, port: int, trouble: OSError) -> startup.NotStarted:
    return startup.NotStarted(
        f"{what} {host}:{port} cannot be taken: {os.strerror(trouble.errno or 0)}. End what uses it, or name another."
    )
