"""`scenario`: play files of host_sim/scenarios in a real world; exit status 0 when every session closes as expected."""

import argparse
import tempfile
from pathlib import Path

from host_sim.commands import Commands, say, wait_option
from host_sim.running import NotRunning
from host_sim.scenario import Scenario, names, play
from host_sim.world import World

AT = "2026-11-24T10:00"  # a Tuesday morning, whatever the day


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("scenario", help="play scenarios in a real world")
    parser.add_argument("name", nargs="*", help="scenarios to play (default: all)")
    parser.add_argument("--list", action="store_true", help="only list the scenarios")
    wait_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    try:
        scenarios = [Scenario.load(name) for name in options.name or names()]
    except (LookupError, ValueError) as trouble:
        raise NotRunning(str(trouble.args[0])) from None
    if options.list:
        for scenario in scenarios:
            say(f"{scenario.name:18} {scenario.about}")
        return 0
    failed = 0
    with tempfile.TemporaryDirectory(prefix="kofuki-") as folder:
        world = World(Path(folder), patience_s=options.wait)
        world.clock.set(AT)
        with world:
            for scenario in scenarios:
                wrong = play(world, scenario).wrong
                say(f"{'wrong' if wrong else 'right'}  {scenario.name:18} {' '.join(wrong) or scenario.about}")
                failed += bool(wrong)
    return 1 if failed else 0
