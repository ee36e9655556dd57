"""Advices: the oldest first, one at a time, and rarer while the centre does not hear (book rule 8)."""

from drivers.vocabulary import AdviceFate
from firmware.book import records as r
from firmware.desks import Advise, Advised
from firmware.service.advices import LONGEST_BACKOFF_S, Advices
from host_sim.adapters.disk import MemoryDisk
from host_sim.clock import VirtualClock
from tests.unit.journal.history import open_memory, session


class Desk:
    """The line desk's inbox, and the advices that fill it."""

    def __init__(self, sessions: int) -> None:
        self.memory = open_memory(MemoryDisk())
        self.clock = VirtualClock()
        self.sent: list[str] = []
        for which in range(1, sessions + 1):
            for record in session(which):
                if not isinstance(record, r.AdviceDone):
                    self.memory.note(record)
        self.advices = Advices(self.memory, self.clock, self.take)

    def take(self, command: Advise) -> None:
        self.sent.append(command.advice_id)

    def answer(self, fate: AdviceFate) -> None:
        self.advices.answered(Advised(self.sent[-1], fate))


def test_the_oldest_is_told_first_and_the_next_when_it_is_acknowledged() -> None:
    desk = Desk(3)
    waiting = [advice_id for advice_id, _ in desk.memory.book.pending_advices()]
    assert len(waiting) == 3
    desk.advices.tell()
    desk.advices.tell()
    assert desk.sent == waiting[:1]
    for _ in waiting:
        desk.answer(AdviceFate.ACKNOWLEDGED)
    assert desk.sent == waiting


def test_an_unheard_advice_is_told_again_after_twice_the_time_up_to_a_bound() -> None:
    desk = Desk(1)
    waits: list[float] = []
    desk.advices.tell()
    for _ in range(8):
        desk.answer(AdviceFate.UNHEARD)
        before, count = desk.clock.monotonic(), len(desk.sent)
        while len(desk.sent) == count:
            desk.clock.advance(0.5)
            desk.advices.tell()
        waits.append(desk.clock.monotonic() - before)
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, LONGEST_BACKOFF_S, LONGEST_BACKOFF_S]
    desk.answer(AdviceFate.ACKNOWLEDGED)
    assert desk.memory.book.pending_advices() == []
