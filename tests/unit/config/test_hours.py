"""Hours to the second on special days: holidays, year end, midnight, leap days, and with a clock in another zone."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.config.hours import ClosedReason, ClosedUntil, HoursError, Open, ServiceHours, business_date

TOKYO = ZoneInfo("Asia/Tokyo")
YEAR_END = ["12-29", "12-30", "12-31", "01-01", "01-02", "01-03"]
STORE: dict[str, Any] = {
    "closed_days": YEAR_END,
    "maintenance": [
        {"from": "2026-12-05T22:00", "until": "2026-12-06T09:30"},
        {"from": "2026-11-25T10:00", "until": "2026-11-25T10:01", "kinds": ["koseki_full"]},
    ],
    "default": {"everyday": "06:30-23:00"},
    "koseki_full": {"weekday": "09:00-17:00"},
}
OFFICE: dict[str, Any] = {"closed_days": YEAR_END, "default": {"weekday": "08:30-17:15"}}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-24T06:29:59", ClosedUntil(ClosedReason.HOURS, at("2026-11-24T06:30"))),
        ("2026-11-24T06:30:00", Open(at("2026-11-24T23:00"))),
        ("2026-11-24T22:59:59", Open(at("2026-11-24T23:00"))),
        ("2026-11-24T23:00:00", ClosedUntil(ClosedReason.HOURS, at("2026-11-25T06:30"))),
        # Year end: the last evening says when the machine opens in the new year, and the closed days say why it is closed.
        ("2026-12-28T22:59:59", Open(at("2026-12-28T23:00"))),
        ("2026-12-28T23:00:00", ClosedUntil(ClosedReason.HOURS, at("2027-01-04T06:30"))),
        ("2026-12-31T12:00:00", ClosedUntil(ClosedReason.YEAR_END, at("2027-01-04T06:30"))),
        ("2027-01-01T00:00:00", ClosedUntil(ClosedReason.YEAR_END, at("2027-01-04T06:30"))),
        ("2027-01-03T23:59:59", ClosedUntil(ClosedReason.YEAR_END, at("2027-01-04T06:30"))),
        ("2027-01-04T06:30:00", Open(at("2027-01-04T23:00"))),
        # Maintenance to the minute, over a night and past the usual opening.
        ("2026-12-05T21:59:59", Open(at("2026-12-05T22:00"))),
        ("2026-12-05T22:00:00", ClosedUntil(ClosedReason.MAINTENANCE, at("2026-12-06T09:30"))),
        ("2026-12-06T09:29:59", ClosedUntil(ClosedReason.MAINTENANCE, at("2026-12-06T09:30"))),
        ("2026-12-06T09:30:00", Open(at("2026-12-06T23:00"))),
        # A leap day is an ordinary day.
        ("2028-02-29T12:00:00", Open(at("2028-02-29T23:00"))),
    ],
)
def test_store(now: str, expected: Open | ClosedUntil) -> None:
    assert ServiceHours(STORE).state(at(now)) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-24T08:59", ClosedUntil(ClosedReason.HOURS, at("2026-11-24T09:00"))),
        ("2026-11-24T09:00", Open(at("2026-11-24T17:00"))),
        ("2026-11-27T17:00", ClosedUntil(ClosedReason.HOURS, at("2026-11-30T09:00"))),  # Friday to Monday
        ("2026-11-23T12:00", ClosedUntil(ClosedReason.HOURS, at("2026-11-24T09:00"))),  # 勤労感謝の日, a Monday
        ("2026-05-06T12:00", ClosedUntil(ClosedReason.HOURS, at("2026-05-07T09:00"))),  # 振替休日, a Wednesday
        ("2026-09-22T12:00", ClosedUntil(ClosedReason.HOURS, at("2026-09-24T09:00"))),  # 国民の休日 between two
        ("2026-11-25T09:59", Open(at("2026-11-25T10:00"))),  # its own window, one minute long
        ("2026-11-25T10:00", ClosedUntil(ClosedReason.MAINTENANCE, at("2026-11-25T10:01"))),
    ],
)
def test_a_certificate_with_hours_of_its_own(now: str, expected: Open | ClosedUntil) -> None:
    hours = ServiceHours(STORE)
    assert hours.state(at(now), "koseki_full") == expected
    assert isinstance(hours.state(at(now)), Open), "the machine itself is open"
    assert hours.state(at(now), "juminhyo") == hours.state(at(now)), "a kind without a line follows the machine"


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        ("2026-12-10T22:59:59", ClosedReason.HOURS),
        ("2026-12-10T23:00:00", ClosedReason.MAINTENANCE),
        ("2026-12-10T23:29:59", ClosedReason.MAINTENANCE),
        ("2026-12-10T23:30:00", ClosedReason.HOURS),
    ],
)
def test_a_window_has_its_first_instant_and_not_its_last(now: str, reason: ClosedReason) -> None:
    """Also where the machine is closed before and after it, and only the word on the screen changes."""
    window = {"from": "2026-12-10T23:00", "until": "2026-12-10T23:30"}
    hours = ServiceHours({"default": {"everyday": "06:30-22:00"}, "maintenance": [window]})
    assert hours.state(at(now)) == ClosedUntil(reason, at("2026-12-11T06:30"))


def test_office_machine_keeps_office_hours() -> None:
    hours = ServiceHours(OFFICE)
    assert hours.state(at("2026-11-24T17:14:59")) == Open(at("2026-11-24T17:15"))
    assert hours.state(at("2026-11-21T12:00")) == ClosedUntil(ClosedReason.HOURS, at("2026-11-24T08:30"))
    assert hours.today(at("2026-11-24T12:00")) == (time(8, 30), time(17, 15))
    assert hours.today(at("2026-11-23T12:00")) == (time(), time()), "closed today"


def test_a_kind_is_never_open_when_the_machine_is_not() -> None:
    table = {"default": {"everyday": "10:00-12:00,13:00-15:00"}, "early": {"everyday": "06:00-14:00"}}
    hours = ServiceHours(table)
    assert hours.state(at("2026-11-24T09:00"), "early") == ClosedUntil(ClosedReason.HOURS, at("2026-11-24T10:00"))
    assert hours.state(at("2026-11-24T11:00"), "early") == Open(at("2026-11-24T12:00"))
    assert hours.state(at("2026-11-24T13:30"), "early") == Open(at("2026-11-24T14:00"))
    assert hours.today(at("2026-11-24T11:00")) == (time(10), time(15))


def test_last_admission_is_the_closing_less_the_longest_session() -> None:
    hours = ServiceHours(STORE)
    assert hours.admits(at("2026-11-24T22:50:00"), 600)
    assert not hours.admits(at("2026-11-24T22:50:01"), 600)
    assert not hours.admits(at("2026-12-05T21:55:00"), 600), "a maintenance window counts as closing"
    assert not hours.admits(at("2026-11-24T03:00:00"), 600)
    assert hours.next_opening(at("2026-11-24T22:55:00")) == at("2026-11-25T06:30")


def test_a_machine_that_never_closes_stays_open_over_midnight() -> None:
    hours = ServiceHours({"default": {"everyday": "00:00-24:00"}, "closed_days": ["11-30"]})
    state = hours.state(at("2026-11-24T23:59:30"))
    assert state == Open(at("2026-11-30T00:00"))
    assert hours.admits(at("2026-11-24T23:59:30"), 600)


def test_a_machine_that_is_never_open_names_no_opening_time() -> None:
    hours = ServiceHours({"default": {"everyday": "closed", "holiday": "closed"}})
    assert hours.state(at("2026-11-24T12:00")) == ClosedUntil(ClosedReason.HOURS, None)


def test_order_of_the_lines_of_a_day() -> None:
    table = {"everyday": "01:00-02:00", "weekday": "03:00-04:00", "friday": "05:00-06:00", "holiday": "07:00-08:00"}
    hours = ServiceHours({"default": table})
    opens = {day: hours.today(at(f"{day}T00:00"))[0].hour for day in ("2026-11-24", "2026-11-27", "2026-11-28")}
    assert opens == {"2026-11-24": 3, "2026-11-27": 5, "2026-11-28": 1}
    assert hours.today(at("2026-11-23T00:00"))[0].hour == 7, "a holiday is no weekday"


@settings(max_examples=200, deadline=None)
@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2029, 12, 31)),  # noqa: DTZ001  the zone is drawn below
    st.sampled_from(["UTC", "America/New_York", "Pacific/Auckland"]),
    st.sampled_from([None, "koseki_full"]),
)
def test_the_answer_holds_until_the_instant_it_names_and_no_longer(
    moment: datetime, zone: str, kind: str | None
) -> None:
    """The hours are Tokyo's also when the clock is in a zone with summer time."""
    hours = ServiceHours(STORE)
    now = moment.replace(tzinfo=ZoneInfo(zone))
    second = timedelta(seconds=1)
    match hours.state(now, kind):
        case Open(until=until):
            assert until > now
            assert isinstance(hours.state(until - second, kind), Open)
            assert isinstance(hours.state(until, kind), ClosedUntil)
        case ClosedUntil(opens_at=opens_at):
            assert opens_at is not None
            assert opens_at > now
            assert isinstance(hours.state(opens_at, kind), Open)
            assert isinstance(hours.state(opens_at - second, kind), ClosedUntil)


