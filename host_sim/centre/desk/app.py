"""The desk's application: the pages of every subject, and what a page is answered with when something is refused."""

import functools
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response

from host_sim.centre.database import NO_ANSWER, Busy
from host_sim.centre.desk import (
    cards,
    claims,
    doors,
    exemptions,
    first,
    forms,
    home,
    incidents,
    line,
    machines,
    people,
    posters,
    record,
    residents,
    statistics,
    texts,
)
from host_sim.centre.desk.desk import LANGUAGE_COOKIE, Desk, NobodyThere, language_of, set_cookie
from host_sim.centre.desk.sessions import COOKIE
from host_sim.centre.desk.shield import Shield
from host_sim.centre.staff.accounts import NotAllowed

# In the order of the menu; each has MENU and pages(desk).
SUBJECTS = (home, cards, claims, exemptions, incidents, machines, line, statistics, record, people)
_BUSY = "混み合っています。少し待ってもう一度操作してください。 / Busy; try again soon."
_STYLE = Path(__file__).with_name("style.css")


def make_app(desk: Desk) -> Shield:
    """The whole desk. Every form that is sent is checked here, whatever page it is for."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    for door in (doors, first, residents, posters):
        app.include_router(door.pages(desk), dependencies=[Depends(_checking(desk))])
    for subject in SUBJECTS:
        desk.menu.append(subject.MENU)
        app.include_router(subject.pages(desk), dependencies=[Depends(_checking(desk))])

    @app.get("/style.css")
    def style() -> Response:
        return FileResponse(_STYLE, media_type="text/css")

    @app.get("/favicon.ico")
    def no_picture() -> Response:
        return Response(status_code=204)

    @app.get("/language/{language}")
    def language(language: str, to: str = "/") -> Response:
        response = RedirectResponse(forms.own_path(to), 303)
        if language in texts.LANGUAGES:
            set_cookie(response, LANGUAGE_COOKIE, language)
        return response

    _refusals(app, desk)
    return Shield(app)


async def _form(request: Request) -> FormData | None:
    return await request.form(max_files=4, max_fields=200) if request.method == "POST" else None


def _checking(desk: Desk) -> Any:
    def check(request: Request, sent: Annotated[Any, Depends(_form)]) -> None:
        if sent is not None:
            forms.use(desk.store, request.cookies.get(COOKIE, ""), str(sent.get(forms.FIELD, "")), desk.now())
            request.state.sent = sent

    return check


def _page(desk: Desk, request: Request, status: int, key: str) -> Response:
    try:
        return desk.render(request, "refused.html", status, words=texts.say(key, language_of(request)))
    except NO_ANSWER:  # the frame of a page is in the database, too
        return PlainTextResponse(_BUSY, 503)


def _note(desk: Desk, request: Request, word: str) -> None:
    """What somebody who is signed in was refused: the page without what fills its address, and nothing that they typed.

    A stranger leaves no row, or anybody could fill the record; wrong tries are counted and flagged (`staff/tries.py`).
    """
    try:
        person = desk.person(request)
        if person is not None:
            desk.note(person, request.scope["route"].path, word)
    except NO_ANSWER:
        return  # nothing can be written, and nothing was done


def _refusals(app: FastAPI, desk: Desk) -> None:
    page = functools.partial(_page, desk)

    @app.exception_handler(NobodyThere)
    def nobody(request: Request, _: Exception) -> Response:
        if request.method == "GET":
            return doors.to_sign_in(request, ended=desk.had_session(request))
        return page(request, 401, "refused.session_ended")

    @app.exception_handler(forms.FormRefused)
    def form(request: Request, refused: Exception) -> Response:
        assert isinstance(refused, forms.FormRefused)
        _note(desk, request, f"form_{refused.why}")
        return page(request, 409 if refused.why == "again" else 403, f"refused.form_{refused.why}")

    @app.exception_handler(NotAllowed)
    def not_allowed(request: Request, refused: Exception) -> Response:
        assert isinstance(refused, NotAllowed)
        _note(desk, request, refused.word)
        return desk.refused(request, doors.words_of(request, refused))

    @app.exception_handler(RequestValidationError)
    def incomplete(request: Request, _: Exception) -> Response:
        return desk.refused(request, texts.say("refused.incomplete", language_of(request)), 422)

    @app.exception_handler(Busy)
    def busy(request: Request, _: Exception) -> Response:
        del request
        return PlainTextResponse(_BUSY, 503)

    @app.exception_handler(Exception)
    def failed(request: Request, _: Exception) -> Response:
        """The log has its class and place; the page says that nothing more is known."""
        return page(request, 500, "refused.failed")

    @app.exception_handler(HTTPException)
    def http(request: Request, trouble: Exception) -> Response:
        assert isinstance(trouble, HTTPException)
        return page(request, trouble.status_code, "refused.no_page")
