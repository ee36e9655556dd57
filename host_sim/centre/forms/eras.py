"""和暦: dates as a certificate writes them (standard 1.1.8, 1.1.9; form rule 6).

The first day of an era is also the last of the era before: 30 July 1912 was 明治45年7月30日 and 大正元年7月30日,
25 December 1926 was 大正15年12月25日 and 昭和元年12月25日. `wareki` gives the new era. If the register has other words,
or the day is unknown, `RegisterDate.written` is printed instead.
"""

from datetime import date

from host_sim.centre.register import RegisterDate

ERAS = (
    ("令和", date(2019, 5, 1)),
    ("平成", date(1989, 1, 8)),
    ("昭和", date(1926, 12, 25)),
    ("大正", date(1912, 7, 30)),
    ("明治", date(1868, 10, 23)),
)


def era_year(day: date) -> tuple[str, int]:
    """The era and its year, 1 for 元年. Raises ValueError before 明治."""
    for name, first in ERAS:
        if day >= first:
            return name, day.year - first.year + 1
    raise ValueError("no era is kept for days before 23 October 1868")


def wareki(day: date) -> str:
    """「令和8年11月24日」, 「平成元年1月8日」."""
    era, year = era_year(day)
    return f"{era}{'元' if year == 1 else year}年{day.month}月{day.day}日"


def fiscal_year(year: int) -> str:
    """「令和8年度」. A fiscal year has the era of its 1 April: 2019 is 平成31年度 (form rule 7)."""
    era, number = era_year(date(year, 4, 1))
    return f"{era}{'元' if number == 1 else number}年度"


def calendar_year(year: int) -> str:
    """「令和7年」, the era of its last day, as tax offices name a year of income."""
    era, number = era_year(date(year, 12, 31))
    return f"{era}{'元' if number == 1 else number}年"


def western(day: date) -> str:
    """「2028年3月14日」: birth and end of stay of a foreign resident, without the era."""
    return f"{day.year}年{day.month}月{day.day}日"


def written(entry: RegisterDate) -> str:
    """A register date in the words of the register."""
    return entry.written or wareki(entry.on)


def written_western(entry: RegisterDate) -> str:
    """The same for a foreign resident's birth."""
    return entry.written or western(entry.on)
