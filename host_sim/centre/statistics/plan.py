"""When each paper of a known half year could have been ordered: drawn from one seed, and exact in every total.

A total by kind, channel and band is met to the paper, and so is the total of each month of konbini of which the slides
tell the papers a day. What nobody has told is drawn: the day and the minute within the band, how months and bands fall
together, and how many copies are ordered at once.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from host_sim.centre.statistics.calendar import DESKS, Calendar
from host_sim.centre.statistics.papers import Counts, Months, Papers

SEEN = ("store", "office", "counter")  # channels whose papers pass through the centre
COPIES = ((1, 2, 3), (80, 15, 5))  # ordered at once, and how often of a hundred orders
LAST = timedelta(minutes=5)  # nobody orders later before closing
# Papers of a calendar day: March and June as the slides tell them; the others are guessed, and only their proportion counts.
TOLD_A_DAY = {"03": 195, "06": 153}
GUESSED_A_DAY = {"01": 100, "02": 120, "04": 165, "05": 140}


class Order(NamedTuple):
    at: datetime
    channel: str
    kind: str
    copies: int


@dataclass(frozen=True)
class Plan:
    """`orders` in the order of time; `unseen`: the papers of channels that the centre does not see, month by month."""

    orders: Sequence[Order]
    unseen: Counts


def apportion(whole: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers in the proportion of the weights that add up to `whole` (largest remainders)."""
    exact = [whole * weight / sum(weights) for weight in weights]
    parts = [int(each) for each in exact]
    last = sorted(range(len(weights)), key=lambda n: parts[n] - exact[n])
    for n in last[: whole - sum(parts)]:
        parts[n] += 1
    return parts


def draw(totals: Counts, months: Months, calendar: Calendar, seed: int, share: float = 1.0) -> Plan:
    """`totals`: of these months together. `share`: of all papers; smaller for a test."""
    dice = random.Random(seed)
    orders: list[Order] = []
    unseen: Counts = Counter()
    for channel in sorted({papers.channel for papers in totals}):
        of_it = {papers: n for papers, n in totals.items() if papers.channel == channel}
        scaled = dict(zip(of_it, apportion(round(sum(of_it.values()) * share), list(of_it.values())), strict=True))
        for (papers, month), n in _by_month(scaled, months, dice, share).items():
            if channel in SEEN:
                orders += _orders(papers, n, _days(papers, month, calendar), calendar, dice)
            else:
                unseen[papers._replace(first_month=month, last_month=month)] += n
    return Plan(sorted(orders), unseen)


def _by_month(
    scaled: Mapping[Papers, int], months: Months, dice: random.Random, share: float
) -> Counter[tuple[Papers, str]]:
    """Which papers are of which month: each month's total is fixed, and the rest is drawn."""
    everything = [papers for papers, n in scaled.items() for _ in range(n)]
    channel = next(iter(scaled)).channel
    per_month = _month_totals(len(everything), list(months), channel, share)
    of_month = [month for month, n in per_month.items() for _ in range(n)]
    dice.shuffle(of_month)
    return Counter(zip(everything, of_month, strict=True))


def _month_totals(whole: int, months: Sequence[str], channel: str, share: float) -> dict[str, int]:
    days = {month: len(Months(month, month).days) for month in months}
    told = {m: round(TOLD_A_DAY[m[5:]] * days[m] * share) for m in months if m[5:] in TOLD_A_DAY}
    if channel != "store":  # the slides tell nothing of their months
        told = {}
    weights = {m: days[m] * {**GUESSED_A_DAY, **TOLD_A_DAY}[m[5:]] for m in months if m not in told}
    rest = apportion(whole - sum(told.values()), list(weights.values()))
    return told | dict(zip(weights, rest, strict=True))


def _days(papers: Papers, month: str, calendar: Calendar) -> list[date]:
    """The days of the month on which such a paper could be ordered."""
    ran = [day for day in Months(month, month).days if calendar.ran(day, papers.channel)]
    return [day for day in ran if calendar.is_office_day(day) is (papers.band != "off")]


def _orders(papers: Papers, n: int, days: Sequence[date], calendar: Calendar, dice: random.Random) -> list[Order]:
    orders = []
    while n:
        copies = min(n, *dice.choices(*COPIES))
        at = _instant(dice.choice(days), papers, calendar, dice)
        orders.append(Order(at, papers.channel, papers.kind, copies))
        n -= copies
    return orders


def _instant(day: date, papers: Papers, calendar: Calendar, dice: random.Random) -> datetime:
    spans = calendar.spans(day, papers.channel)
    first, last = spans[0][0], spans[-1][1]
    if papers.band != "off":
        desks = calendar.spans(day, DESKS)
        opens, closes = desks[0][0], desks[-1][1]
        first, last = {"early": (first, opens), "office": (opens, closes), "night": (closes, last)}[papers.band]
    open_s = (last - LAST - first).total_seconds()
    # More people come soon after work than before eleven at night.
    part = dice.triangular(0, 1, 0.1) if papers.band == "night" else dice.random()
    return first + timedelta(seconds=int(open_s * part))
