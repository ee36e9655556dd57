"""Pictures that a notice may name by a word, drawn here: a card that is taken at once, days in a calendar."""

from collections.abc import Callable

from PIL import Image, ImageDraw

_FINE = 4
_SEA, _PALE, _INK, _RED, _GREEN, _GOLD = "#0d3f5c", "#e0eef5", "#14202b", "#c8303a", "#1f7a4a", "#d6b254"


def drawn(word: str, size: int) -> Image.Image:
    """A square picture with a transparent ground. Raises `KeyError`."""
    sheet = Image.new("RGBA", (100 * _FINE, 100 * _FINE))
    DRAWINGS[word](ImageDraw.Draw(sheet))
    return sheet.resize((size, size), Image.Resampling.LANCZOS)


def _box(draw: ImageDraw.ImageDraw, box: tuple[float, ...], fill: str, round_: float = 0, edge: str = "") -> None:
    scaled = [value * _FINE for value in box]
    draw.rounded_rectangle(scaled, round_ * _FINE, fill, edge or None, round(2 * _FINE) if edge else 0)


def _line(draw: ImageDraw.ImageDraw, points: tuple[tuple[float, float], ...], fill: str, width: float) -> None:
    draw.line([(x * _FINE, y * _FINE) for x, y in points], fill, round(width * _FINE), joint="curve")


def _card(draw: ImageDraw.ImageDraw) -> None:
    """A card with a chip, and a tick: nothing else is needed."""
    _box(draw, (4, 22, 90, 78), "#ffffff", 7, _SEA)
    _box(draw, (8, 26, 86, 38), _PALE, 3)
    _line(draw, ((14, 32), (52, 32)), _SEA, 3)
    _box(draw, (14, 46, 36, 64), _GOLD, 3, "#96742c")
    for y in (48, 56, 64):
        _line(draw, ((44, y), (66, y)), "#7890a0", 2.4)
    draw.ellipse([value * _FINE for value in (58, 50, 98, 90)], _GREEN, "#ffffff", 2 * _FINE)
    _line(draw, ((67, 70), (75, 79), (90, 60)), "#ffffff", 5.5)


def _calendar(draw: ImageDraw.ImageDraw) -> None:
    """A page of a calendar with days marked."""
    _box(draw, (10, 14, 90, 92), "#ffffff", 6, _INK)
    _box(draw, (10, 14, 90, 36), _RED, 6, _INK)
    for x in (30, 70):
        _box(draw, (x - 3.5, 6, x + 3.5, 24), "#ffffff", 3, _INK)
    for row in range(3):
        for column in range(4):
            x, y = 18 + column * 17, 43 + row * 16
            closed = row == 2 or (row == 1 and column == 3)
            _box(draw, (x, y, x + 12, y + 11), _RED if closed else _PALE, 2)
            if closed:
                _line(draw, ((x + 3, y + 2.5), (x + 9, y + 8.5)), "#ffffff", 1.8)
                _line(draw, ((x + 9, y + 2.5), (x + 3, y + 8.5)), "#ffffff", 1.8)


DRAWINGS: dict[str, Callable[[ImageDraw.ImageDraw], None]] = {"card": _card, "calendar": _calendar}
