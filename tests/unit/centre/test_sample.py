"""The invented city: large and varied enough, and each of its residents is issued or refused with the right word.

What is due is written here from the table of city rules, without the code that decides it.
"""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from host_sim.centre import forms, rules, sample
from host_sim.centre.register import Resident, ResidentState, SealState
from tests.unit.centre.cities import place_of

CITY = sample.residents()
TODAY = date(2026, 11, 24)
LIVING = {ResidentState.RESIDENT, ResidentState.LEAVING}
FAMILY = {"koseki", "koseki_kojin", "fuhyo"}


def household(person: Resident) -> list[Resident]:
    return [other for other in CITY.residents.values() if other.household_id == person.household_id]


def in_residence(person: Resident) -> Sequence[Resident]:
    return CITY.members(CITY.household_of(person))


def refusal_due(person: Resident, kind: str) -> str | None:
    """The word of the line for this resident and kind, or None: it is issued."""
    everyone = household(person)
    fifteen = date(person.born.on.year + 15, person.born.on.month, min(person.born.on.day, 28))
    if person.state in {ResidentState.MOVED_OUT, ResidentState.LEAVING}:
        return "moved_out"  # city rule 2
    if person.state in {ResidentState.DEAD, ResidentState.STRUCK_OFF}:
        return "not_resident"  # city rule 2
    if any(other.protected for other in everyone) or person.issue_blocked or person.ward:
        return "ask_at_counter"  # city rules 7, 8
    if fifteen > TODAY:
        return "under_age"  # city rule 8
    return _refusal_of_the_kind(person, [other for other in everyone if other.state in LIVING], kind)


def _refusal_of_the_kind(person: Resident, here: Sequence[Resident], kind: str) -> str | None:
    if kind in {"juminhyo", "kisai"} and any(o.state is ResidentState.LEAVING or o.issue_blocked for o in here):
        return "ask_at_counter"  # city rules 2, 7
    seal = CITY.seals.get(person.resident_id)
    if kind == "inkan" and (seal is None or seal.state is not SealState.VALID):
        return "not_registered"
    years = [tax for (number, _), tax in CITY.taxes.items() if number == person.resident_id]
    if kind == "kazei" and not years:
        return "no_record"
    if kind == "kazei" and not any(t.resident_on_1_january and t.declared and not t.issue_stopped for t in years):
        return "ask_at_counter"  # city rule 2
    registers = [f for f in CITY.families.values() if any(m.resident_id == person.resident_id for m in f.members)]
    if kind in FAMILY and not registers:
        return "held_elsewhere"  # city rule 1
    if any("\ue000" <= letter <= "\uf8ff" for other in here for letter in other.name):
        return "ask_at_counter"  # city rule 2: a character that is not registered
    return None


def offer(person: Resident, kind: str) -> dict[str, Any]:
    return forms.offer(kind, person, in_residence(person), CITY, TODAY, place_of("store"))


def test_every_resident_gets_each_kind_or_the_right_word() -> None:
    words: Counter[str | None] = Counter()
    wrong = []
    for person in CITY.residents.values():
        for kind in forms.KINDS:
            due, told = refusal_due(person, kind), offer(person, kind)["refusal"]
            words[told] += 1
            if told != due:
                wrong.append(f"{person.resident_id} {kind}: {told} instead of {due}")
    assert wrong == []
    assert set(words) == {
        None,
        "moved_out",
        "not_resident",
        "ask_at_counter",
        "under_age",
        "not_registered",
        "held_elsewhere",
        "no_record",
    }


def _some() -> list[tuple[str, str]]:
    """For each kind, four residents to whom it is issued: one of the largest household, the others by chance."""
    chance, chosen = random.Random("papers"), []
    for kind in forms.KINDS:
        able = [p for p in CITY.residents.values() if refusal_due(p, kind) is None]
        largest = max(able, key=lambda p: len(in_residence(p)))
        some = [largest, *chance.sample(able, 3)]
        if kind == "inkan":
            some += [p for p in able if CITY.seals[p.resident_id].imprint_png][:2]
        chosen += [(kind, person.resident_id) for person in some]
    return chosen


@pytest.mark.parametrize(("kind", "number"), _some())
def test_a_paper_with_everything_on_it_says_what_the_books_say(kind: str, number: str) -> None:
    person = CITY.residents[number]
    asked = [group for group in offer(person, kind)["groups"] if group["only_if"] is None]
    options = {g["key"]: ["print"] if g["choices"][0]["value"] == "omit" else list(g["default"]) for g in asked}
    issue = forms.IssueFacts(
        issue_number="20261124 宮崎市 K01 000001", issued_on=TODAY, request_id="0" * 32, card_fingerprint="0" * 64
    )
    told = (kind, person, in_residence(person), options, issue, CITY)
    assert forms.check(forms.typeset(*told), *told) == []


def test_the_city_has_what_a_city_has() -> None:
    people = list(CITY.residents.values())
    assert len(people) >= 300
    assert len(CITY.households) >= 120
    assert {len(home.member_ids) for home in CITY.households.values()} >= set(range(1, 13))
    assert {person.state for person in people} == set(ResidentState)
    assert {seal.state for seal in CITY.seals.values()} == set(SealState)
    foreign = [person for person in people if person.foreign is not None]
    seen = {
        "a block": any(p.issue_blocked for p in people),
        "a ward": any(p.ward for p in people),
        "an order of protection": any(p.protected for p in people),
        "a former surname": any(p.former_surname and p.former_surname_kana for p in people),
        "a former surname without reading": any(p.former_surname and not p.former_surname_kana for p in people),
        "no reading": any(not p.kana for p in people),
        "never moved inside the city": any(p.address_since is None for p in people),
        "an alias": any(p.foreign and p.foreign.alias for p in foreign),
        "a Latin name": any(p.name.isascii() for p in foreign),
        "a variation selector": any(letter >= "\U000e0100" for p in people for letter in p.name),
        "a letter of a further plane": any("\U00020000" <= letter < "\U00030000" for p in people for letter in p.name),
        "old kana": any("\U0001b000" <= letter <= "\U0001b12f" for p in people for letter in p.name),
        "a scanned imprint": any(seal.imprint_png for seal in CITY.seals.values()),
        "a large family register": any(len(family.members) >= 5 for family in CITY.families.values()),
        "twins": any(
            one.resident_id < other.resident_id and one.born == other.born and one.relation == other.relation == "子"
            for one in people
            for other in household(one)
        ),
    }
    assert [what for what, there in seen.items() if not there] == []


def test_every_household_has_one_head_and_no_code_is_given_twice() -> None:
    for home in CITY.households.values():
        here = CITY.members(home)
        assert [p.resident_id for p in here if p.relation == "世帯主"] == ([home.head_id] if here else [])
    for field in ("my_number", "resident_code"):
        assert max(Counter(getattr(p, field) for p in CITY.residents.values()).values()) == 1


def test_the_cast_is_the_same_for_every_seed() -> None:
    other = sample.residents(7)
    assert other.cast == CITY.cast
    for key in CITY.cast:
        one, two = CITY.by_key(key), other.by_key(key)
        assert (one.resident_id, one.name, one.household_id) == (two.resident_id, two.name, two.household_id)
    assert rules.age_on(CITY.by_key("hanako").born.on, TODAY) == 42
