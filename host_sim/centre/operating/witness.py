"""What this centre was told of each machine's journal: a machine cannot take back what it told (invariant I14, fault J1).

Every message carries the journal's head (drivers/line/README.md, "The journal's head"). The centre compares it with the newest
head that it was told, flags a journal that ran back or was written anew, and returns that head in the answer to the next
heartbeat, so that the machine looks for it in its own journal. A new head is stored by heartbeats and by the messages that promise
or end something; the others are only compared, which costs one read.
"""

import re
from datetime import datetime

import sqlalchemy as sa

from host_sim.centre.store import Store
from host_sim.centre.tables import machines

Head = tuple[int, str]  # sequence number and hash (hex) of a journal's newest record
NONE: Head = (0, "")
HEADER = "Kofuki-Journal"
WRITTEN = r"^([1-9][0-9]{0,9}) ([0-9a-f]{64})$"
SEQ_MAX = 2**31 - 1  # an integer of the database


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


def hear(store: Store, machine: str, told: Head, now: datetime, *, keep: bool) -> None:
    """Compare the head of a message; `keep`: and store it. A head that contradicts is stored too, once it is flagged.

    A machine that was never heard in a heartbeat has no row, and nothing to compare with.
    """
    with store.reading() as c:
        seen = newest(c, machine)
    if seen in (NONE, told) or (told[0] > seen[0] and not keep):
        return
    with store.writing() as c:
        compare(store, c, machine, told, now)
        head = {"journal_seq": told[0], "journal_head": told[1]}
        c.execute(machines.update().where(machines.c.name == machine).values(**head))
