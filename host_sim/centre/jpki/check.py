"""Asks the source of revocation data about a believed certificate, and flags once that there is none, until there is.

Without a source (`None`) only the card register says which certificates are revoked.
"""

from datetime import datetime

import sqlalchemy as sa

from host_sim.centre.jpki.chain import Believed
from host_sim.centre.jpki.revocation import Revocation, Unavailable
from host_sim.centre.store import Store

_FACT = "no revocation data"  # holds why, while there is none


class RevocationCheck:
    """What it asks may take seconds, so it asks outside any transaction, and tells the outcome inside one."""

    def __init__(self, store: Store, source: Revocation | None) -> None:
        self._store = store
        self._source = source

    def ready(self, believed: Believed, now: datetime) -> bool:
        """Whether a certificate of this CA can be checked now, as far as it is known without asking anybody."""
        if self._source is None:
            return True
        try:
            self._source.ready(believed.certificate, believed.issuer, now)
        except Unavailable as unavailable:
            with self._store.writing() as c:
                self._tell(c, unavailable.why, now)
            return False
        return True

    def ask(self, believed: Believed, now: datetime) -> bool | Unavailable:
        """Whether it is revoked, or why nobody can say."""
        if self._source is None:
            return False
        try:
            return self._source.is_revoked(believed.certificate, believed.issuer, now)
        except Unavailable as unavailable:
            return unavailable

    def refusal(self, c: sa.Connection, told: bool | Unavailable, now: datetime) -> str | None:
        """The line's word for an outcome of `ask`; None for a certificate that is good."""
        self._tell(c, told.why if isinstance(told, Unavailable) else None, now)
        if isinstance(told, Unavailable):
            return "revocation_unknown"
        return "certificate_revoked" if told else None

    def _tell(self, c: sa.Connection, why: str | None, now: datetime) -> None:
        known = self._store.fact(c, _FACT)
        if why is not None and known is None:
            self._store.flag(c, now, "-", "revocation_unknown", {"event": why})
        if (why is None) != (known is None):
            self._store.set_fact(c, _FACT, why)
