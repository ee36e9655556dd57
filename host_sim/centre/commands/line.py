"""`stop` and `resume`: the municipality's line."""

import argparse
import sys

from host_sim.centre.commands import Commands, at_the_centre, open_store, run_directory, staff_needed
from host_sim.centre.opening import simulated_now
from host_sim.centre.operating import line
from host_sim.centre.operating.flags import NotDone
from host_sim.centre.staff.accounts import NotAllowed, reason_of
from host_sim.centre.store import HERE


def add(commands: Commands) -> None:
    stop = at_the_centre(commands, "stop", "stop the municipality's line")
    stop.add_argument("why")
    stop.add_argument("--by", required=True, metavar="WHO", help="who does this: a login of the city's file")
    stop.set_defaults(run=_stop)
    resume = at_the_centre(commands, "resume", "let a stopped line go on; two different people must agree")
    resume.add_argument("--by", nargs=2, required=True, metavar="WHO", help="two supervisors of the city's file")
    resume.set_defaults(run=_resume)


def _stop(options: argparse.Namespace) -> int:
    store, now = open_store(options), simulated_now(run_directory(options) / "clock-offset")
    try:
        with store.writing() as c:
            staff_needed(store, c, now, options.by, "supervisor")
            why = reason_of(options.why)
            line.stop(store, c, why, options.by, now)
            store.note(c, now, HERE, "line_stopped", {"who": options.by, "why": why})
    except NotAllowed as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


def _resume(options: argparse.Namespace) -> int:
    store, now = open_store(options), simulated_now(run_directory(options) / "clock-offset")
    first, second = options.by
    try:
        with store.writing() as c:
            for who in options.by:
                staff_needed(store, c, now, who, "supervisor")
            line.resume(store, c, (first, second), now)
            store.note(c, now, HERE, "line_resumed", {"who": first, "second": second})
    except (NotDone, NotAllowed) as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0
