"""Reads a city's file. Every mistake is one sentence that names the key; all of them are told at once."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from host_sim.centre.city import table
from host_sim.centre.city.agree import disagreements
from host_sim.centre.city.city import BEGINNING, Change, City, InForce, days_of_change, laid_over, without
from host_sim.centre.city.hours import JST
from host_sim.centre.city.model import ChangeHead, Rules
from host_sim.centre.forms import city_key, letters, seal
from host_sim.centre.notices import pictures

BYTES_MAX = 1_000_000


class CityError(Exception):
    """The file cannot be used. `problems`: one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def read_file(path: Path) -> City:
    """The city of a file. Raises `CityError`, also when the file is missing or is not text, and for additional letters, a
    seal and pictures that cannot be used: that is looked at here, before the file is applied, and stops no centre later."""
    try:
        raw = path.read_bytes()
    except OSError as trouble:
        raise CityError([f"{path} cannot be read: {trouble.strerror}."]) from None
    if len(raw) > BYTES_MAX:
        raise CityError([f"{path} has {len(raw):,} bytes; a city's file has at most {BYTES_MAX:,}."])
    try:
        city = read(raw.decode("utf-8"))
    except UnicodeDecodeError as trouble:
        line = raw[: trouble.start].count(b"\n") + 1
        raise CityError([f"{path} is not UTF-8 text (line {line}); save it as UTF-8."]) from None
    problems = [*_unusable_letters(city), *_unusable_seals(city), *_unusable_pictures(city)]
    if problems:
        raise CityError(problems)
    return city


def unusable_keys(city: City, now: datetime, *, ahead: bool) -> list[str]:
    """One sentence for each period whose papers could not be signed: the one of now and, `ahead`, all later ones on their first day.

    Not a part of `read_file`, because a key ends by itself, and an older file is still read.
    """
    problems: list[str] = []
    here = city.at(now)
    for period in (here, *(one for one in city.periods if ahead and one.since > here.since)):
        try:
            city_key.usable(period.municipality, now if period is here else datetime.combine(period.since, time(), JST))
        except city_key.SignatureUnusable as trouble:
            sentence = f"signature: {trouble}."
            if not _told(sentence, problems):
                problems.append(f"{'' if period is here else f'From {period.since}: '}{sentence}")
    return problems


def _unusable_letters(city: City) -> list[str]:
    problems: dict[str, None] = {}
    for period in city.periods:
        try:
            letters.read(period.municipality.letters)
        except letters.LettersUnusable as trouble:
            problems[f"letters: {trouble}"] = None
    return list(problems)


def _unusable_seals(city: City) -> list[str]:
    problems: dict[str, None] = {}
    for period in city.periods:
        try:
            seal.certifiers(period.municipality)
        except seal.SealUnusable as trouble:
            problems[f"certifier.seal_picture: {trouble}."] = None
    return list(problems)


def _unusable_pictures(city: City) -> list[str]:
    problems: dict[str, None] = {}
    for notice in (notice for period in city.periods for notice in period.rules.notices):
        try:
            pictures.usable(notice.picture or "")
        except pictures.PictureUnusable as trouble:
            problems[f"notices: picture {trouble}."] = None
    return list(problems)


@cache
def read(text: str) -> City:
    """The city of a file's text. Raises `CityError`."""
    try:
        written = tomllib.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as trouble:
        raise CityError([f"The file is not TOML: {trouble}."]) from None
    changes, problems = _changes(written.pop("change", []))
    periods: list[InForce] = []
    for day in days_of_change([change.head for change in changes]):
        rules, found = _rules(laid_over(written, changes, day))
        prefix = "" if day == BEGINNING else f"From {day.isoformat()}: "
        problems += [f"{prefix}{sentence}" for sentence in found if not _told(sentence, problems)]
        if rules is not None:
            periods.append(InForce(day, rules))
    problems += [*_removals(written, changes), *_unknown_sites(written, changes)]
    problems += [sentence for period in periods for sentence in _too_large(period)]
    problems += [
        sentence for before, after in pairwise(periods) for sentence in _seals_of_another_office(before, after)
    ]
    if problems:
        raise CityError(problems)
    return City(text, changes, periods)


def _too_large(period: InForce) -> list[str]:
    found = table.too_large(period)
    if found is None:
        return []
    size, machine = found
    return [
        f"The table of {machine} would have {size:,} bytes, and a machine takes {table.BYTES_MAX:,}; shorten the texts."
    ]


