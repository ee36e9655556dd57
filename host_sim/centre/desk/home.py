"""The first page: what waits for a person."""

import sqlalchemy as sa
from fastapi import APIRouter, Request
from starlette.responses import Response

from host_sim.centre.desk import words
from host_sim.centre.desk.desk import Desk, Item, language_of
from host_sim.centre.desk.posters import shown
from host_sim.centre.operating import flags, fleet, line
from host_sim.centre.tables import claims, collections

MENU = Item("/", "home.title")
_SHOWN = 8


def pages(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/")
    def home(request: Request) -> Response:
        desk.who(request)
        with desk.store.reading() as c:
            stopped, open_flags = line.stopped(desk.store, c), flags.listed(c)
            heard = fleet.listed(c, desk.now())
            owed = _owed(c)
            city = desk.city.at(c, desk.now())
        language = language_of(request)
        waiting = [m for m in heard if m.silent or m.state != "in_service"]
        return desk.render(
            request,
            "home.html",
            stopped=stopped,
            flags=[(row, words.of_flag(row.what, row.detail, language)) for row in open_flags[-_SHOWN:][::-1]],
            flags_count=len(open_flags),
            machines=waiting,
            machines_count=len(heard),
            claims_count=len(owed),
            claims_yen=sum(owed),
            notices=[one for one in shown(city, desk.now().date(), language) if one.holds],
        )

    return router


def _owed(c: sa.Connection) -> list[int]:
    """The yen still owed, of each claim that is not settled."""
    paid = sa.select(collections.c.key, sa.func.sum(collections.c.amount_yen).label("yen"))
    sums = paid.group_by(collections.c.key).subquery()
    left = claims.c.amount_yen - sa.func.coalesce(sums.c.yen, 0)
    return list(c.scalars(sa.select(left).outerjoin(sums, sums.c.key == claims.c.key).where(left > 0)))
