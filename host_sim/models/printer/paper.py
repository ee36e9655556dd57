"""Paper: its dots, where it was cut, and what went wrong while it was printed.

Positions count rows from the last cut. The head is `head_to_cutter` rows behind the cutter. So the first rows of every
sheet (`lead`) are past the head before it can print, unless the printer draws the paper back all the way.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Dots = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Strip:
    """Dots from one pass of the head: `dots` begins at row `top`, dot `left`."""

    top: int
    left: int
    dots: Dots = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A piece of paper between two cuts.

    `complete`: nothing was lost while it was made, and no dot was printed after something had gone wrong (`mishaps`:
    cover opened, roll ended, power cut, memory wiped). `text`: what was printed by the printer's own letters.
    """

    width_dots: int
    height_dots: int
    complete: bool
    mishaps: tuple[str, ...]
    cut: str  # full, partial, torn
    text: str = field(repr=False)
    strips: tuple[_Strip, ...] = field(repr=False)

    def dots(self) -> Dots:
        """Rows x dots; True is black."""
        return _composed(self.strips, self.height_dots, self.width_dots)

    def rows(self) -> bytes:
        """Packed rows, most significant bit left, 1 = black."""
        return np.packbits(self.dots(), axis=1).tobytes()

    def image(self) -> Image.Image:
        """The sheet with one pixel for each dot, black on white, mode "1"."""
        return Image.fromarray(~self.dots())

    @property
    def blank(self) -> bool:
        return not any(bool(strip.dots.any()) for strip in self.strips)


def _composed(strips: Iterable[_Strip], height_dots: int, width_dots: int) -> Dots:
    """All strips in one array; dots beyond the sheet's edge are left out."""
    paper = np.zeros((height_dots, width_dots), dtype=np.bool_)
    for strip in strips:
        height = min(strip.dots.shape[0], height_dots - strip.top)
        width = min(strip.dots.shape[1], width_dots - strip.left)
        paper[strip.top : strip.top + height, strip.left : strip.left + width] |= strip.dots[:height, :width]
    return paper


class PaperPath:
    """The strip between the last cut and the roll."""

    def __init__(self, width_dots: int, head_to_cutter_dots: int, lead_dots: int) -> None:
        """`lead_dots`: how far the paper reaches beyond the head when it has been cut and drawn back."""
        self._width_dots = width_dots
        self.place_cutter(head_to_cutter_dots, lead_dots)
        self._strips: list[_Strip] = []
        self._mishaps: list[tuple[str, int]] = []  # what happened, and the number of strips then: more spoil the page
        self._text: list[str] = []
        self.burns = 0  # how often the head has burnt something in its life
        self.head = lead_dots  # row under the head

    def place_cutter(self, head_to_cutter_dots: int, lead_dots: int) -> None:
        self._head_to_cutter = head_to_cutter_dots
        self._drawn_back = head_to_cutter_dots - lead_dots

    @property
    def begun(self) -> bool:
        """Whether anything was printed since the last cut."""
        return bool(self._strips)

    def burn(self, dots: Dots, left: int = 0) -> None:
        """Print these rows at the head without moving the paper."""
        self.burns += 1
        self._strips.append(_Strip(self.head, left, dots))

    def burnt(self) -> Dots:
        """What was printed since the last cut, top row first."""
        rows = max((strip.top + strip.dots.shape[0] for strip in self._strips), default=1)
        return _composed(self._strips, rows, self._width_dots)

    def latest(self) -> Dots:
        """What the head burnt last."""
        return self._strips[-1].dots if self._strips else np.zeros((1, self._width_dots), dtype=np.bool_)

    def spoiled_by(self) -> tuple[str, ...]:
        """Why what was printed since the last cut is no whole page; empty if nothing spoiled it."""
        return tuple(name for name, strips in self._mishaps if strips < len(self._strips))

    def feed(self, rows: int) -> None:
        self.head += rows

    def write(self, text: str) -> None:
        self._text.append(text)

    def mishap(self, name: str, *, loss: bool) -> None:
        """Note that something went wrong. `loss`: dots that should have followed were lost."""
        if self.begun or loss:
            self._mishaps.append((name, -1 if loss else len(self._strips)))

    @property
    def beyond_the_cutter(self) -> int:
        """Rows that a cut now would cut off; not positive where there is nothing to cut off."""
        return self.head - self._head_to_cutter

    def cut(self, kind: str) -> Sheet | None:
        """Cut where the paper stands under the cutter; None when there is nothing to cut off."""
        at = self.beyond_the_cutter
        if at <= 0:
            return None
        above, below = [], []
        for strip in self._strips:
            split = min(max(at - strip.top, 0), strip.dots.shape[0])
            if split:
                above.append(_Strip(strip.top, strip.left, strip.dots[:split]))
            if split < strip.dots.shape[0]:
                below.append(_Strip(strip.top + split - at, strip.left, strip.dots[split:]))
        mishaps = self.spoiled_by()
        sheet = Sheet(
            width_dots=self._width_dots,
            height_dots=at,
            complete=not mishaps,
            mishaps=mishaps,
            cut=kind,
            text="".join(self._text),
            strips=tuple(above),
        )
        self._strips = below
        self._text.clear()
        self._mishaps = [("cut too early", -1)] if below else []
        self.head -= at + self._drawn_back
        return sheet
