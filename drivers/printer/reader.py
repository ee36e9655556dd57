"""Turns a captured stream of this driver back into sheets of dots; an error names the byte's offset. Pure.

For a technician who has a captured `printer.bin`. It knows only the commands that `escpos` makes; text is
not drawn. The tests have a second, independent reader of the same bytes.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from drivers.printer.escpos import CLEAR_BUFFERS
from drivers.printer.profile import Profile


class UnreadableStream(Exception):
    """The stream is cut short or holds a command that this driver never sends; the message says where."""


@dataclass(frozen=True, slots=True)
class ReadSheet:
    """The dots between two cuts, rows x dots; True is black."""

    dots: NDArray[np.bool_] = field(repr=False)


# Commands of fixed length that do not move the paper -> their length in bytes.
_SILENT = {
    b"\x1b@": 2,
    b"\x1b3": 3,
    b"\x1da": 3,
    b"\x1d\xe0": 3,
    b"\x1dI": 3,
    b"\x1dr": 3,
    b"\x1dg": 6,
    b"\x1dR": 3,
    b"\x1d\xe2": 2,
    b"\x1d\xe3": 2,
    b"\x1d\xe4": 2,
}
_CUTS = {b"\x1bi": 2, b"\x1dV": 4}


class _Reader:
    def __init__(self, stream: bytes, profile: Profile) -> None:
        self.stream = stream
        self.profile = profile
        self.at = 0
        self.sheets: list[ReadSheet] = []
        self._rows: list[NDArray[np.bool_]] = []
        self._line: list[NDArray[np.bool_]] = []
        self._stored: NDArray[np.bool_] | None = None
        self._loose_units = 0

    def read(self) -> list[ReadSheet]:
        while self.at < len(self.stream):
            size = self._command()
            if self.at + size > len(self.stream):
                raise UnreadableStream(f"the command at byte {self.at} is cut short")
            self.at += size
        if self._rows:
            self._cut()
        return self.sheets

    def _command(self) -> int:
        """Carry out the command at `at`; return its length in bytes."""
        stream, at = self.stream, self.at
        head = stream[at : at + 2]
        if stream.startswith(CLEAR_BUFFERS, at):
            return len(CLEAR_BUFFERS)
        if head in (b"\x10\x04", b"\x10\x05"):
            return 3
        if head[:1] == b"\x00":
            return 1
        if head in _SILENT:
            return _SILENT[head]
        if head in _CUTS:
            self._cut()
            return _CUTS[head]
        if head == b"\x1de":
            return 4 if stream[at + 2 : at + 3] == b"\x03" else 3
        if head == b"\x1bJ":
            self._feed(stream[at + 2])
            return 3
        return self._image(head)

    def _image(self, head: bytes) -> int:
        stream, at = self.stream, self.at
        if head == b"\x1dv":
            width, height = self._short(4), self._short(6)
            self._rows.append(self._raster(at + 8, width, height))
            return 8 + width * height
        if head == b"\x1b*":
            columns = self._short(3)
            bits = np.unpackbits(self._bytes(at + 5, 3 * columns).reshape(columns, 3), axis=1)
            self._line.append(bits.T.astype(np.bool_))
            return 5 + 3 * columns
        if head in (b"\x1d(", b"\x1d8"):
            lead = 5 if head == b"\x1d(" else 7
            size = int.from_bytes(stream[at + 3 : at + lead], "little")
            self._block(stream[at + 2 : at + 3], at + lead)
            return lead + size
        raise UnreadableStream(f"unknown command {head.hex(' ')} at byte {at}")

    def _block(self, kind: bytes, body: int) -> None:
        function = self.stream[body : body + 2]
        if kind == b"L" and function == b"0p":
            width = int.from_bytes(self.stream[body + 6 : body + 8], "little")
            height = int.from_bytes(self.stream[body + 8 : body + 10], "little")
            self._stored = self._raster(body + 10, (width + 7) // 8, height)
        elif kind == b"L" and function == b"02" and self._stored is not None:
            self._rows.append(self._stored)
        elif kind != b"H":
            raise UnreadableStream(f"unknown block {kind!r} {function!r} at byte {self.at}")

    def _raster(self, start: int, width_bytes: int, height: int) -> NDArray[np.bool_]:
        data = self._bytes(start, width_bytes * height).reshape(height, width_bytes)
        return self._fit(np.unpackbits(data, axis=1).astype(np.bool_))

    def _feed(self, units: int) -> None:
        self._loose_units += units
        dots, self._loose_units = divmod(self._loose_units, self.profile.feed_units_per_dot)
        strip = np.zeros((dots, self.profile.width_dots), dtype=np.bool_)
        if self._line:
            line = self._fit(np.hstack(self._line))[:dots]
            strip[: line.shape[0]] = line
            self._line = []
        self._rows.append(strip)

    def _cut(self) -> None:
        if self._rows:
            self.sheets.append(ReadSheet(np.vstack(self._rows)))
        self._rows = []

    def _fit(self, dots: NDArray[np.bool_]) -> NDArray[np.bool_]:
        width = self.profile.width_dots
        return np.pad(dots[:, :width], ((0, 0), (0, max(0, width - dots.shape[1]))))

    def _short(self, offset: int) -> int:
        return int.from_bytes(self.stream[self.at + offset : self.at + offset + 2], "little")

    def _bytes(self, start: int, size: int) -> NDArray[np.uint8]:
        if start + size > len(self.stream):
            raise UnreadableStream(f"the image at byte {self.at} is cut short")
        return np.frombuffer(self.stream, np.uint8, size, start)


def read_sheets(stream: bytes, profile: Profile) -> list[ReadSheet]:
    """The sheets in a captured stream. Raises `UnreadableStream`."""
    return _Reader(stream, profile).read()
