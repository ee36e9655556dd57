"""`serve`: the centre as a process, for machines over TLS 1.3."""

import argparse
import sys
from pathlib import Path

from host_sim.centre.city.file import CityError
from host_sim.centre.commands import Commands, at_the_centre, run_directory
from host_sim.centre.server import make_server


def add(commands: Commands) -> None:
    serve = at_the_centre(commands, "serve", "serve machines over TLS 1.3")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8443)
    serve.add_argument(
        "--city", type=Path, metavar="FILE", help="the city's file of a new database (default: the sample's)"
    )
    serve.set_defaults(run=_serve)


def _serve(options: argparse.Namespace) -> int:
    try:
        server = make_server(run_directory(options), options.host, options.port, options.database, options.city)
    except CityError as trouble:
        print(trouble, file=sys.stderr)
        return 1
    server.run()
    return 0
