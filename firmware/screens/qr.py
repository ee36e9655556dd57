"""QR codes, for the screens and the slips."""

import numpy as np
from PIL import Image

QUIET_MODULES = 4  # white on each side (ISO/IEC 18004)


def modules(text: str, error: str) -> np.ndarray:
    """1 for black and 0 for white, with the quiet zone. `error`: l, m, q or h, how much of it may at least be hidden."""
    import segno  # noqa: PLC0415  a code is rare, and a start shall not wait for this

    matrix = segno.make(text, error=error, micro=False).matrix
    return np.pad(np.array([list(row) for row in matrix], dtype=np.uint8), QUIET_MODULES)


def picture(text: str, error: str, pixels: int) -> Image.Image:
    """Black on white, so many pixels to a module."""
    black = np.kron(modules(text, error), np.ones((pixels, pixels), dtype=np.uint8))
    return Image.fromarray((1 - black) * 255).convert("RGBA")
