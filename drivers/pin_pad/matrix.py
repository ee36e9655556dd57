"""The wires of a key matrix on GPIO pins (`drivers/gpio.py`).

Rows are inputs pulled up. A scan drives one column after the other low while the rest float, so two keys in
one row never connect a low output to a high one. The pins are safe without diodes; only phantom keys remain.
A wait drives all columns low together: any key then pulls its row down, and the edge ends the wait. So an
untouched keypad is not scanned.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from queue import Empty, SimpleQueue

from drivers.errors import DeviceError
from drivers.gpio import Wire


class MatrixPins:
    """The pins of one matrix, by BCM number. Raises what `Wire` raises."""

    def __init__(self, rows: Sequence[int], columns: Sequence[int]) -> None:
        self._edges: SimpleQueue[None] = SimpleQueue()
        self._pins = ExitStack()
        try:
            self._rows = [self._open(pin, pull_up=True) for pin in rows]
            self._columns = [self._open(pin, pull_up=False) for pin in columns]
        except DeviceError:
            self._pins.close()
            raise
        self._release_columns()

    def closed(self) -> frozenset[tuple[int, int]]:
        """Scan once: every crossing (row, column) that looks closed, phantoms included."""
        seen: set[tuple[int, int]] = set()
        for number, column in enumerate(self._columns):
            column.pull_low()
            seen.update((row, number) for row, wire in enumerate(self._rows) if wire.low)
            column.release()
        return frozenset(seen)

    def wait_for_activity(self, timeout_s: float) -> bool:
        """Sleep until a key is touched or `wake` is called (True), or `timeout_s` is over (False)."""
        for row in self._rows:
            row.watch(self._edge)
        for column in self._columns:
            column.pull_low()
        try:
            # No edge comes for a key that closed before the columns were driven.
            if any(row.low for row in self._rows):
                return True
            self._edges.get(timeout=timeout_s)
        except Empty:
            return False
        else:
            return True
        finally:
            for row in self._rows:
                row.watch(None)
            self._release_columns()
            while not self._edges.empty():
                self._edges.get_nowait()

    def wake(self) -> None:
        """End a wait early. The one method that another thread may call."""
        self._edges.put(None)

    def close(self) -> None:
        """Give the pins back. Calling it twice is harmless."""
        self._pins.close()

    def _open(self, pin: int, *, pull_up: bool) -> Wire:
        wire = Wire("keypad", pin, pull_up=pull_up, edges="falling")
        self._pins.callback(wire.close)
        return wire

    def _edge(self, _edge: object) -> None:
        self._edges.put(None)

    def _release_columns(self) -> None:
        for column in self._columns:
            column.release()
