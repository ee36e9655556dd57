"""What this centre was told of each machine's journal: a machine cannot take back what it told (invariant I14, fault J1).

Every message carries the journal's head (drivers/line/README.md, "The journal's head"). The centre compares it with the newest
head that it was told, flags a journal that ran back or was written anew, and returns that head in the answer to the next
heartbeat, so that the machine looks for it in its own journal. A new head is stored by heartbeats and by the messages that promise
or end something; the others are only compared, which costs one read.

A machine has one connection at a time, and gives it up after any error. So what comes on a connection that was opened before the one
of the stored head was sent earlier, and was held up on the way or here: it says nothing of the journal now, and is not compared. That
holds for `LATE_S` only, so that a computer whose clock was set back does not take a new connection for an old one for long.
"""

import re
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from host_sim.centre.store import Store
from host_sim.centre.tables import machines

Head = tuple[int, str]  # sequence number and hash (hex) of a journal's newest record
NONE: Head = (0, "")
HEADER = "Kofuki-Journal"
WRITTEN = r"^([1-9][0-9]{0,9}) ([0-9a-f]{64})$"
SEQ_MAX = 2**31 - 1  # an integer of the database
LATE_S = 600.0  # longer than a network holds a message up; a machine waits for seconds


def read(header: str) -> Head:
    """The head in a message's header. Raises `ValueError`."""
    found = re.fullmatch(WRITTEN, header, re.ASCII)
    if found is None or int(found[1]) > SEQ_MAX:
        raise ValueError("the header holds no head")
    return int(found[1]), found[2]


def newest(c: sa.Connection, machine: str) -> Head:
    """The head that this machine told last; `NONE` from one that never told any."""
    row = c.execute(
        sa.select(machines.c.journal_seq, machines.c.journal_head).where(machines.c.name == machine)
    ).first()
    return NONE if row is None or not row.journal_head else (row.journal_seq, row.journal_head)


def late(row: Any, opened_s: float | None, now: datetime) -> bool:
    """Whether a message was sent before the one that told the head in a machine's row. `opened_s`: when its connection was opened."""
    if row is None or opened_s is None:
        return False
    return bool(opened_s < row.heard_on and 0 <= now.timestamp() - row.heard_at < LATE_S)


def compare(store: Store, c: sa.Connection, machine: str, told: Head, now: datetime) -> None:
    """Flag a head that contradicts the one told before. A machine without a journal, as a bench, tells none."""
    seen = newest(c, machine)
    if NONE in (seen, told):
        return
    about = {"seq": told[0], "seen_seq": seen[0]}
    if told[0] < seen[0]:
        store.flag(c, now, machine, "journal_ran_backwards", about)
    elif told[0] == seen[0] and told[1] != seen[1]:
        store.flag(c, now, machine, "journal_forked", about)


def hear(store: Store, machine: str, told: Head, now: datetime, *, opened_s: float | None, keep: bool) -> None:
    """Compare the head of a message; `keep`: and store it. A head that contradicts is stored too, once it is flagged.

    A machine that was never heard in a heartbeat has no row, and nothing to compare with.
    """
    with store.reading() as c:
        seen = newest(c, machine)
    if seen in (NONE, told) or (told[0] > seen[0] and not keep):
        return
    this = machines.c.name == machine
    with store.writing() as c:
        if late(c.execute(sa.select(machines).where(this)).first(), opened_s, now):
            return
        compare(store, c, machine, told, now)
        head = {"journal_seq": told[0], "journal_head": told[1]}
        c.execute(machines.update().where(this).values(**head, heard_on=opened_s or 0, heard_at=now.timestamp()))
