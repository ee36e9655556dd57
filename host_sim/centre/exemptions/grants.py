"""What a clerk does: grant an exemption to a resident whose proof they have seen, withdraw it, list what was granted.

A grant has a code of eight digits, good for one order of that resident in the week after it. The code alone is worth nothing: a
machine asks for it only after card and PIN have proved who stands there. An order whose copies all failed uses no code up.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from host_sim.centre.city.book import CityBook
from host_sim.centre.city.hours import JST
from host_sim.centre.city.model import ExemptionPart
from host_sim.centre.operating import audit
from host_sim.centre.refusal import Refusal
from host_sim.centre.staff.accounts import Staff
from host_sim.centre.store import Store
from host_sim.centre.tables import copies, exemptions, requests, residents

DIGITS = 8
VALID = timedelta(days=7)
COPIES_MAX = 9

SENTENCES = {
    "no_resident": "Nobody in the register has the number {number}: compare it with the resident's papers.",
    "no_exemption": "The city's file has no exemption {word} today: its words are {words}.",
    "not_for_kind": "The exemption {word} is not for {kind}: it is for {kinds}.",
    "no_kind": "Choose at least one kind of certificate.",
    "copies": "Copies of each kind are 1 to {most}.",
    "no_grant": "There is no grant number {number}: look at the list.",
    "not_open": "Grant {number} is {state}: there is nothing to withdraw.",
}


class NotGranted(Refusal):
    """A grant that is not made, or not withdrawn."""

    sentences = SENTENCES


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """`state`: open, used, withdrawn or over. `exemption`: its word in the city's file. `kinds`: of certificates."""

    number: int
    code: str
    resident_id: str
    exemption: str
    kinds: tuple[str, ...]
    copies: int  # of each kind
    by: str
    at: str
    valid_until: date
    state: str


class ExemptionDesk:
    def __init__(self, store: Store, city: CityBook) -> None:
        self._store, self._city = store, city

    def on_file(self, now: datetime) -> dict[str, ExemptionPart]:
        """The exemptions of today, by their word."""
        with self._store.reading() as c:
            return dict(self._city.at(c, now).rules.exemptions)

    def kinds_on_file(self, now: datetime) -> dict[str, dict[str, str]]:
        """Kind -> title, in the order of the city's file."""
        with self._store.reading() as c:
            return {kind: part.title for kind, part in self._city.at(c, now).rules.kinds.items()}

    def grant(
        self, resident_id: str, exemption: str, kinds: Sequence[str], number: int, by: Staff, why: str, now: datetime
    ) -> Grant:
        """A new grant for `number` copies of each kind. `why`: which proof the clerk saw. Raises `NotGranted`."""
        kinds = list(dict.fromkeys(kinds))
        self._check(exemption, kinds, number, now)
        until = now.astimezone(JST).date() + VALID
        with self._store.writing() as c:
            if (
                c.execute(sa.select(residents.c.resident_id).where(residents.c.resident_id == resident_id)).first()
                is None
            ):
                raise NotGranted("no_resident", number=resident_id)
            values: dict[str, Any] = {
                "code": _new_code(c),
                "resident_id": resident_id,
                "exemption": exemption,
                "kinds": kinds,
            }
            values |= {"copies": number, "granted_by": by.login, "granted_at": now.isoformat(), "why": why}
            values |= {"valid_until": until.isoformat()}
            made = c.execute(exemptions.insert().values(**values).returning(exemptions.c.id)).scalar_one()
            granted = {"exemption": exemption, "kinds": kinds, "copies": number, "why": why}
            _note(c, now, by, "exemption_granted", made, granted)
            row = c.execute(sa.select(exemptions).where(exemptions.c.id == made)).one()
            return as_grant(c, row, now)

    def withdraw(self, number: int, by: Staff, why: str, now: datetime) -> Grant:
        """End a grant that nobody has used. Raises `NotGranted`."""
        with self._store.writing() as c:
            row = c.execute(sa.select(exemptions).where(exemptions.c.id == number)).first()
            if row is None:
                raise NotGranted("no_grant", number=number)
            state = standing(c, row, now)
            if state != "open":
                raise NotGranted("not_open", number=number, state=state)
            c.execute(exemptions.update().where(exemptions.c.id == number).values(withdrawn_at=now.isoformat()))
            _note(c, now, by, "exemption_withdrawn", number, {"why": why})
            return as_grant(c, c.execute(sa.select(exemptions).where(exemptions.c.id == number)).one(), now)

    def listed(self, now: datetime, days: int = 31) -> list[Grant]:
        """What was granted in these days, newest first."""
        since = (now - timedelta(days=days)).isoformat()
        with self._store.reading() as c:
            rows = c.execute(
                sa.select(exemptions).where(exemptions.c.granted_at >= since).order_by(exemptions.c.id.desc())
            )
            return [as_grant(c, row, now) for row in rows.all()]

    def of_number(self, number: int, now: datetime) -> Grant:
        """Raises `NotGranted` for a number that there is not."""
        with self._store.reading() as c:
            row = c.execute(sa.select(exemptions).where(exemptions.c.id == number)).first()
            if row is None:
                raise NotGranted("no_grant", number=number)
            return as_grant(c, row, now)

    def _check(self, exemption: str, kinds: Sequence[str], number: int, now: datetime) -> None:
        on_file, all_kinds = self.on_file(now), self.kinds_on_file(now)
        if exemption not in on_file:
            raise NotGranted("no_exemption", word=exemption, words=", ".join(on_file) or "none")
        allowed = on_file[exemption].kinds or list(all_kinds)
        for kind in kinds:
            if kind not in allowed:
                raise NotGranted("not_for_kind", word=exemption, kind=kind, kinds=", ".join(allowed))
        if not kinds:
            raise NotGranted("no_kind")
        if not 1 <= number <= COPIES_MAX:
            raise NotGranted("copies", most=COPIES_MAX)


def as_grant(c: sa.Connection, row: Any, now: datetime) -> Grant:
    return Grant(
        number=row.id,
        code=row.code,
        resident_id=row.resident_id,
        exemption=row.exemption,
        kinds=tuple(row.kinds),
        copies=row.copies,
        by=row.granted_by,
        at=row.granted_at,
        valid_until=date.fromisoformat(row.valid_until),
        state=standing(c, row, now),
    )


def standing(c: sa.Connection, row: Any, now: datetime, but_for: str = "") -> str:
    """open, used, withdrawn or over. `but_for`: an order that does not count as a use, because it is being made now."""
    if row.withdrawn_at:
        return "withdrawn"
    if row.request_id and row.request_id != but_for and _holds(c, row.request_id):
        return "used"
    return "over" if date.fromisoformat(row.valid_until) < now.astimezone(JST).date() else "open"


def _holds(c: sa.Connection, request_id: str) -> bool:
    """Whether an order uses a code up: it is being made, or one of its copies is not void."""
    state = c.scalar(sa.select(requests.c.state).where(requests.c.request_id == request_id))
    if state != "made":
        return state == "making"
    alive = (copies.c.request_id == request_id) & (copies.c.state != "void")
    return c.execute(sa.select(copies.c.copy).where(alive).limit(1)).first() is not None


def _new_code(c: sa.Connection) -> str:
    while True:
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
        if c.execute(sa.select(exemptions.c.id).where(exemptions.c.code == code)).first() is None:
            return code


def _note(c: sa.Connection, now: datetime, by: Staff, act: str, number: int, detail: dict[str, Any]) -> None:
    told = {"who": by.login, "grant": number} | detail
    audit.append(c, at=now.isoformat(), machine="desk", site="desk", act=act, detail=told)
