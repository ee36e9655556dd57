"""The report as tables: which figures stand in which row. `text.py`, `page.py` and CSV write the same tables."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from host_sim.centre.statistics.papers import BANDS, REQUESTERS, UNKNOWN
from host_sim.centre.statistics.report import ALL, Report
from host_sim.centre.statistics.texts import Texts
from host_sim.centre.statistics.writing import Cell, aligned, rounded, width, written

METHODS = ("jpki", "municipal", "attended", UNKNOWN)


@dataclass(frozen=True)
class Table:
    """`columns`: title and how its cells are written. `name`: the CSV's file name.

    `row_forms`: for a list of single figures, how the last cell of each row is written.
    """

    name: str
    title: str
    columns: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = field(default=())
    row_forms: Sequence[str] = field(default=())

    def text(self) -> str:
        """For a terminal."""
        left = [form == "text" for _, form in self.columns]
        lines = aligned([[title for title, _ in self.columns], *self.cells()], left)
        rule = "-" * max(40, *(width(line) for line in lines))
        return "\n".join([self.title, rule, *lines, *(f"* {note}" for note in self.notes)])

    def csv(self) -> str:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow([title for title, _ in self.columns])
        writer.writerows(self.cells(plain=True))
        return out.getvalue()

    def cells(self, *, plain: bool = False) -> list[list[str]]:
        """Every row, written for a person, or for a program."""
        return [
            [written(cell, form, plain=plain) for cell, form in zip(row, self._forms(n), strict=True)]
            for n, row in enumerate(self.rows)
        ]

    def _forms(self, row: int) -> list[str]:
        forms = [form for _, form in self.columns]
        return [*forms[:-1], self.row_forms[row]] if self.row_forms else forms


def tables(report: Report, texts: Texts, titles: Mapping[str, str]) -> list[Table]:
    """Every table of the report. `titles`: kind -> its words, from the city's file."""
    kinds = [_kind(report, texts, kind, titles.get(kind, kind)) for kind in report.kinds_seen()]
    everything = [_kind(report, texts, ALL, texts.say("kind.all"))] if len(kinds) != 1 else []
    bands = [_bands(report, texts, channel) for channel in report.channels_seen() if _has_other_hours(report, channel)]
    costs = [_costs(report, texts, channel) for channel in report.channels_seen() if report.outlay(channel)]
    whom = [*_whom(report, texts), *_cards(report, texts)]
    return [*kinds, *everything, *_months(report, texts), *bands, *whom, *costs]


def _kind(report: Report, texts: Texts, kind: str, title: str) -> Table:
    words = ("copies", "share", "before", "share_before", "change", "change_share", "points")
    forms = ("count", "percent", "count", "percent", "signed", "signed_percent", "points")
    columns = [(texts.say("column.channel"), "text")]
    columns += [(texts.say(f"column.{word}"), form) for word, form in zip(words, forms, strict=True)]
    about = {"kind": title, "first": report.months.first, "last": report.months.last}
    rows = [_channel_row(report, texts, kind, channel) for channel in (*report.channels_seen(), ALL)]
    notes = [
        texts.say(f"note.{note}", sum=total)
        for note, share in (("rounding", report.share), ("rounding_before", report.share_before))
        for total in _wrong_sum([share(kind, channel) for channel in report.channels_seen()])
    ]
    return Table(f"kind_{kind}", texts.say("title.kind", **about), columns, rows, notes)


def _channel_row(report: Report, texts: Texts, kind: str, channel: str) -> list[Cell]:
    return [
        texts.say(f"channel.{channel}"),
        report.copies(kind, channel),
        report.share(kind, channel),
        report.copies_before(kind, channel),
        report.share_before(kind, channel),
        report.change(kind, channel),
        report.change_share(kind, channel),
        report.share_change(kind, channel),
    ]


def _wrong_sum(shares: Sequence[Fraction | None]) -> Iterator[str]:
    """What shares rounded to 0.1 % add up to, if it is not 100."""
    tenths = [rounded(share * 100, 1) for share in shares if share is not None]
    if tenths and sum(tenths) != 100:
        yield str(sum(tenths))


def _months(report: Report, texts: Texts) -> list[Table]:
    if report.undivided() == report.copies():
        return []
    channels = report.channels_seen()
    columns = [(texts.say("column.month"), "text"), *((texts.say(f"channel.{c}"), "count") for c in channels)]
    columns += [(texts.say("channel.all"), "count")]
    daily = [channel for channel in channels if channel == "store"]
    columns += [(texts.say("column.per_day_of", channel=texts.say(f"channel.{c}")), "average") for c in daily]
    rows = [_month_row(report, month, channels, daily) for month in report.months]
    undivided = report.undivided()
    notes = [texts.say("note.undivided", copies=f"{undivided:,}")] if undivided else []
    return [Table("months", texts.say("title.months"), columns, rows, notes)]


def _month_row(report: Report, month: str, channels: Sequence[str], daily: Sequence[str]) -> list[Cell]:
    counted = [None if report.undivided(c) else report.copies(ALL, c, ALL, month) for c in (*channels, ALL)]
    return [month, *counted, *(report.per_day_of_month(channel, month) for channel in daily)]


