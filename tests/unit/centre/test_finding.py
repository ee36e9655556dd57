"""Finding a resident at the desk: by kanji, kana or number; who looked, and why, stays; no address tells who it was."""

import dataclasses
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from host_sim.centre import sample
from host_sim.centre.card_desk import finding
from host_sim.centre.desk.handles import Handles
from host_sim.centre.register import Resident, pack
from host_sim.centre.tables import residents
from tests.unit.centre.desk_browser import Answer, Browser, token_of
from tests.unit.centre.test_cards import fingerprint, issued
from tests.unit.centre.test_desk import Office, send
from tests.unit.centre.town import Town


@pytest.fixture
def office() -> Office:
    return Office(Town())


def hanako() -> Resident:
    return sample.residents().by_key("hanako")


def search(browser: Browser, words: str, why: str = "at the desk", subject: str = "cards") -> Answer:
    return send(browser, f"/{subject}", "/residents", words=words, why=why, subject=subject)


def hiragana(kana: str) -> str:
    return "".join(chr(ord(letter) - 0x60) if "ァ" <= letter <= "ヶ" else letter for letter in kana)


@pytest.mark.parametrize("subject", ["cards", "exemptions"])
def test_a_name_is_found_however_it_is_typed(office: Office, subject: str) -> None:
    person = sample.residents().by_key("kazuko")
    plain = "".join(letter for letter in person.name if ord(letter) < 0xE0100)
    assert plain != person.name, "the register has a variant of a letter that nobody types"
    browser = office.signed_in("hidaka" if subject == "cards" else "tanaka")
    spaced = person.kana.replace("\u3000", " ")
    for words in (person.name, plain, "".join(plain.split()), person.kana, spaced, hiragana(person.kana)):
        answer = search(browser, words, subject=subject)
        if answer.status == 303:  # nobody else has the name
            answer = browser.get(answer.headers["location"])
        assert person.resident_id in answer.text, words


@pytest.mark.parametrize("words", ["1984-02-29", "1984年2月29日", "昭和59年2月29日", "Ｓ59.2.29", "1984/2/29"])
def test_a_day_of_birth_is_found_however_it_is_written(office: Office, words: str) -> None:
    born = {one.name for one in sample.residents().residents.values() if one.born.on == hanako().born.on}
    assert hanako().name in born
    answer = search(office.signed_in("hidaka"), words)
    if answer.status == 303:
        answer = office.signed_in("hidaka").get(answer.headers["location"])
    assert all(name in answer.text for name in born)


@pytest.mark.parametrize("words", ["1981-13-01", "江戸3年1月1日", "昭和56年2月30日", "2月30日", "令和０年１月１日"])
def test_what_is_no_day_of_any_calendar_is_told_and_stays_typed(office: Office, words: str) -> None:
    answer = search(office.signed_in("hidaka"), words)
    assert (answer.status, "暦にない日付です" in answer.text, words in answer.text) == (409, True, True)


def test_every_search_is_recorded_with_who_and_why_and_without_the_name(office: Office) -> None:
    browser, person = office.signed_in("hidaka"), hanako()
    search(browser, person.name, "lost a card")
    [detail] = [detail for act, detail in office.acts() if act == "resident_searched"]
    assert (detail["who"], detail["why"]) == ("hidaka", "lost a card")
    assert detail["found"] >= 1
    assert person.name not in str(detail)
    assert search(browser, person.name, "").status == 403, "without a reason nothing is shown"
    technician = office.signed_in("nagatomo")
    fields = {"form": token_of(technician.get("/"), "/sign-out"), "words": person.name, "why": "x", "subject": "cards"}
    assert technician.post("/residents", fields).status == 403
    assert sum(act == "resident_searched" for act, _ in office.acts()) == 1


def test_a_number_opens_its_resident_and_stands_in_no_address(office: Office) -> None:
    browser, number = office.signed_in("hidaka"), hanako().resident_id
    here = search(browser, number).headers["location"]
    assert number not in here
    page = browser.get(here)
    assert hanako().name in page.text
    assert not [link for link in page.text.split('href="')[1:] if number in link.split('"')[0]]
    assert f'action="/cards/resident/{number}' not in page.text
    assert browser.get(f"/cards/resident/{number}").status == 403, "a number that was not sealed opens nobody"


def test_few_letters_are_refused_and_many_people_are_cut_off(office: Office) -> None:
    browser = office.signed_in("hidaka")
    refused = search(browser, "宮")
    assert (refused.status, "2文字以上" in refused.text) == (409, True)
    assert "当てはまる方はいません" in search(browser, "存在しない名").text
    with office.town.store.writing() as c:
        books_have_many(c)
    answer = search(browser, "ダイゼイ")
    assert answer.text.count("<tr>") == finding.MOST + 1
    assert f"{finding.MOST}人だけ" in answer.text


def books_have_many(c: sa.Connection) -> None:
    """More people of one name than a page shows."""
    for number in range(finding.MOST + 5):
        one = dataclasses.replace(hanako(), resident_id=f"99{number:08d}", name="大勢　一", kana="ダイゼイ　ハジメ")
        c.execute(residents.insert().values(resident_id=one.resident_id, household_id="none", packed=pack(one)))


@pytest.mark.parametrize("handle", ["", "x", "あ", "=" * 300, "A" * 43, "*" * 20])
def test_what_is_no_handle_is_nobody(handle: str) -> None:
    handles = Handles(bytes(32))
    assert handles.number(handle) == ""
    assert handles.number(handles.of("4500015838")) == "4500015838"
    assert Handles(bytes(31) + b"1").number(handles.of("4500015838")) == ""


def test_the_page_of_a_card_tells_a_new_pin_from_a_forgotten_count(office: Office) -> None:
    card = issued(office.town)
    office.town.card_register.unlock(fingerprint(card), office.town.told(), bytearray(b"5678"))
    page = office.signed_in("hidaka").get(f"/cards/card/{fingerprint(card)}")
    assert (page.status, "<td>暗証番号を新しくした</td>" in page.text) == (200, True)
    assert "<td>暗証番号の間違いを消す</td>" not in page.text


@pytest.mark.parametrize("days", ["soon", "", "0", "-3", "4001", "999999999", "3.5", "٣"])
def test_the_list_of_ending_cards_refuses_what_is_no_number_of_days(office: Office, days: str) -> None:
    """Red when any text gave the list of 90 days."""
    page = office.signed_in("hidaka").get(f"/cards/ending?{urlencode({'days': days})}")
    assert page.status == 400
    assert "日数は1から4000までの数字で入力してください。" in page.text
    assert "日以内に期限が来る" not in page.text


@pytest.mark.parametrize(("typed", "days"), [(None, 90), ("１２０", 120), (" 30 ", 30)])
def test_the_list_of_ending_cards_says_its_days(office: Office, typed: str | None, days: int) -> None:
    query = "" if typed is None else f"?{urlencode({'days': typed})}"
    page = office.signed_in("hidaka").get(f"/cards/ending{query}")
    assert page.status == 200
    assert f"{days}日以内に期限が来る" in page.text
