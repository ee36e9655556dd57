"""`flags`, `stop` and `resume`: what a person must look at, and the municipality's line."""

import argparse

import sqlalchemy as sa

from host_sim.centre.commands import Commands, at_the_centre, open_store, run_directory
from host_sim.centre.server import simulated_now
from host_sim.centre.settling import Settler
from host_sim.centre.tables import flags


def add(commands: Commands) -> None:
    listed = at_the_centre(commands, "flags", "list what a person must look at, oldest first")
    listed.set_defaults(run=_flags)
    stop = at_the_centre(commands, "stop", "stop the municipality's line")
    stop.add_argument("why")
    stop.set_defaults(run=_stop)
    resume = at_the_centre(commands, "resume", "let a stopped line go on; two different people must agree")
    resume.add_argument("--by", nargs=2, required=True, metavar="WHO")
    resume.set_defaults(run=_resume)


def _flags(options: argparse.Namespace) -> int:
    with open_store(options).reading() as c:
        for row in c.execute(sa.select(flags).order_by(flags.c.id)):
            print(row.at, row.machine, row.what, row.detail)
    return 0


def _stop(options: argparse.Namespace) -> int:
    Settler(open_store(options)).stop(options.why, simulated_now(run_directory(options) / "clock-offset"))
    return 0


def _resume(options: argparse.Namespace) -> int:
    by = (options.by[0], options.by[1])
    Settler(open_store(options)).resume(by, simulated_now(run_directory(options) / "clock-offset"))
    return 0
