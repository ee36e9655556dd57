"""The ground of the sheet: a hidden word that shows on a photocopy, and micro-text. Made for a black-and-white head.

Both are drawn in single dots of the 203 dpi head (0.125 mm). **けん制文字**: the ground is single dots, one in 4 x 4;
inside the strokes of the word 「複写」 the same blackness is gathered into large dots (`LARGE`). To the eye
both are the same light grey; on a copy they differ. (The principle of the 複写 forms, form rule 9; shape and sizes are
ours, for this head.) There are two ways:

- A lens that loses the single dots still sees its dark core.
- A lens so sharp that it keeps the single dots fills the gaps between core and arms, which are one dot wide and have black on two
  sides. So the copy of a large dot has at least twice its ink, and a single dot stays a single dot. A large dot without gaps (3 x 3, until
  2026-11-30) is copied as it is there, and the word stays hidden.

Large dots stand in rows, every other row moved by half a step: so they come as near to each other as their blackness allows.
The letters have some twenty rows of them; with fewer, 「複」 cannot be read.

**Micro-text** is set in an alphabet of 3 x 5 dots, 0.6 mm high: a line that repeats the issue number, readable with a magnifier
and smeared by a copier. It is drawn, not set, so it is no part of the certificate's text.

**見本** (form rule 12): a sample city's papers bear the word across the sheet, four times in each cell of the ground, in dots
of 2 x 2, one in 6 x 6. Dots of this size stay on a copy, and leave the
letters of the form readable. The ground keeps off its strokes, so that their edges are seen.
"""

import io
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

CELL_DOTS = 1056  # 132 mm; whole steps of every grid of dots, which so go on from cell to cell
FINE = 4  # dots from one single dot to the next
LARGE = (
    ".#.#.#..",
    "..#..##.",
    ".#..#...",
    "#..##.#.",
    "..####..",
    ".#...#..",
    "...#..#.",
    "..#.#...",
)
ACROSS, DOWN = 22, 16  # dots from one large dot to the next: a large dot has as many as stand singly in this space
WORD_FONT = Path("/usr/share/fonts/truetype/bizud-gothic/BIZUDGothic-Bold.ttf")  # needed only to make the picture
FOLDER = Path(__file__).parent
SAMPLE_DOTS, SAMPLE_PITCH, SAMPLE_MARGIN = 528, 6, 10  # from one 見本 to the next; from dot to dot; white around it

_GLYPHS = {
    "A": "010101111101101",
    "B": "110101110101110",
    "C": "011100100100011",
    "D": "110101101101110",
    "E": "111100110100111",
    "F": "111100110100100",
    "G": "011100101101011",
    "H": "101101111101101",
    "I": "111010010010111",
    "J": "001001001101010",
    "K": "101101110101101",
    "L": "100100100100111",
    "M": "101111111101101",
    "N": "110101101101101",
    "O": "010101101101010",
    "P": "110101110100100",
    "Q": "010101101110011",
    "R": "110101110101101",
    "S": "011100010001110",
    "T": "111010010010010",
    "U": "101101101101111",
    "V": "101101101101010",
    "W": "101101111111101",
    "X": "101101010101101",
    "Y": "101101010010010",
    "Z": "111001010100111",
    "0": "111101101101111",
    "1": "010110010010111",
    "2": "110001010100111",
    "3": "110001010001110",
    "4": "101101111001001",
    "5": "111100110001110",
    "6": "011100111101111",
    "7": "111001010010010",
    "8": "111101111101111",
    "9": "111101111001110",
    "-": "000000111000000",
    "/": "001001010100100",
    ".": "000000000000010",
}
LETTER_DOTS, LINE_DOTS = 4, 5


def word() -> NDArray[np.bool_]:
    """Where in one cell large dots stand: two words, the second half a cell lower and further. In whole places of a large dot."""
    words = Image.new("1", (CELL_DOTS, CELL_DOTS))
    draw = ImageDraw.Draw(words)
    face = ImageFont.truetype(str(WORD_FONT), 440)
    for x, y in ((88, 44), (616, 572), (-440, 572)):
        draw.text((x, y), "複写", font=face, fill=1)
    rows, columns = np.indices((CELL_DOTS, CELL_DOTS))
    down, across = _in_place()
    # A large dot is drawn whole or not at all, by whether the middle of its place lies inside the letter.
    middles = rows - down + DOWN // 2, (columns - across + ACROSS // 2) % CELL_DOTS
    inside: NDArray[np.bool_] = np.asarray(words, dtype=np.bool_)[middles]
    return inside


