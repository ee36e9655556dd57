"""The check of places: each seeded fault of a template or a layout is found, though every word is there and in order."""

import dataclasses
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from host_sim.centre import forms
from host_sim.centre.forms import canvas, fitting, flow, inkan, juminhyo, press
from host_sim.centre.forms.places import Misplaced

PLACE = "place(dx: x * 1mm, dy: y * 1mm, text(size: size * 1pt, tracking: tracking * 1pt, words))"
PICTURE = (
    "place(pdf.artifact(image(bytes(\"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 210 297'>"
    "<rect width='210' height='297' fill='white'/></svg>\"), format: \"svg\", width: 210mm, height: 297mm)))"
)
TEMPLATES = {  # what is drawn instead of PLACE, and what the check says of it
    "all words moved": (PLACE.replace("x *", "(x + 5) *"), "(cross a rule|outside)"),
    "all words larger": (PLACE.replace("size * 1pt", "size * 1.7pt"), "stand over other words"),
    "clipped": (
        PLACE.replace("text(size", "box(width: 9mm, height: 3mm, clip: true, text(size") + ")",
        "cannot be seen",
    ),
    "in white": (PLACE.replace("words)", "fill: white, words)"), "cannot be seen"),
    "in grey": (PLACE.replace("words)", "fill: luma(160), words)"), "cannot be seen"),
    "painted over": (PLACE + "\n    if words.len() > 9 " + "{ " + PICTURE + " }", "cannot be seen"),
    "off the sheet": (PLACE.replace("x *", "(x + 190) *"), "outside the printable area"),
}


def faults_of(town: Any, kind: str, key: str = "taro") -> list[str]:
    who = town.register.by_key(key)
    options = town.answers(kind, who, everything=True)
    return list(town.check(town.typeset(kind, who, options), kind, who, options))


def use(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for picture in press._HERE.glob("*.png"):
        shutil.copy(picture, folder)
    monkeypatch.setattr(press, "_HERE", folder)


@pytest.mark.parametrize("fault", TEMPLATES)
@pytest.mark.parametrize("kind", ["juminhyo", "inkan", "kazei", "koseki", "fuhyo"])
def test_a_mutated_template_is_found(
    town: Any, kind: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead, sentence = TEMPLATES[fault]
    template = (press._HERE / "plot.typ").read_text()
    assert PLACE in template
    (tmp_path / "plot.typ").write_text(template.replace(PLACE, instead))
    use(tmp_path, monkeypatch)
    faults = faults_of(town, kind)
    assert any(re.search(sentence, fault) for fault in faults), faults


def test_a_word_that_the_template_leaves_out_is_found(
    town: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = (press._HERE / "plot.typ").read_text()
    (tmp_path / "plot.typ").write_text(template.replace(PLACE, f'if not words.starts-with("【続柄】") {{ {PLACE} }}'))
    use(tmp_path, monkeypatch)
    assert any("missing or wrong" in fault for fault in faults_of(town, "koseki"))


COLUMNS = {  # from which x the words of a column begin, in mm, and how far they are set to the right of it
    "juminhyo": (juminhyo.X_VALUE2, 30.0),
    "kisai": (juminhyo.X_LABEL2, -30.0),
    "inkan": (inkan.X_VALUE, -20.0),
    "kazei": (51.0, -15.0),
    "koseki": (flow.X_WORDS, -20.0),
    "fuhyo": (flow.X_WORDS, -20.0),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_column_that_moved_on_its_own_is_found(town: Any, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules stand where they stood; only the words go by another number."""
    (begins, mm), drawn = COLUMNS[kind], canvas.Sheet.put

    def put(self: canvas.Sheet, x: float, *more: Any) -> None:
        drawn(self, x + mm if begins <= x < begins + 8 else x, *more)

    monkeypatch.setattr(canvas.Sheet, "put", put)
    faults = faults_of(town, kind)
    assert faults
    assert all(isinstance(fault, Misplaced) for fault in faults)


def test_words_a_little_too_low_cross_the_rule(town: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(juminhyo, "BASE", juminhyo.BASE + 1.2)
    assert any("cross a rule" in fault for fault in faults_of(town, "juminhyo"))


def test_without_the_rule_of_fitting_a_long_reading_is_found(town: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen once: a reading of 50 letters, set on one line, lost its last word at the edge and was issued."""
    register, who = renamed(
        town,
        "taro",
        kana="マリア　アパレシーダ　ドス　サントス　オリヴェイラ　ダ　シルヴァ　ペレイラ　フェレイラ　ジュニオール",
    )
    monkeypatch.setattr(fitting, "one_line", lambda words, w, size, what: size)
    monkeypatch.setattr(fitting, "fit", lambda words, w, h, size, what: fitting.Fitted(size, ((h / 2, words),)))
    pdf = forms.typeset("juminhyo", who, [who], {}, town.issue(), register)
    faults = forms.check(pdf, "juminhyo", who, [who], {}, town.issue(), register)
    assert faults
    assert all(isinstance(fault, Misplaced) for fault in faults)


def renamed(town: Any, key: str, **facts: Any) -> Any:
    who = dataclasses.replace(town.register.by_key(key), **facts)
    return dataclasses.replace(town.register, residents={**town.register.residents, who.resident_id: who}), who


def moved(words: list[list[Any]], chance: random.Random) -> None:
    """One item of a person is set a line or more away from where it belongs."""
    item = chance.choice([w for w in words if 36 < w[1] < 84 and w[0] > 41])
    item[1] += chance.choice([-8, -4, 4, 8])


def exchanged(words: list[list[Any]], chance: random.Random) -> None:
    """Two items of a person stand in each other's place; they are still drawn in the right order."""
    one, other = chance.sample([w for w in words if 36 < w[1] < 84 and w[0] in {42.5, 150.5} and w[-1] != "＊＊＊"], 2)
    one[0], one[1], other[0], other[1] = other[0], other[1], one[0], one[1]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("fault", [moved, exchanged])
def test_an_item_in_another_cell_is_found(
    town: Any, fault: Callable[[list[list[Any]], random.Random], None], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pressed = press.press

    def wrongly(sheets: Any, *more: Any, **named: Any) -> bytes:
        fault(sheets[0].words, random.Random(seed))
        return pressed(sheets, *more, **named)

    monkeypatch.setattr("host_sim.centre.forms.certificate.press", wrongly)
    assert faults_of(town, "juminhyo")
