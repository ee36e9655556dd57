"""What has been issued today and this month, counted anew whenever the page is asked for."""

from datetime import timedelta

import sqlalchemy as sa
from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from host_sim.centre.city.hours import JST
from host_sim.centre.desk.desk import Desk, Item, language_of
from host_sim.centre.statistics import record
from host_sim.centre.statistics.calendar import Calendar
from host_sim.centre.statistics.charts import channels_chart
from host_sim.centre.statistics.costs import NOTHING
from host_sim.centre.statistics.gather import titles
from host_sim.centre.statistics.papers import CHANNELS, Counts, Months
from host_sim.centre.statistics.report import ALL, Report
from host_sim.centre.statistics.texts import Texts

MENU = Item("/statistics", "statistics.title")
_SEEN = CHANNELS[:3]  # the other two do not pass through the centre


def pages(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/statistics")
    def statistics(request: Request) -> Response:
        desk.who(request)
        with desk.store.reading() as c:
            today, month = _today(desk, c), _this_month(desk, c)
            kinds = titles(desk.city.city(c, desk.now()), month.months, language_of(request))
        shown = [kind for kind in kinds if month.copies(kind)]
        texts = Texts(language_of(request))
        return desk.render(
            request,
            "statistics.html",
            reports=[("today", today), ("month", month)],
            kinds=[*((kind, kinds[kind]) for kind in shown), (ALL, texts.say("channel.all"))],
            channels=[(channel, texts.say(f"channel.{channel}")) for channel in (*_SEEN, ALL)],
            outside=month.outside_share(ALL),
            chart=month.copies() > 0,
        )

    @router.get("/statistics/month.svg")
    def chart(request: Request) -> Response:
        desk.who(request)
        with desk.store.reading() as c:
            month = _this_month(desk, c)
            kinds = titles(desk.city.city(c, desk.now()), month.months, language_of(request))
        if not month.copies():
            raise HTTPException(404)
        drawn = channels_chart(month, Texts(language_of(request)), lambda kind: kinds.get(kind, kind))
        return Response(drawn.svg, media_type="image/svg+xml")

    return router


def _today(desk: Desk, c: sa.Connection) -> Report:
    day = desk.now().astimezone(JST).date()
    calendar = Calendar(desk.city.city(c, desk.now()))
    return _report(desk, calendar, record.count(c, day, day + timedelta(days=1), calendar))


def _this_month(desk: Desk, c: sa.Connection) -> Report:
    day = desk.now().astimezone(JST).date()
    calendar = Calendar(desk.city.city(c, desk.now()))
    return _report(desk, calendar, record.count(c, day.replace(day=1), day + timedelta(days=1), calendar))


def _report(desk: Desk, calendar: Calendar, papers: Counts) -> Report:
    word = f"{desk.now().astimezone(JST):%Y-%m}"
    kinds = sorted({each.kind for each in papers})
    return Report(Months(word, word), calendar, kinds, papers, Counts(), NOTHING)
