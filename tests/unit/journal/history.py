"""Shared by the journal's tests: a wall clock, ids, and whole sessions as lists of records."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

from firmware.book import records as r
from firmware.book.advice import CopyAdvice, CopyFate
from firmware.book.records import Record
from firmware.journal.disk import Disk
from firmware.journal.journal import Journal
from firmware.journal.memory import Memory

NOON = datetime(2026, 11, 24, 3, tzinfo=UTC)
SMALL = 128 * 1024  # segment size in the tests


def open_journal(disk: Disk, segment_bytes: int = SMALL) -> Journal:
    ticks = count()
    return Journal.open(disk, wall=lambda: NOON, mono=lambda: next(ticks) / 1000, segment_bytes=segment_bytes)


def open_memory(disk: Disk) -> Memory:
    return Memory(open_journal(disk))


def ident(number: int) -> str:
    """An id of 32 hex digits."""
    return f"{number:032x}"


def number_of(copy: int, session: int = 1) -> str:
    return f"0001-{session}-{copy}"


def session(
    which: int = 1, coins: tuple[int, ...] = (500,), copies: int = 1, fee_yen: int = 300, pages: int = 1
) -> Iterator[Record]:
    """A good session: everything is printed, change in 100-yen coins."""
    sid, rid = ident(which), ident(which + (1 << 64))
    yield r.SessionOpened(sid, "store")
    yield r.PinResult(sid, True, None)
    yield r.Request(sid, rid, [("juminhyo", copies)])
    yield r.Authorised(rid, [(copy, "juminhyo", number_of(copy, which), fee_yen) for copy in range(1, copies + 1)])
    event, total, sheets, life = which % 200, 10_000 + which * 10, 70_000 + which * 20, 500_000 + which * 30
    if fee_yen:
        yield r.SlotOpened(sid, event, total)
        for place, coin in enumerate(coins, 1):
            yield r.Coin(sid, coin, event + place)
        yield r.SlotClosed(sid, event + len(coins))
    for copy in range(1, copies + 1):
        yield r.PrintIntent(rid, copy, number_of(copy, which), "c" * 64, sheets, pages)
        sheets += pages
        yield r.CopyPrinted(rid, copy, number_of(copy, which), "process_id 17", sheets, fee_yen)
    for copy in range(1, copies + 1):
        yield r.AdviceQueued(f"{rid}.{copy}", CopyAdvice(CopyFate.ISSUED, rid, copy, "printed"))
    inserted = sum(coins) if fee_yen else 0
    change = inserted - copies * fee_yen
    if change:
        yield r.PayIntent(sid, 100, change // 100, 7, life)
        yield r.PayDone(sid, 100, change // 100, change // 100, 8, life + change // 100)
    yield r.PaperTaken(rid)
    for copy in range(1, copies + 1):
        yield r.AdviceDone(f"{rid}.{copy}")
    yield r.SessionClosed(sid, inserted, copies * fee_yen, change, 0, "issued", "")
