"""The wires of a key matrix on GPIO pins (`drivers/gpio.py`).

Rows are inputs pulled up. A scan drives one column after the other low while the rest float, so two keys in
one row never connect a low output to a high one. The pins are safe without diodes; only phantom keys remain.
A wait drives all columns low together: any key then pulls its row down, and the edge ends the wait. So an
untouched keypad is not scanned.

After any failure all pins are given back. The next call opens all of them before it scans: a column that was left low would
make keys look closed that are not.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import Empty, SimpleQueue

from drivers.errors import DeviceError
from drivers.gpio import Wire


class MatrixPins:
    """The pins of one matrix, by BCM number. Opens nothing yet; every call but `close` raises what `Wire` raises."""

    def __init__(self, rows: Sequence[int], columns: Sequence[int]) -> None:
        self._edges: SimpleQueue[None] = SimpleQueue()
        self._rows = [Wire("keypad", pin, pull_up=True, heard=self._edge, edges="falling") for pin in rows]
        self._columns = [Wire("keypad", pin, pull_up=False) for pin in columns]
        self._open = False

    def closed(self) -> frozenset[tuple[int, int]]:
        """Scan once: every crossing (row, column) that looks closed, phantoms included."""
        seen: set[tuple[int, int]] = set()
        with self._opened():
            for number, column in enumerate(self._columns):
                column.pull_low()
                seen.update((row, number) for row, wire in enumerate(self._rows) if wire.low)
                column.release()
        return frozenset(seen)

    def wait_for_activity(self, timeout_s: float) -> bool:
        """Sleep until a key is touched (True), or `timeout_s` is over (False)."""
        with self._opened():
            for column in self._columns:
                column.pull_low()
            self._forget_edges()
            # No edge comes for a key that closed before the columns were driven.
            touched = any(row.low for row in self._rows) or self._edge_within(timeout_s)
            for column in self._columns:
                column.release()
        return touched

    def close(self) -> None:
        """Give the pins back. Calling it twice is harmless."""
        self._open = False
        for wire in (*self._rows, *self._columns):
            wire.close()

    # --- inside ---------------------------------------------------------------------------------

    @contextmanager
    def _opened(self) -> Iterator[None]:
        """All pins open; all are given back when one fails."""
        try:
            if not self._open:
                for wire in (*self._rows, *self._columns):
                    wire.open()
                self._open = True
            yield
        except DeviceError:
            self.close()
            raise

    def _edge(self, _edge: object) -> None:
        """Called on the pin factory's thread. A key that is held makes edges with every scan; one is enough."""
        if self._edges.empty():
            self._edges.put(None)

    def _edge_within(self, timeout_s: float) -> bool:
        try:
            self._edges.get(timeout=timeout_s)
        except Empty:
            return False
        return True

    def _forget_edges(self) -> None:
        """Forget the edges that our own scans made."""
        while not self._edges.empty():
            self._edges.get_nowait()
