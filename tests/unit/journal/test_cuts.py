"""Every power cut with the real journal, book and recovery on a medium; the cuts must also find each mistake of mistakes.py.

`make bench` explores one more cut in a row.
"""

from collections.abc import Callable

import pytest

from firmware.book.open_session import ProtocolBroken
from firmware.journal.journal import JournalTrouble
from tests.unit.journal import mistakes
from tests.unit.journal.cuts import Cuts
from tests.unit.journal.mistakes import Patch


def test_every_cut_of_a_session_and_of_the_start_after_it() -> None:
    assert Cuts().explore(depth=2) > 500


@pytest.mark.parametrize(
    "mistake",
    [
        mistakes.never_syncs,
        mistakes.does_not_sync_at_the_start,
        mistakes.shares_sectors,
        mistakes.cleans_the_whole_tail,
        mistakes.leaves_the_torn_tail,
        mistakes.believes_without_checksums,
        mistakes.tells_a_head_it_can_lose,
    ],
)
def test_a_mistake_of_the_journal_is_seen(mistake: Callable[[Patch], None], monkeypatch: Patch) -> None:
    mistake(monkeypatch)
    with pytest.raises((AssertionError, ProtocolBroken, JournalTrouble)):
        Cuts().explore(depth=2)
