"""Claims, incidents and the residents' page in a real browser, over TLS."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from host_sim.centre.store import Peer
from host_sim.centre.tables import claim_payments, flags
from tests.process.desk_rooms import Rooms, rooms, seen_in
from tests.unit.centre.claims import CITY, slip

pytestmark = pytest.mark.browser

SHOP = Peer("miyazaki-store-01", "store")
KEY, OTHER, RID = "ab" * 16, "cd" * 16, "ef" * 16
PICTURES = os.environ.get("KOFUKI_PICTURES")  # a folder: each page is kept there as a picture, to be looked at


@pytest.fixture
def city(tmp_path: Path, browser: Browser) -> Iterator[Rooms]:
    with rooms(tmp_path, browser) as made:
        for key, yen in ((KEY, 1500), (OTHER, 200)):
            made.settler.claim(SHOP, key, yen, "change", made.now())
        yield made


def pictured(page: Page, name: str) -> None:
    """The page fits its window, with nothing beside it; and at 200 %."""
    for size, width in (("100", 1280), ("200", 640)):
        page.set_viewport_size({"width": width, "height": 800 if size == "100" else 400})
        if PICTURES:
            page.screenshot(path=f"{PICTURES}/{name}-{size}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} at {size} %"
    page.set_viewport_size({"width": 1280, "height": 800})


def test_a_slip_is_scanned_paid_and_its_receipt_printed(city: Rooms, tmp_path: Path) -> None:
    with city.serving("serve") as desk:
        page = city.signed_in(desk, "tanaka")
        page.goto(f"{desk}claims")
        pictured(page, "claims")
        page.keyboard.type(f"KOFUKI-CLAIM:{CITY}:{slip(KEY)}\n")  # as a scanner does: the field has the focus
        seen_in(page, "未払い")
        pictured(page, "claims-owed")
        page.get_by_role("button", name="返金の手続を始める").click()
        seen_in(page, "1,500円を数えて渡し")
        pictured(page, "claims-held")
        page.get_by_role("button", name="1,500円を支払った").click()
        seen_in(page, "支払済み")
        pictured(page, "claims-paid")
        with page.expect_download() as waiting:
            page.get_by_role("button", name="領収書").click()
        receipt = tmp_path / "receipt.pdf"
        waiting.value.save_as(receipt)
        assert receipt.read_bytes().startswith(b"%PDF")
        if PICTURES:
            (Path(PICTURES) / "receipt.pdf").write_bytes(receipt.read_bytes())
        page.goto(f"{desk}claims")
        page.fill("#f-slip", slip(KEY))
        page.keyboard.press("Enter")
        seen_in(page, "領収番号")
        assert slip(KEY) not in page.url
        page.goto(f"{desk}claims")
        for wrong, sentence in (
            (slip(KEY)[:-1] + "A", "最後の1文字"),
            (f"KOFUKI-CLAIM:131016:{slip(KEY)}", "ほかの市"),
        ):
            page.fill("#f-slip", wrong)
            page.keyboard.press("Enter")
            seen_in(page, sentence)
        pictured(page, "claims-refused")
    with city.store.reading() as c:
        assert c.execute(sa.select(claim_payments.c.key, claim_payments.c.amount_yen)).all() == [(KEY, 1500)]


def test_an_incident_shows_both_sides_and_two_people_close_it(city: Rooms) -> None:
    case = {"code": "copy_uncertain", "detail": f"{RID}.1"}
    words = [
        {
            "seq": 7 + n,
            "at": city.now().isoformat(),
            "line": f"{7 + n} 2026-11-24T10:00:00Z {what} rid={RID[:8]}~ copy=1",
        }
        for n, what in enumerate(("PrintIntent", "CopyUncertain"))
    ]
    told = {"journal_seq": 9, "journal_head": "a" * 64, "cases": [case], "words": words}
    city.settler.cases(SHOP, told, city.now())
    beat = {"journal_seq": 9, "journal_head": "a" * 64, "state": "suspended", "reasons": ["uncertain"], "events": []}
    city.settler.heartbeat(SHOP, beat | {"program": "1.0", "site_table": 0, "devices": {}}, city.now())
    with city.store.reading() as c:
        number = c.scalar(sa.select(flags.c.id).where(flags.c.what == "case"))
    with city.serving("serve") as desk:
        page = city.signed_in(desk, "tanaka")
        page.goto(f"{desk}incidents")
        seen_in(page, "証明書が印刷されたか分かりません")
        pictured(page, "incidents")
        page.get_by_role("link", name=str(number), exact=True).click()
        seen_in(page, "機器の証拠")
        expect(page.get_by_text(re.compile("CopyUncertain"))).to_be_visible()
        pictured(page, "incidents-one")
        page.fill("#f-why", "受け口で見つけた")
        page.get_by_role("button", name="閉じる").click()
        seen_in(page, "二人目待ち")
        page.fill("#f-why", "受け口で見つけた")
        page.get_by_role("button", name="閉じる").click()
        seen_in(page, "もう一人の職員が閉じてください")
        second = city.signed_in(desk, "hidaka")
        second.goto(f"{desk}incidents/{number}")
        second.fill("#f-why", "用紙を廃棄した")
        second.get_by_role("button", name="閉じる").click()
        seen_in(second, "処理済み")


def test_a_resident_asks_by_code_alone(city: Rooms) -> None:
    with city.serving("residents") as site:
        page = city.page()
        page.goto(site)
        pictured(page, "residents")
        answers = {}
        for name, code in (
            ("owed", slip(OTHER)),
            ("wrong", slip(OTHER)[:-1] + "A"),
            ("unknown", "AAAAAAAAA"),
            ("none", "x"),
        ):
            page.goto(site)
            page.fill("#f-slip", code)
            page.keyboard.press("Enter")
            page.get_by_role("status").wait_for()
            answers[name] = page.get_by_role("status").inner_text()
            assert page.url == site
        assert "まだお返ししていません" in answers["owed"]
        assert answers["wrong"] == answers["unknown"] == answers["none"]
        pictured(page, "residents-unknown")
        for _ in range(10):
            page.fill("#f-slip", "x")
            page.keyboard.press("Enter")
            page.wait_for_load_state()
        seen_in(page, "続けて調べられる回数を超えました")
        assert page.context.cookies() == []
