"""Test pictures of a glass, for a technician. Each hides its four digits where one fault of the glass would swallow them."""

from PIL import ImageDraw

from firmware.screens.canvas import HEIGHT, WIDTH, Canvas
from firmware.screens.palette import INK, WHITE, Colour
from firmware.session import scenes as show

_BLACK: Colour = (0, 0, 0)
_PURE: tuple[Colour, ...] = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255))
_SIZES = (24, 34, 46, 64)  # of letters on the screens
_SAMPLE = "あア証明書 Aa 123"
_CELL = 80  # both sides of the glass are whole numbers of cells


def picture(scene: show.StaffPicture) -> Canvas:
    return _PICTURES[scene.picture](scene.number)


def _colours(number: str) -> Canvas:
    """One digit in each colour of the panel: without a colour its digit is black on black."""
    c = Canvas("en", _BLACK)
    room = WIDTH // len(_PURE)
    for place, (digit, colour) in enumerate(zip(number, _PURE, strict=True)):
        c.panel((place * room, 0, (place + 1) * room, 100), 0, colour)
        c.text(digit, place * room, 150, 200, width=room, bold=True, colour=colour, align="centre")
    return c


def _edges(number: str) -> Canvas:
    """A frame of the outermost pixels, squares, a circle, and a digit in each corner: a shifted picture loses some."""
    c = Canvas("en", WHITE)
    draw = ImageDraw.Draw(c.image)
    for x in range(0, WIDTH, _CELL):
        draw.line((x, 0, x, HEIGHT), (184, 197, 206))
    for y in range(0, HEIGHT, _CELL):
        draw.line((0, y, WIDTH, y), (184, 197, 206))
    draw.ellipse((WIDTH // 2 - 200, HEIGHT // 2 - 200, WIDTH // 2 + 200, HEIGHT // 2 + 200), outline=INK, width=2)
    draw.rectangle((0, 0, WIDTH - 1, HEIGHT - 1), outline=(255, 0, 0))
    corners = ((2, -4), (WIDTH - 42, -4), (2, HEIGHT - 50), (WIDTH - 42, HEIGHT - 50))
    for digit, (x, y) in zip(number, corners, strict=True):
        c.text(digit, x, y, 40, width=40, bold=True, align="centre")
    return c


def _letters(number: str) -> Canvas:
    """A row of letters in each size that the screens use, each ending in a digit."""
    c, y = Canvas("ja", WHITE), 20
    for digit, size in zip(number, _SIZES, strict=True):
        y = c.text(_SAMPLE, 20, y, size, width=680) + 26
        c.text(digit, 700, y - 26 - round(size * 1.36), size, width=80, bold=True)
    return c


def _black(number: str) -> Canvas:
    return _field(number, _BLACK, (96, 96, 96))


def _white(number: str) -> Canvas:
    return _field(number, WHITE, (200, 200, 200))


def _field(number: str, ground: Colour, colour: Colour) -> Canvas:
    """One colour everywhere, so that a dead pixel stands out; the digits are faint and far apart."""
    c = Canvas("en", ground)
    for place, digit in enumerate(number):
        c.text(digit, place * 200, 40 + 120 * (place % 2) * 2, 40, width=200, colour=colour, align="centre")
    return c


_PICTURES = {"colours": _colours, "edges": _edges, "letters": _letters, "black": _black, "white": _white}
