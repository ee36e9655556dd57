"""The texts of the console: none is missing in a language, and each fits a terminal."""

import ast
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.console import command, status, talking
from firmware.console.console import TROUBLES
from firmware.console.language import Language, texts
from firmware.console.menu import SECTIONS
from firmware.console.rows import WIDTH, fitted, plain
from firmware.console.table import COMMANDS
from firmware.service.availability import Reason

OTHERS = (Language.JA, Language.ROMAJI)
ROOT_ONLY = ("Too many wrong passwords. Root", "A name is", "Nothing was done. ", "Nobody is logged in")


def refusals() -> Iterator[str]:
    """Every sentence that stands whole in a `Refused(code, "sentence")` of the grammar and the conversation."""
    for module in (command, talking, status):
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Refused"), args=[_, ast.Constant(value=str(sentence))]):
                    yield sentence


SHOWN = (
    *(row.help for row in COMMANDS),
    *(f" 1 {name:9} {about}: status, exit" for name, (about, _) in SECTIONS.items()),
    *(reason.sentence for reason in Reason),
    *(sentence for sentence in TROUBLES.values() if sentence),
    *(sentence for sentence in refusals() if not sentence.startswith(ROOT_ONLY)),
)


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_is_missing(language: Language) -> None:
    assert [text for text in SHOWN if texts(language).told(text) == text] == []


def test_the_languages_say_the_same_and_romaji_needs_no_letters_of_its_own() -> None:
    both = [texts(language) for language in OTHERS]
    assert both[0].whole.keys() == both[1].whole.keys()
    assert [t.fits for t in both[0].templates] == [t.fits for t in both[1].templates]
    for template in (*both[0].templates, *both[1].templates):
        assert template.says.count("{}") == template.fits.groups, template.says
    assert all(text.isascii() for text in both[1].whole.values())


@pytest.mark.parametrize(
    ("line", "japanese", "romaji"),
    [
        (
            "601 The door is open. Shut it first.",
            "601 扉が開いています。先に閉めてください。",
            "601 Tobira ga aite imasu.",
        ),
        (" 1 status                       who is logged in", "誰がログインしているか", "dare ga roguin"),
        ("Next: nothing is to do; `logout`.", "次に：することはありません。`logout`。", "Tsugi ni: suru koto wa"),
        (
            "mode in_service, session idle, door shut",
            "モード 稼働中、取引 待機、扉 閉",
            "modo kado-chu, torihiki taiki",
        ),
        (
            "N is how many. Type: paper load N",
            "N is how many. 入力：paper load N",
            "N is how many. Nyuryoku: paper load N",
        ),
        ("hopper 100: 50 coins", "hopper 100: 50 coins", "hopper 100: 50 coins"),
    ],
)
def test_a_line_is_told_as_a_whole_as_a_template_or_by_its_end(line: str, japanese: str, romaji: str) -> None:
    assert japanese in texts(Language.JA).told(line)
    assert romaji in texts(Language.ROMAJI).told(line)
    assert texts(Language.EN).told(line) == line


def test_rows_fit_also_with_letters_of_two_columns() -> None:
    for text in (*texts(Language.JA).whole.values(), "記" * 200, "a" + "簿" * 79):
        rows = fitted(text)
        assert all(columns(row) <= WIDTH for row in rows)
        assert "".join("".join(rows).split()) == "".join(text.split())


def test_a_letter_that_the_terminal_lacks_can_be_looked_up() -> None:
    assert plain("20261124_住_7") == "20261124_\\u4f4f_7"


def columns(row: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in row)
