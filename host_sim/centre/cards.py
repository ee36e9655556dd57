"""The card register: a card's state is what the acts of the city's people have made of it, from the moment of the act.

Each act is one transaction: it checks the table of transitions, changes the card, and adds a row to `card_acts`. The
register in the database is the truth for every question in flight: challenge and answer, order, promise and fetch ask
`refusal_of` each time, so no paper is given out to a card that was reported lost a moment ago.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from host_sim.centre.pins import PinKey
from host_sim.centre.register import Seal, SealState, unpack
from host_sim.centre.store import Store
from host_sim.centre.tables import card_acts, cards, residents, seals

# Kind -> how it proves whose it is. `seal` is the plastic 印鑑登録証: it has no chip, no machine takes it, and it is no
# longer issued, but a registration may still hang on one until its holder changes it for another kind.
KINDS = {"individual_number": "jpki", "resident_register": "municipal", "citizen": "municipal", "seal": "none"}


class CardState(StrEnum):
    IN_USE = "in_use"
    LOST = "lost"
    REVOKED = "revoked"  # final


# Written once: each call asks them, and building a statement costs more than the database's answer.
_CARD = sa.select(cards).where(cards.c.credential_sha256 == sa.bindparam("of"))
_CARRIERS = sa.select(cards).where(cards.c.seal_number == sa.bindparam("of"))

# Act -> the states in which it is allowed, and the state after it. A renewed or replaced card is revoked; the new one
# begins with an act `issue` of its own.
TRANSITIONS: Mapping[str, tuple[frozenset[CardState], CardState]] = {
    "lost": (frozenset({CardState.IN_USE}), CardState.LOST),
    "found": (frozenset({CardState.LOST}), CardState.IN_USE),
    "revoke": (frozenset({CardState.IN_USE, CardState.LOST}), CardState.REVOKED),
    "renew": (frozenset({CardState.IN_USE}), CardState.REVOKED),
    "unlock": (frozenset({CardState.IN_USE}), CardState.IN_USE),
    "replace": (frozenset({CardState.IN_USE, CardState.LOST}), CardState.REVOKED),
}
SENTENCES = {
    CardState.IN_USE: "This card is in use.",
    CardState.LOST: "This card is reported lost: enter that it was found, or replace it.",
    CardState.REVOKED: "This card is revoked, which is final: issue another one.",
}


class ActRefused(Exception):
    """An act that is not allowed; the message is one sentence for the person at the desk."""


@dataclass(frozen=True, slots=True)
class Told:
    """Who does an act, why, and when (Asia/Tokyo). `who`: the name or number of a member of staff, not of a resident."""

    who: str
    why: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCard:
    """A card or a certificate to enter. `pin`: municipal only, four ASCII digits."""

    credential_sha256: str
    kind: str
    resident_id: str
    valid_until: date | None = None
    public_key: str | None = None  # municipal only: SubjectPublicKeyInfo, base64
    pin: bytearray | None = field(default=None, repr=False)
    carries_seal: bool = False  # the holder's seal registration is to hang on it


class CardRegister:
    """The acts. Each raises `ActRefused` and then has changed nothing."""

    def __init__(self, store: Store, pin_key: PinKey) -> None:
        self._store = store
        self._pin_key = pin_key

    def issue(self, new: NewCard, told: Told) -> None:
        """Enter a new card. It may take over a seal registration whose own card is no longer in use."""
        hashed = self._hashed(new)
        with self._store.writing() as c:
            issue(c, new, hashed, told)

    def lost(self, credential_sha256: str, told: Told) -> None:
        with self._store.writing() as c:
            turn(c, credential_sha256, "lost", told)

    def found(self, credential_sha256: str, told: Told) -> None:
        """The card is back in its holder's hands. What its CA has revoked meanwhile stays revoked (card source 7)."""
        with self._store.writing() as c:
            turn(c, credential_sha256, "found", told)

    def revoke(self, credential_sha256: str, told: Told) -> None:
        """Given back, its holder has died or moved out, its key is not safe ..."""
        with self._store.writing() as c:
            turn(c, credential_sha256, "revoke", told)

    def unlock(self, credential_sha256: str, told: Told, pin: bytearray | None = None) -> None:
        """Set the count of wrong PINs to zero, with the same PIN or a new one, for a card whose PIN the city keeps."""
        hashed = {} if pin is None else self._hash(pin)
        with self._store.writing() as c:
            unlock(c, credential_sha256, hashed, told)

    def renew(self, credential_sha256: str, new: NewCard, told: Told) -> None:
        """The same card with a new certificate or record: it keeps its PIN and the seal registration."""
        with self._store.writing() as c:
            renew(c, credential_sha256, new, told)

    def replace(self, credential_sha256: str, new: NewCard, told: Told) -> None:
        """Another card in the place of a worn, changed or lost one; the seal registration moves to it."""
        hashed = self._hashed(new)
        with self._store.writing() as c:
            replace(c, credential_sha256, new, hashed, told)

    def _hashed(self, new: NewCard) -> dict[str, Any]:
        """The PIN's columns, hashed before the transaction because it is slow."""
        municipal = KINDS.get(new.kind) == "municipal"
        if municipal != (new.pin is not None):
            raise ActRefused("This kind of card needs a PIN." if municipal else "The city keeps no PIN of this card.")
        return {} if new.pin is None else self._hash(new.pin)

    def _hash(self, pin: bytearray) -> dict[str, Any]:
        try:
            return self._pin_key.row(pin)
        except ValueError:
            raise ActRefused("A PIN is four digits.") from None
        finally:
            pin[:] = bytes(len(pin))


