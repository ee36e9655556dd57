"""Who, when, with which card: city rules 2, 3, 6 to 8."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from host_sim.centre import rules, sample
from host_sim.centre.register import RegisterDate, ResidentState
from tests.unit.centre.cities import place_of
from tests.unit.centre.town import JST

CITY = sample.residents()


def jst(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=JST)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({}, None),
        ({"state": ResidentState.LEAVING}, "moved_out"),
        ({"state": ResidentState.MOVED_OUT}, "moved_out"),
        ({"state": ResidentState.DEAD}, "not_resident"),
        ({"state": ResidentState.STRUCK_OFF}, "not_resident"),
        ({"protected": True}, "ask_at_counter"),
        ({"issue_blocked": True}, "ask_at_counter"),
        ({"ward": True}, "ask_at_counter"),
        ({"born": RegisterDate(date(2011, 11, 25))}, "under_age"),
        ({"born": RegisterDate(date(2011, 11, 24))}, None),
        ({"protected": True, "born": RegisterDate(date(2020, 1, 1))}, "ask_at_counter"),
    ],
)
def test_who_is_served(change: dict[str, object], refusal: str | None) -> None:
    kazuko = replace(CITY.by_key("kazuko"), **change)
    register = replace(CITY, residents={**CITY.residents, kazuko.resident_id: kazuko})
    assert rules.refusal_of(kazuko, register, date(2026, 11, 24), 15) == refusal


def test_a_protected_person_closes_the_whole_household() -> None:
    """支援措置 blocks the certificates of the whole household, and the refusal word does not say why (standard 3.5)."""
    midori = replace(CITY.by_key("midori"), protected=True)
    register = replace(CITY, residents={**CITY.residents, midori.resident_id: midori})
    assert rules.refusal_of(CITY.by_key("hanako"), register, date(2026, 11, 24), 15) == "ask_at_counter"


@pytest.mark.parametrize(
    ("born", "today", "age"),
    [
        (date(2011, 11, 24), date(2026, 11, 23), 14),
        (date(2011, 11, 24), date(2026, 11, 24), 15),
        (date(2012, 2, 29), date(2027, 2, 28), 14),
        (date(2012, 2, 29), date(2027, 3, 1), 15),
        (date(2012, 2, 29), date(2028, 2, 29), 16),
    ],
)
def test_age(born: date, today: date, age: int) -> None:
    assert rules.age_on(born, today) == age


@pytest.mark.parametrize(
    ("instant", "channel", "kind", "opens"),
    [
        ("2026-11-24T06:29:59", "store", "juminhyo", False),
        ("2026-11-24T06:30:00", "store", "juminhyo", True),
        ("2026-11-24T22:59:59", "store", "inkan", True),
        ("2026-11-24T23:00:00", "store", "inkan", False),
        ("2026-11-22T12:00:00", "store", "juminhyo", True),  # Sunday
        ("2026-12-28T22:59:59", "store", "juminhyo", True),
        ("2026-12-29T12:00:00", "store", "juminhyo", False),
        ("2026-12-31T23:59:59", "store", "juminhyo", False),
        ("2027-01-03T12:00:00", "store", "juminhyo", False),
        ("2027-01-04T06:30:00", "store", "juminhyo", True),
        ("2026-11-24T17:14:59", "office", "juminhyo", True),
        ("2026-11-24T17:15:00", "office", "juminhyo", False),
        ("2026-11-24T08:29:59", "office", "juminhyo", False),
        ("2026-11-22T12:00:00", "office", "juminhyo", False),  # Sunday
        ("2026-11-23T12:00:00", "office", "juminhyo", False),  # 勤労感謝の日, a Monday
        ("2026-11-23T12:00:00", "store", "juminhyo", True),
        ("2026-11-24T17:00:00", "store", "koseki", False),
        ("2026-11-24T16:59:59", "store", "koseki", True),
        ("2026-11-22T12:00:00", "store", "koseki", False),
        ("2026-09-22T12:00:00", "store", "koseki", False),  # 国民の休日 between two holidays
    ],
)
def test_hours(instant: str, channel: str, kind: str, opens: bool) -> None:
    """City rule 3, as the sample city has it."""
    place = place_of(channel, jst(instant).date())
    assert place.timetable.open_at(jst(instant), kind) is opens


def test_a_session_that_began_in_time_may_finish() -> None:
    closing = jst("2026-11-24T23:00:00")
    assert place_of("store").finishing_at(closing + timedelta(minutes=14, seconds=59))
    assert not place_of("store").finishing_at(closing + timedelta(minutes=15))
    assert not place_of("store").finishing_at(jst("2026-12-29T06:40:00"))
    assert not place_of("store").finishing_at(jst("2026-11-24T06:29:59"))


@pytest.mark.parametrize(
    ("site", "kind", "until", "refusal"),
    [
        ("store", "individual_number", None, None),
        ("store", "resident_register", date(2026, 11, 24), None),
        ("store", "resident_register", date(2026, 11, 23), "card_expired"),
        ("store", "citizen", None, "card_not_taken"),
        ("office", "citizen", None, None),
        ("office", "resident_register", date(2016, 1, 1), None),
        ("counter", "citizen", date(2016, 1, 1), None),
    ],
)
def test_cards(site: str, kind: str, until: date | None, refusal: str | None) -> None:
    """City rule 10: expired 住基カード and 市民カード are refused in shops, not at the city's machines."""
    assert rules.card_refusal(place_of(site), kind, until, date(2026, 11, 24)) == refusal


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("宮崎\u3000花子", "宮崎\u3000花＊"),
        ("渡邉\U000e0110\u3000和子", "渡邉\U000e0110\u3000和＊"),
        ("青島\u3000葛\U000e0104城", "青島\u3000葛\U000e0104＊"),
        ("宮崎\u3000学", "宮崎\u3000学＊"),
        ("グエン・ヴァン・アン", "グエン・ヴ＊＊＊＊＊"),
        ("NGUYEN VAN AN", "NGUYEN VAN AN"),
        ("SILVA-SANTOS JOÃO D'ÁVILA", "SILVA-SANTOS JOÃO D'ÁVILA"),
        ("王　小明", "王　小＊"),
        ("か\u3099り", "か\u3099＊"),
    ],
)
def test_a_masked_name(name: str, shown: str) -> None:
    assert rules.masked(name) == shown


