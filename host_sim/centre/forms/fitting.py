"""The one rule by which a text is fitted into its place on a form: readings, names, addresses, answers, labels.

(1) One line at the size of the form, or at no less than `COMFORTABLE` of it. (2) Else wrapped into as many lines as the
place holds, as large as possible. (3) Else one line at `SMALLEST_PT` or more; smaller strokes break on a head of 203 dots
to the inch. (4) Else it does not fit: `TextOverflow`, and the form continues it in its annex line or the counter issues it
(standard 5.8). Nothing is ever cut off.

Lines break after blanks and hyphens and between Japanese letters, never within a Latin word or a number. Which marks begin
or end no line is 行頭禁則 and 行末禁則 of JIS X 4051. Lengths are millimetres, sizes points.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from host_sim.centre.forms.font import SELECTORS, font

PT_MM = 25.4 / 72
SMALLEST_PT = 7.0
STEP_PT = 0.5
COMFORTABLE = 0.8
PITCH = 1.12  # from baseline to baseline, of the size
ASCENT = 0.83  # from the top of a line to its baseline, of the pitch
NOT_FIRST = frozenset(
    "ー、。，．・：；）」』】〕〉》］｝ゃゅょっぁぃぅぇぉゎャュョッァィゥェォヮヵヶ々ゝゞヽヾ‐゠－–〜～"
)
NOT_LAST = frozenset("（「『【〔〈《［｛")
BLANKS = frozenset(" \u3000")
_HYPHENS = frozenset("-‐")


class TextOverflow(Exception):
    """A text does not fit into its place even at the smallest size. The message names the place, never the text."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """How a text stands in its place: its size, and its lines with their baselines, mm below the upper edge."""

    size_pt: float
    lines: tuple[tuple[float, str], ...]


def width_mm(words: str, size: float) -> float:
    return font().width_em(words) * size * PT_MM


def one_line(words: str, w: float, size: float, what: str) -> float:
    """The largest size up to `size` at which the words are no wider than w. Raises `TextOverflow`."""
    natural = width_mm(words, size)
    if natural <= w:
        return size
    if size * w / natural < SMALLEST_PT:
        raise TextOverflow(f"{what} does not fit on the form")
    return size * w / natural


def fit(words: str, w: float, h: float, size: float, what: str) -> Fitted:
    """A text in a place of width w and height h. Raises `TextOverflow`."""
    natural = width_mm(words, size)
    shrunk = size * min(1.0, w / natural) if natural else size
    if shrunk >= max(SMALLEST_PT, size * COMFORTABLE) and shrunk * PT_MM <= h:
        return Fitted(shrunk, ((h / 2 + shrunk * PT_MM * 0.36, words),))
    for used in _steps(size):
        lines = wrap(words, w, used)
        pitch = used * PT_MM * PITCH
        if len(lines) * pitch <= h and all(width_mm(line.rstrip(), used) <= w for line in lines):
            top = (h - len(lines) * pitch) / 2
            return Fitted(used, tuple((top + pitch * (n + ASCENT), line) for n, line in enumerate(lines)))
    if shrunk >= SMALLEST_PT and shrunk * PT_MM <= h:
        return Fitted(shrunk, ((h / 2 + shrunk * PT_MM * 0.36, words),))
    raise TextOverflow(f"{what} does not fit on the form")


def _steps(size: float) -> list[float]:
    steps = []
    while size > SMALLEST_PT:
        steps.append(size)
        size -= STEP_PT
    return [*steps, SMALLEST_PT]


def wrap(words: str, w: float, size: float) -> list[str]:
    """A text in lines no wider than w, where a blank at the end of a line is not counted.

    A piece that is wider than a line by itself gets a line of its own, which is then too wide.
    """
    room_em = w / (size * PT_MM) + 1e-9
    lines: list[str] = []
    line, used = "", 0.0
    for piece in pieces(words):
        ink = font().width_em(piece.rstrip())
        if line and used + ink > room_em:
            lines.append(line)
            line, used = "", 0.0
        line += piece
        used += font().width_em(piece)
    return [*lines, line] if line else lines


@lru_cache(maxsize=1024)
def pieces(words: str) -> tuple[str, ...]:
    """A text cut at every place where a line may end; a blank, a hyphen and a selector stay with what is before them."""
    cut: list[str] = []
    for character in words:
        if cut and not _may_break(cut[-1][-1], character):
            cut[-1] += character
        else:
            cut.append(character)
    return tuple(cut)


def _may_break(before: str, after: str) -> bool:
    if ord(after) in SELECTORS or after in BLANKS or after in NOT_FIRST or before in NOT_LAST:
        return False
    if before in BLANKS or before in _HYPHENS:
        return True
    return ord(before) in SELECTORS or _japanese(before) or _japanese(after)


@lru_cache(maxsize=65536)
def _japanese(character: str) -> bool:
    """Whether a line may end beside this letter: Han, kana (変体仮名 too), Hangul, full-width forms, and MJ+."""
    return unicodedata.east_asian_width(character) in "WF" or unicodedata.category(character) == "Co"
