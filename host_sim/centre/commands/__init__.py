"""The centre's commands; `add(commands)` of each module adds its own, with the function that runs it as `run`."""

import argparse
from datetime import datetime
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from host_sim.centre import opening
from host_sim.centre.city.book import CityBook
from host_sim.centre.staff.accounts import need, staff_of
from host_sim.centre.store import Store


class Commands(Protocol):
    """What `add_subparsers` returns; argparse has no public name for it."""

    def add_parser(self, name: str, *, help: str) -> argparse.ArgumentParser: ...  # noqa: A002  argparse's own name


def at_the_centre(commands: Commands, name: str, text: str) -> argparse.ArgumentParser:
    """A command that works on one centre's run directory and database."""
    command = commands.add_parser(name, help=text)
    where = command.add_mutually_exclusive_group()
    where.add_argument(
        "--run",
        dest="run_directory",
        type=Path,
        default=Path(".sim"),
        help="the directory with the centre's folder",
    )
    where.add_argument("--directory", type=Path, help="the centre's folder itself")
    command.add_argument("--database", help="a database URL; a SQLite file in the centre's directory if left out")
    return command


def run_directory(options: argparse.Namespace) -> Path:
    """The simulator's run directory that the options name."""
    directory: Path = options.directory.parent if options.directory else options.run_directory
    return directory


def open_store(options: argparse.Namespace, *, make: bool = False) -> Store:
    """`make`: for the commands with which a city begins; they make the run directory's database."""
    return opening.open_store(run_directory(options), options.database, make=make)


def staff_needed(store: Store, c: sa.Connection, now: datetime, login: str, *roles: str) -> None:
    """Raises `NotAllowed` unless `--by` names somebody of the city's file in force, with one of the roles if any is named.

    Whoever may type commands at the centre can name anybody; who acts by an account of their own uses the desk.
    """
    need(staff_of(c, CityBook(store), login, now), *roles)
