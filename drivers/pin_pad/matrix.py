"""The wires of a key matrix on GPIO pins, through gpiozero, which is imported here and nowhere else in `drivers`.

Rows are inputs pulled up. To scan, one column after the other is driven low while the rest float, so two keys in
one row never join a low output to a high one: the matrix needs no diodes to be safe, only to be unambiguous.
To wait, all columns are driven low together: any key then pulls its row down and the edge wakes us, so an
untouched machine scans nothing.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from queue import Empty, SimpleQueue

from gpiozero import GPIODevice, InputDevice
from gpiozero.exc import BadPinFactory, GPIOPinInUse, PinError

from drivers.errors import LineLost, WrongDevice

_DEVICE = "keypad"


class MatrixPins:
    """The pins of one matrix, by BCM number; the pin factory is gpiozero's default (`GPIOZERO_PIN_FACTORY`).

    Raises `LineLost` when this computer has no GPIO, `WrongDevice` when a pin does not exist or is taken.
    """

    def __init__(self, rows: Sequence[int], columns: Sequence[int]) -> None:
        self._edges: SimpleQueue[None] = SimpleQueue()
        self._pins = ExitStack()
        try:
            self._rows = [self._pins.enter_context(InputDevice(pin, pull_up=True)) for pin in rows]
            self._columns = [self._pins.enter_context(GPIODevice(pin)) for pin in columns]
            for row in self._rows:
                row.pin.edges = "falling"
            self._release_columns()
        except (PinError, GPIOPinInUse) as error:
            self._pins.close()
            raise WrongDevice(_DEVICE, f"a pin of rows {list(rows)}, columns {list(columns)}: {error}.") from error
        except (BadPinFactory, OSError) as error:
            self._pins.close()
            raise LineLost(_DEVICE, f"the GPIO pins cannot be opened: {error}.") from error

    def closed(self) -> frozenset[tuple[int, int]]:
        """Scan once: every crossing (row, column) that looks closed, phantoms included."""
        seen: set[tuple[int, int]] = set()
        for number, column in enumerate(self._columns):
            column.pin.output_with_state(False)
            seen.update((row, number) for row, device in enumerate(self._rows) if not device.pin.state)
            column.pin.function = "input"
        return frozenset(seen)

    def wait_for_activity(self, timeout_s: float) -> bool:
        """Sleep until a key is touched or `wake` is called (True), or `timeout_s` is over (False)."""
        for row in self._rows:
            row.pin.when_changed = self._edge
        for column in self._columns:
            column.pin.output_with_state(False)
        try:
            # The key may have closed before the columns were driven: then no edge comes.
            if not all(row.pin.state for row in self._rows):
                return True
            self._edges.get(timeout=timeout_s)
        except Empty:
            return False
        else:
            return True
        finally:
            for row in self._rows:
                row.pin.when_changed = None
            self._release_columns()
            while not self._edges.empty():
                self._edges.get_nowait()

    def wake(self) -> None:
        """End a wait early. The one method that another thread may call."""
        self._edges.put(None)

    def close(self) -> None:
        """Give the pins back. Calling it twice is harmless."""
        self._pins.close()

    def _edge(self, _ticks: float, _state: int) -> None:
        self._edges.put(None)

    def _release_columns(self) -> None:
        for column in self._columns:
            column.pin.function = "input"
