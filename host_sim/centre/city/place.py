"""One place on one day, as a clerk would ask for it: what is issued there, when, for how much, with which cards."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from host_sim.centre.city.hours import Timetable
from host_sim.centre.city.items import offered
from host_sim.centre.city.model import ChannelPart, ExemptionPart, NoticePart, PurposePart, Rules, SitePart
from host_sim.centre.register import AdditionalLetters, CitySignature, Municipality

GRACE = timedelta(minutes=15)  # a session admitted before closing may finish
Texts = Mapping[str, str]  # language -> words


@dataclass(frozen=True, slots=True)
class Terms:
    """How one kind is issued at a place."""

    title: Texts
    fee_yen: int
    copies_max: int
    items: tuple[str, ...] = ()  # what may be asked for (city/items.py)
    youngest_years: int = 0  # for this kind; the place's own limit holds besides


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a paper is for: kind -> question -> answer. Every item of the kind is answered, so none is on it by oversight."""

    title: Texts
    answers: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One site with everything that its channel and the city add. `location`: degrees north and east."""

    site: str
    channel: str
    name: Texts
    way: Texts
    telephone: str
    staffed: bool
    location: tuple[float, float]
    machines: tuple[str, ...]
    kinds: Mapping[str, Terms]
    cards: frozenset[str]
    expired_cards: bool
    p384_cards: bool
    youngest_years: int
    attended: frozenset[str]  # kinds issued here without a PIN, when two clerks vouch
    exemptions: Mapping[str, ExemptionPart]  # by their word: a code of these is taken here
    timetable: Timetable = field(repr=False)
    notices: tuple[NoticePart, ...] = field(repr=False)
    purposes: tuple[Purpose, ...] = field(default=(), repr=False)

    def finishing_at(self, now: datetime, kind: str = "default") -> bool:
        """Whether a session that began in time may still go on."""
        return self.timetable.open_at(now, kind) or self.timetable.open_at(now - GRACE, kind)

    def distance_km(self, other: "Place") -> float:
        """As the crow flies, on a sphere; within a city that is near enough to sort by."""
        (a, b), (c, d) = self.location, other.location
        north, east = c - a, (d - b) * math.cos(math.radians((a + c) / 2))
        return math.radians(math.hypot(north, east)) * 6371


def municipality(rules: Rules) -> Municipality:
    """Who certifies on that day, as the forms print it."""
    told, by = rules.municipality, rules.certifier
    return Municipality(
        code=told.code,
        prefecture=told.prefecture,
        city=told.name["ja"],
        mayor=by.name,
        acting=by.acting,
        seal=by.seal,
        seal_picture=by.seal_picture,
        telephone=told.telephone,
        letters=None if rules.letters is None else AdditionalLetters(**rules.letters.model_dump()),
        signature=None if rules.signature is None else CitySignature(**rules.signature.model_dump()),
        sample=told.sample,
        check_page=told.check_page or "",
    )


def places(rules: Rules) -> Mapping[str, Place]:
    """Every place of that day, by its site's word."""
    return {word: _place(rules, word, site, rules.channels[site.channel]) for word, site in rules.sites.items()}


def _place(rules: Rules, word: str, site: SitePart, channel: ChannelPart) -> Place:
    issued = [kind for kind in channel.fees if site.kinds is None or kind in site.kinds]
    terms = {
        kind: Terms(told.title, channel.fees[kind], told.copies_max, offered(kind, told.items), told.youngest_years)
        for kind, told in rules.kinds.items()  # in the order of the file, which is the order on the screen
        if kind in issued
    }
    windows = [entry.window() for entry in rules.maintenance if entry.concerns(word, site.channel)]
    return Place(
        site=word,
        channel=site.channel,
        name=site.name,
        way=site.way,
        telephone=site.telephone,
        staffed=site.staffed,
        location=(site.location[0], site.location[1]),
        machines=tuple(site.machines),
        kinds=terms,
        cards=frozenset(channel.cards),
        expired_cards=channel.expired_cards,
        p384_cards=channel.p384_cards,
        youngest_years=channel.youngest_years,
        attended=frozenset(channel.attended),
        exemptions={name: part for name, part in rules.exemptions.items() if part.concerns(word, site.channel)},
        timetable=Timetable({**channel.hours, **site.hours}, [*channel.closed_days, *site.closed_days], windows),
        notices=tuple(notice for notice in rules.notices if notice.concerns(word, site.channel)),
        purposes=tuple(found for part in rules.purposes.values() if (found := _purpose(part, terms)).answers),
    )


def _purpose(part: PurposePart, terms: Mapping[str, Terms]) -> Purpose:
    """A purpose with the kinds that are issued at this place."""
    answers = {}
    for kind, paper in part.kinds.items():
        if kind in terms:
            items = {item: "print" if item in paper.items else "omit" for item in terms[kind].items}
            answers[kind] = items if paper.scope is None else {"scope": paper.scope, **items}
    return Purpose(part.title, answers)
