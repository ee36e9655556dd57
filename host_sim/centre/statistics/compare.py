"""A report beside figures that somebody has printed: what agrees, and where the printed figure is wrong.

`printed.toml` of a known half year tells the figures and which calculation gives each; its head explains the keys.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from host_sim.centre.city.file import sentence
from host_sim.centre.statistics.costs import Part
from host_sim.centre.statistics.elsewhere import FileWrong, read_text
from host_sim.centre.statistics.report import Report
from host_sim.centre.statistics.tables import Table
from host_sim.centre.statistics.texts import Texts
from host_sim.centre.statistics.writing import NONE, rounded

Number = Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?$")]
Call = Annotated[list[str], Field(min_length=1, max_length=5)]
_IN_PERCENT = ("share", "share_before", "share_change", "outside_share", "card_rate")


class Figure(Part):
    """One printed figure; see the head of `printed.toml`."""

    slide: str
    what: str
    printed: Number | None = None
    of: Call | None = None
    also: Call | None = None
    adds: list[Number] | None = None
    rounding: bool = False
    unit: Annotated[int, Field(ge=1)] = 1
    within: Number = "0"
    note: str = ""


class _File(Part):
    figure: list[Figure]


@dataclass(frozen=True)
class Judged:
    """`verdict`: same, sign, days, sum, wrong, alone or missing. `computed`: rounded as the printed figure is."""

    figure: Figure
    computed: Decimal | None
    verdict: str


def read(path: Path) -> Sequence[Figure]:
    """Raises `FileWrong`."""
    try:
        return _File.model_validate(tomllib.loads(read_text(path))).figure
    except ValidationError as errors:
        raise FileWrong(sentence(error, "") for error in errors.errors(include_url=False)) from None
    except ValueError as trouble:
        raise FileWrong([f"{path} is not TOML: {trouble}."]) from None


def judge(report: Report, figures: Sequence[Figure]) -> Iterator[Judged]:
    """Every figure. Raises `FileWrong` for a calculation that the report does not have."""
    return (_judged(report, figure) for figure in figures)


def table(judged: Sequence[Judged], texts: Texts, name: str) -> Table:
    words = ("slide", "what", "printed", "computed", "verdict")
    forms = ("text", "text", "count", "count", "text")
    columns = [(texts.say(f"column.{word}"), form) for word, form in zip(words, forms, strict=True)]
    rows = [
        [
            one.figure.slide,
            one.figure.what,
            one.figure.printed or NONE,
            NONE if one.computed is None else str(one.computed),
            texts.say(f"verdict.{one.verdict}"),
        ]
        for one in judged
    ]
    counted = {word: sum(one.verdict == word for one in judged) for word in VERDICTS}
    notes = [f"{one.figure.slide}, {one.figure.what}: {one.figure.note}" for one in judged if one.figure.note]
    notes += [f"{texts.say(f'verdict.{word}')}: {n}" for word, n in counted.items() if n]
    return Table("compare", texts.say("title.compare", name=name), columns, rows, notes)


VERDICTS = ("same", "sign", "days", "sum", "wrong", "missing", "alone")


def _judged(report: Report, figure: Figure) -> Judged:
    exact = _exact(report, figure)
    digits = max(len(number.partition(".")[2]) for number in (figure.printed or "0", *(figure.adds or ())))
    if exact is None:
        return Judged(figure, None, "alone")
    computed = rounded(exact / figure.unit, digits)
    if figure.printed is None:
        return Judged(figure, computed, "missing")
    printed = Decimal(figure.printed)
    if abs(printed - computed) <= Decimal(figure.within):
        return Judged(figure, computed, "same")
    if computed < 0 and printed == -computed:
        return Judged(figure, computed, "sign")
    if figure.also is not None and rounded(_called(report, figure.also) or 0, digits) == printed:
        return Judged(figure, computed, "days")
    if figure.rounding:
        return Judged(figure, computed, "sum")
    return Judged(figure, computed, "wrong")


def _exact(report: Report, figure: Figure) -> Fraction | None:
    if figure.adds is not None:
        return sum((Fraction(each) for each in figure.adds), Fraction(0))
    return None if figure.of is None else _called(report, figure.of)


def _called(report: Report, call: Sequence[str]) -> Fraction | None:
    name, *arguments = call
    calculation = _FIGURES.get(name)
    if calculation is None:
        raise FileWrong([f'of is "{name}"; allowed are {", ".join(_FIGURES)}.'])
    try:
        value = calculation(report, *arguments)
    except (TypeError, KeyError, ValueError):
        raise FileWrong([f"{name} cannot be calculated of {', '.join(arguments) or 'nothing'}."]) from None
    return None if value is None else Fraction(value) * (100 if name in _IN_PERCENT else 1)


_FIGURES: Mapping[str, Callable[..., int | Fraction | None]] = {
    each.__name__: each
    for each in (
        *(Report.copies, Report.copies_before, Report.change, Report.share, Report.share_before, Report.share_change),
        *(Report.outside_share, Report.per_day, Report.per_calendar_day, Report.per_office_day),
        *(Report.per_day_of_month, Report.days, Report.calendar_days, Report.residents, Report.cards_valid),
        *(Report.card_rate, Report.cost_per_copy, Report.break_even, Report.fee_per_copy),
        *(Report.commission_yen, Report.yen_of),
    )
}
