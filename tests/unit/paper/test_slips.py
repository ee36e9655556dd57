"""Receipt and claim slip: printed through the driver, and read from the simulated paper."""

import tomllib
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from escpos.capabilities import get_profile
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.printer.profile import load_profile
from drivers.printer.raster import RasterSlip, has_real_time
from drivers.vocabulary import Printed
from firmware.paper import courtesy
from firmware.paper.drawn import DrawnSlip
from firmware.paper.lettered import LetteredSlip
from firmware.paper.second import second
from firmware.paper.slips import (
    ClaimFacts,
    ReceiptFacts,
    Size,
    _write_receipt,
    claim_slip,
    half_widths,
    receipt,
    receipt_for,
)
from firmware.paper.staff import staff_slip
from firmware.screens.words import LANGUAGES
from host_sim.centre import forms
from host_sim.centre.forms.certificate import TITLES
from host_sim.models.printer import Sheet
from host_sim.models.printers import printer_named
from tests.unit.printer.rig import make_rig

CITY = {"ja": "都城市", "en": "Miyakonojo City"}
PLACE = {"ja": "宮崎駅前店", "en": "Miyazaki Station store"}
AT = datetime(2026, 11, 24, 17, 5)  # noqa: DTZ001  (the machine passes local time)
RECEIPT = ReceiptFacts(
    city=CITY,
    place=PLACE,
    machine="miyazaki-store-01",
    telephone="0985-25-2111",
    printed_at=AT,
    lines=(
        ({"ja": "住民票の写し", "en": "Copy of residence certificate"}, "2026-000123-4", 300),
        ({"ja": "印鑑登録証明書"}, "2026-000124-2", 300),
    ),
    fee_yen=600,
    inserted_yen=1000,
    change_yen=350,
    claim_yen=50,
)
CLAIM = ClaimFacts(
    city=CITY,
    place=PLACE,
    machine="miyazaki-store-01",
    telephone="0985-25-2111",
    printed_at=AT,
    amount_yen=50,
    claim_code="K7QM3XPAB",
    city_code="452017",
)


def _print(slip: RasterSlip | bytes, printer: str) -> Sheet:
    rig = make_rig(printer, tiny=False)
    assert isinstance(rig.driver.print_slip(slip, 4), Printed)
    assert rig.model.complaints == []
    return rig.model.tray[-1]


@pytest.mark.parametrize("printer", ["receipt-80", "tm-t88", "a4-203"])
def test_the_claim_code_is_read_from_the_paper(printer: str) -> None:
    sheet = _print(claim_slip(CLAIM, load_profile(printer).width_dots), printer)
    found = zxingcpp.read_barcodes(sheet.image().convert("L"))
    assert [code.text for code in found] == ["KOFUKI-CLAIM:452017:K7QM3XPAB"]


def test_the_kanji_rom_prints_the_whole_receipt() -> None:
    profile = load_profile("tm-t88")
    text = receipt_for(RECEIPT, profile)
    assert isinstance(text, bytes)
    assert not has_real_time(text)
    sheet = _print(text, "tm-t88")
    lines = [line.replace(" ", "") for line in sheet.text.splitlines()]
    for expected in (
        "領　収　書",
        "日時Date2026年11月24日(火)17:05",
        "場所Place宮崎駅前店",
        "住民票の写し300円",
        "Copyofresidencecertificate",
        "発行番号No.2026-000124-2",
        "手数料Fee600円",
        "お預かりPaid1,000円",
        "お釣りChange350円",
        "返金請求額Tobeclaimed50円",
        "お問い合わせInquiries0985-25-2111",
    ):
        assert expected in lines
    assert (
        sheet.dots().any(axis=0)[-1] or sheet.dots().any(axis=0)[-24:].any()
    )  # label and amount reach the right margin


def test_without_a_kanji_rom_the_receipt_is_drawn() -> None:
    slip = receipt_for(RECEIPT, load_profile("receipt-80"))
    assert slip == receipt(RECEIPT, 576)
    assert _print(slip, "receipt-80").text == ""


@pytest.mark.parametrize(
    "facts",
    [
        replace(RECEIPT, place={"ja": "髙﨑商店"}),  # outside JIS X 0208
        replace(RECEIPT, lines=RECEIPT.lines * 20),  # longer than the printer's window
    ],
)
def test_what_the_rom_cannot_print_is_drawn(facts: ReceiptFacts) -> None:
    assert isinstance(receipt_for(facts, load_profile("tm-t88")), RasterSlip)


def test_a_long_basket_does_not_run_off_the_picture() -> None:
    short, long = receipt(RECEIPT, 576), receipt(replace(RECEIPT, lines=RECEIPT.lines * 20), 576)
    ink = np.unpackbits(np.frombuffer(long.rows, np.uint8).reshape(long.height_dots, -1), axis=1)
    assert long.height_dots > 5 * short.height_dots
    assert ink[-80:].any()
    assert long.rows[-100 * 72 :] == short.rows[-100 * 72 :]  # both end with the same lines


