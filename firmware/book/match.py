"""The four-way match: money, issue numbers, sheets and journal must agree. Pure.

Done at a start, after recovery and before anybody is served, and at the daily close. The journal says what the
devices' own counters must read; a difference means that coins or paper moved without the machine
(crash point 0, start step 4; fault H6). A counter that cannot be read is left out.
"""

from dataclasses import dataclass

from drivers.vocabulary import coins_between
from firmware.book.book import Book
from firmware.book.cases import MismatchCode
from firmware.book.records import Counters, Flag, HopperReading, Record


@dataclass(frozen=True, slots=True)
class Mismatch:
    code: MismatchCode
    detail: str


def mismatches(book: Book, now: Counters) -> list[Mismatch]:
    """Everything that does not match while the machine is idle, in a fixed order."""
    assert book.session is None, "a match is made while nothing is open"
    return [*_coins_in(book, now), *_coins_out(book, now), *_sheets(book, now), *_books(book)]


def matched(book: Book, now: Counters) -> list[Record]:
    """What to write after a match: a flag for each thing that differs and is not flagged yet, then the readings.

    For a device that did not answer the last reading is kept, so that a later match still finds a difference.
    """
    flags = [Flag(str(found.code), found.detail) for found in mismatches(book, now)]
    return [*(flag for flag in flags if (flag.code, flag.detail) not in book.queue), known(book, now)]


def known(book: Book, now: Counters) -> Counters:
    """The readings; for a device that gave none, the last one in the book."""
    hoppers = {value: HopperReading(value, seen.event_counter, seen.life_total) for value, seen in book.hoppers.items()}
    hoppers |= {row[0]: HopperReading(*row) for row in now.hoppers}
    return Counters(
        acceptor_event=book.acceptor_event if now.acceptor_event is None else now.acceptor_event,
        acceptor_total=book.acceptor_total if now.acceptor_total is None else now.acceptor_total,
        printer_counter=book.printer_counter if now.printer_counter is None else now.printer_counter,
        hoppers=[hoppers[value] for value in sorted(hoppers)],
    )


def _coins_in(book: Book, now: Counters) -> list[Mismatch]:
    if book.acceptor_total is None or now.acceptor_total is None or book.acceptor_total == now.acceptor_total:
        return []
    more = coins_between(book.acceptor_total, now.acceptor_total)
    if 0 < more <= book.acceptor_lost:
        return []  # flagged when they were lost
    if more < 0:
        return []  # coins never leave by an acceptor: its count began anew, or its driver has told the credits without coins
    return [Mismatch(MismatchCode.MONEY_MOVED, f"acceptor: {more:+d} coins")]


def _coins_out(book: Book, now: Counters) -> list[Mismatch]:
    found = []
    for value, _, life in now.hoppers:
        seen = book.hoppers.get(value)
        if seen is not None and seen.life_total != life:
            found.append(Mismatch(MismatchCode.MONEY_MOVED, f"hopper {value}: {life - seen.life_total:+d} coins"))
    return found


def _sheets(book: Book, now: Counters) -> list[Mismatch]:
    if book.printer_counter is None or now.printer_counter is None or book.printer_counter == now.printer_counter:
        return []
    return [Mismatch(MismatchCode.SHEETS_MOVED, f"printer: {now.printer_counter - book.printer_counter:+d} sheets")]


def _books(book: Book) -> list[Mismatch]:
    """Sums inside the journal that must agree; only a fault of the program can make them differ."""
    total = book.totals
    found = []
    got_yen = total["inserted_yen"] + total["till_taken_yen"]
    if got_yen != total["earned_yen"] + total["paid_out_yen"] + total["till_returned_yen"] + total["claimed_yen"]:
        found.append("yen inserted or taken differ from yen earned, paid out, returned and claimed")
    if total["copies_printed"] != total["told_issued"]:
        found.append("copies told as issued differ from copies printed")
    return [Mismatch(MismatchCode.UNBALANCED, detail) for detail in found]
