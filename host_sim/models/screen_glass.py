"""The screen's picture as a person sees it: the bytes of its framebuffer, read as colours.

The pixel formats, written down without the driver's code: 32 bits with blue first and one byte unused, or 16 bits
little-endian with five bits of red on top, six of green, five of blue.
"""

import zlib
from io import BytesIO
from pathlib import Path

from PIL import Image

WIDTH, HEIGHT = 800, 480


class ScreenGlass:
    """The framebuffer's memory. It starts black."""

    def __init__(self, width: int = WIDTH, height: int = HEIGHT, pixels: str = "bgrx") -> None:
        self.width, self.height, self.pixels = width, height, pixels
        self._row_bytes = width * {"bgrx": 4, "rgb565": 2}[pixels]
        self._memory = bytearray(self._row_bytes * height)
        self.rows_written = 0  # since the start: tests see here whether a screen driver writes too much

    def write_rows(self, top: int, rows: bytes) -> None:
        """Write whole rows from row `top` down. Raises ValueError when they do not fit the screen."""
        count, rest = divmod(len(rows), self._row_bytes)
        if rest or top < 0 or top + count > self.height:
            raise ValueError(f"{len(rows)} bytes at row {top} do not fit {self.width}x{self.height}")
        self._memory[top * self._row_bytes : (top + count) * self._row_bytes] = rows
        self.rows_written += count

    def load(self, path: Path) -> bool:
        """Read the memory from a framebuffer file. False for a file that is too short or has not changed."""
        data = path.read_bytes()
        if len(data) != len(self._memory) or data == self._memory:
            return False
        self._memory[:] = data
        return True

    def image(self) -> Image.Image:
        """The picture on the glass, RGB."""
        size, memory = (self.width, self.height), bytes(self._memory)
        if self.pixels == "bgrx":
            return Image.frombuffer("RGB", size, memory, "raw", "BGRX", 0, 1).copy()
        return Image.frombytes("RGB", size, memory, "raw", "BGR;16")

    def png(self) -> bytes:
        """The picture as a PNG file, made for speed rather than size."""
        out = BytesIO()
        self.image().save(out, "PNG", compress_level=1)
        return out.getvalue()

    def fingerprint(self) -> int:
        """A hash of the picture, to compare screens."""
        return zlib.crc32(self._memory)
