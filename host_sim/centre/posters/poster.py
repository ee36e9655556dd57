"""A place's poster as PDF: what is issued there, fees, hours, what to bring, and the city's notices of the day; and the
flowers of a month, 誕生花.

Everything that can change comes from the city's file, so a poster never says otherwise than the machine beside it. In
Japanese first, with English below in smaller letters; sizes are in `poster.typ`.
"""

import tomllib
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from host_sim.centre.city.city import InForce
from host_sim.centre.city.hours import DAYS, DEFAULT, is_holiday
from host_sim.centre.city.place import Place, Texts
from host_sim.centre.forms import page_count
from host_sim.centre.forms.press import compiled
from host_sim.centre.notices import birth_flowers, pictures
from host_sim.centre.notices.days import told_on
from host_sim.centre.refusal import Refusal

PAPERS = ("a4", "a3")
FONTS = Path(
    "/usr/share/fonts/truetype/bizud-gothic"
)  # Debian's fonts-morisawa-bizud-gothic; drawn to be read from afar
_TEMPLATE = Path(__file__).with_name("poster.typ")
Both = tuple[str, str]  # Japanese, and English; empty where there is none


SENTENCES = {
    "no_place": "The city's file has no place {site} on {day}: its places are {places}.",
    "nothing": "Nothing is issued at {site} on {day}, so there is nothing to tell on a poster.",
    "no_font": "The poster's letters are missing: apt-get install fonts-morisawa-bizud-gothic",
    "too_long": "The poster of {site} does not fit on one page: shorten or end a notice in the city's file.",
}


class NoPoster(Refusal):
    """There can be no poster."""

    sentences = SENTENCES


def pdf(city: InForce, site: str, day: date, paper: str = "a4") -> bytes:
    """The poster of one place on one day. The same file, day and paper give the same bytes. Raises `NoPoster`."""
    place = city.places.get(site)
    if place is None:
        raise NoPoster("no_place", site=site, day=day, places=", ".join(city.places))
    if not place.kinds:
        raise NoPoster("nothing", site=site, day=day)
    if not FONTS.is_dir():
        raise NoPoster("no_font")
    made = compiled(_TEMPLATE, _job(city, place, day, paper), FONTS)
    if page_count(made) != 1:
        raise NoPoster("too_long", site=site)
    return made


def flowers(city: InForce, month: date, paper: str = "a4") -> bytes:
    """The flower of each day of the month in which `month` is, as one page. Raises `NoPoster`."""
    if not FONTS.is_dir():
        raise NoPoster("no_font")
    first = month.replace(day=1)
    shown = [first.replace(day=number + 1) for number in range(monthrange(first.year, first.month)[1])]
    told = {day: birth_flowers.of(day) for day in shown}
    pngs = {one.word: list(pictures.large(pictures.FLOWER + one.word)) for one in told.values()}
    job = {
        "paper": paper,
        "sample": city.municipality.sample,
        "city": _both(city.rules.municipality.name),
        "year": first.year,
        "month": first.month,
        "english_month": f"{first:%B}",
        "blank": first.isoweekday() % 7,  # a week begins on Sunday
        "days": [
            {"name": _both(one.name), "says": _both(one.says), "picture": one.word, "red": _is_red(day)}
            for day, one in told.items()
        ],
        "pictures": pngs,
    }
    return compiled(_TEMPLATE.with_name("flowers.typ"), job, FONTS)


def _is_red(day: date) -> bool:
    """Sundays and holidays, as on every calendar in Japan."""
    return day.isoweekday() == 7 or is_holiday(day)


