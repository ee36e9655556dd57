"""What every page of the desk uses: who is there, the page's words and frame, and a row of the audit record."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import sqlalchemy as sa
from fastapi import Request
from starlette.responses import HTMLResponse, Response

from host_sim.centre.city.book import CityBook
from host_sim.centre.city.model import Rules
from host_sim.centre.desk import forms, record_words, texts, words
from host_sim.centre.desk.again import Again, page_of, sent, sent_with
from host_sim.centre.desk.handles import Handles
from host_sim.centre.desk.sessions import COOKIE, Sessions, new_cookie
from host_sim.centre.operating import audit
from host_sim.centre.staff.accounts import Accounts, NotAllowed, Staff, need, reason_of
from host_sim.centre.store import Store
from host_sim.centre.typed import plain

LANGUAGE_COOKIE = "__Host-language"
_PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class NobodyThere(Exception):
    """The page needs a person who is signed in."""


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of the menu. `title`: key of its words; `roles`: who sees it, empty for everybody."""

    path: str
    title: str
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Desk:
    """`now()`: the centre's clock. `menu`: filled by `app.make_app`."""

    store: Store
    city: CityBook
    accounts: Accounts
    now: Callable[[], datetime]
    menu: list[Item] = field(default_factory=list)

    @functools.cached_property
    def handles(self) -> Handles:
        """Residents' numbers in addresses."""
        return Handles(self.accounts.key)

    @functools.cached_property
    def sessions(self) -> Sessions:
        return Sessions(self.store)

    # --- who ------------------------------------------------------------------------------------

    def person(self, request: Request) -> Staff | None:
        """Who is signed in at this browser, or None."""
        if not hasattr(request.state, "person"):
            request.state.person = self._person(request.cookies.get(COOKIE, ""))
        found: Staff | None = request.state.person
        return found

    def _person(self, cookie: str) -> Staff | None:
        login = self.sessions.login_of(cookie, self.now()) if cookie else None
        if login is None:
            return None
        try:
            with self.store.reading() as c:
                return self.accounts.staff(c, login, self.now())
        except NotAllowed:  # taken out of the city's file, locked, or enrolled anew
            return None

    def had_session(self, request: Request) -> bool:
        """Whether this browser's cookie is that of a session, ended or not."""
        with self.store.reading() as c:
            return self.sessions.has(c, request.cookies.get(COOKIE, ""))

    def who(self, request: Request, *roles: str) -> Staff:
        """Who is signed in and has one of the roles (none named: anybody of the staff). Otherwise a page refuses."""
        person = self.person(request)
        if person is None:
            raise NobodyThere
        need(person, *roles)
        return person

    def second(self, c: sa.Connection, first: Staff, login: str, code: str, role: str) -> Staff:
        """The second person who must agree, by a code of their own. Raises `NotAllowed`."""
        if plain(login) == first.login:
            raise NotAllowed("same_person")
        return self.accounts.confirm(c, plain(login), code, role, self.now())

    def reason(self, why: str) -> str:
        """Why something is done, in one line. Raises `NotAllowed`."""
        return reason_of(why)

    def audit(self, c: sa.Connection, who: Staff, act: str, why: str, detail: Mapping[str, Any]) -> None:
        """One row of the audit record: who did what, and why. `detail`: numbers and words; nothing of a resident."""
        told = {"who": who.login, "why": why, **detail}
        audit.append(c, at=self.now().isoformat(), machine="desk", site="desk", act=act, detail=told)

    def note(self, who: Staff, page: str, refused: str) -> None:
        """A row of the audit record for what somebody was refused. `page`: its path, without what fills it."""
        with self.store.writing() as c:
            self.audit(c, who, "desk_refused", "", {"page": page, "refused": refused})

    # --- pages ----------------------------------------------------------------------------------

    def render(self, request: Request, template: str, status: int = 200, **values: Any) -> Response:
        """A page. In the template: `t(key)` words, `form_token()` in each form, `here` (its own address), `person`,
        `language`, `now`, and `values`."""
        language, cookie = language_of(request), request.cookies.get(COOKIE) or new_cookie()
        person, again = self.person(request), sent_with(request, status)
        frame: dict[str, Any] = {
            "t": functools.partial(texts.say, language=language),
            "form_token": lambda: forms.new_token(cookie, self.now()),
            "form_field": forms.FIELD,
            "here": _address(request) if request.method == "GET" else page_of(sent(request)),
            "again": again,
            "typed": again.typed,
            "marked": again.marked,
            "person": person,
            "language": language,
            "path": request.url.path,
            "handle": self.handles.of,
            "menu": self._menu_of(person),
            "act_words": functools.partial(words.of_act, language=language),
            "detail_words": functools.partial(words.of_detail, language=language),
            "value_words": self._value_words(language),
            "state_words": functools.partial(words.of_state, language=language),
            "reason_words": functools.partial(words.of_reason, language=language),
            "device_words": functools.partial(words.of_device, language=language),
            "condition_words": functools.partial(words.of_condition, language=language),
            "case_words": lambda code: words.of_flag("case", {"case": code}, language),
            "now": self.now(),
            "municipality": self._municipality(),
        }
        html = _PAGES.get_template(template).render(frame | values)
        response = HTMLResponse(html, status)
        if COOKIE not in request.cookies:
            set_cookie(response, COOKIE, cookie)
        return response

    def refused(self, request: Request, words: str, status: int = 403) -> Response:
        """The page of the form that was sent, with this sentence and what was typed; without one, a page that says it."""
        if page_of(sent(request)):
            return Again(request, words, status)
        return self.render(request, "refused.html", status, words=words)

    def _value_words(self, language: str) -> Callable[[str, object], str]:
        """The words of a value of the audit record; the city's file is read for the first one."""

        @functools.cache
        def rules() -> Rules:
            with self.store.reading() as c:
                return self.city.at(c, self.now()).rules

        return lambda key, value: record_words.of_value(key, value, language, rules())

    def _menu_of(self, person: Staff | None) -> Sequence[Item]:
        if person is None:
            return ()
        return [item for item in self.menu if not item.roles or person.roles & set(item.roles)]

    def _municipality(self) -> str:
        with self.store.reading() as c:
            return self.city.at(c, self.now()).municipality.city


def _address(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def language_of(request: Request) -> str:
    told = request.cookies.get(LANGUAGE_COOKIE)
    return told if told in texts.LANGUAGES else texts.LANGUAGES[0]


def set_cookie(response: Response, name: str, value: str) -> None:
    """For this browser and this desk only; it ends with the browser."""
    response.set_cookie(name, value, path="/", secure=True, httponly=True, samesite="strict")
