"""A page that is read aloud: what is on record is said, what has no reading is said to have none, and only an earphone hears it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.vocabulary import Key
from firmware.paper.pages import read
from firmware.session import scenes as show
from firmware.session.events import Event, PageItem, SeenPage
from firmware.session.preview import SAID_AT_ONCE, Viewing
from firmware.voice.pieces import LANGUAGES
from firmware.voice.scenes import words_of
from firmware.voice.telling import Teller
from firmware.voice.words import every_piece, spoken
from host_sim.centre import forms
from tests.unit.forms.conftest import Town
from tests.unit.screens.scenes_all import PAGE_ITEMS, every_scene

RECORDED = frozenset(every_piece())
UNREAD = {"ja": "読み方の記録なし", "en": "no reading on record"}
NO_LABEL = {"ja": "名前の記録がない欄", "en": "an item whose title is not recorded"}
PREVIEW = next(scene for scene in every_scene("ja") if isinstance(scene, show.Preview) and scene.reads)


def said(*items: tuple[str, str], language: str = "ja") -> list[str]:
    page = [PageItem(0, label, words) for label, words in items]
    return [sentence.text for sentence in spoken(language).paper.said(page, 0, len(page))]


@pytest.mark.parametrize(
    ("label", "words", "ja", "en"),
    [
        ("生年月日", "昭和56年8月29日", "昭和、56年、8月、29日", "Showa, year 56, the 29th, August"),
        ("生年月日", "令和元年5月1日", "令和、元年、5月、1日", "Reiwa, year 1, the 1st, May"),
        ("生年月日", "1992年7月14日", "千、900、92、年、7月、14日", "1 thousand, 9 hundred, 92, the 14th, July"),
        ("個人番号", "0004", "ゼロ、ゼロ、ゼロ、よん", "zero, zero, zero, four"),
        ("給与収入", "6,240,000円", "600、24、万、円", "6, million, 2 hundred, 40, thousand, yen"),
        ("給与収入", "1,001円", "千、1、円", "1, thousand, 1, yen"),
        ("在留期間等", "5年", "5年", "5 years"),
        ("扶養人数合計", "1人", "ひとり", "1 person"),
        ("続柄", "妻（未届）", "妻、未届", "wife, not notified"),
        ("旧氏", "【空欄】", "空欄", "blank"),
        ("年度", "令和8年度（令和7年中の所得）", "令和、8年、ど、令和、7年、中の所得",
         "Reiwa, year 8, fiscal year, Reiwa, year 7, income of that year"),
    ],
)  # fmt: skip
def test_what_can_be_said_is_said(label: str, words: str, ja: str, en: str) -> None:
    assert said((label, words))[0].split("、", 1)[1] == ja
    assert said((label, words), language="en")[0].split(", ", 1)[1] == en


def test_an_address_is_said_in_japanese_and_its_unknown_parts_are_told() -> None:
    assert said(("住所", "宮崎県宮崎市橘通西九丁目14番3号")) == [
        "住所、みやざきけん、みやざきし、たちばなどおりにし、9丁目、14、ばん、3、ごう"
    ]
    assert said(("本籍", "宮崎県宮崎市鴨ノ丸九百十番地2")) == [
        f"本籍、みやざきけん、みやざきし、{UNREAD['ja']}、900、10、ばんち、2"
    ]


def test_a_name_is_said_by_the_reading_that_stands_beside_it_and_by_nothing_else() -> None:
    assert said(("氏名の振り仮名", "ハ　ナ"), ("氏名", "花"))[1] == "氏名、ハ、ナ"
    assert said(("氏名の振り仮名", "ハ　ナ"), ("世帯主", "花"))[1] == f"世帯主、{UNREAD['ja']}"
    assert said(("氏名", "井ノ上　花子")) == [f"氏名、{UNREAD['ja']}"]
    others = [PageItem(1, "氏名の振り仮名", "ハナ"), PageItem(2, "氏名", "花")]
    assert spoken("ja").paper.said(others, 1, 2)[0].text == f"氏名、{UNREAD['ja']}", "another person's reading"


@pytest.mark.parametrize("name", ["青島", "子", "父", "霧島", "宮崎県", "留学", "大淀　女"])
def test_a_name_is_not_read_as_a_place_or_a_word(name: str) -> None:
    assert said(("氏名", name)) == [f"氏名、{UNREAD['ja']}"]
    assert said(("従前戸籍", f"宮崎県{name[:1]}子"))[0].endswith(UNREAD["ja"])


@pytest.mark.parametrize("language", LANGUAGES)
@given(
    items=st.lists(
        st.builds(
            PageItem,
            st.integers(0, 2),
            st.sampled_from(["", "住所", "氏名", "続柄", "年度", "給与収入", "氏名の振り仮名", "知らない"]),
            st.text(
                alphabet="宮崎県一九千丁目番地号0123456789年月日令和元,円人アカ ・ーヶのA-　（）【】省略子の妻",
                max_size=14,
            ),
        ),
        max_size=12,
    )
)
def test_whatever_is_written_only_recordings_are_said_and_only_in_private(language: str, items: list[PageItem]) -> None:
    sentences = spoken(language).paper.said(items, 0, len(items))
    assert len(sentences) == len(items)
    assert all(sentence.private for sentence in sentences)
    assert {piece for sentence in sentences for piece in sentence.pieces} <= RECORDED


@pytest.mark.parametrize("kind", forms.KINDS)
def test_no_label_of_a_form_and_no_sentence_of_it_lacks_its_recording(kind: str) -> None:
    """Of every case in the sample city that its offer has; only names, and the address of the page about codes, have no reading."""
    town = Town()
    names = {who.name for who in town.register.residents.values()}
    unread: set[str] = set()
    for who in list(town.register.residents.values())[::12]:
        if town.offer(kind, who)["refusal"] is not None:
            continue
        pdf = town.typeset(kind, who, town.answers(kind, who, everything=True))
        for page in read(pdf):
            for item, sentence in zip(page, spoken("ja").paper.said(page, 0, len(page)), strict=True):
                assert NO_LABEL["ja"] not in sentence.text, item.label
                if not item.label and UNREAD["ja"] in sentence.text:
                    unread.add(item.words)
    mayor = {words for words in unread if "".join(words.split()) == "橘陽一郎"}
    assert unread - mayor <= {"https://kofuki.miyazaki.example/verify"}
    assert unread
    assert not unread & names


def test_one_key_leads_through_the_whole_page_and_back_to_its_beginning() -> None:
    viewing = Viewing((SeenPage(1, 8, 8, b"12345678", PAGE_ITEMS[:10]),))
    heard = []
    for _ in range(3):
        assert viewing.press(Key.D1, listens=True) is Event.PAGE_TURNED
        heard.append(viewing.said)
    assert heard == [1, 2, 0]
    assert viewing.press(Key.D1, listens=False) is Event.KEY_IGNORED, "who does not listen is offered nothing"
    viewing.press(Key.D1, listens=True)
    assert viewing.press(Key.D7, listens=True) is Event.KEY_IGNORED
    assert viewing.said == 1, "a key that does nothing says the same part again"
    viewing.press(Key.D5, listens=True)
    assert viewing.said == 0
    assert viewing.press(Key.D1, listens=True) is Event.KEY_IGNORED, "enlarged, it is no key"


def test_every_item_is_heard_once_each_in_its_part() -> None:
    texts = [sentence.text for sentence in spoken("ja").paper.said(PAGE_ITEMS, 0, len(PAGE_ITEMS))]
    heard: list[str] = []
    for part in (1, 2):
        scene = replace(PREVIEW, items=PAGE_ITEMS, said=part, sayings=2)
        told = [sentence.text for sentence in words_of(scene) if sentence.private]
        assert len(told) == SAID_AT_ONCE
        heard += told
    assert heard == texts
    assert "読み上げ" not in " ".join(heard)


def test_a_page_that_tells_nothing_says_so() -> None:
    told = [sentence.text for sentence in words_of(replace(PREVIEW, items=(), said=1, sayings=1))]
    assert "この紙面の文字は、音声にできません" in told


def test_two_parts_that_say_the_same_are_both_said() -> None:
    teller = Teller(always=False, volume=7)
    items = (PageItem(0, "父", "宮崎"),) * (2 * SAID_AT_ONCE)
    for part in (1, 2):
        scene = replace(PREVIEW, items=items, said=part, sayings=2)
        said_now = teller.see(scene, Key.D1, pressed=True, earphone=True)
        assert said_now is not None
        assert said_now.words.count(UNREAD["ja"]) == SAID_AT_ONCE


def test_a_loudspeaker_never_says_the_page() -> None:
    teller = Teller(always=True, volume=7)
    scene = replace(PREVIEW, items=PAGE_ITEMS, said=1, sayings=2)
    said_now = teller.see(scene, Key.D1, pressed=True, earphone=False)
    assert said_now is not None
    assert not any(sentence.private for sentence in said_now.sentences)
