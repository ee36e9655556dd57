"""The desk as staff use it: Debian's Chromium over real TLS, a process of its own, accounts made by the commands."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from host_sim.centre.opening import open_store, simulated_now
from host_sim.centre.staff.tries import LOGIN
from host_sim.running import free_port
from tests.process.conftest import PATIENCE_MS
from tests.process.running_centre import prepare

pytestmark = [pytest.mark.browser]

HOUSE = Path(__file__).resolve().parents[2]
DESK_SCREEN, ZOOMED = {"width": 1280, "height": 800}, {"width": 640, "height": 400}  # 1280 by 800 at 200 %


def centre(run: Path, *words: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "host_sim.centre", *words, "--run", str(run)]
    done = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, done.stdout + done.stderr


@dataclass
class Office:
    """A desk that runs, and staff with accounts. The clock of the centre is moved by hand."""

    run: Path
    address: str
    browser: Browser
    staff: dict[str, tuple[str, pyotp.TOTP]]
    last: dict[str, datetime] = field(default_factory=dict)

    def now(self) -> datetime:
        return simulated_now(self.run / "clock-offset")

    def later(self, by: timedelta) -> None:
        offset = self.run / "clock-offset"
        offset.write_text(str(float(offset.read_text()) + by.total_seconds()))

    def code(self, login: str) -> str:
        """A fresh code; the clock moves on, because each works once."""
        self.later(timedelta(seconds=31))
        return self.staff[login][1].at(self.now())

    def page(self) -> Page:
        """Another browser, as at another desk."""
        page = self.browser.new_context(ignore_https_errors=True, viewport=DESK_SCREEN).new_page()  # type: ignore[arg-type]
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda trouble: pytest.fail(str(trouble)))
        page.goto(self.address)
        return page

    def signed_in(self, login: str) -> Page:
        page = self.page()
        sign_in(page, login, self.staff[login][0], self.code(login))
        expect(page.locator("nav")).to_be_visible()
        return page


def sign_in(page: Page, login: str, password: str, code: str) -> None:
    """By the keyboard alone: the first field has the focus."""
    page.goto(re.sub(r"(https://[^/]+).*", r"\1/sign-in", page.url))
    expect(page.locator("[name=login]")).to_be_focused()
    for text in (login, password):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.type(code)
    enter(page)


def enter(page: Page) -> None:
    """Send the form in whose field the focus is, and wait for the page that answers."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.fixture(scope="module")
