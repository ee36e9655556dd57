"""What a clerk does with a claim: look it up, hold it, pay it. Each act says who, and is a row of the audit record.

A clerk holds a claim before the money is counted, so that no machine and no colleague pays it meanwhile. A clerk's hold ends
by itself, because nothing irreversible hangs on it; a machine's does not, because coins may be moving: two people end it.
A code that nobody has is counted; after some the clerk must wait, and a flag tells of it: somebody may be guessing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from host_sim.centre.city.book import CityBook
from host_sim.centre.city.hours import JST
from host_sim.centre.city.place import Place
from host_sim.centre.claims import codes, debts
from host_sim.centre.claims.debts import COUNTER, Debt
from host_sim.centre.database import stays
from host_sim.centre.operating import audit
from host_sim.centre.refusal import Refusal
from host_sim.centre.staff import tries
from host_sim.centre.staff.accounts import Staff
from host_sim.centre.store import Store
from host_sim.centre.tables import claim_payments

HOLD = timedelta(minutes=15)
GUESSES = tries.Limit(8, 3600)  # codes that nobody has, of one clerk

SENTENCES = {
    **codes.SENTENCES,
    "unknown": "No claim has this code: compare it with the slip. If the machine has no line, it is told later; try tomorrow.",
    "guessed": "Too many codes that nobody has were tried: wait {minutes} minutes, and call a supervisor.",
    "paid": "This claim was paid already: {when}, {where}. Nothing is owed any more.",
    "examined": "Credits came without coins in this session: two people must close its incident first. Pay nothing yet.",
    "held_here": "{by} is paying this claim now; ask your colleague, or wait until {until}.",
    "held_by_machine": "The machine {machine} is paying this claim now, or could not tell its end. Ask a technician; pay nothing.",
    "not_held": "Nobody holds this claim for you: look it up, hold it, count the money, then pay.",
    "not_a_desk": "{place} is no place with a desk in the city's file: name the desk at which you pay.",
    "not_held_by_machine": "No machine holds this claim; there is nothing to end.",
}


class NotPaid(Refusal):
    """A claim that is not shown, held or paid."""

    sentences = SENTENCES


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was paid at a desk, as its receipt says it. `code`: with its check letter."""

    number: str
    code: str
    amount_yen: int
    reason: str
    machine: str
    told_at: str
    paid_at: datetime
    city: str
    place: Place
    by: str  # who paid: the name in the city's file


@dataclass(frozen=True, slots=True)
class Looked:
    """A claim as a clerk sees it. `state`: owed, held (by this clerk), held_here, held_by_machine, examined, paid."""

    debt: Debt
    code: str  # with its check letter
    state: str
    holder: Any
    payment: Any


