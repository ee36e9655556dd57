"""The words of every language: none missing, none too long, none left in another language. Measured, hardly anything is drawn."""

from collections import Counter
from itertools import product

import pytest

from drivers.vocabulary import CardRefusal, CentreRefusal
from firmware.paper.second import second
from firmware.screens import draw
from firmware.screens.canvas import Canvas
from firmware.screens.frame import LEGENDS
from firmware.screens.words import FOLDER, LANGUAGES, words
from firmware.session import scenes as show
from firmware.session.view import SENT
from firmware.voice.words import FOLDER as VOICE
from host_sim.centre.city import languages as city_languages

from .scenes_all import REASONS

OTHERS = [language for language in LANGUAGES if language != "ja"]
# The same in two languages, because it is the same word there.
SAME = {"My Number?", "Total", "Portuguese", "{name}", "Smartphone", "{least}～{most}", "{count}通"}
SCRIPTS = {
    "kana": (range(0x3041, 0x30FB), {"ja", "ja-easy"}),
    "kanji": (range(0x4E00, 0xA000), {"ja", "ja-easy", "zh-Hans"}),
    "hangul": (range(0xAC00, 0xD7A4), {"ko"}),
}


def texts(language):
    """Key and words of a language; of [city] only the words, because its keys are Japanese."""

    def inside(table, path=()):
        for key, value in table.items():
            if isinstance(value, dict):
                yield from inside(value, (*path, key))
            elif isinstance(value, str) and path[0] not in {"self", "fonts"}:
                yield (*path, key), value

    return dict(inside(words(language)._table))


def test_there_is_a_file_for_each_language_and_no_other():
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(LANGUAGES)
    assert len(LANGUAGES) <= 7, "8, 9 and 0 are the letters'"


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_left_in_the_letters_of_another_language(language):
    for (name, (script, of)), (key, text) in product(SCRIPTS.items(), texts(language).items()):
        if language not in of:
            assert not [letter for letter in text if ord(letter) in script and letter != "・"], (name, key, text)


@pytest.mark.parametrize("language", [language for language in OTHERS if language not in {"en", "ja-easy"}])
def test_no_sentence_is_left_untranslated(language):
    english, japanese, mine = texts("en"), texts("ja"), texts(language)
    left = [
        (key, text)
        for key, text in mine.items()
        if text in {english.get(key), japanese.get(key)} and len(text.split("{")[0]) > 3 and text not in SAME
    ]
    assert left == []


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_names_the_certificates_and_what_is_asked_about_them(language):
    """What the sample city sends in Japanese and English only."""
    if language == "en":
        return
    assert set(words("ko")._table["city"]) == set(words(language)._table["city"])


@pytest.mark.parametrize("language", [language for language in OTHERS if language != "en"])
def test_what_a_city_need_not_translate_is_known_to_machines(language):
    assert set(words(language)._table["city"]) >= city_languages.KNOWN


@pytest.mark.parametrize("language", [*OTHERS, "ja"])
def test_what_the_city_did_not_write_in_a_language_is_shown_in_the_one_that_the_file_names(language):
    """And what it wrote in it goes before the machine's own words; やさしい日本語 as well."""
    say, new = words(language), {"ja": "犬の登録", "en": "Dog licence"}
    assert say.of(new) == (new["en"] if language == "en" else new[say("self", "others")])
    assert say.of({"ja": "犬の登録"}) == "犬の登録"
    assert say.of({"ja": "住民票の写し", "en": "x", language: "own"}) == "own"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_finds_its_room(language):
    """The rooms of `ending.sorry`, of a grey line in the menu, and of a screen in large letters."""
    c = Canvas(language)
    for reason in REASONS:
        what, then = words(language).reason(reason, 99)
        assert c.lines(what, 35, width=624, bold=True) <= 2, what
        assert c.lines(then, 28, width=624) <= 3, then
        # 8 lines stand above one row of keys: what happened and what to do leave two for the money
        large = c.lines(what, 42, width=760, bold=True) + c.lines(then, 42, width=760)
        assert large <= 6, (what, then, large)
    for refusal in CentreRefusal:
        assert c.width(words(language).refusal(refusal, 99), 24) <= 240, refusal


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_refusals_share_a_sentence(language):
    """Neither what happened, nor what to do, nor the word in the menu: whoever is refused twice learns why from the words."""
    refusals = {str(word) for word in (*CardRefusal, *CentreRefusal)}
    table = words(language)._table["reasons"]
    told = Counter(text for word in refusals for text in table[word].values())
    assert [text for text, count in told.items() if count > 1] == []
    happened = Counter(texts["what"] for texts in table.values())
    assert [text for text, count in happened.items() if count > 1] == []


def test_whoever_is_sent_to_the_city_hall_is_told_where_it_is_and_when_it_is_open():
    places = ("市民課の窓口", "市役所の")
    sends = {reason for reason in REASONS if any(place in words("ja").reason(reason, 99)[1] for place in places)}
    assert sends <= set(map(str, SENT))
    assert len(sends) > 40


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_a_key_stands_beside_its_cap(language):
    c, say = Canvas(language), words(language)
    rooms = {key: right - left - width - 8 for key, (_, left, width, right) in LEGENDS.items()}
    words_of = {
        "cancel": ("stop", "refund", "back"),
        "clear": ("correct", "back", "remove", "wrong"),
        "enter": ("enter", "go_on", "pay", "finish", "taken", "agree", "hide", "unhide"),
        "language": ("large", "dark"),
    }
    for key, told in words_of.items():
        for word in told:
            assert c.width(say("keys", word), 24, bold=key != "language") <= rooms[key], (key, word)
            assert c.width(say("keys", word), 42) <= 386 - (150 if key == "language" else 108), (key, word)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_idle_screen_names_every_language_in_its_own_words(language):
    told = {note.text for note in draw(show.Idle(language=language, until=None)).placed}
    assert {words(other)("self", "name") for other in LANGUAGES} <= told


@pytest.mark.parametrize("language", ["ja", "zh-Hans", "ko", "vi"])
def test_the_slip_for_money_is_called_what_is_printed_on_it(language: str) -> None:
    """So that nobody looks for another paper. In English and Portuguese a short word of the printed title is used."""
    printed = "返金請求票" if language == "ja" else second(language)("claim")
    say = words(language)
    for told in (say("money", "claim", yen="100"), say.reason("tamper", 15)[1]):
        assert printed.removeprefix("返金").casefold() in told.casefold()
    spoken_of = (VOICE / "ja.toml").read_text(encoding="utf-8")
    assert "請求票でお返しするお金" in spoken_of
    assert "引換券" not in spoken_of