def test_a_session_counts_for_the_day_it_was_opened() -> None:
    assert business_date(datetime(2026, 11, 24, 14, 59, 59, tzinfo=UTC)) == date(2026, 11, 24)
    assert business_date(datetime(2026, 11, 24, 15, 0, 0, tzinfo=UTC)) == date(2026, 11, 25), (
        "a session counts for the date in Tokyo"
    )
    with pytest.raises(AssertionError):
        business_date(datetime(2026, 11, 24, 12))  # noqa: DTZ001  the mistake under test


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ({}, "hours.default"),
        ({"default": {"everyday": "06:30-23:00"}, "closed_days": ["13-01"]}, "13-01"),
        ({"default": {"everyday": "06:30-23:00"}, "closed_days": [1229]}, "1229"),
        ({"default": {"everyday": "23:00-06:30"}}, "hours.default.everyday"),
        ({"default": {"everyday": "06:30-24:01"}}, "24:01"),
        ({"default": {"everyday": "06:75-23:00"}}, "06:75"),
        ({"default": {"everyday": "10:00-12:00,11:00-13:00"}}, "11:00"),
        ({"default": {"everyday": 630}}, "630"),
        ({"default": {"everyday": ""}}, "everyday"),
        ({"default": {"sundays": "06:30-23:00"}}, "sundays"),
        ({"default": "06:30-23:00"}, "hours.default"),
        ({"default": {"everyday": "06:30-23:00"}, "maintenance": [{"from": "2026-12-05T22:00"}]}, "until"),
        ({"default": {"everyday": "06:30-23:00"}, "maintenance": ["2026-12-05"]}, "2026-12-05"),
        (
            {
                "default": {"everyday": "06:30-23:00"},
                "maintenance": [{"from": "2026-12-05T22:00", "until": "2026-12-05T21:00"}],
            },
            "end after",
        ),
        (
            {
                "default": {"everyday": "06:30-23:00"},
                "maintenance": [{"from": "2026-12-05T22:00:30", "until": "2026-12-05T23:00"}],
            },
            "22:00:30",
        ),
        (
            {
                "default": {"everyday": "06:30-23:00"},
                "maintenance": [{"from": "tonight", "until": "2026-12-05T23:00"}],
            },
            "tonight",
        ),
    ],
)
def test_an_impossible_table_is_refused_and_the_key_is_named(table: dict[str, Any], word: str) -> None:
    with pytest.raises(HoursError, match=word):
        ServiceHours(table)


def test_a_maintenance_window_may_be_a_date_time_of_toml() -> None:
    window = {"from": datetime(2026, 12, 5, 22), "until": datetime(2026, 12, 5, 14, tzinfo=UTC)}  # noqa: DTZ001
    hours = ServiceHours({"default": {"everyday": "06:30-24:00"}, "maintenance": [window]})
    assert hours.state(at("2026-12-05T22:30")) == ClosedUntil(ClosedReason.MAINTENANCE, at("2026-12-05T23:00"))
