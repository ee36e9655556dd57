"""The daily close: the match, the Z-report on the line or on paper, a checkpoint."""

from collections.abc import Generator
from typing import Any

from drivers.vocabulary import Printed
from firmware.book.day import Day, ZReport
from firmware.book.match import matched
from firmware.book.records import ConsoleAct
from firmware.console import looking
from firmware.console.steps import Answer, Hands, Job, Show, Step, done
from firmware.desks import PAPER, PrintZReport

_Z = (
    "sessions",
    "inserted_yen",
    "earned_yen",
    "paid_out_yen",
    "claimed_yen",
    "overpaid_yen",
    "stray_yen",
    "test_coins_yen",
    "staff_paid_yen",
    "collected_yen",
    "unknown_yen",
    "till_taken_yen",
    "till_returned_yen",
    "copies_printed",
    "copies_spoiled",
    "copies_uncertain",
    "sheets_tested",
    "flags",
)


def close(hands: Hands) -> Job:
    """Run the match, then give the report and write a checkpoint."""
    read = yield from looking.read_counters(hands)
    for record in matched(hands.book, read.data["counters"]):
        hands.write(record)
    return Answer(_rows(hands), _data(hands), checkpoint=True)


def _data(hands: Hands) -> dict[str, Any]:
    """The report for a program: totals since the last close and for life, coins by yen."""
    book, before = hands.book, hands.book.console.closed_totals
    return {
        "number": book.totals["closes"] + 1,
        "since_close": {name: book.totals[name] - before.get(name, 0) for name in _Z},
        "for_life": {name: book.totals[name] for name in _Z},
        "cash_box": dict(book.cash_box),
        "hoppers": dict(book.tubes),
        "sheets": book.sheets,
        "queue": len(book.queue),
        "uncertain": len(book.uncertain),
        "advices": len(book.pending_advices()),
    }


def close_print(hands: Hands) -> Job:
    answer = yield from close(hands)
    report = yield from _report(hands)
    slip = yield from done(PAPER, PrintZReport(report))
    if not isinstance(slip.result, Printed):
        yield Show(("The receipt printer did not print it; copy it from here.",))
    return answer


def _report(hands: Hands) -> Generator[Step, Any, ZReport]:
    day, role = Day(), ""
    for number, entry in enumerate(hands.history(), start=1):
        yield from looking.pause(hands, number)
        day.take(entry.record, entry.wall)
        if isinstance(entry.record, ConsoleAct):
            role = entry.record.role  # the last one is this close, begun
    book, before, table = hands.book, hands.book.console.closed_totals, hands.site_table
    titles = {} if table is None else {here.kind: here.title["ja"] for here in table.kinds}
    values = sorted({*book.tubes, *book.cash_box, *day.coins_in, *day.coins_out}, reverse=True)
    sold = ((titles.get(kind, kind), fee, copies) for (kind, fee), copies in sorted(day.sold.items()))
    return ZReport(
        number=book.totals["closes"] + 1,
        city="" if table is None else table.municipality.name["ja"],
        place=hands.unit.unit.place["ja"] if table is None else table.place["ja"],
        machine=hands.machine,
        closed_by=role,
        since=None if day.since is None else day.since.astimezone(hands.now().tzinfo),
        until=hands.now(),
        sold=tuple(sold),
        period={name: total - before.get(name, 0) for name, total in book.totals.items()},
        life=book.totals,
        coins=tuple(
            (yen, day.coins_in[yen], day.coins_out[yen], book.cash_box.get(yen, 0), book.tubes.get(yen))
            for yen in values
        ),
        counts=tuple(day.counts),
        box_yen=sum(yen * coins for yen, coins in book.cash_box.items()),
        sheets=book.sheets,
        logins=dict(day.logins),
        open_cases=len(book.queue),
        advices=len(book.pending_advices()),
        sample=table is not None and table.municipality.sample,
    )


def _rows(hands: Hands) -> tuple[str, ...]:
    """The rows of the daily report: totals since the last close, and the coins and sheets that should be there."""
    book, before = hands.book, hands.book.console.closed_totals
    rows = [f"Z-report {book.totals['closes'] + 1}  {hands.now():%Y-%m-%d %H:%M}", hands.machine]
    rows += [f"{'':18} {'since close':>11} {'for life':>11}"]  # 42 letters: a row of the narrowest receipt printer
    rows += [f"{name:18} {book.totals[name] - before.get(name, 0):>11} {book.totals[name]:>11}" for name in _Z]
    box_yen = sum(value * coins for value, coins in book.cash_box.items())
    rows += [f"cash box {value:>4} yen x {coins:>5}" for value, coins in sorted(book.cash_box.items())]
    rows += [f"cash box {box_yen} yen"]
    rows += [f"hopper   {value:>4} yen x {coins:>5}" for value, coins in sorted(book.tubes.items())]
    rows += [f"sheets {'not counted' if book.sheets is None else book.sheets}"]
    rows += [f"queue {len(book.queue)}, unaccounted for {len(book.uncertain)}"]
    rows += [f"advices not acknowledged {len(book.pending_advices())}"]
    return tuple(rows)
