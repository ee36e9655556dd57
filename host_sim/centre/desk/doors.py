"""Coming and going: sign-in with two factors, and sign-out."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from host_sim.centre.desk.desk import Desk, language_of, set_cookie
from host_sim.centre.desk.forms import own_path
from host_sim.centre.desk.sessions import COOKIE
from host_sim.centre.desk.texts import say
from host_sim.centre.staff.accounts import NotAllowed, Staff
from host_sim.centre.typed import plain

Text = Annotated[str, Form()]


def to_sign_in(request: Request, *, ended: bool) -> Response:
    told = {"to": request.url.path, **({"ended": "yes"} if ended else {})}
    return RedirectResponse(f"/sign-in?{urlencode(told)}", 303)


def pages(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/sign-in")
    def door(request: Request, to: str = "/", ended: str = "") -> Response:
        return desk.render(request, "door_sign_in.html", to=own_path(to), trouble="", ended=bool(ended), login="")

    @router.post("/sign-in")
    def sign_in(request: Request, login: Text = "", password: Text = "", code: Text = "", to: Text = "/") -> Response:
        secret, name = bytearray(password.encode()), plain(login)
        try:
            staff = desk.accounts.sign_in(name, secret, code, desk.now(), address_of(request))
        except NotAllowed as refused:
            told = {"to": own_path(to), "trouble": words_of(request, refused), "ended": False, "login": name[:32]}
            return desk.render(request, "door_sign_in.html", 403, **told)
        return signed_in(desk, staff, own_path(to))

    @router.post("/sign-out")
    def sign_out(request: Request) -> Response:
        person = desk.person(request)
        with desk.store.writing() as c:
            desk.sessions.end(c, request.cookies.get(COOKIE, ""))
            if person is not None:
                desk.audit(c, person, "desk_signed_out", "", {})
        response = RedirectResponse("/sign-in", 303)
        response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
        return response

    return router


def signed_in(desk: Desk, staff: Staff, to: str) -> Response:
    """The browser gets another cookie, so that one that somebody knew before is worth nothing."""
    with desk.store.writing() as c:
        cookie = desk.sessions.begin(c, staff.login, desk.now())
        desk.audit(c, staff, "desk_signed_in", "", {})
    response = RedirectResponse(to, 303)
    set_cookie(response, COOKIE, cookie)
    return response


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


def words_of(request: Request, refused: NotAllowed) -> str:
    """A refusal in the language of the page, with the roles by their names."""
    language, values = language_of(request), dict(refused.values)
    if "role" in values:
        values["role"] = " / ".join(say(f"frame.role_{role}", language) for role in str(values["role"]).split(" / "))
    return say(f"refused.{refused.word}", language, **values)
