"""The municipality's line: whether it is stopped, stopping it, and letting it go on."""

from datetime import datetime

import sqlalchemy as sa

from host_sim.centre.operating.flags import NotDone, same_person
from host_sim.centre.store import Store

_FACT = "stopped"


def stopped(store: Store, c: sa.Connection) -> str | None:
    """Why the line is stopped; None when it is open."""
    why: str | None = store.fact(c, _FACT)
    return why


def stop(store: Store, c: sa.Connection, why: str, by: str, now: datetime) -> None:
    """No machine of the municipality serves until `resume`: one person may stop it at once. `why` is for staff."""
    store.set_fact(c, _FACT, why)
    store.flag(c, now, "-", "stopped", {"why": why, "by": by})


def resume(store: Store, c: sa.Connection, by: tuple[str, str], now: datetime) -> None:
    """Let a stopped line go on. `by`: the two people who agreed; raises `NotDone` if they are not two."""
    if same_person(*by) or not all(who.strip() for who in by):
        raise NotDone("The line stays stopped: two different people must agree, each by their own name.")
    store.set_fact(c, _FACT, None)
    store.flag(c, now, "-", "resumed", {"by": list(by)})