# --- the acts inside a transaction of the caller ---------------------------------------------------

_AFTER = {"lost": {"reported_lost": True}, "found": {"reported_lost": False}, "revoke": {"revoked": True}}


def issue(c: sa.Connection, new: NewCard, pin: Mapping[str, Any], told: Told) -> None:
    """`pin`: the columns of `PinKey.row`; `new.pin` is not read."""
    _check_day(new, told)
    enter(c, new, pin, free_seal(c, new.resident_id) if new.carries_seal else None, told)


def turn(c: sa.Connection, credential_sha256: str, act: str, told: Told) -> None:
    """`act`: lost, found or revoke."""
    _turn(c, known(c, credential_sha256), act, told, {}, **_AFTER[act])


def unlock(c: sa.Connection, credential_sha256: str, pin: Mapping[str, Any], told: Told) -> None:
    """`pin`: the columns of a new PIN; empty: the PIN stays, and only the count goes."""
    card = known(c, credential_sha256)
    if card.method != "municipal":
        raise ActRefused("The chip of this card counts its PIN itself: it is reset at the JPKI terminal.")
    if not pin and card.pin_failures == 0:
        raise ActRefused("No wrong PIN is counted for this card.")
    _turn(c, card, "unlock", told, {"new_pin": bool(pin)}, pin_failures=0, **pin)


def renew(c: sa.Connection, credential_sha256: str, new: NewCard, told: Told) -> None:
    """The same card with a new certificate or record."""
    old = known(c, credential_sha256)
    if (old.kind, old.resident_id) != (new.kind, new.resident_id):
        raise ActRefused("Only a card of the same kind and holder renews it: replace this card.")
    kept = {name: getattr(old, name) for name in ("pin_salt", "pin_hash", "pin_key_id", "pin_failures")}
    _succeed(c, "renew", old, new, kept, told)


def replace(c: sa.Connection, credential_sha256: str, new: NewCard, pin: Mapping[str, Any], told: Told) -> None:
    """Another card in the place of this one."""
    old = known(c, credential_sha256)
    if old.resident_id != new.resident_id:
        raise ActRefused("The new card is for another resident.")
    _succeed(c, "replace", old, new, pin, told)


def _succeed(c: sa.Connection, act: str, old: Any, new: NewCard, pin: Mapping[str, Any], told: Told) -> None:
    after = {"revoked": True, "seal_number": None, "replaced_by": new.credential_sha256}
    _turn(c, old, act, told, {"new": new.credential_sha256}, **after)
    seal = old.seal_number
    if seal is None and new.carries_seal:
        seal = free_seal(c, new.resident_id)
    _check_day(new, told)
    enter(c, new, pin, seal, told)


# --- what the others ask ---------------------------------------------------------------------------


def state_of(card: Any) -> CardState:
    """`card`: its row."""
    if card.revoked:
        return CardState.REVOKED
    return CardState.LOST if card.reported_lost else CardState.IN_USE


def find(c: sa.Connection, credential_sha256: str) -> Any:
    """The card's row, or None."""
    return c.execute(_CARD, {"of": credential_sha256}).first()


def refusal_of(card: Any) -> str | None:
    """Why nothing is issued with this card; None if it is in use. About a person, so told only after the PIN."""
    if card is None:
        return "not_resident"
    return {CardState.REVOKED: "certificate_revoked", CardState.LOST: "card_reported_lost"}.get(state_of(card))


