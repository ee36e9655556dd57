"""The words of the check: what is due on a paper, and dates written a second time. Shared by `expect*.py` only."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from host_sim.centre.forms.reading import plain
from host_sim.centre.register import Household, RegisterDate, Resident

OFF, NONE = "【省略】", "【空欄】"


@dataclass(frozen=True, slots=True)
class Words:
    """A text that must come next. `what` is how a finding names it."""

    what: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Block:
    """All the words of one person's block, labels included."""

    words: tuple[str, ...] = field(repr=False)

    def text(self) -> str:
        return plain("".join(self.words))


@dataclass(frozen=True, slots=True)
class OneOf:
    """The block of somebody who was chosen and has not come yet. `people` is shared by all blocks of a certificate."""

    what: str
    people: list[Block] = field(repr=False)


Part = Words | OneOf


@dataclass(frozen=True, slots=True)
class Fixed:
    """A certificate whose every page is known: the parts of each, in reading order, and the certifying sentence."""

    pages: list[list[Part]] = field(repr=False)
    statement: str


@dataclass(frozen=True, slots=True)
class Flowing:
    """A certificate that takes as many pages as it needs: what each begins with, and what runs through them all.

    Blanks (U+3000) that align the items are no part of what is compared.
    """

    head: Sequence[Words] = field(repr=False)
    body: Sequence[Words] = field(repr=False)
    statement: str


Due = Fixed | Flowing


def japanese(day: date) -> str:
    """A day in the era it belongs to; the first day of an era is the new era's."""
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
    """Foreign residents are born in the western calendar."""
    if person.foreign is None or person.born.written is not None:
        return entry(person.born)
    return f"{person.born.on.year}年{person.born.on.month}月{person.born.on.day}日"


def address(home: Household) -> str:
    return home.address if home.building is None else f"{home.address}　{home.building}"
