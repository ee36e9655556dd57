"""The paper: bytes, pages, dots, the effect of a copier, and many threads at once."""

import dataclasses
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from host_sim.centre import forms, verify
from host_sim.centre.forms import canvas, certificate, expect, fitting, frame, ground, press, reading, seal
from host_sim.centre.register import Seal

WHOLE = reading.Window(0, 0, 0, canvas.WIDTH_MM, canvas.HEIGHT_MM)
HEAD_MARGIN_DOTS = 64  # 8 mm


def test_equal_facts_give_equal_bytes(town: Any) -> None:
    for kind in forms.KINDS:
        who = town.register.by_key("taro")
        options = town.answers(kind, who, everything=True)
        assert town.typeset(kind, who, options) == town.typeset(kind, who, options)


def test_copies_differ_in_their_number_only(town: Any) -> None:
    who = town.register.by_key("taro")
    one, two = (reading.read(town.typeset("inkan", who, {}, number)).pages[0] for number in (1, 2))
    assert one.replace("000001", "000002") == two


def test_more_than_four_people_take_two_pages_certified_on_the_last(town: Any) -> None:
    who = town.register.by_key("ichiro")
    pages = reading.read(town.typeset("juminhyo", who, town.answers("juminhyo", who, everything=True))).pages
    assert len(pages) == 2
    assert ["証明する。" in page for page in pages] == [False, True]
    assert [f"{number}/2" in page for number, page in enumerate(pages, start=1)] == [True, True]


def test_no_paper_bears_a_resident_code(town: Any) -> None:
    for key in ("taro", "nguyen", "ichiro"):
        who = town.register.by_key(key)
        words = "".join(reading.read(town.typeset("juminhyo", who, town.answers("juminhyo", who, True))).pages)
        assert not any(person.resident_code in words for person in town.household(who))


def test_dates_are_in_one_calendar(town: Any) -> None:
    """Foreign residents: dates of birth and end of stay are western, all others 和暦, none in both (standard 1.1.9)."""
    who = town.register.by_key("nguyen")
    words = reading.read(town.typeset("juminhyo", who, town.answers("juminhyo", who, everything=True))).pages[0]
    assert "生年月日1992年7月14日" in words
    assert "満了の日2028年3月14日" in words
    assert "平成4年7月14日" not in words
    assert "令和10年3月14日" not in words
    assert "2021年" not in words


@pytest.mark.parametrize("kind", forms.KINDS)
def test_the_head_prints_all_of_it(town: Any, kind: str) -> None:
    """8 mm of white on every side, and exactly 1680 x 2376 dots."""
    who = town.register.by_key("taro")
    grey = reading.read(town.typeset(kind, who, town.answers(kind, who, everything=True)), [WHOLE]).windows[0]
    assert grey.shape == (2376, 1680)
    for edge in (
        grey[:HEAD_MARGIN_DOTS],
        grey[-HEAD_MARGIN_DOTS:],
        grey[:, :HEAD_MARGIN_DOTS],
        grey[:, -HEAD_MARGIN_DOTS:],
    ):
        assert edge.min() == 255


def test_all_that_is_drawn_lies_on_whole_dots(town: Any) -> None:
    """Without its text a paper of four people has grey dots only in the curves of the mayor's seal."""
    who = town.register.by_key("taro")
    options = town.answers("juminhyo", who, everything=True)
    draft = certificate.draft("juminhyo", who, town.household(who), options, town.register)
    frame.certify("juminhyo", draft, town.issue(), town.register.municipality, verify.sample_signer())
    for sheet in draft.sheets:
        sheet.words.clear()
    imprint = press.Imprint(title="紙", author="", keywords=(), made_on=date(2026, 11, 24))
    grey = reading.read(press.press(draft.sheets, imprint), [WHOLE]).windows[0].copy()
    rows, columns = np.nonzero((grey > 0) & (grey < 255))
    assert rows.size
    for places in (rows, columns):
        assert places.max() - places.min() <= seal.MAYOR_MM * 8


