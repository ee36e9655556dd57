"""The door desk: whether the case is shut. It posts an opened door at once, a shut one after `SHUT_S`.

A contact on the I/O board may be away for a moment without anybody's doing: a cable, a new start of the board. So long as
nobody can have opened the case, worked in it and shut it again, that closes the machine until the board is back. After
`blind_s` the door counts as opened, because nobody saw that it was not.
"""

from collections.abc import Sequence
from typing import Never, assert_never

from drivers.errors import DeviceError
from drivers.ports import Clock
from firmware.desks import DOOR, Answer, Desk, DoorMoved, Health
from firmware.ports import Contact

LOOK_S = 0.05
OPEN_S = 0.04  # two looks, so that a spike on the wire does not count
SHUT_S = 0.5
BOARD_AWAY_S = 10.0  # `blind_s` of a contact on the I/O board


class DoorDesk(Desk[Never]):
    """Takes no command."""

    name = DOOR
    reason_when_down = "door_contact"  # until it was read once in this run; after that a failure may be tampering

    def __init__(self, contact: Contact, clock: Clock, blind_s: float = 0.0) -> None:
        """`blind_s`: how long the contact may fail before that may be tampering."""
        self._contact = contact
        self._blind_s = blind_s
        self._seen_at_s: float | None = None  # when the contact was read last
        self._clock = clock
        self._open = False
        self._differs_since_s: float | None = None

    def start(self) -> Sequence[Answer]:
        """Post the state of the contact without waiting for it to settle."""
        found = self._contact.broken()
        unseen = self._unseen()
        self._open, self._seen_at_s = found, self._clock.monotonic()
        if not self._blind_s:
            self.reason_when_down = "door"
        return [*unseen, DoorMoved(opened=found), Health(self.name, frozenset())]  # this order: first the door

    def handle(self, command: Never) -> Sequence[Answer]:
        assert_never(command)

    def poll(self) -> Sequence[Answer]:
        broken = self._contact.broken()
        self._seen_at_s = now_s = self._clock.monotonic()
        if broken == self._open:
            self._differs_since_s = None
            return []
        if self._differs_since_s is None:
            self._differs_since_s = now_s
        if now_s - self._differs_since_s < (SHUT_S if self._open else OPEN_S):
            return []
        self._open, self._differs_since_s = not self._open, None
        return [DoorMoved(opened=self._open)]

    def failed(self, error: DeviceError) -> Sequence[Answer]:
        return [*self._unseen(), *super().failed(error)]

    def _unseen(self) -> Sequence[Answer]:
        """That the door counts as opened, once, where it was not seen for too long."""
        if not self._blind_s or self._seen_at_s is None or self._open:
            return []
        if self._clock.monotonic() - self._seen_at_s < self._blind_s:
            return []
        self._open = True
        return [DoorMoved(opened=True)]

    @property
    def at_rest(self) -> bool:
        """Whether the contact agrees with the last `DoorMoved`."""
        return self._differs_since_s is None

    def poll_every_s(self) -> float:
        return LOOK_S
