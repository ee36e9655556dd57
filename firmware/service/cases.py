"""Tells the centre what waits for a person at this machine: the open cases, and the machine's own words of their sessions.

A case that only the technician knew of could be closed there while the centre knew nothing: an uncertain paper, an advice
that the centre refused. The words are the records of the session that the case names: states, numbers and times, nothing of
a resident (invariant I11). They are sent once for each case; the centre keeps them beside its own.
"""

from collections.abc import Callable, Iterator

from drivers.vocabulary import CaseTold, CaseWord
from firmware.book.records import SessionOpened
from firmware.console.looking import ids_in, line
from firmware.desks import TellCases
from firmware.journal.journal import Stored
from firmware.journal.memory import Memory

CASES_MAX = 300
WORDS_MAX = 120  # records of one telling
WORD_MAX = 300  # letters of one record


class Cases:
    """`send`: to the line desk. One telling is under way at a time; the heartbeat's answer is the time for the next."""

    def __init__(self, memory: Memory, send: Callable[[TellCases], None]) -> None:
        self._memory = memory
        self._send = send
        self._told: tuple[CaseTold, ...] | None = None  # None: this run has told nothing yet
        self._under_way: tuple[CaseTold, ...] | None = None

    def tell(self) -> None:
        """Send the open cases when they are others than the centre has heard."""
        cases = tuple(CaseTold(code, detail) for code, detail in self._memory.book.queue[:CASES_MAX])
        if self._under_way is not None or cases == (self._told or ()):
            return
        self._under_way = cases
        new = [case for case in cases if case not in (self._told or ())]
        seq, head = self._memory.journal.head()
        self._send(TellCases(seq, head, cases, tuple(self._words(new))))

    def answered(self, *, heard: bool) -> None:
        if heard:
            self._told = self._under_way
        self._under_way = None

    def _words(self, cases: list[CaseTold]) -> Iterator[CaseWord]:
        """The records of the sessions that these cases name, as far as the last checkpoint; a later session first dropped."""
        named = {each for case in cases for each in ids_in(case.detail)}
        if not named:
            return
        left = WORDS_MAX
        for session in self._sessions():
            if named & {each for entry in session for each in ids_in(repr(entry.record))}:
                told = session[:left]
                yield from (CaseWord(entry.seq, entry.wall, line(entry)[:WORD_MAX]) for entry in told)
                left -= len(told)

    def _sessions(self) -> Iterator[list[Stored]]:
        session: list[Stored] = []
        for entry in self._memory.journal.recent():
            if isinstance(entry.record, SessionOpened) and session:
                yield session
                session = []
            if session or isinstance(entry.record, SessionOpened):
                session.append(entry)
        if session:
            yield session
