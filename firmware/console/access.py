"""Who may use the console: accounts, passwords, and how guessing ends (security rules 11 to 13).

The accounts stand in a file that root writes and the service reads, as a member of its group; nobody else may: one
table a person, with a role, salt and scrypt hash. A try is
counted in the journal *before* the password is looked at, so neither a power cut nor a restart gives one back. After
five tries in a row that failed, each further one costs a wait that doubles; after fifteen only `python -m
firmware.console unlock`, at the machine and as root, helps. Pure but for the file that `load` is given.
"""

import hashlib
import hmac
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path

FREE_TRIES = 5
HARD_LOCK = 15
FIRST_WAIT_S = 15.0
IDLE_S = 300.0
_SCRYPT = {"n": 2**14, "r": 8, "p": 1, "maxmem": 64 << 20, "dklen": 32}


class Role(StrEnum):
    VIEWER = "viewer"
    TECHNICIAN = "technician"
    CASH = "cash"
    SECURITY = "security"


class AccountsUnusable(Exception):
    """The file of accounts must not be used; the message is a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    role: Role
    salt: bytes = field(repr=False)
    hash: bytes = field(repr=False)
    expires: date | None = None  # the last day


@dataclass(frozen=True, slots=True)
class Accounts:
    people: Mapping[str, Account] = field(default_factory=dict)
    unlock: str = ""  # a word that is new after each `unlock`


NOBODY = Account(role=Role.VIEWER, salt=bytes(16), hash=bytes(32))  # costs a stranger as long as a known name


def wait_s(failures: int) -> float | None:
    """How long after the last failed try the next may come; None: not at all any more."""
    if failures >= HARD_LOCK:
        return None
    return 0.0 if failures < FREE_TRIES else FIRST_WAIT_S * 2 ** (failures - FREE_TRIES)


def scrypt(password: str, salt: bytes) -> bytes:
    """The hash of a password; 30 ms on purpose."""
    return hashlib.scrypt(password.encode(), salt=salt, **_SCRYPT)


def proves(account: Account | None, password: str, today: date) -> bool:
    """Whether this is that person, and still may be. Takes as long for a stranger."""
    asked = account or NOBODY
    same = hmac.compare_digest(scrypt(password, asked.salt), asked.hash)
    return same and account is not None and (account.expires is None or today <= account.expires)


def load(path: Path) -> Accounts:
    """The accounts. Raises `AccountsUnusable`: missing, open to others, or not what `spell` writes.

    Its group may read it: on a machine root owns the file and the service's user reads it (hardware/install.sh).
    """
    try:
        if path.stat().st_mode & 0o037:
            raise AccountsUnusable(
                "The file of accounts is open to others than its owner and the readers in its group."
            )
        return parse(path.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError):
        raise AccountsUnusable("The file of accounts cannot be read.") from None


def parse(text: str) -> Accounts:
    """Raises `AccountsUnusable`."""
    try:
        table = tomllib.loads(text)
        people = {
            name: Account(
                role=Role(entry["role"]),
                salt=bytes.fromhex(entry["salt"]),
                hash=bytes.fromhex(entry["hash"]),
                expires=date.fromisoformat(entry["expires"]) if entry.get("expires") else None,
            )
            for name, entry in table.get("people", {}).items()
        }
    except (tomllib.TOMLDecodeError, KeyError, ValueError, TypeError, AttributeError):
        raise AccountsUnusable("The file of accounts is not what `python -m firmware.console` writes.") from None
    return Accounts(people, str(table.get("unlock", "")))


def spell(accounts: Accounts) -> str:
    """The file's text."""
    lines = [
        "# Accounts of the maintenance console; written by `python -m firmware.console`. For root and the service only."
    ]
    lines.append(f'unlock = "{accounts.unlock}"')
    for name, account in sorted(accounts.people.items()):
        lines += ["", f"[people.{name}]", f'role = "{account.role}"', f'salt = "{account.salt.hex()}"']
        lines.append(f'hash = "{account.hash.hex()}"')
        if account.expires is not None:
            lines.append(f'expires = "{account.expires.isoformat()}"')
    return "\n".join(lines) + "\n"
