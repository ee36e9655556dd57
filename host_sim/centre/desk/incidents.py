"""Incidents: the one queue of what a person must look at, each with the evidence of both sides; two people close one."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from host_sim.centre.desk import card_words, words
from host_sim.centre.desk.desk import Desk, Item, language_of
from host_sim.centre.desk.doors import Text
from host_sim.centre.desk.texts import say
from host_sim.centre.incidents import evidence
from host_sim.centre.operating import flags

MENU = Item("/incidents", "incidents.title", (*flags.MAY_CLOSE, "auditor"))


def pages(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/incidents")
    def queue(request: Request, closed: str = "") -> Response:
        desk.who(request, *MENU.roles)
        with desk.store.reading() as c:
            rows = evidence.listed(c, closed=bool(closed))
        language = language_of(request)
        rows = [(row, words.of_flag(row.what, row.detail, language)) for row, _ in rows]
        return desk.render(request, "incidents.html", rows=rows, closed=bool(closed), short=evidence.short)

    @router.get("/incidents/{number}")
    def one(request: Request, number: int) -> Response:
        desk.who(request, *MENU.roles)
        return _shown(desk, request, number)

    @router.post("/incidents/{number}/comment")
    def comment(request: Request, number: int, why: Text = "") -> Response:
        return _written(desk, request, number, why, flags.comment)

    @router.post("/incidents/{number}/close")
    def close(request: Request, number: int, why: Text = "") -> Response:
        return _written(desk, request, number, why, flags.close)

    return router


def _shown(desk: Desk, request: Request, number: int, refused: flags.NotDone | None = None) -> Response:
    try:
        with desk.store.reading() as c:
            found = evidence.of(c, number)
    except flags.NotDone:
        return desk.render(request, "refused.html", 404, words=say("incidents.none_such", language_of(request)))
    sentence = words.of_flag(found.flag.what, found.flag.detail, language_of(request))
    said = card_words.said_in(request)
    shown = {
        "found": found,
        "sentence": sentence,
        "short": evidence.short,
        "may_close": bool(desk.who(request).roles & set(flags.MAY_CLOSE)),
    }
    return desk.render(
        request, "incidents_one.html", 409 if refused else 200, trouble=said(str(refused or "")), said=said, **shown
    )


def _written(desk: Desk, request: Request, number: int, why: str, act: Callable[..., object]) -> Response:
    """Do this act on the flag in the person's name, and show the incident."""
    who, reason = desk.who(request, *flags.MAY_CLOSE), desk.reason(why)
    try:
        with desk.store.writing() as c:
            act(c, desk.now(), number, who.login, reason)
    except flags.NotDone as refused:
        return _shown(desk, request, number, refused)
    return RedirectResponse(f"/incidents/{number}", 303)
