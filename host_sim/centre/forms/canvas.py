"""A page as a list of strokes: text at a baseline, rules on whole dots, drawings.

The print head has 8 dots to the millimetre, so every rule lies on the 0.125 mm grid and is at least two dots thick:
the rasteriser then draws it black and straight, not grey and uneven. Positions are millimetres from the
upper left corner of the sheet, text sizes are points. Text is placed in reading order, which is the order in which it
is read back.

How a text is fitted into its place is `fitting.py`'s.
"""

import base64
import io
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from host_sim.centre.forms import fitting
from host_sim.centre.forms.fitting import PT_MM, SMALLEST_PT, width_mm
from host_sim.centre.forms.structure import Part

DOT_MM = 0.125
HAIR_MM = 0.25
_SCRIPTS = (("kana", "ぁ", "ゟ"), ("katakana", "ァ", "ヺ"), ("han", "㐀", "鿿"), ("latin", "A", "z"))
# 0.01 mm smaller than A4, so that a rasteriser that rounds up to whole dots gets 1680 x 2376 and not one more.
WIDTH_MM, HEIGHT_MM = 209.99, 296.99
A4_MM = (210.0, 297.0)


def dots(mm: float) -> int:
    """The nearest whole dot."""
    return round(mm / DOT_MM)


@dataclass(slots=True)
class Sheet:
    """One page: words in reading order, and one picture beneath them that holds everything drawn.

    `parts`: what the words are (`structure.py`), each with the number of its first word."""

    words: list[list[Any]] = field(default_factory=list)
    parts: list[tuple[Part, int]] = field(default_factory=list)
    _black: list[str] = field(default_factory=list)
    _white: list[str] = field(default_factory=list)
    _drawings: list[str] = field(default_factory=list)

    def begin(self, part: Part) -> None:
        """What is placed from here on, up to the next `begin`, is this part of the document."""
        self.parts.append((part, len(self.words)))

    def text(self, x: float, y: float, words: str, size: float = 9, align: str = "left", tracking: float = 0) -> None:
        """Words with their baseline at y. `align`: left, center or right of x. `tracking`: points between letters."""
        if not self.parts or self.parts[-1][0] is Part.TEXT:
            self.begin(Part.TEXT)
        self._place(x, y, words, size, align, tracking)

    def _place(self, x: float, y: float, words: str, size: float, align: str = "left", tracking: float = 0) -> None:
        if not words.strip():
            return
        if align != "left":
            own = width_mm(words, size) + tracking * PT_MM * (len(words) - 1)
            x -= own / 2 if align == "center" else own
        for place, run in _tracked(words, size, tracking):
            self.put(x + place, y, size, tracking, run)

    def put(self, x: float, y: float, size: float, tracking: float, run: str) -> None:
        """One run of letters where it stands; every text of a page ends up here."""
        self.words.append([round(x, 3), round(y, 3), round(size, 2), round(tracking, 3), run])

    def block(self, x: float, y: float, w: float, h: float, white: bool = False) -> None:
        """A filled rectangle on whole dots; white ones are drawn first, over the ground."""
        left, top, right, bottom = dots(x), dots(y), dots(x + w), dots(y + h)
        path = f"M{left} {top}H{right}V{bottom}H{left}z"
        (self._white if white else self._black).append(path)

    def horizontal(self, x: float, y: float, length: float, thick: float = HAIR_MM) -> None:
        """A rule whose upper edge is at y."""
        self.block(x, y, length, thick)

    def vertical(self, x: float, y: float, length: float, thick: float = HAIR_MM) -> None:
        self.block(x, y, thick, length)

    def box(self, x: float, y: float, w: float, h: float, thick: float = HAIR_MM) -> None:
        """A frame whose rules begin at x and y and end at x + w + thick, y + h + thick: neighbours share their rule."""
        self.horizontal(x, y, w + thick, thick)
        self.horizontal(x, y + h, w + thick, thick)
        self.vertical(x, y, h + thick, thick)
        self.vertical(x + w, y, h + thick, thick)

    def slash(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """A slanting line, 0.25 mm thick, that voids an empty field."""
        line = f"M{x1 / DOT_MM:.1f} {y1 / DOT_MM:.1f}L{x2 / DOT_MM:.1f} {y2 / DOT_MM:.1f}"
        self._drawings.append(f'<path d="{line}" stroke="#000" stroke-width="2" fill="none"/>')

    def bitmap(self, x: float, y: float, black: NDArray[np.bool_], scale: int = 1) -> None:
        """Draw dots, True black on white, each `scale` dots of the head wide, the first on a whole dot.

        The picture is a tenth of a dot smaller on each side, because a rasteriser rounds outwards to whole dots.
        """
        file = io.BytesIO()
        Image.fromarray(~black).save(file, "PNG", compress_level=1)
        rows, columns = black.shape
        self._drawings.append(
            f'<image x="{dots(x) + 0.1:.1f}" y="{dots(y) + 0.1:.1f}" width="{columns * scale - 0.2:.1f}" '
            f'height="{rows * scale - 0.2:.1f}" preserveAspectRatio="none" image-rendering="optimizeSpeed" '
            f'href="data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"/>'
        )

    def drawing(self, x: float, y: float, side: float, units: float, inner: str) -> None:
        """The elements of an SVG of `units` x `units`, in a square of `side` mm."""
        scale = side / DOT_MM / units
        self._drawings.append(f'<g transform="translate({dots(x)} {dots(y)}) scale({scale:.5f})">{inner}</g>')

    def picture(self) -> str:
        """Everything drawn, as one SVG of the whole sheet; units are dots."""
        wide, high = round(A4_MM[0] / DOT_MM), round(A4_MM[1] / DOT_MM)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}">'
            f'<path fill="#fff" d="{"".join(self._white)}"/><path d="{"".join(self._black)}"/>'
            f"{''.join(self._drawings)}</svg>"
        )

    # --- text in a place ----------------------------------------------------------------------------

    def label(self, x: float, y: float, w: float, words: str, size: float) -> None:
        """A label, spread over its cell; what is placed next stands beside it."""
        self.begin(Part.LABEL)
        self.spread(x, y, w, words, size)
        self.begin(Part.VALUE)

    def group(self, x: float, y: float, words: str, size: float, tracking: float = 0) -> None:
        """What heads a group of labels, in the middle of x."""
        self.begin(Part.GROUP)
        self.text(x, y, words, size, "center", tracking)

    def spread(self, x: float, y: float, w: float, words: str, size: float) -> None:
        """Words with their letters spread evenly over the width (均等割付); shrunk where they are too long for that."""
        for place, used, tracking, run in _spread(w, words, size):
            self.put(x + place, y, used, tracking, run)

    def fitted(self, x: float, y: float, w: float, words: str, size: float, what: str) -> None:
        """Words on one line with their baseline at y, shrunk as far as they need. Raises `TextOverflow`."""
        self.text(x, y, words, fitting.one_line(words, w, size, what))

    def lines(self, x: float, y: float, w: float, h: float, words: str, size: float, what: str) -> None:
        """Words in a place of width w and height h from y down, by the rule of `fitting.py`. Raises `TextOverflow`."""
        laid = fitting.fit(words, w, h, size, what)
        if not self.parts or self.parts[-1][0] is Part.TEXT:
            self.begin(Part.TEXT)
        for below, line in laid.lines:
            self._place(x, y + below, line, laid.size_pt)


