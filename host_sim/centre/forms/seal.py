"""Seals as drawings: a resident's registered imprint, and the mayor's electronic seal. Both are black, both true to
size.

A registered imprint is the picture in its record. An invented one is drawn from the record's numbers: the letters,
stretched to fill the field as an engraver does, in a ring. The record's seed sets rotation, wear and nicks, by which one
seal differs from another. The same record gives the same drawing. The mayor's seal is square, at most 25 mm (standard
5.6): the city's own picture of it, or letters in a seal script of plain strokes.
"""

import base64
import io
import math
import random
from functools import lru_cache
from pathlib import Path

from PIL import Image

from host_sim.centre.forms.font import font
from host_sim.centre.register import Municipality, Seal

PICTURE_DOTS = range(300, 2401)  # to a side: of 24 mm, 300 dots are as fine as the finest head
PICTURE_BYTES = 200_000
MAYOR_MM, MAYOR_UNITS = 24.0, 50
IMPRINT_UNITS = 100
SMALLEST_MM, LARGEST_MM = 8.0, 25.0

# Strokes of a mayor's seal in cells of 12 x 18; a line that ends with `z` is closed.
_STROKES = {
    "宮": (
        "6,0.6 6,2.6",
        "1,6.2 1,2.8 11,2.8 11,6.2",
        "3.6,6 8.4,6 8.4,9.2 3.6,9.2z",
        "6,9.2 6,11.6",
        "2.4,11.6 9.6,11.6 9.6,17 2.4,17z",
    ),
    "崎": (
        "0.8,6.5 0.8,13 4.6,13 4.6,6.5",
        "2.7,3.5 2.7,13",
        "8.7,0.6 8.7,3",
        "6.2,3 11.2,3",
        "8.7,3 6.3,7.2",
        "8.7,3 11.1,7.2",
        "6,9 11.8,9",
        "11,9 11,17.2 9.4,17.2",
        "6.6,11.4 9,11.4 9,14.8 6.6,14.8z",
    ),
    "市": ("6,0.6 6,3.6", "1,3.6 11,3.6", "2.2,15.5 2.2,7 9.8,7 9.8,15.5", "6,3.6 6,17.4"),
    "長": (
        "3,0.9 3,9.6",
        "3,0.9 10,0.9",
        "3,3.8 10,3.8",
        "3,6.7 10,6.7",
        "0.8,9.6 11.2,9.6",
        "3,9.6 3,17 5.6,15.2",
        "5.6,9.6 5.6,11.6 11.2,17",
        "10.4,11.6 7.6,13.4",
    ),
    "之": ("6,1 6,16.8", "0.9,16.8 11.1,16.8", "1.6,4 1.6,9.4 6,13.2", "10.4,4 10.4,9.4 6,13.2"),
    "印": ("1.4,1.4 1.4,6 10.6,6 10.6,1.4", "6,1 6,6", "2.2,17.2 2.2,9.2 9.8,9.2 9.8,13.4 2.2,13.4"),
}


@lru_cache(maxsize=64)
def imprint(seal: Seal) -> str:
    """The registered imprint as SVG elements, `IMPRINT_UNITS` to its diameter. ValueError: not a seal."""
    if not SMALLEST_MM <= seal.diameter_mm <= LARGEST_MM:
        raise ValueError("a registered seal measures 8 to 25 mm")
    if seal.imprint_png is not None:
        picture = f"data:image/png;base64,{seal.imprint_png}"
        return f'<image width="{IMPRINT_UNITS}" height="{IMPRINT_UNITS}" href="{picture}"/>'
    chance = random.Random(f"imprint {seal.seed}")
    ring = chance.uniform(0.45, 0.75) / seal.diameter_mm * 100
    turn = chance.uniform(-5, 5)
    thick = chance.uniform(1.6, 2.6)
    letters = "".join(
        f'<path d="{_filled(letter, *cell)}"/>'
        for letter, cell in zip(seal.letters, _cells(len(seal.letters)), strict=True)
    )
    nicks = "".join(_nick(chance, ring) for _ in range(chance.randrange(3, 8)))
    return (
        f'<g transform="rotate({turn:.2f} 50 50)">'
        f'<circle cx="50" cy="50" r="{50 - ring / 2:.2f}" fill="none" stroke="#000" stroke-width="{ring:.2f}"/>'
        f'<g stroke="#000" stroke-width="{thick:.2f}" stroke-linejoin="round">{letters}</g>{nicks}</g>'
    )


def _cells(count: int) -> list[tuple[float, float, float, float]]:
    """Where the letters of a round seal go: x, y, w, h. Columns run from the right; corners stay inside the ring."""
    match count:
        case 1:
            return [(18, 18, 64, 64)]
        case 2:
            return [(23, 13, 54, 35), (23, 52, 54, 35)]
        case 3:
            return [(26, 10.5, 48, 24), (26, 38, 48, 24), (26, 65.5, 48, 24)]
        case 4:
            return [(51.5, 18, 31, 31), (51.5, 51.5, 31, 31), (17.5, 18, 31, 31), (17.5, 51.5, 31, 31)]
        case _:
            raise ValueError("a seal has one to four letters here")


def _filled(letter: str, x: float, y: float, w: float, h: float) -> str:
    """The outline of a letter stretched to a cell, as an SVG path."""
    glyph = font().glyph(ord(letter))
    assert glyph is not None, "a seal whose letter the font lacks"
    contours = font().outline(glyph)
    points = [point for contour in contours for point in contour]
    left, right = min(p[0] for p in points), max(p[0] for p in points)
    low, high = min(p[1] for p in points), max(p[1] for p in points)
    least = 0.55 * font().units_per_em  # or a flat letter like 一 would become a thick bar
    across, up = w / max(right - left, least), h / max(high - low, least)
    dx = x + (w - across * (right - left)) / 2 - across * left
    dy = y + (h - up * (high - low)) / 2 + up * high
    return "".join(_path([(dx + across * px, dy - up * py, on) for px, py, on in contour]) for contour in contours)


