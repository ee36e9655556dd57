"""Every scene is said in both languages: each live key is named, every piece is one that is recorded, and nobody's name is."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.screens import draw
from firmware.screens.frame import FOOT
from firmware.session import scenes as show
from firmware.voice.pieces import LANGUAGES, MOST_YEN, Piece
from firmware.voice.recordings import file_name
from firmware.voice.scenes import uses_arrows, words_of
from firmware.voice.spelling import spelled
from firmware.voice.words import FOLDER, every_piece, spoken
from host_sim.centre import sample
from tests.unit.screens.scenes_all import every_scene

CITY_FILE = Path(sample.__file__).with_name("miyazaki.toml")
RECORDED = frozenset(every_piece())
# As the keys are engraved, and what the words call them.
NAMES: Mapping[str, Mapping[str, str]] = {
    "ja": {"取消": "取消", "訂正": "訂正", "確認": "確認", "ことば": "ことばのキー"},
    "en": {"取消": "Cancel", "訂正": "Clear", "確認": "Enter", "ことば": "language key"},
}


def said(scene: show.Scene) -> str:
    return " ".join(sentence.text for sentence in words_of(scene))


def kinds_of_screens() -> list[tuple[show.Scene, show.Scene]]:
    """One scene, in both languages, of each set of keys and sentences: the titles and amounts in them make no difference here."""
    found: dict[tuple[object, ...], tuple[show.Scene, show.Scene]] = {}
    for scenes in zip(*(every_scene(language) for language in LANGUAGES), strict=True):
        ja, en = scenes
        if not ja.clerk:
            shape = tuple(re.sub(r"\d+", "", sentence.text)[:6] for sentence in words_of(ja))
            found.setdefault((type(ja), getattr(ja, "pages", 0), shape[-6:]), (ja, en))
    return list(found.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_scene_is_said_with_recorded_pieces_only(language: str) -> None:
    for scene in every_scene(language):
        words = words_of(scene)
        assert bool(words) is not scene.clerk, f"{type(scene).__name__}: the resident hears it, the clerk does not"
        assert {piece for sentence in words for piece in sentence.pieces} <= RECORDED, type(scene).__name__


def test_each_live_key_is_named_and_no_dead_one() -> None:
    for scenes in kinds_of_screens():
        unwarned = replace(scenes[0], countdown_s=None, follows=None)  # in a warning no key has its own meaning
        caps = {note.text for note in draw(unwarned).placed if note.text in NAMES["ja"] and note.box[1] >= FOOT}
        if isinstance(scenes[0], show.EnterPin):
            caps.add("訂正")  # it is live from the first digit; the words name it before
        for scene in scenes:
            text = said(scene)
            told = {cap for cap, name in NAMES[scene.language].items() if name in text}
            assert told >= caps, f"{type(scene).__name__}: {caps - told} is not named in {text}"
            told -= {cap for cap in told - caps if _is_no_key(scene, cap)}
            assert told == caps, f"{type(scene).__name__}: {told - caps} does nothing, in {text}"
            if uses_arrows(scene):
                assert ("上向き" if scene.language == "ja" else " up") in text


def _is_no_key(scene: show.Scene, cap: str) -> bool:
    """Words that stand for something else than a key: how the pad is laid out, a PIN entry that is confirmed."""
    return (
        isinstance(scene, show.Idle)
        or cap == "確認"
        or (isinstance(scene, show.Sorry | show.Working) and cap == "取消")
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_line_of_a_menu_is_said_with_its_number(language: str) -> None:
    for scene in every_scene(language):
        if isinstance(scene, show.ChooseKind | show.ChooseOption) and not scene.clerk:
            numbers = spoken(language).numbers
            sentences = [sentence.pieces[0] for sentence in words_of(scene)]
            for number in range(1, len(scene.lines) + 1):
                assert numbers.count("numbers", number)[0] in sentences


def test_a_name_of_the_register_is_no_recording() -> None:
    """Names, addresses and PINs of the sample city: whoever has the voices' folder learns nothing about anybody."""
    texts = {piece.text for piece in RECORDED}
    files = {file_name(piece) for piece in RECORDED}
    for person in sample.residents().residents.values():
        for name in (person.name, person.kana, *person.name.split("　")):
            assert not name or name not in texts or len(name) == 1, name
            assert not any(name and name in file for file in files)


