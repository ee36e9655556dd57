"""What a machine's code does: it is taken once for the resident who was authenticated, and then lowers fees of one order."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from host_sim.centre.city.place import Place
from host_sim.centre.exemptions.grants import standing
from host_sim.centre.tables import authentications, exemptions

TRIES = 5  # of one authentication; more are refused whatever they are
# Written once: each menu asks it.
_OF_RESIDENT = sa.select(exemptions).where(exemptions.c.resident_id == sa.bindparam("of"))


@dataclass(frozen=True, slots=True)
class Reduction:
    """`number`: of the grant. `exemption`: its word in the city's file."""

    number: int
    exemption: str
    fee_yen: int
    kinds: frozenset[str]
    copies: int  # of each kind

    def lowers(self, kind: str, fee_yen: int) -> bool:
        return kind in self.kinds and self.fee_yen < fee_yen

    def lowered(self, offer: Mapping[str, Any]) -> dict[str, Any]:
        """The offer at the fee that holds with the code; as it was when the code is not for its kind."""
        if not self.lowers(offer["kind"], offer["fee_yen"]):
            return dict(offer)
        most = min(offer["copies_max"], self.copies)
        return {**offer, "fee_yen": self.fee_yen, "copies_max": most}


def waits(c: sa.Connection, resident_id: str, place: Place, now: datetime) -> bool:
    """Whether this resident has a code that could be typed here."""
    rows = c.execute(_OF_RESIDENT, {"of": resident_id}).all()
    return any(row.exemption in place.exemptions and standing(c, row, now) == "open" for row in rows)


def take(c: sa.Connection, authentication_id: str, resident_id: str, code: str, place: Place, now: datetime) -> bool:
    """Whether this resident's code is taken here; then it holds for the authentication. Each code tried is counted."""
    this = authentications.c.authentication_id == authentication_id
    tried = int(c.scalar(sa.select(authentications.c.codes_tried).where(this)) or 0)
    c.execute(authentications.update().where(this).values(codes_tried=tried + 1))
    if tried >= TRIES:
        return False
    rows = c.execute(_OF_RESIDENT, {"of": resident_id}).all()
    for row in rows:
        if hmac.compare_digest(row.code.encode(), code.encode()):
            if row.exemption in place.exemptions and standing(c, row, now) == "open":
                c.execute(authentications.update().where(this).values(exemption_id=row.id))
                return True
            return False
    return False


def reduction(c: sa.Connection, number: int, terms: Place, now: datetime, request_id: str = "") -> Reduction | None:
    """What a taken code is worth; None when it has been used or withdrawn since. `request_id`: the order being made now."""
    row = c.execute(sa.select(exemptions).where(exemptions.c.id == number)).first()
    if row is None or row.exemption not in terms.exemptions or standing(c, row, now, request_id) != "open":
        return None
    part = terms.exemptions[row.exemption]
    kinds = frozenset(row.kinds) & frozenset(part.kinds or row.kinds)
    return Reduction(row.id, row.exemption, part.fee_yen, kinds, row.copies)


def use(c: sa.Connection, number: int, request_id: str) -> None:
    """The order of this id is at the lowered fee."""
    c.execute(exemptions.update().where(exemptions.c.id == number).values(request_id=request_id))
