"""`up`: centre, devices and machine, and the front panel in a browser."""

import argparse
import json
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import uvicorn

from host_sim import running
from host_sim.commands import Commands, run_directory, say
from host_sim.panel.server import make_app
from host_sim.running import NotRunning
from host_sim.serial_cable import TERMINAL
from host_sim.world import STORE, World

ADDRESS = "127.0.0.1"
PORT = 8420


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("up", help="start everything and serve the front panel")
    run_directory(parser)
    parser.add_argument("--unit", type=Path, default=STORE, help="the unit file (default: the store machine)")
    parser.add_argument("--port", type=int, default=PORT, help=f"of the front panel (default {PORT})")
    parser.add_argument(
        "--at", metavar="TIME", help="set the machine's clock: now, 22:55, 12-31, sunday or a date and time"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    if running.listening(options.port):
        raise NotRunning(f"Something already listens on port {options.port}; take another with --port.")
    world = World(options.directory, options.unit)
    set_clock(world, options.at)
    say("Starting the centre, the devices and the machine …")
    with world:
        address = f"http://{ADDRESS}:{options.port}"
        note = world.run / "panel.json"
        note.write_text(json.dumps({"port": options.port, "pid": os.getpid()}))
        say(f"\n  {address}\n\nThe front panel is there. Ctrl-C ends it.")
        if (terminal := world.run / TERMINAL).exists():
            say(f"A technician's line: .venv/bin/python -m host_sim console (or screen {terminal} 115200)")
        try:
            _serve(world, options.port)
        finally:
            note.unlink(missing_ok=True)
    return 0


def set_clock(world: World, at: str | None) -> None:
    """The asked time; without one, real time, or a morning when that is outside the hours of service."""
    if at is not None:
        try:
            world.clock.set(at)
        except ValueError as trouble:
            raise NotRunning(str(trouble)) from None
        return
    world.clock.set("now")
    if world.clock.open_if_closed():
        say(f"In Japan the machine would be closed now; its clock is set to {world.clock.now():%Y-%m-%d %H:%M}.")


def _serve(world: World, port: int) -> None:
    """Until a signal. Browsers may keep their sockets open: they are not waited for."""
    config = uvicorn.Config(
        make_app(world), host=ADDRESS, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=1
    )
    before: Mapping[int, object] = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run()
    for number, handler in before.items():
        signal.signal(number, handler)  # type: ignore[arg-type]
