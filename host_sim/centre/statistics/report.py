"""The figures of a report, each calculated in one place; tables, charts, CSV and the comparison with slides take them here.

Numbers of papers are `int`, everything else is a `Fraction`: nothing is rounded before it is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from host_sim.centre.statistics.calendar import Calendar
from host_sim.centre.statistics.costs import Costs, Outlay, Standing
from host_sim.centre.statistics.papers import BANDS, CHANNELS, OUTSIDE, SELF_SERVICE, Counts, Months, Papers

ALL = "all"


@dataclass(frozen=True)
class Report:
    """`papers`, `before`: of these months, and of the same months a year before. `kinds`: those of the city's file, in order."""

    months: Months
    calendar: Calendar
    kinds: Sequence[str]
    papers: Counts
    before: Counts
    costs: Costs

    # --- how many -------------------------------------------------------------------------------

    def copies(self, kind: str = ALL, channel: str = ALL, band: str = ALL, month: str = ALL) -> int:
        return sum(n for p, n in self.papers.items() if _is(p, kind, channel, band, month))

    def copies_before(self, kind: str = ALL, channel: str = ALL) -> int:
        return sum(n for p, n in self.before.items() if _is(p, kind, channel, ALL, ALL))

    def change(self, kind: str = ALL, channel: str = ALL) -> int:
        """Signed: below zero where there were fewer papers than a year before."""
        return self.copies(kind, channel) - self.copies_before(kind, channel)

    def change_share(self, kind: str = ALL, channel: str = ALL) -> Fraction | None:
        """Of what there was; None where there was nothing."""
        was = self.copies_before(kind, channel)
        return Fraction(self.change(kind, channel), was) if was else None

    def share(self, kind: str = ALL, channel: str = ALL) -> Fraction | None:
        """Of the kind's papers through all channels; None where there are none."""
        whole = self.copies(kind)
        return Fraction(self.copies(kind, channel), whole) if whole else None

    def share_before(self, kind: str = ALL, channel: str = ALL) -> Fraction | None:
        whole = self.copies_before(kind)
        return Fraction(self.copies_before(kind, channel), whole) if whole else None

    def share_change(self, kind: str = ALL, channel: str = ALL) -> Fraction | None:
        """In parts of the whole (times 100: points), signed; None without both years."""
        now, was = self.share(kind, channel), self.share_before(kind, channel)
        return None if now is None or was is None else now - was

    # --- when -----------------------------------------------------------------------------------

    def days(self, channel: str, band: str = ALL) -> int:
        """Days on which the channel ran; of `office`, `early` and `night` the same days."""
        return self._days[channel][band]

    def calendar_days(self, band: str = ALL) -> int:
        """All days, whether anything ran on them or not."""
        office = sum(self.calendar.is_office_day(day) for day in self.months.days)
        return {ALL: len(self.months.days), "off": len(self.months.days) - office}.get(band, office)

    def per_day(self, channel: str, band: str = ALL) -> Fraction | None:
        """Papers of a day on which the channel ran."""
        return _part(self.copies(ALL, channel, band), self.days(channel, band))

    def per_calendar_day(self, channel: str, band: str = ALL) -> Fraction | None:
        return _part(self.copies(ALL, channel, band), self.calendar_days(band))

    def per_office_day(self, channel: str) -> Fraction | None:
        """Papers of a whole day on which the desks are open: office hours, early morning and night."""
        of_office_days = self.copies(ALL, channel) - self.copies(ALL, channel, "off")
        return _part(of_office_days, self.days(channel, "office"))

    def per_day_of_month(self, channel: str, month: str) -> Fraction | None:
        """None for a channel whose papers are told for several months together."""
        if self.undivided(channel):
            return None
        days = Months(month, month).days
        return _part(self.copies(ALL, channel, ALL, month), sum(self.calendar.ran(day, channel) for day in days))

    def band_share(self, channel: str, band: str) -> Fraction | None:
        return _part(self.copies(ALL, channel, band), self.copies(ALL, channel))

    def outside_share(self, channel: str) -> Fraction | None:
        """Of the channel's papers, those that were ordered while the desks were closed."""
        return _part(sum(self.copies(ALL, channel, band) for band in OUTSIDE), self.copies(ALL, channel))

    @cached_property
    def _days(self) -> dict[str, dict[str, int]]:
        by_band = {channel: self.calendar.days_of(self.months.days, channel) for channel in CHANNELS}
        return {channel: {**bands, ALL: bands["office"] + bands["off"]} for channel, bands in by_band.items()}

    # --- who ------------------------------------------------------------------------------------

    def asked_by(self, requester: str, channel: str = ALL) -> int:
        return sum(n for p, n in self.papers.items() if p.requester == requester and channel in (ALL, p.channel))

    def known_by(self, method: str) -> int:
        return sum(n for p, n in self.papers.items() if p.method == method)

    def self_service_share(self) -> Fraction | None:
        """本人等, of the papers whose class is known."""
        known = sum(n for p, n in self.papers.items() if p.requester)
        return _part(sum(self.asked_by(word) for word in SELF_SERVICE), known)

    # --- cards and money ------------------------------------------------------------------------

    @property
    def standing(self) -> Standing | None:
        """Residents and valid cards at the end of the months, or the last that is known before."""
        return self.costs.standing_on(self.months.after)

    def residents(self) -> int | None:
        return None if self.standing is None else self.standing.residents

    def cards_valid(self) -> int | None:
        return None if self.standing is None else self.standing.cards_valid

    def card_rate(self) -> Fraction | None:
        return None if self.standing is None else Fraction(self.standing.cards_valid, self.standing.residents)

    def fees_yen(self, channel: str) -> int:
        return sum(n * p.fee_yen for p, n in self.papers.items() if p.channel == channel)

    def fee_per_copy(self, channel: str) -> Fraction | None:
        return _part(self.fees_yen(channel), self.copies(ALL, channel))

    def commission_yen(self, channel: str) -> int:
        return self.costs.channels[channel].commission_yen

    def yen_of(self, channel: str, word: str) -> int:
        """One entry of the file of costs."""
        outlay = self.costs.channels[channel]
        return {**outlay.once_yen, **outlay.each_year_yen}[word]

    def outlay(self, channel: str) -> Outlay | None:
        """What the channel costs; None where nobody has written it down."""
        return self.costs.channels.get(channel)

    def cost_per_copy(self, channel: str) -> Fraction | None:
        """Yen: a month's part of what is fixed, by the months of the report, and the commission."""
        outlay, copies = self.outlay(channel), self.copies(ALL, channel)
        if outlay is None or not copies:
            return None
        return outlay.yearly_yen * len(list(self.months)) / 12 / copies + outlay.commission_yen

    def break_even(self, channel: str) -> Fraction | None:
        """Copies a year from which on the fees pay for the channel; None where a copy brings nothing."""
        outlay, copies = self.outlay(channel), self.copies(ALL, channel)
        if outlay is None or not copies:
            return None
        left_yen = Fraction(self.fees_yen(channel), copies) - outlay.commission_yen  # of each copy, for what is fixed
        return outlay.yearly_yen / left_yen if left_yen > 0 else None

    def copies_a_year(self, channel: str) -> Fraction:
        return Fraction(self.copies(ALL, channel) * 12, len(list(self.months)))

    # --- which there are ------------------------------------------------------------------------

    def kinds_seen(self) -> list[str]:
        seen = {p.kind for p in (*self.papers, *self.before)}
        return [kind for kind in self.kinds if kind in seen] + sorted(seen - set(self.kinds))

    def channels_seen(self) -> list[str]:
        seen = {p.channel for p in (*self.papers, *self.before)}
        return [channel for channel in CHANNELS if channel in seen]

    def has_bands(self, channel: str) -> bool:
        """Whether the hour of every paper of this channel is known."""
        of_it = [p for p in self.papers if p.channel == channel]
        return bool(of_it) and all(p.band in BANDS for p in of_it)

    def undivided(self, channel: str = ALL) -> int:
        """Papers that a file counts for several months together."""
        return sum(n for p, n in self.papers.items() if channel in (ALL, p.channel) and p.first_month != p.last_month)


def _is(papers: Papers, kind: str, channel: str, band: str, month: str) -> bool:
    return (
        kind in (ALL, papers.kind)
        and channel in (ALL, papers.channel)
        and band in (ALL, papers.band)
        and month in (ALL, papers.first_month)
        and (month == ALL or papers.first_month == papers.last_month)
    )


def _part(of: int, whole: int) -> Fraction | None:
    return Fraction(of, whole) if whole else None