def test_rules_are_black_and_whole(town: Any) -> None:
    who = town.register.by_key("taro")
    grey = reading.read(town.typeset("juminhyo", who, town.answers("juminhyo", who, True)), [WHOLE]).windows[0]
    frame = grey[160:1780, 80:83]  # the left rule, three dots thick, from the head to the last block
    assert (frame == 0).mean() > 0.99


def test_the_stored_pictures_equal_newly_made_ones() -> None:
    for name, black in ground.pictures().items():
        assert np.array_equal(np.asarray(Image.open(ground.FOLDER / name).convert("1")), ~black), name


def test_the_ground_reaches_the_paper_dot_for_dot() -> None:
    imprint = press.Imprint(title="紙", author="", keywords=(), made_on=date(2026, 11, 24))
    grey = reading.read(press.press([canvas.Sheet()], imprint), [WHOLE]).windows[0]
    assert np.count_nonzero((grey > 0) & (grey < 255)) == 0
    cell = ground.cell()
    tiled = _over_the_sheet(cell)
    inside = (slice(80, 2296), slice(80, 1600))
    assert np.array_equal((grey == 0)[inside], tiled[inside])


def _over_the_sheet(cell: Any) -> Any:
    return np.tile(cell, (3, 2))[:2376, :1680]


def says_sample(pdf: bytes, page: int) -> bool:
    """Whether 見本 stands across a page: of its dots that no stroke of the form covers, nearly all are black."""
    window = reading.Window(page, 0, 0, canvas.WIDTH_MM, canvas.HEIGHT_MM)
    grey = reading.read(pdf, [window]).windows[0]
    tiled = _over_the_sheet(ground.sample())[80:2296, 80:1600]
    return bool((grey[80:2296, 80:1600] == 0)[tiled].mean() > 0.8)


@pytest.mark.parametrize("kind", forms.KINDS)
def test_a_sample_says_so_on_every_page_and_no_other_paper_does(town: Any, kind: str) -> None:
    """見本 across the sheet and in the foot; not where the city's file does not say `sample`."""
    who = town.register.by_key("ichiro" if kind == "juminhyo" else "taro")
    options, household = town.answers(kind, who, everything=True), town.household(who)
    real = dataclasses.replace(
        town.register, municipality=dataclasses.replace(town.register.municipality, sample=False)
    )
    for register, said in ((town.register, True), (real, False)):
        told = (kind, who, household, options, town.issue(), register)
        pdf = forms.typeset(*told)
        assert forms.check(pdf, *told) == []
        pages = reading.read(pdf).pages
        assert [says_sample(pdf, page) for page in range(len(pages))] == [said] * len(pages)
        assert ["見本" in page for page in pages] == [said] * len(pages)


def test_a_letter_of_the_sample_says_so() -> None:
    imprint = press.Imprint(title="紙", author="", keywords=(), made_on=date(2026, 11, 24))
    assert says_sample(press.press([canvas.Sheet()], imprint, ground=False, sample=True), 0)
    assert not says_sample(press.press([canvas.Sheet()], imprint, ground=False), 0)


def test_the_letters_of_the_form_stand_out_of_the_sample(town: Any) -> None:
    """見本 is at most one dot in nine, so that each stroke of a letter is darker than what it stands on."""
    assert ground.sample().mean() < 0.05
    twelves = ground.sample().reshape(88, 12, 88, 12).sum(axis=(1, 3))
    assert twelves.max() == 16


# A copier's settings: sharpness as sigma in dots of 0.125 mm, and what it still prints black, of 255.
BLURS = [round(float(sigma), 1) for sigma in np.arange(0.6, 1.65, 0.1)]
THRESHOLDS = range(90, 221, 5)
BLURS_OF_TEXT = 0.9  # its settings for text: from this sigma on, and the thresholds
THRESHOLDS_OF_TEXT = range(200, 232, 3)


