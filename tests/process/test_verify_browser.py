"""`/verify` in a real browser at a telephone's size: a code's address opened, a photo of it chosen, without a network, in six languages."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import cbor2
import numpy as np
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image
from playwright.sync_api import Browser, Page, Request, expect

from host_sim.centre import qr, verify
from host_sim.centre.public import check_page
from host_sim.centre.server import paper_keys
from host_sim.centre.tables import copies, requests
from tests.process.conftest import PATIENCE_MS
from tests.process.desk_rooms import Rooms, rooms, seen_in
from tests.unit.forms.test_verify import CLAIMS, GOOD, deflated, hostile, signed

pytestmark = pytest.mark.browser
CHROMIUM = [
    "--ignore-certificate-errors"
]  # a worker is only kept by a browser that takes the certificate without a warning

PICTURES = os.environ.get("KOFUKI_PICTURES")  # a folder: each page is kept there as a picture, to be looked at
PHONE = {"width": 390, "height": 844}
VOID = "20261124 宮崎市 K01 000002"
PLAIN = "20261124 宮崎市 K01 000003"  # issued before the city signed
WORDS = {"ja": "真正", "en": "Genuine", "zh-Hans": "真实", "ko": "진본", "vi": "Thật", "pt-BR": "Autêntico"}


@dataclass
class Site:
    """The page served, a browser, and every request that it made."""

    rooms: Rooms
    address: str
    browser: Browser
    signer: verify.Signer
    sent: list[str] = field(default_factory=list)

    def page(self, locale: str = "ja") -> Page:
        context = self.browser.new_context(viewport=PHONE, locale=locale, device_scale_factor=2, has_touch=True)
        context.set_default_timeout(PATIENCE_MS)
        context.on("request", self._heard)
        return context.new_page()

    def _heard(self, asked: Request) -> None:
        if (
            "#" not in asked.url or asked.is_navigation_request()
        ):  # a browser keeps the fragment of a navigation to itself
            self.sent.append(f"{asked.url.split('#')[0]} {asked.post_data or ''} {asked.headers}")

    def code(self, claims: verify.Claims = CLAIMS, signer: verify.Signer | None = None) -> str:
        return verify.make(claims, signer or self.signer, f"{self.address}verify")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Site]:
    with rooms(tmp_path_factory.mktemp("verify"), chromium) as made:
        keys = paper_keys(made.run)
        keys.ensure(date(2026, 4, 1))
        with made.store.writing() as c:
            for n, (number, state) in enumerate(((CLAIMS.issue_number, "issued"), (VOID, "void"), (PLAIN, "issued"))):
                enter(c, n, number, state, "" if number == PLAIN else "ab" * 32)
        with made.serving("residents") as address:
            yield Site(made, address, chromium, keys.signer(date(2026, 11, 24), sample=False))


def enter(c: sa.Connection, n: int, number: str, state: str, signed_by: str) -> None:
    """One copy in the books, with what its columns ask for."""
    filled = {"request_id": f"{n:032x}", "issue_number": number, "copy": 1, "signed_by": signed_by}
    for table in (requests, copies):
        row = {}
        for column in table.columns:
            if column.name == "state":
                row["state"] = state if table is copies else "made"
            elif column.name in filled:
                row[column.name] = filled[column.name]
            elif not column.nullable and column.server_default is None:
                row[column.name] = {str: "x", bytes: b"x", dict: []}.get(column.type.python_type, 1)
        c.execute(table.insert().values(**row))


def pictured(page: Page, name: str) -> None:
    """Nothing stands beside the page, at a telephone's size and at 200 %."""
    for size, width in (("390", 390), ("200", 195)):
        page.set_viewport_size({"width": width, "height": 844})
        if PICTURES:
            page.screenshot(path=f"{PICTURES}/verify-{name}-{size}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} at {size}"
    page.set_viewport_size(PHONE)


def test_the_address_of_a_code_shows_the_words_and_sends_none_of_them(site: Site) -> None:
    page, code = site.page(), site.code()
    page.goto(code)
    seen_in(page, "発行済みで有効です")
    seen_in(page, "市の電子署名があります")
    assert page.locator("#word").inner_text() == "真正"
    shown = page.locator("#fields dd").all_inner_texts()
    assert shown == ["住民票の写し", CLAIMS.issue_number, "2026.11.24", *CLAIMS.people[0], CLAIMS.address, "1"]
    pictured(page, "genuine-ja")
    for language, word in WORDS.items():
        page.locator(f"#languages button[lang='{language}']").click()
        assert page.locator("#word").inner_text() == word
        pictured(page, f"genuine-{language}")
    for number, standing in ((VOID, "This number is void"), ("20261124 宮崎市 K01 999999", "This number is not known")):
        page.locator("#languages button[lang='en']").click()
        page.fill("#number", f"発行番号　{number}　1/1")
        page.locator("#ask button").click()
        seen_in(page, standing)
        assert "electronic signature" not in page.locator("#number-said").inner_text()
    page.fill("#number", PLAIN)
    page.locator("#ask button").click()
    seen_in(page, "bears no electronic signature")
    told = " ".join(site.sent)
    assert "verify/number" in told
    for secret in (code.split("#")[1][:60], CLAIMS.people[0][0], CLAIMS.address, "%E9%AB%98%E5%8D%83"):
        assert secret not in told


def test_what_anybody_can_sign_as_a_sample_is_taken_in_its_shape_only(site: Site) -> None:
    page = site.page()
    page.goto(f"{site.address}verify")
    texts = [signed(deflated(cbor2.dumps(told))) for told in (GOOD, *hostile())]
    found = page.evaluate("texts => Promise.all(texts.map(async (text) => (await judge(text)).finding))", texts)
    assert found == ["sample", *["not_ours"] * len(hostile())]


def test_every_verdict_has_its_word(site: Site) -> None:
    page = site.page()
    stranger = verify.Signer(ec.derive_private_key(7, ec.SECP256R1()))
    liar = verify.Signer(ec.derive_private_key(7, ec.SECP256R1()))
    liar.key_id = site.signer.key_id
    old = replace(CLAIMS, issued_on=date(2026, 3, 31))
    good = site.code()
    cases = {
        site.code(signer=verify.sample_signer()): "見本",
        site.code(signer=liar): "改ざん",
        site.code(old): "改ざん",
        site.code(signer=stranger): "発行者不明",
        good[:-9] + "123456789": "改ざん",
        f"{site.address}verify#12345": "読めません",
        f"{site.address}verify#{'9' * 900}": "読めません",
        f"{site.address}verify#<img src=x>": "読めません",
        site.code(replace(CLAIMS, issue_number=VOID)): "無効",
    }
    page.goto(f"{site.address}verify")
    for code, word in cases.items():
        page.evaluate("text => location.hash = text", code.split("#", 1)[1])
        expect(page.locator("#word")).to_have_text(word)
        assert (page.locator("#fields dd").count() > 0) == (word in {"真正", "見本", "無効"})
    pictured(page, "void-ja")


def test_without_a_network_the_kept_page_judges_a_photo_and_speaks(site: Site, tmp_path: Path) -> None:
    page = site.page()
    page.add_init_script("window.said = []; speechSynthesis.speak = one => said.push([one.text, one.lang])")
    page.goto(f"{site.address}verify")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.context.set_offline(True)
    page.goto(site.code(replace(CLAIMS, code=1, codes=2, people_count=5)))
    seen_in(page, "通信できないため")
    assert page.locator("#word").inner_text() == "真正"
    seen_in(page, "2つのコードのうち1つ目")
    page.reload()
    page.goto(f"{site.address}verify")
    expect(page.locator("#word")).to_have_text("コードを読み取ってください")
    if check_page.page("", {})[0].count("<script>") == 2 or page.evaluate("'BarcodeDetector' in window"):
        picture = tmp_path / "photo.jpg"
        photo_of(site.code(signer=verify.sample_signer())).save(picture, quality=80)
        page.set_input_files("#picture", picture)
        expect(page.locator("#word")).to_have_text("見本")
        page.locator("#speak").click()
        said = page.evaluate("said")
        assert [words for words, _ in said[:1]] == ["見本. 見本です。証明書として使えません。"]
        assert [CLAIMS.people[0][0], "ja-JP"] in said
    Image.new("L", (400, 300), 200).save(tmp_path / "sea.png")
    page.set_input_files("#picture", tmp_path / "sea.png")
    seen_in(page, "写真の中にコードが見つかりません")
    pictured(page, "none-ja")


def photo_of(code: str) -> Image.Image:
    """A code on a grey table, five pixels a module, slightly turned."""
    black = np.kron(np.pad(qr.modules(code), qr.QUIET_MODULES), np.ones((5, 5), dtype=np.uint8))
    table = Image.new("L", (900, 1200), 170)
    table.paste(Image.fromarray(np.where(black, 20, 235).astype(np.uint8)), (200, 400))
    return table.rotate(4, Image.Resampling.BICUBIC, fillcolor=170)


def test_the_page_is_one_file_that_nobody_else_serves_a_part_of(site: Site) -> None:
    page = site.page()
    answer = page.goto(f"{site.address}verify")
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", answer.text())
    assert set(check_page.texts()) == set(WORDS)
    words = {language: set(texts) for language, texts in check_page.texts().items()}
    assert all(one == words["ja"] for one in words.values())
