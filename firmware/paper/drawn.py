"""A slip as dots: letters of BIZ UDゴシック, cut to two colours by the same rule as a page."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from drivers.printer.raster import RasterSlip, pack
from firmware.screens.fonts import BOLD, REGULAR, coverage, family, load
from firmware.screens.lines import before_number
from firmware.screens.qr import modules

_FOLDER = Path("/usr/share/fonts/truetype/bizud-gothic")
_PAPER, _INK = 255, 0
_GROWTH = 800  # rows added when the slip is full
# Letter heights in dots on paper 576 dots (72 mm) wide; on other paper they scale with its width.
_SIZES = {"small": 21, "normal": 26, "large": 42, "huge": 62}


_COLUMNS = 42  # half-width letters in a row, as in the narrowest printer's own letters


@cache
def _font(size: int, bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_FOLDER / ("BIZUDPGothic-Bold.ttf" if bold else "BIZUDPGothic-Regular.ttf")), size)


@cache
def _even_font(size: int) -> ImageFont.FreeTypeFont:
    """Letters of one width: half the size."""
    return ImageFont.truetype(str(_FOLDER / "BIZUDGothic-Regular.ttf"), size)


class DrawnSlip:
    """A `slips.Slip` that can also draw a QR code."""

    def __init__(self, width_dots: int, language: str = "ja") -> None:
        """`language`: of the words whose letters BIZ UDゴシック lacks."""
        self._width = width_dots
        self._language = language
        self._margin = width_dots // 36
        self._image = Image.new("L", (width_dots, _GROWTH), _PAPER)
        self._y = self._margin

    def centre(self, text: str, size: str, *, bold: bool = False) -> None:
        font = self._fitting(text, size, bold, self._inner)
        self._line([((self._width - font.getlength(text)) / 2, text)], font)

    def left(self, text: str, size: str, *, bold: bool = False) -> None:
        font = self._plain(text, size, bold)
        for line in _wrapped(text, font, self._inner):
            self._line([(self._margin, line)], font)

    def pair(self, left: str, right: str, size: str, *, bold: bool = False) -> None:
        font = self._plain(left + right, size, bold)
        gap = font.size
        if font.getlength(left) + gap + font.getlength(right) <= self._inner:
            self._line([(self._margin, left), (self._right(right, font), right)], font)
            return
        self.left(left, size, bold=bold)
        font = self._fitting(right, size, bold, self._inner)
        self._line([(self._right(right, font), right)], font)

    def row(self, text: str) -> None:
        # a whole number of dots to a letter
        font = _even_font(self._inner // _COLUMNS * 2)
        for line in _wrapped(text, font, self._inner):
            self._line([(self._margin, line)], font)

    def cells(self, cells: Sequence[tuple[str, int]]) -> None:
        font, columns = _even_font(self._inner // _COLUMNS * 2), sum(abs(width) for _, width in cells)
        pieces, begins = list[tuple[float, str]](), 0
        for text, width in cells:
            ends = begins + abs(width)
            left, right = (self._margin + self._inner * edge / columns for edge in (begins, ends))
            pieces.append((left if width < 0 else right - font.getlength(text), text))
            begins = ends
        self._line(pieces, font)

    def rule(self, *, heavy: bool = False) -> None:
        thick = 4 if heavy else 2
        self._make_room(32)
        self._y += 8
        box = (self._margin, self._y, self._width - self._margin - 1, self._y + thick - 1)
        ImageDraw.Draw(self._image).rectangle(box, _INK)
        self._y += thick + 10

    def space(self) -> None:
        self._y += 10

    def qr(self, text: str) -> None:
        """A QR code in the middle, a whole number of dots to a module, with its quiet zone."""
        black = modules(text, "m")
        dots = max(4, self._width // 2 // black.shape[0])
        picture = np.kron((1 - black) * _PAPER, np.ones((dots, dots), dtype=np.uint8)).astype(np.uint8)
        self._make_room(picture.shape[0])
        self._image.paste(Image.fromarray(picture), ((self._width - picture.shape[1]) // 2, self._y))
        self._y += picture.shape[0]

    def finish(self) -> RasterSlip:
        """The slip with a margin below."""
        height = self._y + self._margin
        self._make_room(self._margin)
        grey = np.asarray(self._image.crop((0, 0, self._width, height)))
        return RasterSlip(width_dots=self._width, height_dots=height, rows=pack(grey))

    # --- inside ---------------------------------------------------------------------------------

    @property
    def _inner(self) -> int:
        return self._width - 2 * self._margin

    def _plain(self, text: str, size: str, bold: bool) -> ImageFont.FreeTypeFont:
        return self._font_of(text, round(_SIZES[size] * self._width / 576), bold)

    def _font_of(self, text: str, size: int, bold: bool) -> ImageFont.FreeTypeFont:
        """BIZ UDゴシック if it has every letter of the text, else the language's own font."""
        held = coverage(BOLD if bold else REGULAR)
        if all(ord(letter) in held for letter in text):
            return _font(size, bold)
        face = family(self._language, bold=bold)
        return load(face.path, size, face.number)

    def _fitting(self, text: str, size: str, bold: bool, room: int) -> ImageFont.FreeTypeFont:
        font = self._plain(text, size, bold)
        while font.getlength(text) > room and font.size > 14:
            font = self._font_of(text, round(font.size) - 1, bold)
        return font

    def _right(self, text: str, font: ImageFont.FreeTypeFont) -> float:
        return self._width - self._margin - font.getlength(text)

    def _line(self, pieces: list[tuple[float, str]], font: ImageFont.FreeTypeFont) -> None:
        height = round(font.size * 1.4)
        self._make_room(height)
        draw = ImageDraw.Draw(self._image)
        for x, text in pieces:
            draw.text((round(x), self._y), text, _INK, font)
        self._y += height

    def _make_room(self, height: int) -> None:
        while self._y + height > self._image.height:
            longer = Image.new("L", (self._width, self._image.height + _GROWTH), _PAPER)
            longer.paste(self._image, (0, 0))
            self._image = longer


def _wrapped(text: str, font: ImageFont.FreeTypeFont, room: int) -> list[str]:
    """Lines no wider than `room`; broken at a space where there is one in the line's second half."""
    lines: list[str] = []
    while font.getlength(text) > room:
        end = next(end for end in range(len(text), 0, -1) if font.getlength(text[:end]) <= room or end == 1)
        space = text.rfind(" ", end // 2, end + 1)
        if space > 0:
            lines.append(text[:space])
            text = text[space + 1 :]
        else:
            end = before_number(text, end)
            lines.append(text[:end])
            text = text[end:]
    return [*lines, text]
