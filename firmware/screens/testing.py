"""Test pictures of a glass, for a technician. Each hides its four digits where one fault of the glass would swallow them."""

from PIL import ImageDraw

from firmware.screens.canvas import Canvas
from firmware.screens.palette import INK, WHITE, Colour
from firmware.session import scenes as show

_BLACK: Colour = (0, 0, 0)
_PURE: tuple[Colour, ...] = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255))
_SIZES = (24, 34, 46, 64)  # of letters on the screens
_SAMPLE = "あア証明書 Aa 123"
_CELL = 80  # both sides of the glass are whole numbers of cells


Size = tuple[int, int]


def picture(scene: show.StaffPicture, size: Size) -> Canvas:
    """In the pixels of the glass itself, whatever its size."""
    return _PICTURES[scene.picture](scene.number, size)


def _colours(number: str, size: Size) -> Canvas:
    """One digit in each colour of the panel: without a colour its digit is black on black."""
    c = Canvas("en", _BLACK, size)
    room = size[0] // len(_PURE)
    for place, (digit, colour) in enumerate(zip(number, _PURE, strict=True)):
        c.panel((place * room, 0, (place + 1) * room, 100), 0, colour)
        c.text(digit, place * room, 150, 200, width=room, bold=True, colour=colour, align="centre")
    return c


def _edges(number: str, size: Size) -> Canvas:
    """A frame of the outermost pixels, squares, a circle, and a digit in each corner: a shifted picture loses some."""
    c = Canvas("en", WHITE, size)
    width, height = size
    draw = ImageDraw.Draw(c.image)
    for x in range(0, width, _CELL):
        draw.line((x, 0, x, height), (184, 197, 206))
    for y in range(0, height, _CELL):
        draw.line((0, y, width, y), (184, 197, 206))
    draw.ellipse((width // 2 - 200, height // 2 - 200, width // 2 + 200, height // 2 + 200), outline=INK, width=2)
    draw.rectangle((0, 0, width - 1, height - 1), outline=(255, 0, 0))
    corners = ((2, -4), (width - 42, -4), (2, height - 50), (width - 42, height - 50))
    for digit, (x, y) in zip(number, corners, strict=True):
        c.text(digit, x, y, 40, width=40, bold=True, align="centre")
    return c


def _letters(number: str, size: Size) -> Canvas:
    """A row of letters in each size that the screens use, each ending in a digit."""
    c, y = Canvas("ja", WHITE, size), 20
    for digit, letters in zip(number, _SIZES, strict=True):
        y = c.text(_SAMPLE, 20, y, letters, width=680) + 26
        c.text(digit, 700, y - 26 - round(letters * 1.36), letters, width=80, bold=True)
    return c


def _black(number: str, size: Size) -> Canvas:
    return _field(number, size, _BLACK, (96, 96, 96))


def _white(number: str, size: Size) -> Canvas:
    return _field(number, size, WHITE, (200, 200, 200))


def _field(number: str, size: Size, ground: Colour, colour: Colour) -> Canvas:
    """One colour everywhere, so that a dead pixel stands out; the digits are faint and far apart."""
    c = Canvas("en", ground, size)
    for place, digit in enumerate(number):
        c.text(
            digit,
            place * size[0] // 4,
            40 + size[1] // 2 * (place % 2),
            40,
            width=size[0] // 4,
            colour=colour,
            align="centre",
        )
    return c


_PICTURES = {"colours": _colours, "edges": _edges, "letters": _letters, "black": _black, "white": _white}
