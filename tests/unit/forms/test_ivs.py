"""No missing or wrong letters in names. The variants IPAmj has: form rule 8 (邉 from E010F, 葛 E0102 to E0108, no Adobe-Japan1)."""

import dataclasses
from datetime import date
from itertools import product

import pytest

from host_sim.centre import forms
from host_sim.centre.forms import ivs, reading
from host_sim.centre.forms.canvas import Sheet
from host_sim.centre.forms.press import Imprint, press


@pytest.mark.parametrize(
    "name", ["渡邉\U000e0110　和子", "葛\U000e0103原", "辻\U000e0102", "日髙", "川﨑", "NGUYEN VAN AN"]
)
def test_names_that_the_font_draws(name: str) -> None:
    assert ivs.missing([name]) == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (
            "葛\U000e0100城",
            "U+845B U+E0100",
        ),  # Adobe-Japan1 variant: without the check it would be drawn as the plain character
        ("川\ue000", "U+E000"),  # private use: an unregistered 外字
        ("\U000e0103葛", "U+E0103"),  # a selector with nothing before it
        ("邉\U000e0110\U000e0110", "U+E0110"),
        ("花\ufe00子", "U+FE00"),
        ("花\u200b子", "U+200B"),
        ("花\n子", "U+000A"),
        ("\U0003fffe", "U+3FFFE"),
    ],
)
def test_what_cannot_be_drawn_is_named_by_its_code(text: str, named: str) -> None:
    assert ivs.missing([text]) == [named]
    with pytest.raises(forms.GlyphMissing) as refusal:
        ivs.require(["宮崎", text])
    assert refusal.value.characters == (named,)
    assert not any(letter in str(refusal.value) for letter in "葛川邉花子")


def test_it_is_refused_before_anybody_pays(town) -> None:  # type: ignore[no-untyped-def]
    gaiji = town.register.by_key("gaiji")
    assert {kind: town.offer(kind, gaiji)["refusal"] for kind in ("juminhyo", "kisai", "inkan")} == {
        "juminhyo": "ask_at_counter",
        "kisai": "ask_at_counter",
        "inkan": "ask_at_counter",
    }
    with pytest.raises(forms.GlyphMissing):
        town.typeset("juminhyo", gaiji, {})


def test_a_mayor_with_a_strange_name_stops_every_paper(town) -> None:  # type: ignore[no-untyped-def]
    taro = town.register.by_key("taro")
    city = dataclasses.replace(town.register.municipality, mayor="橘　\ue001")
    register = dataclasses.replace(town.register, municipality=city)
    with pytest.raises(forms.GlyphMissing):
        forms.typeset("inkan", taro, town.household(taro), {}, town.issue(), register)


PIECES = ("〜", "～", "葛", "葛\U000e0103", "邉\U000e0110", "\U000e0110", "宮崎　", "a", "\n", "")


def test_a_text_is_told_letter_by_letter() -> None:
    """Whatever stands beside a letter and its selector: as the texts of its single letters are."""
    for text in map("".join, product(PIECES, repeat=3)):
        alone = [character + (selector or "") for character, selector in ivs.letters(text)]
        assert ivs.told(text) == "".join(map(ivs.told, alone)), ascii(text)
        assert set(ivs.missing([text])) == set(ivs.missing(alone)), ascii(text)


def test_what_would_end_a_text_of_typst_is_printed_as_it_stands() -> None:
    words = ('"', "\\", '\\"))', "\\u{41}", '"+panic("x")+"', "#name", "$x$", "*_")
    sheet = Sheet()
    for place, text in enumerate(words):
        sheet.text(20, 20 + 10 * place, text)
    imprint = Imprint(title='a "title\\', author="a\\", keywords=('k"',), made_on=date(2026, 11, 24))
    paper = reading.read(press([sheet], imprint))
    assert [run.words for run in paper.laid[0].runs] == list(words)
    assert (paper.title, paper.keywords) == ('a "title\\', 'k"')
