"""On which days a channel ran, and in which band an instant is: by the city's file and Japan's public holidays."""

from collections.abc import Iterable
from datetime import date, datetime
from functools import cache

from host_sim.centre.city.city import City
from host_sim.centre.city.hours import JST, Span, Timetable
from host_sim.centre.city.model import ChannelPart, Rules
from host_sim.centre.statistics.papers import BANDS

DESKS = "counter"  # the channel whose hours are the office hours; the staffed desks have the same
_HOURS_OF = {"staffed": DESKS, "post": DESKS}


class Calendar:
    """Asked for the same days again and again, so each answer is kept."""

    def __init__(self, city: City) -> None:
        self._city = city
        self.spans = cache(self._spans)

    def ran(self, day: date, channel: str) -> bool:
        """Whether papers were issued through this channel on this day."""
        return bool(self.spans(day, channel))

    def is_office_day(self, day: date) -> bool:
        return bool(self.spans(day, DESKS))

    def band(self, at: datetime) -> str:
        local = at.astimezone(JST)
        spans = self.spans(local.date(), DESKS)
        if not spans:
            return "off"
        if local < spans[0][0]:
            return "early"
        return "office" if local < spans[-1][1] else "night"

    def days_of(self, days: Iterable[date], channel: str) -> dict[str, int]:
        """Band -> the days of it on which the channel ran. Every office day has its early morning and its night."""
        ran = [day for day in days if self.ran(day, channel)]
        office = sum(self.is_office_day(day) for day in ran)
        return {band: len(ran) - office if band == "off" else office for band in BANDS}

    def fee_yen(self, kind: str, channel: str, day: date) -> int:
        """The fee of the city's file on that day; 0 where the kind is not issued so."""
        section = _channel(self._city.on(day).rules, channel)
        return 0 if section is None else section.fees.get(kind, 0)

    def _spans(self, day: date, channel: str) -> list[Span]:
        rules = self._city.on(day).rules
        section = _channel(rules, channel)
        if section is None:
            return []
        windows = [entry.window() for entry in rules.maintenance if entry.concerns("", channel)]
        return Timetable(section.hours, section.closed_days, windows).spans(day)


def _channel(rules: Rules, channel: str) -> ChannelPart | None:
    named = _HOURS_OF.get(channel, channel)
    return next((section for word, section in rules.channels.items() if word == named), None)
