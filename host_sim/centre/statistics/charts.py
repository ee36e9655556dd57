"""The report's charts as SVG. Each has a title that says what is to be seen, and the same figures stand in a table.

Colours are those of Okabe and Ito, which people with colour blindness can tell apart; hatches and numbers on the bars
tell them apart on grey paper. Letters are outlines, so that the page needs no font.

matplotlib is imported only to draw one: it takes a third of a second, which every start of the desk would pay.
"""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from host_sim.centre.statistics.elsewhere import FileWrong
from host_sim.centre.statistics.papers import BANDS
from host_sim.centre.statistics.report import ALL, Report
from host_sim.centre.statistics.texts import Texts
from host_sim.centre.statistics.writing import rounded

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FONT = Path("/usr/share/fonts/truetype/bizud-gothic/BIZUDPGothic-Regular.ttf")
_LOOK = {  # channel -> colour, hatch
    "store": ("#0072B2", ""),
    "office": ("#E69F00", "//"),
    "counter": ("#9AD0F5", ".."),
    "staffed": ("#E8E8E8", ""),
    "post": ("#CC79A7", "xx"),
}
_INK = "#1a1a1a"


@dataclass(frozen=True)
class Chart:
    """`title`: the finding, also the picture's words for who cannot see it."""

    name: str
    title: str
    svg: str


def charts(report: Report, texts: Texts, titles: Callable[[str], str]) -> list[Chart]:
    """Those for which there are figures. `titles`: a kind's words. Raises `FileWrong` without a Japanese font."""
    made = [channels_chart(report, texts, titles)] if report.copies() else []
    if report.copies() and not report.undivided():
        made.append(_months(report, texts))
    if report.has_bands("store"):
        made.append(_bands(report, texts))
    if report.cost_per_copy("store") is not None:
        made.append(_cost(report, texts))
    return made


@cache
def _prepare() -> None:
    if not _FONT.exists():
        raise FileWrong(["The charts' font is not installed: apt-get install fonts-morisawa-bizud-gothic."])
    import matplotlib as mpl  # noqa: PLC0415  as the head of this file says
    from matplotlib import font_manager  # noqa: PLC0415

    font_manager.fontManager.addfont(str(_FONT))
    mpl.rcParams.update(
        {
            "font.family": font_manager.FontProperties(fname=str(_FONT)).get_name(),
            "svg.fonttype": "path",
            "svg.hashsalt": "kofuki",
            "hatch.linewidth": 0.7,
            "axes.edgecolor": _INK,
            "font.size": 12,
        }
    )


# --- the four charts ------------------------------------------------------------------------------


