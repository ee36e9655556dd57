"""Passwords of staff: hashed slowly (scrypt, RFC 7914), with the cost stored beside each, so that it can be raised later."""

import hashlib
import hmac
import re
import secrets
import threading
from typing import Any

SHORTEST, LONGEST = 12, 128  # bytes of UTF-8
COST = "n=32768 r=8 p=3"  # 32 MiB and some 0.2 s; OWASP's cheat sheet on storing passwords, 2024
_NUMBERS = re.compile(r"n=(\d+) r=(\d+) p=(\d+)")
_HASHES = threading.BoundedSemaphore(2)  # at once; each needs its 32 MiB


class TooWeak(ValueError):
    """A password that is too short, too long, or one letter again and again."""


def new_row(password: bytes | bytearray) -> dict[str, Any]:
    """The columns of `staff_accounts` for a new password. Raises `TooWeak`."""
    if not SHORTEST <= len(password) <= LONGEST or len(set(password)) < 5:
        raise TooWeak
    salt = secrets.token_bytes(16)
    return {"password_cost": COST, "password_salt": salt, "password_hash": _hash(password, salt, COST)}


def fits(password: bytes | bytearray, row: Any) -> bool:
    """Whether this is the account's password. Takes as long when there is no account (`row` None)."""
    if row is None or row.password_hash is None:
        _hash(password[:LONGEST], bytes(16), COST)
        return False
    return hmac.compare_digest(_hash(password[:LONGEST], row.password_salt, row.password_cost), row.password_hash)


def _hash(password: bytes | bytearray, salt: bytes, cost: str) -> bytes:
    found = _NUMBERS.fullmatch(cost)
    assert found is not None, cost
    n, r, p = (int(number) for number in found.groups())
    with _HASHES:
        return hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=256 * n * r, dklen=32)
