"""From scans of the matrix to keys that a person meant to press. Pure: the caller passes the time.

A contact chatters for up to 30 ms when it closes or opens. So each contact has two rules:

* it is *down* when two scans at least 4 ms apart both saw it closed, and *up* when it was seen open for 20 ms on end;
* after it went down or up, it does not change again until 30 ms after that closing or opening was first seen.

The first rule ignores a spark that only one scan saw; the second covers the chatter after both edges. Two
presses with the key up for 31 ms or longer between them count as two, though scans are 5 ms apart.

Where three corners of a rectangle are closed, a matrix without diodes shows the fourth too, so a scan with
several keys may hold a key that nobody touches. And when a finger hits two keys, the pad cannot tell which was meant.
So a key counts only while it is the only one: after a scan with two, nothing counts until all are
up. An ignored key must be pressed again; a wrong one would cost one of three tries at the PIN.

A key held for 3 s is left out of these rules, so that the others still work. Held for 10 s, it is reported once.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

Cell = tuple[int, int]  # row, column

CLOSED_S = 0.004
OPEN_S = 0.020
CHATTER_S = 0.030
HELD_S = 3.0
STUCK_S = 10.0

_LONG_AGO = float("-inf")
_NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Pressed:
    cell: Cell


@dataclass(frozen=True, slots=True)
class Stuck:
    """Down for `STUCK_S`; reported once each time it sticks. `counted`: its press was reported when it went down."""

    cell: Cell
    counted: bool


class _Contact:
    """One crossing of the matrix, from its first closing until it is up and its chatter is over."""

    __slots__ = ("closed_at", "counted", "down", "down_at", "open_at", "quiet_until", "told")

    def __init__(self) -> None:
        self.down = False
        self.down_at = 0.0
        self.closed_at: float | None = None
        self.open_at: float | None = None
        self.quiet_until = _LONG_AGO
        self.counted = False
        self.told = False

    def step(self, closed: bool, now_s: float) -> bool:
        """Take one scan; True when it takes the contact from up to down."""
        if closed:
            self.open_at = None
            if self.closed_at is None:
                self.closed_at = now_s
            if self.down or now_s < self.quiet_until or now_s < self.closed_at + CLOSED_S:
                return False
            self.down, self.down_at, self.quiet_until = True, now_s, self.closed_at + CHATTER_S
            return True
        self.closed_at = None
        if self.open_at is None:
            self.open_at = now_s
        if self.down and now_s >= self.quiet_until and now_s >= self.open_at + OPEN_S:
            self.down, self.counted, self.told = False, False, False
            self.quiet_until = self.open_at + CHATTER_S
        return False

    def held(self, now_s: float) -> bool:
        return self.down and now_s >= self.down_at + HELD_S

    def forgettable(self, now_s: float) -> bool:
        return not self.down and self.closed_at is None and now_s >= self.quiet_until

    def wake_at(self) -> float:
        """When a scan could report a change although the contact stays as last seen; inf if never."""
        if self.down and self.open_at is not None:
            return max(self.open_at + OPEN_S, self.quiet_until)
        if self.down:
            return _NEVER if self.told else self.down_at + STUCK_S
        return self.quiet_until if self.closed_at is None else max(self.closed_at + CLOSED_S, self.quiet_until)


class Debouncer:
    """All contacts of one matrix. Forgets a key that has been up for 30 ms, because it may be a PIN digit."""

    def __init__(self) -> None:
        self._contacts: dict[Cell, _Contact] = {}
        self._refusing = False

    @property
    def quiet(self) -> bool:
        """Whether nothing is closed and no decision is pending, so that the next scan may wait for an edge."""
        return not self._contacts

    def busy(self) -> frozenset[Cell]:
        """The crossings that are closed, or whose chatter is not over."""
        return frozenset(self._contacts)

    def scan(self, closed: AbstractSet[Cell], now_s: float) -> list[Pressed | Stuck]:
        """Take the crossings that one scan saw closed at `now_s` (seconds, never smaller than before); return the events.

        At most one of them is `Pressed`. While not `quiet`, scan every 5 ms.
        """
        for cell in closed:
            if cell not in self._contacts:
                self._contacts[cell] = _Contact()
        went_down = [cell for cell, contact in self._contacts.items() if contact.step(cell in closed, now_s)]
        for cell in [cell for cell, contact in self._contacts.items() if contact.forgettable(now_s)]:
            del self._contacts[cell]

        live = [contact for contact in self._contacts.values() if not contact.held(now_s)]
        touched = sum(contact.closed_at is not None for contact in live)
        if touched > 1:
            self._refusing = True
        elif touched == 0 and not any(contact.down for contact in live):
            self._refusing = False

        found: list[Pressed | Stuck] = []
        if went_down and not self._refusing:
            (cell,) = went_down
            self._contacts[cell].counted = True
            found.append(Pressed(cell))
        for cell, contact in self._contacts.items():
            if contact.down and not contact.told and now_s >= contact.down_at + STUCK_S:
                contact.told = True
                found.append(Stuck(cell, contact.counted))
        return found

    def wake_at(self) -> float | None:
        """The next instant at which a scan could report an event although no contact changes; None if there is none."""
        soonest = min((contact.wake_at() for contact in self._contacts.values()), default=_NEVER)
        return None if soonest == _NEVER else soonest
