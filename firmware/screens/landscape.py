"""The coast of Miyazaki at the foot of the idle screens: sun or moon, the sea, wave-cut rocks, phoenix palms."""

from functools import cache
from math import cos, pi, sin

from PIL import Image

from firmware.screens.palette import SEA, SEA_DEEP, SUN, SUN_PALE, Colour
from firmware.screens.sketch import Sketch

WIDTH, HEIGHT = 800, 120


@cache
def coast() -> Image.Image:
    """By day; RGBA, 800 x 120, its upper edge transparent into the screen's sand."""
    s = Sketch(WIDTH, HEIGHT)
    s.disc(610, 62, 52, SUN_PALE)
    s.disc(610, 62, 36, SUN)
    _sea(s, (120, 176, 200), (58, 124, 158), SEA)
    s.polygon([(560, 70), (660, 70), (640, 74), (628, 78), (592, 78), (580, 74)], (255, 222, 150))
    _rocks(s, (86, 98, 104))
    for x, height, lean in ((34, 62, 6), (86, 48, -5), (752, 92, -8), (700, 72, 6)):
        _palm(s, x, HEIGHT + 4, height, lean, trunk=(112, 82, 54), leaf=(20, 92, 70))
    _shore(s, (232, 214, 176))
    return s.finished()


@cache
def night() -> Image.Image:
    """By night; RGB, 800 x 480, for a whole screen with light letters."""
    sky = Image.new("RGB", (WIDTH, 480), SEA_DEEP)
    s = Sketch(WIDTH, 480)
    s.disc(690, 126, 40, (250, 236, 190))
    s.disc(706, 116, 35, SEA_DEEP)
    for x, y in ((612, 84), (640, 190), (760, 210), (772, 76), (586, 250), (700, 250), (560, 92)):
        s.disc(x, y, 1.7, (226, 234, 240))
    sky.paste(s.finished(), (0, 0), s.finished())
    t = Sketch(WIDTH, HEIGHT)
    _sea(t, (16, 62, 92), (12, 52, 80), (9, 44, 70))
    _rocks(t, (4, 26, 44))
    for x, height, lean in ((752, 104, -8), (694, 80, 6), (648, 56, 4)):
        _palm(t, x, HEIGHT + 4, height, lean, trunk=(3, 20, 34), leaf=(3, 24, 38))
    _shore(t, (5, 30, 50))
    foot = t.finished()
    sky.paste(foot, (0, 412 - HEIGHT), foot)
    return sky


def _sea(s: Sketch, far: Colour, middle: Colour, near: Colour) -> None:
    s.box((0, 70, WIDTH, HEIGHT), far)
    for top, colour, swell, phase in ((80, middle, 3.0, 0.4), (93, near, 4.0, 2.0)):
        points = [(x, top + swell * sin(x / 34 + phase)) for x in range(0, WIDTH + 8, 8)]
        s.polygon([*points, (WIDTH, HEIGHT), (0, HEIGHT)], colour)


def _rocks(s: Sketch, colour: Colour) -> None:
    """The Devil's Washboard: long low ribs of stone in the water."""
    for x, y, length in ((214, 96, 150), (250, 103, 190), (232, 110, 230), (430, 99, 70)):
        s.stroke([(x, y), (x + length, y + 2)], colour, 4)


def _shore(s: Sketch, colour: Colour) -> None:
    points = [(x, 112 + 5 * cos(x / 120) + (0.00006 * (x - 400) ** 2) * -1) for x in range(0, WIDTH + 10, 10)]
    s.polygon([*points, (WIDTH, HEIGHT), (0, HEIGHT)], colour)


def _palm(s: Sketch, x: float, foot: float, height: float, lean: float, *, trunk: Colour, leaf: Colour) -> None:
    top_x, top_y = x + lean, foot - height
    bend = [(x + lean * t**2, foot - height * t) for t in (0, 0.25, 0.5, 0.75, 1)]
    s.stroke(bend, trunk, 7)
    for number in range(11):
        angle = pi * (0.02 + 0.96 * number / 10)
        reach = height * (0.34 + 0.08 * sin(number * 2.4))
        _frond(s, top_x, top_y, -cos(angle) * reach, -sin(angle) * reach * 0.62, reach * 0.5, leaf)
    for side in (-1, 1):
        _frond(s, top_x, top_y, side * height * 0.2, height * 0.02, height * 0.24, leaf)
    s.disc(top_x, top_y, 4.5, trunk)


def _frond(s: Sketch, x: float, y: float, dx: float, dy: float, droop: float, colour: Colour) -> None:
    """A leaf that rises and hangs over: a curve, thick in the middle."""
    steps = 9
    upper, lower = [], []
    for step in range(steps + 1):
        t = step / steps
        px, py = x + dx * t, y + dy * (2 * t - t * t) + droop * t**3
        thick = 4.2 * sin(pi * min(t + 0.12, 1)) + 0.6
        upper.append((px, py - thick / 2))
        lower.append((px, py + thick / 2))
    s.polygon([*upper, *reversed(lower)], colour)
