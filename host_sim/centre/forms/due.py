"""The types in which `expect*.py` says what must be printed, and dates worked out a second time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from host_sim.centre.forms.places import Spot
from host_sim.centre.forms.reading import plain
from host_sim.centre.register import Household, RegisterDate, Resident

OFF, NONE, SEE = "【省略】", "【空欄】", "統合記載欄に記載"


@dataclass(frozen=True, slots=True)
class Words:
    """A text that must come next. `what`: its name in a finding; `label`: stands before it, in the cell to its left."""

    what: str
    text: str = field(repr=False)
    label: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """All the words of one person's block: label, item, label, item. A text too long for its own field stands whole in
    the last, the annex, behind its label; its field then says `SEE`."""

    words: tuple[str, ...] = field(repr=False)

    def spots(self, words: str, at: int, what: str) -> list[Spot] | None:
        """The items where they follow in `words` from `at`; None when something else stands there."""
        spots, continued = [], ""
        for number in range(0, len(self.words), 2):
            label, item = self.words[number : number + 2]
            if number == len(self.words) - 2 and continued:
                item = continued.removeprefix("\u3000") if item == NONE else item + continued
            before, due = plain(label), plain(item)
            middle = at + len(before)
            if not words.startswith(before, at):
                return None
            if not words.startswith(due, middle):
                continued += f"\u3000{label}\u3000{item}"
                due = SEE
            if not words.startswith(due, middle):
                return None
            spots.append(Spot(what, at, middle, middle + len(due)))
            at = spots[-1].end
        return spots


@dataclass(frozen=True, slots=True)
class OneOf:
    """The block of any chosen person not found yet. `people` is one list, shared by all such parts of a certificate."""

    what: str
    people: list[Block] = field(repr=False)


Part = Words | OneOf


@dataclass(frozen=True, slots=True)
class Fixed:
    """A certificate whose every page is known: the parts of each, in reading order, and the certifying sentence."""

    pages: list[list[Part]] = field(repr=False)
    statement: str
    note: str = ""  # on letters that stand for others


@dataclass(frozen=True, slots=True)
class Flowing:
    """A certificate of any number of pages: the head that each page begins with, and the body that runs through them.

    Blanks (U+3000), which align the items, are not compared.
    """

    head: Sequence[Words] = field(repr=False)
    body: Sequence[Words] = field(repr=False)
    statement: str
    note: str = ""  # on letters that stand for others


Due = Fixed | Flowing


def japanese(day: date) -> str:
    """A day in its era; the first day of an era belongs to the new era."""
    number = day.year * 10000 + day.month * 100 + day.day
    for begins, before, name in (
        (20190501, 2018, "令和"),
        (19890108, 1988, "平成"),
        (19261225, 1925, "昭和"),
        (19120730, 1911, "大正"),
        (0, 1867, "明治"),
    ):
        if number >= begins:
            year = day.year - before
            return f"{name}{year if year > 1 else '元'}年{day.month}月{day.day}日"
    raise AssertionError("unreachable: every day has an era")


def entry(day: RegisterDate) -> str:
    return day.written if day.written is not None else japanese(day.on)


def born(person: Resident) -> str:
    """The birth date as printed: in the western calendar for a foreign resident."""
    if person.foreign is None or person.born.written is not None:
        return entry(person.born)
    return f"{person.born.on.year}年{person.born.on.month}月{person.born.on.day}日"


def address(home: Household) -> str:
    return home.address if home.building is None else f"{home.address}　{home.building}"
