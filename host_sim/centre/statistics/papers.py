"""Papers that were issued, counted in groups of papers that are alike, and the words that tell one group from another."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

# The first three are the city's file's; the centre does not see the other two.
CHANNELS = ("store", "office", "counter", "staffed", "post")
BANDS = ("office", "early", "night", "off")  # office hours; before; after; a day on which the desks are closed
OUTSIDE = BANDS[1:]
REQUESTERS = ("self", "household", "family", "kin", "third", "official")
SELF_SERVICE = REQUESTERS[:3]  # 本人等: whom a machine can serve
UNKNOWN = ""

_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


class Papers(NamedTuple):
    """What papers of one group have in common; "" is not known. Where a file counts several months together, they differ."""

    first_month: str  # "2014-01"
    last_month: str
    band: str
    kind: str
    channel: str
    requester: str
    method: str
    fee_yen: int


Counts = Counter[Papers]


@dataclass(frozen=True, slots=True)
class Months:
    """Whole months, the first and the last included, each as "2014-01"."""

    first: str
    last: str

    @property
    def first_day(self) -> date:
        return date.fromisoformat(f"{self.first}-01")

    @property
    def after(self) -> date:
        """The first day that is no longer in."""
        return (date.fromisoformat(f"{self.last}-28") + timedelta(days=4)).replace(day=1)

    @property
    def days(self) -> list[date]:
        return [self.first_day + timedelta(days=n) for n in range((self.after - self.first_day).days)]

    def __iter__(self) -> Iterator[str]:
        year, month = int(self.first[:4]), int(self.first[5:])
        while (word := f"{year}-{month:02d}") <= self.last:
            yield word
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)

    def a_year_before(self) -> "Months":
        return Months(*(f"{int(month[:4]) - 1}{month[4:]}" for month in (self.first, self.last)))

    def holds(self, papers: Papers) -> bool:
        return self.first <= papers.first_month and papers.last_month <= self.last

    def splits(self, papers: Papers) -> bool:
        """Whether only a part of what was counted together is inside."""
        return not self.holds(papers) and papers.first_month <= self.last and self.first <= papers.last_month


def read_month(text: str) -> str:
    """ValueError, as the end of a sentence, for anything but "2014-01"."""
    if _MONTH.fullmatch(text) is None:
        raise ValueError(f'is "{text}"; write a month as 2014-01')
    return text
