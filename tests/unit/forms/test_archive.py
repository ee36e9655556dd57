"""The file itself: PDF/A and PDF/UA by rules read from the standards, and what a screen reader is told."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typst

from host_sim.centre import forms
from host_sim.centre.forms import font, reading
from tests.unit.forms import archive
from tests.unit.forms.test_fitting import one_with

PLAIN = '#set text(font: "IPAmjMincho")\n住民票 #box(rect())'


@pytest.mark.parametrize("kind", forms.KINDS)
def test_every_paper_keeps_the_rules(town: Any, kind: str) -> None:
    for key in ("taro", "nguyen", "ichiro", "kazuko"):
        who = town.register.by_key(key)
        if town.offer(kind, who)["refusal"] is None:
            assert archive.broken(town.typeset(kind, who, town.answers(kind, who, everything=True))) == []


@pytest.mark.parametrize("kind", forms.KINDS)
def test_another_program_finds_each_file_whole(town: Any, tmp_path: Path, kind: str) -> None:
    """qpdf reads every object and stream; a file with one wrong offset is found, or the rest would prove nothing."""
    who = town.register.by_key("taro")
    paper = town.typeset(kind, who, town.answers(kind, who, everything=True))
    damaged = re.sub(rb"startxref\n(\d+)", lambda found: b"startxref\n" + b"1" * len(found[1]), paper)
    assert [_qpdf_finds(tmp_path, pdf) for pdf in (paper, damaged)] == [False, True]


def _qpdf_finds(folder: Path, pdf: bytes) -> bool:
    (folder / "paper.pdf").write_bytes(pdf)
    done = subprocess.run(["qpdf", "--check", str(folder / "paper.pdf")], capture_output=True, check=False)
    return done.returncode != 0


def test_the_rules_find_a_file_that_breaks_them(town: Any, tmp_path: Path) -> None:
    """Or the test above would prove nothing."""
    (tmp_path / "plain.typ").write_text(PLAIN)
    plain = typst.compile(str(tmp_path / "plain.typ"), pdf_tags=False, font_paths=[str(font.folder())], timestamp=0)
    found = " ".join(archive.broken(plain))
    for clause in ("6.2.3", "6.6.4", "14289-1, 7.1", "14289-1, 5", "6.7.2"):
        assert clause in found
    paper = town.typeset("inkan", town.register.by_key("taro"), {})
    for was, now, clause in (
        (b"/ToUnicode", b"/ToUnicorn", "6.2.11.7.2"),
        (b"/FontFile2", b"/FontFail2", "6.2.11.4"),
        (b"/GTS_PDFA1", b"/GTS_PDFX1", "6.2.3"),
        (b"/StructTreeRoot", b"/StructTreeRots", "6.7.2"),
        (b"/Lang(ja)", b"/Lang(en)", "6.7.4"),
        (b"%PDF-1.7", b"%PDF-2.0", "6.1.2"),
        (b"<pdfaid:part>2", b"<pdfaid:part>1", "6.6.4"),
    ):
        assert was in paper
        assert clause in " ".join(archive.broken(paper.replace(was, now)))
    assert "6.1.3" in " ".join(archive.broken(paper + b"more"))
    assert archive.untagged(b"/Artifact BMC f EMC (BMC) Tj")
    assert not archive.untagged(b"/Artifact BMC f /Span<</MCID 1>>BDC (EMC) Tj EMC EMC")


@pytest.mark.parametrize("kind", sorted(forms.KINDS))
def test_a_screen_reader_is_told_every_word_in_order(town: Any, kind: str) -> None:
    who = town.register.by_key("ichiro" if kind == "juminhyo" else "taro")
    pdf = town.typeset(kind, who, town.answers(kind, who, everything=True))
    parts = archive.aloud(pdf)
    told = "".join(words for _, words in parts).replace(" ", "")
    assert told == "".join(reading.read(pdf).pages).replace("＊＊＊", "")
    assert [part for part, _ in parts].count("H1") == forms.page_count(pdf)
    assert {part for part, _ in parts} <= {"Document", "H1", "H2", "L", "LI", "Lbl", "LBody", "P"}


def test_a_label_and_its_value_are_one_item(town: Any) -> None:
    who = town.register.by_key("taro")
    parts = archive.aloud(town.typeset("juminhyo", who, town.answers("juminhyo", who, everything=True)))
    assert parts[1:5] == [("H1", "住民票"), ("L", ""), ("LI", ""), ("Lbl", "住所")]
    assert [words for part, words in parts if part == "H2"] == ["1", "2", "3", "4"]
    assert parts[parts.index(("Lbl", "氏名")) + 1] == ("LBody", "宮崎　太郎")
    assert any(part == "P" and words.startswith("この写しは、") for part, words in parts)


def test_a_blank_cell_keeps_its_label(town: Any) -> None:
    """A reading that is not recorded: the next label is not read as its value."""
    register, who = one_with(town, kana="")
    parts = archive.aloud(forms.typeset("juminhyo", who, [who], {}, town.issue(), register))
    at = parts.index(("Lbl", "氏名の振り仮名"))
    assert parts[at + 1 : at + 4] == [("LBody", ""), ("LI", ""), ("Lbl", "個人番号")]


def test_one_glyph_of_two_texts_is_told_as_each(town: Any) -> None:
    """葛 with and without U+E0103 is one glyph of the font, which has one text; the other one stands beside it (ActualText)."""
    name = "葛\U000e0103　葛"
    register, who = one_with(town, name=name)
    pdf = forms.typeset("inkan", who, [who], {}, town.issue(), register)
    assert ("LBody", name) in archive.aloud(pdf)
    assert forms.check(pdf, "inkan", who, [who], {}, town.issue(), register) == []


def test_poppler_finds_the_same_structure(town: Any, tmp_path: Path) -> None:
    pdf = town.typeset("inkan", town.register.by_key("taro"), {})
    (tmp_path / "paper.pdf").write_bytes(pdf)
    seen = subprocess.run(["pdfinfo", "-struct", str(tmp_path / "paper.pdf")], check=True, capture_output=True).stdout
    parts = re.findall(rb"(?m)^ *(Document|H1|L|LI|Lbl|LBody|P)\b", seen)
    assert [part.decode() for part in parts] == [part for part, _ in archive.aloud(pdf)]
