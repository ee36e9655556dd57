"""Claims: a slip is scanned or typed, held, paid, and its receipt printed. A code is never in an address: it is worth money."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from host_sim.centre.claims import receipt as receipts
from host_sim.centre.claims.desk import ClaimDesk, Looked, NotPaid
from host_sim.centre.desk import doors
from host_sim.centre.desk.desk import Desk, Item, language_of
from host_sim.centre.desk.doors import Text
from host_sim.centre.desk.texts import say
from host_sim.centre.staff.accounts import NotAllowed

ROLE, AGREES = "clerk", "supervisor"
MENU = Item("/claims", "claims.title", (ROLE, AGREES))


def pages(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/claims")
    def first(request: Request) -> Response:
        desk.who(request, ROLE, AGREES)
        return desk.render(request, "claims.html", trouble="", slip="")

    _acts(router, desk, ClaimDesk(desk.store, desk.city))
    _after(router, desk, ClaimDesk(desk.store, desk.city))
    return router


def _acts(router: APIRouter, desk: Desk, acts: ClaimDesk) -> None:
    """Look up, hold, let go, pay: each shows the claim as it then is."""

    @router.post("/claims/find")
    def find(request: Request, slip: Text = "") -> Response:
        who = desk.who(request, ROLE, AGREES)
        return _done(desk, request, slip, lambda: acts.look_up(slip, who, desk.now()))

    @router.post("/claims/hold")
    def hold(request: Request, slip: Text = "") -> Response:
        who = desk.who(request, ROLE)
        return _done(desk, request, slip, lambda: acts.hold(slip, who, desk.now()))

    @router.post("/claims/let-go")
    def let_go(request: Request, slip: Text = "") -> Response:
        who = desk.who(request, ROLE)
        return _done(desk, request, slip, lambda: acts.let_go(slip, who, desk.now()))

    @router.post("/claims/pay")
    def pay(request: Request, slip: Text = "", place: Text = "") -> Response:
        who = desk.who(request, ROLE)

        def act() -> Looked:
            acts.pay(slip, who, place, desk.now())
            return acts.look_up(slip, who, desk.now())

        return _done(desk, request, slip, act)


def _after(router: APIRouter, desk: Desk, acts: ClaimDesk) -> None:
    """The receipt, and what two supervisors do when a machine is lost."""

    @router.post("/claims/receipt")
    def receipt(request: Request, slip: Text = "") -> Response:
        who = desk.who(request, ROLE, AGREES)
        try:
            paid = acts.receipt(slip, who, desk.now())
        except NotPaid as refused:
            return _refused(desk, request, refused, slip)
        name = f'attachment; filename="receipt-{paid.number}.pdf"'
        return Response(receipts.pdf(paid), media_type="application/pdf", headers={"Content-Disposition": name})

    @router.post("/claims/end-hold")
    def end_hold(
        request: Request, slip: Text = "", why: Text = "", second_login: Text = "", second_code: Text = ""
    ) -> Response:
        who = desk.who(request, AGREES)
        try:
            reason = desk.reason(why)
            with desk.store.writing() as c:
                second = desk.second(c, who, second_login, second_code, AGREES)
        except NotAllowed as refused:
            desk.note(who, "/claims/end-hold", refused.word)
            said = doors.words_of(request, refused)
            return _done(desk, request, slip, lambda: acts.look_up(slip, who, desk.now()), said)
        return _done(desk, request, slip, lambda: acts.end_hold(slip, who, second, reason, desk.now()))


def _done(desk: Desk, request: Request, slip: str, act: Callable[[], Looked], trouble: str = "") -> Response:
    """The claim's page after the act, or with why nothing was done; when the claim is refused, the first page with a sentence."""
    try:
        return _one(desk, request, act(), trouble)
    except NotPaid as refused:
        return _refused(desk, request, refused, slip)


def _one(desk: Desk, request: Request, looked: Looked, trouble: str) -> Response:
    with desk.store.reading() as c:
        places = [place for place in desk.city.at(c, desk.now()).places.values() if place.staffed]
    shown: dict[str, Any] = {
        "here": "/claims",
        "looked": looked,
        "places": places,
        "reason": _reason(looked, language_of(request)),
    }
    return desk.render(request, "claims_one.html", 403 if trouble else 200, trouble=trouble, **shown)


def _reason(looked: Looked, language: str) -> str:
    japanese = receipts.REASONS.get(looked.debt.reason, receipts.OTHER_REASON)
    return japanese if language == "ja" else looked.debt.reason


def _refused(desk: Desk, request: Request, refused: NotPaid, slip: str) -> Response:
    words = say(f"claims.refused_{refused.word}", language_of(request), **refused.values)
    return desk.render(request, "claims.html", 409, trouble=words, slip=slip[:60])
