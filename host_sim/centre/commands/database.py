"""`db`: make, upgrade, seed, check, back up and restore the centre's database."""

import argparse
from pathlib import Path

from host_sim.centre import books, sample, schema
from host_sim.centre.backup import backup, restore
from host_sim.centre.commands import Commands, at_the_centre, open_store, run_directory
from host_sim.centre.database import Database, DatabaseTrouble
from host_sim.centre.fsck import fsck
from host_sim.centre.opening import database_url
from host_sim.centre.store import Store


def add(commands: Commands) -> None:
    inner = commands.add_parser("db", help="make, upgrade, check, back up and restore the database")
    acts = inner.add_subparsers(dest="act", required=True)
    at_the_centre(acts, "init", "make the tables in an empty database").set_defaults(run=_init)
    upgrading = at_the_centre(acts, "upgrade", "move an older database up to this program, after a backup")
    upgrading.add_argument("--backup", type=Path, required=True, metavar="FILE", help="the only way back; a new file")
    upgrading.set_defaults(run=_upgrade)
    at_the_centre(acts, "seed", "enter the invented residents of the sample").set_defaults(run=_seed)
    at_the_centre(acts, "fsck", "check what must hold between the tables").set_defaults(run=_fsck)
    saving = at_the_centre(acts, "backup", "write everything to a new file; the centre may go on serving")
    saving.add_argument("file", type=Path)
    saving.set_defaults(run=_backup)
    restoring = at_the_centre(acts, "restore", "fill an empty database from a backup, and check it")
    restoring.add_argument("file", type=Path)
    restoring.set_defaults(run=_restore)


def _database(options: argparse.Namespace) -> Database:
    return Database(_url(options))


def _url(options: argparse.Namespace) -> str:
    return database_url(run_directory(options), options.database)


def _init(options: argparse.Namespace) -> int:
    if options.database is None:
        (run_directory(options) / "centre").mkdir(parents=True, exist_ok=True)
    with _database(options).writing() as c:
        if schema.revision(c) is None:
            schema.create(c)
        schema.check(c)
    print(f"The database has this program's tables (revision {schema.newest()}).")
    return 0


def _upgrade(options: argparse.Namespace) -> int:
    database = Database(_url(options), there=True)
    with database.reading() as c:
        old = schema.revision(c)
    if old is None:
        raise DatabaseTrouble(f"The database is empty; make its tables with: {schema.COMMAND} init")
    backup(database, options.backup)
    with database.writing() as c:
        schema.upgrade(c)
    print(f"The database went from revision {old} to {schema.newest()}. The way back is {options.backup}.")
    return 0


def _seed(options: argparse.Namespace) -> int:
    books.load(open_store(options, make=True), sample.residents())
    print("The books have residents. If they had some before, these are unchanged.")
    return 0


def _fsck(options: argparse.Namespace) -> int:
    return _told(open_store(options))


def _told(store: Store) -> int:
    faults = fsck(store)
    print("\n".join(faults) or "Nothing contradicts.")
    return 1 if faults else 0


def _backup(options: argparse.Namespace) -> int:
    backup(open_store(options), options.file)
    print(f"The backup is {options.file}. It holds names and addresses: keep it as you keep the books.")
    return 0


def _restore(options: argparse.Namespace) -> int:
    if options.database is None:
        (run_directory(options) / "centre").mkdir(parents=True, exist_ok=True)
    restore(_database(options), options.file)
    print(f"Everything of {options.file} is back.")
    return _told(open_store(options))
