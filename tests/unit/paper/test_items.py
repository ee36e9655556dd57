"""What is written on a page, as the document itself tells: the same as another library reads, in the groups of the form."""

import pytest

from firmware.paper.items import items
from firmware.paper.pages import read
from firmware.session.events import PageItem
from host_sim.centre import forms
from tests.unit.forms.archive import aloud
from tests.unit.forms.conftest import Town
from tests.unit.paper.pdf import compiled


def _bare(text: str) -> str:
    return "".join(text.split()).replace("【", "").replace("】", "")


@pytest.mark.parametrize("kind", forms.KINDS)
def test_another_library_reads_the_same_words_in_the_same_order(kind: str) -> None:
    town = Town()
    taro = next(who for who in town.register.residents.values() if who.name == "宮崎　太郎")
    pdf = town.typeset(kind, taro, town.answers(kind, taro, everything=True))
    ours = "".join(_bare(item.label + item.words) for page in read(pdf) for item in page)
    theirs = "".join(_bare(text) for _, text in aloud(pdf))
    assert ours == theirs
    assert any(item.label == "生年月日" and item.words == "昭和56年8月29日" for page in read(pdf) for item in page)


def test_labels_within_a_text_become_items_of_one_group() -> None:
    parts = [
        ("H1", "全 部"),
        ("Lbl", "身分事項　出 生 "),
        ("LBody", "【出生日】　昭和56年8月29日【届出人】　父"),
        ("P", " 以 下 "),
    ]
    assert items(parts) == (
        PageItem(1, "", "全部"),
        PageItem(2, "身分事項　出生", ""),
        PageItem(2, "出生日", "昭和56年8月29日"),
        PageItem(2, "届出人", "父"),
        PageItem(2, "", "以 下"),
    )


def test_a_label_without_words_stays_and_brackets_in_the_place_of_words_are_no_label() -> None:
    parts = [("Lbl", "印 影"), ("Lbl", "旧 氏"), ("LBody", "【空欄】"), ("Lbl", "備考"), ("H2", "2"), ("Lbl", "氏名")]
    told = [(item.group, item.label, item.words) for item in items(parts)]
    assert told == [(0, "印影", ""), (0, "旧氏", "【空欄】"), (0, "備考", ""), (1, "", "2"), (1, "氏名", "")]


def test_what_is_no_document_and_what_tells_nothing_has_no_items() -> None:
    assert read(b"no document") == ()
    drawn = compiled("#set page(width: 60mm, height: 40mm)\n#rect()\n#pagebreak()\n#rect()")
    assert list(read(drawn)) == [(), ()]
