"""Each file has one command or several that belong together: `add_to` adds them to the parser, `run` returns the exit status."""

import argparse
import sys
from pathlib import Path
from typing import Protocol


class Commands(Protocol):
    """What `ArgumentParser.add_subparsers` returns; argparse has no public name for it."""

    def add_parser(self, name: str, *, help: str) -> argparse.ArgumentParser: ...  # noqa: A002


RUN = Path(".sim")


def run_directory(parser: argparse.ArgumentParser) -> None:
    """Add the option for the world's run directory."""
    parser.add_argument("--directory", type=Path, default=RUN, metavar="DIR", help="the run directory (default .sim)")


def say(line: str, *, to_error: bool = False) -> None:
    """Print one line and flush it; `to_error`: to standard error."""
    print(line, file=sys.stderr if to_error else sys.stdout, flush=True)