def channels_chart(report: Report, texts: Texts, titles: Callable[[str], str]) -> Chart:
    """For each kind the year before (if it is known) and this year, one bar of all channels each. Raises `FileWrong`."""
    kinds = report.kinds_seen()
    both = bool(report.before)
    rows = [(kind, before) for kind in kinds for before in ((True, False) if both else (False,))]
    figure, axes = _figure(0.62 * len(rows) + 1.5)
    places = [n + 0.35 * (n // 2 if both else n) for n in range(len(rows))]
    counts = {
        channel: [(report.copies_before if before else report.copies)(kind, channel) for kind, before in rows]
        for channel in report.channels_seen()
    }
    _stack(axes, places, counts, texts, sideways=True)
    year = int(report.months.first[:4])
    axes.set_yticks(places, [f"{titles(kind)}  {year - before}" for kind, before in rows])
    axes.invert_yaxis()
    axes.set_xlabel(texts.say("chart.copies_axis"))
    return _drawn("channels", channels_title(report, texts), figure)


def channels_title(report: Report, texts: Texts) -> str:
    """What is to be seen of the channels, of a report with papers."""
    seen = report.channels_seen()
    if report.before and {"store", "office", "staffed"} <= set(seen):
        moved = {
            channel: f"{report.change(ALL, channel):+,}".replace("-", "−") for channel in ("store", "office", "staffed")
        }
        return texts.say("chart.channels_moved", **moved)
    most = max(seen, key=lambda channel: report.copies(ALL, channel))
    share = rounded((report.share(ALL, most) or 0) * 100, 1)
    return texts.say("chart.channels_share", channel=texts.say(f"channel.{most}"), share=share)


def _months(report: Report, texts: Texts) -> Chart:
    months = list(report.months)
    figure, axes = _figure(4.2)
    counts = {c: [report.copies(ALL, c, ALL, month) for month in months] for c in report.channels_seen()}
    _stack(axes, list(range(len(months))), counts, texts, sideways=False)
    axes.set_xticks(range(len(months)), months)
    axes.set_ylabel(texts.say("chart.copies_axis"))
    most = max(months, key=lambda month: report.copies(ALL, ALL, ALL, month))
    peak = f"{report.copies(ALL, ALL, ALL, most):,}"
    return _drawn("months", texts.say("chart.months_peak", month=most, copies=peak), figure)


def _bands(report: Report, texts: Texts) -> Chart:
    figure, axes = _figure(3.2)
    averages = [report.per_day("store", band) or Fraction(0) for band in BANDS]
    looks = [_LOOK["staffed"] if band == "office" else _LOOK["store"] for band in BANDS]
    bars = axes.barh(range(len(BANDS)), [float(a) for a in averages], color=[c for c, _ in looks], edgecolor=_INK)
    axes.bar_label(bars, [str(rounded(average, 1)) for average in averages], padding=4)
    axes.set_yticks(range(len(BANDS)), [texts.say(f"band.{band}") for band in BANDS])
    axes.invert_yaxis()
    axes.set_xlabel(texts.say("chart.per_day_axis"))
    share = rounded((report.outside_share("store") or 0) * 100, 1)
    return _drawn("bands", texts.say("chart.outside_share", share=share), figure)


def _cost(report: Report, texts: Texts) -> Chart:
    cost, fee = report.cost_per_copy("store"), report.fee_per_copy("store")
    assert cost is not None
    assert fee is not None
    commission = report.commission_yen("store")
    from matplotlib import patheffects  # noqa: PLC0415

    figure, axes = _figure(2.4)
    parts = (("commission", Fraction(commission), _LOOK["office"]), ("fixed", cost - commission, _LOOK["store"]))
    left = 0.0
    for word, yen, (colour, hatch) in parts:
        bar = axes.barh([0], [float(yen)], left=left, color=colour, hatch=hatch, edgecolor=_INK, height=0.5)
        _number(axes, bar[0], f"{rounded(yen, 0)}")
        bar[0].set_label(texts.say(f"chart.{word}"))
        left += float(yen)
    seen_on_dark = [patheffects.withStroke(linewidth=6, foreground="white")]
    axes.axvline(float(fee), color=_INK, linewidth=2.5, label=texts.say("chart.fee"), path_effects=seen_on_dark)
    axes.text(float(fee), 0.42, f" {rounded(fee, 0)}", va="center", fontweight="bold")
    axes.set_ylim(-0.35, 0.55)
    axes.set_yticks([])
    axes.set_xlabel(texts.say("chart.yen_axis"))
    _legend(axes, 3)
    told = {"cost": rounded(cost, 0), "fee": rounded(fee, 0), "more": rounded(cost - fee, 0)}
    return _drawn("cost", texts.say("chart.cost_more" if cost > fee else "chart.cost_less", **told), figure)


# --- drawing --------------------------------------------------------------------------------------


def _figure(height_inches: float) -> tuple["Figure", "Axes"]:
    from matplotlib.figure import Figure  # noqa: PLC0415
    from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: PLC0415

    _prepare()
    figure = Figure(
        figsize=(9.2, height_inches), dpi=72, layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.08)
    )  # the dots of an inch of SVG
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.02)
    return figure, axes


def _stack(
    axes: "Axes", places: Sequence[float], counts: dict[str, list[int]], texts: Texts, *, sideways: bool
) -> None:
    """Bars on top of each other, with the number on each that is long enough for it."""
    whole = max(sum(each) for each in zip(*counts.values(), strict=True))
    base = [0] * len(places)
    for channel, numbers in counts.items():
        colour, hatch = _LOOK[channel]
        draw, start = (axes.barh, "left") if sideways else (axes.bar, "bottom")
        look: dict[str, Any] = {"color": colour, "hatch": hatch, "edgecolor": _INK, "linewidth": 0.6, start: base}
        bars = draw(places, numbers, 0.8, label=texts.say(f"channel.{channel}"), **look)
        for bar, number in zip(bars, numbers, strict=True):
            if number > whole * (0.05 if sideways else 0.045):
                _number(axes, bar, f"{number:,}")
        base = [b + n for b, n in zip(base, numbers, strict=True)]
    _big_numbers(axes.xaxis if sideways else axes.yaxis)
    _legend(axes, len(counts))


def _number(axes: "Axes", bar: Any, text: str) -> None:
    x, y = bar.get_x() + bar.get_width() / 2, bar.get_y() + bar.get_height() / 2
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    axes.text(x, y, text, ha="center", va="center", fontsize=10.5, color=_INK, bbox=box)


def _big_numbers(axis: Any) -> None:
    axis.set_major_formatter(lambda value, _: f"{value:,.0f}")


def _legend(axes: "Axes", columns: int) -> None:
    """Above the picture, over its whole width, so that long words take no room from the bars."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    look: dict[str, Any] = {"frameon": False, "handlelength": 1.6, "columnspacing": 1.3, "fontsize": 11}
    figure.legend(loc="outside upper left", ncols=columns, **look)


def _drawn(name: str, title: str, figure: "Figure") -> Chart:
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\1{name}-", svg)  # several stand in one page
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(
        r'^<svg[^>]*?viewBox="([^"]+)"[^>]*>',
        rf'<svg xmlns="http://www.w3.org/2000/svg" {_LINKS} viewBox="\1" aria-hidden="true">',
        svg,
    )
    return Chart(name, title, svg)


_LINKS = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
