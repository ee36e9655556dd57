"""The line between a machine and the centre, as a cable that can fail: a TCP relay that cannot read what it carries.

It can be cut, be silent, be slow, drip, break off in the middle of an answer, or lead to somebody else with another
certificate. It runs in a thread of its own; `fail` and `mend` act at once, also on connections that stand.
"""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_CHUNK = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFault:
    """What is wrong with the line. Delays and counts are of what comes back from the centre."""

    refuse: bool = False  # nobody listens; what stands is cut
    silent: bool = False  # connects, and then nothing comes back
    delay_s: float = 0.0
    bytes_per_s: float | None = None
    cut_after_bytes: int | None = None  # of each connection, counted from when the fault began
    impostor: Path | None = None  # stem of a .pem and a .key: somebody else answers


SOUND = LineFault()


class FaultyLine:
    """Listens on `port` of the loopback (0 takes a free one) and leads to the centre. Use as a context manager."""

    def __init__(self, centre_port: int, port: int = 0) -> None:
        self.port = port
        self._centre_port = centre_port
        self._fault = SOUND
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="line", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        self._thread.start()
        self._do(self._listen())

    def stop(self) -> None:
        """Close everything. Harmless when it never started."""
        if self._thread.is_alive():
            self._do(self._hang_up())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def fail(self, fault: LineFault) -> None:
        """From now on the line has this fault and no other."""
        self._do(self._become(fault))

    def cut(self) -> None:
        self.fail(LineFault(refuse=True))

    def mend(self) -> None:
        self.fail(SOUND)

    # --- inside the thread ----------------------------------------------------------------------

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _become(self, fault: LineFault) -> None:
        self._fault = fault
        if fault.refuse or fault.impostor is not None:
            await self._hang_up()
        if self._server is None and not fault.refuse:
            await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _hang_up(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for end in tuple(self._ends):
            end.transport.abort()
        if server is not None:
            await server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            if self._fault.impostor is not None:
                await writer.start_tls(_impostor(self._fault.impostor))
                await reader.read(1)
            else:
                await self._relay(reader, writer)
        writer.transport.abort()
        self._ends.discard(writer)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Both directions, until one end hangs up."""
        from_centre, to_centre = await asyncio.open_connection("127.0.0.1", self._centre_port)
        self._ends.add(to_centre)
        ways = [
            asyncio.ensure_future(self._there(reader, to_centre)),
            asyncio.ensure_future(self._back(from_centre, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            to_centre.transport.abort()
            self._ends.discard(to_centre)

    async def _there(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """From the centre, with whatever is wrong with the line at each moment."""
        since: LineFault | None = None
        passed = 0
        while data := await reader.read(_CHUNK):
            if self._fault is not since:
                since, passed = self._fault, 0
            if since.silent:
                continue
            if since.delay_s:
                await asyncio.sleep(since.delay_s)
            limit = since.cut_after_bytes
            whole = limit is None or passed + len(data) <= limit
            await self._pass(data if limit is None else data[: limit - passed], writer)
            passed += len(data)
            if not whole:
                return

    async def _pass(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        """At the pace the line has while it is passed."""
        while data:
            pace = self._fault.bytes_per_s
            step = len(data) if pace is None else 1
            writer.write(data[:step])
            await writer.drain()
            data = data[step:]
            if pace is not None:
                await asyncio.sleep(1 / pace)


def _impostor(stem: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(stem.with_name(stem.name + ".pem"), stem.with_name(stem.name + ".key"))
    return context