def _job(city: InForce, place: Place, day: date, paper: str) -> dict[str, Any]:
    desk = place.staffed
    return {
        "paper": paper,
        "date": [day.year, day.month, day.day],
        "sample": city.municipality.sample,
        "city": _both(city.rules.municipality.name),
        "place": _both(place.name),
        "way": _both(place.way),
        "telephone": place.telephone,
        "head": _said("head", "desk" if desk else "machine"),
        "parts": {word: _said("parts", word) for word in _words()["parts"]},
        "kinds": [
            {"title": _both(terms.title), "fee": f"{terms.fee_yen:,}円" if terms.fee_yen else "無料 Free"}
            for terms in place.kinds.values()
        ],
        "hours": list(_hours(place)),
        "only": _said("days", "only"),
        "bring": list(_bring(place)),
        "small": _proof(place) if desk else _said("bring", "youngest", years=place.youngest_years),
        "notices": [
            {"text": _both(one.text), "picture": list(pictures.large(one.picture))}
            for one in told_on(place.notices, day)
            if not one.daily  # a poster hangs for longer than a day; the month of flowers has a sheet of its own
        ],
    }


def _bring(place: Place) -> Iterator[Both]:
    cards = [card for card in _words()["cards"] if card in place.cards]
    if cards:
        ja, en = zip(*(_said("cards", card) for card in cards), strict=True)
        yield "、".join(ja), ", ".join(en)
        yield _said("bring", "pin")
    yield _said("bring", "money")


def _proof(place: Place) -> Both:
    return _said("bring", "proof") if place.attended or not place.cards else ("", "")


def _hours(place: Place) -> Iterator[dict[str, Any]]:
    """The place's hours line by line, the closed days, then the kinds that have shorter hours of their own."""
    hours = place.timetable.hours
    for line in _week(hours.get(DEFAULT, {})):
        yield {"of": [], "days": line[0], "spans": line[1]}
    if days := [day for day in place.timetable.closed_days if len(day) == len("12-29")]:
        yield {
            "of": [],
            "days": _said("days", "closed_days"),
            "spans": (_run_together(days, "ja"), _run_together(days, "en")),
        }
    own = sorted((week for week in hours.items() if week[0] in place.kinds), key=lambda week: sorted(week[1].items()))
    for week, kinds in groupby(own, key=lambda week: week[1]):
        titles = [_both(place.kinds[kind].title) for kind, _ in kinds]
        for number, line in enumerate(_week(week)):
            yield {"of": [] if number else titles, "days": line[0], "spans": line[1]}


def _week(week: Mapping[str, str]) -> Iterator[tuple[Both, Both]]:
    """Each day with its spans; days of the same spans stand together."""
    told = [(day, week[day]) for day in ("everyday", "weekday", *DAYS) if day in week]
    for spans, days in groupby(dict(told).items(), key=lambda line: line[1]):
        ja, en = zip(*(_said("days", day) for day, _ in days), strict=True)
        shown = spans.replace("-", "～").replace(",", "、"), spans.replace("-", "–").replace(",", ", ")
        yield ("・".join(ja), ", ".join(en)), _said("days", "closed") if spans == "closed" else shown


def _run_together(days: Iterable[str], language: str) -> str:
    """Days of every year, as 12-29; those that follow each other as one span, also over the new year."""
    numbers = sorted(date.fromisoformat(f"2024-{day}").toordinal() for day in days)  # 2024 has a 29 February
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    first, last = date(2024, 1, 1).toordinal(), date(2024, 12, 31).toordinal()
    if len(runs) > 1 and runs[0][0] == first and runs[-1][-1] == last:
        runs = [*runs[1:-1], [*runs[-1], *runs[0]]]
    return ("、" if language == "ja" else ", ").join(_span(run, language) for run in runs)


def _span(run: list[int], language: str) -> str:
    ends = [date.fromordinal(number) for number in dict.fromkeys((run[0], run[-1]))]
    if language == "ja":
        return "～".join(f"{day.month}月{day.day}日" for day in ends)
    return "–".join(f"{day.day} {day:%b}" for day in ends)


def _both(text: Texts) -> Both:
    return text["ja"], text.get("en", "")


def _said(part: str, word: str, **values: object) -> Both:
    told = _words()[part][word]
    return told["ja"].format(**values), told["en"].format(**values)


@cache
def _words() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    return tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
