"""`crash`: every power cut, lost message, jam and empty hopper at every instant of a session, in virtual time.

Exit status 0 only when no invariant was violated in any history.
"""

import argparse
import logging
import os
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from host_sim.commands import RUN, Commands, devices, say, zoo_option
from host_sim.models.zoo.room import NoRoom, Room
from host_sim.rig.cards import rig_cards
from host_sim.rig.crash import Explorer, Findings, Script, read_history
from host_sim.rig.progress import Shown
from host_sim.rig.scripts import scripts
from host_sim.rig.shares import Tell, in_shares
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
        "--from",
        dest="begin",
        type=_begin,
        metavar="PLACE",
        help="go on where a run was stopped, which said this place: depth, script and instant",
    )
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
    for name in options.script or ():
        if name not in known:
            raise NotRunning(f"There is no script {name!r}. Use one of: {'; '.join(known)}.")
    work = [(depth, name) for depth in range(1, options.depth + 1) for name in options.script or known]
    first = 0
    if options.begin is not None:
        depth, name, first = options.begin
        if (depth, name) not in work:
            raise NotRunning(f"--from names depth {depth} of {name!r}, which this run does not have.")
        work = work[work.index((depth, name)) :]
    total, began_s, stopped = Findings(), time.perf_counter(), ""
    with Shown("instants") as shown:
        for depth, name in work:
            shown.begin(f"depth {depth}  {name}", _points(known[name]) - first)
            part = _Part(known[name], depth, first, *((options.every, options.part) if depth > 1 else (1, 0)))
            reached = part.explore(shown)
            found = part.found
            say(
                f"depth {depth}  {name:32} {found.histories:8,} histories  {len(found.reds):3} red  {part.took_s:6.1f} s"
            )
            total.add(found)
            first = 0
            if reached is not None:
                stopped = f"{depth}, {name}: {reached}"
                break
    _tell(total, time.perf_counter() - began_s, options)
    if stopped:
        say("Stopped. This goes on:")
        say(f'    python -m host_sim crash{_same(options)} --from "{stopped}"')
        return 130
    return 1 if total.reds else 0


def _tell(total: Findings, took_s: float, options: argparse.Namespace) -> None:
    say(f"{total.histories:,} histories in {took_s:.0f} s; faults struck, by kind of instant:")
    for point, times in sorted(total.points.items()):
        say(f"  {times:7,}  {point}")
    for red in total.reds:
        say(f"RED {red}")
        say(f'    python -m host_sim crash{_zoo(options)} --replay "{red.splitlines()[0]}"')
    say("0 violations" if not total.reds else f"{len(total.reds)} violations (at most 20 are named)")


def _zoo(options: argparse.Namespace) -> str:
    return "".join(f" --zoo {name}" for name in options.zoo)


def _same(options: argparse.Namespace) -> str:
    """The options of this run, as they were written."""
    scripts_ = "".join(f' --script "{name}"' for name in options.script or ())
    every = f" --every {options.every} --part {options.part}" if options.every > 1 else ""
    return f" --depth {options.depth}{scripts_}{every}{_zoo(options)}"


def _begin(words: str) -> tuple[int, str, int]:
    """`2, one copy, change: 57`: depth, script and the instant of the first fault."""
    depth, _, rest = words.partition(", ")
    name, _, point = rest.rpartition(": ")
    if not (depth.isdecimal() and name and point.isdecimal()):
        raise argparse.ArgumentTypeError(f"{words!r} is no place to go on; it looks like: 2, one copy, change: 57")
    return int(depth), name, int(point)


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


def _points(script: Script) -> int:
    """How many instants this script has."""
    explorer = Explorer(script, depth=0)
    explorer.explore()
    return explorer.points


class _Part:
    """One script at one depth, on every core."""

    def __init__(self, script: Script, depth: int, first: int, every: int, part: int) -> None:
        self.found = Findings()
        self.took_s = 0.0
        self._script, self._depth, self._first = script, depth, first
        self._every, self._part = every, part

    def explore(self, shown: Shown) -> int | None:
        """Explore it. When it is stopped by Ctrl-C: the instant of the first fault at which it may go on."""
        shares = os.cpu_count() or 1
        began_s, reached = time.perf_counter(), dict.fromkeys(range(shares), self._first)
        try:
            with closing(in_shares(self._share, shares)) as told:
                for which, point, found in told:
                    self.found.add(found)
                    shown.done(max(0, point - reached[which]) / shares)
                    reached[which] = max(point, reached[which])
        except KeyboardInterrupt:
            return min(reached.values())
        finally:
            self.took_s = time.perf_counter() - began_s
        return None

    def _share(self, which: int, shares: int, tell: Tell[tuple[int, int, Findings]]) -> None:
        told = lambda point, found: tell((which, point, found))  # noqa: E731
        explorer = Explorer(
            self._script,
            self._depth,
            share=(which, shares),
            every=self._every,
            part=self._part,
            first=self._first,
            told=told,
        )
        rest = explorer.explore()
        tell((which, explorer.points, rest))


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
