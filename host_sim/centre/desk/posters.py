"""The poster of a place, printed at the desk from the city's file of today. Linked from the page of the machines."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from host_sim.centre.desk.desk import Desk, language_of
from host_sim.centre.desk.texts import say
from host_sim.centre.posters import poster


def pages(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/posters")
    def choose(request: Request) -> Response:
        desk.who(request)
        with desk.store.reading() as c:
            places = desk.city.at(c, desk.now()).places
        return desk.render(request, "posters.html", places=[one for one in places.values() if one.kinds])

    @router.get("/posters/{site}/{paper}")
    def download(request: Request, site: str, paper: str) -> Response:
        desk.who(request)
        with desk.store.reading() as c:
            city = desk.city.at(c, desk.now())
        try:
            size = paper if paper in poster.PAPERS else poster.PAPERS[0]
            made = poster.pdf(city, site, desk.now().date(), size)
        except poster.NoPoster as refused:
            return desk.render(
                request,
                "refused.html",
                404,
                words=say(f"posters.refused_{refused.word}", language_of(request), **refused.values),
            )
        named = f'attachment; filename="poster-{site}-{size}.pdf"'
        return Response(made, media_type="application/pdf", headers={"Content-Disposition": named})

    return router
