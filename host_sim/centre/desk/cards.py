"""The card desk's pages: a resident's cards, one card, one order, letters, and the lists to print."""

from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from host_sim.centre import cards as register
from host_sim.centre.card_desk import enquiries, figures, letter, orders, reports, rules
from host_sim.centre.card_desk.enquiries import PHOTO, Proof
from host_sim.centre.card_desk.orders import Wanted
from host_sim.centre.cards import ActRefused, Told
from host_sim.centre.city.model import CardDeskPart
from host_sim.centre.desk import card_words
from host_sim.centre.desk.desk import Desk, Item
from host_sim.centre.desk.doors import Text
from host_sim.centre.pins import PIN_TRIES
from host_sim.centre.staff.accounts import Staff
from host_sim.centre.typed import plain

ROLE = "card_desk"
MENU = Item("/cards", "cards.title", (ROLE,))
DAYS_USUAL = 90  # of the list of cards that end soon
ACTS_OF_A_CARD = ("lost", "found", "change", "pin", "unlock", "renew", "replace", "revoke")
ACTS_OF_A_RESIDENT = ("issue", "switch", "enquire")


def pages(desk: Desk) -> APIRouter:
    router = APIRouter()
    _looking(router, desk)
    _lists(router, desk)
    _ordering(router, desk)
    _reporting(router, desk)
    _enquiring(router, desk)
    return router


def _looking(router: APIRouter, desk: Desk) -> None:
    @router.get("/cards")
    def begin(request: Request) -> Response:
        desk.who(request, ROLE)
        with desk.store.reading() as c:
            waiting, letters = orders.rows(c, *orders.OPEN), enquiries.rows(c, "sent", "answered")
        return _render(desk, request, "cards.html", waiting=waiting, letters=letters, sentences=orders.SENTENCES)

    @router.get("/cards/resident/{handle}")
    def resident(request: Request, handle: str, act: str = "") -> Response:
        desk.who(request, ROLE)
        number = desk.handles.number(handle)
        try:
            with desk.store.reading() as c:
                found = enquiries.person(c, number)
                held = [(card, figures.standing(card, desk.now().date())) for card in figures.cards_of(c, number)]
                letters = [row for row in enquiries.rows(c, "sent", "answered") if row.resident_id == number]
        except ActRefused as refused:
            return _refused(desk, request, refused)
        acts = ACTS_OF_A_RESIDENT
        values: dict[str, Any] = {"resident": found, "held": held, "letters": letters, "acts": acts, "chosen": act}
        return _render(desk, request, "cards_resident.html", **values)

    @router.get("/cards/card/{fingerprint}")
    def card(request: Request, fingerprint: str, act: str = "") -> Response:
        desk.who(request, ROLE)
        try:
            with desk.store.reading() as c:
                found = register.known(c, fingerprint)
                holder = enquiries.person(c, found.resident_id)
                done = figures.acts_of(c, fingerprint)
                letters = [row for row in enquiries.rows(c, "answered") if row.resident_id == found.resident_id]
        except ActRefused as refused:
            return _refused(desk, request, refused)
        standing, acts = figures.standing(found, desk.now().date()), _acts_of(found)
        values = {"card": found, "resident": holder, "done": done, "letters": letters, "standing": standing}
        return _render(desk, request, "cards_card.html", acts=acts, chosen=act, **values)


def _lists(router: APIRouter, desk: Desk) -> None:
    @router.get("/cards/ending")
    def ending(request: Request, days: str = str(DAYS_USUAL)) -> Response:
        desk.who(request, ROLE)
        try:
            within = figures.days_of(plain(days))
        except ActRefused as refused:
            said = card_words.said_in(request)(str(refused))
            return _render(desk, request, "cards_ending.html", 400, months=None, days=days, trouble=said)
        with desk.store.reading() as c:
            months = figures.ending(c, desk.now().date(), within)
        return _render(desk, request, "cards_ending.html", months=months, days=within, trouble="")

    @router.get("/cards/counts")
    def counts(request: Request) -> Response:
        desk.who(request, ROLE)
        with desk.store.reading() as c:
            found = figures.figures(c, desk.now().date())
            sentence = rules.switch_sentence(_rules(desk, c).switch)
        return _render(desk, request, "cards_counts.html", found=found, states=figures.STATES, switch=sentence)


