"""Every sentence that the card desk says has its Japanese (`desk/texts/card_said.toml`)."""

import ast
import re
from collections.abc import Iterator

import pytest

from host_sim.centre.desk import texts
from host_sim.centre.desk.card_words import said
from tests.test_layering import ROOT

CENTRE = ROOT / "host_sim" / "centre"
FILES = [CENTRE / "cards.py", CENTRE / "desk" / "cards.py", *sorted((CENTRE / "card_desk").glob("*.py"))]


def literal(node: ast.expr) -> str | None:
    """A text with `{}` in the place of each value; None for anything else."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(value.value if isinstance(value, ast.Constant) else "{}" for value in values)
        case _:
            return None


def sentences() -> Iterator[str]:
    """What a refusal may say: in its own words, in a table of sentences, or returned as a text."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            spoken: list[ast.expr] = []
            match node:
                case ast.Call(func=ast.Name(id="ActRefused"), args=[words]):
                    spoken = [words]
                case ast.Dict(values=values) | ast.Tuple(elts=values):
                    spoken = list(values)
                case ast.Return(value=ast.expr() as value):
                    spoken = [value, *(value.body, value.orelse)] if isinstance(value, ast.IfExp) else [value]
            for words in spoken:
                text = literal(words)
                if text is not None and text.endswith(".") and " " in text and not text.startswith(" "):
                    yield text


@pytest.mark.parametrize(
    "sentence",
    sorted(set(sentences()) - {"{} What was announced, {}, ends on {}: the two do not agree, and the date counts."}),
)
def test_each_sentence_has_its_japanese(sentence: str) -> None:
    told = sentence.replace("{}", "X")
    assert re.search("[ぁ-ん]", said(told, "ja")), sentence
    assert said(told, "en") == told


def test_the_values_come_into_their_places() -> None:
    renewed = "A card is renewed from 90 days before its last day, 2036-11-24."
    assert said(renewed, "ja") == "更新できるのは期限（2036-11-24）の90日前からです。"


@pytest.mark.parametrize("key", [key for key in texts.all_texts() if "_said." in key])
def test_a_sentence_is_not_taken_for_another_that_begins_as_it_does(key: str) -> None:
    entry = texts.all_texts()[key]
    values = [f"{number}-{number}" for number in range(1, entry["en"].count("{}") + 1)]
    assert said(entry["en"].format(*values), "ja") == entry["ja"].format(*values)


def test_each_refusal_and_act_of_a_flag_has_its_japanese() -> None:
    written = (CENTRE / "operating" / "flags.py").read_text(encoding="utf-8")
    refusals = re.findall(r'NotDone\(f"([^"]+)"', written)
    assert len(refusals) == written.count("raise NotDone(") > 3
    for sentence in refusals:
        told = re.sub(r"\{\w+\}", "7", sentence)
        assert re.search("[ぁ-ん]", said(told, "ja")), sentence
    acts = re.findall(r'_act\(c, now, number, "(\w+)"', written)
    assert {f"incidents.act_{act}" for act in acts} <= texts.all_texts().keys()
    assert len(acts) > 4


def test_each_act_and_state_of_a_page_has_words() -> None:
    keys = texts.all_texts()
    for word in (
        "issue",
        "switch",
        "renew",
        "replace",
        "pin",
        "change",
        "lost",
        "found",
        "revoke",
        "unlock",
        "enquire",
    ):
        assert f"cards.do_{word}" in keys