def test_nothing_owed_is_not_mentioned() -> None:
    assert receipt(replace(RECEIPT, claim_yen=0), 576).height_dots < receipt(RECEIPT, 576).height_dots


_TEXT = st.text(st.sampled_from("住民票の写し宮崎市AaWi1 (（。"), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(_TEXT, _TEXT, st.sampled_from(Size), st.booleans(), st.sampled_from([512, 576, 1664]))
def test_no_ink_in_the_margins_whatever_the_words(left: str, right: str, size: Size, bold: bool, width: int) -> None:
    drawn = DrawnSlip(width)
    drawn.pair(left, right, size, bold=bold)
    drawn.centre(right, size, bold=bold)
    drawn.left(left, size, bold=bold)
    slip = drawn.finish()
    ink = np.unpackbits(np.frombuffer(slip.rows, np.uint8).reshape(slip.height_dots, -1), axis=1)[:, :width]
    edge = width // 36 - 4  # a letter may overhang its box by a little
    assert not ink[:, :edge].any()
    assert not ink[:, width - edge :].any()


def test_a_pair_too_wide_for_one_line_takes_two() -> None:
    one, two = DrawnSlip(576), DrawnSlip(576)
    one.pair("場所", "宮崎駅前店", Size.NORMAL)
    two.pair("場所", "宮崎市役所本庁舎 市民課ロビー 一階 東側入口", Size.NORMAL)
    assert two.finish().height_dots > one.finish().height_dots


@pytest.mark.parametrize("name", ["tm-t88", "tm-m30iii"])
def test_what_staff_print_is_in_letters_on_a_printer_that_has_them(name: str) -> None:
    profile = load_profile(name)
    text = staff_slip(tuple(f"line {n:2}  1,000 yen" for n in range(30)), AT, profile)
    assert isinstance(text, bytes)
    printer = printer_named(name)
    printer.receive(text + b"\x1dVB\x00", 0.0)
    printer.transmit(60.0)
    (sheet,) = printer.tray
    assert printer.complaints == []
    assert "係員用　試験印刷" in sheet.text
    assert "line 29  1,000 yen" in sheet.text


def test_the_profiles_of_epson_agree_with_the_printer_database_of_python_escpos() -> None:
    known, ours = get_profile("TM-T88V").profile_data, load_profile("tm-t88")
    assert known["media"]["width"]["pixels"] == ours.width_dots
    assert known["media"]["dpi"] == ours.dpi
    assert known["fonts"]["0"]["columns"] == ours.columns
    assert known["features"]["graphics"]


@pytest.mark.parametrize("width_dots", [384, 512, 576, 1664])
def test_rows_keep_their_columns(width_dots: int) -> None:
    drawn = DrawnSlip(width_dots)
    for word in ("iiiiii", "WWWWWW"):
        drawn.row(f"{word:18} {1:>11} {1:>11}")
    slip = drawn.finish()
    ink = np.unpackbits(np.frombuffer(slip.rows, np.uint8).reshape(slip.height_dots, -1), axis=1)
    margin = width_dots // 36
    upper, lower = np.split(ink[margin : slip.height_dots - margin], 2)
    last = [np.flatnonzero(half.any(axis=0))[-1] for half in (upper, lower)]
    assert last[0] == last[1] < width_dots


@pytest.mark.parametrize("width_dots", [384, 512, 576, 608, 1664])
def test_a_table_reaches_from_margin_to_margin(width_dots: int) -> None:
    rule, table = DrawnSlip(width_dots), DrawnSlip(width_dots)
    rule.rule()
    table.cells((("計", -18), ("", 7), ("16", 6), ("4,650", 11)))
    left, right = _reach(rule)
    first, last = _reach(table)
    letter = width_dots / 42
    assert left <= first < left + letter / 2
    assert right - letter / 2 < last <= right


def _reach(drawn: DrawnSlip) -> tuple[int, int]:
    """The first and the last column with ink."""
    slip = drawn.finish()
    ink = np.unpackbits(np.frombuffer(slip.rows, np.uint8).reshape(slip.height_dots, -1), axis=1).any(axis=0)
    return int(np.flatnonzero(ink)[0]), int(np.flatnonzero(ink)[-1])


@pytest.mark.parametrize("columns", [42, 48])
def test_a_table_in_the_printers_letters_reaches_its_last_column(columns: int) -> None:
    slip = LetteredSlip(columns)
    slip.cells((("計", -18), ("", 7), ("16", 6), ("4,650", 11)))
    (row,) = [line for line in slip.finish().decode("shift_jis").split("\n") if "4,650" in line]
    assert half_widths(row[row.index("計") :]) == columns


def test_a_long_place_is_broken_at_a_blank_in_the_printers_letters() -> None:
    profile = load_profile("tm-t88")
    place = "宮崎市役所本庁舎 市民課ロビー 一階 東側入口"
    text = receipt_for(replace(RECEIPT, place={"ja": place}), profile)
    assert isinstance(text, bytes)
    printer = printer_named("tm-t88")
    printer.receive(text + b"\x1dVB\x00", 0.0)
    printer.transmit(60.0)
    lines = printer.tray[0].text.splitlines()
    assert [line.strip() for line in lines if line.strip() in place] == [
        "宮崎市役所本庁舎 市民課ロビー 一階",
        "東側入口",
    ]


@pytest.mark.parametrize("sample", [True, False])
def test_a_sample_says_so_at_both_ends_and_nobody_else_does(sample: bool) -> None:
    profile = load_profile("tm-t88")
    text = receipt_for(replace(RECEIPT, sample=sample), profile)
    assert isinstance(text, bytes)
    lines = _print(text, "tm-t88").text.splitlines()
    assert sum("SAMPLE" in line and line.count("見本") == 2 for line in lines) == 2 * sample
    slips = [claim_slip(replace(CLAIM, sample=said), 576) for said in (sample, False)]
    assert (slips[0].height_dots > slips[1].height_dots) is sample


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name not in {"ja", "ja-easy"}])
def test_a_receipt_has_japanese_first_and_then_the_language_of_the_session(language: str) -> None:
    """Written to a slip that keeps its words; drawn once, because the letters must be there."""
    kept = Kept()
    facts = replace(RECEIPT, language=language, lines=(({"ja": "住民票の写し", language: "X"}, "2026-000123-4", 300),))
    _write_receipt(facts, kept)
    say = second(language)
    told = "\n".join(kept.texts)
    for key in ("receipt", "date", "fee", "paid", "change", "to_claim", "no_refund", "inquiries"):
        assert say(key) in told, key
    assert told.index("領　収　書") < told.index(say("receipt"))
    assert told.index("住民票の写し") < told.index("\nX\n")
    assert language == "en" or "RECEIPT" not in told
    assert receipt(facts, 576).height_dots > 0
    assert claim_slip(replace(CLAIM, language=language), 384).height_dots > 0


