"""The rule of fitting, and generated people: each paper is refused before payment, or all its words stand in their cells."""

import dataclasses
import random
from itertools import pairwise
from typing import Any

import pytest

from host_sim.centre import forms
from host_sim.centre.forms import fitting, reading
from host_sim.centre.register import FamilyEvent, Register, Resident
from tests.unit.centre.cities import place_of
from tests.unit.forms.conftest import TODAY

BRAZILIAN = "MARIA APARECIDA DOS SANTOS OLIVEIRA DA SILVA PEREIRA FERREIRA-JUNIOR DE ALBUQUERQUE CAVALCANTI"
READING = "マリア　アパレシーダ　ドス　サントス　オリヴェイラ　ダ　シルヴァ　ペレイラ　フェレイラ　ジュニオール"
HENTAIGANA = "\U0001b002\U0001b01d\U0001b03f\U0001b05a"
PLANES = "𠮷𠀋𪜖𪜩𫝀𫝁𫠥𫡤𬺰𬺱"  # Ext-B to F, as far as IPAmj明朝 goes
BEYOND = "𰀀\U00031350"  # Ext-G and H, which it has not
SCRIPTS = (
    BRAZILIAN,
    READING,
    HENTAIGANA,
    PLANES,
    "NGUYEN THI THANH HUYEN TRAN LE PHAM",
    "ナムグン　ミンスホアンジョンヒョンギュ",
    "渡邉\U000e0110　葛\U000e0103子辻\U000e0102",
    "宮崎　花子",
    "O'NEILL-SMITH（オニール）",
    "メゾン・ド・フェニックス1205号室",
)


def text(chance: random.Random, longest: int) -> str:
    made = "　".join(chance.choice(SCRIPTS) for _ in range(chance.choice([1, 1, 2, 5])))
    made = made[: chance.randrange(4, longest)].strip()
    return made + BEYOND[0] if chance.random() < 0.01 else made


def person(chance: random.Random, was: Resident) -> Resident:
    longest = chance.choice([12, 30, 60, 120])
    texts = {key: text(chance, longest) for key in ("name", "kana", "previous_address", "former_surname_kana")}
    if was.foreign is None:
        more = {key: text(chance, longest) for key in ("domicile", "family_head", "former_surname")}
        return dataclasses.replace(was, **texts, **more)
    foreign = dataclasses.replace(was.foreign, alias=text(chance, longest), alias_kana=text(chance, longest))
    return dataclasses.replace(was, **texts, foreign=foreign)


def household(chance: random.Random, register: Register, who: Resident, count: int) -> tuple[Register, Resident]:
    """The same household with `count` people, with other texts."""
    home = register.household_of(who)
    was = list(register.members(home))
    people = [person(chance, who)]
    for number in range(1, count):
        like = chance.choice([*was, register.by_key("nguyen")])
        resident_id = f"{number:010d}"
        people.append(
            dataclasses.replace(person(chance, like), resident_id=resident_id, household_id=home.household_id)
        )
    people[0] = dataclasses.replace(people[0], resident_id=who.resident_id)
    ids = tuple(one.resident_id for one in people)
    changed = dataclasses.replace(
        home, member_ids=ids, head_id=who.resident_id, address=text(chance, 80), building=text(chance, 60)
    )
    residents = {**register.residents, **{one.resident_id: one for one in people}}
    homes = {**register.households, home.household_id: changed}
    return dataclasses.replace(register, residents=residents, households=homes), people[0]


