"""The card desk's pages as a clerk uses them, in Debian's Chromium against a real `desk serve`."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, expect

from host_sim import running
from host_sim.centre import books, sample
from host_sim.centre.identity import ensure_identity
from host_sim.centre.opening import database_url, open_city, simulated_now
from host_sim.centre.staff.accounts import Accounts
from host_sim.centre.store import Store
from host_sim.centre.wallet_cards import load_cards
from host_sim.wallet import Wallet
from tests.card_keys import KEYS
from tests.process.conftest import PATIENCE_MS
from tests.unit.centre.staff import PASSWORD, Authenticator
from tests.unit.centre.town import TUESDAY

pytestmark = pytest.mark.browser

HOUSE = Path(__file__).resolve().parents[2]


@dataclass
class Office:
    """A run directory with a desk that serves it, and the telephones of its staff."""

    run: Path
    address: str
    phones: dict[str, Authenticator] = field(default_factory=dict)

    def code(self, login: str) -> str:
        """A code that was not used before: the clock moves on."""
        self.later(timedelta(seconds=31))
        return self.phones[login].code(simulated_now(self.run / "clock-offset"))

    def later(self, by: timedelta) -> None:
        offset = self.run / "clock-offset"
        offset.write_text(str(float(offset.read_text()) + by.total_seconds()))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    Wallet.open(tmp_path / "wallet", TUESDAY.date(), keys=KEYS)
    (tmp_path / "clock-offset").write_text(str(TUESDAY.timestamp() - time.time()))
    identity = ensure_identity(tmp_path / "centre", [])
    store = Store(database_url(tmp_path, None), create=True)
    books.load(store, sample.residents())
    city = open_city(store, None, TUESDAY)
    load_cards(store, tmp_path / "wallet", identity.pin_hash_key, TUESDAY)
    made = Office(tmp_path, f"https://127.0.0.1:{running.free_port()}")
    accounts = Accounts(store, city, identity.staff_key)
    for login in ("hidaka", "kawano"):
        made.phones[login] = Authenticator(accounts.enrol(login, bytearray(PASSWORD.encode()), "test", TUESDAY))
    store.close()
    port = made.address.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "host_sim.centre", "desk", "serve", "--run", str(tmp_path), "--port", port]
    with subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("https://")
        yield made
        process.terminate()


@pytest.fixture
def page(office: Office, browser: Browser) -> Page:
    page = browser.new_page(ignore_https_errors=True, viewport={"width": 1280, "height": 900})
    page.set_default_timeout(PATIENCE_MS)
    sign_in(page, office)
    return page


def sign_in(page: Page, office: Office) -> None:
    page.goto(f"{office.address}/sign-in")
    page.fill("#f-login", "hidaka")
    page.fill("#f-password", PASSWORD)
    page.fill("#f-code", office.code("hidaka"))
    page.click("main button[type=submit]")
    page.wait_for_url(f"{office.address}/")


def fill_in(page: Page, label: str) -> None:
    """Write the reason and send the form whose button is so named."""
    page.fill("main form.act #f-why", "窓口で申出")
    page.get_by_role("button", name=label, exact=True).click()


def seen(page: Page, name: str, office: Office) -> None:
    """No page scrolls sideways, also at 200 %; a picture of each is left in the run directory."""
    page.wait_for_load_state()
    expect(page.locator("h1")).to_be_visible()
    for zoom, width in (("100", 1280), ("200", 640)):
        page.set_viewport_size({"width": width, "height": 900})
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        page.screenshot(path=office.run / f"{name}-{zoom}.png", full_page=True)
        assert wide <= 0, f"{name} at {zoom} % is {wide} px too wide"
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_card_is_ordered_and_the_order_given_up(page: Page, office: Office) -> None:
    number = sample.residents().by_key("kazuko").resident_id
    page.click("nav a[href='/cards']")
    page.wait_for_url("**/cards")
    seen(page, "cards", office)
    page.fill("#f-words", "わたな")
    page.fill("#f-why", "窓口で申出")
    page.keyboard.press("Enter")
    expect(page.locator("tbody")).to_contain_text(number)
    seen(page, "residents", office)
    page.locator("tr", has_text=number).locator("a").click()
    page.wait_for_url("**/cards/resident/*")
    here = page.url
    assert number not in here
    page.click("a[href$='?act=issue']")
    page.wait_for_url("**act=issue")
    seen(page, "resident-issue", office)
    page.check("input[value=photo]")
    fill_in(page, "新規交付")
    code = page.inner_text("code.start")
    assert len(code.replace(" ", "")) == 10
    seen(page, "order", office)
    page.click("main a:has-text('取りやめる')")
    page.wait_for_load_state()
    expect(page.locator("main")).not_to_contain_text(code)
    page.goto(f"{office.address}/cards")
    expect(page.locator("main")).to_contain_text("カードにはまだ何もしていません")
    seen(page, "cards-waiting", office)
    page.click("td.act a")
    page.click("summary")
    page.fill("#d-why", "申出の取下げ")
    page.click("form.danger button")
    expect(page.locator("main")).to_contain_text("取りやめました")
    page.goto(f"{here}?act=switch")
    page.check("input[value=photo]")
    fill_in(page, "プラスチックカードの無料切替")
    expect(page.locator(".trouble")).to_contain_text("無料切替は2012-03-31で終わりました")
    page.goto(f"{office.address}/language/en?to=/cards/counts")
    expect(page.locator("main")).to_contain_text("the two do not agree")
    seen(page, "counts-en", office)
    page.goto(f"{office.address}/posters")
    seen(page, "posters-en", office)
    with page.expect_download() as loading:
        page.locator("td.act a", has_text="A3").first.click()
    assert loading.value.suggested_filename.endswith("-a3.pdf")


def test_without_a_photo_id_a_letter_is_printed_answered_and_a_second_person_agrees(page: Page, office: Office) -> None:
    number = sample.residents().by_key("kazuko").resident_id
    page.goto(f"{office.address}/cards")
    page.fill("#f-words", number)
    page.fill("#f-why", "窓口で申出")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cards/resident/*")
    here = page.url
    page.goto(f"{here}?act=enquire")
    with page.expect_download() as loading:
        fill_in(page, "照会書を送る")
    letter = loading.value
    assert letter.suggested_filename.startswith("enquiry-")
    document = pypdfium2.PdfDocument(str(letter.path()))
    words = document[0].get_textpage().get_text_range()
    found = re.search(r"\b\d{4} ?\d{4}\b", words.split("照会番号")[1])
    assert found is not None, words
    code = found[0]
    document[0].render(scale=1.5).to_pil().save(office.run / "letter.png")
    office.later(timedelta(days=2))
    sign_in(page, office)
    page.goto(here)
    page.fill("#f-reply_code", "0000 0000")
    fill_in(page, "回答を入力する")
    expect(page.locator(".trouble")).to_contain_text("回答番号と違います")
    page.goto(here)
    page.fill("#f-reply_code", code)
    fill_in(page, "回答を入力する")
    page.wait_for_url(f"{office.address}/cards")
    page.goto(f"{here}?act=issue")
    page.check("input[name=proof]:not([value=photo])")
    seen(page, "resident-enquiry", office)
    page.fill("#f-second_login", "hidaka")
    page.fill("#f-second_code", office.code("hidaka"))
    fill_in(page, "新規交付")
    expect(page.locator(".trouble")).to_contain_text("別の二人の同意が必要です")
    page.goto(f"{here}?act=issue")
    page.check("input[name=proof]:not([value=photo])")
    page.fill("#f-second_login", "kawano")
    page.fill("#f-second_code", office.code("kawano"))
    fill_in(page, "新規交付")
    expect(page.locator("main")).to_contain_text("kawano")


def test_a_card_is_lost_and_found_and_its_acts_are_listed(page: Page, office: Office) -> None:
    page.goto(f"{office.address}/cards/ending?days=4000")
    seen(page, "ending", office)
    page.click("tbody a >> nth=0")
    page.click("a[href$='?act=lost']")
    fill_in(page, "紛失の届出")
    expect(page.locator("dl")).to_contain_text("紛失")
    seen(page, "card", office)
    page.click("a[href$='?act=found']")
    fill_in(page, "見つかった")
    expect(page.locator("dl")).to_contain_text("使用中")
    assert page.locator("tbody tr").count() == 3
