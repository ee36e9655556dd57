"""Text that counts as sure to fit does fit: each field at its limit with the widest letters, laid out for each kind."""

import dataclasses
from datetime import date
from typing import Any

import pytest

from host_sim.centre import forms
from host_sim.centre.forms import room
from host_sim.centre.forms.certificate import draft
from host_sim.centre.register import Register, RegisterDate, Resident
from tests.unit.centre.cities import place_of

TODAY = date(2026, 11, 24)
WIDE = "鷲"


def filled(register: Register, who: Resident) -> tuple[Register, Resident]:
    """The same people with each text at its greatest length."""

    def day(was: RegisterDate) -> RegisterDate:
        return dataclasses.replace(was, written=WIDE * room.DATE)

    def person(was: Resident) -> Resident:
        foreign = was.foreign
        if foreign is not None:
            texts = {name: WIDE * length for name, length in room.FOREIGN.items()}
            foreign = dataclasses.replace(foreign, **texts, resident_since=day(foreign.resident_since))
        texts = {name: WIDE * length for name, length in room.PERSON.items()}
        days = {"born": day(was.born), "resident_since": day(was.resident_since)}
        return dataclasses.replace(
            was, **texts, **days, address_since=day(was.address_since or was.resident_since), foreign=foreign
        )

    home = register.household_of(who)
    people = {p.resident_id: person(p) for p in register.members(home)}
    homes = {home.household_id: dataclasses.replace(home, address=WIDE * (room.ADDRESS - 1), building=None)}
    families = {
        number: dataclasses.replace(
            family,
            domicile=WIDE * room.DOMICILE,
            surname=WIDE * (room.HEAD_OF_FAMILY - 9),
            head_given_name=WIDE * 8,
        )
        for number, family in register.families.items()
    }
    taxes = {
        key: dataclasses.replace(tax, incomes_yen={WIDE * room.TAX_LABEL: 1}, dependants={WIDE * room.TAX_LABEL: 1})
        for key, tax in register.taxes.items()
    }
    made = dataclasses.replace(
        register,
        residents={**register.residents, **people},
        households={**register.households, **homes},
        families=families,
        taxes=taxes,
    )
    return made, people[who.resident_id]


def everything(groups: list[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    return {
        group["key"]: ("print",)
        if group["choices"][0]["value"] == "omit"
        else tuple(choice["value"] for choice in group["choices"])
        for group in groups
    }


@pytest.mark.parametrize("who", ["taro", "hanako", "nguyen", "kazuko"])
def test_every_field_filled_to_its_limit_can_be_laid_out(town: Any, who: str) -> None:
    register, subject = filled(town.register, town.register.by_key(who))
    household = register.members(register.household_of(subject))
    assert room.surely_fits(subject, household, register)
    laid_out = 0
    for kind in forms.KINDS:
        offer = forms.offer(kind, subject, household, register, TODAY, place_of("store"))
        if offer["refusal"] is None:
            assert draft(kind, subject, household, everything(offer["groups"]), register).sheets
            laid_out += 1
    assert laid_out >= 2


def test_every_resident_who_is_sure_to_fit_does_fit(town: Any) -> None:
    sure = 0
    for subject in town.register.residents.values():
        household = town.household(subject)
        if not household or not room.surely_fits(subject, household, town.register):
            continue
        sure += 1
        for kind in forms.KINDS:
            offer = forms.offer(kind, subject, household, town.register, TODAY, place_of("store"))
            if offer["refusal"] is None:
                draft(kind, subject, household, everything(offer["groups"]), town.register)
    assert sure > 0.9 * len(town.register.residents), "the fast check must be enough for most residents"


@pytest.mark.parametrize(
    "change",
    [
        {"name": WIDE * 80},
        {"kana": "ア" * 200},  # too long for its annex field, too
        {"name": "宮\ue000　花"},  # a character of the private use area
        {"name": "\U000e0100宮　花"},  # a variation selector without a character before it
        {"former_surname": "邉\U000e01ef"},  # a variant the font does not carry
    ],
)
def test_what_cannot_be_printed_is_refused_as_before(town: Any, change: dict[str, str]) -> None:
    taro = town.register.by_key("taro")
    subject = dataclasses.replace(taro, **change)
    register = dataclasses.replace(town.register, residents={**town.register.residents, taro.resident_id: subject})
    household = register.members(register.household_of(subject))
    assert not room.surely_fits(subject, household, register)
    assert (
        forms.offer("juminhyo", subject, household, register, TODAY, place_of("store"))["refusal"] == "ask_at_counter"
    )
