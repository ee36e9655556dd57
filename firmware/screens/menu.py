"""Numbered lines: what the digit keys 1 to 6 mean now."""

from collections.abc import Sequence
from dataclasses import dataclass

from firmware.screens import pictures
from firmware.screens.canvas import Canvas
from firmware.screens.palette import GREY, INK, LINE, MIST, RED, SEA, SEA_PALE, WHITE

LEFT, RIGHT = 24, 776
GAP = 6
# Letter sizes and lines of a title, best readable first; the first that fits is used.
_FITS = ((34, 1), (30, 1), (28, 1), (30, 2), (26, 1), (26, 2), (24, 1), (24, 2), (24, 3))


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    right: str = ""
    dim: bool = False  # not available; `right` says why
    chosen: bool | None = None  # None: the menu has no marks
    pointed: bool = False  # the line just pressed, which is not available


def draw(c: Canvas, rows: Sequence[Row], top: int, bottom: int, *, boxes: bool = False) -> None:
    """All rows between `top` and `bottom`. `boxes`: any number of lines can be marked, so each has a box."""
    right = min(max(c.width(row.right, 28) for row in rows), 240)
    size, lines, height = _fit(
        c, rows, (bottom - top) // len(rows), width=RIGHT - LEFT - 86 - right - (44 if boxes else 0)
    )
    y = top
    for number, row in enumerate(rows, start=1):
        gap = (
            GAP if height - GAP > round(size * 1.3) * lines + 6 else 2
        )  # then the letters need the room within the frame
        _row(c, number, row, y, size=size, lines=lines, height=height - gap, right=right, boxes=boxes)
        y += height


def _fit(c: Canvas, rows: Sequence[Row], most: int, *, width: int) -> tuple[int, int, int]:
    """Letter size, lines a title may have, and the pitch of the rows."""
    for size, lines in _FITS:
        height = round(size * 1.3 * lines) + GAP + 2
        if height <= most and all(c.lines(row.title, size, width=width) <= lines for row in rows):
            return size, lines, min(most, max(height + 16, 60))
    lines = max((most - GAP - 2) // 31, 1)
    return 24, lines, most


def _row(
    c: Canvas, number: int, row: Row, y: int, *, size: int, lines: int, height: int, right: int, boxes: bool
) -> None:
    ground = MIST if row.dim else SEA_PALE if row.chosen else WHITE
    border = RED if row.pointed else SEA if row.chosen else LINE
    flat = height <= 40  # then the key cap fills the row's left end
    c.panel(
        (LEFT + (16 if flat else 0), y, RIGHT, y + height),
        10,
        ground,
        border=border,
        width=2 if border is LINE or flat else 3,
    )
    key = height if flat else min(height - 6, 46)
    c.number(number, LEFT + (0 if flat else 8), y + (height - key) // 2, key, fill=GREY if row.dim else SEA)
    x = LEFT + 66
    if boxes:
        _box(c, x, y + (height - 30) // 2, marked=bool(row.chosen))
        x += 44
    used = min(c.lines(row.title, size, width=RIGHT - x - right - 20), lines)
    pitch = round(size * 1.3)
    top = y + (height - pitch * used) // 2
    colour = GREY if row.dim else INK
    width = RIGHT - x - right - 20
    c.text(row.title, x, top, size, width=width, lines=lines, bold=not row.dim, colour=colour, leading=1.3)
    if row.right:
        small = 24 if row.dim else min(size, 28)
        c.text(
            row.right,
            RIGHT - right - 14,
            y + (height - round(small * 1.3)) // 2,
            small,
            width=right,
            colour=colour,
            align="right",
            leading=1.3,
        )
    elif row.chosen and not boxes:
        c.picture(pictures.tick(30), RIGHT - 44, y + (height - 30) // 2)


def _box(c: Canvas, x: int, y: int, *, marked: bool) -> None:
    if marked:
        c.picture(pictures.tick_box(30), x, y)
    else:
        c.panel((x, y, x + 30, y + 30), 6, WHITE, border=SEA, width=3)
