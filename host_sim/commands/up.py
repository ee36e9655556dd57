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
from host_sim.commands import Commands, devices, run_directory, say, wait_option, zoo_option
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
    zoo_option(parser)
    parser.add_argument("--port", type=int, default=PORT, help=f"port of the front panel (default {PORT})")
    parser.add_argument(
        "--at", metavar="TIME", help="set the machine's clock: now, 22:55, 12-31, sunday or a date and time"
    )
    wait_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    if running.listening(options.port):
        raise NotRunning(f"Port {options.port} is in use. Take another with --port, or end the world that uses it.")
    world = World(options.directory, options.unit, patience_s=options.wait, zoo=devices(options.zoo))
    set_clock(world, options.at)
    say("Starting the centre, the devices and the machine …")
    with world:
        address = f"http://{ADDRESS}:{options.port}"
        note = world.run / "panel.json"
        note.write_text(json.dumps({"port": options.port, "pid": os.getpid()}))
        say(f"\n  {address}\n\nOpen this address in a browser: it is the front panel. Ctrl-C ends the world.")
        for device in world.unit.room.devices:
            say(f"{device.kind.replace('_', ' ')}: {device.name} ({device.called})")
        if (terminal := world.run / TERMINAL).exists():
            say(f"Maintenance console: .venv/bin/python -m host_sim console (or screen {terminal} 115200)")
        try:
            _serve(world, options.port)
        finally:
            note.unlink(missing_ok=True)
    return 0


def set_clock(world: World, at: str | None) -> None:
    """Set the clock to `at`; without it to real time, or outside the hours of service to a morning."""
    if at is not None:
        try:
            world.clock.set(at)
        except ValueError as trouble:
            raise NotRunning(str(trouble)) from None
        return
    world.clock.set("now")
    if world.clock.open_if_closed():
        say(
            f"It is outside service hours in Japan, so the machine's clock is set to {world.clock.now():%Y-%m-%d %H:%M}."
        )


def _serve(world: World, port: int) -> None:
    """Serve the panel until SIGINT or SIGTERM, without waiting for browsers to close their sockets."""
    config = uvicorn.Config(
        make_app(world), host=ADDRESS, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=1
    )
    before: Mapping[int, object] = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run()
    for number, handler in before.items():
        signal.signal(number, handler)  # type: ignore[arg-type]
