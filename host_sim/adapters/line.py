"""The line between machine and centre, with somebody's hand on it: bytes of TLS pass through untouched, or do not.

`cut`: the cable is out; connections break and none can be made. `hold`: everything stands still, as behind a modem
that lost its carrier; nothing is refused, nothing arrives. `slow_s`: every piece is late by so much.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

_T = TypeVar("_T")
_PIECE = 16384
_RESET = struct.pack("ii", 1, 0)  # closing forgets what is under way and resets the far end


class FaultyLine:
    """Listens on `port` of this computer and relays to `target_port`, on a thread of its own, until `close`."""

    def __init__(self, target_port: int, port: int = 0) -> None:
        self.slow_s = 0.0
        self.port = port
        self.connections = 0  # since the start
        self._target_port = target_port
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._flows.set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="line", daemon=True)
        self._thread.start()
        self._do(self._listen())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def cut(self) -> None:
        self._do(self._break())

    def mend(self) -> None:
        """Cable in, carrier back."""
        self._do(self._listen())

    def hold(self) -> None:
        self._do(self._stand_still())

    def close(self) -> None:
        """Give the port back. Calling it twice is harmless."""
        if self._loop.is_closed():
            return
        self._do(self._break())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # --- on the thread --------------------------------------------------------------------------

    def _do(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(5.0)

    async def _listen(self) -> None:
        self._flows.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._relay, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _stand_still(self) -> None:
        self._flows.clear()

    async def _break(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for end in self._ends:
            end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            end.transport.abort()
        self._flows.set()
        await asyncio.sleep(0)

    async def _relay(self, near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._ends.add(near_out)
        far_out: asyncio.StreamWriter | None = None
        try:
            far_in, far_out = await asyncio.open_connection("127.0.0.1", self._target_port)
            self._ends.add(far_out)
            await asyncio.gather(self._pass(near_in, far_out), self._pass(far_in, near_out))
        except OSError:
            pass  # one end is gone, so the other is let go
        finally:
            for end in (near_out, far_out):
                if end is not None:
                    self._ends.discard(end)
                    end.close()

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(_PIECE):
            if self.slow_s:
                await asyncio.sleep(self.slow_s)
            await self._flows.wait()
            sink.write(data)
            await sink.drain()
        with contextlib.suppress(OSError):
            sink.write_eof()
