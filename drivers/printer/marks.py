"""Marks: questions sent after the bands; the printer answers one when everything before it is carried out. Pure.

With process ids a mark carries the job's own number, so an answer from an earlier job, or a repeated one, changes
nothing. A later id proves all before it: a printer whose answers were not fetched in time sends only the latest
(Epson TM-L90 manual, page 429). After an unanswered question `each_answered` tells whether every single mark
came: a printer that was switched off and on has lost some.

With the other two proofs, answers differ only by kind, so two kinds of question alternate: a doubled
answer is of the wrong kind and is dropped. A lost one stops the count, and the page stays unproven.
"""

from typing import assert_never

from drivers.printer.escpos import ASK_CUSTOM_CUTS, ASK_CUSTOM_LENGTH, ASK_MODEL, ASK_PAPER, process_id
from drivers.printer.profile import Proof
from drivers.printer.replies import Counter, ProcessId, QueuedByte, Reply

_BASE = 95  # printable characters, 20 to 7E
_ROUND = _BASE * _BASE


def _digits(number: int) -> bytes:
    high, low = divmod(number % _ROUND, _BASE)
    return bytes((0x20 + high, 0x20 + low))


class Marks:
    """The marks of one job. `sent` and `done` count from 1; `lengths_cm` are the odometer's readings."""

    def __init__(self, proof: Proof, job: int) -> None:
        self._proof = proof
        self._number_of_job = job
        self._job = _digits(job)
        self._answered: set[int] = set()
        self.sent = 0
        self.done = 0
        self.lengths_cm: list[int] = []

    def next(self) -> bytes:
        """The command of the next mark."""
        self.sent += 1
        match self._proof:
            case Proof.PROCESS_ID:
                return process_id(self._job + _digits(self.sent))
            case Proof.FENCE:
                return ASK_MODEL if self.sent % 2 else ASK_PAPER
            case Proof.ODOMETER:
                return ASK_CUSTOM_LENGTH if self.sent % 2 else ASK_CUSTOM_CUTS
            case _:
                assert_never(self._proof)

    def name(self, number: int) -> str:
        """How the evidence names a mark: job and running number."""
        return f"{self._number_of_job}.{number}"

    def each_answered(self, first: int, last: int) -> bool:
        return all(number in self._answered for number in range(first, last + 1))

    def take(self, reply: Reply) -> None:
        """Count an answer if it belongs to a mark of this job; ignore it otherwise."""
        number = self._number(reply)
        if number is not None:
            self._answered.add(number)
            self.done = max(self.done, number)

    def _number(self, reply: Reply) -> int | None:
        following = self.done + 1 if self.done < self.sent else None
        match self._proof, reply:
            case Proof.PROCESS_ID, ProcessId(digits) if digits[:2] == self._job:
                number = (digits[2] - 0x20) * _BASE + digits[3] - 0x20
                return number if 1 <= number <= self.sent else None
            case Proof.FENCE, QueuedByte(byte) if following and (byte >= 0x20) == (following % 2 == 1):
                return following
            case Proof.ODOMETER, Counter(value, "cm") if following and following % 2 == 1:
                self.lengths_cm.append(value)
                return following
            case Proof.ODOMETER, Counter(_, "cuts") if following and following % 2 == 0:
                return following
            case _:
                return None
