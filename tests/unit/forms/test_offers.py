"""Which certificates and options are offered to whom (city rules 2, 7, 8; form rule 1 for what may be left off)."""

import dataclasses
from datetime import date
from typing import Any

import pytest

from drivers.vocabulary import CentreRefusal
from host_sim.centre import forms
from host_sim.centre.forms.people import member_token
from host_sim.centre.register import SealState
from host_sim.centre.rules import options_allowed
from tests.unit.centre.cities import place_of
from tests.unit.forms.conftest import TODAY

REFUSALS = [
    ("kazuko", "inkan", "not_registered"),
    ("jiro", "juminhyo", "moved_out"),
    ("jiro", "inkan", "moved_out"),
    ("sakura", "juminhyo", "ask_at_counter"),
    ("sakura", "kazei", "ask_at_counter"),
    ("midori", "juminhyo", "under_age"),
    ("nguyen", "koseki", "held_elsewhere"),  # no family register in Japan
    ("nguyen", "fuhyo", "held_elsewhere"),
    ("jiro", "koseki", "moved_out"),
]


@pytest.mark.parametrize(("key", "kind", "refusal"), REFUSALS)
def test_refusals(town: Any, key: str, kind: str, refusal: str) -> None:
    offer = town.offer(kind, town.register.by_key(key))
    assert offer["refusal"] == refusal
    assert offer["groups"] == []
    CentreRefusal(refusal)


def test_every_offer_has_the_shape_of_the_line_and_its_defaults_are_answers(town: Any) -> None:
    for who in town.register.residents.values():
        for kind in forms.KINDS:
            offer = town.offer(kind, who)
            assert set(offer) == {"kind", "title", "fee_yen", "copies_max", "refusal", "groups"}
            if offer["refusal"] is not None:
                CentreRefusal(offer["refusal"])
                continue
            asked = [group for group in offer["groups"] if group["only_if"] is None]
            assert options_allowed(offer, {group["key"]: group["default"] for group in asked})
            for group in offer["groups"]:
                assert set(group["default"]) <= {choice["value"] for choice in group["choices"]}
                assert all({"ja", "en"} <= set(choice["label"]) for choice in group["choices"])


def test_everything_optional_is_left_off_unless_asked_for(town: Any) -> None:
    groups = {group["key"]: group for group in town.offer("juminhyo", town.register.by_key("hanako"))["groups"]}
    assert {key: groups[key]["default"] for key in ("relation", "domicile", "my_number")} == {
        "relation": ["omit"],
        "domicile": ["omit"],
        "my_number": ["omit"],
    }
    assert groups["members"]["only_if"] == ["scope", "part"]


def test_an_order_carries_no_resident_number(town: Any) -> None:
    for who in town.register.residents.values():
        for kind in forms.KINDS:
            for group in town.offer(kind, who)["groups"]:
                assert not {choice["value"] for choice in group["choices"]} & set(town.register.residents)


def test_a_cancelled_seal_is_not_offered(town: Any) -> None:
    taro = town.register.by_key("taro")
    seal = town.register.seals[taro.resident_id]
    for state in (SealState.CANCELLED, SealState.LOST, SealState.PENDING):
        seals = {taro.resident_id: dataclasses.replace(seal, state=state)}
        register = dataclasses.replace(town.register, seals=seals)
        offer = forms.offer("inkan", taro, town.household(taro), register, date(2026, 11, 24), place_of("store"))
        assert offer["refusal"] == "not_registered"


@pytest.mark.parametrize(("today", "newest"), [(date(2026, 5, 31), "2025"), (date(2026, 6, 1), "2026")])
def test_a_tax_year_is_known_in_june(town: Any, today: date, newest: str) -> None:
    taro = town.register.by_key("taro")
    offer = forms.offer("kazei", taro, town.household(taro), town.register, today, place_of("store"))
    assert offer["groups"][0]["choices"][0]["value"] == newest


@pytest.mark.parametrize("hindrance", [{"declared": False}, {"resident_on_1_january": False}, {"issue_stopped": True}])
def test_a_tax_year_that_may_not_be_issued(town: Any, hindrance: dict[str, bool]) -> None:
    taro = town.register.by_key("taro")
    taxes = {key: dataclasses.replace(tax, **hindrance) for key, tax in town.register.taxes.items()}
    register = dataclasses.replace(town.register, taxes=taxes)
    offer = forms.offer("kazei", taro, town.household(taro), register, date(2026, 11, 24), place_of("store"))
    assert offer["refusal"] == "ask_at_counter"


def test_some_members_only(town: Any) -> None:
    taro, midori = town.register.by_key("taro"), town.register.by_key("midori")
    options = {"scope": ["part"], "members": [member_token(midori)], "relation": ["omit"], "domicile": ["omit"]}
    pdf = town.typeset("juminhyo", taro, options)
    assert town.check(pdf, "juminhyo", taro, options) == []


def test_a_kind_may_have_an_age_limit_of_its_own(town: Any) -> None:
    """A year is completed at the end of the day before the birthday (city rule 8); the other kinds are not touched."""
    place = place_of("store")
    strict = dataclasses.replace(
        place, kinds={**place.kinds, "inkan": dataclasses.replace(place.kinds["inkan"], youngest_years=18)}
    )
    who = town.register.by_key("taro")
    household = town.household(who)
    for born, refusal in ((date(2008, 11, 25), "ask_at_counter"), (date(2008, 11, 24), None)):
        young = dataclasses.replace(who, born=dataclasses.replace(who.born, on=born))
        for kind, told in (("inkan", refusal), ("kisai", None)):
            assert forms.offer(kind, young, household, town.register, TODAY, strict)["refusal"] == told
