"""The slides of 2014: every printed figure beside its calculation, and where the slides are wrong."""

from collections import Counter
from pathlib import Path

import pytest

from host_sim.centre import sample
from host_sim.centre.statistics import compare, elsewhere
from host_sim.centre.statistics.compare import Judged
from host_sim.centre.statistics.elsewhere import FileWrong
from host_sim.centre.statistics.gather import Sources, from_files
from host_sim.centre.statistics.replay import HALF_YEARS
from host_sim.centre.statistics.report import Report

HALF = HALF_YEARS["miyazaki-2014h1"]
FIGURES = compare.read(HALF.folder / "printed.toml")


def slides() -> Report:
    papers, costs = (elsewhere.read_text(HALF.folder / name) for name in ("papers.csv", "costs.toml"))
    return from_files(sample.city(), HALF.months, Sources(papers, costs))


JUDGED = list(compare.judge(slides(), FIGURES))
BAND, RESIDENCE, SEAL = "時間帯別", "住民票の交付数・割合・前年比較", "印鑑証明の交付数・割合・前年比較"
# Where the slides are wrong: what is printed, and what it should be. All others agree, or have no counts behind them.
WRONG = {
    ("平成15年8月の施策", "無料切替の終わり（平成の年度）: 15年 + 5年間 + 延長2年間"): ("23", "22", "wrong"),
    (BAND, "1日平均 夜間"): ("28", "40", "wrong"),
    (BAND, "1日平均 平日計"): ("156", "168", "wrong"),
    (BAND, "1日平均 土日・祝日"): ("99", "104", "days"),
    (BAND, "1日平均 計"): ("145", "147", "days"),
    (BAND, "交付日数 土日・祝日"): ("61", "58", "days"),
    (BAND, "交付日数 計"): ("181", "178", "days"),
    (RESIDENCE, "平成25年 割合の計 %"): ("100", "100.1", "sum"),
    (SEAL, "平成25年 割合の計 %"): ("100", "99.9", "sum"),
    (RESIDENCE, "増減 自動交付機"): ("9638", "-9638", "sign"),
    (RESIDENCE, "増減 自動交付機 ポイント"): ("8.8", "-8.8", "sign"),
    (RESIDENCE, "増減 窓口 ポイント"): ("2.3", "-2.3", "sign"),
    (SEAL, "増減 自動交付機"): ("15855", "-15855", "sign"),
    (SEAL, "増減 窓口"): ("743", "-743", "sign"),
    (SEAL, "増減 計"): ("2279", "-2279", "sign"),
    (SEAL, "増減 自動交付機 ポイント"): ("19.3", "-19.3", "sign"),
    (SEAL, "増減 窓口 ポイント"): ("0.8", "-0.8", "sign"),
    ("事業の概要", "1通あたりの経費 円"): (None, "409", "missing"),
    ("事業の概要", "採算のとれる年間通数"): (None, "84734", "missing"),
}


@pytest.mark.parametrize("judged", JUDGED, ids=lambda one: f"{one.figure.slide} {one.figure.what}")
def test_each_printed_figure_is_reproduced_or_known_to_be_wrong(judged: Judged) -> None:
    figure = judged.figure
    known = WRONG.get((figure.slide, figure.what))
    if known is not None:
        assert (figure.printed, str(judged.computed), judged.verdict) == known
    elif figure.of is None and figure.adds is None:
        assert judged.verdict == "alone"
    elif figure.of is not None and figure.of[0] == "per_day_of_month":
        assert judged.verdict == "alone"  # the slides tell no count of a month; the replay has them
    else:
        assert judged.verdict == "same"


def test_the_list_of_figures_is_whole() -> None:
    """Each table of the slides with every cell, and no figure twice."""
    assert set(WRONG) <= {(figure.slide, figure.what) for figure in FIGURES}
    assert max(Counter((figure.slide, figure.what) for figure in FIGURES).values()) == 1
    cells = Counter(figure.slide for figure in FIGURES)
    assert (cells[RESIDENCE], cells[SEAL], cells[BAND]) == (27, 27, 15)


def test_a_figure_that_no_longer_agrees_is_seen() -> None:
    """One paper more, and what depends on it is wrong."""
    report = slides()
    [store, *_] = [papers for papers in report.papers if papers.channel == "store"]
    report.papers[store] += 1
    now = {(one.figure.slide, one.figure.what) for one in compare.judge(report, FIGURES) if one.verdict == "wrong"}
    assert (RESIDENCE, "平成26年 コンビニ") in now
    assert (BAND, "通数 計") in now


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ('["profit"]', 'of is "profit"; allowed are copies,'),
        ('["share", "a", "b", "c"]', "share cannot be calculated of a, b, c."),
        ('["yen_of", "store", "gold"]', "yen_of cannot be calculated of store, gold."),
    ],
)
def test_a_calculation_that_there_is_not_is_told(tmp_path: Path, call: str, sentence: str) -> None:
    file = tmp_path / "printed.toml"
    file.write_text(f'[[figure]]\nslide = "x"\nwhat = "y"\nprinted = "1"\nof = {call}\n', encoding="utf-8")
    with pytest.raises(FileWrong, match=sentence):
        list(compare.judge(slides(), compare.read(file)))
