"""A sheet drawn again for a glass of another size: its units become that glass's pixels, and what is left over continues its edges."""

from PIL import Image, ImageDraw

from firmware.screens.canvas import HEIGHT, WIDTH, Box, Canvas, Placed, Written, draw_panel, write
from firmware.screens.fonts import Letters
from firmware.screens.palette import Colour

Size = tuple[int, int]


def on_glass(sheet: Canvas, size: Size) -> Canvas:
    """The sheet on a glass of this size, with its `placed` in that glass's pixels. `sheet` itself where they are the same."""
    if sheet.image.size == size:
        return sheet
    glass = Glass(size)
    glass.part(sheet, 0, 0)
    glass.continue_edges()
    finished = Canvas(sheet.language, size=size)
    finished.image, finished.placed, finished.keys = glass.image, glass.placed, sheet.keys
    return finished


class Glass:
    """Takes the strokes of a sheet, in the order in which they were drawn."""

    def __init__(self, size: Size) -> None:
        self.scale = min(size[0] / WIDTH, size[1] / HEIGHT)
        self.image = Image.new("RGB", size)
        self.placed: list[Placed] = []
        self._draw = ImageDraw.Draw(self.image)
        self._left = (size[0] - round(WIDTH * self.scale)) // 2
        self._top = (size[1] - round(HEIGHT * self.scale)) // 2
        self._x, self._y = 0, 0  # of the part that is being drawn, in units

    def part(self, sheet: Canvas, x: int, y: int) -> None:
        """Another sheet with its upper left corner at (x, y)."""
        before = self._x, self._y
        self._x, self._y = self._x + x, self._y + y
        self._draw.rectangle(_inclusive(self._box((0, 0, *sheet.image.size))), sheet.ground)
        for stroke in sheet.strokes:
            stroke(self)
        self._x, self._y = before

    def panel(self, box: Box, radius: int, fill: Colour, border: Colour | None, width: int) -> None:
        draw_panel(self.image, self._box(box), self._pixels(radius), fill, border, max(self._pixels(width), 1))

    def line(self, x0: int, x1: int, y: int, colour: Colour, width: int) -> None:
        left, top, right, _ = self._box((x0, y, x1, y))
        self._draw.rectangle((left, top, right - 1, top + max(self._pixels(width), 1) - 1), colour)

    def picture(self, picture: Image.Image, x: int, y: int) -> None:
        left, top, right, bottom = self._box((x, y, x + picture.width, y + picture.height))
        fine = picture.resize((right - left, bottom - top), Image.Resampling.LANCZOS)
        self.image.paste(fine, (left, top), fine if fine.mode == "RGBA" else None)

    def text(self, row: Written) -> None:
        """In the largest letters that take no more room than the sheet gave them."""
        note, most = row.placed, row.long * self.scale + 1
        size = int(note.size * self.scale)
        letters = Letters(row.language, size, bold=row.bold)
        while letters.width(note.text) > most and size > note.size:
            size -= 1
            letters = Letters(row.language, size, bold=row.bold)
        left = (self._x + row.left) * self.scale + self._left
        room = self._box(note.room)
        top = self._box(note.box)[1]
        write(self._draw, note.text, letters, left, top, note.colour)
        box = (int(left), top, int(left + letters.width(note.text) + 0.999), top + size)
        self.placed.append(Placed(note.text, box, room, size, note.colour, note.shortened))

    def continue_edges(self) -> None:
        """Repeat the outermost rows and columns to the rim of the glass."""
        width, height = self.image.size
        left, top, right, bottom = self._box((0, 0, WIDTH, HEIGHT))
        for box, room in (
            ((0, top, width, top + 1), (0, 0, width, top)),
            ((0, bottom - 1, width, bottom), (0, bottom, width, height)),
            ((left, 0, left + 1, height), (0, 0, left, height)),
            ((right - 1, 0, right, height), (right, 0, width, height)),
        ):
            size = (room[2] - room[0], room[3] - room[1])
            if min(size) > 0:
                self.image.paste(self.image.crop(box).resize(size, Image.Resampling.NEAREST), room[:2])

    def _pixels(self, units: float) -> int:
        return round(units * self.scale)

    def _box(self, box: Box) -> Box:
        x, y = self._x, self._y
        return (
            self._pixels(x + box[0]) + self._left,
            self._pixels(y + box[1]) + self._top,
            self._pixels(x + box[2]) + self._left,
            self._pixels(y + box[3]) + self._top,
        )


def _inclusive(box: Box) -> Box:
    return (box[0], box[1], box[2] - 1, box[3] - 1)
