"""Coins that were flagged as lost explain so many of the acceptor's, no more and no fewer, also after a checkpoint."""

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
    assert [flag.code for flag in moved] == ([] if 0 <= more <= LOST else [MismatchCode.MONEY_MOVED])
    assert book.acceptor_lost == LOST
