"""Posters: each place of the sample city has one page that says what the city's file says; what cannot be is a sentence."""

import sys
from calendar import monthrange
from datetime import date
from pathlib import Path

import pypdfium2
import pytest

from host_sim.centre import sample
from host_sim.centre.__main__ import main
from host_sim.centre.city.file import read_file
from host_sim.centre.desk import texts
from host_sim.centre.notices import birth_flowers
from host_sim.centre.posters import poster
from tests.test_layering import ROOT
from tests.unit.centre.test_desk import Office
from tests.unit.centre.town import Town

WINTER = date(2026, 12, 10)  # the sample's notice holds
FILE = ROOT / "host_sim" / "centre" / "sample" / "miyazaki.toml"


def words(pdf: bytes) -> str:
    [page] = pypdfium2.PdfDocument(pdf)
    return "".join(page.get_textpage().get_text_range().split())


def test_a_poster_of_every_place_says_what_the_file_says() -> None:
    city = sample.city().on(WINTER)
    for site, place in city.places.items():
        told = words(poster.pdf(city, site, WINTER))
        for terms in place.kinds.values():
            assert terms.title["ja"] in told
            assert f"{terms.fee_yen:,}円" in told
        for notice in place.notices:
            holds = notice.from_ <= WINTER <= notice.until
            assert notice.text is None or (notice.text["ja"] in told) == holds
        assert place.name["ja"] in told
        assert place.telephone in told


def test_the_hours_and_the_days_over_the_new_year_are_as_a_person_says_them() -> None:
    told = words(poster.pdf(sample.city().on(WINTER), "ekimae-store", WINTER, "a3"))
    assert "06:30～23:00" in told
    assert "12月29日～1月3日" in told
    assert "戸籍の附票の写しは、次の時間だけです。" in told


def test_what_gives_no_poster_is_a_sentence(tmp_path: Path) -> None:
    city = sample.city().on(WINTER)
    with pytest.raises(poster.NoPoster, match="no place nowhere on 2026-12-10: its places are city-hall-desk"):
        poster.pdf(city, "nowhere", WINTER)
    long = "お知らせです。" * 20
    crowd = f'[[notices]]\nfrom = 2026-12-10\nuntil = 2026-12-10\ntext = {{ ja = "{long}" }}\n\n' * 6
    marked = FILE.read_text(encoding="utf-8").replace("[[notices]]", f"{crowd}[[notices]]", 1)
    (tmp_path / "crowded.toml").write_text(marked, encoding="utf-8")
    crowded = read_file(tmp_path / "crowded.toml").on(WINTER)
    with pytest.raises(poster.NoPoster, match="does not fit on one page"):
        poster.pdf(crowded, "ekimae-store", WINTER)


def test_the_flowers_of_each_month_are_one_page_with_every_day() -> None:
    city = sample.city().on(WINTER)
    for month in (date(2028, 2, 1), date(2026, 5, 31)):  # the shortest months and one of six weeks
        told = words(poster.flowers(city, month))
        assert f"{month.month}月の誕生花" in told
        for number in range(1, monthrange(month.year, month.month)[1] + 1):
            one = birth_flowers.of(month.replace(day=number))
            assert f"{one.name['ja']}{one.says['ja']}" in told


def test_the_command_writes_it_or_says_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def typed(*more: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["host_sim.centre", "poster", str(FILE), *more])
        status = main()
        told = capsys.readouterr()
        return status, told.out + told.err

    out = tmp_path / "poster.pdf"
    assert typed("--place", "ekimae-store", "--on", "2026-12-10", "--out", str(out))[0] == 0
    assert "宮崎駅前店" in words(out.read_bytes())
    assert typed("--flowers", "--on", "2026-12-10", "--out", str(out))[0] == 0
    assert "12月の誕生花" in words(out.read_bytes())
    assert "has no place x" in typed("--place", "x", "--out", str(out))[1]
    assert "cannot be written" in typed("--place", "ekimae-store", "--out", str(tmp_path))[1]


def test_the_desk_prints_it() -> None:
    browser = Office(Town()).signed_in("tanaka")
    assert "/posters/ekimae-store/a3" in browser.get("/posters").text
    answer = browser.get("/posters/ekimae-store/a3")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    assert "flowers-2026-12" in browser.get("/posters/flowers/next/a4").headers["content-disposition"]
    refused = browser.get("/posters/nowhere/a4")
    assert (refused.status, "場所 nowhere がありません" in refused.text) == (404, True)
    for word in poster.SENTENCES:
        assert f"posters.refused_{word}" in texts.all_texts()
