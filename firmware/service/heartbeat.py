"""The heartbeat: when the centre is told that the machine lives, and what of it.

The loop's thread puts the facts together; the line desk only carries them. One heartbeat is under way at a time: a line
that is slow to fail would otherwise be asked faster than it answers.
"""

from collections.abc import Callable

from drivers.ports import Clock
from firmware.desks import Beat
from firmware.journal.memory import Memory
from firmware.service.reception import Reception


class Heartbeat:
    """`console_tries`: so many wrong passwords lock the console, and the centre hears of it (fault K2)."""

    def __init__(
        self,
        memory: Memory,
        reception: Reception,
        clock: Clock,
        *,
        every_s: float,
        console_tries: int,
        send: Callable[[Beat], None],
    ) -> None:
        self._memory = memory
        self._reception = reception
        self._clock = clock
        self._every_s = every_s
        self._console_tries = console_tries
        self._send = send
        self._due_s = clock.monotonic()
        self._under_way = False
        self._alarm_told = self._alarm_heard = False

    @property
    def due_s(self) -> float | None:
        """When the next one may be sent; None while one is under way."""
        return None if self._under_way else self._due_s

    def hurry(self, at_s: float) -> None:
        """The next one no later than at this instant."""
        self._due_s = min(self._due_s, at_s)

    def ended(self) -> None:
        """The line desk has told how the line is."""
        self._under_way = False

    def answered(self) -> None:
        """The centre has heard what the last one said."""
        self._alarm_heard = self._alarm_told

    def tell_if_due(self, *, idle: bool) -> None:
        """While a resident is served none is sent: the session's own calls show how the line is."""
        now_s = self._clock.monotonic()
        if self._under_way or now_s < self._due_s:
            return
        self._due_s = now_s + self._every_s
        if idle:
            self._under_way = True
            self._send(self.beat())

    def beat(self) -> Beat:
        """With the facts of this moment."""
        seq, head = self._memory.journal.head()
        state = self._reception.state
        return Beat(
            {
                "journal_seq": seq,
                "journal_head": head,
                "state": str(state.mode),
                "reasons": sorted(state.reasons),
                "events": [*self._alarms(), *self._reception.news(self._memory.book)],
            }
        )

    def _alarms(self) -> list[str]:
        """A console that somebody tried to break open, until a heartbeat that said so was answered (fault K2)."""
        locked = self._alarm_told = self._memory.book.console.tries >= self._console_tries
        self._alarm_heard = self._alarm_heard and locked
        return ["console_locked"] if locked and not self._alarm_heard else []