OFFER = {
    "groups": [
        {"key": "scope", "several": False, "choices": [{"value": "all"}, {"value": "part"}], "only_if": None},
        {
            "key": "members",
            "several": True,
            "choices": [{"value": "1"}, {"value": "2"}],
            "only_if": ["scope", "part"],
        },
    ]
}


@pytest.mark.parametrize(
    ("options", "allowed"),
    [
        ({"scope": ["all"]}, True),
        ({"scope": ["part"], "members": ["1"]}, True),
        ({"scope": ["part"], "members": ["2", "1"]}, True),
        ({"scope": ["part"], "members": ["1", "1"]}, False),
        ({"scope": ["part"], "members": []}, False),
        ({"scope": ["part"], "members": ["3"]}, False),
        ({"scope": ["part"]}, False),
        ({"scope": ["all"], "members": ["1"]}, False),
        ({"scope": ["all", "part"], "members": ["1"]}, False),
        ({"scope": []}, False),
        ({}, False),
        ({"scope": ["all"], "colour": ["red"]}, False),
    ],
)
def test_an_order_must_answer_every_question_that_applies(options: dict[str, list[str]], allowed: bool) -> None:
    assert rules.options_allowed(OFFER, options) is allowed


@pytest.mark.parametrize(
    ("kind", "options", "requester"),
    [
        ("inkan", {}, "self"),
        ("kazei", {"year": ["2026"]}, "self"),
        ("juminhyo", {}, "self"),  # lives alone: nobody is asked whose record it is to be
        ("juminhyo", {"scope": ["self"]}, "self"),
        ("juminhyo", {"scope": ["all"]}, "household"),
        ("kisai", {"scope": ["part"], "members": ["2"]}, "household"),
        ("koseki", {}, "family"),
        ("koseki_kojin", {"person": ["1"]}, "self"),
        ("koseki_kojin", {"person": ["2"]}, "family"),
        ("fuhyo", {"scope": ["all"]}, "family"),
        ("fuhyo", {}, "self"),
    ],
)
def test_the_class_of_who_asks(kind: str, options: dict[str, list[str]], requester: str) -> None:
    groups = [{"key": "person", "default": ["1"]}] if kind == "koseki_kojin" else []
    assert rules.requester({"kind": kind, "groups": groups}, options) == requester