class ClaimDesk:
    def __init__(self, store: Store, city: CityBook) -> None:
        self._store, self._city = store, city

    # --- acts -----------------------------------------------------------------------------------

    def look_up(self, typed: str, by: Staff, now: datetime) -> Looked:
        """The claim on a slip. Raises `NotPaid` for a code that nobody has."""
        with self._store.writing() as c:
            looked = self._look(c, typed, by, now)
            self._note(c, now, by, "claim_looked_up", looked.debt)
        return looked

    def hold(self, typed: str, by: Staff, now: datetime) -> Looked:
        """From now on only this clerk pays the claim, for a quarter of an hour. Raises `NotPaid`."""
        with self._store.writing() as c:
            looked = self._look(c, typed, by, now)
            self._must_be_free(c, looked)
            debts.hold(c, looked.debt.key, COUNTER, by.login, (now + HOLD).timestamp())
            self._note(c, now, by, "claim_held", looked.debt)
            return self._look(c, typed, by, now)

    def let_go(self, typed: str, by: Staff, now: datetime) -> Looked:
        """The clerk does not pay after all. Raises `NotPaid` when the clerk does not hold the claim."""
        with self._store.writing() as c:
            looked = self._look(c, typed, by, now)
            if looked.state != "held":
                raise NotPaid("not_held")
            debts.let_go(c, looked.debt.key, COUNTER)
            self._note(c, now, by, "claim_let_go", looked.debt)
            return self._look(c, typed, by, now)

    def pay(self, typed: str, by: Staff, place: str, now: datetime) -> Receipt:
        """The clerk has paid everything that is left; returns the receipt. Raises `NotPaid`. A claim is paid once."""
        with self._store.writing() as c:
            looked = self._look(c, typed, by, now)
            self._must_be_free(c, looked)
            if looked.state != "held":
                raise NotPaid("not_held")
            self._desk(c, place, now)
            debt = looked.debt
            serial = self._store.next_serials(c, now.astimezone(JST).date(), COUNTER, 1)[0]
            number = f"{now.astimezone(JST):%Y%m%d}-{serial:04d}"
            debts.pay(c, debt.key, COUNTER, 1, debt.left_yen)
            row = {"key": debt.key, "amount_yen": debt.left_yen, "at": now.isoformat(), "place": place}
            c.execute(claim_payments.insert().values(**row, by=by.login, receipt=number))
            debts.let_go(c, debt.key, COUNTER)
            self._note(c, now, by, "claim_paid", debt, amount_yen=debt.left_yen, place=place, receipt=number)
            return self._receipt(c, self._look(c, typed, by, now))

    def receipt(self, typed: str, by: Staff, now: datetime) -> Receipt:
        """The receipt of a claim that a desk has paid, again. Raises `NotPaid`."""
        with self._store.writing() as c:
            looked = self._look(c, typed, by, now)
            if looked.payment is None:
                raise NotPaid("not_held")
            self._note(c, now, by, "claim_receipt", looked.debt)
            return self._receipt(c, looked)

    def end_hold(self, typed: str, by: Staff, second: Staff, why: str, now: datetime) -> Looked:
        """Two people end a machine's hold, when the machine is lost and cannot tell what it paid. Raises `NotPaid`.

        What it paid all the same is recorded when it tells it, and then flagged as paid twice.
        """
        with self._store.writing() as c:
            looked = self._look(c, typed, by, now)
            if looked.state != "held_by_machine":
                raise NotPaid("not_held_by_machine")
            debts.let_go(c, looked.debt.key, looked.debt.machine)
            self._note(c, now, by, "claim_hold_ended", looked.debt, second=second.login, words=why)
            return self._look(c, typed, by, now)

    def open_claims(self, now: datetime) -> list[Looked]:
        """Every claim that somebody is still owed, oldest first, for a supervisor's eyes: whoever has a code has the money."""
        with self._store.reading() as c:
            return [self._seen(c, debt, "", now) for debt in debts.open_ones(c)]

    # --- inside ---------------------------------------------------------------------------------

    def _look(self, c: sa.Connection, typed: str, by: Staff, now: datetime) -> Looked:
        guesses = tries.Counted("claim", by.login, GUESSES)
        if minutes := tries.minutes_left(c, guesses, now):
            raise NotPaid("guessed", minutes=minutes)
        try:
            code = codes.read(typed, self._city.at(c, now).municipality.code)
        except codes.NoCode as wrong:
            raise NotPaid(wrong.word) from None
        debt = debts.of_code(c, code)
        if debt is None:
            stays(c, lambda later: self._guessed(later, guesses, by, now))
            raise NotPaid("unknown")
        return self._seen(c, debt, by.login, now)

    def _guessed(self, c: sa.Connection, guesses: tries.Counted, by: Staff, now: datetime) -> None:
        if tries.count(c, guesses, now):
            self._store.flag(c, now, "desk", "claim_codes_tried", {"key": by.login})

    def _seen(self, c: sa.Connection, debt: Debt, login: str, now: datetime) -> Looked:
        holder = debts.holder(c, debt.key, now)
        code = codes.on_slip(debt.code, self._city.at(c, now).municipality.code)
        state = _state(debt, holder, login)
        if state != "paid" and debts.examined(c, debt.key):
            state = "examined"
        return Looked(debt, code, state, holder, debts.payment(c, debt.key))

    def _must_be_free(self, c: sa.Connection, looked: Looked) -> None:
        match looked.state:
            case "paid":
                when, where = self._paid(c, looked)
                raise NotPaid("paid", when=when, where=where)
            case "examined":
                raise NotPaid("examined")
            case "held_here":
                until = datetime.fromtimestamp(looked.holder.until, JST)
                raise NotPaid("held_here", by=looked.holder.by, until=f"{until:%H:%M}")
            case "held_by_machine":
                raise NotPaid("held_by_machine", machine=looked.holder.machine)

    def _paid(self, c: sa.Connection, looked: Looked) -> tuple[str, str]:
        """When and where a claim was paid: at a desk, or by its machine, whose journal knows the minute."""
        if looked.payment is None:
            return "the machine's journal knows the minute", f"by staff at the machine {looked.debt.machine}"
        at = datetime.fromisoformat(looked.payment.at)
        return f"{at.astimezone(JST):%Y-%m-%d %H:%M}", self._desk(c, looked.payment.place, at).name["ja"]

    def _desk(self, c: sa.Connection, place: str, now: datetime) -> Place:
        """A place with people behind a desk. Raises `NotPaid`."""
        found = self._city.at(c, now).places.get(place)
        if found is None or not found.staffed:
            raise NotPaid("not_a_desk", place=place)
        return found

    def _receipt(self, c: sa.Connection, looked: Looked) -> Receipt:
        debt, paid = looked.debt, looked.payment
        at = datetime.fromisoformat(paid.at)
        city = self._city.at(c, at)
        return Receipt(
            number=paid.receipt,
            code=looked.code,
            amount_yen=paid.amount_yen,
            reason=debt.reason,
            machine=debt.machine,
            told_at=debt.told_at,
            paid_at=at,
            city=city.municipality.city,
            place=self._desk(c, paid.place, at),
            by=city.rules.staff[paid.by].name if paid.by in city.rules.staff else paid.by,
        )

    def _note(self, c: sa.Connection, now: datetime, by: Staff, act: str, debt: Debt, **more: object) -> None:
        told = {"key": debt.key, "left_yen": debt.left_yen, "who": by.login, "why": audit.word(debt.reason), **more}
        audit.append(c, at=now.isoformat(), machine=debt.machine, site=COUNTER, act=act, detail=told)


def _state(debt: Debt, holder: Any, login: str) -> str:
    if debt.left_yen == 0:
        return "paid"
    if holder is None:
        return "owed"
    if holder.machine != COUNTER:
        return "held_by_machine"
    return "held" if holder.by == login else "held_here"
