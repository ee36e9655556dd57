"""The centre without a wire: the same calls, made in this thread, for whole sessions in virtual time.

`MemoryLine.exchange` has the shape of the drivers' transport seam (drivers/line/README.md), below their codec: bytes
in, bytes out. No socket, no event loop, no thread; only the store does I/O, and with `sqlite://` not even that.
"""

from collections.abc import Mapping

from fastapi import FastAPI

from host_sim.centre.calls import Answered, Calls
from host_sim.centre.store import Peer


class MemoryLine:
    """One machine's line to an application made by `api.make_app`."""

    def __init__(self, app: FastAPI, peer: Peer, opened_s: float | None = None) -> None:
        self._calls = Calls(app)
        self._scope = {"type": "http", "kofuki.peer": peer, "kofuki.opened": opened_s}

    def exchange(
        self, method: str, path: str, body: bytes | None, deadline_s: float, headers: Mapping[str, str] | None = None
    ) -> Answered:
        """Status, headers and body; `deadline_s` is ignored, because no virtual time passes here."""
        del deadline_s
        sent = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
        return self._calls.answer(self._calls.find(method, path), {**self._scope, "path": path, "headers": sent}, body)
