"""What is free: a clerk who has seen the proof grants an exemption and prints its code; the list of what was granted."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from host_sim.centre.card_desk import enquiries
from host_sim.centre.cards import ActRefused
from host_sim.centre.desk import doors
from host_sim.centre.desk.desk import Desk, Item, language_of
from host_sim.centre.desk.doors import Text
from host_sim.centre.desk.texts import say
from host_sim.centre.exemptions import slip as slips
from host_sim.centre.exemptions.grants import COPIES_MAX, ExemptionDesk, Grant, NotGranted
from host_sim.centre.staff.accounts import NotAllowed
from host_sim.centre.typed import plain

ROLE = "clerk"
MENU = Item("/exemptions", "exemptions.title", (ROLE,))


def pages(desk: Desk) -> APIRouter:
    router, acts = APIRouter(), ExemptionDesk(desk.store, desk.city)

    @router.get("/exemptions")
    def first(request: Request) -> Response:
        desk.who(request, ROLE)
        return _list(desk, request, acts)

    @router.post("/exemptions/resident")
    def resident(request: Request, number: Text = "") -> Response:
        who = desk.who(request, ROLE)
        page = _choice(desk, request, acts, number)
        with desk.store.writing() as c:  # a name is shown: who looked is on record, as of a search
            told = {"found": int(page.status_code == 200)}
            desk.audit(c, who, "resident_searched", "exemption", told)
        return page

    @router.post("/exemptions/grant")
    def grant(
        request: Request,
        number: Text = "",
        exemption: Text = "",
        kinds: Annotated[Sequence[str], Form()] = (),
        copies: Text = "1",
        why: Text = "",
    ) -> Response:
        who = desk.who(request, ROLE)
        many = plain(copies)
        wanted = int(many) if many.isdecimal() and len(many) < 3 else 0
        try:
            made = acts.grant(plain(number), exemption, list(kinds), wanted, who, desk.reason(why), desk.now())
        except NotGranted as refused:
            return _choice(desk, request, acts, number, _words(request, refused))
        except NotAllowed as refused:
            return _choice(desk, request, acts, number, doors.words_of(request, refused))
        return _one(desk, request, made)

    _after(router, desk, acts)
    return router


def _number(grant: str) -> int:
    """The grant that was asked for. Raises `NotGranted` for what is no number that a grant can have."""
    if grant.isdecimal() and len(grant) < 10:
        return int(grant)
    raise NotGranted("no_grant", number=grant[:20] if grant.isdecimal() else "-")


def _after(router: APIRouter, desk: Desk, acts: ExemptionDesk) -> None:
    """One grant, its slip, and its end when nobody has used it."""

    def about(request: Request, grant: str, act: Callable[[int], Response]) -> Response:
        try:
            return act(_number(grant))
        except NotGranted as refused:
            return _list(desk, request, acts, refused)

    @router.get("/exemptions/{grant}")
    def show(request: Request, grant: str) -> Response:
        desk.who(request, ROLE)
        return about(request, grant, lambda number: _one(desk, request, acts.of_number(number, desk.now())))

    @router.post("/exemptions/slip")
    def slip(request: Request, grant: Text = "") -> Response:
        desk.who(request, ROLE)
        return about(request, grant, lambda number: _slip(desk, acts.of_number(number, desk.now())))

    @router.post("/exemptions/withdraw")
    def withdraw(request: Request, grant: Text = "", why: Text = "") -> Response:
        who, reason = desk.who(request, ROLE), desk.reason(why)
        return about(request, grant, lambda number: _one(desk, request, acts.withdraw(number, who, reason, desk.now())))


def _slip(desk: Desk, grant: Grant) -> Response:
    with desk.store.reading() as c:
        rules = desk.city.at(c, datetime.fromisoformat(grant.at)).rules
    name = f'attachment; filename="exemption-{grant.number}.pdf"'
    return Response(slips.pdf(grant, rules), media_type="application/pdf", headers={"Content-Disposition": name})


def _list(desk: Desk, request: Request, acts: ExemptionDesk, refused: NotGranted | None = None) -> Response:
    values = {
        "granted": acts.listed(desk.now()),
        "trouble": _words(request, refused),
        "on_file": acts.on_file(desk.now()),
    }
    return desk.render(request, "exemptions.html", 409 if refused else 200, **values)


def _choice(desk: Desk, request: Request, acts: ExemptionDesk, number: str, trouble: str = "") -> Response:
    """The resident's name, to be compared with their papers, and what may be granted."""
    try:
        with desk.store.reading() as c:
            found = enquiries.person(c, plain(number))
    except ActRefused:
        return _list(desk, request, acts, NotGranted("no_resident", number=number[:40]))
    values: dict[str, Any] = {
        "resident": found,
        "on_file": acts.on_file(desk.now()),
        "kinds": acts.kinds_on_file(desk.now()),
    }
    values |= {"copies_max": COPIES_MAX, "trouble": trouble}
    return desk.render(request, "exemptions_choose.html", 409 if trouble else 200, **values)


def _one(desk: Desk, request: Request, grant: Grant) -> Response:
    acts = ExemptionDesk(desk.store, desk.city)
    values: dict[str, Any] = {"grant": grant, "code": slips.spoken(grant.code), "on_file": acts.on_file(desk.now())}
    values["here"] = f"/exemptions/{grant.number}"
    return desk.render(request, "exemptions_one.html", kinds=acts.kinds_on_file(desk.now()), **values)


def _words(request: Request, refused: NotGranted | None) -> str:
    if refused is None:
        return ""
    language = language_of(request)
    values = dict(refused.values)
    if "state" in values:
        values["state"] = say(f"exemptions.state_{values['state']}", language)
    return say(f"exemptions.refused_{refused.word}", language, **values)
