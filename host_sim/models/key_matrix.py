"""Sixteen key caps over a matrix of contacts: what fingers do, and what a scan then sees.

A scan does not see exactly the caps that are pressed: contacts chatter for some milliseconds after each edge, and without
diodes three closed corners of a rectangle make the fourth look closed (faults P1 to P3). The chatter comes from the seed:
it differs from edge to edge and is the same in every run.
"""

from collections.abc import Callable, Iterable, Sequence
from random import Random

Cell = tuple[int, int]  # row, column

# As the machine's front has them; a second reading of the unit file's [keypad].
LAYOUT: tuple[tuple[str, ...], ...] = (
    ("1", "2", "3", "cancel"),
    ("4", "5", "6", "clear"),
    ("7", "8", "9", "language"),
    ("previous", "0", "next", "enter"),
)

# The clerk's side of a counter terminal has the same caps but no language key.
CLERK_LAYOUT = tuple(tuple(name for name in row if name != "language") for row in LAYOUT)


class KeyMatrix:
    """Caps and contacts. `bounce_s`: the longest that a contact chatters after an edge; 0 for ideal contacts.

    `diodes`: one at each contact, so that no path through others is seen. `sticks`: this cap stays down at its `sticks_at`th press.
    """

    def __init__(
        self,
        layout: Sequence[Sequence[str]] = LAYOUT,
        bounce_s: float = 0.0,
        seed: int = 0,
        *,
        diodes: bool = False,
        sticks: str = "",
        sticks_at: int = 1,
    ) -> None:
        self._cells = {name: (row, column) for row, names in enumerate(layout) for column, name in enumerate(names)}
        self._bounce_s = bounce_s
        self._diodes = diodes
        self._sticks, self._presses_left = self._cells.get(sticks), sticks_at
        self._random = Random(seed)
        self._pressed: set[Cell] = set()
        self._stuck: set[Cell] = set()
        # Contacts that move: for each, the instants at which it toggles, soonest first; at rest it equals its cap.
        self._edges: dict[Cell, list[float]] = {}

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self._cells)

    def press(self, key: str, now_s: float) -> None:
        """A finger goes down on `key`. Raises KeyError when no cap has that name."""
        cell = self._cells[key]
        if cell not in self._pressed:
            self._pressed.add(cell)
            self._edge(cell, now_s)
            if cell == self._sticks:
                self._presses_left -= 1
                if self._presses_left == 0:
                    self._stuck.add(cell)

    def release(self, key: str, now_s: float) -> None:
        """The finger goes up; a stuck cap stays down."""
        cell = self._cells[key]
        if cell in self._pressed and cell not in self._stuck:
            self._pressed.remove(cell)
            self._edge(cell, now_s)

    def jam(self, key: str, now_s: float) -> None:
        """The cap sticks: it goes down and no finger lifts it until `free`."""
        self._stuck.add(self._cells[key])
        self.press(key, now_s)

    def free(self, key: str, now_s: float) -> None:
        self._stuck.discard(self._cells[key])
        self.release(key, now_s)

    def free_all(self, now_s: float) -> None:
        """Every cap comes up."""
        for key in self.held():
            self.free(key, now_s)

    def held(self) -> frozenset[str]:
        """The caps that are really down."""
        return frozenset(key for key, cell in self._cells.items() if cell in self._pressed)

    def contacts(self, now_s: float) -> frozenset[Cell]:
        """The contacts that conduct at this instant."""
        conducting = set(self._pressed)
        for cell, edges in list(self._edges.items()):
            to_come = sum(edge > now_s for edge in edges)
            if to_come == 0:
                del self._edges[cell]
            elif to_come % 2:
                conducting ^= {cell}
        return frozenset(conducting)

    def seen(self, now_s: float) -> frozenset[Cell]:
        """What a scan sees: the contacts, and every crossing that a path through them joins."""
        contacts = self.contacts(now_s)
        return contacts if self._diodes else with_phantoms(contacts)

    def wake_at(self, now_s: float) -> float | None:
        """When a contact will next change by itself, None if all are at rest."""
        return min((edge for edges in self._edges.values() for edge in edges if edge > now_s), default=None)

    def _edge(self, cell: Cell, now_s: float) -> None:
        """The contact changes now and then toggles an even number of times, at most 8, before it rests."""
        if self._bounce_s <= 0:
            return
        times = sorted(now_s + self._random.uniform(0, self._bounce_s) for _ in range(2 * self._random.randint(0, 4)))
        self._edges[cell] = times


def with_phantoms(contacts: Iterable[Cell]) -> frozenset[Cell]:
    """Every (row, column) joined by a path of closed contacts: rows and columns are nodes, contacts are wires."""
    closed = frozenset(contacts)
    if len(closed) < 3:
        return closed
    groups: list[tuple[set[int], set[int]]] = []
    for row, column in closed:
        rows, columns = {row}, {column}
        for group in [group for group in groups if row in group[0] or column in group[1]]:
            groups.remove(group)
            rows |= group[0]
            columns |= group[1]
        groups.append((rows, columns))
    return frozenset((row, column) for rows, columns in groups for row in rows for column in columns)


class ScannedKeys:
    """The matrix in the place of a keypad driver's pins, in virtual time."""

    def __init__(self, matrix: KeyMatrix, now: Callable[[], float], wait: Callable[[float], None]) -> None:
        """`now` reads the clock in seconds; `wait` lets that many seconds pass."""
        self._matrix, self._now, self._wait = matrix, now, wait

    def closed(self) -> frozenset[Cell]:
        return self._matrix.seen(self._now())

    def wait_for_activity(self, timeout_s: float) -> bool:
        """Let time pass until a contact conducts (looked at every 5 ms) or the time is over."""
        until_s = self._now() + timeout_s
        while not self._matrix.contacts(self._now()):
            left_s = until_s - self._now()
            if left_s <= 0:
                return False
            self._wait(min(left_s, 0.005))
        return True
