"""Which people are on the paper, and in which order (standard 5.2; form rule 1)."""

import dataclasses
import random
from typing import Any

from host_sim.centre import forms
from host_sim.centre.forms import people, reading


def test_a_household_of_eight_in_the_order_of_the_standard(town) -> None:  # type: ignore[no-untyped-def]
    household = list(town.household(town.register.by_key("ichiro")))
    due = ["世帯主", "妻", "子", "子", "子の妻", "子の子", "父", "母"]
    for seed in range(20):
        random.Random(seed).shuffle(household)
        ordered = people.ordered(household)
        assert [person.relation for person in ordered] == due
        # The younger child without a family comes before the elder who has one: rank 1 before rank 2.
        assert ordered[2].born.on > ordered[3].born.on


def test_twins_go_by_number(town) -> None:  # type: ignore[no-untyped-def]
    midori = town.register.by_key("midori")
    twin = dataclasses.replace(midori, resident_id="0000000001")
    assert people.ordered([midori, twin]) == [twin, midori]


def test_others_come_last(town) -> None:  # type: ignore[no-untyped-def]
    taro = town.register.by_key("taro")
    lodger = dataclasses.replace(taro, resident_id="0000000001", relation="同居人")
    brother = dataclasses.replace(taro, resident_id="0000000002", relation="弟")
    order = [person.relation for person in people.ordered([lodger, brother, *town.household(taro)])]
    assert order == ["世帯主", "妻", "子", "母", "弟", "同居人"]


def test_a_token_stands_for_one_member_without_naming_them(town) -> None:  # type: ignore[no-untyped-def]
    tokens = {people.member_token(person): person for person in town.register.residents.values()}
    assert len(tokens) == len(town.register.residents)
    assert not any(person.resident_id in token for token, person in tokens.items())


def test_what_is_not_recorded_is_left_blank_on_the_paper(town: Any) -> None:
    """A name without a reading, a 旧氏 without one, and somebody who never moved inside the city."""
    aya = town.register.by_key("aya")
    bare = dataclasses.replace(aya, kana="", former_surname_kana=None, address_since=None)
    register = dataclasses.replace(town.register, residents={**town.register.residents, aya.resident_id: bare})
    for kind in ("juminhyo", "inkan"):
        told = (kind, bare, [bare], {}, town.issue(), register)
        pdf = forms.typeset(*told)
        assert forms.check(pdf, *told) == []
        (page,) = reading.read(pdf).pages
        assert "None" not in page
        assert "（）" not in page
        assert ("住所を定めた年月日【空欄】" in page) == (kind == "juminhyo")
