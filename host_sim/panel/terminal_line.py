"""The panel's terminal: carries bytes between a page and the maintenance line. One page at a time has it.

What the line said lately is kept while the world is up, so a page that is loaded again shows it. The line says no password,
because the machine does not echo one.
"""

import asyncio
import contextlib
import os
from pathlib import Path

from starlette.websockets import WebSocket, WebSocketDisconnect

from host_sim.running import NotRunning
from host_sim.technician import opened

KEPT_BYTES = 32 << 10
READ_BYTES = 4096
IN_USE = 4001  # the close code of a socket that did not get the line; its reason is a sentence


class TerminalLine:
    def __init__(self, run: Path) -> None:
        self._run = run
        self._said = bytearray()

    async def serve(self, socket: WebSocket) -> None:
        """Connect this page with the line until either ends."""
        await socket.accept()
        try:
            with opened(self._run) as line:
                if self._said:
                    await socket.send_bytes(bytes(self._said))
                os.write(line, b"\r")  # the machine shows its prompt
                await self._carry(socket, line)
        except NotRunning as trouble:
            with contextlib.suppress(RuntimeError):
                await socket.close(IN_USE, str(trouble))

    async def _carry(self, socket: WebSocket, line: int) -> None:
        loop = asyncio.get_running_loop()
        heard: asyncio.Queue[bytes] = asyncio.Queue()
        loop.add_reader(
            line, lambda: heard.put_nowait(os.read(line, READ_BYTES))
        )  # called when there is something to read
        tasks = [asyncio.create_task(work) for work in (self._say(socket, heard), _type(socket, line))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            loop.remove_reader(line)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _say(self, socket: WebSocket, heard: asyncio.Queue[bytes]) -> None:
        while True:
            piece = await heard.get()
            self._said += piece
            del self._said[:-KEPT_BYTES]
            await socket.send_bytes(piece)


async def _type(socket: WebSocket, line: int) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await asyncio.to_thread(os.write, line, (await socket.receive_text()).encode("ascii", "replace"))
