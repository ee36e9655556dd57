"""The audit record on the page: its words in the reader's language, all of them, and nothing else is changed."""

import pytest

from drivers.vocabulary import PrintTrouble
from firmware.book.reasons import AdviceReason, EndReason
from host_sim.centre import sample
from host_sim.centre.desk import record_words, words
from host_sim.centre.operating import flags
from host_sim.centre.settling import UNDRAWN
from host_sim.centre.staff import accounts
from tests.unit.centre.town import TUESDAY

RULES = sample.city().on(TUESDAY.date()).rules
SENT = ["form_foreign", "form_old", "form_again"]


def value(key: str, told: object, language: str = "ja") -> str:
    return record_words.of_value(key, told, language, RULES)


@pytest.mark.parametrize(
    ("key", "known"),
    [
        ("refused", [*accounts.SENTENCES, *SENT]),
        ("reason", [*EndReason, *PrintTrouble, *AdviceReason, UNDRAWN]),
        ("kind", RULES.kinds),
        ("kinds", RULES.kinds),
        ("exemption", RULES.exemptions),
        ("channel", ["store", "office", "counter"]),
        ("method", ["jpki", "municipal", "attended"]),
        ("requester", ["self", "household", "family"]),
        ("what", flags.SENTENCES),
        ("event", flags.EVENTS),
        ("state", ["making", "made", "reserved", "delivered", "issued", "void", "dead", "none"]),
        ("stands", ["issued", "void"]),
        ("told", ["issued", "void"]),
    ],
)
def test_every_word_of_a_program_is_told_in_japanese(key: str, known: list[str]) -> None:
    assert known
    assert [word for word in known if value(key, str(word)).isascii()] == []


def test_the_reader_of_english_is_told_in_english() -> None:
    assert value("kind", "juminhyo", "en") == RULES.kinds["juminhyo"].title["en"]
    assert value("method", "attended", "en") == "Two members of staff"
    assert value("refused", "no_reason", "en") == "no reason"


def test_several_are_told_one_after_the_other_and_an_instant_as_people_write_it() -> None:
    assert value("kinds", ["juminhyo", "inkan"]) == "住民票の写し、印鑑登録証明書"
    assert value("asked_at", "2026-11-30T10:01:49+09:00") == "2026-11-30 10:01:49"


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("why", "窓口で申出"),
        ("why", "seen_today T"),
        ("reason", "a word of a machine to come"),
        ("copies", 2),
        ("page", "/line/stop"),
    ],
)
def test_what_is_no_word_of_a_program_stays_as_it_was_written(language: str, key: str, told: object) -> None:
    assert value(key, told, language) == str(told)


def test_every_key_that_has_words_is_a_key_of_the_record() -> None:
    assert record_words.japanese().keys() <= words.japanese()["details"].keys()
