"""Writes a picture to a framebuffer: in its pixel format, and only the rows that changed.

A resident's screen changes in few rows (a dot of the PIN, a sum), and each row takes time on a panel behind SPI or in
a simulator's file. So `FramebufferScreen` keeps the last picture as bytes and writes only the rows that differ.
"""

import errno
import os
from itertools import groupby
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from drivers.errors import LineLost, WrongDevice
from drivers.ports import PixelSink

Pixels = Literal["bgrx", "rgb565"]
BYTES_PER_PIXEL: dict[Pixels, int] = {"bgrx": 4, "rgb565": 2}

_DEVICE = "screen"
_SYSFS = Path("/sys/class/graphics")


def encode(image: Image.Image, pixels: Pixels) -> bytes:
    """An RGB picture as framebuffer bytes, row by row without padding.

    `bgrx`: 32 bits, blue first, the fourth byte 0 (little-endian XRGB8888). `rgb565`: 16 bits little-endian, red in
    the top five bits (Linux `Documentation/fb`, `include/uapi/linux/fb.h` offsets 11, 5, 0).
    """
    assert image.mode == "RGB", "screens are drawn in RGB"
    if pixels == "bgrx":
        return image.tobytes("raw", "BGRX")
    wide = np.asarray(image).astype(np.uint16)
    packed = (wide[..., 0] >> 3 << 11) | (wide[..., 1] >> 2 << 5) | (wide[..., 2] >> 3)
    return packed.astype("<u2").tobytes()


class FramebufferScreen:
    """Satisfies `firmware.ports.Screen`. Pictures must be RGB and exactly `size` (width, height)."""

    def __init__(self, sink: PixelSink, size: tuple[int, int] = (800, 480), pixels: Pixels = "bgrx") -> None:
        self._sink = sink
        self._size = size
        self._pixels = pixels
        self._row_bytes = size[0] * BYTES_PER_PIXEL[pixels]
        self._shown = b""

    def show(self, image: Image.Image) -> None:
        """Show the picture. Raises `LineLost` when it cannot be written; the next picture is then written whole."""
        assert image.size == self._size, f"the panel has {self._size} pixels, the picture {image.size}"
        rows, shown = encode(image, self._pixels), self._shown
        if rows == shown:
            return
        # If a write fails, the panel holds an unknown mixture: forget the last picture until all rows are written.
        self._shown = b""
        for top, bottom in self._changed(shown, rows):
            self._sink.write_rows(top, rows[top * self._row_bytes : bottom * self._row_bytes])
        self._shown = rows

    def blank(self) -> None:
        """Make every pixel black, whatever was there before this object. Raises `LineLost`."""
        self._shown = b""
        self.show(Image.new("RGB", self._size))

    def _changed(self, before: bytes, after: bytes) -> list[tuple[int, int]]:
        """Runs of rows (top, bottom exclusive) that differ."""
        if len(before) != len(after):
            return [(0, self._size[1])]
        width = self._row_bytes
        # memcmp compares slices of bytes; slices of a memoryview are compared item by item.
        differs = (before[at : at + width] != after[at : at + width] for at in range(0, len(after), width))
        runs, top = [], 0
        for changed, run in groupby(differs):
            bottom = top + sum(1 for _ in run)
            if changed:
                runs.append((top, bottom))
            top = bottom
        return runs


class FileSink:
    """Writes rows to /dev/fb0, or to a file of the same layout, which it creates if it is not there (never below /dev).

    Opens nothing yet. The first write opens it, and so does the first write after a failure. Raises `WrongDevice` when the
    kernel reports another size or format for the device, `LineLost` when it cannot be opened or written.
    """

    def __init__(self, path: Path, size: tuple[int, int] = (800, 480), pixels: Pixels = "bgrx") -> None:
        self._path = path
        self._size = size
        self._pixel_bytes = BYTES_PER_PIXEL[pixels]
        self._row_bytes = size[0] * self._pixel_bytes
        self._stride = self._row_bytes
        self._file = -1

    def write_rows(self, top: int, rows: bytes) -> None:
        """As `PixelSink.write_rows`."""
        if self._file < 0:
            self._open()
        padding = bytes(self._stride - self._row_bytes)
        if padding:
            width = self._row_bytes
            rows = b"".join(rows[at : at + width] + padding for at in range(0, len(rows), width))
        try:
            written = 0
            while written < len(rows):
                written += os.pwrite(self._file, memoryview(rows)[written:], top * self._stride + written)
        except OSError as error:
            self.close()
            raise LineLost(
                _DEVICE, f"{self._path} cannot be written ({error.strerror}): check the panel's cable."
            ) from error

    def close(self) -> None:
        """Close the device; the picture stays on the panel. Calling it twice is harmless."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self) -> None:
        device = self._path.resolve()
        try:
            if device.is_char_device():
                self._stride = _stride_of(_SYSFS / device.name, self._path, self._size, self._pixel_bytes)
                self._file = os.open(self._path, os.O_WRONLY)
            else:
                made = 0 if device.is_relative_to("/dev") else os.O_CREAT
                self._file = os.open(self._path, os.O_WRONLY | made, 0o600)
                os.truncate(self._file, self._stride * self._size[1])
        except OSError as error:
            self.close()
            why = f"{self._path} cannot be opened ({error.strerror}): {_ADVICE.get(error.errno or 0, _ELSE)}"
            raise LineLost(_DEVICE, why) from error


_ADVICE = {
    errno.ENOENT: "connect the panel and switch its driver on (hardware/boot), or correct the path in the unit file.",
    errno.EACCES: "add the service's user to the group video (hardware/install.sh does).",
    errno.ENOTDIR: "correct the path in the unit file.",
    errno.EISDIR: "correct the path in the unit file.",
}
_ELSE = "check the panel's cable and driver."


def _stride_of(facts: Path, path: Path, size: tuple[int, int], bytes_per_pixel: int) -> int:
    """Bytes from one row of a Linux framebuffer to the next, after checking that it is the panel we draw for."""
    try:
        width, height = (int(number) for number in (facts / "virtual_size").read_text().split(","))
        bits = int((facts / "bits_per_pixel").read_text())
        stride = int((facts / "stride").read_text())
    except (OSError, ValueError):
        raise WrongDevice(_DEVICE, f"{path} is no framebuffer: correct the path in the unit file.") from None
    if (width, bits) != (size[0], 8 * bytes_per_pixel) or height < size[1]:
        raise WrongDevice(
            _DEVICE,
            f"{path} is {width}x{height} with {bits} bits a pixel, "
            f"but {size[0]}x{size[1]} with {8 * bytes_per_pixel} is needed: correct the display mode or the unit file.",
        )
    return stride
