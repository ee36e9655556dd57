"""The application of the residents' page: one form, one answer; no cookie, no session, nothing about a person. And `/verify`.

The code comes in a form's body, never in an address, because addresses are kept in logs and browsers.
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import jinja2
from fastapi import FastAPI, Form, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response

from host_sim.centre.claims import status
from host_sim.centre.database import Busy
from host_sim.centre.desk import app as desk_app
from host_sim.centre.desk.desk import Desk
from host_sim.centre.desk.shield import Shield
from host_sim.centre.paper_keys import PaperKeys
from host_sim.centre.public import check_page
from host_sim.centre.public.rates import Rates

_STYLE = Path(desk_app.__file__).with_name("style.css")
_PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_DAYS = {"ja": "月火水木金土日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}


def make_app(desk: Desk, keys: PaperKeys) -> Shield:
    """`desk`: its books, city and clock are used, its accounts are not. `keys`: what the check page trusts."""
    app, rates = FastAPI(docs_url=None, redoc_url=None, openapi_url=None), Rates()
    _checking(app, desk, keys)

    @app.get("/")
    def first(request: Request) -> Response:
        return _page(desk, request, None)

    @app.post("/")
    def answer(request: Request, slip: Annotated[str, Form()] = "") -> Response:
        now = desk.now()
        if not rates.may_ask(request.client.host if request.client else "", now.timestamp()):
            return _page(desk, request, "often", 429)
        with desk.store.reading() as c:
            found = status.of_code(c, desk.city, slip, now)
        if found == status.UNKNOWN and rates.unknown(now.timestamp()):
            with desk.store.writing() as c:
                desk.store.flag(c, now, "desk", "claim_codes_tried", {"key": "residents' page"})
        return _page(desk, request, found)

    @app.get("/style.css")
    def style() -> Response:
        return FileResponse(_STYLE, media_type="text/css")

    @app.exception_handler(Exception)
    def failed(request: Request, trouble: Exception) -> Response:
        del request
        return HTMLResponse(_PAGES.get_template("busy.html").render(), 503 if isinstance(trouble, Busy) else 500)

    @app.exception_handler(Busy)
    def busy(request: Request, trouble: Exception) -> Response:
        return failed(request, trouble)

    @app.exception_handler(RequestValidationError)
    def no_form(request: Request, _: Exception) -> Response:
        return _page(desk, request, None, 422)

    @app.exception_handler(HTTPException)
    def no_page(request: Request, trouble: Exception) -> Response:
        assert isinstance(trouble, HTTPException)
        return _page(desk, request, None, trouble.status_code)

    return Shield(app)


def _checking(app: FastAPI, desk: Desk, keys: PaperKeys) -> None:
    """`/verify`: anybody checks a paper. The name of its worker is beside it, so that a city can put both below a path."""
    rates = Rates()

    @app.get("/verify")
    def check() -> Response:
        with desk.store.reading() as c:
            city = desk.city.at(c, desk.now()).municipality.city
        html, policy = check_page.page(city, keys.trusted())
        return HTMLResponse(html, headers={"content-security-policy": policy, "cache-control": "no-cache"})

    @app.get("/verify-worker.js")
    def worker() -> Response:
        headers = {"content-security-policy": check_page.WORKER_POLICY, "cache-control": "no-cache"}
        return Response(check_page.worker(), media_type="text/javascript", headers=headers)

    @app.post("/verify/number")
    def standing(request: Request, number: Annotated[str, Form(max_length=200)] = "") -> Response:
        if not rates.may_ask(request.client.host if request.client else "", desk.now().timestamp()):
            return JSONResponse({"standing": "often"}, 429)
        with desk.store.reading() as c:
            return JSONResponse(check_page.standing(c, number))


def _page(desk: Desk, request: Request, found: status.Status | str | None, code: int = 200) -> Response:
    del request  # the answer is the same for everybody
    now: datetime = desk.now()
    with desk.store.reading() as c:
        city = desk.city.at(c, now)
    told = {"found": found, "desks": status.desks(city, now), "city": city.rules.municipality, "days": _DAYS}
    return HTMLResponse(_PAGES.get_template("page.html").render(now=now, **told), code)
