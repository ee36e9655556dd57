"""The order of a household (standard 5.2), against households that are built in that order, rank by rank."""

import dataclasses
import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from host_sim.centre.forms import people
from host_sim.centre.register import RegisterDate, Resident

SPOUSES = ("夫", "妻", "夫（未届）", "妻（未届）")


class Builder:
    """Writes a household down in the order of the standard; who is older has the earlier birth date by construction."""

    def __init__(self, someone: Resident, chance: random.Random) -> None:
        self._someone, self._chance, self._made = someone, chance, 0

    def person(self, relation: str, head: str | None, born: date, name: str = "") -> Resident:
        self._made += 1
        return dataclasses.replace(
            self._someone,
            resident_id=f"{self._made:010d}",
            name=name or f"甲{self._made}",
            relation=relation,
            family_head=head,
            born=RegisterDate(born),
        )

    def several(self, most: int, make: Callable[[date], Any]) -> list[Any]:
        """Up to `most`, by age; sometimes twins, whom only the number tells apart."""
        day, found = date(1950, 1, 1) + timedelta(self._chance.randrange(9000)), []
        for _ in range(self._chance.randrange(most + 1)):
            found.append(make(day))
            day += timedelta(days=self._chance.choice((0, 0, 1, 400)))
        return found

    def family(self, relation: str, day: date, *, alone: bool = False) -> list[Resident]:
        """Somebody, and perhaps the spouse and the children, who are of one 戸籍."""
        head = f"{relation}の家{self._made}"
        first = [self.person(relation, head, day)]
        if alone:
            return first
        if self._chance.random() < 0.7:
            spouse = self._chance.choice(SPOUSES)
            first.append(self.person(f"{relation}の{spouse}", head, date(1930, 1, 1)))
        return first + self.several(3, lambda born: self.person(f"{relation}の子", head, born - timedelta(20_000)))

    def parents(self, relation: tuple[str, str], prefix: str = "") -> list[Resident]:
        """The 筆頭者 first, whoever is older."""
        first, second = self._chance.sample(relation, 2)
        older = self._chance.choice((-500, 500))
        head = f"筆頭{self._made}"
        pair = [
            self.person(f"{prefix}{first}", head, date(1920, 1, 1), name=head),
            self.person(f"{prefix}{second}", head, date(1920, 1, 1) + timedelta(older)),
        ]
        return pair[: self._chance.randrange(3)]

    def siblings(self, prefix: str = "") -> list[Resident]:
        words = ("兄", "姉", "弟", "妹")
        return self.several(3, lambda day: self.person(prefix + self._chance.choice(words), "親", day))


def household(someone: Resident, chance: random.Random) -> list[Resident]:
    """Rank 1 to 4, each written as the standard lists it."""
    b = Builder(someone, chance)
    mate = chance.choice(SPOUSES)
    due = [b.person("世帯主", "主", date(1960, 1, 1), name="主")]
    if chance.random() < 0.7:
        due.append(b.person(mate, "主", date(1961, 1, 1)))
    own = ("子", f"{mate}の子", "妻（未届）の子")
    due += b.several(3, lambda day: b.person(chance.choice(own), "主", day))
    families = b.several(3, lambda day: b.family("子", day))
    due += [person for family in families if len(family) > 1 for person in family]  # alone: with the children above
    due += b.parents(("父", "母")) + b.siblings() + b.parents(("父の父", "父の母"))
    due += b.parents(("父", "母"), f"{mate}の") + b.siblings(f"{mate}の")
    for family in b.several(2, lambda day: b.family("父の妹", day)):
        due += family
    due += b.several(2, lambda day: b.person("父の父の弟", "遠", day))
    for word in ("縁故者", "同居人"):
        for family in b.several(3, lambda day, word=word: b.family(word, day)):  # type: ignore[misc]
            due += family
    return due


@pytest.mark.parametrize("seed", range(300))
def test_any_household_stands_in_the_order_of_the_standard(town: Any, seed: int) -> None:
    chance = random.Random(seed)
    due = household(town.register.by_key("taro"), chance)
    mixed = chance.sample(due, len(due))
    assert [(p.relation, p.resident_id) for p in people.ordered(mixed)] == [(p.relation, p.resident_id) for p in due]
    some = chance.sample(due, chance.randrange(1, len(due) + 1))
    options = {"scope": ["part"], "members": [people.member_token(person) for person in some]}
    asked = {person.resident_id for person in some}
    assert people.chosen(due[0], mixed, options) == [person for person in due if person.resident_id in asked]


CASES = (
    ["世帯主", "妻（未届）", "妻（未届）の子", "母", "弟", "弟の妻", "弟の子"],
    ["世帯主", "縁故者", "縁故者の子", "同居人", "同居人の妻", "同居人の子"],
    ["世帯主", "妻", "子", "子（子の妻）", "子の子", "子の子の妻", "子の子の子", "妻の母", "父の妻"],
)


@pytest.mark.parametrize("due", CASES, ids=lambda due: due[-1])
def test_rank_comes_before_age(town: Any, due: list[str]) -> None:
    """Each person is older than the one before."""
    taro = town.register.by_key("taro")
    household = [
        dataclasses.replace(
            taro, resident_id=f"{n:010d}", relation=r, family_head=None, born=RegisterDate(date(1980 - n, 1, 1))
        )
        for n, r in enumerate(due)
    ]
    assert [p.relation for p in people.ordered(household[::-1])] == due


def test_the_head_of_the_register_stands_before_an_older_spouse(town: Any) -> None:
    taro = town.register.by_key("taro")
    father = dataclasses.replace(
        taro, resident_id="1", relation="父", family_head="母", born=RegisterDate(date(1930, 1, 1))
    )
    mother = dataclasses.replace(father, resident_id="2", relation="母", name="母", born=RegisterDate(date(1935, 1, 1)))
    assert people.ordered([father, mother]) == [mother, father]


def test_a_word_of_older_books_stands_among_the_other_relatives(town: Any) -> None:
    """The import refuses it (standard 1.1.11); books that have it are still printed."""
    taro = town.register.by_key("taro")
    due = ["世帯主", "母", "妻の母", "孫", "縁故者"]
    household = [dataclasses.replace(taro, resident_id=str(n), relation=relation) for n, relation in enumerate(due)]
    assert [p.relation for p in people.ordered(household[::-1])] == due
