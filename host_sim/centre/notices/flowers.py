"""Flowers, drawn from a few numbers each: a shape, a colour, and how many petals. Any size; nothing is kept in a file.

A drawing is made on a square of 100 by 100, four times as fine as it is wanted, and reduced once.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

_FINE = 4
_GREEN, _LEAF_EDGE = (74, 128, 66), (44, 88, 44)
Colour = tuple[int, int, int]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Flower:
    """`petals`: of one blossom. `heart`: its middle. Both colours as "#rrggbb"."""

    shape: str
    colour: str
    heart: str = "#f0c030"
    petals: int = 5


def drawn(flower: Flower, size: int) -> Image.Image:
    """A square picture with a transparent ground. Raises `KeyError` for a shape that is not drawn here."""
    sheet = _Sheet(size * _FINE)
    SHAPES[flower.shape](sheet, flower)
    return sheet.image.resize((size, size), Image.Resampling.BOX)


class _Sheet:
    def __init__(self, side: int) -> None:
        self.image = Image.new("RGBA", (side, side))
        self._draw = ImageDraw.Draw(self.image)
        self._one = side / 100

    def shape(self, points: Sequence[Point], fill: Colour, edge: Colour | None = None) -> None:
        scaled = [(x * self._one, y * self._one) for x, y in points]
        self._draw.polygon(scaled, fill)
        self.line([*points, points[0]], edge or _darker(fill), 1.3)

    def line(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        scaled = [(x * self._one, y * self._one) for x, y in points]
        self._draw.line(scaled, colour, max(1, round(width * self._one)), joint="curve")

    def disc(self, x: float, y: float, radius: float, fill: Colour) -> None:
        self.shape([(x + radius * math.cos(a), y + radius * math.sin(a)) for a in _turns(24)], fill)

    def petal(self, at: Point, angle: float, long: float, wide: float, fill: Colour, tip: str = "round") -> None:
        """A petal that begins at `at`. `tip`: round, notched as a cherry's, or pointed."""
        across, along = math.cos(angle + math.pi / 2), math.sin(angle + math.pi / 2)
        outline = [
            (at[0] + d * math.cos(angle) + w * across, at[1] + d * math.sin(angle) + w * along)
            for d, w in _petal(long, wide, tip)
        ]
        self.shape(outline, fill)

    def stem(self, points: Sequence[Point], leaves: Sequence[tuple[Point, float]] = ()) -> None:
        """A stalk through these points, with a leaf at each place and angle."""
        self.line(points, _LEAF_EDGE, 3.4)
        self.line(points, _GREEN, 2.2)
        for at, angle in leaves:
            self.petal(at, angle, 30, 7, _GREEN, "pointed")


def _petal(long: float, wide: float, tip: str) -> Iterator[Point]:
    """The outline, along and across, from the root by one side to the tip and back by the other."""
    bend, late, end = {"round": (0.62, 1.6, 1.0), "notched": (0.62, 1.6, 0.93), "pointed": (1.15, 1.0, 1.0)}[tip]
    ways = [end * step / 20 for step in range(21)]
    side = [(long * t / end, wide * math.sin(math.pi * t**late) ** bend if t < 1 else 0.0) for t in ways]
    yield from side
    if tip == "notched":
        yield long * 0.8, 0.0
    yield from ((d, -w) for d, w in reversed(side))


def _turns(count: int, first: float = -math.pi / 2) -> list[float]:
    return [first + 2 * math.pi * n / count for n in range(count)]


def _rgb(colour: str) -> Colour:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _darker(colour: Colour, share: float = 0.66) -> Colour:
    return round(colour[0] * share), round(colour[1] * share), round(colour[2] * share)


def _lighter(colour: Colour, share: float = 0.35) -> Colour:
    return tuple(round(part + (255 - part) * share) for part in colour)  # type: ignore[return-value]


# --- the shapes -------------------------------------------------------------------------------------


def _open(tip: str, narrow: float, heart: float) -> Callable[[_Sheet, Flower], None]:
    """A blossom seen from above, on a short stalk. `narrow`: how much of its share of the round a petal fills."""

    def draw(sheet: _Sheet, flower: Flower) -> None:
        sheet.stem([(50, 60), (53, 80), (50, 98)], [((52, 82), -0.5), ((52, 88), math.pi + 0.45)])
        fill = _rgb(flower.colour)
        wide = min(36 * math.sin(math.pi / flower.petals) * narrow, 21)
        for angle in _turns(flower.petals):
            sheet.petal((50, 40), angle, 37, wide, fill, tip)
        sheet.disc(50, 40, heart, _rgb(flower.heart))
        if heart < 10:  # stamens
            for angle in _turns(7, 0.2):
                end = (50 + 13 * math.cos(angle), 40 + 13 * math.sin(angle))
                sheet.line([(50, 40), end], _rgb(flower.heart), 1)
                sheet.disc(*end, 1.3, _rgb(flower.heart))

    return draw


