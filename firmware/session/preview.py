"""The pages as they will be printed, seen by a resident who asked for it: which page, whole or enlarged, and which part of it.

Who listens hears what is written there, some items at each press of the same key, so that no wait ends while they listen.

The dots are those that the printer gets. They are in the context only, and are dropped with it.
"""

import math
from dataclasses import dataclass, field

from drivers.vocabulary import Key
from firmware.session.events import Event, SeenPage

ACROSS = 0.55  # of a page's width in one part: two parts side by side meet in the middle
ASPECT = 0.385  # height of a part by its width
SAID_AT_ONCE = 8  # items; about half a minute
_STEP = 0.85  # from part to part; what lies between is in both


@dataclass(slots=True)
class Viewing:
    pages: tuple[SeenPage, ...] = field(repr=False)
    page: int = 1
    enlarged: bool = False
    column: int = 0  # 0 left, 1 right
    row: int = 0
    said: int = 0  # which part of the items was asked for last; 0: none

    @property
    def now(self) -> SeenPage:
        return self.pages[self.page - 1]

    @property
    def part_height(self) -> float:
        """Of the page's height."""
        return min(ACROSS * ASPECT * self.now.width_dots / self.now.height_dots, 1.0)

    @property
    def rows(self) -> int:
        return 1 + math.ceil((1 - self.part_height) / (_STEP * self.part_height))

    @property
    def sayings(self) -> int:
        """In how many parts the items are said; a page that tells nothing has one, which says so."""
        return max(math.ceil(len(self.now.items) / SAID_AT_ONCE), 1)

    @property
    def left_top(self) -> tuple[float, float]:
        """Where the part begins, in shares of the page."""
        top = (1 - self.part_height) * self.row / max(self.rows - 1, 1)
        return (1 - ACROSS) * self.column, top

    def moves(self) -> dict[Key, tuple[int, int]]:
        """The keys that lead to another part, each with its column and row: 2 up, 8 down, 4 left, 6 right, as on a telephone."""
        around = {Key.D2: (0, -1), Key.D8: (0, 1), Key.D4: (-1, 0), Key.D6: (1, 0)}
        there = {key: (self.column + x, self.row + y) for key, (x, y) in around.items()}
        inside = {key: (x, y) for key, (x, y) in there.items() if x in {0, 1} and 0 <= y < self.rows}
        return inside if self.enlarged else {}

    def press(self, key: Key, *, listens: bool) -> Event:
        if key is Key.ENTER:
            return Event.CONFIRMED
        if key is Key.D1 and listens and not self.enlarged:
            self.said = (self.said + 1) % (self.sayings + 1)
            return Event.PAGE_TURNED
        if key is Key.D5:
            self.enlarged, self.column, self.row, self.said = not self.enlarged, 0, 0, 0
        elif key in self.moves():
            self.column, self.row = self.moves()[key]
        elif key in {Key.NEXT, Key.PREVIOUS} and len(self.pages) > 1 and not self.enlarged:
            self.page = (self.page - 1 + (1 if key is Key.NEXT else -1)) % len(self.pages) + 1
            self.said = 0
        else:
            return Event.KEY_IGNORED
        return Event.PAGE_TURNED
