"""`import`, `feed apply`, `feed status` and `sample`: the city's registers as files."""

import argparse
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from host_sim.centre import sample
from host_sim.centre.commands import Commands, at_the_centre, open_store, run_directory
from host_sim.centre.opening import simulated_now
from host_sim.centre.registers import feed, writing
from host_sim.centre.registers.freshness import standings
from host_sim.centre.registers.reading import FilesRefused


def add(commands: Commands) -> None:
    whole = at_the_centre(commands, "import", "make the registers of a folder the city's registers")
    whole.add_argument("folder", type=Path)
    whole.add_argument(
        "--remove", type=int, default=0, metavar="N", help="records that may go because the files lack them"
    )
    whole.set_defaults(run=lambda options: _told(_import, options))
    feeding = commands.add_parser("feed", help="the deliveries of the city's systems").add_subparsers(required=True)
    apply = at_the_centre(feeding, "apply", "apply a delivery, or every delivery in a folder in order")
    apply.add_argument("folder", type=Path)
    apply.set_defaults(run=lambda options: _told(_apply, options))
    status = at_the_centre(feeding, "status", "how old each register is; status 1 if one is stale")
    status.set_defaults(run=_status)
    example = commands.add_parser("sample", help="write the sample's registers as files")
    example.add_argument("folder", type=Path)
    example.add_argument("--seed", type=int, default=2014)
    example.set_defaults(run=_sample)


def _told(act: Callable[[argparse.Namespace], None], options: argparse.Namespace) -> int:
    """Run a command that may refuse files; each refused line is one sentence."""
    try:
        act(options)
    except FilesRefused as refused:
        for fault in refused.faults:
            print(fault, file=sys.stderr)
        print("Nothing of these files was taken.", file=sys.stderr)
        return 1
    except OSError as trouble:
        print(f"The files cannot be read: {trouble.strerror}. Nothing of them was taken.", file=sys.stderr)
        return 1
    return 0


def _import(options: argparse.Namespace) -> None:
    now = simulated_now(run_directory(options) / "clock-offset")
    taken = feed.import_files(open_store(options, make=True), options.folder, now, options.remove)
    for notice in taken.files.notices:
        print(notice)
    print(f"{', '.join(taken.files.registers)}: {taken.applied}.")


def _apply(options: argparse.Namespace) -> None:
    store, now = open_store(options), simulated_now(run_directory(options) / "clock-offset")
    for folder in feed.in_order(options.folder):
        applied = feed.deliver(store, folder, now)
        print(f"{folder.name}: {'applied before; nothing was changed' if applied is None else applied}.")


def _status(options: argparse.Namespace) -> int:
    now = simulated_now(run_directory(options) / "clock-offset")
    with open_store(options).reading() as c:
        stands = standings(c, now)
    for name, at in stands.items():
        told = f"{name} delivery {at.number} made {at.made_at.isoformat()}"
        print(f"{told} age {_hours(at.age)} limit {_hours(at.limit)} {'fresh' if at.fresh else 'STALE'}")
    if not stands:
        print("No register is fed.")
    return 0 if all(at.fresh for at in stands.values()) else 1


def _hours(time: timedelta) -> str:
    return f"{time / timedelta(hours=1):.1f} h"


def _sample(options: argparse.Namespace) -> int:
    writing.write(sample.residents(options.seed), options.folder)
    print(f"The sample's registers stand in {options.folder}.")
    return 0
