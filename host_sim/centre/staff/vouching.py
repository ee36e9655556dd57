"""The path without a PIN, at a counter terminal only: one clerk has seen the resident's photo ID, another one confirms it.

What is proven by what: the photo ID, seen by two clerks, says that the resident is the holder of the card. A municipal card
proves with its own key that it is no copy. A JPKI card shows its certificate, which says whose card it is and is checked for
chain, validity and revocation; its key signs only after the PIN, so nothing but the clerks' eyes says that the card is the
real one. Each clerk is proven by the second factor of their account, whose code works once.

Two clerks who agree can have a paper of anybody whose card they hold. That is why the city's file allows it kind by kind, and
why each is named on the audit record, with the request.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from host_sim.centre.staff.accounts import Accounts, NotAllowed
from host_sim.centre.store import Peer, Store

ROLE = "clerk"
ATTENDED = "attended"  # the method of such an authentication


@dataclass(frozen=True, slots=True)
class Attendance:
    """One clerk, and a code of their second factor."""

    login: str
    code: str


class NotVouched(Exception):
    """The clerks do not agree; carries the line's word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Vouching:
    """Checks the two clerks of a session without a PIN."""

    def __init__(self, store: Store, accounts: Accounts) -> None:
        self._store = store
        self._accounts = accounts

    def clerks(self, c: sa.Connection, now: datetime) -> list[tuple[str, str]]:
        """Login and name of every clerk in the city's file of the day."""
        staff = self._accounts.city.at(c, now).rules.staff
        return [(login, person.name) for login, person in staff.items() if ROLE in person.roles]

    def vouched(self, c: sa.Connection, peer: Peer, two: Sequence[Attendance], now: datetime) -> str:
        """The logins of both, for the record. Raises `NotVouched`; a flag stays, and so does the count of wrong codes."""
        first, second = two
        if first.login == second.login:
            raise self._refused(c, peer, "same_clerk", first.login, now)
        for clerk in two:
            try:
                self._accounts.confirm(c, clerk.login, clerk.code, ROLE, now)
            except NotAllowed as refused:
                raise self._refused(c, peer, "clerk_refused", clerk.login, now, refused.word) from None
        return f"{first.login},{second.login}"

    def _refused(
        self, c: sa.Connection, peer: Peer, code: str, login: str, now: datetime, why: str = "same_person"
    ) -> NotVouched:
        self._store.flag(c, now, peer.name, "clerk_refused", {"login": login[:32], "why": why})
        return NotVouched(code)
