"""`/health` and `/metrics` on a listener of their own, in plain HTTP.

The machines' port takes nobody without a machine's certificate, and a load balancer or Prometheus has none and should
have none. This listener has no secret to protect and changes nothing; it is bound to the address that the operator
names, normally 127.0.0.1 or one of the inner network. It runs in threads of its own, so that it answers, and says so,
when the event loop stands still.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from prometheus_client import CONTENT_TYPE_LATEST

from host_sim.centre import schema
from host_sim.centre.database import NO_ANSWER
from host_sim.centre.operating import startup
from host_sim.centre.store import Store
from host_sim.centre.tables import meta

LOOP_S = 10.0  # the event loop answers a question within this time, or the process counts as stuck
KEYS = ("manifest.key", "pin.key", "server.key", "server.pem", "ca.pem")
_NEEDED = ("process", "database", "tables", "keys")


class Health:
    """`loop`: the event loop that serves the machines; None until it runs."""

    def __init__(self, store: Store, tls: Path, manifest: startup.Manifest) -> None:
        self._store = store
        self._tls = tls
        self._manifest = manifest
        self.loop: asyncio.AbstractEventLoop | None = None

    def look(self) -> dict[str, str]:
        """What was looked at -> a word. `ok` in all of `_NEEDED`: machines can be served."""
        database, tables, line, manifest = self._look_at_database()
        return {
            "process": "ok" if self._loop_answers() else "stuck",
            "database": database,
            "tables": tables,
            "keys": "ok" if all(_readable(self._tls / name) for name in KEYS) else "unreadable",
            "manifest": manifest,
            "line": line,
        }

    def _loop_answers(self) -> bool:
        if self.loop is None:
            return False
        answered = threading.Event()
        try:
            self.loop.call_soon_threadsafe(answered.set)
        except RuntimeError:  # the loop is closed
            return False
        return answered.wait(LOOP_S)

    def _look_at_database(self) -> tuple[str, str, str, str]:
        try:
            with self._store.reading() as c:
                there = set(sa.inspect(c).get_table_names())
                if not set(meta.tables) <= there or schema.revision(c) != schema.newest():
                    return "ok", "missing", "unknown", "unknown"
                stopped = self._store.fact(c, "stopped") is not None
                known = startup.standing(self._store, c) or {}
        except NO_ANSWER:
            return "unreachable", "unknown", "unknown", "unknown"
        same = known.get("program") == self._manifest.program
        return "ok", "ok", "stopped" if stopped else "open", "ok" if same else "replaced"


def is_well(told: Mapping[str, str]) -> bool:
    return all(told[name] == "ok" for name in _NEEDED)


def _readable(path: Path) -> bool:
    try:
        return bool(path.read_bytes())
    except OSError:
        return False


def listen(host: str, port: int, health: Health, metrics: Callable[[], bytes]) -> ThreadingHTTPServer:
    """The listener, bound; `serve_forever` serves it. Raises OSError when the address is taken."""

    class Answers(BaseHTTPRequestHandler):
        timeout = 10.0  # for a client that sends nothing
        server_version, sys_version = "kofuki", ""

        def do_GET(self) -> None:
            if self.path == "/health":
                told = health.look()
                self._say(200 if is_well(told) else 503, "application/json", json.dumps(told).encode())
            elif self.path == "/metrics":
                self._say(200, CONTENT_TYPE_LATEST, metrics())
            else:
                self._say(404, "text/plain", b"/health or /metrics\n")

        def _say(self, status: int, content: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Who looks at the health is not logged."""

        def send_error(self, code: int, *_: Any, **__: Any) -> None:
            """http.server would repeat the caller's words."""
            self._say(code, "text/plain", b"no such request\n")

    server = ThreadingHTTPServer((host, port), Answers)
    server.daemon_threads = True
    return server
