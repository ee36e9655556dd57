"""The front panel's server: one page, one socket, the papers as pictures. Loopback only.

All browsers show the same machine. The socket sends the wallet once, the status when it changes, and the boxes of the
screen that changed; it takes acts (host_sim/acts.py). So that a page of another site cannot operate the machine, a
request must name a loopback host, and its Origin header, if any, must name the same host.
"""

import asyncio
import contextlib
import io
import json
import struct
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from host_sim.acts import Refused, perform
from host_sim.panel.terminal_line import TerminalLine
from host_sim.world import World

STATIC = Path(__file__).with_name("static")
XTERM = Path(__file__).with_name("terminal") / "node_modules" / "@xterm" / "xterm"  # from npm, by `make setup`
# xterm.js writes its letters' sizes into style elements; nothing else of the page is not a file of this server.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; media-src 'self'; "
    "connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
FRAME_S = 0.04
STATUS_S = 0.12
_FAST_PNG = 1  # the screen is sent often over loopback: time matters, size does not


def make_app(world: World) -> ASGIApp:
    """The panel of one world."""
    panel = _Panel(world)
    routes = [
        Route("/", panel.page),
        Route("/status.json", panel.status),
        Route("/screen.png", panel.screen),
        Route("/clerk-screen.png", panel.clerk_screen),
        Route("/paper/{number:int}.png", panel.paper),
        Route("/sound/{began:int}.wav", panel.sound),
        Route("/act", panel.act, methods=["POST"]),
        WebSocketRoute("/live", panel.live),
        WebSocketRoute("/terminal", TerminalLine(world.run).serve),
        Mount("/static", StaticFiles(directory=STATIC)),
        Mount("/xterm", StaticFiles(directory=XTERM, check_dir=False)),
    ]
    return OnlyHere(Starlette(routes=routes))


class OnlyHere:
    """Refuses requests that name no loopback host or come from a page of another site."""

    NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"} and not self._ours(Headers(scope=scope)):
            if scope["type"] == "websocket":
                await WebSocket(scope, receive, send).close(1008)
            else:
                await PlainTextResponse("Open the panel by its loopback address, 127.0.0.1.", 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _ours(self, headers: Headers) -> bool:
        host = headers.get("host", "")
        origin = headers.get("origin")
        return host.rpartition(":")[0] in self.NAMES and origin in {None, f"http://{host}"}


class _Panel:
    def __init__(self, world: World) -> None:
        self._world = world

    async def page(self, _: Request) -> Response:
        return FileResponse(
            STATIC / "index.html", headers={"Cache-Control": "no-store", "Content-Security-Policy": POLICY}
        )

    async def status(self, _: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(self._world.status))

    async def screen(self, _: Request) -> Response:
        return await self._glass(self._world.screen)

    async def clerk_screen(self, _: Request) -> Response:
        return await self._glass(self._world.clerk_screen)

    async def _glass(self, look: Callable[[], Image.Image | None]) -> Response:
        picture = await asyncio.to_thread(look)
        if picture is None:
            return PlainTextResponse("The screen is dark: the machine is off or starting.", 404)
        return Response(await asyncio.to_thread(png, picture), media_type="image/png")

    async def paper(self, request: Request) -> Response:
        picture = await asyncio.to_thread(self._world.paper, request.path_params["number"])
        if picture is None:
            return PlainTextResponse("That sheet has been taken.", 404)
        data = await asyncio.to_thread(png, picture)
        return Response(data, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})

    async def sound(self, request: Request) -> Response:
        path = self._world.sounds.folder / f"{request.path_params['began']}.wav"
        if not path.is_file():
            return PlainTextResponse("That sound is not kept any more.", 404)
        return FileResponse(path, media_type="audio/wav", headers={"Cache-Control": "no-store"})

    async def act(self, request: Request) -> Response:
        try:
            await self._perform(await request.body())
        except Refused as refused:
            return JSONResponse({"sentence": str(refused)}, 400)
        return JSONResponse(await asyncio.to_thread(self._world.status))

    async def live(self, socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_json({"kind": "wallet", **self._world.introduction()})
        tasks = [asyncio.create_task(work) for work in (self._tell(socket), self._show(socket), self._listen(socket))]
        done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # the page was closed
            for task in done:
                task.result()

    async def _tell(self, socket: WebSocket) -> None:
        """Send the status when it differs; a change of the clock alone only now and then, because the page runs it on."""
        told: Mapping[str, Any] = {}
        clock_at_s = 0.0
        while True:
            status = await asyncio.to_thread(self._world.status)
            now_s = time.monotonic()
            if _still(status) != _still(told) or now_s - clock_at_s > 10.0:
                await socket.send_json({"kind": "status", "status": status})
                told, clock_at_s = status, now_s
            await asyncio.sleep(STATUS_S)

    async def _show(self, socket: WebSocket) -> None:
        """Send the boxes of either glass that changed: which glass, left, top, a PNG."""
        glasses = self._world.onlookers()
        while True:
            for number, glass in enumerate(glasses):
                change = await asyncio.to_thread(glass.change)
                if change is not None:
                    (left, top, _, _), picture = change
                    await socket.send_bytes(struct.pack("<HHH", number, left, top) + png(picture, _FAST_PNG))
            await asyncio.sleep(FRAME_S)

    async def _listen(self, socket: WebSocket) -> None:
        while True:
            try:
                await self._perform((await socket.receive_text()).encode())
            except Refused as refused:
                await socket.send_json({"kind": "refused", "sentence": str(refused)})

    async def _perform(self, body: bytes) -> None:
        try:
            act = json.loads(body)
        except ValueError:
            raise Refused("The message is not JSON.") from None
        if not isinstance(act, dict):
            raise Refused("An act is a JSON object.")
        await asyncio.to_thread(perform, self._world, act)


def _still(status: Mapping[str, Any]) -> Mapping[str, Any]:
    """The status without the running clock; its offset stays, so that setting the clock is a change."""
    return {**status, "clock": status.get("clock", {}).get("offset_s")}


def png(picture: Image.Image, level: int = 6) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=level)
    return file.getvalue()
