"""Large letters: 42 pixels and more, 7 to 1, nothing cut, and the same keys as on the ordinary screen, in both kinds of colours."""

import re
from collections import Counter
from dataclasses import replace
from itertools import cycle, product
from math import degrees

import pytest

from firmware.screens import draw
from firmware.screens.__main__ import main
from firmware.screens.canvas import HEIGHT, LARGE_SIZE
from firmware.screens.examples import examples
from firmware.screens.fonts import Letters
from firmware.screens.frame import LEGENDS
from firmware.screens.palette import BLACK, CAPS, GREEN, LINE, RED, SAND, SEA, STEEL, WHITE, YELLOW, contrast, edge_of
from firmware.screens.words import LANGUAGES, words
from firmware.session import scenes as show
from firmware.session.basket import item_pages
from firmware.session.scenes import Look
from host_sim.centre.city import items

from .scenes_all import ANSWERS, NAME, REASONS, TITLES, few
from .test_screens import faults

NAMES = (
    show.ChooseKind | show.ChooseOption | show.Basket | show.Consent
)  # what the city calls its certificates may be cut
TEN_INCH = (1280, 800)
LARGE = [Look.LARGE, Look.LARGE_DARK]


@pytest.mark.parametrize("look", LARGE)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_screen_in_large_letters_can_be_read(language, look):
    wrong = Counter()
    for scene in few(language, 40):
        canvas = draw(replace(scene, look=look))
        found = faults(canvas, may_shorten=isinstance(scene, NAMES))
        found += [
            f"{note.text!r} has {note.size} pixels" for note in canvas.placed if note.text and note.size < LARGE_SIZE
        ]
        wrong.update(f"{type(scene).__name__}: {fault}" for fault in found)
    assert not wrong, "\n".join(f"{count}x {fault}" for fault, count in wrong.most_common(40))


@pytest.mark.parametrize("language", LANGUAGES)
def test_on_a_glass_of_ten_inches_the_same_is_said_in_larger_letters(language):
    wrong = Counter()
    scenes = {type(scene): scene for scene in few(language, 40)}.values()
    for scene, look in zip(scenes, cycle(Look), strict=False):
        shown = replace(scene, look=look)
        small, large = draw(shown), draw(shown, TEN_INCH)
        assert large.image.size == TEN_INCH
        assert [note.text for note in large.placed] == [note.text for note in small.placed]
        for one, other in zip(small.placed, large.placed, strict=True):
            assert not one.text or one.size * 1.5 <= other.size <= one.size * 1.6, one
        may_shorten = look is not Look.NORMAL and isinstance(scene, NAMES)
        found = faults(large, may_shorten=may_shorten, least=36)
        wrong.update(f"{type(scene).__name__}: {fault}" for fault in found)
    assert not wrong, "\n".join(f"{count}x {fault}" for fault, count in wrong.most_common(40))


def test_a_test_picture_for_staff_reaches_every_edge_of_a_glass_of_ten_inches():
    edges = draw(show.StaffPicture(picture="edges", number="1234"), TEN_INCH).image
    width, height = TEN_INCH
    corners = [(0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)]
    assert {edges.getpixel(corner) for corner in corners} == {(255, 0, 0)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_screen_in_large_letters_offers_the_keys_of_the_ordinary_one(language):
    legends = {legend for legend, *_ in LEGENDS.values()}

    def caps(scene):
        return {note.text for note in draw(scene).placed if note.text in legends}

    for scene in few(language, 40):
        if not isinstance(scene, show.LastTry):  # there each of its two keys stands twice
            assert caps(scene) == caps(replace(scene, look=Look.LARGE)), scene


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_code_of_a_claim_and_what_to_do_are_never_left_out(language):
    say = words(language)
    for reason in REASONS[::3]:
        scene = show.Sorry(language=language, look=Look.LARGE, reason=reason, claim_yen=1400, claim_code="WXYZ23456")
        told = "".join(note.text for note in draw(scene).placed).replace(" ", "")
        what, then = say.reason(reason, 99)
        for sentence in (what, then, say("money", "code", code="WXY-Z23-456")):
            assert sentence.replace(" ", "").replace("\u3000", "") in told.replace("\u3000", ""), (reason, sentence)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_item_of_a_paper_is_named_on_one_of_its_pages(language):
    """Never as a number: whoever pays must be able to read what stands on the paper and what does not."""
    say = words(language)
    for kind, asked in items.ITEMS.items():
        every = tuple({"ja": ja, "en": en} for ja, en in asked.values())
        for cut, several, follows in product(range(len(every) + 1), (False, True), (False, True)):
            line = show.BasketLine(
                title=TITLES[4], details=(ANSWERS[0],), shown=every[:cut], left_off=every[cut:], copies=9, fee_yen=6750
            )
            basket = show.Basket(
                language=language, look=Look.LARGE, masked_name=NAME, lines=(line,) * (1 + several), fee_yen=6750,
                may_add=True, may_preview=follows,
            )  # fmt: skip
            told = ""
            for part in range(len(item_pages(line)) + 1):
                canvas = draw(replace(basket, part=part))
                assert not faults(canvas, may_shorten=True)
                told += " ".join(note.text for note in canvas.placed if note.text) + "\n"
            assert not [item for item in every if _bare(say.of(item)) not in _bare(told)], (kind, told)
            assert not re.search(r": \d+$", told, re.MULTILINE), told


def _bare(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_capital_letter_has_seven_tenths_of_a_degree_at_450_mm(language):
    """Measured as EN 301 549 5.1.4 does. The glass of 7 inches is 86 mm high."""
    fine = 100  # times as large, because a letter is drawn in whole pixels
    above = -Letters(language, LARGE_SIZE * fine).font.getbbox("H", anchor="ls")[1] / fine
    assert degrees(above * 86 / HEIGHT / 450) >= 0.7


def test_shapes_stand_out_from_their_ground_at_three_to_one():
    for shape in (LINE, STEEL, SEA, RED, GREEN, *(edge_of(fill) for fill, _ in CAPS.values())):
        assert contrast(shape, WHITE) >= 3, shape
    for shape in (LINE, SEA, RED, GREEN):
        assert contrast(shape, SAND) >= 3, shape
    for shape in (STEEL, YELLOW, WHITE):
        assert contrast(shape, BLACK) >= 3, shape


def test_the_sheet_shows_every_type_of_screen(tmp_path):
    shown = {type(scene).__name__ for scene in examples("ja")} | {show.StaffPicture.__name__}  # of no resident
    assert shown == {kind.__name__ for kind in show.Scene.__subclasses__()}
    main(["sheet", "--out", str(tmp_path), "--language", "ko"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["large-ko.png", "large_dark-ko.png", "normal-ko.png"]
