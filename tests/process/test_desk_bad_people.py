"""Bad people against a desk that runs, over TLS: every form of the router is sent wrongly in every way.

Refused with a sentence, on record where somebody was signed in, and nothing changed. A form that is new needs a line in
`FORMS`, which says who may send it and what with; everything else is walked by itself.
"""

import html
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import requests
import sqlalchemy as sa

from host_sim.centre import books, sample
from host_sim.centre.card_desk import enquiries, orders
from host_sim.centre.card_desk.enquiries import Proof
from host_sim.centre.card_desk.orders import Wanted
from host_sim.centre.cards import CardRegister, NewCard, Told
from host_sim.centre.claims.desk import ClaimDesk
from host_sim.centre.desk import forms, words
from host_sim.centre.desk.app import make_app
from host_sim.centre.desk.handles import Handles
from host_sim.centre.desk.serving import open_desk
from host_sim.centre.desk.sessions import COOKIE
from host_sim.centre.exemptions.grants import ExemptionDesk
from host_sim.centre.fsck import fsck
from host_sim.centre.messages import MAX_BODY_BYTES
from host_sim.centre.pins import PinKey
from host_sim.centre.staff.tries import ADDRESS, LOGIN
from host_sim.centre.store import Peer
from host_sim.centre.tables import audit, cards, flags, meta, staff_tries
from tests.process.desk_rooms import Served, served
from tests.unit.centre.claims import CLERK, DESK, paid_at_desk, slip
from tests.unit.centre.staff import PASSWORD, Authenticator

SHOP = Peer("miyazaki-store-01", "store")
DOORS = {"/sign-in", "/first", "/first/finish"}  # for who is not signed in yet
ANYBODY = {"/sign-out"}
OPEN_PAGES = {"/sign-in", "/first", "/style.css", "/favicon.ico", "/language/{language}"}
STAFF = ("tanaka", "hidaka", "kuroki", "kawano", "nagatomo", "kai")
WHY = "窓口で申出"
# What a refusal may leave behind: the record, used tokens, when somebody was last seen, wrong tries.
TRACES = {"audit", "audit_head", "desk_forms", "desk_sessions", "staff_tries"}
NASTY = ("'; DROP TABLE residents; --", '"><script>alert(1)</script>', "{{ 7 * 7 }}%s\u202e\U000e0001")


class Form(NamedTuple):
    """Who may send it, and what its fields and its address have then. `{name}`: of `Found`."""

    login: str
    address: dict[str, str]
    fields: dict[str, str]


def _about(login: str, address: str = "", **fields: str) -> Form:
    return Form(login, dict(part.split("=", 1) for part in address.split()), fields)


_SECOND = {"second_login": "kawano", "second_code": "kawano's code"}
FORMS = {
    "/residents": _about("hidaka", words="わたなべ", why=WHY, subject="cards"),
    "/cards/resident/{handle}/{act}": _about("hidaka", "handle={handle} act=issue", proof="photo", why=WHY),
    "/cards/card/{fingerprint}/order/{act}": _about("hidaka", "fingerprint={to_set} act=pin", proof="photo", why=WHY),
    "/cards/order/{number}/code": _about("hidaka", "number={order}", why=WHY),
    "/cards/order/{number}/discard": _about("hidaka", "number={order}", why=WHY),
    "/cards/card/{fingerprint}/report/{act}": _about("hidaka", "fingerprint={to_lose} act=lost", why=WHY),
    "/cards/card/{fingerprint}/unlock": _about("hidaka", "fingerprint={locked}", proof="photo", why=WHY),
    "/cards/enquire/{handle}": _about("hidaka", "handle={writes_to}", why=WHY),
    "/cards/answer/{number}": _about("hidaka", "number={enquiry}", reply_code="{reply}", why=WHY),
    "/claims/find": _about("tanaka", slip="{owed}"),
    "/claims/hold": _about("tanaka", slip="{owed}"),
    "/claims/pay": _about("tanaka", slip="{held}", place=DESK),
    "/claims/let-go": _about("tanaka", slip="{owed}"),
    "/claims/receipt": _about("tanaka", slip="{paid}"),
    "/claims/end-hold": _about("kuroki", slip="{at_machine}", why=WHY, **_SECOND),
    "/exemptions/resident": _about("tanaka", number="{number}"),
    "/exemptions/grant": _about(
        "tanaka", number="{number}", exemption="welfare", kinds="juminhyo", copies="1", why=WHY
    ),
    "/exemptions/slip": _about("tanaka", grant="{grant}"),
    "/exemptions/withdraw": _about("tanaka", grant="{grant}", why=WHY),
    "/incidents/{number}/comment": _about("tanaka", "number={flag}", why=WHY),
    "/incidents/{number}/close": _about("tanaka", "number={flag}", why=WHY),
    "/line/stop": _about("kuroki", why=WHY),
    "/line/resume": _about("kuroki", why=WHY, **_SECOND),
    "/staff/{login}/lock": _about("kuroki", "login=hidaka", why=WHY, **_SECOND),
    "/staff/{login}/unlock": _about("kuroki", "login=hidaka", why=WHY, **_SECOND),
    "/staff/{login}/invite": _about("kuroki", "login=nagatomo", why=WHY, **_SECOND),
}
NEEDS_TWO = sorted(path for path, form in FORMS.items() if "second_code" in form.fields)


