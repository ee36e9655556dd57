"""What is counted from the audit record: the hour of the order, the channel of the city's file, each copy once."""

from datetime import date, datetime, timedelta

import pytest

from host_sim.centre import sample
from host_sim.centre.statistics import gather, record
from host_sim.centre.statistics.calendar import Calendar
from host_sim.centre.statistics.gather import Sources
from host_sim.centre.statistics.papers import Counts, Months, Papers
from tests.unit.centre.town import HALL, JST, SHOP, Town

CALENDAR = Calendar(sample.city())
NOVEMBER, DECEMBER, JANUARY = date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)


def counted(town: Town, first: date = NOVEMBER, after: date = DECEMBER) -> Counts:
    with town.store.reading() as c:
        return record.count(c, first, after, CALENDAR)


def issue(town: Town, at: datetime, kind: str, copies: int = 1, told_after: timedelta = timedelta()) -> None:
    """Through a shop's machine, which tells of it later if the line was down."""
    town.now = at
    session = town.session("hanako")
    reserved = session.reserved(session.item(kind, copies))
    for copy in range(1, copies + 1):
        session.line.fetch(reserved, copy)
    town.now = at + told_after
    for copy in range(1, copies + 1):
        session.line.advise({"op": "issued", "request_id": reserved.request_id, "copy": copy, "evidence": "printed"})


def test_each_copy_is_counted_with_what_is_told_of_it() -> None:
    town = Town()
    issue(town, datetime(2026, 11, 24, 10, 0, tzinfo=JST), "juminhyo", copies=2)
    issue(town, datetime(2026, 11, 28, 10, 0, tzinfo=JST), "inkan")  # a Saturday
    november = Papers("2026-11", "2026-11", "office", "juminhyo", "store", "household", "jpki", 300)
    assert counted(town) == {november: 2, november._replace(band="off", kind="inkan", requester="self"): 1}


def test_a_card_of_the_city_at_its_own_machine_is_another_method_and_channel() -> None:
    town = Town()
    session = town.session("taro", HALL)
    reserved = session.reserved(session.item("inkan"))
    session.line.fetch(reserved, 1)
    session.line.advise({"op": "issued", "request_id": reserved.request_id, "copy": 1, "evidence": "printed"})
    [papers] = counted(town)
    assert (papers.channel, papers.requester) == ("office", "self")


def test_only_rows_of_issued_copies_are_read() -> None:
    """By the index, so that a report of a month does not read years of the record."""
    town = Town()
    query = record._query(datetime(2026, 11, 1, tzinfo=JST), datetime(2026, 12, 1, tzinfo=JST))
    words = str(query.compile(dialect=town.store.engine.dialect, compile_kwargs={"literal_binds": True}))
    explain = "EXPLAIN QUERY PLAN " if town.store.engine.dialect.name == "sqlite" else "EXPLAIN "
    with town.store.writing() as c:
        if explain == "EXPLAIN ":  # which reads a table whole as long as it is small
            c.exec_driver_sql("SET LOCAL enable_seqscan = off")
        told = " ".join(map(str, c.exec_driver_sql(explain + words).all()))
    assert "ix_audit_issued" in told


def test_a_void_is_no_paper_and_a_repeated_report_is_no_second_one() -> None:
    town = Town()
    session = town.session("hanako")
    reserved = session.reserved(session.item("juminhyo", 2))
    for copy in (1, 2):
        session.line.fetch(reserved, copy)
    for _ in range(2):
        session.line.advise({"op": "issued", "request_id": reserved.request_id, "copy": 1, "evidence": "printed"})
        session.line.advise({"op": "void", "request_id": reserved.request_id, "copy": 2, "reason": "jam"})
    assert counted(town).total() == 1


def test_a_paper_counts_when_it_was_ordered_and_not_when_the_centre_heard_of_it() -> None:
    town = Town()
    issue(town, datetime(2026, 11, 30, 22, 50, tzinfo=JST), "juminhyo", told_after=timedelta(hours=9))
    [papers] = counted(town)
    assert (papers.first_month, papers.band) == ("2026-11", "night")
    assert counted(town, DECEMBER, JANUARY) == {}


def test_a_row_of_an_older_program_counts_by_its_own_instant_and_the_machines_certificate() -> None:
    town = Town()
    with town.store.writing() as c:
        at = datetime(2026, 11, 24, 7, 0, tzinfo=JST)
        town.store.note(c, at, SHOP, "issued", {"kind": "juminhyo", "fee_yen": 300, "copy": 1})
    assert counted(town) == {Papers("2026-11", "2026-11", "early", "juminhyo", "store", "", "", 300): 1}


@pytest.mark.parametrize(
    ("at", "band"),
    [
        ("2014-01-02T10:00", "off"),  # no public holiday, but the desks are closed from 29 December to 3 January
        ("2014-01-06T08:29", "early"),
        ("2014-01-06T08:30", "office"),
        ("2014-01-06T17:14", "office"),
        ("2014-01-06T17:15", "night"),
        ("2014-03-21T10:00", "off"),  # 春分の日, a Friday
        ("2014-03-22T10:00", "off"),
    ],
)
def test_the_band_is_by_the_city_s_office_hours_and_holidays(at: str, band: str) -> None:
    assert CALENDAR.band(datetime.fromisoformat(at).replace(tzinfo=JST)) == band


def test_residents_and_cards_of_today_are_those_of_the_registers() -> None:
    town = Town()
    card = town.card("hanako")
    town.act("lost", town.card("taro"))
    town.municipal_card("taro", valid_until="2026-11-23")  # expired the day before
    months = Months("2026-11", "2026-11")
    told = gather.gather(town.store, town.city, months, Sources(), town.now)
    assert told.standing is not None
    assert (told.standing.on, told.standing.cards_valid) == (date(2026, 11, 24), 1)
    assert told.residents() == 463  # of 479 in the books, those who live here or are about to move away
    town.act("revoke", card)
    assert gather.gather(town.store, town.city, months, Sources(), town.now).cards_valid() == 0
    assert gather.gather(town.store, town.city, Months("2026-10", "2026-10"), Sources(), town.now).standing is None
