"""An image on its way from the buffer to the head, row by row."""

from dataclasses import dataclass

import numpy as np

from host_sim.models.printer.paper import Dots

_ROWS_AT_ONCE = 48
_REAL_TIME = (b"\x10\x04", b"\x10\x05", b"\x10\x14")


@dataclass(slots=True)
class RasterRun:
    """GS v 0 under way."""

    row_bytes: int
    rows_left: int

    def rows_now(self, waiting_bytes: int, bytes_to_fault: int | None) -> int:
        """How many whole rows may be printed at once before the next fault."""
        rows = min(waiting_bytes // self.row_bytes, self.rows_left, _ROWS_AT_ONCE)
        return rows if bytes_to_fault is None else min(rows, bytes_to_fault // self.row_bytes)

    def dots(self, data: bytes, width_dots: int) -> Dots:
        rows = np.frombuffer(data, dtype=np.uint8).reshape(-1, self.row_bytes)
        return np.unpackbits(rows, axis=1)[:, :width_dots].astype(np.bool_)


class LookAlikes:
    """Finds real-time commands in image data, also where one is split between two pieces."""

    def __init__(self) -> None:
        self._last = b""

    def begin(self) -> None:
        """Begin with another image."""
        self._last = b""

    def found(self, data: bytes) -> list[str]:
        seen = self._last + data
        self._last = data[-1:]
        return [second.hex(" ") for second in _REAL_TIME if second in seen]
