"""MJ+: letters of the private use area by the city's own font, another letter only if the paper says so, else refused.

The additional font is made here: two glyphs that no other font has.
"""

import dataclasses
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from host_sim.centre import forms, sample
from host_sim.centre.city.file import CityError, read_file
from host_sim.centre.forms import expect_letters, letters, reading
from host_sim.centre.register import AdditionalLetters, Register, Resident

SAMPLE_FILE = Path(sample.__file__).parent / "miyazaki.toml"
TODAY = date(2026, 11, 24)
HELD, WANTING, UNKNOWN = "\U000f0001", "\U000f0a12", "\U000f0bad"
TABLE = """letter,glyph,name,fallback
F0001,F0001,MJ+000001,辺
8FBA E01EE,F0002,MJ+000002,辺
F0A12,F0A12,MJ+002578,邊
"""


def make_font(path: Path, family: str = "Test Additional", *, whole: bool = True) -> None:
    """Two square letters, one em wide."""
    pen = TTGlyphPen(None)
    for x, y in ((100, 0), (100, 800), (900, 800), (900, 0)):
        (pen.moveTo if (x, y) == (100, 0) else pen.lineTo)((x, y))
    pen.closePath()
    square = pen.glyph()
    names = [".notdef", "one", "two"]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({0xF0001: "one", 0xF0002: "two"})
    builder.setupGlyf(dict.fromkeys(names, square))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (1000, 100)))
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    told = {"familyName": family, "styleName": "Regular", "fullName": family, "psName": family.replace(" ", "")}
    builder.setupNameTable(told if whole else {"familyName": family, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)


@pytest.fixture(scope="module")
def rule(tmp_path_factory: pytest.TempPathFactory) -> AdditionalLetters:
    folder = tmp_path_factory.mktemp("letters")
    make_font(folder / "additional.ttf")
    (folder / "table.csv").write_text(TABLE, encoding="utf-8")
    return AdditionalLetters(font=str(folder / "additional.ttf"), table=str(folder / "table.csv"))


def city_with(town: Any, rule: AdditionalLetters | None, name: str) -> tuple[Register, Resident]:
    who = dataclasses.replace(town.register.by_key("taro"), name=name)
    municipality = dataclasses.replace(town.register.municipality, letters=rule)
    residents = {**town.register.residents, who.resident_id: who}
    return dataclasses.replace(town.register, municipality=municipality, residents=residents), who


def issued(town: Any, register: Register, who: Resident, kind: str) -> tuple[bytes, list[str]]:
    household = register.members(register.household_of(who))
    pdf = forms.typeset(kind, who, household, {}, town.issue(), register)
    return pdf, forms.check(pdf, kind, who, household, {}, town.issue(), register)


@pytest.mark.parametrize("kind", ["juminhyo", "inkan"])
@pytest.mark.parametrize(
    ("name", "stands"),
    [
        (f"渡{HELD}　花子", f"渡{HELD}　花子"),
        ("渡辺\U000e01ee　花子", "渡\U000f0002　花子"),  # a selector that IPAmj has not: by the table
        (f"{HELD}　{HELD}", f"{HELD}　{HELD}"),
    ],
)
def test_the_citys_font_draws_its_letters(
    town: Any, rule: AdditionalLetters, kind: str, name: str, stands: str, tmp_path: Path
) -> None:
    register, who = city_with(town, rule, name)
    pdf, faults = issued(town, register, who, kind)
    assert faults == []
    (tmp_path / "paper.pdf").write_bytes(pdf)
    told = subprocess.run(["pdffonts", tmp_path / "paper.pdf"], check=True, capture_output=True, text=True).stdout
    assert "TestAdditional" in told.replace("-", "").replace(" ", "")
    words = reading.read(pdf).pages[0]
    assert stands in words
    assert "縮退" not in words


def test_without_a_glyph_it_is_refused_by_name(town: Any, rule: AdditionalLetters) -> None:
    for name, missing in ((f"渡{WANTING}", "U+F0A12"), (f"渡{UNKNOWN}", "U+F0BAD")):
        register, who = city_with(town, rule, name)
        household = register.members(register.household_of(who))
        assert forms.lacking(who, household, register) == [missing]
        with pytest.raises(forms.GlyphMissing) as refusal:
            forms.typeset("inkan", who, household, {}, town.issue(), register)
        assert refusal.value.characters == (missing,)


def test_another_letter_is_printed_only_where_the_city_says_so_and_the_paper_says_it(
    town: Any, rule: AdditionalLetters
) -> None:
    said = dataclasses.replace(rule, fallback="said")
    register, who = city_with(town, said, f"渡{WANTING}　花子")
    for kind in ("juminhyo", "inkan"):
        pdf, faults = issued(town, register, who, kind)
        assert faults == []
        words = reading.read(pdf).pages[-1]
        assert "渡邊　花子" in words
        assert "MJ+002578（U+F0A12）は「邊」" in words
    unknown, who = city_with(town, said, f"渡{UNKNOWN}")
    assert forms.lacking(who, [who], unknown) == ["U+F0BAD"]


def test_a_paper_that_keeps_silent_about_it_is_found(
    town: Any, rule: AdditionalLetters, monkeypatch: pytest.MonkeyPatch
) -> None:
    register, who = city_with(town, dataclasses.replace(rule, fallback="said"), f"渡{WANTING}　花子")
    monkeypatch.setattr(letters, "note", lambda _: "")
    assert any("note on letters" in fault for fault in issued(town, register, who, "inkan")[1])


def test_a_paper_with_another_letter_than_the_tables_is_found(
    town: Any, rule: AdditionalLetters, monkeypatch: pytest.MonkeyPatch
) -> None:
    register, who = city_with(town, rule, "渡辺\U000e01ee　花子")
    monkeypatch.setattr(letters, "shown", lambda text, _: text.replace("辺\U000e01ee", HELD))
    assert any("name" in fault for fault in issued(town, register, who, "inkan")[1])
    assert expect_letters.__doc__


WRONG_TABLES = {
    "letter,glyph,name\nF0001,F0001,MJ+1\n": "must have the columns",
    TABLE + "F0001,F0002,MJ+3,\n": "line 5",  # twice
    TABLE + "F0003,8FBA,MJ+3,\n": "line 5",  # not of the private use area
    TABLE + "F0003,F0003,,\n": "line 5",
    TABLE + "F0003,F0003,MJ+3,辺辺\n": "line 5",
    TABLE + "xyz,F0003,MJ+3,\n": "line 5",
    TABLE + "F0003\n": "line 5",
}


@pytest.mark.parametrize("table", WRONG_TABLES)
def test_a_table_that_cannot_be_used_is_told_in_a_sentence(rule: AdditionalLetters, table: str, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(table, encoding="utf-8")
    with pytest.raises(letters.LettersUnusable, match=WRONG_TABLES[table]):
        letters.read(dataclasses.replace(rule, table=str(tmp_path / "table.csv")))


WRONG_FONTS = {"none": "is no font", "same": "own name", "nameless": "own name", "absent": "cannot be read"}


def test_a_font_that_cannot_be_used_is_told_in_a_sentence(rule: AdditionalLetters, tmp_path: Path) -> None:
    (tmp_path / "none.ttf").write_bytes(b"no font")
    make_font(tmp_path / "same.ttf", "IPAmjMincho")
    make_font(tmp_path / "nameless.ttf", whole=False)
    for font, sentence in WRONG_FONTS.items():
        with pytest.raises(letters.LettersUnusable, match=sentence):
            letters.read(dataclasses.replace(rule, font=str(tmp_path / f"{font}.ttf")))


def test_a_font_that_went_away_refuses_its_letters_and_nothing_else(town: Any, rule: AdditionalLetters) -> None:
    gone = dataclasses.replace(rule, font="/nowhere/additional.ttf")
    register, who = city_with(town, gone, f"渡{HELD}　花子")
    assert forms.lacking(who, [who], register) == ["U+F0001"]
    register, who = city_with(town, gone, "渡辺　花子")
    assert issued(town, register, who, "inkan")[1] == []


def test_the_citys_file_names_the_two_files(rule: AdditionalLetters, tmp_path: Path) -> None:
    file = tmp_path / "city.toml"
    text = SAMPLE_FILE.read_text(encoding="utf-8")
    section = f'[letters]\nfont = "{rule.font}"\ntable = "{rule.table}"\nfallback = "said"\n\n[certifier]'
    file.write_text(text.replace("[certifier]", section, 1), encoding="utf-8")
    said = dataclasses.replace(rule, fallback="said")
    assert read_file(file).on(TODAY).municipality.letters == said
    file.write_text(text.replace("[certifier]", section.replace("table.csv", "none.csv"), 1), encoding="utf-8")
    with pytest.raises(CityError, match=r"^letters: .*none.csv cannot be read"):
        read_file(file)