def seal_stopped(c: sa.Connection, seal_number: str) -> bool:
    """Whether the card on which this registration hangs is no longer in use (city rule 11).

    A registration that hangs on no card of this register is stopped by the seal register alone.
    """
    carriers = c.execute(_CARRIERS, {"of": seal_number}).all()
    return bool(carriers) and all(state_of(card) is not CardState.IN_USE for card in carriers)


def disagreements(c: sa.Connection) -> list[str]:
    """A sentence for each card whose row is not what its acts have made of it; empty when all are well."""
    became: dict[str, str] = {}
    found: list[str] = []
    for act in c.execute(sa.select(card_acts).order_by(card_acts.c.id)):
        if act.was != became.get(act.credential_sha256):
            found.append(f"Act {act.id} of card {act.credential_sha256[:12]} does not follow the act before it.")
        became[act.credential_sha256] = act.became
    for card in c.execute(sa.select(cards)):
        stands = became.pop(card.credential_sha256, None)
        if stands != state_of(card):
            found.append(f"Card {card.credential_sha256[:12]} is {state_of(card)}, and by its acts {stands}.")
    return found + [f"Card {gone[:12]} has acts and is not in the register." for gone in became]


# --- inside ----------------------------------------------------------------------------------------


def _check_day(new: NewCard, told: Told) -> None:
    if new.valid_until is not None and new.valid_until < told.now.date():
        raise ActRefused("The last day of this card has passed.")


def known(c: sa.Connection, credential_sha256: str) -> Any:
    """The card's row. Raises `ActRefused` if there is none."""
    card = find(c, credential_sha256)
    if card is None:
        raise ActRefused("This card is not in the register.")
    return card


def _turn(c: sa.Connection, card: Any, act: str, told: Told, detail: Mapping[str, Any], **after: Any) -> None:
    was = state_of(card)
    allowed, became = TRANSITIONS[act]
    if was not in allowed:
        raise ActRefused(SENTENCES[was])
    c.execute(cards.update().where(cards.c.credential_sha256 == card.credential_sha256).values(**after))
    _write(c, card.credential_sha256, act, was, became, told, detail)


def enter(c: sa.Connection, new: NewCard, pin: Mapping[str, Any], seal_number: str | None, told: Told) -> None:
    """Add the row and the first act of a card, also of one whose last day has passed. `pin`: the columns of `PinKey.row`."""
    if KINDS.get(new.kind, "none") == "none":
        raise ActRefused("Cards of this kind are not issued.")
    if find(c, new.credential_sha256) is not None:
        raise ActRefused("This card is in the register already.")
    if c.scalar(sa.select(residents.c.resident_id).where(residents.c.resident_id == new.resident_id)) is None:
        raise ActRefused("There is no resident of this number.")
    if seal_number is not None:
        c.execute(cards.update().where(cards.c.seal_number == seal_number).values(seal_number=None))
    row: dict[str, Any] = {"credential_sha256": new.credential_sha256, "kind": new.kind, "method": KINDS[new.kind]}
    row |= {"resident_id": new.resident_id, "public_key": new.public_key, "seal_number": seal_number}
    row["valid_until"] = None if new.valid_until is None else new.valid_until.isoformat()
    row |= {"revoked": False, "reported_lost": False, "pin_failures": 0}
    c.execute(cards.insert().values(**(row | dict(pin))))
    detail = {"kind": new.kind, "seal": seal_number is not None}
    _write(c, new.credential_sha256, "issue", None, CardState.IN_USE, told, detail)


def _write(
    c: sa.Connection,
    credential_sha256: str,
    act: str,
    was: CardState | None,
    became: CardState,
    told: Told,
    detail: Mapping[str, Any],
) -> None:
    if not told.who.strip() or not told.why.strip():
        raise ActRefused("Who does it and why must be said.")
    row: dict[str, Any] = {"at": told.now.isoformat(), "credential_sha256": credential_sha256, "act": act, "was": was}
    row |= {"became": became, "who": told.who, "why": told.why, "detail": dict(detail)}
    c.execute(card_acts.insert().values(**row))


def free_seal(c: sa.Connection, resident_id: str) -> str:
    """The number of the holder's seal registration, free to hang on another card. Raises `ActRefused` if it is not."""
    packed = c.scalar(sa.select(seals.c.packed).where(seals.c.resident_id == resident_id))
    seal = None if packed is None else unpack(Seal, packed)
    if seal is None or seal.state is not SealState.VALID:
        raise ActRefused("This resident has no valid seal registration.")
    carriers = c.execute(_CARRIERS, {"of": seal.registration_number}).all()
    if any(state_of(card) is CardState.IN_USE for card in carriers):
        raise ActRefused("The seal registration hangs on another card that is in use: replace that one.")
    return seal.registration_number
