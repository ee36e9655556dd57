"""A form that is refused comes back on its page, with why and with all that was typed; whatever page, whatever form."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest

from host_sim.centre.card_desk.orders import Wanted, order
from host_sim.centre.desk import forms
from host_sim.centre.desk.again import AT
from host_sim.centre.operating import flags
from tests.unit.centre.desk_browser import Answer, Browser
from tests.unit.centre.test_cards import fingerprint, issued
from tests.unit.centre.test_desk import Office
from tests.unit.centre.town import Town

TYPED = "控え　１２ \"<b>'"
NO_FORMS = ("/language", "/statistics", "/posters")
SECRET = {"password", "one-time-code"}  # kinds of field that are typed again


@dataclass
class Form:
    """One form of a page: its hidden fields, its texts as they stand, and its boxes, each marked or not."""

    action: str
    hidden: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    boxes: dict[tuple[str, str], bool] = field(default_factory=dict)


class Page(HTMLParser):
    """The forms and links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(told.get("href", ""))
        if tag == "form" and told.get("method") == "post":
            self.forms.append(Form(told["action"]))
        if tag == "input" and self.forms and "name" in told:
            self._input(self.forms[-1], told)

    def _input(self, form: Form, told: dict[str, str]) -> None:
        name, value = told["name"], told.get("value", "")
        match told["type"]:
            case "hidden":
                form.hidden[name] = value
            case "radio" | "checkbox":
                form.boxes[name, value] = "checked" in told
            case kind if SECRET & {kind, told.get("autocomplete", "")}:
                form.secrets.add(name)
            case _:
                form.texts[name] = value

    def form(self, action: str) -> Form:
        return next(form for form in self.forms if form.action == action)


@pytest.fixture
def office() -> Office:
    """Of everything that a page has a form for, one."""
    town = Town()
    card = issued(town)
    with town.store.writing() as c:
        flags.raise_flag(c, town.now, "miyazaki-counter-01", "reported", {})
        rules = town.city.at(c, town.now).rules.card_desk
        order(c, rules, Wanted(act="change", card=fingerprint(card)), None, town.told())
    return Office(town)


def pages(browser: Browser) -> Iterator[tuple[str, Page]]:
    """Every page that links lead to; of addresses that differ only in a number or a name, the first few."""
    seen: set[str] = set()
    left = ["/"]
    while left:
        path = left.pop(0)
        shape = "/".join(part for part in path.split("/")[:3])
        if path in seen or sum(other.startswith(shape) for other in seen) > 12:
            continue
        seen.add(path)
        answer = browser.get(path)
        if answer.status == 200 and answer.headers["content-type"].startswith("text/html"):
            page = Page(answer.text)
            yield path, page
            left += [link for link in page.links if link.startswith("/") and not link.startswith(NO_FORMS)]


def refused(browser: Browser, form: Form) -> Answer:
    """Send the form with everything filled in but the reason, or with what nobody has where no reason is asked."""
    data: dict[str, str] = dict(form.hidden)
    data |= {name: "" if name == "why" else TYPED for name in form.texts}
    data |= dict.fromkeys(form.secrets, "135246")
    data |= dict(form.boxes.keys())
    return browser.post(form.action, data)


@pytest.mark.parametrize("login", ["hidaka", "kuroki"])
def test_nothing_that_was_typed_is_lost_when_a_form_is_refused(office: Office, login: str) -> None:
    browser = office.signed_in(login)
    start = Page(browser.get("/cards").text).form("/residents") if login == "hidaka" else None
    found = list(pages(browser))
    if start is not None:
        data = {**start.hidden, "words": office.town.resident_id("hanako"), "why": "at the desk"}
        found += pages_from(browser, browser.post("/residents", data).headers["location"])
    tried = set[str]()
    for path, page in found:
        for form in page.forms:
            if form.action == "/sign-out" or not form.texts:
                continue
            answer = refused(browser, form)
            again = Page(answer.text).form(form.action)
            where = f"{form.action} on {path}"
            assert answer.status in {403, 409, 422}, where
            assert 'role="alert"' in answer.text, where
            kept = {name: value for name, value in again.texts.items() if name != "why"}
            assert kept == {name: TYPED for name in form.texts if name != "why"}, where
            assert {box for box, marked in again.boxes.items() if marked} == set(dict(form.boxes.keys()).items()), where
            assert not ({"135246"} & set(again.texts.values())), where
            assert again.hidden[AT] == form.hidden[AT], where
            assert again.hidden[forms.FIELD] != form.hidden[forms.FIELD], where
            tried.add(form.action.split("/")[1])
    assert tried >= (
        {"cards", "residents", "claims", "exemptions", "incidents"} if login == "hidaka" else {"line", "staff"}
    )


def pages_from(browser: Browser, path: str) -> Iterator[tuple[str, Page]]:
    """A resident's page, each of its acts, and each card with its acts."""
    left, seen = [path], set[str]()
    while left:
        path = left.pop()
        if path in seen:
            continue
        seen.add(path)
        page = Page(browser.get(path).text)
        yield path, page
        left += [link for link in page.links if "?act=" in link or link.startswith(("/cards/card", "/cards/order"))]


def test_a_form_that_says_it_stands_elsewhere_leads_nowhere_else(office: Office) -> None:
    """What a browser sends as the form's place is only ever a page of this desk, asked for by the same person."""
    browser = office.signed_in("kuroki")
    for at in ("https://example.org/ /line/stop", "//example.org /line/stop", "/audit /line/stop", "/none /line/stop"):
        form = Page(browser.get("/line").text).form("/line/stop")
        answer = browser.post(form.action, {**form.hidden, AT: at, "why": ""})
        assert answer.status in {403, 404}, at
        assert "location" not in answer.headers
    assert office.stopped() is None


def test_a_form_of_another_site_is_never_shown_again(office: Office) -> None:
    browser = office.signed_in("kuroki")
    answer = browser.post("/line/stop", {AT: "/line /line/stop", "why": TYPED})
    assert answer.status == 403
    assert "控え" not in answer.text
