"""What a clerk enters about a card without the card: lost, found, ended, and the count of wrong PINs set to zero."""

import sqlalchemy as sa

from host_sim.centre import cards as register
from host_sim.centre.card_desk.enquiries import Proof, note, prove
from host_sim.centre.cards import ActRefused, Told

REPORTS = ("lost", "found", "revoke")


def report(c: sa.Connection, card: str, act: str, told: Told) -> None:
    """`act`: one of `REPORTS`; it counts from now on, at every machine. Raises `ActRefused`."""
    if act not in REPORTS:
        raise ActRefused(f"{act[:20]} is no act of the card desk.")
    register.turn(c, card, act, told)
    note(c, told, f"card_{act}", {"card": card[:12]})


def unlock(c: sa.Connection, card: str, proof: Proof | None, told: Told) -> None:
    """Forget the wrong PINs: the resident has remembered the right one. A new PIN is an order. Raises `ActRefused`."""
    used = prove(c, proof, register.known(c, card).resident_id, told)
    register.unlock(c, card, {}, told)
    note(c, told, "card_unlock", {"card": card[:12], "proof": used.word, "second": used.second or ""})
