"""The half year again: exact in every total, by the real functions, with a whole audit record."""

from collections import Counter
from pathlib import Path

import pytest

from host_sim.centre import sample
from host_sim.centre.fsck import fsck
from host_sim.centre.statistics import compare, costs, elsewhere, record
from host_sim.centre.statistics.calendar import Calendar
from host_sim.centre.statistics.papers import Counts
from host_sim.centre.statistics.plan import SEEN, apportion, draw
from host_sim.centre.statistics.replay import HALF_YEARS, Replay, unsafe_but_quick
from host_sim.centre.statistics.report import ALL, Report
from host_sim.centre.store import Store
from tests.unit.centre.databases import AT_HAND, empty_database

HALF = HALF_YEARS["miyazaki-2014h1"]
CALENDAR = Calendar(sample.city())
SHARE = 0.001


def test_the_whole_plan_meets_every_total_to_the_paper() -> None:
    totals = elsewhere.within(HALF.read(CALENDAR), HALF.months)
    plan = draw(totals, HALF.months, CALENDAR, seed=2014)
    assert sum(order.copies for order in plan.orders) + plan.unseen.total() == 196_439
    planned: Counter[tuple[str, str, str]] = Counter()
    months: Counter[str] = Counter()
    for at, channel, kind, copies in plan.orders:
        planned[kind, channel, CALENDAR.band(at)] += copies
        months[f"{at:%Y-%m}"] += copies if channel == "store" else 0
    assert planned == {(p.kind, p.channel, p.band): n for p, n in totals.items() if p.channel in SEEN}
    assert (months["2014-03"], months["2014-06"]) == (195 * 31, 153 * 30)
    assert all(
        any(start <= order.at < end for start, end in CALENDAR.spans(order.at.date(), order.channel))
        for order in plan.orders
    )
    unseen: Counter[tuple[str, str]] = Counter()
    for papers, n in plan.unseen.items():
        unseen[papers.kind, papers.channel] += n
    assert unseen == {("juminhyo", "staffed"): 76_470, ("inkan", "staffed"): 3_509}


def test_one_seed_gives_one_plan() -> None:
    totals = elsewhere.within(HALF.read(CALENDAR), HALF.months)
    one, again, other = (draw(totals, HALF.months, CALENDAR, seed, SHARE) for seed in (1, 1, 2))
    assert one == again
    assert one != other


@pytest.mark.parametrize(("whole", "weights"), [(10, [1, 1, 1]), (0, [3, 4]), (7, [0, 1]), (1, [5, 5])])
def test_nothing_is_lost_in_apportioning(whole: int, weights: list[int]) -> None:
    parts = apportion(whole, weights)
    assert sum(parts) == whole
    assert all(abs(part - whole * weight / sum(weights)) < 1 for part, weight in zip(parts, weights, strict=True))


@pytest.mark.parametrize("kind", AT_HAND)
def test_a_small_replay_is_counted_to_the_paper(kind: str, tmp_path: Path) -> None:
    with empty_database(kind, tmp_path) as url:
        store = Store(url, create=True)
        unsafe_but_quick(store)
        if kind == "postgresql":
            with store.reading() as c:
                told = "SELECT setting, source FROM pg_settings WHERE name = 'synchronous_commit'"
                assert tuple(c.exec_driver_sql(told).one()) == (
                    "off",
                    "session",
                )  # the server of the tests has it off, too
        replay = Replay(store, HALF, 2014, SHARE)
        replay.run(lambda done: None)
        assert fsck(store) == []  # the audit record's chain, too
        with store.reading() as c:
            seen = record.count(c, HALF.months.first_day, HALF.months.after, CALENDAR)
        told = elsewhere.read(replay.unseen_csv(), ("juminhyo", "inkan"), CALENDAR)
        store.close()
    planned: Counter[tuple[str, str, str, str]] = Counter()
    for at, channel, certificate, copies in replay.plan.orders:
        planned[certificate, channel, CALENDAR.band(at), f"{at:%Y-%m}"] += copies
    counted: Counter[tuple[str, str, str, str]] = Counter()
    for papers, n in seen.items():
        counted[papers.kind, papers.channel, papers.band, papers.first_month] += n
        assert papers.requester in {"self", "household"}
        assert (papers.method, papers.fee_yen) == ("municipal", 300)
    assert counted == planned
    assert sum(counted.values()) == sum(round(n * SHARE) for n in (26_182, 38_455, 51_823))
    assert elsewhere.within(told, HALF.months).total() == round(79_979 * SHARE)
    assert elsewhere.within(told, HALF.months.a_year_before()).total() == 194_072


def test_the_whole_report_of_the_plan_agrees_with_every_printed_figure() -> None:
    """As if every planned order had been issued; the command runs them all."""
    totals = elsewhere.within(HALF.read(CALENDAR), HALF.months)
    plan = draw(totals, HALF.months, CALENDAR, seed=2014)
    papers: Counts = Counts(plan.unseen)
    any_of = {(p.kind, p.channel): p for p in totals}
    for at, channel, kind, copies in plan.orders:
        month = f"{at:%Y-%m}"
        alike = any_of[kind, channel]._replace(first_month=month, last_month=month, band=CALENDAR.band(at))
        papers[alike] += copies
    before = elsewhere.within(HALF.read(CALENDAR), HALF.months.a_year_before())
    known = costs.read(elsewhere.read_text(HALF.folder / "costs.toml"))
    report = Report(HALF.months, CALENDAR, ("juminhyo", "inkan"), papers, before, known)
    judged = list(compare.judge(report, compare.read(HALF.folder / "printed.toml")))
    season = [one.verdict for one in judged if one.figure.of and one.figure.of[0] == "per_day_of_month"]
    assert season == ["same", "same"]
    assert report.per_day_of_month("store", "2014-01") is not None
    assert report.undivided() == 0
    assert report.copies(ALL) == 196_439
    assert sum(one.verdict == "wrong" for one in judged) == 3
