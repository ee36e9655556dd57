"""Find a resident by name or number. The words are sent in a form's body: nothing of a resident stands in an address."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from host_sim.centre.card_desk import finding
from host_sim.centre.cards import ActRefused, Told
from host_sim.centre.desk import card_words
from host_sim.centre.desk.desk import Desk
from host_sim.centre.desk.doors import Text
from host_sim.centre.forms.eras import written

ROLE_FOR = {"cards": "card_desk", "exemptions": "clerk"}  # the subject for which somebody is looked for


def pages(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.post("/residents")
    def find(request: Request, words: Text = "", why: Text = "", subject: Text = "") -> Response:
        subject = subject if subject in ROLE_FOR else "cards"
        who = desk.who(request, ROLE_FOR[subject])
        told = Told(who.login, desk.reason(why), desk.now())
        values: dict[str, Any] = {
            "here": f"/{subject}",
            "subject": subject,
            "words_told": words,
            "why_told": told.why,
            "trouble": "",
            "found": None,
        }
        try:
            found = finding.find(desk.store, words, told)
        except ActRefused as refused:
            said = card_words.said_in(request)(str(refused))
            return desk.render(request, "residents.html", 409, **values | {"trouble": said})
        if subject == "cards" and len(found.people) == 1:
            return RedirectResponse(f"/cards/resident/{desk.handles.of(found.people[0].resident_id)}", 303)
        return desk.render(request, "residents.html", **values | {"found": found}, born=lambda one: written(one.born))

    return router
