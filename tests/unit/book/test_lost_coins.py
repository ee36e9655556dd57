"""Coins that were flagged as lost explain so many of the acceptor's and no more, also after a checkpoint. A lower count is a new base:
no coin leaves by an acceptor, and its driver has told credits without coins by themselves.
"""

import pytest

from firmware.book import records as r
from firmware.book.book import Book
from firmware.book.cases import Case, MismatchCode
from firmware.book.match import matched

TOTAL, LOST = 1000, 3


def readings(total: int) -> r.Counters:
    return r.Counters(acceptor_event=7, acceptor_total=total, printer_counter=None, hoppers=[])


@pytest.mark.parametrize("restored", [False, True], ids=["as written", "from a checkpoint"])
@pytest.mark.parametrize("more", range(-4, LOST + 3))
def test_what_the_acceptor_counted_more(more: int, restored: bool) -> None:
    book = Book.replay([readings(TOTAL), r.Flag(Case.CREDITS_LOST, str(LOST))])
    if restored:
        book = Book.replay([r.Checkpoint(book.snapshot(), "", "")])
    moved = [record for record in matched(book, readings(TOTAL + more)) if isinstance(record, r.Flag)]
    assert [flag.code for flag in moved] == ([] if more <= LOST else [MismatchCode.MONEY_MOVED])
    assert book.acceptor_lost == LOST


@pytest.mark.parametrize(("before", "now", "moved"), [(0xFFFFFE, 1, "+3"), (0xFFFFFE, 0xFFFFFE, None), (7000, 0, None)])
def test_a_count_that_wraps_or_begins_anew_never_makes_negative_coins(before: int, now: int, moved: str | None) -> None:
    flags = [record for record in matched(Book.replay([readings(before)]), readings(now)) if isinstance(record, r.Flag)]
    assert [flag.detail for flag in flags] == ([] if moved is None else [f"acceptor: {moved} coins"])
