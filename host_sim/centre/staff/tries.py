"""Wrong tries are counted for each login and for each network address, and end in a lock that grows.

The login is counted whether there is such an account or not, so that nobody learns from it which logins exist. Only
hashes are stored: a person may have typed the password into the wrong field.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from host_sim.centre.tables import staff_tries

FIRST_LOCK_S = 15 * 60
LONGEST_LOCK_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Limit:
    """The wrong try number `first` locks, and each after it twice as long. `forget_s` without a try: all are forgotten."""

    first: int
    forget_s: float


LOGIN = Limit(5, 48 * 3600)
ADDRESS = Limit(20, 3600)


@dataclass(frozen=True, slots=True)
class Counted:
    """Something whose tries are counted."""

    what: str  # login, address
    name: str
    limit: Limit

    @property
    def of(self) -> str:
        return hashlib.sha256(f"{self.what} {self.name}".encode()).hexdigest()


def login(name: str) -> Counted:
    return Counted("login", name, LOGIN)


def address(name: str) -> Counted:
    return Counted("address", name, ADDRESS)


def minutes_left(c: sa.Connection, counted: Counted, now: datetime) -> int:
    """How long this is locked, in begun minutes; 0: it is not."""
    until = c.scalar(sa.select(staff_tries.c.locked_until).where(staff_tries.c.of == counted.of)) or 0.0
    return max(0, math.ceil((until - now.timestamp()) / 60))


def count(c: sa.Connection, counted: Counted, now: datetime) -> bool:
    """Count one wrong try; returns whether it led to a lock."""
    at, this = now.timestamp(), staff_tries.c.of == counted.of
    row = c.execute(sa.select(staff_tries).where(this)).first()
    known = 0 if row is None or at - row.last_at > counted.limit.forget_s else row.failures
    failures = known + 1
    beyond = failures - counted.limit.first
    locked_until = at + min(FIRST_LOCK_S * 2.0 ** min(beyond, 20), LONGEST_LOCK_S) if beyond >= 0 else 0.0
    c.execute(staff_tries.delete().where(this))
    told = {"failures": failures, "last_at": at, "locked_until": locked_until}
    c.execute(staff_tries.insert().values(of=counted.of, **told))
    return beyond >= 0


def take_back(c: sa.Connection, counted: Counted) -> None:
    """The last try was right after all: it is not counted, and its lock ends."""
    less = {"failures": staff_tries.c.failures - 1, "locked_until": 0.0}
    c.execute(staff_tries.update().where(staff_tries.c.of == counted.of).values(**less))


def forget(c: sa.Connection, counted: Counted) -> None:
    c.execute(staff_tries.delete().where(staff_tries.c.of == counted.of))


def forget_old(c: sa.Connection, now: datetime) -> None:
    """Rows of tries that count no more, so that the table does not grow with every guess."""
    oldest = now.timestamp() - max(LOGIN.forget_s, LONGEST_LOCK_S)
    c.execute(staff_tries.delete().where(staff_tries.c.last_at < oldest))
