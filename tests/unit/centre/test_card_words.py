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
