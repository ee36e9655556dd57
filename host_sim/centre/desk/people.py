"""The staff: who has an account; two supervisors invite, lock and unlock, and neither opens an account of their own."""

from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from host_sim.centre.desk.desk import Desk, Item
from host_sim.centre.desk.doors import Text
from host_sim.centre.staff.accounts import START_HOURS, NotAllowed

ROLE = "supervisor"
MENU = Item("/staff", "people.title", (ROLE,))
_Done = TypeVar("_Done")


def pages(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/staff")
    def everybody(request: Request) -> Response:
        desk.who(request, ROLE)
        with desk.store.reading() as c:
            found = desk.accounts.listed(c, desk.now())
        return desk.render(request, "people.html", people=found)

    @router.get("/staff/{login}")
    def one(request: Request, login: str, act: str = "invite") -> Response:
        desk.who(request, ROLE)
        with desk.store.reading() as c:
            found = [row for row in desk.accounts.listed(c, desk.now()) if row.login == login]
        if not found:
            raise NotAllowed("no_staff", login=login[:32])
        return desk.render(request, "people_one.html", found=found[0], chosen=act, hours=START_HOURS)

    @router.post("/staff/{login}/invite")
    def invite(
        request: Request, login: str, why: Text = "", second_login: Text = "", second_code: Text = ""
    ) -> Response:
        def act(c: sa.Connection, by: str) -> str:
            return desk.accounts.invite(c, login, by, desk.now())

        start = _together(desk, request, login, "staff_invite", (why, second_login, second_code), act)
        return desk.render(request, "people_start.html", login=login, start=start, hours=START_HOURS)

    @router.post("/staff/{login}/lock")
    def lock(request: Request, login: str, why: Text = "", second_login: Text = "", second_code: Text = "") -> Response:
        def act(c: sa.Connection, by: str) -> None:
            desk.accounts.lock(c, login, by, desk.now())

        _together(desk, request, login, "staff_lock", (why, second_login, second_code), act)
        return RedirectResponse("/staff", 303)

    @router.post("/staff/{login}/unlock")
    def unlock(
        request: Request, login: str, why: Text = "", second_login: Text = "", second_code: Text = ""
    ) -> Response:
        def act(c: sa.Connection, by: str) -> None:
            desk.accounts.unlock(c, login, by, desk.now())

        _together(desk, request, login, "staff_unlock", (why, second_login, second_code), act)
        return RedirectResponse("/staff", 303)

    return router


def _together(
    desk: Desk,
    request: Request,
    login: str,
    act: str,
    told: tuple[str, str, str],
    do: Callable[[sa.Connection, str], _Done],
) -> _Done:
    """Do it when two supervisors agree. `told`: why, and the second one's login and code."""
    who = desk.who(request, ROLE)
    why, second_login, second_code = told
    reason = desk.reason(why)
    with desk.store.writing() as c:
        second = desk.second(c, who, second_login, second_code, ROLE)
        if act != "staff_lock":
            desk.accounts.open_to(c, login, who.login, second.login)
        done = do(c, who.login)
        desk.audit(c, who, act, reason, {"second": second.login, "login": login})
    return done
