"""The keypad's contacts as a unit file names them, for programs that use the keypad alone: on pins, or on the I/O board."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from drivers.io_board.link import DEVICE, BoardLink
from drivers.io_board.wires import BoardKeys
from drivers.pin_pad.matrix import MatrixPins
from drivers.pin_pad.pin_pad import KeyMatrixPins
from drivers.serial_stream import SerialStream


@contextmanager
def keypad_of(unit: Mapping[str, Any], run_dir: Path) -> Iterator[KeyMatrixPins]:
    """`unit`: a unit file's tables; a relative port of the board begins in `run_dir`. Raises `DeviceError`."""
    keypad = unit["keypad"]
    if keypad.get("via") == "io_board":
        link = BoardLink(SerialStream(str(run_dir / unit["io_board"]["port"]), 115200, time, device=DEVICE), time)
        try:
            yield BoardKeys(link)
        finally:
            link.close()
        return
    pins = MatrixPins(keypad["rows"], keypad["columns"])
    try:
        yield pins
    finally:
        pins.close()