@pytest.mark.parametrize("at_till", [False, True])
def test_a_receipt_names_the_city_that_takes_the_fee_and_no_other(at_till: bool) -> None:
    kept = Kept()
    _write_receipt(replace(RECEIPT, at_till=at_till, place={"ja": "市民課"}), kept)
    told = "\n".join(kept.texts)
    assert "都城市　証明書" in told
    assert ("都城市 市民課" in told) is at_till
    assert "宮崎" not in told


class Kept:
    """A slip that keeps what is written on it."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def centre(self, text: str, _size: Size, *, bold: bool = False) -> None:
        self.texts.append(text)

    left = centre

    def pair(self, left: str, right: str, _size: Size, *, bold: bool = False) -> None:
        self.texts += [left, right]

    def row(self, text: str) -> None:
        self.texts.append(text)

    def rule(self, *, heavy: bool = False) -> None: ...

    def space(self) -> None: ...


def _courtesy(language: str, *titles: str) -> list[str]:
    """What a receipt says after its telephone number."""
    kept = Kept()
    lines = tuple(({"ja": title}, "2026-000123-4", 300) for title in titles)
    _write_receipt(replace(RECEIPT, lines=lines, language=language), kept)
    (end,) = (number for number, line in enumerate(kept.texts) if RECEIPT.telephone in line)
    return kept.texts[end + 1 :]


OTHERS = [language for language in LANGUAGES if language not in {"ja", "ja-easy"}]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", TITLES)
def test_who_reads_no_japanese_gets_the_labels_marked_as_no_certificate(language: str, kind: str) -> None:
    told = _courtesy(language, TITLES[kind])
    assert bool(told) is (language in OTHERS)
    if told:
        assert told[0] == told[-2] == "証明書ではありません"
        assert told[1] == told[-1] == courtesy.word("no_certificate", language)
        assert len(told) > 16


def test_a_label_is_told_once_and_an_unknown_paper_has_none() -> None:
    one, both = (
        _courtesy("en", TITLES["juminhyo"]),
        _courtesy("en", TITLES["juminhyo"], TITLES["juminhyo"], "新しい証明書"),
    )
    assert one == both
    assert _courtesy("en", "新しい証明書") == []


def test_every_label_stands_on_its_paper_and_has_all_languages() -> None:
    """A label that a form no longer prints would translate nothing."""
    table = tomllib.loads((Path(courtesy.__file__).with_suffix(".toml")).read_text(encoding="utf-8"))
    assert set(table["kinds"]) == set(TITLES.values())
    assert {name for names in table["kinds"].values() for name in names} == set(table["labels"])
    for part in ("words", "labels"):
        for key, told in table[part].items():
            assert set(told) == set(OTHERS), key
    printed = "".join(path.read_text(encoding="utf-8") for path in Path(forms.__file__).parent.glob("*.py"))
    printed = printed.replace("\\u3000", "").replace("\u3000", "")
    assert [name for name in table["labels"] if name not in printed] == []
