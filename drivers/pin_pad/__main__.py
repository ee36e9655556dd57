"""The keypad on the bench: `python -m drivers.pin_pad --unit hardware/units/dev-store.toml watch`.

`watch` prints each key event as the machine gets it. `raw` prints the closed contacts whenever they change: if a whole
row or column never shows, its wire is broken; if one press prints many lines, the contact is dirty. Ctrl-C ends both.
"""

import argparse
import time
import tomllib
from pathlib import Path

from drivers.errors import DeviceError
from drivers.pin_pad.entry import PinBuffer
from drivers.pin_pad.pin_pad import KeyMatrixPins, MatrixPinPad
from drivers.pin_pad.wired import keypad_of


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m drivers.pin_pad", description=__doc__)
    parser.add_argument("--unit", type=Path, required=True, help="a unit file with a [keypad] table")
    parser.add_argument("--run-dir", type=Path, default=Path("/run/kofuki"), help="where relative paths begin")
    parser.add_argument("what", choices=["watch", "raw"])
    arguments = parser.parse_args()
    unit = tomllib.loads(arguments.unit.read_text(encoding="utf-8"))
    keys = unit["keypad"]["keys"]
    try:
        with keypad_of(unit, arguments.run_dir) as pins:
            if arguments.what == "raw":
                raw(pins, keys)
            else:
                watch(MatrixPinPad(pins, keys, PinBuffer(), time))
    except DeviceError as error:
        print(f"{error} ({error.remedy})")
        return 1
    except KeyboardInterrupt:
        pass
    return 0


def watch(pad: MatrixPinPad) -> None:
    pad.start()
    pad.expect_keys()
    while True:
        if pad.wait_for_activity(1.0):
            for event in pad.poll():
                print(event, flush=True)
            time.sleep(0.005)


def raw(pins: KeyMatrixPins, keys: list[list[str]]) -> None:
    before: frozenset[tuple[int, int]] = frozenset()
    while True:
        closed = pins.closed()
        if closed != before:
            print(
                f"{time.monotonic():12.4f}",
                " ".join(keys[row][column] for row, column in sorted(closed)) or "-",
                flush=True,
            )
            before = closed
        if not closed:
            pins.wait_for_activity(1.0)


if __name__ == "__main__":
    raise SystemExit(main())