def office(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    run = tmp_path_factory.mktemp("desk") / "run"
    run.mkdir()
    prepare(run)
    (run / "city.toml").unlink()
    assert centre(run, "db", "seed")[0] == 0
    staff = {}
    for login in ("tanaka", "kuroki", "kawano", "kai"):
        status, told = centre(run, "desk", "staff", "sample", login)
        found = re.search(r"password  (\S+)\n(otpauth\S+)", told)
        assert found is not None, (status, told)
        totp = pyotp.parse_uri(found[2])
        assert isinstance(totp, pyotp.TOTP)
        staff[login] = (found[1], totp)
    port = free_port()
    command = [sys.executable, "-m", "host_sim.centre", "desk", "serve", "--run", str(run), "--port", str(port)]
    with subprocess.Popen(command, cwd=HOUSE, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert '"started"' in line, line
        rest = threading.Thread(target=process.stderr.read, daemon=True)  # so that the process never waits for us
        rest.start()
        yield Office(run, f"https://127.0.0.1:{port}/", chromium, staff)
        process.terminate()
        process.wait(300)
        rest.join()


def stop_of(office: Office) -> Any:
    store = open_store(office.run, None)
    with store.reading() as c:
        why = store.fact(c, "stopped")
    store.close()
    return why


def fill_second(page: Page, login: str, code: str) -> None:
    page.fill("[name=second_login]", login)
    page.fill("[name=second_code]", code)


def test_a_supervisor_stops_the_line_and_two_let_it_go_on(office: Office) -> None:
    page = office.signed_in("kuroki")
    page.goto(office.address + "line")
    page.fill("[name=why]", "紙の取り違え")
    enter(page)
    expect(page.locator(".trouble")).to_contain_text("紙の取り違え")
    page.fill("[name=why]", "確かめた")
    fill_second(page, "kawano", "000000")
    enter(page)
    expect(page.get_by_role("alert")).to_contain_text("認証番号が違います")
    expect(page.locator("[name=why]")).to_have_value("確かめた")  # only the code is typed again
    expect(page.locator("[name=second_login]")).to_have_value("kawano")
    expect(page.locator("[name=second_code]")).to_have_value("")
    fill_second(page, "kuroki", office.code("kuroki"))
    enter(page)
    expect(page.get_by_role("alert")).to_contain_text("別の二人")
    assert stop_of(office) == "紙の取り違え"
    fill_second(page, "kawano", office.code("kawano"))
    enter(page)
    expect(page.locator("p.good")).to_be_visible()
    assert stop_of(office) is None


def test_the_wrong_role_is_refused(office: Office) -> None:
    page = office.signed_in("tanaka")
    for path in ("line", "audit", "staff"):
        page.goto(office.address + path)
        expect(page.locator(".trouble")).to_contain_text("役割")


def test_a_form_sent_again_and_one_without_its_token_do_nothing(office: Office) -> None:
    page = office.signed_in("kuroki")
    page.goto(office.address + "line")
    token = page.input_value("form.act [name=form]")
    page.evaluate("document.querySelector('form.act [name=form]').remove()")
    page.fill("[name=why]", "x")
    enter(page)
    expect(page.locator(".trouble")).to_contain_text("この画面の用紙ではない")
    page.goto(office.address + "line")
    page.fill("[name=why]", "y")
    page.evaluate("token => { document.querySelector('form.act [name=form]').value = token }", token)
    enter(page)
    expect(page.locator("text=再開する").first).to_be_visible()
    page.goto(office.address + "line")
    page.fill("[name=why]", "z")
    fill_second(page, "kawano", office.code("kawano"))
    page.evaluate("token => { document.querySelector('form.act [name=form]').value = token }", token)
    enter(page)
    expect(page.locator(".trouble")).to_contain_text("すでに送られています")
    assert stop_of(office) == "y"
    page.goto(office.address + "line")
    page.fill("[name=why]", "z")
    fill_second(page, "kawano", office.code("kawano"))
    enter(page)
    expect(page.locator("p.good")).to_be_visible()


def test_a_code_works_once_and_wrong_ones_lock_with_the_time_told(office: Office) -> None:
    password, code, page = office.staff["tanaka"][0], office.code("tanaka"), office.page()
    sign_in(page, "tanaka", password, code)
    expect(page.locator("nav")).to_be_visible()
    other = office.page()
    sign_in(other, "tanaka", password, code)
    expect(other.locator(".trouble")).to_contain_text("すでに使われています")
    for _ in range(LOGIN.first - 1):
        sign_in(other, "tanaka", "wrong", "000000")
        expect(other.locator(".trouble")).to_be_visible()
    sign_in(other, "tanaka", password, office.code("tanaka"))
    expect(other.locator(".trouble")).to_contain_text("あと15分")
    page = office.signed_in("kuroki")
    expect(page.locator("table").first).to_contain_text("間違いが続きました")
    page.goto(office.address + "staff/tanaka?act=unlock")
    page.fill("[name=why]", "本人に確かめた")
    fill_second(page, "kawano", office.code("kawano"))
    enter(page)
    expect(page.locator("h1")).to_have_text("職員")
    office.signed_in("tanaka")


def test_a_session_that_was_not_used_has_ended_and_the_act_is_not_done(office: Office) -> None:
    page = office.signed_in("kuroki")
    page.goto(office.address + "line")
    page.fill("[name=why]", "too late")
    office.later(timedelta(minutes=16))
    enter(page)
    expect(page.locator(".trouble")).to_contain_text("何も行いませんでした")
    assert stop_of(office) is None
    page.goto(office.address + "machines")
    expect(page.locator(".note")).to_contain_text("サインアウトしました")


def test_an_invited_person_signs_in_the_first_time(office: Office) -> None:
    page = office.signed_in("kuroki")
    page.goto(office.address + "staff/hidaka")
    page.fill("[name=why]", "新しい職員")
    fill_second(page, "kawano", office.code("kawano"))
    enter(page)
    start = page.inner_text("code.start")
    page = office.page()
    page.goto(office.address + "first")
    page.fill("[name=login]", "hidaka")
    page.fill("[name=start]", start)
    enter(page)
    expect(page.locator("svg.qr")).to_be_visible()
    totp = pyotp.TOTP(page.inner_text(".secret code").replace(" ", ""))
    for name in ("password", "again"):
        page.fill(f"[name={name}]", "a long sentence of one's own")
    page.fill("[name=code]", totp.at(office.now()))
    enter(page)
    expect(page.locator("header")).to_contain_text("日高　和美")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_page_fits_the_screen_and_is_reached_by_the_keyboard(office: Office, language: str) -> None:
    """At 1280 by 800 and at 200 %: nothing is wider than the window; Tab reaches first the skip link, then the menu."""
    for login, paths in (("kuroki", ("", "machines", "line", "staff", "staff/kai")), ("kai", ("audit",))):
        page = office.signed_in(login)
        page.goto(f"{office.address}language/{language}")
        for path in paths:
            page.goto(office.address + path)
            assert page.get_attribute("html", "lang") == language
            for size in (DESK_SCREEN, ZOOMED):
                page.set_viewport_size(size)  # type: ignore[arg-type]
                over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert over == 0, (path, size)
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.className") == "skip"
            page.keyboard.press("Enter")
            assert page.evaluate("document.activeElement.id") == "main"


def test_pages_without_javascript_do_the_same(office: Office) -> None:
    context = office.browser.new_context(ignore_https_errors=True, java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(office.address + "sign-in")
    page.fill("[name=login]", "kai")
    page.fill("[name=password]", office.staff["kai"][0])
    page.fill("[name=code]", office.code("kai"))
    enter(page)
    page.goto(office.address + "audit?act=desk_signed_in")
    expect(page.locator("table.record tbody tr").first).to_contain_text("kai")


def test_a_sample_account_is_for_the_simulator_only(tmp_path: Path) -> None:
    status, told = centre(tmp_path, "desk", "staff", "sample", "kuroki")
    assert (status, "was not made by the simulator" in told) == (1, True)


def test_accounts_by_command(office: Office) -> None:
    status, told = centre(office.run, "desk", "staff", "add", "nagatomo", "--by", "tanaka")
    assert (status, "has not the role" in told) == (1, True)
    status, told = centre(office.run, "desk", "staff", "add", "nobody", "--by", "kuroki")
    assert (status, "is not staff" in told) == (1, True)
    status, told = centre(office.run, "desk", "staff", "reset", "nagatomo", "--by", "kuroki")
    assert (status, bool(re.search(r"Start code of nagatomo.*: [0-9a-f-]{24}\n", told))) == (0, True)
    assert "nagatomo 長友　健 [technician] account: invited" in centre(office.run, "desk", "staff", "list")[1]
