"""What has been issued today and this month, counted anew whenever the page is asked for."""

from collections.abc import Mapping
from datetime import date, timedelta

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from host_sim.centre.city.hours import JST
from host_sim.centre.desk.desk import Desk, Item, language_of
from host_sim.centre.statistics import record
from host_sim.centre.statistics.calendar import Calendar
from host_sim.centre.statistics.charts import channels_chart, channels_title
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
        texts, today = Texts(language_of(request)), desk.now().astimezone(JST).date()
        of_today, kinds = _counted(desk, today, today, texts)
        month, _ = _counted(desk, today.replace(day=1), today, texts)
        shown = [kind for kind in kinds if month.copies(kind)]
        return desk.render(
            request,
            "statistics.html",
            reports=[("today", of_today), ("month", month)],
            kinds=[*((kind, kinds[kind]) for kind in shown), (ALL, texts.say("channel.all"))],
            channels=[(channel, texts.say(f"channel.{channel}")) for channel in (*_SEEN, ALL)],
            outside=month.outside_share(ALL),
            finding=channels_title(month, texts) if month.copies() else None,
        )

    @router.get("/statistics/month.svg")
    def chart(request: Request) -> Response:
        desk.who(request)
        texts, today = Texts(language_of(request)), desk.now().astimezone(JST).date()
        month, kinds = _counted(desk, today.replace(day=1), today, texts)
        if not month.copies():
            raise HTTPException(404)
        svg = channels_chart(month, texts, lambda kind: kinds.get(kind, kind)).svg
        return Response(svg, media_type="image/svg+xml")

    return router


def _counted(desk: Desk, first: date, last: date, texts: Texts) -> tuple[Report, Mapping[str, str]]:
    """The papers of these days of one month, and what the city calls each kind."""
    with desk.store.reading() as c:
        city = desk.city.city(c, desk.now())
        calendar = Calendar(city)
        papers = record.count(c, first, last + timedelta(days=1), calendar)
    months = Months(f"{first:%Y-%m}", f"{first:%Y-%m}")
    kinds = titles(city, months, texts.language)
    return Report(months, calendar, list(kinds), papers, Counts(), NOTHING), kinds
