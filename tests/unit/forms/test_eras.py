"""和暦 at the edges of its eras. Sources: standard 1.1.8, 1.1.9 and 文京区's naming trap (form rules 6, 7)."""

from datetime import date, timedelta

import pytest

from host_sim.centre.forms import due, eras
from host_sim.centre.register import RegisterDate


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(1868, 10, 23), "明治元年10月23日"),
        (date(1912, 7, 29), "明治45年7月29日"),
        (date(1912, 7, 30), "大正元年7月30日"),
        (date(1926, 12, 24), "大正15年12月24日"),
        (date(1926, 12, 25), "昭和元年12月25日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1989, 1, 8), "平成元年1月8日"),
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(2026, 11, 24), "令和8年11月24日"),
    ],
)
def test_an_era_begins_on_its_day(day: date, words: str) -> None:
    assert eras.wareki(day) == words
    assert due.japanese(day) == words


def test_both_readings_agree_on_every_day() -> None:
    day = date(1868, 10, 23)
    while day < date(2040, 1, 1):
        assert eras.wareki(day) == due.japanese(day)
        day += timedelta(days=1)


def test_the_registers_own_words_stand() -> None:
    assert eras.written(RegisterDate(date(1912, 7, 30), "明治45年7月30日")) == "明治45年7月30日"
    assert eras.written(RegisterDate(date(1945, 7, 1), "昭和20年月日不詳")) == "昭和20年月日不詳"


def test_a_fiscal_year_is_named_by_its_april() -> None:
    assert [eras.fiscal_year(year) for year in (2018, 2019, 2020, 2026)] == [
        "平成30年度",
        "平成31年度",
        "令和2年度",
        "令和8年度",
    ]
    assert eras.calendar_year(2019) == "令和元年"


def test_no_era_before_meiji() -> None:
    with pytest.raises(ValueError, match="1868"):
        eras.wareki(date(1868, 10, 22))
