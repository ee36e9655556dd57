"""What a person standing in front of the panel sees: the bytes of its memory, read as colours.

A second reading of the pixel formats: 32 bits with blue first and a byte unused, or 16 bits little-endian with
five bits of red on top, six of green, five of blue. Rows arrive in any order and any number.
"""

import zlib
from io import BytesIO
from pathlib import Path

from PIL import Image

WIDTH, HEIGHT = 800, 480


class ScreenGlass:
    """The panel's memory. It starts dark, as a panel without signal does."""

    def __init__(self, width: int = WIDTH, height: int = HEIGHT, pixels: str = "bgrx") -> None:
        self.width, self.height, self.pixels = width, height, pixels
        self._row_bytes = width * {"bgrx": 4, "rgb565": 2}[pixels]
        self._memory = bytearray(self._row_bytes * height)
        self.rows_written = 0  # since the start; a screen driver that writes too much shows here

    def write_rows(self, top: int, rows: bytes) -> None:
        """Whole rows from row `top` down. Raises ValueError when they do not fit the panel."""
        count, rest = divmod(len(rows), self._row_bytes)
        if rest or top < 0 or top + count > self.height:
            raise ValueError(f"{len(rows)} bytes at row {top} do not fit {self.width}x{self.height}")
        self._memory[top * self._row_bytes : (top + count) * self._row_bytes] = rows
        self.rows_written += count

    def load(self, path: Path) -> bool:
        """Take the memory from a framebuffer file; True when it differs. A short file is no screen yet."""
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
        """Equal for equal pictures: to see whether anything changed, or whether two screens are the same."""
        return zlib.crc32(self._memory)
