"""The machine's program: `python -m firmware --unit FILE [--run-dir DIR]`. Arguments, signals, and what protects the process."""

from firmware.forgetting import begin_anew

if __name__ == "__main__":
    begin_anew()  # before the imports, which take a second

import gc

gc.disable()  # nothing that an import makes is garbage; looking for some takes a tenth of the imports' time

import argparse
import logging
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from firmware.hardening import no_core_dumps
from firmware.parts import MonotonicClock
from firmware.run import run

gc.freeze()  # nor is it looked through again while the machine serves
gc.enable()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m firmware", description="The certificate-issuing machine.")
    parser.add_argument("--unit", type=Path, required=True, help="the unit file")
    parser.add_argument("--run-dir", type=Path, default=Path("/run/kofuki"), help="where relative device paths begin")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    stop: list[int] = []

    def stopped(number: int, _: FrameType | None) -> None:
        stop.append(number)

    no_core_dumps()
    os.umask(0o077)  # every file that the machine makes is its owner's alone
    signal.signal(signal.SIGTERM, stopped)
    signal.signal(signal.SIGINT, stopped)
    return run(options.unit, options.run_dir.resolve(), MonotonicClock(), lambda: bool(stop))


if __name__ == "__main__":
    sys.exit(main())