@lru_cache(maxsize=1024)
def _spread(w: float, words: str, size: float) -> tuple[tuple[float, float, float, str], ...]:
    """The runs of a spread text: how far from its left edge (mm), size, tracking, letters. A form has few labels."""
    own = width_mm(words, size)
    if own > w:
        size = max(SMALLEST_PT, size * w / own)
        own = width_mm(words, size)
    mixed = len(_runs(words)) > 1 and size < 10  # small letters of two scripts are only centred
    gaps = 0 if mixed else len(words) - 1
    extra = min((w - own) / gaps, 2.2 * size * PT_MM) if gaps and own < w else 0.0
    begin, tracking = (w - own - extra * gaps) / 2, extra / PT_MM
    return tuple((begin + place, size, tracking, run) for place, run in _tracked(words, size, tracking))


def _tracked(words: str, size: float, tracking: float) -> list[tuple[float, str]]:
    """The runs of a text and how far each is from its left edge (mm)."""
    placed, x = [], 0.0
    for run in _runs(words) if tracking else (words,):
        placed.append((x, run))
        x += width_mm(run, size) + tracking * PT_MM * len(run)
    return placed


def _runs(words: str) -> list[str]:
    """Cut where the script changes: typst puts no tracking between letters of two scripts."""
    runs, script = [""], ""
    for character in words:
        own = next((name for name, first, last in _SCRIPTS if first <= character <= last), script)
        if runs[-1] and script and own != script:
            runs.append("")
        script = own
        runs[-1] += character
    return runs