def _seals_of_another_office(before: InForce, after: InForce) -> Iterable[str]:
    """A change says who certifies, and what it does not name stays as it was: the mayor's seal must not stay for a deputy."""
    was, now = before.rules.certifier, after.rules.certifier
    for key in ("seal", "seal_picture"):
        same = getattr(now, key)
        if was.acting != now.acting and same is not None and same == getattr(was, key):
            yield (
                f'From {after.since.isoformat()}: certifier.{key} is "{same}" still, the seal of who certified before; '
                f"write the {'deputy' if now.acting else 'mayor'}'s own in that change, or take it away (remove)."
            )


def _told(sentence: str, problems: Iterable[str]) -> bool:
    return any(told.endswith(sentence) for told in problems)


def _rules(sections: Mapping[str, Any]) -> tuple[Rules | None, list[str]]:
    problems: list[str] = []
    rules = None
    try:
        rules = Rules.model_validate(sections)
    except ValidationError as errors:
        problems = [sentence(error, "") for error in errors.errors(include_url=False)]
    return rules, problems + disagreements(sections)


def _changes(entries: Any) -> tuple[list[Change], list[str]]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return [], ["change must be written as [[change]]."]
    changes, problems = [], []
    heads = {field.alias or name for name, field in ChangeHead.model_fields.items()}
    for number, entry in enumerate(entries, start=1):
        where = f"change {number}: "
        try:
            head = ChangeHead.model_validate({key: value for key, value in entry.items() if key in heads})
        except ValidationError as errors:
            problems += [sentence(error, where) for error in errors.errors(include_url=False)]
            continue
        sections = {key: value for key, value in entry.items() if key not in heads}
        if head.until is not None and head.until < head.from_:
            problems.append(f"{where}until is before from.")
        elif not sections and not head.remove:
            problems.append(f"{where}it changes nothing.")
        else:
            changes.append(Change(head, sections))
    return changes, problems


def _removals(base: Mapping[str, Any], changes: Sequence[Change]) -> list[str]:
    """What a change takes away must be there on its first day."""
    problems = []
    for number, change in enumerate(changes, start=1):
        before = laid_over(base, changes[: number - 1], change.head.from_)
        problems += [
            f"change {number}: remove names {key}, which is not in the file on that day."
            for key in change.head.remove
            if without(before, key.split(".")) == before
        ]
    return problems


def _unknown_sites(base: Mapping[str, Any], changes: Sequence[Change]) -> list[str]:
    """An entry may name a site that is not there yet or no longer, but not one that never is."""
    parts = [base, *(change.sections for change in changes)]
    known = {word for part in parts if isinstance(part.get("sites"), Mapping) for word in part["sites"]}
    problems = []
    for part in parts:
        for section in ("maintenance", "notices", "exemptions"):
            entries = part.get(section, ())
            entries = list(entries.values()) if isinstance(entries, Mapping) else entries
            named = [entry.get("sites", ()) for entry in entries if isinstance(entry, Mapping)]
            problems += [
                f"{section} names the site {site}; there is no [sites.{site}]."
                for sites in named
                if isinstance(sites, list)
                for site in sites
                if site not in known
            ]
    return problems


# --- sentences ------------------------------------------------------------------------------------


_SAY = {
    "missing": "is missing",
    "extra_forbidden": "is no key of this file",
    "string_type": "must be text in quotation marks",
    "int_type": "must be a whole number without quotation marks",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "list_type": "must be a list in square brackets",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "date_type": "must be a date without quotation marks, such as 2027-04-01",
    "date_from_datetime_inexact": "must be a date without a time",
}


def sentence(error: ErrorDetails, where: str) -> str:
    key = ".".join(str(part + 1) if isinstance(part, int) else part for part in error["loc"] if part != "[key]")
    return f"{where}{key} {_say(error)}."


def _say(error: ErrorDetails) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind in _SAY:
        return _SAY[kind]
    if kind == "value_error":
        return str(context["error"])
    shown = f'is "{error["input"]}"' if isinstance(error["input"], str) else f"is {error['input']}"
    match kind:
        case "literal_error":
            return f"{shown}; allowed are {context['expected']}"
        case "string_pattern_mismatch":
            return f"{shown}, which is not written as it must be ({context['pattern']})"
        case "greater_than_equal":
            return f"{shown}; the least is {context['ge']}"
        case "less_than_equal":
            return f"{shown}; the most is {context['le']}"
        case "too_short" | "string_too_short":
            return "is too short or empty"
        case "too_long" | "string_too_long":
            return "is too long"
        case _:
            return f"cannot be used: {error['msg']}"
