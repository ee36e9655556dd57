"""The printer's own letters: 12 x 24 half width, 24 x 24 full width, in lines with size, weight and place.

DejaVu and BIZ UD replace the maker's glyphs; they are close enough to read a simulated receipt. A printer without a kanji
ROM prints every byte as a letter of its code table, so Japanese is unreadable on it.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Dots = NDArray[np.bool_]

_FONTS = (
    Path("/usr/share/fonts/truetype/bizud-gothic/BIZUDGothic-Regular.ttf"),
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"),
)
_CODE_TABLES = {0: "cp437", 1: "shift_jis", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 16: "cp1252", 17: "cp866"}


def letter(byte: bytes, table: int) -> str:
    """The letter of a byte in a code table; a white square for a byte that has none."""
    return byte.decode(_CODE_TABLES.get(table, "cp437"), "replace").replace("\ufffd", "\u25a1")


@lru_cache(maxsize=1)
def _font() -> ImageFont.FreeTypeFont:
    for path in _FONTS:
        if path.exists():
            return ImageFont.truetype(str(path), 24)
    raise FileNotFoundError(
        "There is no font for the simulated printer. Run make setup, or install fonts-morisawa-bizud-gothic."
    )


@lru_cache(maxsize=4096)
def glyph(text: str, full_width: bool, bold: bool) -> Dots:
    """One letter as dots, 24 rows high."""
    image = Image.new("1", (24 if full_width else 12, 24), 0)
    draw = ImageDraw.Draw(image)
    for shift in (0, 1) if bold else (0,):
        draw.text((shift, -1), text, font=_font(), fill=1)
    return np.asarray(image, dtype=np.bool_)


class TextLine:
    """Letters and images waiting for the end of the line."""

    def __init__(self, width_dots: int) -> None:
        self._width_dots = width_dots
        self._pieces: list[tuple[int, Dots]] = []
        self._x = 0
        self.text = ""

    @property
    def empty(self) -> bool:
        return not self._pieces

    def move_to(self, x: int) -> None:
        self._x = x

    def move_by(self, dots: int) -> None:
        self._x = max(0, self._x + dots)

    def tab(self) -> None:
        self._x = (self._x // 96 + 1) * 96

    def room_for(self, dots: Dots) -> bool:
        return bool(self._x + dots.shape[1] <= self._width_dots)

    def add(self, dots: Dots, text: str = "") -> None:
        self._pieces.append((self._x, dots))
        self._x += dots.shape[1]
        self.text += text

    def take(self, align: int) -> Dots | None:
        """Return the line with its letters on one base line, and empty it; None when it was empty."""
        pieces, width = self._pieces, min(self._x, self._width_dots)
        self._pieces, self._x, self.text = [], 0, ""
        if not pieces:
            return None
        height = max(dots.shape[0] for _, dots in pieces)
        line = np.zeros((height, self._width_dots), dtype=np.bool_)
        shift = {1: (self._width_dots - width) // 2, 2: self._width_dots - width}.get(align, 0)
        for x, dots in pieces:
            left = x + shift
            room = max(0, min(dots.shape[1], self._width_dots - left))
            line[height - dots.shape[0] :, left : left + room] |= dots[:, :room]
        return line
