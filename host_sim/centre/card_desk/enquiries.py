"""The enquiry (照会書): how who has no photo ID proves to be the person, some days later and with a second member of staff.

A letter with a code goes to the registered address. Who brings the code back within the days that the city gives has
received it. It proves once, for one act; with a photo ID none of this is needed (蒲郡市).
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from host_sim.centre.cards import ActRefused, Told
from host_sim.centre.city.model import CardDeskPart
from host_sim.centre.operating import audit
from host_sim.centre.register import Resident, ResidentState, unpack
from host_sim.centre.tables import enquiries, residents
from host_sim.centre.typed import plain

CODE_DIGITS = 8
WRONG_CODES_MAX = 5
PHOTO = "photo"


@dataclass(frozen=True, slots=True)
class Sent:
    """A new enquiry. `code` stands on the letter and nowhere else."""

    enquiry_id: str
    resident_id: str
    sent_on: date
    reply_until: date
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proof:
    """How the person at the desk was recognised: `enquiry_id` None: a photo ID was seen. `second`: who confirmed it, too."""

    enquiry_id: str | None = None
    second: str | None = None

    @property
    def word(self) -> str:
        return self.enquiry_id or PHOTO


def person(c: sa.Connection, resident_id: str) -> Resident:
    """Who has this number, also who has left or died. Raises `ActRefused` for nobody."""
    packed = c.scalar(sa.select(residents.c.packed).where(residents.c.resident_id == resident_id))
    if packed is None:
        raise ActRefused("There is no resident of this number.")
    return unpack(Resident, packed)


def resident_of(c: sa.Connection, resident_id: str) -> Resident:
    """Raises `ActRefused` for nobody, or for who has left or died."""
    resident = person(c, resident_id)
    if resident.state not in {ResidentState.RESIDENT, ResidentState.LEAVING}:
        raise ActRefused("This person is no longer a resident: nothing is issued.")
    return resident


def send(c: sa.Connection, desk: CardDeskPart, resident_id: str, told: Told) -> Sent:
    """A letter is sent today. An earlier one that was not answered counts no more."""
    resident_of(c, resident_id)
    _said(told)
    open_ones = (enquiries.c.resident_id == resident_id) & enquiries.c.state.in_(("sent", "answered"))
    c.execute(enquiries.update().where(open_ones).values(state="withdrawn"))
    today = told.now.date()
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    sent = Sent(secrets.token_hex(8), resident_id, today, today + timedelta(days=desk.enquiry_days), code)
    row = {"enquiry_id": sent.enquiry_id, "resident_id": resident_id, "state": "sent", "sent_by": told.who}
    row |= {"sent_on": sent.sent_on.isoformat(), "reply_until": sent.reply_until.isoformat()}
    c.execute(enquiries.insert().values(**row, code_sha256=_sha256(sent.enquiry_id, code), wrong_codes=0))
    note(c, told, "enquiry_sent", {"enquiry": sent.enquiry_id})
    return sent


def answer(c: sa.Connection, enquiry_id: str, code: str, told: Told) -> str | None:
    """The reply was brought. Returns why it does not count, None when it does; a wrong code is counted either way.

    Returned and not raised, so that the count of a wrong code is committed.
    """
    row = _row(c, enquiry_id)
    _said(told)
    if (refusal := _not_answerable(row, told.now.date())) is not None:
        return refusal
    if not hmac.compare_digest(_sha256(enquiry_id, plain(code)), row.code_sha256):
        wrong = row.wrong_codes + 1
        state = "withdrawn" if wrong >= WRONG_CODES_MAX else "sent"
        _set(c, enquiry_id, wrong_codes=wrong, state=state)
        note(c, told, "enquiry_code_wrong", {"enquiry": enquiry_id})
        if state == "withdrawn":
            return "The code was wrong too often: this letter counts no more; send another one."
        return "This is not the code on the letter: read it again."
    _set(c, enquiry_id, state="answered", answered_on=told.now.date().isoformat(), answered_by=told.who)
    note(c, told, "enquiry_answered", {"enquiry": enquiry_id})
    return None


def prove(c: sa.Connection, proof: Proof | None, resident_id: str, told: Told) -> Proof:
    """Use a proof of who the person is; returns it. A photo ID needs no second person; a reply does, and counts once."""
    if proof is None:
        raise ActRefused("How the person was recognised must be said: a photo ID, or an answered enquiry.")
    if proof.enquiry_id is None:
        return proof
    row = _row(c, proof.enquiry_id)
    if row.resident_id != resident_id:
        raise ActRefused("This enquiry was sent to another resident.")
    if row.state != "answered":
        raise ActRefused(_NOT_ANSWERED.get(row.state, "This enquiry counts no more: send another letter."))
    if told.now.date().isoformat() > row.reply_until:
        raise ActRefused(f"The reply counted until {row.reply_until}: send another letter.")
    if proof.second is None or proof.second == told.who:
        raise ActRefused("Without a photo ID a second member of staff must agree: ask a colleague.")
    _set(c, proof.enquiry_id, state="used")
    return proof


def rows(c: sa.Connection, *states: str) -> list[Any]:
    """Enquiries in these states, oldest first."""
    wanted = sa.select(enquiries).where(enquiries.c.state.in_(states))
    return list(c.execute(wanted.order_by(enquiries.c.sent_on, enquiries.c.enquiry_id)))


def note(c: sa.Connection, told: Told, act: str, detail: Mapping[str, Any]) -> None:
    """One row of the audit record. Why stands in the desk's own tables only: it is free text."""
    row = {"who": told.who, **detail}
    audit.append(c, at=told.now.isoformat(), machine="desk", site="desk", act=act, detail=row)


_NOT_ANSWERED = {
    "sent": "The reply to this enquiry has not been entered: enter its code first.",
    "used": "This enquiry was used already: send another letter.",
}


def _not_answerable(row: Any, today: date) -> str | None:
    if row.state != "sent":
        return (
            "This enquiry counts no more: send another letter."
            if row.state != "answered"
            else "It is answered already."
        )
    if today.isoformat() <= row.sent_on:
        return "The letter was sent today: a reply counts from tomorrow on."
    if today.isoformat() > row.reply_until:
        return f"The reply counted until {row.reply_until}: send another letter."
    return None


def _row(c: sa.Connection, enquiry_id: str) -> Any:
    row = c.execute(sa.select(enquiries).where(enquiries.c.enquiry_id == enquiry_id)).first()
    if row is None:
        raise ActRefused("There is no enquiry of this number.")
    return row


def _said(told: Told) -> None:
    if not told.who.strip() or not told.why.strip():
        raise ActRefused("Who does it and why must be said.")


def _set(c: sa.Connection, enquiry_id: str, **values: Any) -> None:
    c.execute(enquiries.update().where(enquiries.c.enquiry_id == enquiry_id).values(**values))


def _sha256(enquiry_id: str, code: str) -> str:
    return hashlib.sha256(f"{enquiry_id} {code}".encode()).hexdigest()
