"""Residents and valid cards today, from the city's own registers. For a day that is over, the file of costs tells them."""

from datetime import date

import sqlalchemy as sa

from host_sim.centre.statistics.costs import Standing
from host_sim.centre.tables import cards, residents

_LIVES_HERE = ('%"state":"resident"%', '%"state":"leaving"%')  # as register.pack writes it


def of_today(c: sa.Connection, today: date) -> Standing | None:
    """None while there is nobody in the books. A person with two cards counts as two."""
    here = sa.or_(*(residents.c.packed.like(words) for words in _LIVES_HERE))
    people = c.scalar(sa.select(sa.func.count()).select_from(residents).where(here)) or 0
    unexpired = sa.or_(cards.c.valid_until.is_(None), cards.c.valid_until >= today.isoformat())
    in_use = sa.and_(~cards.c.revoked, ~cards.c.reported_lost, unexpired)
    valid = c.scalar(sa.select(sa.func.count()).select_from(cards).where(in_use)) or 0
    return Standing(on=today, residents=people, cards_valid=valid) if people else None