def _ordering(router: APIRouter, desk: Desk) -> None:
    @router.get("/cards/order/{number}")
    def order(request: Request, number: str) -> Response:
        desk.who(request, ROLE)
        return _order_page(desk, request, number)

    @router.post("/cards/resident/{handle}/{act}")
    def first(
        request: Request,
        handle: str,
        act: str,
        why: Text = "",
        proof: Text = "",
        second_login: Text = "",
        second_code: Text = "",
        refuses: Text = "",
        seal: Text = "",
    ) -> Response:
        number = desk.handles.number(handle)
        wanted = Wanted(act=act, resident_id=number, refuses_resident_register=bool(refuses), carries_seal=bool(seal))
        return _ordered(desk, request, wanted, why, (proof, second_login, second_code))

    @router.post("/cards/card/{fingerprint}/order/{act}")
    def another(
        request: Request,
        fingerprint: str,
        act: str,
        why: Text = "",
        proof: Text = "",
        second_login: Text = "",
        second_code: Text = "",
        refuses: Text = "",
    ) -> Response:
        wanted = Wanted(act=act, card=fingerprint, refuses_resident_register=bool(refuses))
        return _ordered(desk, request, wanted, why, (proof, second_login, second_code))

    @router.post("/cards/order/{number}/code")
    def code(request: Request, number: str, why: Text = "") -> Response:
        told = _told(desk, desk.who(request, ROLE), why)
        try:
            with desk.store.writing() as c:
                shown = orders.fresh_code(c, number, told)
        except ActRefused as refused:
            return _refused(desk, request, refused)
        return _order_page(desk, request, number, shown)

    @router.post("/cards/order/{number}/discard")
    def discard(request: Request, number: str, why: Text = "") -> Response:
        told = _told(desk, desk.who(request, ROLE), why)
        try:
            with desk.store.writing() as c:
                orders.discard(c, number, told)
        except ActRefused as refused:
            return _refused(desk, request, refused)
        return RedirectResponse(f"/cards/order/{number}", 303)


def _reporting(router: APIRouter, desk: Desk) -> None:
    @router.post("/cards/card/{fingerprint}/report/{act}")
    def report(request: Request, fingerprint: str, act: str, why: Text = "") -> Response:
        told = _told(desk, desk.who(request, ROLE), why)
        try:
            with desk.store.writing() as c:
                reports.report(c, fingerprint, act, told)
        except ActRefused as refused:
            return _refused(desk, request, refused)
        return RedirectResponse(f"/cards/card/{fingerprint}", 303)

    @router.post("/cards/card/{fingerprint}/unlock")
    def unlock(
        request: Request,
        fingerprint: str,
        why: Text = "",
        proof: Text = "",
        second_login: Text = "",
        second_code: Text = "",
    ) -> Response:
        who = desk.who(request, ROLE)
        told = _told(desk, who, why)
        try:
            with desk.store.writing() as c:
                shown = _proof(desk, c, who, (proof, second_login, second_code))
                reports.unlock(c, fingerprint, shown, told)
        except ActRefused as refused:
            return _refused(desk, request, refused)
        return RedirectResponse(f"/cards/card/{fingerprint}", 303)


