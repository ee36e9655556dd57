"""`serve`: the centre as a process, for machines over TLS 1.3."""

import argparse
import sys

from host_sim.centre.commands import Commands, at_the_centre, run_directory
from host_sim.centre.pins import OtherPinKey
from host_sim.centre.server import MACHINES, make_server
from host_sim.centre.store import Peer


def add(commands: Commands) -> None:
    serve = at_the_centre(commands, "serve", "serve machines over TLS 1.3")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8443)
    serve.add_argument("--machine", action="append", metavar="NAME:SITE", help="a machine to make a certificate for")
    serve.set_defaults(run=_serve)


def _serve(options: argparse.Namespace) -> int:
    run, machines = run_directory(options), _machines(options.machine)
    try:
        server = make_server(run, options.host, options.port, options.database, machines)
    except OtherPinKey as refused:
        print(refused, file=sys.stderr)
        return 1
    server.run()
    return 0


def _machines(named: list[str] | None) -> tuple[Peer, ...]:
    if not named:
        return MACHINES
    pairs = (entry.partition(":") for entry in named)
    return tuple(Peer(name, site or "store") for name, _, site in pairs)
