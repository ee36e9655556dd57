"""Small drawings with soft edges: drawn at four times their size, then reduced."""

from collections.abc import Sequence

from PIL import Image, ImageDraw

from firmware.screens.fonts import BOLD, load
from firmware.screens.palette import Colour

_FINE = 4

Point = tuple[float, float]


class Sketch:
    """A transparent sheet; coordinates are in pixels of the finished drawing."""

    def __init__(self, width: int, height: int) -> None:
        self._image = Image.new("RGBA", (width * _FINE, height * _FINE))
        self._draw = ImageDraw.Draw(self._image)

    def finished(self, scale: float = 1) -> Image.Image:
        """The drawing, `scale` times as large as its coordinates say."""
        width, height = (round(side * scale) for side in self._image.size)
        # `resize` weighs colours by their opacity; `reduce` would give every edge a dark rim.
        return self._image.resize(
            (width // _FINE, height // _FINE), Image.Resampling.BOX if scale == 1 else Image.Resampling.LANCZOS
        )

    def box(
        self,
        box: Sequence[float],
        fill: Colour | None = None,
        *,
        round_: float = 0,
        line: Colour | None = None,
        width: float = 0,
    ) -> None:
        scaled = [value * _FINE for value in box]
        self._draw.rounded_rectangle(scaled, round_ * _FINE, fill, line, round(width * _FINE))

    def disc(
        self, x: float, y: float, radius: float, fill: Colour | None, *, line: Colour | None = None, width: float = 0
    ) -> None:
        box = [(value) * _FINE for value in (x - radius, y - radius, x + radius, y + radius)]
        self._draw.ellipse(box, fill, line, round(width * _FINE))

    def polygon(self, points: Sequence[Point], fill: Colour) -> None:
        self._draw.polygon([(x * _FINE, y * _FINE) for x, y in points], fill)

    def stroke(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        """A line with round joints and ends."""
        scaled = [(x * _FINE, y * _FINE) for x, y in points]
        self._draw.line(scaled, colour, round(width * _FINE), joint="curve")
        half = width * _FINE / 2
        for x, y in (scaled[0], scaled[-1]):
            self._draw.ellipse((x - half, y - half, x + half, y + half), colour)

    def pie(self, x: float, y: float, radius: float, start: float, end: float, fill: Colour) -> None:
        """A sector, in degrees clockwise from three o'clock."""
        box = [value * _FINE for value in (x - radius, y - radius, x + radius, y + radius)]
        self._draw.pieslice(box, start, end, fill)

    def letters(self, words: str, x: float, y: float, size: int, colour: Colour) -> None:
        """Centred on (x, y)."""
        self._draw.text((x * _FINE, y * _FINE), words, colour, load(BOLD, size * _FINE), anchor="mm")

    def cut(self, points: Sequence[Point]) -> None:
        """Make the inside of a polygon transparent again."""
        self._draw.polygon([(x * _FINE, y * _FINE) for x, y in points], (0, 0, 0, 0))

    def erase(self, box: Sequence[float]) -> None:
        """Make a rectangle transparent again."""
        left, top, right, bottom = (round(value * _FINE) for value in box)
        self._image.paste((0, 0, 0, 0), (left, top, right, bottom))
