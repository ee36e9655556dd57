"""`crash`: every power cut, lost message, jam and empty hopper at every instant of a session, in virtual time.

Exit status 0 only when no invariant was violated in any history.
"""

import argparse
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import replace

from host_sim.commands import RUN, Commands, devices, say, zoo_option
from host_sim.models.zoo.room import NoRoom, Room
from host_sim.rig.cards import rig_cards
from host_sim.rig.crash import Explorer, Findings, Script, read_history
from host_sim.rig.scripts import scripts
from host_sim.rig.shares import in_shares
from host_sim.running import NotRunning


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("crash", help="cut the power at every instant of a session (virtual time)")
    parser.add_argument(
        "--depth", type=int, default=1, choices=(1, 2, 3), help="most faults in one history (default 1)"
    )
    parser.add_argument(
        "--script", action="append", metavar="NAME", help="only this script; may be repeated (default: all)"
    )
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="after the first fault, only every N-th instant (default 1)"
    )
    parser.add_argument(
        "--part",
        type=int,
        default=0,
        metavar="K",
        help="begin --every with this instant; parts 0 to N-1 together cover all (default 0)",
    )
    zoo_option(parser)
    parser.add_argument(
        "--replay", metavar="HISTORY", help="run exactly the history with this name, and print its journal"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    logging.getLogger("firmware").setLevel(logging.CRITICAL)  # what a machine in trouble says belongs to its service
    known = _scripts(options.zoo)
    if options.replay:
        return _replay(known, options.replay)
    if not 0 <= options.part < options.every:
        raise NotRunning(f"--part must be 0 to {options.every - 1}, because --every is {options.every}.")
    names = options.script or list(known)
    for name in names:
        if name not in known:
            raise NotRunning(f"There is no script {name!r}. Use one of: {'; '.join(known)}.")
    total = Findings()
    began_s = time.perf_counter()
    for depth in range(1, options.depth + 1):
        every, part = (options.every, options.part) if depth > 1 else (1, 0)
        for name in names:
            found, took_s = _explore(known[name], depth, every, part)
            say(f"depth {depth}  {name:32} {found.histories:8,} histories  {len(found.reds):3} red  {took_s:6.1f} s")
            total.add(found)
    say(f"{total.histories:,} histories in {time.perf_counter() - began_s:.0f} s; faults struck, by kind of instant:")
    for point, times in sorted(total.points.items()):
        say(f"  {times:7,}  {point}")
    for red in total.reds:
        say(f"RED {red}")
        say(
            f'    python -m host_sim crash{"".join(f" --zoo {name}" for name in options.zoo)} --replay "{red.splitlines()[0]}"'
        )
    say("0 violations" if not total.reds else f"{len(total.reds)} violations (at most 20 are named)")
    return 1 if total.reds else 0


def _scripts(names: Sequence[str]) -> dict[str, Script]:
    """Every script, with these devices of the zoo in it."""
    standing = devices(names)
    try:
        Room(standing)
    except NoRoom as trouble:
        raise NotRunning(str(trouble)) from None
    for device in standing:
        if device.refused is not None:
            raise NotRunning(f"{device.name} is refused at the start, so no session begins with it: {device.refused}")
    return {name: replace(script, zoo=standing) for name, script in scripts(rig_cards(RUN / "rig-keys")).items()}


def _explore(script: Script, depth: int, every: int, part: int) -> tuple[Findings, float]:
    def share(which: int, shares: int) -> Findings:
        return Explorer(script, depth, share=(which, shares), every=every, part=part).explore()

    began_s = time.perf_counter()
    total = Findings()
    for found in in_shares(share, os.cpu_count() or 1):
        total.add(found)
    return total, time.perf_counter() - began_s


def _replay(known: dict[str, Script], history: str) -> int:
    try:
        name, faults = read_history(history)
        script = known[name]
    except (KeyError, ValueError):
        raise NotRunning(f"{history!r} names no history; it looks like: one copy, change: 57 torn 1, 81 lost") from None
    explorer = Explorer(script, depth=0, replay=faults)
    found = explorer.explore()
    for number, record in enumerate(explorer.machine.memory.journal.records(), 1):
        say(f"{number:4}  {record.record}")
    for red in found.reds:
        say(f"RED {red}")
    say(f"as named: {explorer.named}")
    return 1 if found.reds else 0