@dataclass
class Office:
    """A desk that runs, what its forms can be about, and the telephones of its staff."""

    served: Served
    address: str
    found: SimpleNamespace
    routes: dict[str, dict[str, Any]]
    phones: dict[str, Authenticator]
    bodies: dict[str, list[str]]
    people: dict[str, "Person"] = field(default_factory=dict)

    def code(self, login: str) -> str:
        """A fresh code; the clock moves on, because each works once."""
        self.served.later(31)
        return self.phones[login].code(self.served.now())

    def signed_in(self, login: str) -> "Person":
        """The same browser each time, until its session has ended."""
        person = self.people.get(login)
        if person is None or person.get("/").status_code != 200:
            person = self.people[login] = Person(self)
            person.get("/sign-in")
            told = {"login": login, "password": PASSWORD, "code": self.code(login)}
            assert person.post("/sign-in", told).status_code == 303
        return person

    def posts(self) -> list[str]:
        return [path for path, acts in self.routes.items() if "post" in acts and path not in DOORS]

    def path(self, template: str) -> str:
        """The address of a form about something that there is."""
        return template.format(**self.filled(FORMS[template].address)) if template in FORMS else template

    def fields(self, template: str) -> dict[str, str]:
        return self.filled(FORMS[template].fields) if template in FORMS else {}

    def filled(self, told: dict[str, str]) -> dict[str, str]:
        return {key: value.format(**vars(self.found)) for key, value in told.items()}

    def state(self) -> dict[str, list[Any]]:
        """Everything but traces. A code that was right is used up, whatever becomes of the act for which it was given."""
        kept: dict[str, list[Any]] = {}
        with self.served.store.reading() as c:
            for table in meta.sorted_tables:
                if table.name not in TRACES:
                    columns = [column for column in table.c if column.name != "totp_step"]
                    kept[table.name] = [tuple(row) for row in c.execute(sa.select(*columns))]
        return kept

    def flagged(self) -> set[str]:
        with self.served.store.reading() as c:
            return set(c.scalars(sa.select(flags.c.what)))

    def refusals(self) -> list[tuple[str, str, str]]:
        """Of the record: who, which page, the word."""
        with self.served.store.reading() as c:
            rows = c.scalars(sa.select(audit.c.detail).where(audit.c.act == "desk_refused").order_by(audit.c.id))
            return [(row["who"], row["page"], row["refused"]) for row in rows]