def _has_other_hours(report: Report, channel: str) -> bool:
    """Whether the channel runs at all while the desks are closed."""
    return report.has_bands(channel) and bool(report.outside_share(channel))


def _bands(report: Report, texts: Texts, channel: str) -> Table:
    words = ("copies", "share", "days", "per_day", "calendar_days", "per_calendar_day")
    forms = ("count", "percent", "count", "average", "count", "average")
    columns = [(texts.say("column.band"), "text")]
    columns += [(texts.say(f"column.{word}"), form) for word, form in zip(words, forms, strict=True)]
    rows = [_band_row(report, texts, channel, band) for band in BANDS]
    weekdays = report.copies(ALL, channel) - report.copies(ALL, channel, "off")
    of_weekdays = Fraction(weekdays, report.copies(ALL, channel))
    days, average = report.days(channel, "office"), report.per_office_day(channel)
    together: list[Cell] = [texts.say("band.weekdays"), weekdays, of_weekdays, days, average, days, average]
    rows = [*rows[:3], together, rows[3], _band_row(report, texts, channel, ALL)]
    told = {"channel": texts.say(f"channel.{channel}"), "ran": report.days(channel), "calendar": report.calendar_days()}
    notes = [texts.say("note.closed", **told, closed=report.calendar_days() - report.days(channel))]
    notes += [texts.say("note.outside", share=rounded((report.outside_share(channel) or 0) * 100, 1))]
    notes += [texts.say("note.per_calendar")]
    return Table(f"bands_{channel}", texts.say("title.bands", channel=told["channel"]), columns, rows, notes)


def _band_row(report: Report, texts: Texts, channel: str, band: str) -> list[Cell]:
    return [
        texts.say(f"band.{band}"),
        report.copies(ALL, channel, band),
        report.band_share(channel, band),
        report.days(channel, band),
        report.per_day(channel, band),
        report.calendar_days(band),
        report.per_calendar_day(channel, band),
    ]


def _whom(report: Report, texts: Texts) -> Iterator[Table]:
    """Who asked, and how they were known; without a table where nothing is known of anybody."""
    counted = {word: report.asked_by(word) for word in (*REQUESTERS, UNKNOWN)}
    share = report.self_service_share()
    if share is not None:
        notes = [texts.say("note.self_service", share=rounded(share * 100, 1))]
        yield _parts(texts, "requester", counted, report.copies(), notes)
    counted = {word: report.known_by(word) for word in METHODS}
    if counted[UNKNOWN] < report.copies():
        yield _parts(texts, "method", counted, report.copies(), [])


def _parts(texts: Texts, section: str, counted: Mapping[str, int], whole: int, notes: Sequence[str]) -> Table:
    columns = [(texts.say(f"column.{section}"), "text")]
    columns += [(texts.say("column.copies"), "count"), (texts.say("column.share"), "percent")]
    rows = [_part(texts.say(f"{section}.{word or 'unknown'}"), n, whole) for word, n in counted.items() if n]
    return Table(f"{section}s", texts.say(f"title.{section}s"), columns, rows, notes)


def _part(words: str, number: int, whole: int) -> list[Cell]:
    return [words, number, Fraction(number, whole)]


def _cards(report: Report, texts: Texts) -> list[Table]:
    known = report.standing
    if known is None:
        return []
    told: list[tuple[str, Cell, str]] = [
        (texts.say("item.residents", on=known.on), known.residents, "count"),
        (texts.say("item.cards_valid"), known.cards_valid, "count"),
        (texts.say("item.card_rate"), report.card_rate(), "percent"),
    ]
    return [_items(texts, "cards", texts.say("title.cards"), told)]


def _costs(report: Report, texts: Texts, channel: str) -> Table:
    outlay, cost = report.outlay(channel), report.cost_per_copy(channel)
    assert outlay is not None
    fee = report.fee_per_copy(channel)
    balance = None if fee is None or cost is None else fee - cost
    told: list[tuple[str, Cell, str]] = [
        ("yearly", outlay.yearly_yen, "yen"),
        ("commission", outlay.commission_yen, "yen"),
        ("cost_per_copy", cost, "average"),
        ("fee_per_copy", fee, "average"),
        ("balance_per_copy", balance, "signed"),
        ("copies_a_year", report.copies_a_year(channel), "count"),
        ("break_even", report.break_even(channel), "count"),
    ]
    title = f"{texts.say('title.costs')}: {texts.say(f'channel.{channel}')}"
    return _items(
        texts, f"costs_{channel}", title, [(texts.say(f"item.{word}"), cell, form) for word, cell, form in told]
    )


def _items(texts: Texts, name: str, title: str, told: Sequence[tuple[str, Cell, str]]) -> Table:
    columns = [(texts.say("column.what"), "text"), (texts.say("column.value"), "count")]
    return Table(name, title, columns, [row[:2] for row in told], row_forms=[row[2] for row in told])