def test_a_name_is_private_wherever_it_is_said() -> None:
    syllables = {Piece("ja", syllable) for syllable in ("グ", "エ")}
    for language in LANGUAGES:
        for scene in every_scene(language):
            for sentence in words_of(scene):
                assert sentence.private or not syllables <= set(sentence.pieces), sentence.text


def test_the_code_of_a_claim_is_private() -> None:
    scene = show.Done(copies=1, fee_yen=300, change_yen=0, claim_yen=200, claim_code="WXYZ23456")
    (code,) = [sentence for sentence in words_of(scene) if "ダブリュー" in sentence.text]
    assert code.private


def test_both_languages_have_the_same_words() -> None:
    ja, en = (tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8")) for language in LANGUAGES)
    assert {part: set(texts) for part, texts in ja.items()} == {part: set(texts) for part, texts in en.items()}


@pytest.mark.parametrize(
    ("amount", "ja", "en"),
    [
        (0, "0円", "0 yen"),
        (10, "10円", "10 yen"),
        (1000, "千円", "1 thousand yen"),
        (1250, "千、250円", "1 thousand, 250 yen"),
        (3000, "3千円", "3 thousand yen"),
        (11000, "1万、1千円", "11 thousand yen"),
        (20000, "2万円", "20 thousand yen"),
        (20250, "2万、250円", "20 thousand, 250 yen"),
    ],
)
def test_an_amount_is_said_in_parts(amount: int, ja: str, en: str) -> None:
    assert "、".join(piece.text for piece in spoken("ja").numbers.yen(amount)) == ja
    assert ", ".join(piece.text for piece in spoken("en").numbers.yen(amount)) == en


@pytest.mark.parametrize("language", LANGUAGES)
@given(amount=st.integers(-10, MOST_YEN + 10_000), seconds=st.integers(0, 100), count=st.integers(0, 99))
def test_every_number_is_recorded(language: str, amount: int, seconds: int, count: int) -> None:
    numbers = spoken(language).numbers
    pieces = [*numbers.yen(amount), *numbers.seconds(seconds), *numbers.digits(str(amount))]
    pieces += [piece for what in ("copies", "numbers", "tries", "plain") for piece in numbers.count(what, count)]
    assert set(pieces) <= RECORDED


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_time_and_date_is_recorded(language: str) -> None:
    numbers = spoken(language).numbers
    for minute in range(24 * 60):
        assert set(numbers.time(time(minute // 60, minute % 60))) <= RECORDED
    for day in range(366):
        assert set(numbers.date(date(2028, 1, 1) + timedelta(days=day))) <= RECORDED


def test_texts_of_the_sample_city_are_recorded() -> None:
    """Titles, questions and answers of every offer to everybody in the register, but the names in them."""
    from host_sim.centre.city.items import ITEMS
    from host_sim.centre.forms import offers

    table = tomllib.loads((FOLDER / "city.toml").read_text(encoding="utf-8"))["text"]
    ja = {text["ja"] for text in table}
    for items in ITEMS.values():
        for japanese, _ in items.values():
            assert f"{japanese}を載せますか" in ja
    assert set(offers.TITLES.values()) <= ja
    notices = tomllib.loads(CITY_FILE.read_text(encoding="utf-8"))["notices"]
    assert {notice["text"]["ja"] for notice in notices if "text" in notice} <= ja


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("ミヤザキ　ハナコ", "ミ ヤ ザ キ ハ ナ コ"),
        ("ジョウ", "ジョ ウ"),
        ("みやざき", "ミ ヤ ザ キ"),
        ("グエン・ヴァン・アン", "グ エ ン ヴァ ン ア ン"),
        ("LE", "エル イー"),
        ("宮崎　花子", None),
        ("Everyone in the household", None),
        ("4321", None),
        ("", None),
    ],
)
def test_a_name_is_spelled_if_it_has_one_reading(name: str, read: str | None) -> None:
    pieces = spelled(name, spoken("ja").numbers)
    assert (None if pieces is None else " ".join(piece.text for piece in pieces)) == read
