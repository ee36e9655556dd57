"""`stop` and `resume`: the municipality's line."""

import argparse
import sys

from host_sim.centre.commands import Commands, at_the_centre, open_store, run_directory
from host_sim.centre.operating.flags import NotDone
from host_sim.centre.server import simulated_now
from host_sim.centre.settling import Settler


def add(commands: Commands) -> None:
    stop = at_the_centre(commands, "stop", "stop the municipality's line")
    stop.add_argument("why")
    stop.set_defaults(run=_stop)
    resume = at_the_centre(commands, "resume", "let a stopped line go on; two different people must agree")
    resume.add_argument("--by", nargs=2, required=True, metavar="WHO")
    resume.set_defaults(run=_resume)


def _stop(options: argparse.Namespace) -> int:
    Settler(open_store(options)).stop(options.why, simulated_now(run_directory(options) / "clock-offset"))
    return 0


def _resume(options: argparse.Namespace) -> int:
    by = (options.by[0], options.by[1])
    try:
        Settler(open_store(options)).resume(by, simulated_now(run_directory(options) / "clock-offset"))
    except NotDone as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0
