"""What the card desk looks up: a card by its holder, the cards that end soon, and how many there are of each.

Feature 20 of the seed: valid cards, and their rate against the population. A plastic 印鑑登録証 has no row of its own: it is
a valid seal registration that hangs on no card of the register.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from host_sim.centre.cards import ActRefused, CardState, state_of
from host_sim.centre.register import Resident, ResidentState, Seal, SealState, unpack
from host_sim.centre.tables import card_acts, cards, residents, seals

KINDS = ("resident_register", "citizen", "individual_number")
STATES = ("in_use", "expired", "lost", "revoked")
DAYS_MOST = 4000


@dataclass(frozen=True, slots=True)
class Figures:
    """`counts`: kind -> state -> cards. `plastic`: seal registrations that hang on no card."""

    counts: Mapping[str, Mapping[str, int]]
    plastic: int
    population: int

    @property
    def valid_of_the_city(self) -> int:
        """住基カード and 市民カード in use and within their last day."""
        return sum(self.counts[kind]["in_use"] for kind in ("resident_register", "citizen"))

    @property
    def rate_percent(self) -> float:
        """Valid cards of the city for each hundred residents; with no resident 0."""
        return 100 * self.valid_of_the_city / self.population if self.population else 0.0


def standing(card: Any, today: date) -> str:
    """A word of `STATES`. `card`: its row."""
    state = state_of(card)
    if state is CardState.IN_USE and card.valid_until is not None and card.valid_until < today.isoformat():
        return "expired"
    return str(state)


def figures(c: sa.Connection, today: date) -> Figures:
    counts = {kind: dict.fromkeys(STATES, 0) for kind in KINDS}
    carried = set()
    for card in c.execute(sa.select(cards)):
        counts[card.kind][standing(card, today)] += 1
        carried.add(card.seal_number)
    held = [unpack(Seal, packed) for packed in c.scalars(sa.select(seals.c.packed))]
    plastic = sum(seal.state is SealState.VALID and seal.registration_number not in carried for seal in held)
    people = (unpack(Resident, packed) for packed in c.scalars(sa.select(residents.c.packed)))
    there = (ResidentState.RESIDENT, ResidentState.LEAVING)
    return Figures(counts, plastic, sum(resident.state in there for resident in people))


@dataclass(frozen=True, slots=True)
class Ending:
    """A card that ends soon; `fingerprint` names it to the desk."""

    valid_until: date
    kind: str
    fingerprint: str
    resident_id: str
    carries_seal: bool


def days_of(typed: str) -> int:
    """How many days ahead the list of cards that end looks. Raises `ActRefused`."""
    if (
        not typed.isascii()
        or not typed.isdecimal()
        or len(typed) > len(str(DAYS_MOST))
        or not 1 <= int(typed) <= DAYS_MOST
    ):
        raise ActRefused(f"The number of days is a whole number from 1 to {DAYS_MOST}.")
    return int(typed)


def ending(c: sa.Connection, today: date, days: int) -> dict[str, list[Ending]]:
    """Month (2026-12) -> the cards of the city in use that end within so many days, soonest first."""
    last = (today + timedelta(days=days)).isoformat()
    between = (
        (cards.c.valid_until >= today.isoformat()) & (cards.c.valid_until <= last) & (cards.c.method == "municipal")
    )
    by_month: dict[str, list[Ending]] = {}
    for card in c.execute(sa.select(cards).where(between).order_by(cards.c.valid_until, cards.c.credential_sha256)):
        if state_of(card) is CardState.IN_USE:
            until = date.fromisoformat(card.valid_until)
            entry = Ending(until, card.kind, card.credential_sha256, card.resident_id, card.seal_number is not None)
            by_month.setdefault(card.valid_until[:7], []).append(entry)
    return by_month


def cards_of(c: sa.Connection, resident_id: str) -> Sequence[Any]:
    """The cards of a resident, in the order in which they were entered."""
    first = (
        sa.select(card_acts.c.credential_sha256, sa.func.min(card_acts.c.id).label("first"))
        .group_by(card_acts.c.credential_sha256)
        .subquery()
    )
    mine = sa.select(cards).outerjoin(first, first.c.credential_sha256 == cards.c.credential_sha256)
    return c.execute(mine.where(cards.c.resident_id == resident_id).order_by(first.c.first)).all()


def acts_of(c: sa.Connection, credential_sha256: str) -> Sequence[Any]:
    mine = card_acts.c.credential_sha256 == credential_sha256
    return c.execute(sa.select(card_acts).where(mine).order_by(card_acts.c.id)).all()