@pytest.mark.parametrize("seed", range(16))
def test_generated_people_get_a_whole_paper_or_none(town: Any, seed: int) -> None:
    chance = random.Random(seed)
    count = chance.choice([1, 2, 3, 4, 5, 8, 12])
    register, who = household(chance, town.register, town.register.by_key("taro"), count)
    members = register.members(register.household_of(who))
    for kind in chance.sample(forms.KINDS, 3):
        offer = forms.offer(kind, who, members, register, TODAY, place_of("store"))
        if offer["refusal"] is not None:
            continue
        asked = [group for group in offer["groups"] if group["only_if"] is None]
        options = {
            group["key"]: ["print"] if group["choices"][0]["value"] == "omit" else list(group["default"])
            for group in asked
        }
        pdf = forms.typeset(kind, who, members, options, town.issue(), register)
        assert forms.check(pdf, kind, who, members, options, town.issue(), register) == []


def test_most_generated_people_get_their_paper(town: Any) -> None:
    """Or the test above would prove nothing."""
    issued = 0
    for seed in range(24):
        chance = random.Random(1000 + seed)
        register, who = household(chance, town.register, town.register.by_key("taro"), 2)
        members = register.members(register.household_of(who))
        issued += forms.offer("inkan", who, members, register, TODAY, place_of("store"))["refusal"] is None
    assert 12 <= issued < 24, "some are printed and some are refused"


def one_with(town: Any, **facts: Any) -> tuple[Register, Resident]:
    who = dataclasses.replace(town.register.by_key("taro"), **facts)
    residents = {**town.register.residents, who.resident_id: who}
    return dataclasses.replace(town.register, residents=residents), who


def test_a_reading_of_fifty_letters_stands_whole_in_the_remarks(town: Any) -> None:
    register, who = one_with(town, kana=READING)
    pdf = forms.typeset("juminhyo", who, [who], {}, town.issue(), register)
    words = reading.read(pdf).pages[0]
    assert "氏名の振り仮名統合記載欄に記載" in words
    assert f"統合記載欄氏名の振り仮名　{READING}" in words
    assert forms.check(pdf, "juminhyo", who, [who], {}, town.issue(), register) == []


def test_a_letter_of_a_plane_that_the_font_has_not_is_refused_by_its_code_point(town: Any) -> None:
    for letter in BEYOND:
        register, who = one_with(town, name=f"{letter}田　太郎")
        assert forms.offer("inkan", who, [who], register, TODAY, place_of("store"))["refusal"] == "ask_at_counter"
        assert forms.lacking(who, [who], register) == [f"U+{ord(letter):04X}"]


@pytest.mark.parametrize("words", [*SCRIPTS, "宮崎県宮崎市清武町（大字加納）甲3451番地-2"])
def test_no_line_is_too_wide_and_none_ends_within_a_word(words: str) -> None:
    for w in range(30, 120, 7):
        for h in (4.2, 7.5, 24):
            try:
                laid = fitting.fit(words, w, h, 12, "it")
            except fitting.TextOverflow:
                continue
            lines = [line for _, line in laid.lines]
            assert "".join(lines) == words
            assert laid.size_pt >= fitting.SMALLEST_PT
            assert all(fitting.width_mm(line.rstrip(), laid.size_pt) <= w + 1e-6 for line in lines)
            assert all(0 < below < h for below, _ in laid.lines)
            for one, other in pairwise(lines):
                assert not (one[-1].isascii() and one[-1].isalnum() and other[0].isascii() and other[0].isalnum())
                assert other[0] not in fitting.NOT_FIRST
                assert one[-1] not in fitting.NOT_LAST
                assert other[0] not in fitting.BLANKS


def test_a_single_word_too_long_for_a_register_is_refused_before_payment(town: Any) -> None:
    who = town.register.by_key("kazuko")
    family = town.register.family_of(who)
    event = forms_event("【従前の記録】", "A" * 90)
    families = {family.register_id: dataclasses.replace(family, events=(*family.events, event))}
    register = dataclasses.replace(town.register, families={**town.register.families, **families})
    offer = forms.offer("koseki", who, town.household(who), register, TODAY, place_of("store"))
    assert offer["refusal"] == "ask_at_counter"


def forms_event(label: str, words: str) -> FamilyEvent:
    return FamilyEvent(title="改製", lines=((label, words),))
