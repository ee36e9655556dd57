"""The report as one HTML page, which needs nothing else: charts first, then every table."""

from collections.abc import Callable, Sequence
from pathlib import Path

import jinja2

from host_sim.centre.statistics.charts import charts
from host_sim.centre.statistics.report import ALL, Report
from host_sim.centre.statistics.tables import Table
from host_sim.centre.statistics.texts import Texts
from host_sim.centre.statistics.writing import written

_HERE = jinja2.Environment(loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True)


def page(report: Report, texts: Texts, city: str, titles: Callable[[str], str], tables: Sequence[Table]) -> str:
    """`city`: its name. `titles`: a kind's words."""
    return _HERE.get_template("page.html").render(
        language=texts.language,
        title=texts.say("title.report", first=report.months.first, last=report.months.last),
        city=city,
        first=_first(report, texts),
        charts=charts(report, texts, titles),
        tables=tables,
    )


def _first(report: Report, texts: Texts) -> list[tuple[str, str]]:
    """The figures that stand above everything."""
    told = [(texts.say("first.copies"), written(report.copies(), "count"))]
    if report.before:
        told.append((texts.say("first.change"), written(report.change(), "signed").replace("-", "−")))
    if report.copies(ALL, "store"):
        told.append((texts.say("first.store"), written(report.share(ALL, "store"), "percent")))
    if report.has_bands("store"):
        told.append((texts.say("first.outside"), written(report.outside_share("store"), "percent")))
    if report.cost_per_copy("store") is not None:
        told.append((texts.say("first.cost"), written(report.cost_per_copy("store"), "yen")))
    return told
