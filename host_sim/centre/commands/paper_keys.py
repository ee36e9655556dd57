"""`paper-keys list|new`: the keys that sign this city's papers."""

import argparse
import sys
from datetime import date

from host_sim.centre.commands import Commands, at_the_centre, run_directory
from host_sim.centre.paper_keys import NoPaperKey, PaperKeys
from host_sim.centre.server import paper_keys


def add(commands: Commands) -> None:
    keys = commands.add_parser("paper-keys", help="the keys that sign this city's papers")
    acts = keys.add_subparsers(dest="act", required=True)
    at_the_centre(acts, "list", "every public key, with its days").set_defaults(run=_list)
    new = at_the_centre(acts, "new", "make a key; the one before it stays good for its papers")
    new.add_argument("--from", dest="first", required=True, type=date.fromisoformat, metavar="YYYY-MM-DD")
    new.set_defaults(run=_new)


def _list(options: argparse.Namespace) -> int:
    try:
        trusted = _keys(options).trusted()
    except NoPaperKey as trouble:
        print(trouble, file=sys.stderr)
        return 1
    for name, key in trusted.items():
        days = "sample: certifies nothing" if key.sample else f"{key.first_day} to {key.last_day}"
        print(f"{name.hex()}  {days}\n  {key.public.hex()}")
    return 0


def _new(options: argparse.Namespace) -> int:
    try:
        print(_keys(options).new(options.first).hex())
    except NoPaperKey as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


def _keys(options: argparse.Namespace) -> PaperKeys:
    return paper_keys(run_directory(options))
