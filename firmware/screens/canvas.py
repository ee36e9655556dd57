"""The sheet a screen is drawn on: soft-edged panels, pictures, and text that stays within the room given to it.

`placed` records each line of text with the room it was given. The tests read it to prove that on every screen no
text leaves its room, touches other text, is too small or too pale. Text that does not fit its room is cut and ends
in an ellipsis; `placed` records that, too.

A sheet is laid out on 800 x 480 units. What was drawn is kept, so that `glass.py` can draw it again for a glass of another size, with
letters and edges in the pixels of that glass.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from PIL import Image, ImageDraw

from firmware.screens.fonts import Letters
from firmware.screens.lines import broken, shortened
from firmware.screens.palette import INK, SAND, WHITE, Colour, contrast, darker, edge_of

if TYPE_CHECKING:
    from firmware.screens.glass import Glass

WIDTH, HEIGHT = 800, 480  # units of a sheet; on a 7-inch panel they are its pixels
LEAST_SIZE = 24  # pixels; 4.3 mm on a 7-inch panel of 154 x 86 mm
LARGE_SIZE = 42  # in large letters: a capital H has 0.7 degrees of the eye at 450 mm

Box = tuple[int, int, int, int]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Placed:
    """One line of text: where it is drawn, and the room it was given."""

    text: str
    box: Box
    room: Box
    size: int
    colour: Colour
    shortened: bool


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of the screen, for a screen that says the same in another form. `aside`: it may be left out there."""

    words: str
    bold: bool
    aside: bool


class Canvas:
    """`said`: the sentences drawn so far. `keys`: which coloured keys work, each with its word in [keys]; None: no foot yet."""

    def __init__(self, language: str, ground: Colour = SAND, size: tuple[int, int] = (WIDTH, HEIGHT)) -> None:
        self.language = language
        self.image = Image.new("RGB", size, ground)
        self.placed: list[Placed] = []
        self.said: list[Said] = []
        self.keys: dict[str, str] | None = None
        self.ground = ground
        self._draw = ImageDraw.Draw(self.image)
        self.strokes: list[Stroke] = []  # what was drawn, for `firmware/screens/glass.py`

    def text(
        self,
        words: str,
        x: int,
        y: int,
        size: int,
        *,
        width: int,
        lines: int = 1,
        bold: bool = False,
        colour: Colour = INK,
        align: Literal["left", "centre", "right"] = "left",
        leading: float = 1.36,
        aside: bool = False,
        language: str | None = None,
    ) -> int:
        """Write at (x, y) into a room `width` pixels wide and `lines` lines high. Returns the y below the last line.

        `language`: of these words, where it is not the screen's. `aside`: see `Said`.
        """
        self.said.append(Said(words, bold, aside))
        letters = Letters(language or self.language, size, bold=bold)
        rows = broken(words, letters.at_most, width)
        pitch = round(size * leading)
        room = (x, y, x + width, y + pitch * lines)
        cut = len(rows) > lines
        if cut:
            # Exact: where Latin letters meet those of Noto CJK, a row may be longer than the sum of its letters.
            rows = [*rows[: lines - 1], shortened(_behind(words, rows[: lines - 1]), letters.width, width)]
        for row in rows:
            long = letters.width(row) if align != "left" else letters.at_most(row)
            left = x + {"left": 0.0, "centre": (width - long) / 2, "right": width - long}[align]
            top = y + (pitch - size) // 2
            write(self._draw, row, letters, left, top, colour)
            box = (int(left), top, int(left + long + 0.999), top + size)
            self.placed.append(Placed(row, box, room, size, colour, cut and row is rows[-1]))
            self._stroke_text(Written(self.placed[-1], language or self.language, bold, left, long))
            y += pitch
        return y

    def largest(self, words: str, sizes: tuple[int, ...], *, width: int, bold: bool = False) -> int:
        """The largest of `sizes` (given from large to small) at which the words fit on one line; the last if none does."""
        return next((size for size in sizes if self.width(words, size, bold=bold) <= width), sizes[-1])

    def width(self, words: str, size: int, *, bold: bool = False, language: str | None = None) -> int:
        """Pixels the words take on one line, rounded up."""
        return int(Letters(language or self.language, size, bold=bold).at_most(words)) + 1

    def lines(self, words: str, size: int, *, width: int, bold: bool = False) -> int:
        """How many lines the words need."""
        return len(broken(words, Letters(self.language, size, bold=bold).at_most, width))

    def panel(self, box: Box, radius: int, fill: Colour, *, border: Colour | None = None, width: int = 2) -> None:
        """A rectangle with round, soft corners."""
        self.strokes.append(lambda glass: glass.panel(box, radius, fill, border, width))
        draw_panel(self.image, box, radius, fill, border, width)

    def cap(self, box: Box, fill: Colour, radius: int = 9) -> None:
        """A key cap: a panel with a shaded lower edge."""
        left, top, right, bottom = box
        edge = edge_of(fill)
        self.panel(box, radius, darker(edge))
        self.panel((left, top, right, bottom - 4), radius, fill, border=None if edge == fill else edge)

    def number(self, number: int, x: int, y: int, size: int, *, fill: Colour) -> None:
        """The number to press, drawn like a digit key."""
        self.cap((x, y, x + size, y + size), fill)
        height = LARGE_SIZE if size >= LARGE_SIZE + 12 else min(32, max(size - 6, LEAST_SIZE))
        top = y + (size - 4 - round(height * 1.36)) // 2
        colour = WHITE if contrast(fill, WHITE) > contrast(fill, INK) else INK
        self.text(str(number), x, top, height, width=size, bold=True, colour=colour, align="centre", aside=True)

    def line(self, x0: int, x1: int, y: int, colour: Colour, width: int = 2) -> None:
        self.strokes.append(lambda glass: glass.line(x0, x1, y, colour, width))
        self._draw.rectangle((x0, y, x1, y + width - 1), colour)

    def picture(self, picture: Image.Image, x: int, y: int) -> None:
        self.strokes.append(lambda glass: glass.picture(picture, x, y))
        self.image.paste(picture, (x, y), picture if picture.mode == "RGBA" else None)

    def part(self, other: "Canvas", x: int, y: int) -> None:
        """Copy a finished part of the screen to (x, y), with its `placed` records."""
        self.image.paste(other.image, (x, y))
        self.strokes.append(lambda glass: glass.part(other, x, y))
        for note in other.placed:
            box, room = _moved(note.box, x, y), _moved(note.room, x, y)
            self.placed.append(Placed(note.text, box, room, note.size, note.colour, note.shortened))

    def _stroke_text(self, row: "Written") -> None:
        self.strokes.append(lambda glass: glass.text(row))


