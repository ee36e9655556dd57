"""The texts of the console: none is missing in a language, and each fits a terminal."""

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import firmware.console
from drivers.vocabulary import Key
from firmware.book import records
from firmware.book.book import TOTALS
from firmware.book.cases import Case, MismatchCode
from firmware.config.settings import SETTABLE, how_written
from firmware.console.cases import MEANS
from firmware.console.command import NO_MORE, TOO_MANY, Command
from firmware.console.console import TROUBLES
from firmware.console.language import COUNTED, Language, one, texts
from firmware.console.menu import SECTIONS, explained
from firmware.console.rows import WIDTH, columns, fitted, plain
from firmware.console.table import COMMANDS
from firmware.service.availability import Reason
from firmware.service.lockout import PIN_ATTACK

OTHERS = (Language.JA, Language.ROMAJI)
SAYS = {"Refused", "Show", "Answer", "Plan", "Ask"}  # what is in them is shown
FRAGMENTS = (  # parts of a line that another text has whole, and what the journal keeps in English
    "{} (the city's)",
    "{} (unit file)",
    "{}, {}. {}",
    "Second person",
    "`test acceptor` says more.",
    "reconciled by",
    "paired by",
    "kept by the",
    "It was paid {} already",
    "{} {} the door",
    "{}; the book had",
    "This command is not",
    "There is no such",
)


def texts_in(node: ast.AST) -> Iterator[str]:
    """The texts in this piece of program, `{}` for what differs; without what they are compared or formatted with."""
    match node:
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
        case ast.Constant(value=str(text)):
            yield text
        case ast.Dict() | ast.Subscript():
            pass
        case _:
            for child in ast.iter_child_nodes(node):
                yield from texts_in(child)


def shown() -> Iterator[str]:
    """Every text of several words that a command shows, with a number for what differs."""
    for path in sorted(Path(firmware.console.__path__[0]).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYS:
                for text in texts_in(node):
                    if re.search(r"[A-Za-z]{2,} [a-z]{2,}", text) and not text.startswith(FRAGMENTS):
                        yield text.replace("{}", "7")


SETTINGS = {
    how_written(key.replace("DAY", "everyday").replace("KIND", "copy").replace("NAME", "pay_s")) for key in SETTABLE
}
ARGUMENTS = {argument.sentence for row in COMMANDS for argument in row.takes}
RECORDS = [
    kind for kind in vars(records).values() if dataclasses.is_dataclass(kind) and kind in get_args(records.Record)
]
FIELDS = {f"{field.name}=" for kind in RECORDS for field in dataclasses.fields(kind)}
SHOWN = (
    *(row.help for row in COMMANDS),
    *(f"{about}: status, exit" for about, _ in SECTIONS.values()),
    *(reason.sentence for reason in Reason),
    *(sentence for sentence in TROUBLES.values() if sentence),
    *sorted(set(shown())),
    *sorted(ARGUMENTS),
    NO_MORE,
    TOO_MANY,
    *sorted(f"VALUE ({how}): " for how in SETTINGS),
    *MEANS.values(),
    *(kind.__name__ for kind in RECORDS),
    *sorted(FIELDS),
    *TOTALS,
)


def test_every_code_of_the_queue_has_a_sentence() -> None:
    assert MEANS.keys() == {*Case, *MismatchCode, PIN_ATTACK}
    assert len(RECORDS) > 40


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


def test_no_row_begins_with_what_ends_a_sentence() -> None:
    for length in range(30, 45):
        rows = fitted("あ" * length + "。" + "い" * length + "（" + "う" * length + "）。" + "ケーブル" * length)
        assert [row for row in rows if row.strip()[0] in "、。）」ー"] == []
        assert max(map(columns, rows)) <= WIDTH


def test_the_keys_are_called_what_is_printed_on_them() -> None:
    told = [texts(Language.JA).told(f"press {key.upper()}") for key in Key]
    assert all(label in " ".join(told) for label in ("取消", "訂正・戻る", "ことば", "▲", "▼", "確認"))
    assert len(set(told)) == len(Key)


def test_no_language_says_again_in_brackets_what_the_machine_fills_in() -> None:
    japanese, romaji = ([re.findall(r"[(（]{}[)）]", t.says) for t in texts(language).templates] for language in OTHERS)
    assert list(map(len, japanese)) == list(map(len, romaji))


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
            "Next: 1 put right what 401, 501 say above; 2 count the sheets and type `paper load N`; 3 `exit`.",
            "次に：1 上の 401, 501 を直す; 2 用紙を数えて `paper load N`; 3 `exit`.",
            "Tsugi ni: 1 ue no 401, 501 o naosu; 2 yoshi o kazoete `paper load N`; 3 `exit`.",
        ),
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
        (
            "Not well: acceptor, hopper. Mend this and test again.",
            "不良：硬貨投入機, ホッパー。",
            "Furyo: koka tonyuki, hoppa.",
        ),
        ("   -0.5 ->     6 ask counter of cuts: 1d67", "     6 ask counter of cuts: 1d67", "ask counter of cuts"),
        ("  nobody knows: 50", "  nobody knows: 50", "  nobody knows: 50"),
        ("coin.port = coin", "coin.port = coin", "coin.port = coin"),
        ("test card      never            -", "test card      未実施           -", "test card      mi-jisshi        -"),
        (
            "7 2026-11-24 10:00:00 JST ConsoleAct who=tanaka role=none",
            "7 2026-11-24 10:00:00 JST 操作 人=tanaka 役割=なし",
            "JST Sosa hito=tanaka yakuwari=nashi",
        ),
        (
            "card well since 11-24 10:00             journal well since 11-24 10:00",
            "カード 正常（11-24 10:00 から）         記録簿 正常（11-24 10:00 から）",
            "kado seijo (11-24 10:00 kara)",
        ),
    ],
)
def test_a_line_is_told_as_a_whole_as_a_template_or_by_its_end(line: str, japanese: str, romaji: str) -> None:
    assert japanese in texts(Language.JA).told(line)
    assert romaji in texts(Language.ROMAJI).told(line)
    assert texts(Language.EN).told(line) == line


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.verb)
def test_what_explains_a_command_is_told_whole(language: Language, command: Command) -> None:
    """Each row as `?` shows it, with its indent; only what is typed and the names of roles stay."""
    for row in explained(COMMANDS, command.spoken)[1:]:
        told = texts(language).told(row)
        assert told != row
        assert told.startswith("  ")
        assert not re.search(r"\b(the|is|are|of|when|or)\b", re.sub(r"`[^`]*`", "", told), re.IGNORECASE), told


