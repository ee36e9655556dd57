"""The machines, as their heartbeats tell them."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from host_sim.centre.desk.desk import Desk, Item
from host_sim.centre.operating import fleet

MENU = Item("/machines", "machines.title")


def pages(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/machines")
    def machines(request: Request) -> Response:
        desk.who(request)
        with desk.store.reading() as c:
            heard = fleet.listed(c, desk.now())
            places = desk.city.at(c, desk.now()).machines
        return desk.render(request, "machines.html", machines=heard, places=places)

    return router
