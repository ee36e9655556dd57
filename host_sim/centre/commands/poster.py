"""`poster FILE --place SITE`, `--flowers`: the poster of a place or the flowers of a month, by a city's file. Needs no centre."""

import argparse
import sys
from datetime import datetime
from pathlib import Path

from host_sim.centre.city.file import CityError, read_file
from host_sim.centre.city.hours import JST
from host_sim.centre.commands import Commands
from host_sim.centre.commands.city import day_of
from host_sim.centre.posters import poster


def add(commands: Commands) -> None:
    printing = commands.add_parser("poster", help="the poster of a place as PDF, by a city's file")
    printing.add_argument("file", type=Path, help="the city's file")
    what = printing.add_mutually_exclusive_group(required=True)
    what.add_argument("--place", metavar="SITE", help="the word of its section in [sites]")
    what.add_argument("--flowers", action="store_true", help="the flower of each day of the month (誕生花)")
    printing.add_argument("--on", type=day_of, metavar="DAY", help="as it is on this day; today if left out")
    printing.add_argument("--paper", choices=poster.PAPERS, default=poster.PAPERS[0])
    printing.add_argument("--out", type=Path, required=True, metavar="FILE.pdf")
    printing.set_defaults(run=_print)


def _print(options: argparse.Namespace) -> int:
    day = options.on or datetime.now(JST).date()
    try:
        city = read_file(options.file).on(day)
        made = (
            poster.flowers(city, day, options.paper)
            if options.flowers
            else poster.pdf(city, options.place, day, options.paper)
        )
        options.out.write_bytes(made)
    except CityError as trouble:
        print(*trouble.problems, sep="\n", file=sys.stderr)
        return 1
    except poster.NoPoster as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except OSError as trouble:
        print(f"{options.out} cannot be written: {trouble.strerror}", file=sys.stderr)
        return 1
    what = "the flowers of the month" if options.flowers else options.place
    print(f"{options.out}: {what} as it is on {day}, {options.paper.upper()}.")
    return 0
