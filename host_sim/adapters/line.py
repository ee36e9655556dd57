"""The line between machine and centre: a TCP relay that can fail. It passes TLS on without reading it.

It can be cut, stand still, be silent or slow, send byte by byte, break off in an answer, or lead to a server with another
certificate. It runs in a thread of its own; `fail` and `mend` act at once, also on open connections.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_PIECE = 65536
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER 0: closing discards unsent bytes and resets the far end


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFault:
    """What is wrong with the line. Delays and counts are for bytes from the centre."""

    refuse: bool = False  # no connection is accepted; open ones are cut
    held: bool = False  # connections stay open and nothing arrives; after `mend` everything arrives
    silent: bool = False  # connects, but the centre's bytes are lost
    delay_s: float = 0.0
    bytes_per_s: float | None = None
    cut_after_bytes: int | None = None  # of each connection, counted from when the fault began
    impostor: Path | None = None  # stem of a .pem and a .key: another server answers with this certificate


SOUND = LineFault()


class FaultyLine:
    """Listens on `port` of the loopback (0 takes a free one) and leads to `target_port`, until `close`."""

    def __init__(self, target_port: int, port: int = 0) -> None:
        self.port = port
        self._target_port = target_port
        self._fault = SOUND
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_forever, name="line", daemon=True)
        self._thread.start()
        self._do(self._become(SOUND))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def fail(self, fault: LineFault) -> None:
        """Give the line this fault, in the place of any other."""
        self._do(self._become(fault))

    def cut(self) -> None:
        """Unplug the cable: connections break and none can be made."""
        self.fail(LineFault(refuse=True))

    def hold(self) -> None:
        """Stop all bytes without closing a connection, as a modem that lost its carrier does."""
        self.fail(LineFault(held=True))

    def mend(self) -> None:
        self.fail(SOUND)

    def close(self) -> None:
        """Stop and free the port. May be called twice."""
        if self._loop.is_closed():
            return
        self._do(self._break())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # --- on the thread --------------------------------------------------------------------------

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(300)

    async def _become(self, fault: LineFault) -> None:
        self._fault = fault
        if fault.held:
            self._flows.clear()
        else:
            self._flows.set()
        if fault.refuse or fault.impostor is not None:
            await self._break()
        if self._server is None and not fault.refuse:
            self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _break(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for end in tuple(self._ends):
            _reset(end)
        if server is not None:
            await server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        with contextlib.suppress(OSError):
            if self._fault.impostor is None:
                await self._relay(reader, writer)
            else:
                await writer.start_tls(_impostor(self._fault.impostor))
                await reader.read(1)
        writer.close()
        self._ends.discard(writer)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Copy both directions until both ends have sent everything or one is closed."""
        from_centre, to_centre = await asyncio.open_connection("127.0.0.1", self._target_port)
        self._ends.add(to_centre)
        try:
            async with asyncio.TaskGroup() as ways:
                ways.create_task(self._there(reader, to_centre))
                ways.create_task(self._back(from_centre, writer))
        except* OSError:
            pass  # one end is closed, so the other is closed too
        finally:
            to_centre.close()
            self._ends.discard(to_centre)

    async def _there(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(_PIECE):
            await self._flows.wait()
            sink.write(data)
            await sink.drain()
        sink.write_eof()

    async def _back(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Copy bytes from the centre, with the fault that the line has at each moment."""
        since: LineFault | None = None
        passed = 0
        while data := await source.read(_PIECE):
            if self._fault is not since:
                since, passed = self._fault, 0
            if since.silent:
                continue
            await asyncio.sleep(since.delay_s)
            await self._flows.wait()
            limit = since.cut_after_bytes
            await self._pass(data if limit is None else data[: limit - passed], sink)
            passed += len(data)
            if limit is not None and passed > limit:
                raise ConnectionAbortedError
        sink.write_eof()

    async def _pass(self, data: bytes, sink: asyncio.StreamWriter) -> None:
        """Send bytes to the machine at the line's present speed."""
        while data:
            pace = self._fault.bytes_per_s
            step = len(data) if pace is None else 1
            sink.write(data[:step])
            await sink.drain()
            data = data[step:]
            if pace is not None:
                await asyncio.sleep(1 / pace)


def _reset(end: asyncio.StreamWriter) -> None:
    """Break a connection as a cable does that is pulled."""
    with contextlib.suppress(OSError):
        end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    end.transport.abort()


def _impostor(stem: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(stem.with_name(stem.name + ".pem"), stem.with_name(stem.name + ".key"))
    return context
