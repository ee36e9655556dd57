"""`openapi`: the line's calls as an OpenAPI document; `host_sim/centre/openapi.json` is what it prints."""

import argparse
import json

from host_sim.centre.api import document
from host_sim.centre.commands import Commands


def add(commands: Commands) -> None:
    command = commands.add_parser("openapi", help="print the OpenAPI document of the machines' calls")
    command.set_defaults(run=_print)


def _print(_: argparse.Namespace) -> int:
    print(text())
    return 0


def text() -> str:
    return json.dumps(document(), ensure_ascii=False, indent=1, sort_keys=True)
