"""The desk's pages for exemptions: a clerk grants, prints and withdraws; nobody else may; bad input changes nothing."""

import re

import pytest
import sqlalchemy as sa

from host_sim.centre.tables import exemptions
from tests.unit.centre.desk_browser import Answer, Browser, token_of
from tests.unit.centre.test_desk import Office
from tests.unit.centre.town import Town


@pytest.fixture
def office() -> Office:
    return Office(Town())


def rows(office: Office) -> list[tuple[str, str]]:
    with office.town.store.reading() as c:
        found = c.execute(sa.select(exemptions.c.exemption, exemptions.c.why).order_by(exemptions.c.id)).all()
    return [tuple(row) for row in found]  # type: ignore[misc]


def send(browser: Browser, act: str, **fields: str) -> Answer:
    """Send this act's form, with the token of the first page: a token is good for any one form."""
    token = token_of(browser.get("/exemptions"), "/exemptions/resident")
    return browser.post(f"/exemptions/{act}", {"form": token, **fields})


def filled(office: Office, browser: Browser, **over: str) -> Answer:
    """The form of one resident, sent; `over` in place of what a careful clerk types."""
    number = office.town.resident_id("hanako")
    assert "宮崎" in send(browser, "resident", number=number).text
    told = {
        "number": number,
        "exemption": "welfare",
        "kinds": "juminhyo",
        "copies": "1",
        "why": "saw the paper of today",
    }
    return send(browser, "grant", **(told | over))


def test_a_clerk_grants_prints_and_withdraws(office: Office) -> None:
    browser = office.signed_in("tanaka")
    page = filled(office, browser)
    assert page.status == 200
    code = re.search(r"<code>(\d{4} \d{4})</code>", page.text)
    assert code is not None
    assert rows(office) == [("welfare", "saw the paper of today")]
    slip = send(browser, "slip", grant="1")
    assert slip.headers["content-type"] == "application/pdf"
    page = send(browser, "withdraw", grant="1", why="the wrong resident")
    assert "取消済み" in page.text
    assert code[1] not in page.text
    again = send(browser, "withdraw", grant="1", why="the wrong resident")
    assert (again.status, "取り消せません" in again.text) == (409, True)


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"exemption": "pension", "kinds": "inkan"}, "この免除は、選んだ証明書には使えません"),
        ({"exemption": ""}, "免除の理由を選んでください"),
        ({"kinds": ""}, "この免除は、選んだ証明書には使えません"),
        ({"copies": "0"}, "通数は1から9まで"),
        ({"copies": "１0x"}, "通数は1から9まで"),
        ({"number": "nobody"}, "登録されていません"),
    ],
)
def test_what_cannot_be_granted_is_said_on_the_page(office: Office, over: dict[str, str], words: str) -> None:
    page = filled(office, office.signed_in("tanaka"), **over)
    assert (page.status, words in page.text) == (409, True)
    assert rows(office) == []


@pytest.mark.parametrize(("grant", "told"), [("", "-"), ("99", "99"), ("x", "-"), ("0", "0"), ("9" * 40, "9" * 20)])
def test_a_grant_that_there_is_not_is_a_sentence_with_what_was_asked(office: Office, grant: str, told: str) -> None:
    browser = office.signed_in("tanaka")
    for page in (send(browser, "slip", grant=grant), browser.get(f"/exemptions/{grant or 'x'}")):
        assert (page.status, f"交付番号 {told} の免除はありません" in page.text) == (409, True)


def test_who_is_no_clerk_may_not(office: Office) -> None:
    browser = office.signed_in("nagatomo")
    assert browser.get("/exemptions").status == 403
