"""The old PIN as the proof of who changes it: the wrong tries of a desk count on the card, as those of a machine do.

A try is counted before it is judged, so that a cut gives no free guess; the same answer again is no other try. What
counts is committed before the slow hash begins.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from host_sim.centre import cards as register
from host_sim.centre.authentication import Refused
from host_sim.centre.card_desk import orders
from host_sim.centre.card_desk.enquiries import note
from host_sim.centre.cards import CardState, Told
from host_sim.centre.pins import PIN_TRIES, PinKey
from host_sim.centre.tables import cards


def usable(c: sa.Connection, order: Any) -> Any:
    """The row of the card whose PIN is to be changed. Raises `Refused` when its old PIN proves nothing any more."""
    card = register.find(c, order.old)
    if card is None or register.state_of(card) is not CardState.IN_USE:
        raise Refused("ask_at_counter")
    return card


def open_for_a_try(c: sa.Connection, order: Any) -> Any:
    """As `usable`, for one more PIN. Raises `Refused` when the card has no try left."""
    card = usable(c, order)
    if card.pin_failures >= PIN_TRIES:
        raise Refused("pin_blocked", 0)
    return card


def count(c: sa.Connection, order: Any, answer_sha256: str, key: PinKey) -> Any:
    """Count a try; returns the card's row as it then is. The answer that was counted last is judged again, and not counted."""
    counted = order.answer_sha256 == answer_sha256
    card = usable(c, order) if counted else open_for_a_try(c, order)
    if card.pin_key_id != key.id:
        raise Refused("stopped")  # keyed with another file: no PIN can be judged, and none is counted
    if not counted:
        this = cards.c.credential_sha256 == card.credential_sha256
        c.execute(cards.update().where(this).values(pin_failures=card.pin_failures + 1))
        orders.change(c, order.order_id, answer_sha256=answer_sha256)
    return register.find(c, order.old)


def refused(c: sa.Connection, order: Any, card: Any, machine: str, now: datetime) -> Refused:
    """What is said of a wrong PIN; the audit record says that one was typed, and not which."""
    note(c, Told(machine, "at the desk's reader", now), "card_old_pin_wrong", {"order": order.order_id})
    left = PIN_TRIES - card.pin_failures
    return Refused("wrong_pin", left) if left > 0 else Refused("pin_blocked", 0)


def still(c: sa.Connection, order: Any, judged: Any) -> None:
    """Raises `Refused` if the PIN is another one than when it was judged."""
    if usable(c, order).pin_hash != judged.pin_hash:
        raise Refused("expired")
