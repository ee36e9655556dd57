"""The first sign-in: an invited person comes with a start code, takes a second factor and chooses a password."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from host_sim.centre.desk import qr
from host_sim.centre.desk.desk import Desk, language_of
from host_sim.centre.desk.doors import Text, address_of, signed_in, words_of
from host_sim.centre.desk.texts import say
from host_sim.centre.staff.accounts import NotAllowed
from host_sim.centre.typed import plain


def pages(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/first")
    def first(request: Request) -> Response:
        return desk.render(request, "door_first.html", trouble="", login="")

    @router.post("/first")
    def begin(request: Request, login: Text = "", start: Text = "") -> Response:
        try:
            uri = desk.accounts.begin(plain(login), start, desk.now(), address_of(request))
        except NotAllowed as refused:
            told = {"trouble": words_of(request, refused), "login": plain(login)[:32]}
            return desk.render(request, "door_first.html", 403, **told)
        return _second_step(desk, request, plain(login), start, uri, "")

    @router.post("/first/finish")
    def finish(
        request: Request, login: Text = "", start: Text = "", password: Text = "", again: Text = "", code: Text = ""
    ) -> Response:
        name, address = plain(login), address_of(request)
        if password != again:
            uri = desk.accounts.begin(name, start, desk.now(), address)
            return _second_step(desk, request, name, start, uri, say("door.differ", language_of(request)))
        try:
            secret = bytearray(password.encode())
            staff = desk.accounts.finish(name, start, secret, code, desk.now(), address)
        except NotAllowed as refused:
            uri = desk.accounts.begin(name, start, desk.now(), address)
            return _second_step(desk, request, name, start, uri, words_of(request, refused))
        return signed_in(desk, staff, "/")

    return router


def _second_step(desk: Desk, request: Request, login: str, start: str, uri: str, trouble: str) -> Response:
    told = {"login": login, "start": start, "picture": qr.svg(uri), "secret": qr.secret_of(uri), "trouble": trouble}
    return desk.render(request, "door_finish.html", 403 if trouble else 200, **told)