def flags() -> Iterator[str]:
    """The details of the items that `uncertain` shows, 7 for what differs."""
    for path in sorted(Path(firmware.__path__[0]).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Flag":
                yield from (text.replace("{}", "7") for text in texts_in(node))


NOT_COUNTED = {"has", "is", "was", "keeps", "does", "answers", "times"}  # counts nothing, or (times) never one


def test_a_single_thing_is_not_told_as_several() -> None:
    """The program is read for what it counts: behind a number that differs, or one that it writes itself."""
    said = [*shown(), *flags()]
    counted = {found for text in said for found in re.findall(r"\b[17]{1,2} ((?:failed )?[a-z]+s)\b", text)}
    assert {"coins", "sheets", "failed sessions", "credits"} <= counted
    assert counted - {*COUNTED} - NOT_COUNTED == set()
    for word in COUNTED:
        several = f"hopper 100: 1 {word}, then 11 {word}, 0.1 {word}; +1 {word}"
        assert one(several) == f"hopper 100: 1 {word[:-1]}, then 11 {word}, 0.1 {word}; +1 {word[:-1]}"
    assert one("1 sheets are in the printer.") == "1 sheet is in the printer."
    assert one("21 sheets are in the printer.") == "21 sheets are in the printer."


def test_rows_fit_also_with_letters_of_two_columns() -> None:
    for text in (*texts(Language.JA).whole.values(), "記" * 200, "a" + "簿" * 79):
        rows = fitted(text)
        assert all(columns(row) <= WIDTH for row in rows)
        assert "".join("".join(rows).split()) == "".join(text.split())


def test_a_letter_that_the_terminal_lacks_can_be_looked_up() -> None:
    assert plain("20261124_住_7") == "20261124_\\u4f4f_7"
