"""The city's notices as this day has them, and what is printed of them: the poster of a place, the flowers of a month.

Linked from the first page and the page of the machines.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from host_sim.centre.city.city import InForce
from host_sim.centre.city.model import NoticePart
from host_sim.centre.desk.desk import Desk, language_of
from host_sim.centre.desk.texts import say
from host_sim.centre.notices import days, pictures
from host_sim.centre.posters import poster


@dataclass(frozen=True, slots=True)
class Shown:
    """A notice on the desk. `number`: in the file, by which its picture is asked for. `places`: empty: everywhere."""

    number: int
    first: date
    last: date
    text: str
    has_picture: bool
    places: tuple[str, ...]
    holds: bool  # today; else later


def shown(city: InForce, today: date, language: str) -> list[Shown]:
    """The notices of today and those to come."""
    told = ((number, notice, _told(notice, today)) for number, notice in enumerate(city.rules.notices))
    return [
        Shown(
            number,
            notice.from_,
            notice.until,
            one.text.get(language, one.text["ja"]),
            bool(one.picture),
            _places(city, notice, language),
            notice.from_ <= today,
        )
        for number, notice, one in told
        if one is not None
    ]


def _told(notice: NoticePart, today: date) -> days.Told | None:
    """As it is told today, or on its first day to come; None: it is over."""
    return next(iter(days.told_on([notice], max(today, notice.from_))), None)


def _places(city: InForce, notice: NoticePart, language: str) -> tuple[str, ...]:
    sites = (city.places[site].name for site in notice.sites if site in city.places)
    return (
        *(say(f"posters.channel_{channel}", language) for channel in notice.channels),
        *(name.get(language, name["ja"]) for name in sites),
    )


def pages(desk: Desk) -> APIRouter:
    router = APIRouter()

    def today() -> tuple[InForce, date]:
        with desk.store.reading() as c:
            return desk.city.at(c, desk.now()), desk.now().date()

    def printed(request: Request, name: str, make: Callable[[], bytes]) -> Response:
        try:
            made = make()
        except poster.NoPoster as refused:
            words = say(f"posters.refused_{refused.word}", language_of(request), **refused.values)
            return desk.render(request, "refused.html", 404, words=words)
        named = f'attachment; filename="{name}.pdf"'
        return Response(made, media_type="application/pdf", headers={"Content-Disposition": named})

    @router.get("/posters")
    def choose(request: Request) -> Response:
        desk.who(request)
        city, day = today()
        return desk.render(
            request,
            "posters.html",
            places=[one for one in city.places.values() if one.kinds],
            notices=shown(city, day, language_of(request)),
            flowers=[day, _next_month(day)] if any(one.each_day for one in city.rules.notices) else [],
        )

    @router.get("/notices/{number}/picture")
    def picture(request: Request, number: int) -> Response:
        desk.who(request)
        city, day = today()
        listed = city.rules.notices
        one = _told(listed[number], day) if 0 <= number < len(listed) else None
        png = pictures.large(one.picture) if one is not None else b""
        if not png:
            raise HTTPException(404)
        return Response(png, media_type="image/png")

    @router.get("/posters/flowers/{when}/{paper}")
    def flowers(request: Request, when: str, paper: str) -> Response:
        desk.who(request)
        city, day = today()
        month, size = _next_month(day) if when == "next" else day, _size(paper)
        return printed(request, f"flowers-{month:%Y-%m}-{size}", lambda: poster.flowers(city, month, size))

    @router.get("/posters/{site}/{paper}")
    def download(request: Request, site: str, paper: str) -> Response:
        desk.who(request)
        city, day = today()
        size = _size(paper)
        return printed(request, f"poster-{site}-{size}", lambda: poster.pdf(city, site, day, size))

    return router


def _size(paper: str) -> str:
    return paper if paper in poster.PAPERS else poster.PAPERS[0]


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)
