"""What a city has decided, as a clerk says it: one line a fact, and the difference between two files.

A fact is (site, kind, what) and its words; site and kind are empty where it concerns the whole city or the whole place.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

from host_sim.centre.city.city import BEGINNING, City, InForce
from host_sim.centre.city.hours import DAYS, DEFAULT
from host_sim.centre.city.model import Aimed, CardDeskPart, NoticePart
from host_sim.centre.city.place import Place


class About(NamedTuple):
    site: str
    kind: str
    what: str


Told = Mapping[About, str]


def facts(city: InForce) -> Told:
    """Everything that the file says of a day."""
    told = dict(_of_the_city(city))
    for place in city.places.values():
        told |= _of_a_place(place)
    return told


def _of_the_city(city: InForce) -> Iterator[tuple[About, str]]:
    rules, certifies = city.rules, city.municipality
    yield About("", "", "municipality"), f"{certifies.prefecture}{certifies.city} {certifies.code}"
    yield About("", "", "telephone"), certifies.telephone
    yield About("", "", "sample"), "見本 on every paper" if certifies.sample else "no"
    yield About("", "", "page that checks papers"), certifies.check_page or "none"
    yield About("", "", "certified by"), f"{certifies.certifier} {certifies.mayor}"
    signs = certifies.signature
    yield (
        About("", "", "PDFs signed"),
        "no" if signs is None else f"{signs.key}, {signs.chain}, {signs.time_stamps or 'no time stamps'}",
    )
    for window in rules.maintenance:
        when = f"{window.from_:%Y-%m-%d %H:%M} to {window.until:%Y-%m-%d %H:%M}"
        yield About("", "", f"maintenance {when}"), f"{', '.join(window.kinds) or 'everything'} {_where(window)}"
    for notice in rules.notices:
        yield About("", "", f"notice {notice.from_} to {notice.until}"), f"{_told(notice)} {_where(notice)}"
    for word, exemption in rules.exemptions.items():
        pays = f"{exemption.reason['ja']}: {exemption.fee_yen} yen for {', '.join(exemption.kinds) or 'every kind'}"
        yield About("", "", f"exemption {word}"), f"{pays} {_where(exemption)}"
    if rules.alarms.webhook is not None:
        yield About("", "", "alarms by webhook"), rules.alarms.webhook
    if (mail := rules.alarms.mail) is not None:
        yield About("", "", "alarms by mail"), f"{', '.join(mail.to)} by {mail.host}:{mail.port} from {mail.sender}"
    yield from _of_the_card_desk(rules.card_desk)
    for word, person in rules.staff.items():
        yield About("", "", f"staff {word}"), f"{person.name}: {', '.join(person.roles)}"


def _of_the_card_desk(desk: CardDeskPart) -> Iterator[tuple[About, str]]:
    yield About("", "", "住基カード issued until"), f"{desk.resident_register_until}"
    yield About("", "", "card's life"), f"{desk.years} years, renewed from {desk.renewal_days} days before its end"
    yield About("", "", "enquiry"), f"answered within {desk.enquiry_days} days"
    if (switch := desk.switch) is not None:
        told = f"{switch.from_} to {switch.until} (announced: {switch.years} and {switch.extended_years} years)"
        yield About("", "", "free switch"), told


def _where(entry: Aimed) -> str:
    return f"({', '.join([*entry.channels, *entry.sites]) or 'everywhere'})"


def _of_a_place(place: Place) -> Iterator[tuple[About, str]]:
    site = place.site
    staffed = "with staff" if place.staffed else "without staff"
    yield About(site, "", "place"), f"{place.name['ja']}, {place.channel}, {staffed}"
    yield About(site, "", "way"), place.way["ja"]
    yield About(site, "", "telephone"), place.telephone
    yield About(site, "", "machines"), ", ".join(place.machines) or "none"
    also = (", also expired" if place.expired_cards else "") + (", also with a P-384 key" if place.p384_cards else "")
    yield About(site, "", "cards"), f"{', '.join(sorted(place.cards))}{also}"
    yield About(site, "", "youngest"), f"{place.youngest_years} years"
    yield About(site, "", "closed days"), ", ".join(place.timetable.closed_days) or "none"
    yield About(site, "", "hours"), _week(place, DEFAULT)
    for kind, terms in place.kinds.items():
        yield About(site, kind, "issued as"), terms.title["ja"]
        yield About(site, kind, "fee"), f"{terms.fee_yen} yen"
        yield (
            About(site, kind, "youngest"),
            f"{terms.youngest_years} years" if terms.youngest_years else "as the place says",
        )
        yield About(site, kind, "copies"), f"at most {terms.copies_max}"
        yield About(site, kind, "asked for"), ", ".join(terms.items) or "nothing"
        if kind in place.timetable.hours:
            yield About(site, kind, "hours"), _week(place, kind)


def _week(place: Place, kind: str) -> str:
    lines = place.timetable.hours[kind]
    return "; ".join(f"{day} {lines[day]}" for day in DAYS if day in lines) or "closed"


# --- the difference -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """One fact that differs from a day on, and the last day on which it does (None: for good)."""

    since: date
    until: date | None
    about: About
    old: str | None
    new: str | None


def differences(old: City, new: City) -> list[Difference]:
    """What is otherwise by the new file, in the order of the days."""
    days = sorted({period.since for city in (old, new) for period in city.periods})
    found: list[Difference] = []
    standing: dict[tuple[About, str | None, str | None], date] = {}
    for day in days:
        was, will = facts(old.on(day)), facts(new.on(day))
        differs = {
            (about, was.get(about), will.get(about)) for about in {*was, *will} if was.get(about) != will.get(about)
        }
        ended = [key for key in standing if key not in differs]
        found += [Difference(standing.pop(key), day - timedelta(days=1), *key) for key in ended]
        standing |= {key: day for key in differs if key not in standing}
    found += [Difference(since, None, *key) for key, since in standing.items()]
    return sorted(found, key=lambda d: (d.since, d.about.what, d.about.kind, str(d.new), str(d.old), d.about.site))


def told(found: list[Difference]) -> Iterator[str]:
    """One sentence for each change; places for which the same changes are named together."""
    for (since, until, what, kind, old, new), group in groupby(
        found, key=lambda d: (d.since, d.until, d.about.what, d.about.kind, d.old, d.new)
    ):
        sites = [difference.about.site for difference in group]
        when = "As soon as it is applied" if since == BEGINNING else f"From {since.isoformat()}"
        when += "" if until is None else f" until {until.isoformat()}"
        about = ", ".join(part for part in (", ".join(site for site in sites if site), kind) if part)
        change = f"{new} (new)" if old is None else f"no longer {old}" if new is None else f"{new} (was {old})"
        yield f"{when}: {about + ': ' if about else ''}{what}: {change}."


def _told(notice: NoticePart) -> str:
    if notice.text is None:
        return f"{notice.each_day} of each day"
    return notice.text["ja"] + (f" (picture {notice.picture})" if notice.picture else "")
