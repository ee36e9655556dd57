"""Flags: what a person must look at. A flag stays until two different people have closed it, each with a reason.

The same flag again, while it is open, is counted on its row. Each act on a flag is a row of `flag_acts`, which the
database only adds to, and a row of the audit record, there without the words that a person wrote.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from host_sim.centre.operating import audit
from host_sim.centre.tables import flag_acts, flags

OF_ONE_KIND_MAX = 100  # open flags of one machine and one word; the next is counted on the newest of them
WORDS_MAX = 500

SENTENCES = {
    "document_wrong": "A finished page did not say what the books say. The line is stopped until two people resume it.",
    "two_ends": "A machine told both `issued` and `void` for one copy. Find the paper; the first statement stays.",
    "unfetched_paper": "A machine says it printed a copy that it never fetched. Find out what was printed.",
    "unknown_paper": "A machine says it printed a copy that was never promised to it. Find out what was printed.",
    "two_amounts": "One debt to a resident was told with two amounts or by two machines. Compare the slip.",
    "paid_twice": "More was paid out for a claim than was owed. The coins are gone; look for the second payout.",
    "journal_ran_backwards": "A machine's journal is older than it was: its medium was changed or rolled back.",
    "journal_forked": "A machine's journal has another entry where one was already told: it was written anew.",
    "tables_behind": "A machine holds newer site tables than the centre. Was an old backup restored? Apply the city's file again.",
    "reported": "A machine reports an alarm of its own.",
    "revocation_unknown": "Nobody can say now which cards are revoked. Cards are refused until the list is fresh again.",
    "staff_locked": "Wrong passwords or codes were typed for one account of the staff. Ask its owner whether it was they.",
    "desk_attacked": "Many sign-ins at the desk failed from one network address. Find out whose computer it is.",
    "clerk_refused": "A clerk's code was wrong or used at a counter terminal, or one clerk tried to be two. Ask both clerks.",
    "stopped": "Somebody stopped the municipality's line.",
    "resumed": "Two people let the stopped line go on.",
}
EVENTS = {
    "pin_attack": "Wrong PINs were typed with one card after the other. Somebody may be trying found cards.",
    "console_locked": "Too many wrong passwords were typed at the machine's console.",
    "site_table_refused": "The machine got a site table that it cannot use: its signature or a field is wrong.",
    "site_table_older": "The machine got an older site table than it holds. Somebody may have rolled the centre back.",
    "binding_failed": "An answer of the centre did not fit what this machine asked. The machine has stopped.",
}


class NotDone(ValueError):
    """An act on a flag that cannot be done; the message is a sentence."""


def sentence_of(what: str, detail: Mapping[str, Any]) -> str:
    """What a flag means, in a sentence for a clerk."""
    if what == "reported":
        event = str(detail.get("event", ""))
        return EVENTS.get(event, f"A machine reports `{event}`, a word that this centre does not know.")
    return SENTENCES.get(what, f"Something happened that has no sentence yet: `{what}`.")


def raise_flag(c: sa.Connection, now: datetime, machine: str, what: str, detail: Mapping[str, Any]) -> None:
    """Store a flag, or count it on the open one that says the same."""
    about = _about(detail)
    standing = _standing(c, machine, what, about)
    at = now.isoformat()
    if standing is None:
        row = {"at": at, "last_at": at, "machine": machine, "what": what, "about": about, "detail": dict(detail)}
        result = c.execute(flags.insert().values(**row, times=1, state="open", assigned_to="").returning(flags.c.id))
        number = result.scalar_one()
    else:
        number = standing.id
        again = {"times": flags.c.times + 1, "last_at": at, "state": "open"}
        c.execute(flags.update().where(flags.c.id == number).values(**again))
        if standing.state == "closing":
            _act(c, now, number, "reopened", "-", "It happened again.")
    told = {"flag": number, "what": what, "about": about}
    audit.append(c, at=at, machine=machine, site="-", act="flag", detail=told)


def _about(detail: Mapping[str, Any]) -> str:
    """The copy, request, session or event that a flag is about; empty when it is about the machine or the line itself."""
    if "request_id" in detail and "copy" in detail:
        return f"{detail['request_id']}.{detail['copy']}"
    return str(detail.get("request_id") or detail.get("key") or detail.get("event") or "")


def _standing(c: sa.Connection, machine: str, what: str, about: str) -> Any:
    """The open flag on which this one is counted, or None."""
    alike = (flags.c.machine == machine) & (flags.c.what == what) & (flags.c.state != "closed")
    same = c.execute(sa.select(flags.c.id, flags.c.state).where(alike, flags.c.about == about)).first()
    if same is not None:
        return same
    newest = c.execute(sa.select(flags.c.id, flags.c.state).where(alike).order_by(flags.c.id.desc())).all()
    return newest[0] if len(newest) >= OF_ONE_KIND_MAX else None


def listed(c: sa.Connection, *, closed: bool = False) -> Sequence[Any]:
    """The flags that are not closed, or all of them; oldest first."""
    wanted = sa.select(flags) if closed else sa.select(flags).where(flags.c.state != "closed")
    return c.execute(wanted.order_by(flags.c.id)).all()


def acts_of(c: sa.Connection, number: int) -> Sequence[Any]:
    return c.execute(sa.select(flag_acts).where(flag_acts.c.flag_id == number).order_by(flag_acts.c.id)).all()


def find(c: sa.Connection, number: int) -> Any:
    """The flag's row. Raises `NotDone`."""
    row = c.execute(sa.select(flags).where(flags.c.id == number)).first()
    if row is None:
        raise NotDone(f"There is no flag {number}. `flags list` shows them.")
    return row