class Person:
    """One browser."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._http = requests.Session()
        self._http.trust_env = False  # no proxy and no other authorities of whoever runs the tests
        self._http.verify = str(office.served.run / "centre" / "tls" / "ca.pem")

    @property
    def cookie(self) -> str:
        return str(self._http.cookies.get(COOKIE))

    def take(self, cookie: str) -> None:
        """Have this cookie, as if it had been stolen."""
        self._http.cookies.clear()
        self._http.cookies.set(COOKIE, cookie, secure=True, domain="127.0.0.1", path="/")

    def token(self) -> str:
        """As a page of this browser would have it."""
        return forms.new_token(self.cookie, self._office.served.now())

    def get(self, path: str) -> requests.Response:
        return self._http.get(self._office.address + path, allow_redirects=False, timeout=300)

    def post(self, path: str, fields: dict[str, str], **more: Any) -> requests.Response:
        """With a token of its own, unless `fields` has one."""
        told = {forms.FIELD: self.token(), **fields} if self.cookie else fields
        return self.send(path, told, **more)

    def send(self, path: str, data: Any, **more: Any) -> requests.Response:
        return self._http.post(self._office.address + path, data, allow_redirects=False, timeout=300, **more)


def says(answer: requests.Response) -> str:
    """The sentence of a refusal, from its page or as it is."""
    page = answer.text
    found = re.search(r'class="(?:trouble|note)" role="\w+">(.*?)</p>', page, re.DOTALL)
    said = html.unescape(found[1]) if found else "" if "<html" in page else page.strip()
    assert said, page[-600:]
    assert "Traceback" not in page
    return said


def _made(served: Served) -> SimpleNamespace:
    """What the forms can be about: residents, cards, an order, a letter, claims in each state, a grant, a flag."""
    now, store = served.now(), served.store
    register = sample.residents()
    told = Told("hidaka", WHY, now)
    found = SimpleNamespace()
    keeper, key = CardRegister(store, PinKey(secrets.token_bytes(32))), Handles(served.key).of
    names = ("to_set", "to_lose", "locked")
    with store.reading() as c:
        held = set(c.scalars(sa.select(cards.c.resident_id)))
    free = [
        one for one in sorted(register.residents) if one not in held and register.residents[one].state == "resident"
    ]
    for name, resident_id in zip(names, free, strict=False):
        fingerprint = secrets.token_hex(32)
        pin = bytearray(b"2580")
        kind = "citizen"
        keeper.issue(
            NewCard(credential_sha256=fingerprint, kind=kind, resident_id=resident_id, public_key="", pin=pin), told
        )
        setattr(found, name, fingerprint)
    found.handle, found.writes_to, found.number = key(free[3]), key(free[4]), free[6]
    with store.writing() as c:
        c.execute(cards.update().where(cards.c.credential_sha256 == found.locked).values(pin_failures=5))
        rules = served.city.at(c, now).rules.card_desk
        found.order = orders.order(c, rules, Wanted(act="issue", resident_id=free[5]), Proof(), told).order_id
        sent = enquiries.send(
            c, rules, free[6], replace(told, now=now - timedelta(days=1))
        )  # it counts from the next day
        found.enquiry, found.reply = sent.enquiry_id, sent.code
        store.flag(c, now, SHOP.name, "two_ends", {"request_id": "ef" * 16, "copy": 1})
        found.flag = str(c.scalar(sa.select(flags.c.id).where(flags.c.what == "two_ends")))
    grant = ExemptionDesk(store, served.city).grant(free[6], "welfare", ["juminhyo"], 1, CLERK, WHY, now)
    found.grant = str(grant.number)
    _claims(served, found)
    return found


def _claims(served: Served, found: SimpleNamespace) -> None:
    settler, now = served.settler, served.now()
    for number, name in enumerate(("owed", "held", "paid", "at_machine"), start=1):
        key = f"{number}" * 32
        settler.claim(SHOP, key, 700, "change", now)
        setattr(found, name, slip(key))
    ClaimDesk(served.store, served.city).hold(found.held, CLERK, now)
    paid_at_desk(served.store, served.city, "3" * 32, now)
    settler.hold(SHOP, "4" * 32, 1, now)


@contextmanager
def _running(run: Path) -> Iterator[Office]:
    with served(run) as town, town.serving("serve") as address:
        phones = {
            login: Authenticator(town.accounts.enrol(login, bytearray(PASSWORD.encode()), "sample", town.now()))
            for login in STAFF
        }
        api = make_app(open_desk(town.store, town.city, town.key, town.now))._app.openapi()  # type: ignore[attr-defined]
        bodies = _bodies(api["paths"], api["components"]["schemas"])
        yield Office(town, address.rstrip("/"), _made(town), api["paths"], phones, bodies)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with _running(tmp_path_factory.mktemp("desk")) as office:
        yield office


@pytest.fixture
def office(shared: Office) -> Office:
    """For the tests in which nothing may be done: one desk serves them all; wrong tries of another test are forgotten."""
    with shared.served.store.writing() as c:
        c.execute(staff_tries.delete())
    return shared


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Office]:
    """For the tests in which something is done."""
    with _running(tmp_path) as office:
        yield office


def _bodies(paths: dict[str, Any], schemas: dict[str, Any]) -> dict[str, list[str]]:
    """The fields of each form."""
    found = {}
    for path, acts in paths.items():
        for content in acts.get("post", {}).get("requestBody", {}).get("content", {}).values():
            name = content["schema"]["$ref"].rsplit("/", 1)[1]
            found[path] = list(schemas[name]["properties"])
    return found


# --- who is nobody, or somebody else ------------------------------------------------------------------


def test_every_form_has_its_line_here_and_is_done_once(fresh: Office) -> None:
    """Sent rightly it is done, or the refusals below would prove nothing; the same form again does nothing."""
    assert {*FORMS, *ANYBODY} == set(fresh.posts())
    for template, form in FORMS.items():
        fields = fresh.fields(template)
        if "second_code" in fields:
            fields["second_code"] = fresh.code("kawano")
        me = fresh.signed_in(form.login)
        fields[forms.FIELD] = me.token()
        answer = me.send(fresh.path(template), fields)
        assert answer.status_code in {200, 303}, (template, says(answer))
        before = fresh.state()
        answer = fresh.signed_in(form.login).send(fresh.path(template), fields)
        assert (answer.status_code, "すでに送られています" in says(answer)) == (409, True), template
        assert fresh.state() == before, template
        assert fresh.refusals()[-1] == (form.login, template, "form_again")
    assert len(fresh.refusals()) == len(FORMS)
    with fresh.served.store.reading() as c:
        keys = {key for detail in c.scalars(sa.select(audit.c.detail)) for key in detail} - {"who"}
    assert keys - words.japanese()["details"].keys() == set(), "the auditor reads it in Japanese"


def test_a_stranger_reaches_no_page_and_sends_no_form(office: Office) -> None:
    stranger, before = Person(office), office.state()
    for template, acts in office.routes.items():
        if "get" in acts and template not in OPEN_PAGES:
            answer = stranger.get(re.sub(r"\{\w+\}", "1", template))
            assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/sign-in"), template
    stranger.get("/sign-in")
    for cookie in (stranger.cookie, secrets.token_urlsafe(32), "x"):
        stranger.take(cookie)
        for template in FORMS:
            answer = stranger.post(office.path(template), office.fields(template))
            assert (answer.status_code, "何も行いませんでした" in says(answer)) == (401, True), template
    assert office.state() == before


def test_a_cookie_is_worth_nothing_once_its_owner_has_left(office: Office) -> None:
    for login in ("tanaka", "hidaka", "kuroki"):
        stolen = office.signed_in(login).cookie
        assert office.signed_in(login).post("/sign-out", {}).status_code == 303
        thief, before = Person(office), office.state()
        thief.take(stolen)
        for template, form in FORMS.items():
            if form.login == login:
                assert thief.post(office.path(template), office.fields(template)).status_code == 401, template
        assert office.state() == before


# --- forms that are not of this browser, or not of this desk ------------------------------------------


def _no_token(_office: Office, _me: Person) -> dict[str, Any]:
    return {"data": {forms.FIELD: ""}}


def _anothers_token(office: Office, _me: Person) -> dict[str, Any]:
    return {"data": {forms.FIELD: office.signed_in("kai").token()}}


def _changed_token(_office: Office, me: Person) -> dict[str, Any]:
    return {"data": {forms.FIELD: me.token()[:-1] + "x"}}


def _other_site(_office: Office, _me: Person) -> dict[str, Any]:
    return {"headers": {"Sec-Fetch-Site": "cross-site", "Origin": "https://example.org"}}


def _too_large(_office: Office, _me: Person) -> dict[str, Any]:
    return {"data": {"more": "x" * MAX_BODY_BYTES}}


def _nul(_office: Office, _me: Person) -> dict[str, Any]:
    return {"data": {"why": "a\0b"}}


FALSE = {
    "no token": (_no_token, 403, "form_foreign"),
    "another's token": (_anothers_token, 403, "form_foreign"),
    "changed token": (_changed_token, 403, "form_foreign"),
    "another site": (_other_site, 403, ""),
    "too large": (_too_large, 413, ""),
    "a letter that no keyboard types": (_nul, 400, ""),
}


def test_a_false_form_does_nothing(office: Office) -> None:
    """What is refused before anybody knows whose it is leaves no row."""
    people = {login: office.signed_in(login) for login in {form.login for form in FORMS.values()}}
    before, expected = office.state(), office.refusals()
    for what, (make, status, word) in FALSE.items():
        for template, form in FORMS.items():
            me = people[form.login]
            more = make(office, me)
            data = {forms.FIELD: me.token(), **office.fields(template), **more.pop("data", {})}
            answer = me.send(office.path(template), data, **more)
            assert (answer.status_code, bool(says(answer))) == (status, True), (what, template)
            expected += [(form.login, template, word)] if word else []
    assert office.state() == before
    assert office.refusals() == expected


# --- wrong roles and no second person -----------------------------------------------------------------


def test_who_has_not_the_role_sends_no_form(office: Office) -> None:
    """The auditor only reads. Everybody else is refused what is not of their roles."""
    assert {office.signed_in("kai").get(path).status_code for path in ("/", "/audit", "/incidents")} == {200}
    before = office.state()
    for template, form in FORMS.items():
        clerk_only = "tanaka" if form.login == "kuroki" else "kuroki"
        both = () if template in {"/claims/find", "/claims/receipt"} else (clerk_only,)
        for login in ("kai", *(() if template.startswith("/incidents/") else ("nagatomo", *both))):
            answer = office.signed_in(login).post(office.path(template), office.fields(template))
            assert answer.status_code == 403, (template, login)
            assert "役割" in says(answer), (template, login)
            assert office.refusals()[-1] == (login, template, "no_role")
    assert office.state() == before


NO_SECOND = [  # who is named, with which code, and what the record says
    ("", "000000", "no_staff"),
    ("kuroki", "of kuroki", "same_person"),
    ("nobody", "000000", "no_staff"),
    ("kai", "of kai", "no_role"),
    ("kawano", "", "code_wrong"),
    ("kawano", "of kuroki", "code_wrong"),
    ("kawano", "used", "code_used"),
]


def test_without_a_second_person_nothing_is_done(office: Office) -> None:
    assert len(NEEDS_TWO) >= 5
    me, before = office.signed_in("kuroki"), office.state()
    for second, code, word in NO_SECOND:
        used = office.code("kawano")
        office.served.accounts.sign_in("kawano", bytearray(PASSWORD.encode()), used, office.served.now())
        for template in NEEDS_TWO:
            typed = (
                office.code(code.removeprefix("of ")) if code.startswith("of ") else used if code == "used" else code
            )
            fields = office.fields(template) | {"second_login": second, "second_code": typed}
            answer = me.post(office.path(template), fields)
            assert (answer.status_code, bool(says(answer))) == (403, True), (template, word)
            assert office.refusals()[-1] == ("kuroki", template, word)
            with office.served.store.writing() as c:
                c.execute(staff_tries.delete())
    assert office.state() == before


def test_an_enquiry_needs_its_second_person_too(office: Office) -> None:
    with office.served.store.writing() as c:
        assert (
            enquiries.answer(c, office.found.enquiry, office.found.reply, Told("hidaka", WHY, office.served.now()))
            is None
        )
    before = office.state()
    for second, word in (("", "no_staff"), ("hidaka", "same_person"), ("kuroki", "no_role")):
        for template in [path for path, form in FORMS.items() if form.fields.get("proof")]:
            told = {"proof": office.found.enquiry, "second_login": second, "second_code": "000000"}
            answer = office.signed_in("hidaka").post(office.path(template), office.fields(template) | told)
            assert (answer.status_code, bool(says(answer))) == (403, True), template
            assert office.refusals()[-1] == ("hidaka", template, word)
    assert office.state() == before


# --- guessing -----------------------------------------------------------------------------------------


def test_a_password_is_guessed_five_times(office: Office) -> None:
    for guess in range(LOGIN.first):
        thief = Person(office)
        thief.get("/sign-in")
        told = {"login": "tanaka", "password": f"guess {guess}", "code": office.code("tanaka")}
        answer = thief.post("/sign-in", told)
        assert (answer.status_code, "違います" in says(answer)) == (403, True)
    owner = Person(office)
    owner.get("/sign-in")
    answer = owner.post("/sign-in", {"login": "tanaka", "password": PASSWORD, "code": office.code("tanaka")})
    assert (answer.status_code, "あと15分" in says(answer)) == (403, True)
    assert ("staff_locked" in office.flagged(), owner.get("/").status_code) == (True, 303)


def test_a_code_is_guessed_five_times_and_works_once(office: Office) -> None:
    code = office.code("tanaka")
    for guess in range(LOGIN.first):
        thief = Person(office)
        thief.get("/sign-in")
        wrong = f"{(int(code) + 1 + guess) % 10**6:06d}"
        answer = thief.post("/sign-in", {"login": "tanaka", "password": PASSWORD, "code": wrong})
        assert answer.status_code == 403, guess
    owner = Person(office)
    owner.get("/sign-in")
    answer = owner.post("/sign-in", {"login": "tanaka", "password": PASSWORD, "code": code})
    assert (answer.status_code, "あと15分" in says(answer)) == (403, True)
    code = office.code("hidaka")
    for expected, status in (("", 303), ("すでに使われています", 403)):
        me = Person(office)
        me.get("/sign-in")
        answer = me.post("/sign-in", {"login": "hidaka", "password": PASSWORD, "code": code})
        assert answer.status_code == status
        assert expected in answer.text


def test_guessing_every_login_from_one_computer_locks_the_computer(office: Office) -> None:
    thief = Person(office)
    thief.get("/sign-in")
    doors = sorted(DOORS)
    for guess in range(ADDRESS.first):
        told = {"login": f"n{guess}", "password": "x", "again": "x", "code": "000000", "start": "0000"}
        answer = thief.post("/sign-in" if guess % 2 else doors[guess % len(doors)], told)
        assert answer.status_code == 403, guess
    answer = thief.post("/sign-in", {"login": "tanaka", "password": PASSWORD, "code": office.code("tanaka")})
    assert (answer.status_code, "このパソコンからの間違いが続いたため" in says(answer)) == (403, True)
    assert "desk_attacked" in office.flagged()


def test_a_second_persons_code_is_guessed_five_times_whatever_the_form(office: Office) -> None:
    before, right = office.state(), office.code("kawano")
    for guess in range(LOGIN.first + 1):
        template = NEEDS_TWO[guess % len(NEEDS_TWO)]
        typed = right if guess == LOGIN.first else f"{(int(right) + 1 + guess) % 10**6:06d}"
        answer = office.signed_in("kuroki").post(
            office.path(template), office.fields(template) | {"second_code": typed}
        )
        assert answer.status_code == 403, (guess, template)
    assert "あと15分" in says(answer)
    assert office.refusals()[-1][2] == "login_locked"
    changed = {name for name, rows in office.state().items() if rows != before[name]}
    assert changed <= {"flags", "pushes"}  # somebody is told
    assert "staff_locked" in office.flagged()


# --- what no form is made for -------------------------------------------------------------------------


def test_no_field_is_a_statement_a_mark_or_a_pattern(fresh: Office) -> None:
    """In each field and each part of an address, with everything else right: text is text, or it is refused."""
    with fresh.served.store.reading() as c:
        tables = {table.name for table in meta.sorted_tables}
        people = books.keys(c, "residents")
    for template, form in FORMS.items():
        right, address = fresh.fields(template), fresh.filled(form.address)
        for typed in NASTY:
            for name in fresh.bodies[template]:
                answer = fresh.signed_in(form.login).post(fresh.path(template), right | {name: typed})
                _is_text(answer, template, name)
            for name in address:
                sent = template.format(**address | {name: requests.utils.quote(typed, safe="")})
                answer = fresh.signed_in(form.login).post(sent, right)
                assert answer.status_code in {403, 404, 409, 422}, (template, name)
                _is_text(answer, template, name)
    with fresh.served.store.reading() as c:
        assert set(sa.inspect(c).get_table_names()) >= tables
        assert books.keys(c, "residents") == people
    assert fsck(fresh.served.store) == []


def _is_text(answer: requests.Response, template: str, name: str) -> None:
    assert answer.status_code < 500, (template, name, answer.text[-300:])
    if "html" in answer.headers.get("content-type", ""):
        assert "<script" not in answer.text, (template, name)
        assert "49%s" not in answer.text, (template, name)


def test_what_is_no_form_is_refused(office: Office) -> None:
    people = {login: office.signed_in(login) for login in {form.login for form in FORMS.values()}}
    before = office.state()
    for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x", "x"):
        for template, form in FORMS.items():
            headers, body = {"content-type": kind}, b'{"why": "x"}'
            answer = people[form.login].send(office.path(template), body, headers=headers)
            assert (answer.status_code, bool(says(answer))) in {(403, True), (400, True)}, (kind, template)
    assert office.state() == before
