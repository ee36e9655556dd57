"""Who may use the console: accounts, passwords, and how guessing ends (security rules 11 to 13).

The accounts are in a file: one table a person, with a role, a salt and a scrypt hash. Root writes it, the service reads it
through the file's group, nobody else may. The journal counts a try *before* the password is checked, so a power cut or
restart does not give it back. After five wrong tries in a row each further try costs a wait, which doubles. After fifteen
only `python -m firmware.console unlock` helps, as root on the machine. Pure except for `load`.
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
COST = 2**14  # scrypt's n (RFC 7914): 30 ms a password on a PC


class Role(StrEnum):
    VIEWER = "viewer"
    TECHNICIAN = "technician"
    CASH = "cash"
    SECURITY = "security"


class AccountsUnusable(Exception):
    """The file of accounts cannot be used; the message is a sentence for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    role: Role
    salt: bytes = field(repr=False)
    hash: bytes = field(repr=False)
    cost: int = COST  # that `hash` was made with; kept beside it, so that it can be raised for new passwords
    expires: date | None = None  # last day on which it may log in


@dataclass(frozen=True, slots=True)
class Accounts:
    people: Mapping[str, Account] = field(default_factory=dict)
    unlock: str = ""  # a word that is new after each `unlock`


NOBODY = Account(
    role=Role.VIEWER, salt=bytes(16), hash=bytes(32)
)  # an unknown name takes as long to check as a known one


def wait_s(failures: int) -> float | None:
    """Seconds from the last failed try to the next one; None: locked until `unlock`."""
    if failures >= HARD_LOCK:
        return None
    return 0.0 if failures < FREE_TRIES else FIRST_WAIT_S * 2 ** (failures - FREE_TRIES)


def scrypt(password: str, salt: bytes, cost: int = COST) -> bytes:
    """The hash of a password, 32 bytes. Slow, to slow down guessing."""
    return hashlib.scrypt(password.encode(), salt=salt, n=cost, r=8, p=1, maxmem=(1 << 20) + 1024 * cost, dklen=32)


def proves(account: Account | None, password: str, today: date) -> bool:
    """Whether the password fits and the account has not expired. Takes as long when `account` is None."""
    asked = account or NOBODY
    same = hmac.compare_digest(scrypt(password, asked.salt, asked.cost), asked.hash)
    return same and account is not None and (account.expires is None or today <= account.expires)


def load(path: Path) -> Accounts:
    """Read the accounts. Raises `AccountsUnusable`: file missing, open to others, or not as `spell` writes it.

    Its group may read it: on a machine root owns the file and the service's user reads it (hardware/install.sh).
    """
    try:
        if path.stat().st_mode & 0o037:
            raise AccountsUnusable(
                "Others than its owner and group may use the file of accounts. Root must set its mode to 0640."
            )
        return parse(path.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError):
        raise AccountsUnusable(
            "The file of accounts cannot be read. Root must check that it exists, its group and its mode."
        ) from None


def parse(text: str) -> Accounts:
    """The accounts in this text. Raises `AccountsUnusable` when it is not as `spell` writes it."""
    try:
        table = tomllib.loads(text)
        people = {
            name: Account(
                role=Role(entry["role"]),
                salt=bytes.fromhex(entry["salt"]),
                hash=bytes.fromhex(entry["hash"]),
                cost=_cost(entry.get("cost", COST)),
                expires=date.fromisoformat(entry["expires"]) if entry.get("expires") else None,
            )
            for name, entry in table.get("people", {}).items()
        }
    except (tomllib.TOMLDecodeError, KeyError, ValueError, TypeError, AttributeError):
        raise AccountsUnusable(
            "The file of accounts is damaged. Root must make it anew with `python -m firmware.console`."
        ) from None
    return Accounts(people, str(table.get("unlock", "")))


def _cost(cost: object) -> int:
    """A power of two from 2, as scrypt takes it, and no more than 8 times today's: that takes 128 MB."""
    if not isinstance(cost, int) or not 2 <= cost <= 8 * COST or cost.bit_count() != 1:
        raise ValueError
    return cost


def spell(accounts: Accounts) -> str:
    """The text of the file, as `parse` reads it."""
    lines = [
        "# Accounts of the maintenance console; written by `python -m firmware.console`. For root and the service only."
    ]
    lines.append(f'unlock = "{accounts.unlock}"')
    for name, account in sorted(accounts.people.items()):
        lines += ["", f"[people.{name}]", f'role = "{account.role}"', f'salt = "{account.salt.hex()}"']
        lines += [f'hash = "{account.hash.hex()}"', f"cost = {account.cost}"]
        if account.expires is not None:
            lines.append(f'expires = "{account.expires.isoformat()}"')
    return "\n".join(lines) + "\n"