@dataclass(frozen=True, slots=True)
class Written:
    """A line of text as it was drawn, in exact units. `long`: its length."""

    placed: Placed
    language: str
    bold: bool
    left: float
    long: float


Stroke = Callable[["Glass"], None]


def write(draw: ImageDraw.ImageDraw, row: str, letters: Letters, left: float, top: int, colour: Colour) -> None:
    """A line of text with its upper left corner there."""
    # The anchor sets all fonts on one base line, which lies 0.88 of the size below the top of a Japanese letter.
    base = top + round(letters.size * 0.88)
    for run, font in letters.runs(row):  # nearly always one
        # IPAmj has one weight only; a thin outline makes it bold.
        stroke = letters.size / 40 if letters.bold and font is not letters.font else 0
        draw.text((left, base), run, colour, font, anchor="ls", stroke_width=stroke)
        left += font.getlength(run)


def draw_panel(image: Image.Image, box: Box, radius: int, fill: Colour, border: Colour | None, width: int) -> None:
    """A rectangle with round, soft corners."""
    if border is not None:
        draw_panel(image, box, radius, border, None, width)
        left, top, right, bottom = box
        box, radius = (left + width, top + width, right - width, bottom - width), max(radius - width, 0)
    left, top, right, bottom = box
    draw = ImageDraw.Draw(image)
    if left + radius < right - radius:
        draw.rectangle((left + radius, top, right - radius - 1, bottom - 1), fill)
    if top + radius < bottom - radius:
        draw.rectangle((left, top + radius, right - 1, bottom - radius - 1), fill)
    for corner, at in zip(_corner(radius), _corners(box, radius), strict=False):
        image.paste(fill, at, corner)


def _behind(words: str, rows: list[str]) -> str:
    """What is left of the words when these rows have been taken from their beginning."""
    at = 0
    for row in rows:
        at = words.index(row, at) + len(row)
    return words[at:].replace("\n", " ").lstrip()


def _moved(box: Box, x: int, y: int) -> Box:
    return (box[0] + x, box[1] + y, box[2] + x, box[3] + y)


def _corners(box: Box, radius: int) -> tuple[tuple[int, int], ...]:
    left, top, right, bottom = box
    return ((left, top), (right - radius, top), (left, bottom - radius), (right - radius, bottom - radius))


@cache
def _corner(radius: int) -> tuple[Image.Image, ...]:
    """Masks of the corners: upper left, upper right, lower left, lower right."""
    if radius == 0:
        return ()
    fine = 4
    disc = Image.new("L", (2 * radius * fine, 2 * radius * fine))
    ImageDraw.Draw(disc).ellipse((0, 0, 2 * radius * fine - 1, 2 * radius * fine - 1), 255)
    disc = disc.reduce(fine)
    return tuple(disc.crop((x, y, x + radius, y + radius)) for y in (0, radius) for x in (0, radius))
