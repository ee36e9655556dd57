"""Orders: what a clerk has decided is to be done with a card at the desk's reader, from the order to its end.

    ordered -> begun -> recorded -> done        discarded: given up by a clerk, from any state before done

An order is written down before anything is done to a card, and each step before its effect: so a card may be behind its
order, never ahead of it, and an order that stands still in `begun` or `recorded` says what to ask the card. The card
register takes the card only when the card itself has proved that it is written (`writing.py`).
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from host_sim.centre import cards as register
from host_sim.centre.card_desk import rules
from host_sim.centre.card_desk.enquiries import Proof, note, prove, resident_of
from host_sim.centre.cards import ActRefused, CardState, Told
from host_sim.centre.city.model import CardDeskPart
from host_sim.centre.pins import PIN_TRIES
from host_sim.centre.tables import card_order_acts, card_orders, cards
from host_sim.centre.typed import plain

CODE_S = 3600.0  # a code is good for so long; another one can be had for the same order
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without the ones that look alike
_CODE_LETTERS = 10  # 50 bits
OPEN = ("ordered", "begun", "recorded")
SET_A_PIN = ("pin", "change")  # acts that write nothing on a card; `change`: the old PIN is the proof
OLD_PIN = "old_pin"

SENTENCES = {
    "ordered": "Nothing has been done to a card yet: type the code at the desk's reader, or discard the order.",
    "begun": "The card may be half written: put the same card in again with a new code, or discard the order and the card.",
    "recorded": "The card may be written, but it has not proved it: put it in again with a new code, which asks the card.",
    "done": "The card is written and in use.",
    "discarded": "The order was given up; a card that was begun for it is to be destroyed.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for. `card`: the credential of the card that ends, or whose PIN is set; None for a first card."""

    act: str  # issue, switch, renew, replace, pin, change
    resident_id: str | None = None
    card: str | None = None
    refuses_resident_register: bool = False
    carries_seal: bool = False


@dataclass(frozen=True, slots=True)
class Ordered:
    """`code`: to be typed at the desk's reader; it is shown once."""

    order_id: str
    kind: str
    code: str = field(repr=False)


def order(c: sa.Connection, desk: CardDeskPart, wanted: Wanted, proof: Proof | None, told: Told) -> Ordered:
    """Order a card or a new PIN. Raises `ActRefused`, and then the caller's transaction must not be kept.

    `proof` is None for a `change`, which the old PIN proves at the resident's pad.
    """
    _said(told)
    old = None if wanted.card is None else register.known(c, wanted.card)
    resident_id = old.resident_id if old is not None else wanted.resident_id or ""
    resident_of(c, resident_id)
    _none_open(c, resident_id)
    today = told.now.date()
    kind = _kind(c, desk, wanted, old, resident_id, today)
    proof_word, second = _proved(c, wanted, proof, resident_id, told)
    made, code = secrets.token_hex(16), _new_code()
    writes = wanted.act not in SET_A_PIN
    row: dict[str, Any] = {
        "order_id": made,
        "made_at": told.now.isoformat(),
        "act": wanted.act,
        "state": "ordered",
        "kind": kind,
    }
    row |= {"resident_id": resident_id, "old": wanted.card, "carries_seal": _carries(wanted, old)}
    row |= {"user_id": _free_user_id(c) if writes else "", "proof": proof_word, "second": second}
    row["valid_until"] = rules.after_years(today, desk.years).isoformat() if writes else None
    row |= {"who": told.who, "why": told.why, **_code_columns(code, told.now)}
    c.execute(card_orders.insert().values(**row))
    _acted(c, made, "ordered", told)
    return Ordered(made, kind, code)


def fresh_code(c: sa.Connection, order_id: str, told: Told) -> str:
    """Another code for an order that is not ended; the one before counts no more."""
    _said(told)
    row = _open(c, order_id)
    code = _new_code()
    change(c, order_id, **_code_columns(code, told.now))
    _acted(c, order_id, row.state, told)
    return code


def discard(c: sa.Connection, order_id: str, told: Told) -> None:
    """Give an order up. A chip that was begun for it takes no other order and is to be destroyed."""
    _said(told)
    _open(c, order_id)
    change(c, order_id, state="discarded")
    _acted(c, order_id, "discarded", told)


# --- for the desk's reader (writing.py) -----------------------------------------------------------


def by_code(c: sa.Connection, code: str, now: datetime) -> Any | None:
    """The order of a code that is good now, or None."""
    this = card_orders.c.code_sha256 == _sha256(plain(code).upper())
    row = c.execute(sa.select(card_orders).where(this)).first()
    if row is None or row.code_until < now.timestamp() or row.state not in (*OPEN, "done"):
        return None
    return row


def of(c: sa.Connection, order_id: str) -> Any | None:
    return c.execute(sa.select(card_orders).where(card_orders.c.order_id == order_id)).first()


def change(c: sa.Connection, order_id: str, **values: Any) -> None:
    c.execute(card_orders.update().where(card_orders.c.order_id == order_id).values(**values))


def became(c: sa.Connection, row: Any, state: str, machine: str, now: datetime) -> None:
    """The terminal at the desk has brought the order on."""
    change(c, row.order_id, state=state)
    _acted(c, row.order_id, state, Told(machine, "at the desk's reader", now))


