"""Each file has one command or several that belong together: `add_to` adds them to the parser, `run` returns the exit status."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from host_sim.models.zoo import Device, load
from host_sim.running import NotRunning


class Commands(Protocol):
    """What `ArgumentParser.add_subparsers` returns; argparse has no public name for it."""

    def add_parser(self, name: str, *, help: str) -> argparse.ArgumentParser: ...  # noqa: A002


RUN = Path(".sim")


def run_directory(parser: argparse.ArgumentParser) -> None:
    """Add the option for the world's run directory."""
    parser.add_argument("--directory", type=Path, default=RUN, metavar="DIR", help="the run directory (default .sim)")


def zoo_option(parser: argparse.ArgumentParser) -> None:
    """Add the option for devices of the zoo."""
    parser.add_argument(
        "--zoo",
        action="append",
        default=[],
        metavar="NAME",
        help="a device of the zoo that stands in (python -m host_sim zoo lists them); may be repeated",
    )


def wait_option(parser: argparse.ArgumentParser) -> None:
    """Add the option for how patiently a card reader is waited for."""
    parser.add_argument(
        "--wait",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how long to wait for the card reader where only one world can have one (default 60)",
    )


def devices(names: Sequence[str]) -> list[Device]:
    """The devices of these names. Raises `NotRunning` for a name that the zoo does not have."""
    try:
        return [load(name) for name in names]
    except LookupError as trouble:
        raise NotRunning(str(trouble.args[0])) from None


def say(line: str, *, to_error: bool = False) -> None:
    """Print one line and flush it; `to_error`: to standard error."""
    print(line, file=sys.stderr if to_error else sys.stdout, flush=True)