def test_copies_show_the_hidden_word_and_the_original_does_not() -> None:
    """A copier loses single dots or fills the gaps of large ones; on the original both are equally dark.

    Judged is every setting that keeps the thinnest rules of the form. The rest are the sharpest lenses, which keep each dot of this
    head, at thresholds that fill no gap.
    """
    cell, word = ground.cell(), ground.word()
    assert 0.2 < word.mean() < 0.8
    beside = np.logical_or.reduce([np.roll(cell, step, (0, 1)) for step in ((0, 1), (1, 0), (1, 1), (1, -1))])
    assert (cell & beside)[word].any()
    assert not (cell & beside)[~word].any()  # outside the word each dot stands alone
    assert abs(cell[word].mean() / cell[~word].mean() - 1) < 0.01
    light, shown, for_text = np.fft.rfft2(np.where(cell, 0.0, 255.0)), {}, []
    for sigma in BLURS:
        seen, rule = _blurred(light, sigma), _rule(sigma)
        inside, around = seen[word], seen[~word]
        shown |= {(sigma, level): _shows(inside < level, around < level) for level in THRESHOLDS if rule < level}
        if sigma >= BLURS_OF_TEXT:
            for_text += [_shows(inside < level, around < level) for level in THRESHOLDS_OF_TEXT]
    assert len(shown) == 255
    assert sum(shown.values()) >= 0.95 * len(shown), f"{sum(shown.values())} of {len(shown)}"
    assert all(shows for (sigma, _), shows in shown.items() if sigma >= 0.8)
    assert sum(for_text) >= 0.95 * len(for_text), f"{sum(for_text)} of {len(for_text)}"
    eye = _blurred(light, 4.0)  # 0.5 mm: what an eye makes of it at reading distance
    assert abs(eye[word].mean() - eye[~word].mean()) < 0.5


def _rule(sigma: float) -> float:
    """How light the thinnest rule of a form, two dots, becomes."""
    lens = _lens(sigma)
    return float(255 * (1 - lens[0] - lens[1]))


def _shows(inside: Any, around: Any) -> bool:
    """The word has ink, and at least twice as much of it as what is around."""
    return bool(inside.mean() >= 0.005 and inside.mean() >= 2 * around.mean())


def _lens(sigma: float) -> Any:
    """What a dot gives to a row of dots, itself first, and those before it last."""
    reach = np.arange(-12, 13)
    lens = np.zeros(ground.CELL_DOTS)
    lens[reach] = np.exp(-(reach**2) / (2 * sigma**2))
    return lens / lens.sum()


def _blurred(light: Any, sigma: float) -> Any:
    """The ground, as its Fourier transform, seen through a lens; it goes on from cell to cell."""
    lens = _lens(sigma)
    through = light * np.outer(np.fft.fft(lens), np.fft.rfft(lens))
    return np.fft.irfft2(through, s=2 * lens.shape)  # a convolution that goes round


@pytest.mark.parametrize("diameter", [8.0, 10.5, 18.0, 25.0])
def test_an_imprint_is_true_to_size(diameter: float) -> None:
    window = reading.Window(0, 103.0, 46.0, 42.0, 42.0)
    registered = Seal(
        resident_id="1",
        registration_number="1",
        registered_on=date(2020, 1, 1),
        letters="宮崎",
        diameter_mm=diameter,
        seed=3,
    )
    black = expect.imprint_dots(registered, window)
    for axis in (0, 1):
        reach = np.flatnonzero(black.any(axis=axis))
        assert abs((reach[-1] - reach[0] + 1) / 8 - diameter) <= 0.3


@pytest.mark.parametrize("diameter", [7.9, 25.1])
def test_a_seal_that_may_not_be_registered(diameter: float) -> None:
    registered = Seal(
        resident_id="1",
        registration_number="1",
        registered_on=date(2020, 1, 1),
        letters="宮",
        diameter_mm=diameter,
    )
    with pytest.raises(ValueError, match="8 to 25"):
        seal.imprint(registered)


def test_every_office_has_a_seal_of_its_own(town: Any) -> None:
    told = town.register.municipality
    offices = [told, dataclasses.replace(told, acting=True), dataclasses.replace(told, city="都城市")]
    assert [office.seal_letters for office in offices] == ["宮崎市長之印", "宮崎市長職務代理者之印", "都城市長之印"]
    drawn = {seal.mayor(letters) for letters in (*(o.seal_letters for o in offices), "印", "宮崎市長職務代理者之印章")}
    assert len(drawn) == 5