def _double(sheet: _Sheet, flower: Flower) -> None:
    """Three rings of petals, one in the other: rose, peony, chrysanthemum."""
    sheet.stem([(50, 60), (52, 80), (50, 98)], [((51, 82), -0.5), ((51, 88), math.pi + 0.45)])
    fill = _rgb(flower.colour)
    for ring, (long, share) in enumerate(((38, 0.0), (29, 0.12), (19, 0.26), (10, 0.4))):
        wide = min(long * math.sin(math.pi / flower.petals) * 1.25, long * 0.6)
        for angle in _turns(flower.petals, -math.pi / 2 + ring * math.pi / flower.petals):
            sheet.petal((50, 40), angle, long, wide, _lighter(fill, share))
    sheet.disc(50, 40, 4, _rgb(flower.heart))


def _bells(sheet: _Sheet, flower: Flower) -> None:
    """Small bells on one side of a bent stalk."""
    sheet.stem([(34, 98), (36, 60), (44, 26), (62, 12), (80, 14)], [((34, 96), -2.0), ((34, 96), -1.0)])
    for x, y, big in ((44, 34, 12), (53, 22, 12), (66, 17, 11), (80, 18, 9)):
        mouth, top = y + big * 1.9, y + big * 0.35
        sheet.line([(x, y - 6), (x, top)], _GREEN, 1.6)
        dome = [(x + big * 0.8 * math.cos(a), top + big * 0.7 + big * 0.7 * math.sin(a)) for a in _half()]
        rim = [(x + big, mouth), (x + big * 0.5, mouth - 3), (x, mouth), (x - big * 0.5, mouth - 3), (x - big, mouth)]
        sheet.shape([*dome, *rim], _rgb(flower.colour))


def _half() -> list[float]:
    """From nine o'clock over twelve to three."""
    return [math.pi + math.pi * n / 12 for n in range(13)]


def _spike(sheet: _Sheet, flower: Flower) -> None:
    """Many small blossoms up a straight stalk: lavender, hyacinth, foxglove."""
    sheet.stem([(50, 98), (50, 12)], [((50, 94), -1.05), ((50, 94), math.pi + 1.05)])
    fill = _rgb(flower.colour)
    for row in range(9):
        y, wide = 70 - row * 7.4, 13 - row * 0.9
        for n, x in enumerate((-wide, wide, 0.0)):
            sheet.disc(50 + x, y + (3 if n == 2 else 0), 6.4 - row * 0.45, _lighter(fill, 0.12 * n))
            sheet.disc(50 + x, y + (3 if n == 2 else 0), 1.5, _rgb(flower.heart))


def _hanging(sheet: _Sheet, flower: Flower) -> None:
    """Bunches that hang from a twig: wisteria, acacia."""
    sheet.line([(4, 14), (50, 9), (96, 13)], (98, 72, 46), 4)
    fill = _rgb(flower.colour)
    for x, long in ((26, 7), (52, 9), (77, 6)):
        for row in range(long):
            wide = 9.5 - 8 * row / long
            for side in (-wide, wide):
                sheet.disc(x + side * 0.8, 20 + row * 8, 5.6 - row * 0.3, _lighter(fill, row / long * 0.5))
    for x, angle in ((12, 0.9), (40, 1.9), (64, 1.0), (90, 2.2)):
        sheet.petal((x, 11), angle, 22, 5, _GREEN, "pointed")


def _ball(sheet: _Sheet, flower: Flower) -> None:
    """A round head of small blossoms: hydrangea, verbena."""
    sheet.stem([(50, 70), (50, 98)])
    for angle in (-0.35, math.pi + 0.35):
        sheet.petal((50, 84), angle, 44, 15, _GREEN, "pointed")
    fill = _rgb(flower.colour)
    places = [(38, a) for a in _turns(11)] + [(24, a) for a in _turns(8, 0.2)] + [(10, a) for a in _turns(4, 0.5)]
    for n, (far, angle) in enumerate(places):
        x, y = 50 + far * 0.82 * math.cos(angle), 42 + far * 0.82 * math.sin(angle)
        for turn in _turns(flower.petals, n * 0.4):
            sheet.petal((x, y), turn, 10, 5, _lighter(fill, (n % 3) * 0.2))
        sheet.disc(x, y, 1.7, _rgb(flower.heart))


def _cup(sheet: _Sheet, flower: Flower) -> None:
    """A closed cup on a long stalk: tulip, crocus."""
    sheet.stem([(50, 54), (50, 98)])
    for angle in (-1.15, math.pi + 1.15):
        sheet.petal((50, 97), angle, 48, 8, _GREEN, "pointed")
    fill = _rgb(flower.colour)
    for x, angle, share in ((44, -1.85, 0.0), (56, -1.29, 0.0), (50, -math.pi / 2, 0.2)):
        sheet.petal((x, 60), angle, 52, 15, _lighter(fill, share), "pointed")
    cup = [(50 + 21 * math.cos(a), 44 - 20 * math.sin(a)) for a in _half()]
    sheet.shape([*cup, (64, 30), (50, 42), (36, 30)], fill)