def _in_place() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How far down and across each dot lies from the corner of its place."""
    rows, columns = np.indices((CELL_DOTS, CELL_DOTS))
    return rows % DOWN, (columns - rows // DOWN % 2 * (ACROSS // 2)) % ACROSS


def cell() -> NDArray[np.bool_]:
    """One cell of the ground, True where it is black."""
    rows, columns = np.indices((CELL_DOTS, CELL_DOTS))
    fine = (rows % FINE == 0) & (columns % FINE == 0)
    place = np.zeros((DOWN, ACROSS), dtype=np.bool_)
    # In the corner of its place a large dot gives as much of its grey to what is around the letter as the single dots
    # there give back. In the middle it would give less, and the letter would look darker than the ground.
    place[: len(LARGE), 1 : 1 + len(LARGE[0])] = [[dot == "#" for dot in row] for row in LARGE]
    black: NDArray[np.bool_] = np.where(word(), place[_in_place()], fine)
    return black


def _diagonal() -> Image.Image:
    """見本 from the lower left to the upper right, four times in one cell, white on black."""
    letters = Image.new("L", (SAMPLE_DOTS, SAMPLE_DOTS))
    face = ImageFont.truetype(str(WORD_FONT), SAMPLE_DOTS // 2)
    ImageDraw.Draw(letters).text((SAMPLE_DOTS // 2, SAMPLE_DOTS // 2), "見本", font=face, fill=255, anchor="mm")
    once = np.asarray(letters.rotate(45, Image.Resampling.BICUBIC).point(lambda grey: 255 * (grey >= 128)))
    return Image.fromarray(np.tile(once, (CELL_DOTS // SAMPLE_DOTS, CELL_DOTS // SAMPLE_DOTS)))


def sample() -> NDArray[np.bool_]:
    """One cell of 見本, True where it is black."""
    rows, columns = np.indices((CELL_DOTS, CELL_DOTS))
    tone = (rows % SAMPLE_PITCH < 2) & (columns % SAMPLE_PITCH < 2)
    black: NDArray[np.bool_] = (np.asarray(_diagonal()) > 0) & tone
    return black


def pictures() -> dict[str, NDArray[np.bool_]]:
    """The cells that `plot.typ` repeats, by the names of the files in which they are stored, not made at run time."""
    beside = np.asarray(_diagonal().filter(ImageFilter.MaxFilter(2 * SAMPLE_MARGIN + 1))) > 0
    return {"ground.png": cell(), "ground_sample.png": (cell() & ~beside) | sample(), "sample.png": sample()}


def png(black: NDArray[np.bool_]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(~black).save(out, "PNG", optimize=True)
    return out.getvalue()


def micro_text(words: str, width_dots: int) -> NDArray[np.bool_]:
    """A line of micro-text, 5 dots high, True where black. Repeats `words`, without characters that have no glyph."""
    glyphs = _glyphs()
    letters = [glyphs[letter] for letter in words.upper() if letter in glyphs]
    line = np.concatenate(letters, axis=1)
    return np.tile(line, (1, -(-width_dots // line.shape[1])))[:, :width_dots]


@cache
def _glyphs() -> dict[str, NDArray[np.bool_]]:
    """Each letter as dots, with the empty column after it."""
    glyphs = {" ": np.zeros((LINE_DOTS, LETTER_DOTS), dtype=np.bool_)}
    for letter, bits in _GLYPHS.items():
        glyph = np.zeros((LINE_DOTS, LETTER_DOTS), dtype=np.bool_)
        glyph[:, :3] = np.array([bit == "1" for bit in bits]).reshape(LINE_DOTS, 3)
        glyphs[letter] = glyph
    return glyphs


if __name__ == "__main__":  # python -m host_sim.centre.forms.ground: draw the stored pictures again
    for name, black in pictures().items():
        (FOLDER / name).write_bytes(png(black))
