"""The desk's application, asked without a browser: sessions, forms, roles, two people, and what every answer carries."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from host_sim.centre.card_desk import orders, reports
from host_sim.centre.desk import forms, texts, words
from host_sim.centre.desk.app import SUBJECTS
from host_sim.centre.desk.desk import Desk
from host_sim.centre.desk.sessions import COOKIE, IDLE_S, WHOLE_S
from host_sim.centre.messages import MAX_BODY_BYTES
from host_sim.centre.operating import flags, fleet
from host_sim.centre.operating import line as whole_line
from host_sim.centre.tables import audit, desk_forms, desk_sessions, staff_accounts
from tests.unit.centre.claims import owed, slip
from tests.unit.centre.databases import FRESH
from tests.unit.centre.desk_browser import Answer, Browser, send, token_of
from tests.unit.centre.staff import PASSWORD, Authenticator, accounts_of, enrolled
from tests.unit.centre.test_staff_accounts import without
from tests.unit.centre.town import Town


@dataclass
class Office:
    """A desk of a town, with staff whose authenticators are at hand. Each call of `browser` is another browser."""

    town: Town
    phones: dict[str, Authenticator] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.desk = Desk(self.town.store, self.town.city, accounts_of(self.town), lambda: self.town.now)
        self.app: Any = FRESH.desks.of(self.desk)
        self.desk.menu[:] = [subject.MENU for subject in SUBJECTS]  # which an application fills in once

    def browser(self) -> Browser:
        return Browser(self.app)

    def code(self, login: str) -> str:
        """A fresh code of this person; the clock moves on, because each works once."""
        if login not in self.phones:
            self.phones[login] = enrolled(self.town, login)
        self.town.now += timedelta(seconds=30)
        return self.phones[login].code(self.town.now)

    def signed_in(self, login: str) -> Browser:
        browser = self.browser()
        code = self.code(login)
        answer = send(browser, "/sign-in", "/sign-in", login=login, password=PASSWORD, code=code)
        assert answer.status == 303, answer.text
        return browser

    def stopped(self) -> str | None:
        with self.town.store.reading() as c:
            return whole_line.stopped(self.town.store, c)

    def acts(self) -> list[tuple[str, dict[str, Any]]]:
        with self.town.store.reading() as c:
            return [tuple(row) for row in c.execute(sa.select(audit.c.act, audit.c.detail).order_by(audit.c.id))]  # type: ignore[misc]


@pytest.fixture
def office() -> Office:
    return Office(Town())


# --- signing in ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/machines", "/line", "/audit", "/staff", "/staff/tanaka"])
def test_every_page_asks_for_a_sign_in(office: Office, path: str) -> None:
    answer = office.browser().get(path)
    assert (answer.status, answer.headers["location"].split("?")[0]) == (303, "/sign-in")


def test_signing_in_changes_the_cookie_and_the_database_holds_only_its_hash(office: Office) -> None:
    browser = office.browser()
    browser.get("/sign-in")
    before = browser.cookies[COOKIE]
    send(browser, "/sign-in", "/sign-in", login="tanaka", password=PASSWORD, code=office.code("tanaka"))
    assert browser.cookies[COOKIE] != before
    assert "田中　一郎" in browser.get("/").text
    with office.town.store.reading() as c:
        assert browser.cookies[COOKIE] not in repr(c.execute(sa.select(desk_sessions)).all())


def test_the_cookie_is_for_this_desk_and_this_browser_only(office: Office) -> None:
    told = office.browser().get("/sign-in").headers["set-cookie"]
    assert COOKIE.startswith("__Host-")
    for word in ("HttpOnly", "Secure", "SameSite=strict", "Path=/"):
        assert word in told
    assert "Domain" not in told


@pytest.mark.parametrize("to", ["https://example.org/", "//example.org", "/\\example.org", "javascript:1", ""])
def test_nobody_is_led_away_from_the_desk(office: Office, to: str) -> None:
    browser = office.browser()
    fields = {"login": "tanaka", "password": PASSWORD, "code": office.code("tanaka"), "to": to}
    assert send(browser, "/sign-in", "/sign-in", **fields).headers["location"] == "/"
    assert browser.get(f"/language/en?{urlencode({'to': to})}").headers["location"] == "/"


@pytest.mark.parametrize("back_s", [IDLE_S, WHOLE_S])
def test_a_session_and_its_forms_end_also_when_the_clock_is_set_back(office: Office, back_s: float) -> None:
    browser = office.signed_in("kuroki")
    form = token_of(browser.get("/line"), "/line/stop")
    office.town.now -= timedelta(seconds=back_s + 60)
    assert browser.get("/line").status == 303
    assert browser.post("/line/stop", {"why": "x", "form": form}).status in {401, 403}
    assert office.stopped() is None


@pytest.mark.parametrize("after_s", [IDLE_S, WHOLE_S])
def test_a_session_ends_when_it_is_not_used_and_in_any_case(office: Office, after_s: float) -> None:
    browser = office.signed_in("tanaka")
    began = office.town.now
    while office.town.now - began < timedelta(seconds=after_s) - timedelta(seconds=IDLE_S):
        office.town.now += timedelta(seconds=IDLE_S)
        assert browser.get("/").status == 200
    office.town.now += timedelta(seconds=IDLE_S + 1)
    answer = browser.get("/machines")
    assert (answer.status, "ended=yes" in answer.headers["location"]) == (303, True)
    assert "サインアウトしました" in browser.get(answer.headers["location"]).text


def test_an_act_after_the_session_has_ended_is_not_done_and_says_so(office: Office) -> None:
    browser = office.signed_in("kuroki")
    token = token_of(browser.get("/line"), "/line/stop")
    office.town.now += timedelta(seconds=IDLE_S + 1)
    answer = browser.post("/line/stop", {forms.FIELD: token, "why": "a test"})
    assert (answer.status, "何も行いませんでした" in answer.text) == (401, True)
    assert office.stopped() is None


def test_signing_out_ends_the_session_for_every_holder_of_the_cookie(office: Office) -> None:
    browser = office.signed_in("tanaka")
    cookie = browser.cookies[COOKIE]
    assert send(browser, "/", "/sign-out").headers["location"] == "/sign-in"
    other = office.browser()
    other.cookies[COOKIE] = cookie
    assert other.get("/").status == 303


def test_signing_in_elsewhere_ends_the_session_before(office: Office) -> None:
    first = office.signed_in("tanaka")
    office.signed_in("tanaka")
    assert first.get("/").status == 303


def test_who_is_taken_out_of_the_citys_file_is_out_at_once(office: Office) -> None:
    browser = office.signed_in("tanaka")
    without(office.town, "tanaka")
    assert browser.get("/").status == 303


def test_wrong_tries_from_one_computer_are_counted_and_told(office: Office) -> None:
    browser = office.browser()
    for number in range(20):
        answer = send(browser, "/sign-in", "/sign-in", login=f"n{number}", password="x", code="000000")
        assert answer.status == 403
    answer = send(browser, "/sign-in", "/sign-in", login="tanaka", password=PASSWORD, code=office.code("tanaka"))
    assert "このパソコンからの間違いが続いたため、あと15分" in answer.text


def test_a_code_that_was_used_is_told(office: Office) -> None:
    code = office.code("tanaka")
    fields = {"login": "tanaka", "password": PASSWORD, "code": code}
    assert send(office.browser(), "/sign-in", "/sign-in", **fields).status == 303
    answer = send(office.browser(), "/sign-in", "/sign-in", **fields)
    assert (answer.status, "すでに使われています" in answer.text) == (403, True)


# --- forms --------------------------------------------------------------------------------------------


def test_a_form_that_is_sent_again_does_nothing_and_says_so(office: Office) -> None:
    browser = office.signed_in("kuroki")
    sent = {forms.FIELD: token_of(browser.get("/line"), "/line/stop"), "why": "a test"}
    assert browser.post("/line/stop", sent).status == 303
    before = office.acts()
    answer = browser.post("/line/stop", sent)
    assert (answer.status, "すでに送られています" in answer.text) == (409, True)
    told = {"who": "kuroki", "why": "", "page": "/line/stop", "refused": "form_again"}
    assert office.acts() == [*before, ("desk_refused", told)]


@pytest.mark.parametrize("token", ["", "1.2.3", "x", "kept", "日本.語.あ"])
def test_a_form_without_a_token_of_this_browser_does_nothing(office: Office, token: str) -> None:
    other = token_of(office.signed_in("kawano").get("/line"), "/line/stop")
    browser = office.signed_in("kuroki")
    sent = {forms.FIELD: other if token == "kept" else token, "why": "a test"}
    for answer in (browser.post("/line/stop", sent), browser.post("/line/stop", {"why": "a test"})):
        assert (answer.status, "何も行いませんでした" in answer.text) == (403, True)
    assert office.stopped() is None


def test_no_subject_has_a_form_that_is_not_checked(office: Office) -> None:
    """Whatever a page adds: a POST without a token is refused before the page hears of it."""
    browser = office.signed_in("kuroki")
    posts = [path for path, acts in office.app._app.openapi()["paths"].items() if "post" in acts]
    assert "/line/stop" in posts
    for path in posts:
        assert browser.post(re.sub(r"\{[^}]*\}", "1", path), {"why": "a test"}).status == 403, path


def test_what_another_site_sends_is_refused(office: Office) -> None:
    browser = office.signed_in("kuroki")
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://example.org"}, {"origin": "null"}):
        sent = {forms.FIELD: token_of(browser.get("/line"), "/line/stop"), "why": "a test"}
        assert browser.post("/line/stop", sent, headers=headers).status == 403
    assert office.stopped() is None


def test_the_tokens_of_forms_that_are_too_old_are_forgotten_and_still_refused(office: Office) -> None:
    browser = office.browser()
    token = token_of(browser.get("/first"), "/first")
    office.town.now += timedelta(seconds=2 * WHOLE_S + 1)
    assert browser.post("/first", {forms.FIELD: token}).status == 403
    send(browser, "/first", "/first")
    office.town.now += timedelta(seconds=2 * WHOLE_S + 1)
    send(browser, "/first", "/first")
    with office.town.store.reading() as c:
        assert c.scalar(sa.select(sa.func.count()).select_from(desk_forms)) == 1


# --- roles and two people -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("login", "path"),
    [("tanaka", "/line"), ("tanaka", "/audit"), ("kuroki", "/audit"), ("kai", "/staff"), ("kai", "/staff/tanaka")],
)
def test_a_page_of_another_role_is_refused_in_words_and_is_not_in_the_menu(
    office: Office, login: str, path: str
) -> None:
    browser = office.signed_in(login)
    answer = browser.get(path)
    assert (answer.status, "役割" in answer.text) == (403, True)
    assert f'href="{path}"' not in browser.get("/").text


def test_who_has_not_the_role_cannot_send_the_form_either(office: Office) -> None:
    browser = office.signed_in("tanaka")
    token = token_of(browser.get("/"), "/sign-out")  # a token of this browser, for whichever form
    assert browser.post("/line/stop", {forms.FIELD: token, "why": "a test"}).status == 403
    assert office.stopped() is None


def test_one_supervisor_stops_the_line_and_two_let_it_go_on(office: Office) -> None:
    browser = office.signed_in("kuroki")
    send(browser, "/line", "/line/stop", why="papers mixed up")
    assert office.stopped() == "papers mixed up"
    assert "papers mixed up" in browser.get("/").text
    kawano = office.code("kawano")
    send(browser, "/line", "/line/resume", why="found", second_login="kawano", second_code=kawano)
    assert office.stopped() is None
    told = [(act, detail) for act, detail in office.acts() if act.startswith("line_")]
    assert told == [
        ("line_stopped", {"who": "kuroki", "why": "papers mixed up"}),
        ("line_resumed", {"who": "kuroki", "why": "found", "second": "kawano"}),
    ]


@pytest.mark.parametrize(
    ("second", "code", "says"),
    [
        ("", "", "職員として載っていません"),
        ("kuroki", "fresh", "別の二人"),
        ("kawano", "000000", "認証番号が違います"),
        ("tanaka", "fresh", "役割"),
    ],
)
def test_without_a_second_person_nothing_goes_on(office: Office, second: str, code: str, says: str) -> None:
    browser = office.signed_in("kuroki")
    office.code("kawano")
    send(browser, "/line", "/line/stop", why="papers mixed up")
    fields = {"why": "found", "second_login": second, "second_code": office.code(second) if code == "fresh" else code}
    answer = send(browser, "/line", "/line/resume", **fields)
    assert (answer.status, says in answer.text) == (403, True)
    assert office.stopped() == "papers mixed up"


def test_an_act_needs_a_reason(office: Office) -> None:
    browser = office.signed_in("kuroki")
    for why in ("", " \u3000", "x" * 501):
        answer = send(browser, "/line", "/line/stop", why=why)
        assert (answer.status, "理由を一行" in answer.text) == (403, True)
    assert office.stopped() is None


# --- staff --------------------------------------------------------------------------------------------


def invited(office: Office, login: str) -> str:
    """Two supervisors give somebody a start code."""
    browser = office.signed_in("kuroki")
    second = {"second_login": "kawano", "second_code": office.code("kawano")}
    answer = send(browser, f"/staff/{login}?act=invite", f"/staff/{login}/invite", why="a new colleague", **second)
    found = re.search(r'<code class="start">([0-9a-f-]+)</code>', answer.text)
    assert found is not None, answer.text
    return found[1]


def test_an_invited_person_signs_in_the_first_time(office: Office) -> None:
    start = invited(office, "tanaka")
    browser = office.browser()
    page = send(browser, "/first", "/first", login="tanaka", start=start).text
    assert "<svg" in page
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    token = re.search(rf'name="{forms.FIELD}" value="([^"]+)"', page)
    assert secret is not None
    assert token is not None
    phone = Authenticator(f"otpauth://totp/Kofuki:tanaka?secret={secret[1].replace(' ', '')}&issuer=Kofuki")
    sent = {"login": "tanaka", "start": start, "password": PASSWORD, "again": PASSWORD + "!"}
    answer = browser.post("/first/finish", {forms.FIELD: token[1], **sent, "code": phone.code(office.town.now)})
    assert "二つのパスワードが違います" in answer.text
    token = re.search(rf'name="{forms.FIELD}" value="([^"]+)"', answer.text)
    assert token is not None
    sent["again"] = PASSWORD
    answer = browser.post("/first/finish", {forms.FIELD: token[1], **sent, "code": phone.code(office.town.now)})
    assert answer.status == 303
    assert "田中　一郎" in browser.get("/").text


@pytest.mark.parametrize("act", ["invite", "unlock"])
@pytest.mark.parametrize("login", ["kuroki", "kawano"])
def test_nobody_opens_an_account_of_their_own_not_even_with_a_colleague(office: Office, act: str, login: str) -> None:
    browser = office.signed_in("kuroki")
    token = token_of(browser.get("/staff/tanaka"), "/staff/tanaka/invite")
    second = {"second_login": "kawano", "second_code": office.code("kawano")}
    answer = browser.post(f"/staff/{login}/{act}", {forms.FIELD: token, "why": "lost my telephone", **second})
    assert (answer.status, "自分のアカウント" in answer.text) == (403, True)
    assert {act for act, _ in office.acts()} & {"staff_invite", "staff_unlock", "staff_invited"} == set()
    assert browser.get("/").status == 200


def test_two_of_whom_one_gave_the_other_the_account_open_none_together(office: Office) -> None:
    office.code("kawano")  # has an account
    made_by = staff_accounts.update().where(staff_accounts.c.login == "kawano").values(made_by="kuroki")
    with office.town.store.writing() as c:
        c.execute(made_by)
    for first, second in (("kuroki", "kawano"), ("kawano", "kuroki")):
        browser, code = office.signed_in(first), {"second_login": second, "second_code": office.code(second)}
        answer = send(browser, "/staff/tanaka?act=invite", "/staff/tanaka/invite", why="a new colleague", **code)
        assert (answer.status, "一方がもう一方のアカウント" in answer.text) == (403, True)


def test_a_wrong_start_code_is_told(office: Office) -> None:
    invited(office, "tanaka")
    answer = send(office.browser(), "/first", "/first", login="tanaka", start="0000-0000-0000-0000-0000")
    assert (answer.status, "開始番号が違う" in answer.text) == (403, True)


def test_a_locked_person_is_out_at_once_until_unlocked(office: Office) -> None:
    theirs, mine = office.signed_in("tanaka"), office.signed_in("kuroki")
    for act, status in (("lock", 303), ("unlock", 200)):
        second = {"second_login": "kawano", "second_code": office.code("kawano")}
        send(mine, f"/staff/tanaka?act={act}", f"/staff/tanaka/{act}", why="a test", **second)
        if act == "unlock":
            theirs = office.signed_in("tanaka")
        assert theirs.get("/").status == status
    told = [(act, detail["second"]) for act, detail in office.acts() if act in {"staff_lock", "staff_unlock"}]
    assert told == [("staff_lock", "kawano"), ("staff_unlock", "kawano")]


# --- the audit record ---------------------------------------------------------------------------------


def test_the_auditor_searches_the_record_by_day_and_act(office: Office) -> None:
    send(office.signed_in("kuroki"), "/line", "/line/stop", why="papers mixed up")
    auditor = office.signed_in("kai")
    text = auditor.get("/audit").text
    assert "papers mixed up" in text
    assert "papers mixed up" in auditor.get("/audit?day=2026-11-24&act=line_stopped").text
    for query in ("day=2026-11-25", "day=2026-11-23", "act=desk_signed_in"):
        assert "papers mixed up" not in auditor.get(f"/audit?{query}").text, query
    for query in ("day=never", "day=9999-12-31", "before=-1", f"before={10**30}", "act=x"):
        assert auditor.get(f"/audit?{query}").status == 200, query


def test_no_key_of_a_claim_stands_whole_in_the_record(office: Office) -> None:
    """Whoever has the key can make the code, and so fetch the money."""
    key = owed(office.town)
    send(office.signed_in("tanaka"), "/claims", "/claims/find", slip=slip(key))
    text = office.signed_in("kai").get("/audit").text
    assert (key[:8] in text, key in text) == (True, False)


def test_older_rows_of_the_record_are_a_page_further(office: Office) -> None:
    enrolled(office.town, "kuroki")
    with office.town.store.writing() as c:
        for number in range(250):
            office.desk.audit(c, office.desk.accounts.staff(c, "kuroki", office.town.now), "counted", "", {"n": number})
    auditor = office.signed_in("kai")
    first = auditor.get("/audit?act=counted").text
    assert ("n: 249<" in first, "n: 49<" in first) == (True, False)
    older = re.search(r'href="(/audit[^"]*before=\d+)"', first)
    assert older is not None
    assert "n: 0<" in auditor.get(older[1].replace("&amp;", "&")).text


# --- every answer -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/sign-in", "/", "/style.css", "/no-such-page", "/language/en"])
def test_every_answer_keeps_scripts_frames_and_caches_out(office: Office, path: str) -> None:
    headers = office.browser().get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


def test_a_body_without_end_is_refused(office: Office) -> None:
    browser = office.signed_in("kuroki")
    told = {"content-length": str(MAX_BODY_BYTES + 1)}
    assert browser.ask("POST", "/line/stop", [], told).status == 413
    assert browser.ask("POST", "/line/stop", [b"x" * 65536] * (MAX_BODY_BYTES // 65536 + 1)).status == 413


@pytest.mark.parametrize("path", ["/cards/resident/\0", "/cards/order/%00", "/staff/a%00b"])
def test_a_nul_is_refused_before_a_database_sees_it(office: Office, path: str) -> None:
    browser = office.signed_in("kawano")
    assert browser.get(path).status == 400
    assert browser.post(path, {"why": "x"}).status == 400
    assert browser.post("/cards/answer/x", {"why": "x", "reply_code": "\0"}).status == 400


@pytest.mark.parametrize("number", ["0", "-1", "999", str(2**31), str(10**30), "x"])
def test_an_incident_that_does_not_exist_is_told(office: Office, number: str) -> None:
    browser = office.signed_in("kuroki")
    for answer in (
        browser.get(f"/incidents/{number}"),
        _about(browser, f"/incidents/{number}/comment"),
        _about(browser, f"/incidents/{number}/close"),
    ):
        assert answer.status in {404, 422}, answer.text


def _about(browser: Browser, path: str) -> Answer:
    return browser.post(path, {"why": "x", "form": token_of(browser.get("/"), "/sign-out")})


def test_what_a_person_writes_is_text_and_not_markup(office: Office) -> None:
    browser = office.signed_in("kuroki")
    send(browser, "/line", "/line/stop", why="<script>alert(1)</script>")
    assert "<script" not in browser.get("/").text + browser.get("/line").text


def test_every_page_is_japanese_first_and_english_after_the_switch(office: Office) -> None:
    browser = office.browser()
    assert '<html lang="ja">' in browser.get("/sign-in").text
    browser.get("/language/en")
    assert '<html lang="en">' in browser.get("/sign-in").text
    browser.get("/language/xx")
    assert '<html lang="en">' in browser.get("/sign-in").text


def test_every_text_has_both_languages_and_the_same_values() -> None:
    for key, said in texts.all_texts().items():
        assert set(said) == set(texts.LANGUAGES), key
        names = [re.findall(r"\{(\w*)\}", said[language]) for language in texts.LANGUAGES]
        # `{}` is named by its place, as `format` does it.
        values = [{name or str(place) for place, name in enumerate(found)} for found in names]
        assert values[0] == values[1], key


def test_every_word_of_flags_and_machines_has_its_japanese_sentence() -> None:
    told = {"flags": flags.SENTENCES, "events": flags.EVENTS, "cases": flags.CASES, "reasons": fleet.REASONS}
    for part, english in told.items():
        by_rule = {"case"} if part == "flags" else set()  # a case is told by its own word
        assert words.japanese()[part].keys() == english.keys() - by_rule, part


_ACT = re.compile(
    r"""(?:note\(c, [\w.]+, (?:[\w.]+, )?|audit\(c, \w+, |_set\(store, c, manifest, now, """
    r"""|_note\(c, now, (?:by, )?|act=|act = )"(\w+)\""""
)


def test_every_act_of_the_record_has_its_japanese_words() -> None:
    """Those that the program writes out, and those that it puts together of a subject and what became of it."""
    folder = Path(flags.__file__).parent.parent
    found = {act for path in folder.rglob("*.py") for act in _ACT.findall(path.read_text(encoding="utf-8"))}
    assert len(found) > 30
    found |= {f"card_order_{state}" for state in orders.SENTENCES} | {f"card_{act}" for act in reports.REPORTS}
    found |= {"issued", "void", "staff_invite", "staff_lock", "staff_unlock", "books_changed"}
    written = {"flag": "operating/flags.py", "machine": "machines/registry.py"}
    for subject, file in written.items():
        text = (folder / file).read_text(encoding="utf-8")
        found |= {f"{subject}_{act}" for act in re.findall(r'_act\(c, now, [^"]*?"(\w+)"', text)}
    known = words.japanese()["acts"]
    assert found - known.keys() == set()
    assert words.of_act("line_stopped", "ja") == "発行ラインの停止"
    assert words.of_act("line_stopped", "en") == "line stopped"


def test_a_machines_devices_are_told_in_the_language_of_the_page() -> None:
    assert words.of_device("clerk keys", "ja") == "職員のキーパッド"
    assert words.of_device("clerk_keys", "en") == "clerk keys"
    assert words.of_condition("well", "ja") == "正常"
    assert words.of_condition("well", "en") == "well"
    assert words.of_condition("a4-203", "ja") == "a4-203"
    assert words.of_condition("printer_paper_out", "ja") == "証明書の用紙がありません"
    assert words.of_condition("printer_paper_out", "en") == "certificate paper is out"


def test_a_refusal_names_the_role_in_the_language_of_the_page(office: Office) -> None:
    browser = office.signed_in("tanaka")
    assert "責任者" in browser.get("/line").text
    assert "supervisor" not in browser.get("/line").text


def test_flags_and_machines_are_told_in_the_language_of_the_page(office: Office) -> None:
    with office.town.store.writing() as c:
        office.town.store.flag(c, office.town.now, "miyazaki-store-01", "reported", {"event": "pin_attack"})
        office.town.store.flag(c, office.town.now, "miyazaki-store-01", "a_new_word", {})
    browser = office.signed_in("tanaka")
    japanese = browser.get("/").text
    assert "拾ったカード" in japanese
    assert "has no sentence yet" in japanese
    browser.get("/language/en")
    assert "trying found cards" in browser.get("/").text