def _path(contour: list[tuple[float, float, bool]]) -> str:
    """One quadratic contour of TrueType as SVG: between two off-curve points lies an on-curve one in the middle."""
    if not contour[0][2]:
        last = contour[-1]
        first = last if last[2] else _middle(contour[0], last)
        contour = [first, *contour]
    path = [f"M{contour[0][0]:.2f} {contour[0][1]:.2f}"]
    around = [*contour[1:], contour[0]]
    for index, (x, y, on) in enumerate(around):
        if on:
            if index == 0 or around[index - 1][2]:
                path.append(f"L{x:.2f} {y:.2f}")
            continue
        after = around[index + 1] if index + 1 < len(around) else contour[0]
        end = after if after[2] else _middle((x, y, on), after)
        path.append(f"Q{x:.2f} {y:.2f} {end[0]:.2f} {end[1]:.2f}")
    return "".join(path) + "Z"


def _middle(a: tuple[float, float, bool], b: tuple[float, float, bool]) -> tuple[float, float, bool]:
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2, True


def _nick(chance: random.Random, ring: float) -> str:
    """A chip out of the ring or a letter, as on an old seal."""
    angle, far = chance.uniform(0, 2 * math.pi), chance.choice((50 - ring / 2, chance.uniform(8, 40)))
    size = chance.uniform(0.5, 1.3) if far < 42 else ring * chance.uniform(0.4, 0.9)
    x, y = 50 + far * math.cos(angle), 50 + far * math.sin(angle)
    return f'<ellipse cx="{x:.2f}" cy="{y:.2f}" rx="{size:.2f}" ry="{size * 0.7:.2f}" fill="#fff"/>'


class SealUnusable(Exception):
    """The city's picture of its seal cannot be printed. The message is a sentence for the office, without its end."""


def certifiers(city: Municipality) -> str:
    """The electronic seal of who certifies, as SVG elements, `MAYOR_UNITS` to a side. Raises `SealUnusable`."""
    if city.seal_picture is None:
        return mayor(city.seal_letters)
    path = Path(city.seal_picture)
    try:
        changed_ns = path.stat().st_mtime_ns
    except OSError as trouble:
        raise SealUnusable(f"{path} cannot be read: {trouble.strerror}; no paper is issued without the seal") from None
    return f'<image width="{MAYOR_UNITS}" height="{MAYOR_UNITS}" href="{_pictured(path, changed_ns)}"/>'


@lru_cache(maxsize=8)
def _pictured(path: Path, _changed_ns: int) -> str:
    """The picture in black on white, as a data address."""
    allowed = f"it must be a square PNG of {PICTURE_DOTS[0]} to {PICTURE_DOTS[-1]} dots a side, black on white, at most 200 kB"
    try:
        data = path.read_bytes()
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            wide, high = image.size
            if wide != high or wide not in PICTURE_DOTS or len(data) > PICTURE_BYTES:
                raise SealUnusable(f"{path} has {wide} x {high} dots and {len(data):,} bytes; {allowed}")
            seen = image.convert("RGBA")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise SealUnusable(f"{path} is no PNG that can be read; {allowed}") from None
    grey = Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen).convert("L")
    tones = grey.histogram()
    if sum(tones[1:255]):
        raise SealUnusable(f"{path} has tones between black and white, which a thermal head cannot print; {allowed}")
    if not tones[0] or not tones[255]:
        raise SealUnusable(f"{path} is of one colour; {allowed}")
    plain = io.BytesIO()
    grey.save(plain, "PNG")
    return f"data:image/png;base64,{base64.b64encode(plain.getvalue()).decode()}"


@lru_cache(maxsize=8)
def mayor(letters: str) -> str:
    """The electronic seal of a mayor or deputy as SVG elements, `MAYOR_UNITS` to a side: 「宮崎市長之印」.

    The letters stand in columns from the right: in seal script if all of them have strokes above, else as in the font.
    """
    side, rim, gap, around = MAYOR_UNITS, 2.0, 3.7, 0.9
    inner = side - 2 * gap
    columns = math.ceil(math.sqrt(len(letters)))
    rows = math.ceil(len(letters) / columns)
    wide, high = inner / columns, inner / rows
    cut = _engraved if all(letter in _STROKES for letter in letters) else _filled
    drawn = [
        cut(
            letter,
            gap + inner - (number // rows + 1) * wide + around,
            gap + number % rows * high + around,
            wide - 2 * around,
            high - 2 * around,
        )
        for number, letter in enumerate(letters)
    ]
    style = 'stroke-width="1.55"' if cut is _engraved else 'fill="#000" stroke-width="0.5"'
    return (
        '<g fill="none" stroke="#000" stroke-linejoin="round" stroke-linecap="round">'
        f'<rect x="{rim / 2}" y="{rim / 2}" width="{side - rim}" height="{side - rim}" rx="1.2" stroke-width="{rim}"/>'
        f'<path {style} d="{"".join(drawn)}"/></g>'
    )


def _engraved(letter: str, x: float, y: float, w: float, h: float) -> str:
    """The strokes of a letter in a cell, as an SVG path."""
    path = []
    for stroke in _STROKES[letter]:
        points = [tuple(map(float, p.split(","))) for p in stroke.rstrip("z").split()]
        drawn = "L".join(f"{x + px * w / 12:.2f} {y + py * h / 18:.2f}" for px, py in points)
        path.append(f"M{drawn}{'Z' if stroke.endswith('z') else ''}")
    return "".join(path)
