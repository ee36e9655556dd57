"""`flags list|show|assign|comment|close`: what a person must look at, until two people have closed it."""

import argparse
import json
import sys
from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from host_sim.centre.commands import Commands, at_the_centre, open_store, run_directory, staff_needed
from host_sim.centre.opening import simulated_now
from host_sim.centre.operating import flags
from host_sim.centre.staff.accounts import NotAllowed

Act = Callable[[sa.Connection, datetime, argparse.Namespace], str]


def add(commands: Commands) -> None:
    acts = commands.add_parser("flags", help="what a person must look at").add_subparsers(dest="act", required=True)
    listed = at_the_centre(acts, "list", "list the open flags, oldest first")
    listed.add_argument("--all", action="store_true", help="the closed ones, too")
    listed.set_defaults(run=_list)
    show = at_the_centre(acts, "show", "show one flag and what was done about it")
    show.add_argument("flag", type=int)
    show.set_defaults(run=_show)
    for name, text, last, act in (
        ("assign", "say who looks after a flag", "to", _assign),
        ("comment", "add a comment; write no name of a resident", "words", _comment),
        ("close", "close a flag; it is closed when a second person closes it, too", "why", _close),
    ):
        command = at_the_centre(acts, name, text)
        command.add_argument("flag", type=int)
        command.add_argument(last)
        command.add_argument("--by", required=True, metavar="WHO", help="who does this: a login of the city's file")
        command.set_defaults(run=_doing(act))


def _list(options: argparse.Namespace) -> int:
    with open_store(options).reading() as c:
        rows = flags.listed(c, closed=options.all)
    for row in rows:
        often = f" ({row.times} times, last {row.last_at})" if row.times > 1 else ""
        who = f" [{row.assigned_to}]" if row.assigned_to else ""
        print(f"{row.id} {row.state} {row.at} {row.machine}{who}: {flags.sentence_of(row.what, row.detail)}{often}")
    if not rows:
        print("No flag is open.")
    return 0


def _show(options: argparse.Namespace) -> int:
    try:
        with open_store(options).reading() as c:
            row, acts = flags.find(c, options.flag), flags.acts_of(c, options.flag)
    except flags.NotDone as trouble:
        print(trouble, file=sys.stderr)
        return 1
    print(f"Flag {row.id}, {row.state}: {flags.sentence_of(row.what, row.detail)}")
    print(f"  machine   {row.machine}")
    print(f"  first     {row.at}")
    print(f"  last      {row.last_at} ({row.times} times)")
    print(f"  assigned  {row.assigned_to or 'to nobody'}")
    print(f"  details   {json.dumps(row.detail, ensure_ascii=False)}")
    for act in acts:
        print(f"  {act.at} {act.by}: {act.act}, {act.words}")
    return 0


def _doing(act: Act) -> Callable[[argparse.Namespace], int]:
    def run(options: argparse.Namespace) -> int:
        now = simulated_now(run_directory(options) / "clock-offset")
        store = open_store(options)
        try:
            with store.writing() as c:
                staff_needed(store, c, now, options.by, *flags.MAY_CLOSE)
                if "to" in options:
                    staff_needed(store, c, now, options.to)
                print(act(c, now, options))
        except (flags.NotDone, NotAllowed) as trouble:
            print(trouble, file=sys.stderr)
            return 1
        return 0

    return run


def _assign(c: sa.Connection, now: datetime, options: argparse.Namespace) -> str:
    flags.assign(c, now, options.flag, options.by, options.to)
    return f"Flag {options.flag} is assigned to {options.to}."


def _comment(c: sa.Connection, now: datetime, options: argparse.Namespace) -> str:
    flags.comment(c, now, options.flag, options.by, options.words)
    return f"The comment stands at flag {options.flag}."


def _close(c: sa.Connection, now: datetime, options: argparse.Namespace) -> str:
    if flags.close(c, now, options.flag, options.by, options.why):
        return f"Flag {options.flag} is closed."
    return f"Flag {options.flag} will be closed when a second person closes it, too."