def _trumpet(sheet: _Sheet, flower: Flower) -> None:
    """A wide round funnel with a star in it: morning glory, petunia."""
    sheet.stem([(50, 58), (40, 80), (54, 98)], [((42, 78), math.pi + 0.3), ((46, 86), -0.2)])
    fill, pale = _rgb(flower.colour), _rgb(flower.heart)
    around = [
        (50 + (37 + 0.9 * math.cos(5 * a)) * math.cos(a), 40 + (37 + 0.9 * math.cos(5 * a)) * math.sin(a))
        for a in _turns(60)
    ]
    sheet.shape(around, fill)
    for angle in _turns(5):
        sheet.petal((50, 40), angle, 33, 4.5, _lighter(fill, 0.45), "pointed")
    sheet.disc(50, 40, 11, pale)
    sheet.disc(50, 40, 2.5, (240, 200, 70))


def _crown(sheet: _Sheet, flower: Flower) -> None:
    """Open petals around a tube: narcissus."""
    sheet.stem([(50, 60), (51, 98)])
    for at, angle in (((51, 98), -1.95), ((51, 98), -1.2)):
        sheet.petal(at, angle, 56, 5, _GREEN, "pointed")
    for angle in _turns(flower.petals):
        sheet.petal((50, 38), angle, 36, 13, _rgb(flower.colour), "pointed")
    rim = [
        (50 + (13 + 1.4 * math.cos(9 * a)) * math.cos(a), 38 + (13 + 1.4 * math.cos(9 * a)) * math.sin(a))
        for a in _turns(72)
    ]
    sheet.shape(rim, _rgb(flower.heart))
    sheet.disc(50, 38, 6, _darker(_rgb(flower.heart), 0.8))


def _iris(sheet: _Sheet, flower: Flower) -> None:
    """Three petals hang and three stand: iris."""
    sheet.stem([(50, 56), (50, 98)])
    for angle in (-1.9, -1.24):
        sheet.petal((50, 99), angle, 62, 5, _GREEN, "pointed")
    fill = _rgb(flower.colour)
    for angle in (-2.1, -1.04, -math.pi / 2):
        sheet.petal((50, 50), angle, 42, 10, _lighter(fill, 0.25))
    for angle in (2.75, 0.39, math.pi / 2):
        sheet.petal((50, 44), angle, 38, 15, fill)
        end = (50 + 20 * math.cos(angle), 44 + 20 * math.sin(angle))
        sheet.line([(50, 44), end], _rgb(flower.heart), 4)


def _berries(sheet: _Sheet, flower: Flower) -> None:
    """A bunch of berries above leaves: nandina, Japanese ardisia."""
    sheet.stem([(50, 98), (50, 40)])
    for at, angle in (((50, 78), -0.25), ((50, 78), math.pi + 0.25), ((50, 62), -0.7), ((50, 62), math.pi + 0.7)):
        sheet.petal(at, angle, 42, 9, _GREEN, "pointed")
    for row, places in enumerate(((50,), (41, 59), (34, 50, 66), (29, 43, 57, 71), (36, 50, 64))):
        for x in places:
            y = 12 + row * 11
            sheet.disc(x, y, 7.2, _rgb(flower.colour))
            sheet.disc(x - 2, y - 2, 1.4, _lighter(_rgb(flower.colour), 0.7))


def _plumes(sheet: _Sheet, flower: Flower) -> None:
    """Bent ears: pampas grass, foxtail, wheat."""
    fill = _rgb(flower.colour)
    for root, top, bend in ((50, (22, 24), -1), (50, (50, 16), 0), (50, (80, 26), 1)):
        middle = ((root + top[0]) / 2 + 6 * bend, 54.0)
        sheet.stem([(root, 98), middle, top])
        for n in range(9):
            share = n / 9
            x, y = top[0] + (middle[0] - top[0]) * share * 0.75, top[1] + (middle[1] - top[1]) * share * 0.75
            for side in (-1, 1):
                sheet.petal((x, y), -math.pi / 2 + side * 0.75, 13, 3, fill, "pointed")
    sheet.petal((50, 98), -2.5, 46, 4, _GREEN, "pointed")
    sheet.petal((50, 98), -0.64, 46, 4, _GREEN, "pointed")


SHAPES: dict[str, Callable[[_Sheet, Flower], None]] = {
    "blossom": _open("round", 0.86, 5),
    "cherry": _open("notched", 0.84, 4),
    "star": _open("pointed", 0.8, 5),
    "daisy": _open("round", 1.0, 11),
    "sun": _open("pointed", 1.5, 16),
    "double": _double,
    "bells": _bells,
    "spike": _spike,
    "hanging": _hanging,
    "ball": _ball,
    "cup": _cup,
    "trumpet": _trumpet,
    "crown": _crown,
    "iris": _iris,
    "berries": _berries,
    "plumes": _plumes,
}
