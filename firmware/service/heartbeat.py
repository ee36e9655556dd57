"""The heartbeat: when the machine reports to the centre, and which facts it reports.

The loop's thread collects the facts; the line desk only sends them. One heartbeat is under way at a time. Otherwise a line
with a long time-out would get new heartbeats faster than it can fail on the old ones.
"""

from collections.abc import Callable, Mapping

from drivers.ports import Clock
from firmware.desks import Beat
from firmware.journal.memory import Memory
from firmware.service.reception import Reception
from firmware.service.witness import Witness

LOCKED = "console_locked"


class Heartbeat:
    """`console_tries`: so many wrong passwords lock the console, and the centre hears of it (fault K2).

    `program`: version word of the running program. `models`: device word -> model, as the unit file has it.
    """

    def __init__(
        self,
        memory: Memory,
        witness: Witness,
        reception: Reception,
        clock: Clock,
        *,
        every_s: float,
        console_tries: int,
        program: str,
        models: Mapping[str, str],
        send: Callable[[Beat], None],
    ) -> None:
        self._memory = memory
        self.witness = witness
        self._reception = reception
        self._clock = clock
        self._every_s = every_s
        self._console_tries = console_tries
        self._program = program
        self._models = models
        self._send = send
        self._due_s = clock.monotonic()
        self._under_way = False
        self._alarm_heard = False

    @property
    def due_s(self) -> float | None:
        """When the next one may be sent; None while one is under way."""
        return None if self._under_way else self._due_s

    def hurry(self, at_s: float) -> None:
        """Send the next one at this instant at the latest."""
        self._due_s = min(self._due_s, at_s)

    def ended(self) -> None:
        """The line desk has answered the heartbeat with its `Health`."""
        self._under_way = False

    def answered(self, events: tuple[str, ...]) -> None:
        """The centre has answered a heartbeat, which staff may have sent, that reported these events."""
        self._alarm_heard = self._alarm_heard or LOCKED in events
        self._reception.sites.heard(events)

    def tell_if_due(self, *, idle: bool) -> None:
        """Send one if it is due. None is sent during a session: the session's own calls show how the line is."""
        now_s = self._clock.monotonic()
        if self._under_way or now_s < self._due_s:
            return
        self._due_s = now_s + self._every_s
        if idle:
            self._under_way = True
            self._send(self.beat())

    def beat(self) -> Beat:
        """A heartbeat with the facts of this moment; the line adds the journal's head when it sends it."""
        state = self._reception.state
        return Beat(
            {
                "state": str(state.mode),
                "reasons": sorted(state.reasons),
                "program": self._program,
                "site_table": self._reception.sites.version,
                "devices": {**self._models, **self._reception.devices()},
            },
            (*self._alarms(), *self._reception.sites.alarms, *self._reception.news(self._memory.book)),
        )

    def _alarms(self) -> list[str]:
        """`console_locked`, until the centre has answered a heartbeat that said so (fault K2)."""
        locked = self._memory.book.console.tries >= self._console_tries
        self._alarm_heard = self._alarm_heard and locked
        return [LOCKED] if locked and not self._alarm_heard else []