def assign(c: sa.Connection, now: datetime, number: int, by: str, to: str) -> None:
    _check(by, to)
    _open(c, number)
    c.execute(flags.update().where(flags.c.id == number).values(assigned_to=to))
    _act(c, now, number, "assigned", by, f"to {to}")


def comment(c: sa.Connection, now: datetime, number: int, by: str, words: str) -> None:
    _check(by, words)
    find(c, number)
    _act(c, now, number, "commented", by, words)


def close(c: sa.Connection, now: datetime, number: int, by: str, why: str) -> bool:
    """Record that this person would close the flag; returns whether it is closed now, which takes a second person."""
    _check(by, why)
    row = _open(c, number)
    if row.state == "open":
        c.execute(flags.update().where(flags.c.id == number).values(state="closing"))
        _act(c, now, number, "closing", by, why)
        return False
    first = [act.by for act in acts_of(c, number) if act.act == "closing"][-1]
    if same_person(first, by):
        raise NotDone(f"{by} has closed flag {number} already; a second person must close it, too.")
    c.execute(flags.update().where(flags.c.id == number).values(state="closed"))
    _act(c, now, number, "closed", by, why)
    return True


def same_person(one: str, other: str) -> bool:
    """Whether two names on the command line are one person's, however they are typed."""
    return _spelt(one) == _spelt(other)


def _spelt(name: str) -> str:
    """Without width, capitals and spaces, which an input method changes."""
    return "".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())


def _open(c: sa.Connection, number: int) -> Any:
    row = find(c, number)
    if row.state == "closed":
        raise NotDone(f"Flag {number} is closed. If it happens again, there will be a new one.")
    return row


def _check(*texts: str) -> None:
    if not all(text.strip() and text.replace("\u3000", " ").isprintable() and len(text) <= WORDS_MAX for text in texts):
        raise NotDone(f"Say who and why, in one line of at most {WORDS_MAX} letters.")


def _act(c: sa.Connection, now: datetime, number: int, act: str, by: str, words: str) -> None:
    at = now.isoformat()
    c.execute(flag_acts.insert().values(flag_id=number, at=at, act=act, by=by, words=words))
    audit.append(c, at=at, machine="-", site="-", act=f"flag_{act}", detail={"flag": number})
