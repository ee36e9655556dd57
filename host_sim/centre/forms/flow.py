"""A table that flows: entries with a heading on the left and lines on the right, from page to page (family registers)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from host_sim.centre.forms.canvas import Sheet
from host_sim.centre.forms.fitting import fit, one_line, width_mm, wrap
from host_sim.centre.forms.frame import LEFT, RIGHT
from host_sim.centre.forms.structure import Part

X_WORDS = 62.0
PITCH, SIZE = 5.5, 10.0
WORDS_MM = RIGHT - X_WORDS - 4
HEADING_ROWS = 3
BOTTOM = 224.0  # mm; the certification begins below this


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `rule`: draw a line above it. `indent`: move the heading right, as 出生 below 身分事項."""

    heading: str
    lines: tuple[str, ...]
    rule: bool = True
    indent: bool = False


def flow(entries: Sequence[Entry], begin: Callable[[Sheet], float]) -> list[Sheet]:
    """Lay the entries out. `begin` draws the head of a new page and says where the table starts (mm).

    An entry that does not fit on the rest of a page begins on the next; one longer than a page is split. Raises
    `TextOverflow` for a heading or a single word that is too long for its column.
    """
    sheets: list[Sheet] = []
    sheet, top, y = Sheet(), 0.0, BOTTOM
    for entry in entries:
        lines = [part for line in entry.lines for part in wrap(line, WORDS_MM, SIZE)] or [""]
        indent = LEFT + (8 if entry.indent else 3)
        heading = fit(entry.heading, X_WORDS - indent - 1, PITCH * HEADING_ROWS, SIZE, "a heading")
        lines += [""] * (len(heading.lines) - len(lines))
        rows = len(lines)
        if not sheets or (y + rows * PITCH + 2 > BOTTOM and y > top):
            if sheets:
                _close(sheet, top, y)
            sheet = Sheet()
            sheets.append(sheet)
            top = y = begin(sheet)
        if entry.rule:
            sheet.horizontal(LEFT, y, RIGHT - LEFT)
        sheet.begin(Part.LABEL)
        for number, (_, words) in enumerate(heading.lines):
            sheet.text(indent, y + PITCH * (number + 1) - 1.2, words, heading.size_pt)
        sheet.begin(Part.VALUE)
        for number, line in enumerate(lines):
            if y + PITCH + 2 > BOTTOM:
                _close(sheet, top, y)
                sheet = Sheet()
                sheets.append(sheet)
                top = y = begin(sheet)
                sheet.begin(Part.TEXT)
            sheet.text(X_WORDS + 2, y + PITCH - 1.2, line, one_line(line.rstrip(), WORDS_MM, SIZE, "an entry"))
            y += PITCH
            if number == len(lines) - 1:
                y += 1.0
    _close(sheet, top, y)
    sheet.begin(Part.TEXT)
    sheet.text((LEFT + RIGHT) / 2, min(y + 6, BOTTOM + 2), "以　下　余　白", 10, align="center")
    return sheets


def _close(sheet: Sheet, top: float, y: float) -> None:
    sheet.box(LEFT, top, RIGHT - LEFT, y - top, 0.375)
    sheet.vertical(X_WORDS, top, y - top)


def columns(pairs: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Labelled items as lines, with the items aligned: 「【出生日】　昭和56年8月29日」."""
    widest = max((width_mm(label, 1) for label, _ in pairs), default=0)
    blank = width_mm("\u3000", 1)
    return tuple(
        f"{label}{chr(0x3000) * (1 + round((widest - width_mm(label, 1)) / blank))}{words}" for label, words in pairs
    )
