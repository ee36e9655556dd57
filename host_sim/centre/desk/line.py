"""The municipality's line: one supervisor stops it, two people let it go on."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from host_sim.centre.desk.desk import Desk, Item
from host_sim.centre.desk.doors import Text
from host_sim.centre.operating import line

ROLE = "supervisor"
MENU = Item("/line", "line.title", (ROLE,))


def pages(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/line")
    def show(request: Request) -> Response:
        desk.who(request, ROLE)
        with desk.store.reading() as c:
            stopped = line.stopped(desk.store, c)
        return desk.render(request, "line.html", stopped=stopped)

    @router.post("/line/stop")
    def stop(request: Request, why: Text = "") -> Response:
        who = desk.who(request, ROLE)
        reason = desk.reason(why)
        with desk.store.writing() as c:
            line.stop(desk.store, c, reason, who.login, desk.now())
            desk.audit(c, who, "line_stopped", reason, {})
        return RedirectResponse("/line", 303)

    @router.post("/line/resume")
    def resume(request: Request, why: Text = "", second_login: Text = "", second_code: Text = "") -> Response:
        who = desk.who(request, ROLE)
        reason = desk.reason(why)
        with desk.store.writing() as c:
            second = desk.second(c, who, second_login, second_code, ROLE)
            line.resume(desk.store, c, (who.login, second.login), desk.now())
            desk.audit(c, who, "line_resumed", reason, {"second": second.login})
        return RedirectResponse("/line", 303)

    return router
