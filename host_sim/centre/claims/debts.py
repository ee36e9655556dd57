"""The debts in the database: what is left of a claim, who holds it, what was paid where, and what a machine has heard.

Every function takes the connection of a transaction; only one writing transaction runs at a time, so whoever holds or pays
first wins, and everybody later is refused.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from host_sim.centre.operating import flags
from host_sim.centre.tables import claim_payments, claims, collections, holds

COUNTER = "counter"  # the city's desks, in `holds` and `collections`
TAMPER = "tamper"  # reason of a claim for credits without coins: nobody pays it while its flag stands (fault M4)
EXAMINED = "credits_without_coins"
NEWS_MAX = 20  # payments in one answer to a heartbeat; the rest follows in the next


class Paid(NamedTuple):
    """A payment at a desk, as its machine is told."""

    key: str
    amount_yen: int


@dataclass(frozen=True, slots=True)
class Debt:
    """One claim. `told_at`: when the machine told it, RFC 3339; empty for those of a release that did not keep it."""

    key: str
    machine: str
    code: str  # without its check letter
    amount_yen: int
    left_yen: int
    reason: str
    told_at: str


def of_code(c: sa.Connection, code: str) -> Debt | None:
    return _debt(c, claims.c.claim_code == code)


def of_key(c: sa.Connection, key: str) -> Debt | None:
    return _debt(c, claims.c.key == key)


def of_machine(c: sa.Connection, machine: str, key: str) -> Debt | None:
    """This machine's claim; None for another machine's and for an unknown one."""
    return _debt(c, (claims.c.key == key) & (claims.c.machine == machine))


def _debt(c: sa.Connection, which: sa.ColumnElement[bool]) -> Debt | None:
    row = c.execute(sa.select(claims).where(which)).first()
    if row is None:
        return None
    paid = sa.select(sa.func.sum(collections.c.amount_yen)).where(collections.c.key == row.key)
    left_yen = max(0, row.amount_yen - (c.scalar(paid) or 0))
    return Debt(row.key, row.machine, row.claim_code, row.amount_yen, left_yen, row.reason, row.told_at)


# --- holding and paying -----------------------------------------------------------------------------


def examined(c: sa.Connection, key: str) -> bool:
    """Whether two people have not yet agreed what this claim is about; until then nobody pays it."""
    return flags.stands(c, EXAMINED, key)


def holder(c: sa.Connection, key: str, now: datetime) -> Any:
    """Who is about to pay the claim: `machine` (or `counter`), `by`, `until`. None when nobody is; a counter's hold ends by itself."""
    row = c.execute(sa.select(holds).where(holds.c.key == key)).first()
    over = row is not None and row.until is not None and row.until <= now.timestamp()
    return None if over else row


def hold(c: sa.Connection, key: str, who: str, by: str = "", until: float | None = None) -> None:
    c.execute(holds.delete().where(holds.c.key == key))
    c.execute(holds.insert().values(key=key, machine=who, by=by, until=until))


def let_go(c: sa.Connection, key: str, who: str) -> None:
    """End a hold; another one's stays."""
    c.execute(holds.delete().where((holds.c.key == key) & (holds.c.machine == who)))


def pay(c: sa.Connection, key: str, place: str, number: int, amount_yen: int) -> None:
    c.execute(collections.insert().values(key=key, place=place, number=number, amount_yen=amount_yen))


def is_told(c: sa.Connection, key: str, place: str, number: int) -> bool:
    """Whether this place has told its collection of this number."""
    same = (collections.c.key == key) & (collections.c.place == place) & (collections.c.number == number)
    return c.execute(sa.select(collections).where(same)).first() is not None


# --- what a machine has heard -----------------------------------------------------------------------


def payment(c: sa.Connection, key: str) -> Any:
    """The row of the payment at a desk, or None."""
    return c.execute(sa.select(claim_payments).where(claim_payments.c.key == key)).first()


def unheard(c: sa.Connection, machine: str) -> list[Paid]:
    """Payments at desks of this machine's claims that it has not told as written, oldest first."""
    both = claim_payments.join(claims, claims.c.key == claim_payments.c.key)
    wanted = sa.select(claim_payments.c.key, claim_payments.c.amount_yen).select_from(both)
    open_ = wanted.where(claims.c.machine == machine, claim_payments.c.heard_at == "")
    return [Paid(*row) for row in c.execute(open_.order_by(claim_payments.c.at).limit(NEWS_MAX))]


def heard(c: sa.Connection, key: str, amount_yen: int, now: datetime) -> bool:
    """Note that the machine has written a payment; False when a desk has not paid so much."""
    row = payment(c, key)
    if row is None or row.amount_yen != amount_yen:
        return False
    if not row.heard_at:
        c.execute(claim_payments.update().where(claim_payments.c.key == key).values(heard_at=now.isoformat()))
    return True


def open_ones(c: sa.Connection) -> list[Debt]:
    """Every claim of which something is left, oldest first."""
    keys = c.scalars(sa.select(claims.c.key).order_by(claims.c.told_at, claims.c.key)).all()
    found = [_debt(c, claims.c.key == key) for key in keys]
    return [debt for debt in found if debt is not None and debt.left_yen]
