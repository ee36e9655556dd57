"""Flags: what a person must look at. A flag stays until two different people have closed it, each with a reason.

The same flag again, while it is open, is counted on its row. Each act on a flag is a row of `flag_acts`, which the
database only adds to, and a row of the audit record, there without the words that a person wrote.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from host_sim.centre.operating import audit
from host_sim.centre.tables import flag_acts, flags, pushes

OF_ONE_KIND_MAX = 100  # open flags of one machine and one word; the next is counted on the newest of them
NEVER_TOGETHER = frozenset({"credits_without_coins"})  # a claim waits for its own flag (fault M4)
WORDS_MAX = 500
_COPY = re.compile(r"\b[0-9a-f]{32}(\.\d)?\b")
MAY_CLOSE = ("supervisor", "technician", "clerk")  # roles; two different people close a flag
PUSHED = [{"way": way, "state": "waiting", "tries": 0} for way in ("webhook", "mail")]  # by alarms/sending.py

SENTENCES = {
    "document_wrong": "A finished page did not say what the books say. The line is stopped until two people resume it.",
    "document_unfit": "A certificate could not be made of one resident's data. It was refused before payment; issue it at the counter.",
    "signing_ends": "The city's certificate ends soon, and unsigned papers are not issued. Renew it (README, The city's signature).",
    "letter_missing": "No font here has a letter of a resident's record. Its certificates are refused; issue them at the counter.",
    "two_ends": "A machine told both `issued` and `void` for one copy. Find the paper; the first statement stays.",
    "unfetched_paper": "A machine says it printed a copy that it never fetched. Find out what was printed.",
    "unknown_paper": "A machine says it printed a copy that was never promised to it. Find out what was printed.",
    "two_amounts": "One debt to a resident was told with two amounts or by two machines. Compare the slip.",
    "claim_of_no_session": "A machine owes money of a session in which no paper was promised. Compare the slip.",
    "claim_too_high": "A machine says it owes more than a session can have taken. It was not recorded; look at the machine.",
    "machine_unknown": "A certificate called whose key is not registered. It was refused; somebody may have had a key made.",
    "machine_renamed": "A registered key called under another machine's name. It was refused; find that machine.",
    "machine_moved": "A registered machine's certificate names another site. It was refused; find that machine.",
    "machine_revoked": "A machine called with a key that was revoked or replaced. It was refused; a stolen machine may be in use.",
    "refusals_rising": "A machine was refused unusually often within an hour. Somebody may be trying cards or papers.",
    "paid_twice": "More was paid out for a claim than was owed. The coins are gone; look for the second payout.",
    "claim_codes_tried": "Claim codes that nobody has were tried, again and again. Somebody may be guessing; ask who it was.",
    "journal_ran_backwards": "A machine's journal is older than it was: its medium was changed or rolled back.",
    "journal_forked": "A machine's journal has another entry where one was already told: it was written anew.",
    "tables_behind": "A machine holds newer site tables than the centre. Was an old backup restored? Apply the city's file again.",
    "reported": "A machine reports an alarm of its own.",
    "credits_without_coins": "A machine saw credits without coins. Look at its coin line; the claim waits until two people close this.",
    "revocation_unknown": "Nobody can say now which cards are revoked. Cards are refused until the list is fresh again.",
    "staff_locked": "Wrong passwords or codes were typed for one account of the staff. Ask its owner whether it was they.",
    "desk_attacked": "Many sign-ins at the desk failed from one network address. Find out whose computer it is.",
    "clerk_refused": "A clerk's code was wrong or used at a counter terminal, or one clerk tried to be two. Ask both clerks.",
    "stopped": "Somebody stopped the municipality's line.",
    "resumed": "Two people let the stopped line go on.",
}
EVENTS = {
    "tamper_money": "Coins moved in the machine while nobody was served. Somebody may be at its hoppers.",
    "door": "The machine's case was opened outside maintenance.",
    "acceptor_unpaired": "Another coin acceptor than the paired one stands in the machine.",
    "unbalanced": "In the machine money, papers and journal do not match.",
    "journal_corrupt": "The machine's journal is damaged, or its medium is another one.",
    "release": "The machine runs a program older than a release that was good there.",
    "pin_attack": "Wrong PINs were typed with one card after the other. Somebody may be trying found cards.",
    "console_locked": "Too many wrong passwords were typed at the machine's console.",
    "site_table_refused": "The machine got a site table that it cannot use: its signature or a field is wrong.",
    "site_table_older": "The machine got an older site table than it holds. Somebody may have rolled the centre back.",
    "journal_rolled_back": "The machine's journal lacks a record that it once told here. Nobody is served until two people have looked.",
    "credits_without_coins": "Credits came without coins. Somebody may have reached the coin line; the machine has closed.",
    "coins_exchanged": "Coins were put in and taken back again and again. Look for foreign coins in the cash box.",
    "binding_failed": "An answer of the centre did not fit what this machine asked. The machine has stopped.",
}
# Reasons of a heartbeat for which somebody must come; a flag is raised when one is new. The others mend or tell themselves.
ALARMS = frozenset({"tamper_money", "door", "acceptor_unpaired", "unbalanced", "journal_corrupt", "release"})


# What waits for a person at a machine (firmware/book/cases.py), told by the machine.
CASES = {
    "acceptor_blocked": "A coin is stuck in the machine's acceptor.",
    "acceptor_restarted": "The coin acceptor restarted by itself; a coin may have been lost.",
    "acceptor_swapped": "Another coin acceptor stands in the machine.",
    "cash_box": "The cash box was counted, and it held another sum than the machine's book says.",
    "coin_fraud": "The acceptor saw a coin on a string, or light in its sensor.",
    "coin_uncertain": "A coin was rejected and may have stayed inside. Ask whether a resident misses one.",
    "coins_unreliable": "Coins were lost, or the acceptor restarted, in two sessions. The machine takes no coins until it was checked.",
    "credits_lost": "The acceptor took coins that the machine could not read. Count the cash box.",
    "late_coin": "A coin came after the slot was shut.",
    "pulses_wrong": "The acceptor sent pulses that cannot be read as a credit. Count the cash box; a resident may miss coins.",
    "overpaid": "A hopper paid more than was owed.",
    "pay_unknown": "Nobody knows how many coins a hopper paid. Count the hopper.",
    "payout_unknown": "Nobody knows how many coins a hopper paid. Count the hopper.",
    "power_lost_at_slot": "The power failed while the slot was open; a coin may lie in the cash box uncounted.",
    "slot_unconfirmed": "The acceptor did not say that its slot is shut.",
    "stray_coin": "A coin came while nobody was served.",
    "suspect_coin": "The machine ended with its slot open; a coin may lie in the cash box uncounted.",
    "money_moved": "Coins moved without the machine: its counters and its book differ.",
    "sheets_moved": "Sheets moved without the machine: the printer's counter and its book differ.",
    "unbalanced": "The machine's own accounts do not match.",
    "copy_uncertain": "Nobody knows whether a paper was printed. Find the sheet, then decide.",
    "issued_without_paper": "This centre has a copy as issued that the machine cannot have printed.",
    "paper_left": "A resident left papers behind. Take them out and destroy them, or keep them for their holder.",
    "paper_stuck": "A whole paper hangs uncut in the printer.",
    "slip": "A receipt or a claim slip could not be printed.",
    "void_sheet_in_path": "The remains of a void paper may lie in the printer. Take them out and destroy them.",
    "advice_refused": "This centre refused what the machine had to tell. Compare both books and correct one by hand.",
    "centre_disagrees": "This centre has another end of a copy than the machine told.",
    "door_opened": "The machine's case was opened outside maintenance.",
    "keypad": "A key of the keypad is stuck.",
    "io_board": "The machine's I/O board started anew or was out of reach. It works again; look at its cable.",
    "medium_failed": "The medium of the machine's journal failed.",
    "console_locked": "Too many wrong passwords were typed at the machine's console.",
}


class NotDone(ValueError):
    """An act on a flag that cannot be done; the message is a sentence."""


def sentence_of(what: str, detail: Mapping[str, Any]) -> str:
    """What a flag means, in a sentence for a clerk."""
    if what == "reported":
        event = str(detail.get("event", ""))
        return EVENTS.get(event, f"A machine reports `{event}`, a word that this centre does not know.")
    if what == "case":
        case = str(detail.get("case", ""))
        return CASES.get(case, f"A machine has a case `{case}`, a word that this centre does not know.")
    return SENTENCES.get(what, f"Something happened that has no sentence yet: `{what}`.")


def raise_flag(c: sa.Connection, now: datetime, machine: str, what: str, detail: Mapping[str, Any]) -> int:
    """Store a flag, or count it on the open one that says the same; returns its number."""
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
    if standing is None or standing.state == "closing":
        c.execute(pushes.insert(), [{"flag_id": number, "due_at": now.timestamp(), **push} for push in PUSHED])
    told = {"flag": number, "what": what, "about": _recorded(detail, about)}
    audit.append(c, at=at, machine=machine, site="-", act="flag", detail=told)
    return int(number)


def _recorded(detail: Mapping[str, Any], about: str) -> str:
    """What the audit record says of it. What a case is about is a machine's free text: only its word and a copy's number."""
    if "case" not in detail:
        return about
    copy = _COPY.search(detail["about"])
    return f"{audit.word(detail['case'])} {copy[0] if copy else ''}".strip()


def _about(detail: Mapping[str, Any]) -> str:
    """The copy, request, session or event that a flag is about; empty when it is about the machine or the line itself."""
    if "case" in detail:
        return f"{detail['case']} {detail['about']}".strip()
    if "request_id" in detail and "copy" in detail:
        return f"{detail['request_id']}.{detail['copy']}"
    return str(detail.get("request_id") or detail.get("key") or detail.get("event") or "")


def _standing(c: sa.Connection, machine: str, what: str, about: str) -> Any:
    """The open flag on which this one is counted, or None."""
    alike = (flags.c.machine == machine) & (flags.c.what == what) & (flags.c.state != "closed")
    same = c.execute(sa.select(flags.c.id, flags.c.state).where(alike, flags.c.about == about)).first()
    if same is not None or what in NEVER_TOGETHER:
        return same
    newest = c.execute(sa.select(flags.c.id, flags.c.state).where(alike).order_by(flags.c.id.desc())).all()
    return newest[0] if len(newest) >= OF_ONE_KIND_MAX else None


def stands(c: sa.Connection, what: str, about: str) -> bool:
    """Whether a flag of this word about this subject is not closed yet."""
    same = (flags.c.what == what) & (flags.c.about == about) & (flags.c.state != "closed")
    return c.execute(sa.select(flags.c.id).where(same)).first() is not None


def listed(c: sa.Connection, *, closed: bool = False) -> Sequence[Any]:
    """The flags that are not closed, or all of them; oldest first."""
    wanted = sa.select(flags) if closed else sa.select(flags).where(flags.c.state != "closed")
    return c.execute(wanted.order_by(flags.c.id)).all()


def acts_of(c: sa.Connection, number: int) -> Sequence[Any]:
    return c.execute(sa.select(flag_acts).where(flag_acts.c.flag_id == number).order_by(flag_acts.c.id)).all()


def find(c: sa.Connection, number: int) -> Any:
    """The flag's row. Raises `NotDone`."""
    row = c.execute(sa.select(flags).where(flags.c.id == number)).first() if 0 < number < 2**31 else None
    if row is None:
        raise NotDone(f"There is no flag {number}. `flags list` shows them.")
    return row


def assign(c: sa.Connection, now: datetime, number: int, by: str, to: str) -> None:
    check_words(by, to)
    _open(c, number)
    c.execute(flags.update().where(flags.c.id == number).values(assigned_to=to))
    _act(c, now, number, "assigned", by, f"to {to}")


def comment(c: sa.Connection, now: datetime, number: int, by: str, words: str) -> None:
    check_words(by, words)
    find(c, number)
    _act(c, now, number, "commented", by, words)


def close(c: sa.Connection, now: datetime, number: int, by: str, why: str) -> bool:
    """Record that this person would close the flag; returns whether it is closed now, which takes a second person."""
    check_words(by, why)
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


def check_words(*texts: str) -> None:
    if not all(text.strip() and text.replace("\u3000", " ").isprintable() and len(text) <= WORDS_MAX for text in texts):
        raise NotDone(f"Say who and why, in one line of at most {WORDS_MAX} letters.")


def _act(c: sa.Connection, now: datetime, number: int, act: str, by: str, words: str) -> None:
    at = now.isoformat()
    c.execute(flag_acts.insert().values(flag_id=number, at=at, act=act, by=by, words=words))
    audit.append(c, at=at, machine="-", site="-", act=f"flag_{act}", detail={"flag": number})
