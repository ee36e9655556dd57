"""`startup show|replace`: what every process of this centre must be, and which processes there are."""

import argparse
from dataclasses import asdict

from host_sim.centre.commands import Commands, at_the_centre, open_store, run_directory
from host_sim.centre.operating import startup
from host_sim.centre.server import replace_manifest


def add(commands: Commands) -> None:
    acts = commands.add_parser("startup", help="the start-up manifest").add_subparsers(dest="act", required=True)
    show = at_the_centre(acts, "show", "print the manifest and the processes")
    show.set_defaults(run=_show)
    replace = at_the_centre(acts, "replace", "from now on, only the program, city and keys that are here may start")
    replace.set_defaults(run=_replace)


def _show(options: argparse.Namespace) -> int:
    store = open_store(options)
    with store.reading() as c:
        known, rows = startup.standing(store, c), startup.listed(c)
    if known is None:
        print("No process has started yet; the first one writes the manifest.")
    for name, value in (known or {}).items():
        print(f"{name:14} {value}")
    for row in rows:
        other = "" if known is None or row.program == known["program"] else "  ANOTHER PROGRAM: restart it"
        print(f"process        {row.host} {row.pid} since {row.started_at}, {row.database}{other}")
    return 0


def _replace(options: argparse.Namespace) -> int:
    manifest = replace_manifest(run_directory(options), options.database)
    for name, value in asdict(manifest).items():
        print(f"{name:14} {value}")
    print("Only processes with this manifest start now. Restart the running ones, one by one.")
    return 0
