"""Sends advices: the book keeps each one, and `Advices` repeats it until the centre acknowledges it.

One advice is under way at a time, the oldest first. One that the centre refuses becomes a case and does not hold up the
others: it is sent again only when no other advice waits. A person tells the centre in another way and closes the case.
If the centre acknowledges an advice but has another outcome in its own books, the advice is done and a case tells a person;
the machine corrects nothing (book rule 8; faults N8, N9).
"""

from collections.abc import Callable

from drivers.ports import Clock
from drivers.vocabulary import AdviceFate, claim_code
from firmware.book import records
from firmware.book.advice import Advice, ClaimAdvice
from firmware.book.cases import Case
from firmware.desks import Advise, Advised
from firmware.journal.memory import Memory

LONGEST_BACKOFF_S = 60.0


class Advices:
    def __init__(self, memory: Memory, clock: Clock, send: Callable[[Advise], None]) -> None:
        self._memory = memory
        self._clock = clock
        self._send = send
        self._under_way: str | None = None
        self._again_at_s = 0.0
        self._backoff_s = 1.0
        self._refusals = 0

    def tell(self) -> None:
        """Send the next advice, unless one is under way or the wait after a failure is not over."""
        if self._under_way is not None or self._clock.monotonic() < self._again_at_s:
            return
        pending = self._memory.book.pending_advices()
        if not pending:
            return
        untold = [one for one in pending if (Case.ADVICE_REFUSED, one[0]) not in self._memory.book.queue]
        advice_id, advice = untold[0] if untold else pending[self._refusals % len(pending)]
        self._under_way = advice_id
        self._send(Advise(advice_id, {**advice.told(), "journal_head": self._memory.journal.head()[1]}))

    def answered(self, answer: Advised) -> None:
        self._under_way = None
        advice = dict(self._memory.book.pending_advices()).get(answer.advice_id)
        if advice is None:
            return  # a person closed it while it was under way
        match answer.fate:
            case AdviceFate.ACKNOWLEDGED | AdviceFate.CONTRADICTED:
                self._backoff_s = 1.0
                self._done(answer, advice)
                self.tell()
            case AdviceFate.REFUSED:
                self._refusals += 1
                self._memory.flag(Case.ADVICE_REFUSED, answer.advice_id)
                self._wait()
            case AdviceFate.UNHEARD:
                self._wait()

    def _done(self, answer: Advised, advice: Advice) -> None:
        if answer.fate is AdviceFate.CONTRADICTED:
            self._memory.flag(Case.CENTRE_DISAGREES, f"{answer.advice_id} was told as {advice.told()['op']}")
        if isinstance(advice, ClaimAdvice):
            self._memory.note(records.ClaimDone(key=advice.key, claim_code=claim_code(advice.key)))
        self._memory.note(records.AdviceDone(advice_id=answer.advice_id))

    def _wait(self) -> None:
        self._again_at_s = self._clock.monotonic() + self._backoff_s
        self._backoff_s = min(self._backoff_s * 2, LONGEST_BACKOFF_S)
