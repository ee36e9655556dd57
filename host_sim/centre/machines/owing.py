"""What a machine may say that a session owes: a claim belongs to a session of that machine, with a cap and a rate.

A claim's key is its session's nonce, and for a later claim of one session a hash of it (`drivers/line/README.md`, "The claim
code"). A session that the centre never promised a paper for took no money. Its claim can still be true, where the database
was restored or the machine ran an older program; so a few small ones are recorded, flagged, and a person decides.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from host_sim.centre.store import Peer
from host_sim.centre.tables import claims, copies, requests

OVERPAID_YEN = 3_000  # beyond the fees: a coin of 500 for the last yen, and five more that rolled in (fault A5)
CLAIMS_OF_A_SESSION = 4
STRANGE_YEN = OVERPAID_YEN  # of a session without a promise
STRANGE_A_DAY = 5  # of one machine
DAY = timedelta(days=1)


def doubt_of(c: sa.Connection, peer: Peer, key: str, amount_yen: int, now: datetime) -> tuple[str, bool]:
    """The word of the flag that this new claim deserves, or nothing; and whether the claim is recorded all the same."""
    session = _session_of(c, peer, key)
    if session is None:
        since = (now - DAY).isoformat()  # both are told in Japan's time
        strange = (claims.c.machine == peer.name) & (claims.c.told_at > since) & claims.c.strange
        few = _count(c, strange) < STRANGE_A_DAY
        return "claim_of_no_session", few and amount_yen <= STRANGE_YEN
    told = [key_of(session, number) for number in range(1, CLAIMS_OF_A_SESSION + 1)]
    owed = c.scalar(sa.select(sa.func.sum(claims.c.amount_yen)).where(claims.c.key.in_(told))) or 0
    if owed + amount_yen > _fees_yen(c, peer, session) + OVERPAID_YEN:
        return "claim_too_high", False
    return "", True


def _session_of(c: sa.Connection, peer: Peer, key: str) -> str | None:
    """The session of this machine that the key names, if a paper was promised in it."""
    if _promised(c, peer, key):
        return key
    mine = c.scalars(sa.select(claims.c.key).where(claims.c.machine == peer.name)).all()
    later = (first for first in mine for n in range(2, CLAIMS_OF_A_SESSION + 1) if key_of(first, n) == key)
    return next((first for first in later if _promised(c, peer, first)), None)


def key_of(session: str, number: int) -> str:
    """The key of a session's claim, counted from 1."""
    return session if number == 1 else hashlib.sha256(f"{session}.{number}".encode()).hexdigest()[:32]


def _promised(c: sa.Connection, peer: Peer, session: str) -> bool:
    return _count(c, (requests.c.session == session) & (requests.c.machine == peer.name), requests) > 0


def _fees_yen(c: sa.Connection, peer: Peer, session: str) -> int:
    its = sa.select(requests.c.request_id).where(requests.c.session == session, requests.c.machine == peer.name)
    return c.scalar(sa.select(sa.func.sum(copies.c.fee_yen)).where(copies.c.request_id.in_(its))) or 0


def _count(c: sa.Connection, where: Any, table: sa.Table = claims) -> int:
    return c.scalar(sa.select(sa.func.count()).select_from(table).where(where)) or 0
