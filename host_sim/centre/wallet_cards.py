"""Gives the cards of the simulator's wallet to an invented city: seeding only, for the simulator.

A card that the register has is never touched again, whatever the wallet says: from then on the acts are the truth.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from host_sim.centre.cards import CardRegister, CardState, NewCard, Told, enter, find
from host_sim.centre.pins import PinKey
from host_sim.centre.register import Seal, SealState, unpack
from host_sim.centre.store import Store
from host_sim.centre.tables import cards, seals

_TROUBLES = {"certificate_revoked": CardState.REVOKED, "card_reported_lost": CardState.LOST}


def load_cards(store: Store, wallet: Path, pin_key: PinKey, now: datetime) -> None:
    """Enter each card of the wallet that the register lacks."""
    registry = wallet / "registry.json"  # a centre without the simulator has no wallet
    entries = json.loads(registry.read_text(encoding="utf-8")) if registry.exists() else []
    with store.reading() as c:
        cast = store.fact(c, "cast") or {}
        known = set(c.scalars(sa.select(cards.c.credential_sha256)))
    fresh = [e for e in entries if e["method"] and e["holder"] in cast and e["credential_sha256"] not in known]
    hashed = [{} if e["pin"] is None else pin_key.row(e["pin"].encode()) for e in fresh]
    entered = Told("simulator", "a card of the wallet", now)
    register = CardRegister(store, pin_key)
    for entry, pin in zip(fresh, hashed, strict=True):
        with store.writing() as c:
            new = _new_card(entry, cast[entry["holder"]])
            if find(c, new.credential_sha256) is not None:
                continue  # another process was faster
            state = _TROUBLES.get(entry["trouble"], CardState.IN_USE)
            carried = _free_seal(c, new.resident_id) if pin and state is CardState.IN_USE else None
            enter(c, new, pin, carried, entered)
        if state is CardState.LOST:
            register.lost(new.credential_sha256, entered)
        elif state is CardState.REVOKED:
            register.revoke(new.credential_sha256, entered)


def _new_card(entry: dict[str, Any], resident_id: str) -> NewCard:
    """One entry of registry.json."""
    until = None if entry["valid_until"] is None else datetime.fromisoformat(entry["valid_until"]).date()
    return NewCard(
        credential_sha256=entry["credential_sha256"],
        kind=entry["kind"],
        resident_id=resident_id,
        valid_until=until,
        public_key=entry["card_public_key"],
    )


def _free_seal(c: sa.Connection, resident_id: str) -> str | None:
    """The number of the holder's seal registration if it hangs on no card yet: the first municipal card gets it."""
    packed = c.scalar(sa.select(seals.c.packed).where(seals.c.resident_id == resident_id))
    seal = None if packed is None else unpack(Seal, packed)
    if seal is None or seal.state is not SealState.VALID:
        return None
    number = seal.registration_number
    taken = c.scalar(sa.select(cards.c.credential_sha256).where(cards.c.seal_number == number).limit(1))
    return None if taken is not None else number
