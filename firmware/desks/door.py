"""The door desk: whether the case is shut. It posts an opened door at once, a shut one after `SHUT_S`."""

from collections.abc import Sequence
from typing import Never, assert_never

from drivers.ports import Clock
from firmware.desks import DOOR, Answer, Desk, DoorMoved, Health
from firmware.ports import Contact

LOOK_S = 0.05
OPEN_S = 0.04  # two looks, so that a spike on the wire does not count
SHUT_S = 0.5


class DoorDesk(Desk[Never]):
    """Takes no command."""

    name = DOOR
    reason_when_down = "door_contact"  # until it was read once in this run; after that a failure may be tampering

    def __init__(self, contact: Contact, clock: Clock) -> None:
        self._contact = contact
        self._clock = clock
        self._open = False
        self._differs_since_s: float | None = None

    def start(self) -> Sequence[Answer]:
        """Post the state of the contact without waiting for it to settle."""
        self._open = self._contact.broken()
        self.reason_when_down = "door"
        return [DoorMoved(opened=self._open), Health(self.name, frozenset())]  # this order: first the door

    def handle(self, command: Never) -> Sequence[Answer]:
        assert_never(command)

    def poll(self) -> Sequence[Answer]:
        now_s = self._clock.monotonic()
        if self._contact.broken() == self._open:
            self._differs_since_s = None
            return []
        if self._differs_since_s is None:
            self._differs_since_s = now_s
        if now_s - self._differs_since_s < (SHUT_S if self._open else OPEN_S):
            return []
        self._open, self._differs_since_s = not self._open, None
        return [DoorMoved(opened=self._open)]

    @property
    def at_rest(self) -> bool:
        """Whether the contact agrees with the last `DoorMoved`."""
        return self._differs_since_s is None

    def poll_every_s(self) -> float:
        return LOOK_S
