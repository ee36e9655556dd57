"""Where the words of a finished paper stand, for `check.py`: on the printable area, within the cells that the rules on
that paper make, beside their label, over nothing else, and to be seen.

Knows nothing of the typesetting: the cells are read from the paper. So a text that runs out of its cell is found, whoever
moved the text or the rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from host_sim.centre.forms.reading import Box, Page

PRINTABLE_MM: Box = (8.0, 8.0, 202.0, 289.0)  # what every head for A4 reaches
TOUCHES_MM = 0.05  # boxes are of ink and exact to a tenth of a dot
OVERLAPS_MM = 0.15
NEXT_MM = 1.0  # two cells whose edges are no further apart are neighbours
_SHEET: Box = (0.0, 0.0, 210.0, 297.0)
Boxes = NDArray[np.float64]  # n x 4: left, top, right, bottom, mm


class Misplaced(str):
    """A finding about the place of words, on a paper whose words are those of the books: no mix-up, only no room."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Spot:
    """Words that belong to a label: from `start` to `middle` the label, to `end` the words, in a text of pages."""

    what: str
    start: int
    middle: int
    end: int


class Places:
    """Which run on which page draws each letter of a text."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self._pages = pages
        self._boxes = [_boxes([run.box for run in page.runs]) for page in pages]
        self._rules = [_boxes(page.rules) for page in pages]
        self._cells = [_cells(*both) for both in zip(self._boxes, self._rules, strict=True)]

    def faults(self) -> list[Misplaced]:
        """What is wrong wherever the words belong."""
        found: list[Misplaced] = []
        for number, (page, boxes, rules) in enumerate(zip(self._pages, self._boxes, self._rules, strict=True), start=1):
            wrong = {
                "words cannot be seen": not all(run.seen for run in page.runs),
                "words stand outside the printable area": _outside(boxes),
                "words cross a rule of the form": _touching(boxes, rules),
                "words stand over other words": _overlapping(boxes),
            }
            found += [Misplaced(f"page {number}: {sentence}") for sentence, is_so in wrong.items() if is_so]
        return found

    def beside(self, owners: Sequence[tuple[int, int]], spots: Sequence[Spot]) -> list[Misplaced]:
        """Words that do not stand in the cell to the right of their label's. `owners`: page and run of each letter."""
        return [
            Misplaced(f"{spot.what} does not stand beside its label") for spot in spots if self._apart(owners, spot)
        ]

    def _apart(self, owners: Sequence[tuple[int, int]], spot: Spot) -> bool:
        page, run = owners[spot.start]
        label = self._cells[page][run]
        for (on, number), _ in groupby(owners[spot.middle : spot.end]):
            cell, box = self._cells[on][number], self._boxes[on][number]
            middle = (box[1] + box[3]) / 2
            if abs(cell[0] - label[2]) > NEXT_MM or (on == page and not label[1] <= middle <= label[3]):
                return True
        return False


def _boxes(boxes: Sequence[Box]) -> Boxes:
    return np.array(boxes, dtype=np.float64).reshape(-1, 4)


def _outside(boxes: Boxes) -> bool:
    left, top, right, bottom = PRINTABLE_MM
    return bool(
        (boxes[:, 0] < left).any()
        or (boxes[:, 1] < top).any()
        or (boxes[:, 2] > right).any()
        or (boxes[:, 3] > bottom).any()
    )


def _shared(one: Boxes, other: Boxes, mm: float) -> NDArray[np.bool_]:
    """n x m: which boxes share more than so much in both directions."""
    shared: NDArray[np.bool_] = np.ones((len(one), len(other)), dtype=np.bool_)
    for low, high in ((0, 2), (1, 3)):
        shared &= np.minimum.outer(one[:, high], other[:, high]) - np.maximum.outer(one[:, low], other[:, low]) > mm
    return shared


def _touching(boxes: Boxes, rules: Boxes) -> bool:
    return bool(_shared(boxes, rules, TOUCHES_MM).any())


def _overlapping(boxes: Boxes) -> bool:
    return bool(np.triu(_shared(boxes, boxes, OVERLAPS_MM), 1).any())


def _cells(boxes: Boxes, rules: Boxes) -> Boxes:
    """The cell in which the middle of each box lies: up to the nearest rule on each side, else the edge of the sheet."""
    cells = np.tile(np.array(_SHEET), (len(boxes), 1))
    wide = rules[:, 2] - rules[:, 0] > rules[:, 3] - rules[:, 1]
    for across, along, which in ((0, 1, ~wide), (1, 0, wide)):
        lines = rules[which]
        middle = (boxes[:, across] + boxes[:, across + 2]) / 2
        level = (boxes[:, along] + boxes[:, along + 2]) / 2
        beside = (lines[:, along] <= level[:, None]) & (level[:, None] <= lines[:, along + 2])
        before = np.where(beside & (lines[:, across + 2] <= middle[:, None]), lines[:, across + 2], _SHEET[across])
        after = np.where(beside & (lines[:, across] >= middle[:, None]), lines[:, across], _SHEET[across + 2])
        cells[:, across] = before.max(axis=1, initial=_SHEET[across])
        cells[:, across + 2] = after.min(axis=1, initial=_SHEET[across + 2])
    return cells
