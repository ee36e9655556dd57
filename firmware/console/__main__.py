"""`python -m firmware.console passwd|remove|list|unlock`: the accounts of the maintenance console, as root."""

import argparse
import getpass
import os
import re
import secrets
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from firmware.console.access import Account, Accounts, AccountsUnusable, Role, load, scrypt, spell
from firmware.console.grammar import NAME, Refused

SHORTEST = 8


def store(path: Path, accounts: Accounts) -> None:
    """Replace the file in one step, with a mode that keeps others out.

    A file written by root may be read by the folder's group, which on a machine is the service's (hardware/install.sh).
    """
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        if os.geteuid() == 0:
            os.fchown(file.fileno(), -1, path.parent.stat().st_gid)
            os.fchmod(file.fileno(), 0o640)
        file.write(spell(accounts))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def asked() -> str:
    """Read a password: twice from a terminal, once from a pipe. Raises `AccountsUnusable` when it cannot be used."""
    if sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") != password:
            raise AccountsUnusable("The two passwords differ; nothing was changed.")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not re.fullmatch(rf"[\x20-\x7e]{{{SHORTEST},64}}", password):
        raise AccountsUnusable(f"A password has {SHORTEST} to 64 characters of plain ASCII; nothing was changed.")
    return password


def changed(options: argparse.Namespace, accounts: Accounts) -> Accounts:
    people = dict(accounts.people)
    match options.command:
        case "passwd":
            salt = secrets.token_bytes(16)
            # A vendor's account ends by itself (security rule 12).
            expires = date.today() + timedelta(days=options.days) if options.days else None  # noqa: DTZ011
            people[options.name] = Account(
                role=Role(options.role), salt=salt, hash=scrypt(asked(), salt), expires=expires
            )
        case "remove":
            people.pop(options.name, None)
        case "unlock":
            return replace(accounts, unlock=secrets.token_hex(8))
    return replace(accounts, people=people)


def name(text: str) -> str:
    try:
        return NAME.read(text)
    except Refused as refused:
        raise argparse.ArgumentTypeError(refused.sentence) from None


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m firmware.console", description=__doc__)
    parser.add_argument("--users", type=Path, required=True, help="the file of accounts, as the unit file names it")
    commands = parser.add_subparsers(dest="command", required=True)
    passwd = commands.add_parser("passwd", help="make an account, or give it a new password")
    passwd.add_argument("name", type=name)
    passwd.add_argument("--role", choices=[str(role) for role in Role], required=True)
    passwd.add_argument(
        "--days", type=int, default=0, help="the account expires after so many days (a vendor: at most 60)"
    )
    commands.add_parser("remove", help="take an account away").add_argument("name", type=name)
    commands.add_parser("list", help="names and roles")
    commands.add_parser("unlock", help="unlock the console after too many wrong passwords")
    options = parser.parse_args(arguments)
    try:
        accounts = load(options.users) if options.users.exists() else Accounts()
        if options.command == "list":
            for who, account in sorted(accounts.people.items()):
                print(f"{who:20} {account.role:10} {account.expires or ''}".rstrip())
            return 0
        store(options.users, changed(options, accounts))
    except AccountsUnusable as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
