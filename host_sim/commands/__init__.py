"""One file a command, or a family of them: `add_to` adds it to the parser, its `run` returns the exit status."""

import argparse
import sys
from pathlib import Path
from typing import Protocol


class Commands(Protocol):
    """What `ArgumentParser.add_subparsers` returns; argparse has no public name for it."""

    def add_parser(self, name: str, *, help: str) -> argparse.ArgumentParser: ...  # noqa: A002


RUN = Path(".sim")


def run_directory(parser: argparse.ArgumentParser) -> None:
    """The option that says which world is meant."""
    parser.add_argument("--directory", type=Path, default=RUN, metavar="DIR", help="the run directory (default .sim)")


def say(line: str, *, to_error: bool = False) -> None:
    """One line to the person at the terminal, at once."""
    print(line, file=sys.stderr if to_error else sys.stdout, flush=True)