def _enquiring(router: APIRouter, desk: Desk) -> None:
    @router.post("/cards/enquire/{handle}")
    def enquire(request: Request, handle: str, why: Text = "") -> Response:
        """The letter itself is the answer: its code is shown nowhere else."""
        told = _told(desk, desk.who(request, ROLE), why)
        try:
            with desk.store.writing() as c:
                sent = enquiries.send(c, _rules(desk, c), desk.handles.number(handle), told)
                to = letter.addressed(c, desk.city, sent, desk.now())
        except ActRefused as refused:
            return _refused(desk, request, refused)
        named = f'attachment; filename="{letter.file_name(sent)}"'
        return Response(letter.letter(to), media_type="application/pdf", headers={"Content-Disposition": named})

    @router.post("/cards/answer/{number}")
    def answer(request: Request, number: str, why: Text = "", reply_code: Text = "") -> Response:
        told = _told(desk, desk.who(request, ROLE), why)
        try:
            with desk.store.writing() as c:
                refusal = enquiries.answer(c, number, reply_code, told)
        except ActRefused as refused:
            return _refused(desk, request, refused)
        if refusal is not None:
            return _refused(desk, request, ActRefused(refusal))
        return RedirectResponse("/cards", 303)


# --- inside ---------------------------------------------------------------------------------------


def _ordered(desk: Desk, request: Request, wanted: Wanted, why: str, shown: tuple[str, str, str]) -> Response:
    who = desk.who(request, ROLE)
    told = _told(desk, who, why)
    try:
        with desk.store.writing() as c:
            made = orders.order(c, _rules(desk, c), wanted, _proof(desk, c, who, shown), told)
    except ActRefused as refused:
        return _refused(desk, request, refused)
    return _order_page(desk, request, made.order_id, made.code)


def _order_page(desk: Desk, request: Request, number: str, code: str = "") -> Response:
    with desk.store.reading() as c:
        row = orders.of(c, number)
    if row is None:
        return _refused(desk, request, ActRefused("There is no order of this number."))
    is_open, sentence = row.state in orders.OPEN, orders.SENTENCES[row.state]
    here = f"/cards/order/{number}"
    return _render(
        desk, request, "cards_order.html", here=here, order=row, code=code, is_open=is_open, sentence=sentence
    )


def _proof(desk: Desk, c: sa.Connection, who: Staff, shown: tuple[str, str, str]) -> Proof | None:
    """`shown`: nothing, photo, or an enquiry's number; and the second person's login and code, without a photo ID."""
    proof, login, code = shown
    if not proof:
        return None
    if proof == PHOTO:
        return Proof()
    return Proof(proof, desk.second(c, who, login, code, ROLE).login)


def _told(desk: Desk, who: Staff, why: str) -> Told:
    return Told(who.login, desk.reason(why), desk.now())


def _rules(desk: Desk, c: sa.Connection) -> CardDeskPart:
    return desk.city.at(c, desk.now()).rules.card_desk


def _acts_of(card: Any) -> list[str]:
    """The acts that this card's state allows."""
    match register.state_of(card):
        case register.CardState.LOST:
            return ["found", "replace", "revoke"] if card.method == "municipal" else ["found", "revoke"]
        case register.CardState.IN_USE if card.method == "municipal":
            never = {"found"} | ({"change"} if card.pin_failures >= PIN_TRIES else set())
            never |= set() if card.pin_failures else {"unlock"}
            return [act for act in ACTS_OF_A_CARD if act not in never]
        case register.CardState.IN_USE:
            return ["lost", "revoke"]
        case _:
            return []


def _render(desk: Desk, request: Request, template: str, status: int = 200, **values: Any) -> Response:
    with desk.store.reading() as c:
        kind = rules.kind_for(_rules(desk, c), desk.now().date(), refuses_resident_register=False)
    shown: dict[str, Any] = {"said": card_words.said_in(request), "may_refuse": kind == "resident_register"}
    return desk.render(request, template, status, **shown, **values)


def _refused(desk: Desk, request: Request, refused: ActRefused) -> Response:
    return desk.refused(request, card_words.said_in(request)(str(refused)))