def test_the_mayors_seal_is_within_the_standard() -> None:
    assert seal.MAYOR_MM <= 25


def test_sixteen_people_at_once_get_their_own(town: Any) -> None:
    """Every copy is made and checked in its own thread at the same time, and must equal the copy made alone."""
    people = [p for p in town.register.residents.values() if town.offer("juminhyo", p)["refusal"] is None][:16]
    jobs = [(who, town.answers("juminhyo", who, everything=True), number) for number, who in enumerate(people)]

    def serve(job: Any) -> tuple[bytes, list[str]]:
        who, options, number = job
        pdf = town.typeset("juminhyo", who, options, number)
        return pdf, town.check(pdf, "juminhyo", who, options, number)

    with ThreadPoolExecutor(8) as pool:
        served = list(pool.map(serve, jobs))
    assert [faults for _, faults in served] == [[]] * len(jobs)
    assert [pdf for pdf, _ in served] == [town.typeset("juminhyo", who, o, n) for who, o, n in jobs]


def test_a_second_reader_sees_the_same_words_and_an_embedded_font(town: Any, tmp_path: Path) -> None:
    """poppler: the name with its selector, one embedded font, PDF/A-2a announced."""
    who = town.register.by_key("kazuko")
    pdf = town.typeset("juminhyo", who, town.answers("juminhyo", who, everything=True))
    file = tmp_path / "paper.pdf"
    file.write_bytes(pdf)
    words = subprocess.run(["pdftotext", str(file), "-"], check=True, capture_output=True, text=True).stdout
    assert "渡邉\U000e0110" in words
    fonts = subprocess.run(["pdffonts", str(file)], check=True, capture_output=True, text=True).stdout.splitlines()[2:]
    assert len(fonts) == 1
    assert "IPAmjMincho" in fonts[0]
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    assert b"<pdfaid:conformance>A</pdfaid:conformance>" in pdf


def test_long_words_shrink_wrap_or_are_refused() -> None:
    sheet = canvas.Sheet()
    sheet.lines(10, 10, 40, 8, "宮崎県宮崎市" * 4, 12, "the address")
    assert len(sheet.words) == 2
    assert "".join(item[-1] for item in sheet.words) == "宮崎県宮崎市" * 4
    assert all(item[2] >= fitting.SMALLEST_PT for item in sheet.words)
    with pytest.raises(forms.TextOverflow, match="the address") as refusal:
        sheet.lines(10, 10, 40, 8, "宮崎県宮崎市" * 12, 12, "the address")
    assert "宮崎" not in str(refusal.value)


def test_a_line_never_begins_with_a_long_vowel_or_loses_a_selector() -> None:
    for words in ("シーサイドパークタワー" * 5, "渡邉\U000e0110" * 30, "ー" * 40):
        for width in range(12, 60, 3):
            lines = fitting.wrap(words, width, 9)
            assert "".join(lines) == words
            assert not any(line[0] == "\U000e0110" for line in lines)
            if set(words) != {"ー"}:
                assert not any(line[0] == "ー" for line in lines)


@pytest.mark.parametrize("kind", forms.KINDS)
def test_no_word_stands_close_below_the_seals_own_line(town: Any, kind: str) -> None:
    """The lines beside the code end left of 「この印は黒色です。」, or stand 2 mm clear of it."""
    who = town.register.by_key("taro")
    draft = certificate.draft(kind, who, town.household(who), town.answers(kind, who, everything=True), town.register)
    frame.certify(kind, draft, town.issue(), town.register.municipality, verify.sample_signer())
    words = [(x, y, fitting.width_mm(text, size), text) for x, y, size, *_, text in draft.sheets[-1].words]
    [(left, line, _, _)] = [word for word in words if word[-1] == frame.SEAL_IS_BLACK]
    below = [(x + width, y) for x, y, width, text in words if 0 < y - line < 2 + 7.5 * 25.4 / 72]
    assert all(right < left for right, _ in below)
