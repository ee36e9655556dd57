"""`journal export`: records over the line to a terminal that keeps a log; `python -m firmware.journal read` reads the log."""

from collections.abc import Generator, Iterator
from itertools import chain, islice
from typing import Any

from firmware.console.grammar import Refused
from firmware.console.messages import CONSOLE, Print, Printed
from firmware.console.steps import Answer, BrokenOff, Do, Hands, Job, Listen, Step
from firmware.journal.carried import end_row, head_rows, record_rows
from firmware.journal.frames import Entry
from firmware.journal.journal import JournalTrouble

USUAL = 100  # records
ROWS = 100  # shown at once: 8 kB, less than a second at 115200 baud


def export(hands: Hands, since: int) -> Job:
    """Write a checkpoint, then show the records from number `since` to it; 0: the last hundred.

    With a seal the checkpoint's signature covers all records before it. The terminal's speed sets the pace, so no row is
    lost on a slow line. Ctrl-C ends it.
    """
    hands.checkpoint()
    last = hands.head()[0]
    first = since or max(1, last - USUAL + 1)
    if first > last:
        raise Refused("arguments", f"There is no record {first} yet; the last one is {last}. Type a smaller number.")
    try:
        rows = yield from _shown(hands, hands.entries(first - 1), first, last)
    except JournalTrouble as trouble:
        raise Refused("journal", str(trouble)) from None
    told = f"{last - first + 1} records in {rows} rows. On the laptop: python -m firmware.journal read LOG"
    return Answer((told,), {"first": first, "last": last, "rows": rows})


def _shown(hands: Hands, entries: Iterator[Entry], first: int, last: int) -> Generator[Step, Any, int]:
    """Show all rows, each lot when the terminal has taken the one before. Returns how many rows records had."""
    begin = next(entries)
    head = list(head_rows(hands.machine, hands.seal_key, first, last, begin.before))
    yield from _print(hands, head, first)
    rows, at = 0, first
    source = ((entry.seq, row) for entry in chain((begin,), _until(entries, last)) for row in record_rows(entry))
    while lot := list(islice(source, ROWS)):
        yield from _print(hands, [row for _, row in lot], at)
        rows, at = rows + len(lot), lot[-1][0]
    yield from _print(hands, [end_row(last, rows)], last)
    return rows


def _until(entries: Iterator[Entry], last: int) -> Iterator[Entry]:
    return (entry for entry in entries if entry.seq <= last)


def _print(hands: Hands, rows: list[str], at: int) -> Generator[Step, Any, None]:
    try:
        yield Listen(hands.monotonic(), breaks=True)
    except BrokenOff:
        raise _broken_off(at) from None
    printed = yield Do(CONSOLE, Print("".join(f"{row}\n" for row in rows)))
    if not (isinstance(printed, Printed) and printed.whole):
        raise Refused("line", f"The terminal stopped taking rows. Give the rest with: journal export {at}")
    if printed.interrupted:
        raise _broken_off(at)


def _broken_off(at: int) -> Refused:
    return Refused("cancelled", f"Broken off. Give the rest with: journal export {at}")
