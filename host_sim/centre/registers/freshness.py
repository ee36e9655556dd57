"""How old each register may be, and which certificates need it.

A register that is fed and whose last state is older than its limit is stale: the certificates made from it are refused
(`books_stale`) until the next delivery. A register that was never imported or fed, as the sample's, has no age.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from host_sim.centre.registers.rows import REGISTERS, RegisterName
from host_sim.centre.tables import feeds

# 住民記録 and seals are delivered each night; the family registers' office rests at weekends; taxes are delivered weekly.
LIMITS: Mapping[RegisterName, timedelta] = {
    "residents": timedelta(hours=36),
    "seals": timedelta(hours=36),
    "taxes": timedelta(days=8),
    "families": timedelta(days=4),
}
# Beside the residents, whom every certificate needs.
NEEDS: Mapping[str, RegisterName] = {
    "inkan": "seals",
    "kazei": "taxes",
    "koseki": "families",
    "koseki_kojin": "families",
    "fuhyo": "families",
}
_FEEDS = sa.select(feeds)


@dataclass(frozen=True, slots=True)
class Standing:
    """One register that is fed."""

    number: int  # of the last delivery; 0: imported
    made_at: datetime
    age: timedelta
    limit: timedelta

    @property
    def fresh(self) -> bool:
        return self.age <= self.limit


def standings(
    c: sa.Connection, now: datetime, limits: Mapping[RegisterName, timedelta] = LIMITS
) -> dict[RegisterName, Standing]:
    """Each register that is fed, as it stands now."""
    rows = {row.register: row for row in c.execute(_FEEDS)}
    return {
        name: Standing(rows[name].number, made_at, now - made_at, limits[name])
        for name in REGISTERS
        if name in rows
        for made_at in [datetime.fromisoformat(rows[name].made_at)]
    }


def stale_kinds(
    c: sa.Connection, kinds: Iterable[str], now: datetime, limits: Mapping[RegisterName, timedelta] = LIMITS
) -> frozenset[str]:
    """The kinds of certificate for which a register that they need is too old."""
    stale = {name for name, standing in standings(c, now, limits).items() if not standing.fresh}
    return frozenset(kind for kind in kinds if stale & {"residents", NEEDS.get(kind, "residents")})
