"""Store and forward: what the centre must know of papers and debts is in the book, and is told until it is heard.

One advice is under way at a time, the oldest first. One that the centre refuses is put before a person and does not
hold up those behind it; it is told again only when nothing else waits, until a person closes it on the console, having
told the centre in another way. What the centre acknowledges with another outcome than ours is never mended here: it is
done, and a person is told (book rule 8; faults N8, N9).
"""

from collections.abc import Callable

from drivers.ports import Clock
from drivers.vocabulary import AdviceFate
from firmware.book import records
from firmware.book.cases import ADVICE_REFUSED
from firmware.desks import Advise, Advised
from firmware.journal.memory import Memory
from firmware.session.context import claim_code

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
        """Send what is next, if nothing is under way and it is time."""
        if self._under_way is not None or self._clock.monotonic() < self._again_at_s:
            return
        pending = self._memory.book.pending_advices()
        if not pending:
            return
        untold = [one for one in pending if (ADVICE_REFUSED, one[0]) not in self._memory.book.queue]
        advice_id, advice = untold[0] if untold else pending[self._refusals % len(pending)]
        self._under_way = advice_id
        self._send(Advise(advice_id, {**advice, "journal_head": self._memory.journal.head()[1]}))

    def answered(self, answer: Advised) -> None:
        self._under_way = None
        advice = dict(self._memory.book.pending_advices()).get(answer.advice_id)
        if advice is None:
            return  # a person has closed it meanwhile
        match answer.fate:
            case AdviceFate.ACKNOWLEDGED | AdviceFate.CONTRADICTED:
                self._backoff_s = 1.0
                self._done(answer, advice)
                self.tell()
            case AdviceFate.REFUSED:
                self._refusals += 1
                self._memory.flag(ADVICE_REFUSED, answer.advice_id)
                self._wait()
            case AdviceFate.UNHEARD:
                self._wait()

    def _done(self, answer: Advised, advice: records.Advice) -> None:
        if answer.fate is AdviceFate.CONTRADICTED:
            self._memory.flag("centre_disagrees", f"{answer.advice_id} was told as {advice['op']}")
        if advice["op"] == "claim":
            key = str(advice["key"])
            self._memory.note(records.ClaimDone(key=key, claim_code=claim_code(key)))
        self._memory.note(records.AdviceDone(advice_id=answer.advice_id))

    def _wait(self) -> None:
        self._again_at_s = self._clock.monotonic() + self._backoff_s
        self._backoff_s = min(self._backoff_s * 2, LONGEST_BACKOFF_S)
