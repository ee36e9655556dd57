"""The bar that says VOID, printed below the fragment of a spoiled sheet before it is cut off. Pure.

A fragment looks like a certificate. Its issue number is void at the centre, and a person must see that on the paper.
"""

import numpy as np

from drivers.printer.escpos import bands, feed, sendable
from drivers.printer.profile import Profile

_LETTERS = ("#...#..###..#####.####.", "#...#.#...#...#...#...#", ".#.#..#...#...#...#...#", "..#....###..#####.####.")


def void_band(profile: Profile) -> bytes:
    """Commands that print the bar across the head: white letters on black, repeated, and feed to the shortest cut.

    A strip shorter than `shortest_cut_mm` would stay in the path, and the next page would bear the bar.
    """
    cell = max(1, round(profile.dpi / 25.4))  # one millimetre
    word = np.array([[dot == "#" for dot in line] for line in _LETTERS], dtype=np.bool_)
    framed = np.pad(word, ((1, 1), (2, 2)))
    scaled = np.kron(framed, np.ones((cell, cell), dtype=np.bool_))
    times = profile.width_dots // scaled.shape[1] + 1
    bar = ~np.tile(scaled, (1, times))[:, : profile.width_dots]
    rows = sendable(np.packbits(bar, axis=1).tobytes(), profile.width_dots, profile)
    data = b"".join(band.data for band in bands(rows, profile.width_dots, profile))
    return data + feed(max(0, profile.dots(profile.shortest_cut_mm) - bar.shape[0]), profile)
