"""What is still to be pushed: a row for each new flag and each way, written in the flag's own transaction.

Several centre processes share the rows: one takes a row for a while, sends it, and marks it. A process that dies between the
two lets another send it again, so a receiver may get a push twice; its number tells.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from host_sim.centre.operating.flags import sentence_of
from host_sim.centre.tables import flags, pushes

TAKEN_S = 120.0  # longer than any sending takes
FIRST_WAIT_S, LONGEST_WAIT_S = 10.0, 3600.0


@dataclass(frozen=True, slots=True)
class Push:
    """One message that is due. Nothing personal is in it: the flag's details stay at the centre."""

    number: int
    way: str
    flag: int
    at: str  # of the flag, RFC 3339
    machine: str
    what: str
    sentence: str
    tries: int


def take(c: sa.Connection, now: datetime) -> Push | None:
    """The oldest push that is due, for this process alone until `TAKEN_S` have passed; None: nothing is due."""
    due = (pushes.c.state == "waiting") & (pushes.c.due_at <= now.timestamp())
    wanted = sa.select(pushes, flags).join(flags, flags.c.id == pushes.c.flag_id).where(due)
    row = c.execute(wanted.order_by(pushes.c.id).limit(1).set_label_style(sa.LABEL_STYLE_TABLENAME_PLUS_COL)).first()
    if row is None:
        return None
    this = pushes.c.id == row.pushes_id
    c.execute(pushes.update().where(this).values(due_at=now.timestamp() + TAKEN_S, tries=row.pushes_tries + 1))
    sentence = sentence_of(row.flags_what, row.flags_detail)
    told = (row.flags_last_at, row.flags_machine, row.flags_what, sentence)
    return Push(row.pushes_id, row.pushes_way, row.pushes_flag_id, *told, row.pushes_tries + 1)


def done(c: sa.Connection, push: Push, state: str) -> None:
    """`state`: sent, or unwanted because the city's file names no such way."""
    c.execute(pushes.update().where(pushes.c.id == push.number).values(state=state))


def failed(c: sa.Connection, push: Push, now: datetime) -> None:
    """Try again later, each time after a longer wait, for ever: somebody must hear of it."""
    wait_s = min(FIRST_WAIT_S * 2 ** min(push.tries - 1, 20), LONGEST_WAIT_S)
    c.execute(pushes.update().where(pushes.c.id == push.number).values(due_at=now.timestamp() + wait_s))