# --- lists ----------------------------------------------------------------------------------------


def rows(c: sa.Connection, *states: str) -> list[Any]:
    """Orders in these states, oldest first."""
    wanted = sa.select(card_orders).where(card_orders.c.state.in_(states))
    return list(c.execute(wanted.order_by(card_orders.c.made_at, card_orders.c.order_id)))


# --- inside ---------------------------------------------------------------------------------------


def _kind(c: sa.Connection, desk: CardDeskPart, wanted: Wanted, old: Any, resident_id: str, today: date) -> str:
    """The kind of the card that is to be written, if the act is allowed. Raises `ActRefused`."""
    match wanted.act:
        case "issue" | "switch":
            _first_card(c, desk, wanted, old, resident_id, today)
        case "renew":
            _usable(old)
            if not rules.renewable(desk, date.fromisoformat(old.valid_until) if old.valid_until else None, today):
                raise ActRefused(
                    f"A card is renewed from {desk.renewal_days} days before its last day, {old.valid_until}."
                )
        case "replace":
            if old is None or register.state_of(old) is CardState.REVOKED:
                raise ActRefused("Only a card that is in use or reported lost is replaced: issue another one.")
        case "pin" | "change":
            _usable(old)
            if wanted.act == "change" and old.pin_failures >= PIN_TRIES:
                raise ActRefused("The PIN of this card is locked: set a new one, with a photo ID or an enquiry.")
            return str(old.kind)
        case other:
            raise ActRefused(f"{other} is no act of the card desk.")
    if old is not None and old.method != "municipal":
        raise ActRefused("The city writes no card of this kind: the state's issuer does.")
    return rules.kind_for(desk, today, refuses_resident_register=wanted.refuses_resident_register)


def _proved(
    c: sa.Connection, wanted: Wanted, proof: Proof | None, resident_id: str, told: Told
) -> tuple[str, str | None]:
    """How the person was recognised, and the second member of staff. Raises `ActRefused`."""
    if wanted.act == "change":
        return OLD_PIN, None
    used = prove(c, proof, resident_id, told)
    return used.word, used.second


def _first_card(c: sa.Connection, desk: CardDeskPart, wanted: Wanted, old: Any, resident_id: str, today: date) -> None:
    if old is not None:
        raise ActRefused("This resident has this card already: renew or replace it.")
    mine = (cards.c.resident_id == resident_id) & (cards.c.method == "municipal")
    # Also a lost one: it may be found again, and nobody has two.
    if any(register.state_of(card) is not CardState.REVOKED for card in c.execute(sa.select(cards).where(mine))):
        raise ActRefused("This resident has a card of the city: renew or replace it.")
    if wanted.act == "switch":
        if (refusal := rules.switch_refusal(desk.switch, today)) is not None:
            raise ActRefused(refusal)
        number = register.free_seal(c, resident_id)
        if c.scalar(sa.select(cards.c.credential_sha256).where(cards.c.seal_number == number).limit(1)) is not None:
            raise ActRefused(
                "This seal registration does not hang on a plastic card: replace the card that it hangs on."
            )
    elif wanted.carries_seal:
        register.free_seal(c, resident_id)


def _usable(card: Any) -> None:
    if card is None or card.method != "municipal":
        raise ActRefused("The city sets no PIN of this card and renews none: the state's issuer does.")
    if register.state_of(card) is not CardState.IN_USE:
        raise ActRefused(register.SENTENCES[register.state_of(card)])


def _carries(wanted: Wanted, old: Any) -> bool:
    return wanted.act == "switch" or wanted.carries_seal or (old is not None and old.seal_number is not None)


def _none_open(c: sa.Connection, resident_id: str) -> None:
    mine = (card_orders.c.resident_id == resident_id) & card_orders.c.state.in_(OPEN)
    if c.scalar(sa.select(card_orders.c.order_id).where(mine).limit(1)) is not None:
        raise ActRefused("An order for this resident is not ended: finish it with a new code, or discard it.")


def _open(c: sa.Connection, order_id: str) -> Any:
    row = of(c, order_id)
    if row is None:
        raise ActRefused("There is no order of this number.")
    if row.state not in OPEN:
        raise ActRefused(SENTENCES[row.state])
    return row


def _free_user_id(c: sa.Connection) -> str:
    while True:
        number = f"{secrets.randbelow(10**12):012d}"
        if c.scalar(sa.select(card_orders.c.order_id).where(card_orders.c.user_id == number)) is None:
            return number


def _acted(c: sa.Connection, order_id: str, state: str, told: Told) -> None:
    row = {"at": told.now.isoformat(), "order_id": order_id, "became": state, "who": told.who, "why": told.why}
    c.execute(card_order_acts.insert().values(**row))
    note(c, told, f"card_order_{state}", {"order": order_id})


def _said(told: Told) -> None:
    if not told.who.strip() or not told.why.strip():
        raise ActRefused("Who does it and why must be said.")


def _new_code() -> str:
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LETTERS))
    return f"{letters[:5]} {letters[5:]}"


def _code_columns(code: str, now: datetime) -> dict[str, Any]:
    return {"code_sha256": _sha256("".join(code.split())), "code_until": now.timestamp() + CODE_S}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
