"""The audit record, for the auditor: searched by day and act, with its head for a witness."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request
from starlette.responses import Response

from host_sim.centre.desk.desk import Desk, Item
from host_sim.centre.operating import audit as chain
from host_sim.centre.tables import audit

ROLE = "auditor"
MENU = Item("/audit", "record.title", (ROLE,))
ROWS = 200


def pages(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/audit")
    def record(request: Request, day: str = "", act: str = "", before: int = 0) -> Response:
        desk.who(request, ROLE)
        with desk.store.reading() as c:
            rows = _rows(c, day, act, before)
            acts = c.scalars(sa.select(audit.c.act).distinct().order_by(audit.c.act)).all()
            number, sha256 = chain.head(c)
        return desk.render(
            request,
            "record.html",
            rows=rows[:ROWS],
            older=rows[ROWS - 1].id if len(rows) > ROWS else 0,
            acts=acts,
            day=day if _is_day(day) else "",
            act=act,
            number=number,
            sha256=sha256,
        )

    return router


def _rows(c: sa.Connection, day: str, act: str, before: int) -> Sequence[Any]:
    """Newest first, one more than a page shows when there are older ones."""
    found = sa.select(audit).order_by(audit.c.id.desc()).limit(ROWS + 1)
    if _is_day(day):
        after = date.fromisoformat(day) + timedelta(days=1)
        found = found.where(audit.c.at >= day, audit.c.at < after.isoformat())
    if act:
        found = found.where(audit.c.act == chain.word(act))
    if before > 0:
        found = found.where(audit.c.id < min(before, 2**31 - 1))  # the column holds no more
    return c.execute(found).all()


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text) < date.max
    except ValueError:
        return False
