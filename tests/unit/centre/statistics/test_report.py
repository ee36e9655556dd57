"""What holds for every report: its parts add up, changes have their signs, and nothing is divided by nothing."""

from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from host_sim.centre import sample
from host_sim.centre.statistics.calendar import Calendar
from host_sim.centre.statistics.costs import NOTHING, Costs, Outlay
from host_sim.centre.statistics.papers import BANDS, CHANNELS, REQUESTERS, Counts, Months, Papers
from host_sim.centre.statistics.report import ALL, Report
from host_sim.centre.statistics.tables import tables
from host_sim.centre.statistics.texts import Texts
from host_sim.centre.statistics.writing import aligned, rounded, width, written

CALENDAR = Calendar(sample.city())
KINDS = ("juminhyo", "inkan")
HALF = Months("2014-01", "2014-06")
PAPERS = st.builds(
    lambda month, *rest: Papers(month, month, *rest),
    st.sampled_from(list(HALF)),
    st.sampled_from(("", *BANDS)),
    st.sampled_from(KINDS),
    st.sampled_from(CHANNELS),
    st.sampled_from(("", *REQUESTERS)),
    st.sampled_from(("", "jpki", "municipal", "attended")),
    st.sampled_from((0, 200, 300)),
)
COUNTS = st.dictionaries(PAPERS, st.integers(1, 100_000), max_size=12).map(Counts)


def report(papers: Counts, before: Counts, costs: Costs = NOTHING) -> Report:
    return Report(HALF, CALENDAR, KINDS, papers, before, costs)


@given(COUNTS, COUNTS)
def test_the_parts_of_every_division_add_up_to_the_whole(papers: Counts, before: Counts) -> None:
    told = report(papers, before)
    whole = papers.total()
    assert sum(told.copies(kind) for kind in KINDS) == whole
    assert sum(told.copies(ALL, channel) for channel in CHANNELS) == whole
    assert sum(told.copies(kind, channel) for kind in KINDS for channel in CHANNELS) == whole
    assert sum(told.copies(ALL, ALL, ALL, month) for month in HALF) == whole
    assert sum(told.copies(ALL, ALL, band) for band in ("", *BANDS)) == whole
    assert sum(told.asked_by(requester) for requester in ("", *REQUESTERS)) == whole
    assert sum(told.known_by(method) for method in ("", "jpki", "municipal", "attended")) == whole
    assert sum(told.change(kind, channel) for kind in KINDS for channel in CHANNELS) == whole - before.total()


@given(COUNTS, COUNTS)
def test_shares_add_up_to_one_and_their_changes_to_nothing(papers: Counts, before: Counts) -> None:
    told = report(papers, before)
    for kind in (ALL, *KINDS):
        shares = [told.share(kind, channel) for channel in CHANNELS]
        changes = [told.share_change(kind, channel) for channel in CHANNELS]
        assert sum(filter(None, shares)) == (1 if told.copies(kind) else 0)
        assert sum(filter(None, changes)) == 0


@given(COUNTS, COUNTS)
def test_a_change_is_signed_and_turns_round_with_the_years(papers: Counts, before: Counts) -> None:
    told, turned = report(papers, before), report(before, papers)
    for channel in CHANNELS:
        assert told.change(ALL, channel) == -turned.change(ALL, channel)
        shown = written(told.change(ALL, channel), "signed")
        assert shown[0] in "+-0"
        assert (shown[0] == "-") == (told.copies(ALL, channel) < told.copies_before(ALL, channel))


@given(COUNTS, COUNTS)
def test_every_report_can_be_written_in_both_languages(papers: Counts, before: Counts) -> None:
    outlay = Outlay(years=5, once_yen={"lease": 100}, each_year_yen={}, commission_yen=123)
    told = report(papers, before, Costs((), {"store": outlay}))
    for language in ("ja", "en"):
        for table in tables(told, Texts(language), {}):
            assert table.text()
            assert all(len(row) == len(table.columns) for row in table.cells())


def test_one_paper_more_a_day_on_which_it_ran() -> None:
    """Konbini did not run from 1 to 3 January 2014: 178 of 181 days, 58 of 61 that are no office days."""
    told = report(Counts({Papers("2014-01", "2014-01", "off", "inkan", "store", "", "", 300): 58}), Counts())
    assert (told.days("store"), told.days("store", "off"), told.days("store", "night")) == (178, 58, 120)
    assert (told.calendar_days(), told.calendar_days("off")) == (181, 61)
    assert told.per_day("store", "off") == 1
    assert told.per_calendar_day("store", "off") == Fraction(58, 61)
    assert told.days("office", "off") == 0
    assert told.per_day("office", "off") is None


def test_the_cost_of_a_copy_has_its_part_of_a_year_and_the_commission() -> None:
    """Half a year of 1,000 yen a year and 100 copies: 5 yen each, and 123; at 300 yen, 1000 / 177 copies a year pay for it."""
    papers = Counts({Papers("2014-01", "2014-01", "", "inkan", "store", "", "", 300): 100})
    costs = Costs(
        (), {"store": Outlay(years=5, once_yen={"lease": 4000}, each_year_yen={"a": 200}, commission_yen=123)}
    )
    told = report(papers, Counts(), costs)
    assert told.cost_per_copy("store") == 128
    assert told.break_even("store") == Fraction(1000, 177)
    assert told.copies_a_year("store") == 200
    cheap = {papers._replace(fee_yen=123): n for papers, n in papers.items()}
    assert report(Counts(cheap), Counts(), costs).break_even("store") is None  # every copy costs more than it brings
    assert told.cost_per_copy("office") is None


def test_months_run_over_the_end_of_a_year() -> None:
    assert list(Months("2013-11", "2014-02")) == ["2013-11", "2013-12", "2014-01", "2014-02"]
    assert Months("2014-12", "2014-12").after == date(2015, 1, 1)
    assert Months("2014-02", "2014-02").days[-1] == date(2014, 2, 28)
    assert HALF.a_year_before() == Months("2013-01", "2013-06")


def test_half_is_rounded_away_from_zero() -> None:
    told = [str(rounded(Fraction(number, 100), 1)) for number in (5, -5, 4, -4, 0, 1235)]
    assert told == ["0.1", "-0.1", "0.0", "0.0", "0.0", "12.4"]


def test_full_width_words_take_two_columns() -> None:
    lines = aligned([["窓口", "1"], ["Post", "12,345"]], [True, False])
    assert {width(line) for line in lines} == {12}
