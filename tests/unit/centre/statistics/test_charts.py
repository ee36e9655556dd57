"""The charts in both languages: nothing is cut off at the edge, and the words leave room for the bars."""

import pytest
from matplotlib.figure import Figure

from host_sim.centre import sample
from host_sim.centre.statistics import charts
from host_sim.centre.statistics.calendar import Calendar
from host_sim.centre.statistics.charts import Chart
from host_sim.centre.statistics.costs import Costs, Outlay
from host_sim.centre.statistics.gather import titles
from host_sim.centre.statistics.papers import BANDS, CHANNELS, Counts, Months, Papers
from host_sim.centre.statistics.report import Report
from host_sim.centre.statistics.texts import LANGUAGES, Texts

HALF = Months("2014-01", "2014-06")


def busy(kinds: list[str]) -> Report:
    """Every kind of the city through every channel, in all months and bands."""
    each = [Papers(m, m, b, k, c, "", "", 300) for m in HALF for b in BANDS for k in kinds for c in CHANNELS]
    outlay = Outlay(years=5, once_yen={"lease": 12_450_000}, each_year_yen={}, commission_yen=123)
    before = [papers._replace(first_month="2013-01", last_month="2013-01") for papers in each]
    counts = (Counts({papers: 1000 + n for n, papers in enumerate(papers_of)}) for papers_of in (each, before))
    return Report(HALF, Calendar(sample.city()), kinds, *counts, Costs((), {"store": outlay}))


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_that_is_drawn_is_inside_the_picture(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: dict[str, Figure] = {}
    draw = charts._drawn

    def kept(name: str, title: str, figure: Figure) -> Chart:
        drawn[name] = figure
        return draw(name, title, figure)

    monkeypatch.setattr(charts, "_drawn", kept)
    words = titles(sample.city(), HALF, language)
    made = charts.charts(busy(list(words)), Texts(language), lambda kind: words[kind])
    assert [chart.name for chart in made] == list(drawn) == ["channels", "months", "bands", "cost"]
    for name, figure in drawn.items():
        extent, (wide, high) = figure.get_tightbbox(), figure.get_size_inches()
        assert extent.x0 >= 0, name
        assert extent.y0 >= 0, name
        assert extent.x1 <= wide, name
        assert extent.y1 <= high, name
        assert figure.axes[0].get_position().width > 0.5, name


def test_who_cannot_see_the_picture_and_who_sees_no_colour_is_told_the_same() -> None:
    looks = list(charts._LOOK.values())
    assert len(set(looks)) == len(looks)
    grey = {channel: _luminance(colour) for channel, (colour, _) in charts._LOOK.items()}
    for one in looks:
        for other in looks:
            alike = abs(_luminance(one[0]) - _luminance(other[0])) < 0.1
            assert one == other or not alike or one[1] != other[1], (one, other, grey)


def _luminance(colour: str) -> float:
    red, green, blue = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue
