"""The machine's program: `python -m firmware --unit FILE [--run-dir DIR]`. Arguments, signals, and what protects the process."""

import gc

gc.disable()  # nothing that an import makes is garbage; looking for some takes a tenth of the imports' time

import argparse
import logging
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from firmware.config.unit import Unit, UnitError, load_unit
from firmware.hardening import no_core_dumps, no_onlookers, weaknesses
from firmware.parts import MonotonicClock, RealParts
from firmware.run import run

gc.freeze()  # nor is it looked through again while the machine serves
gc.enable()
_log = logging.getLogger("firmware")


def refuse_simulated_pins(unit: Unit) -> None:
    """Raises `UnitError` when simulated keys are set for a machine that is not simulated."""
    if os.environ.get("GPIOZERO_PIN_FACTORY") == "kofuki_sim" and not unit.unit.simulated:
        raise UnitError("GPIOZERO_PIN_FACTORY=kofuki_sim is only for simulated units; unset it")


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
    signal.signal(signal.SIGTERM, stopped)
    signal.signal(signal.SIGINT, stopped)
    try:
        unit = load_unit(options.unit)
        refuse_simulated_pins(unit)
        if not unit.unit.simulated:  # a test reads the memory of a simulated one, to show that no PIN is left in it
            no_onlookers()
            for weakness in weaknesses():
                _log.error("no card is taken until this is mended: %s", weakness)
        return run(RealParts(unit, options.unit, options.run_dir.resolve(), MonotonicClock()), lambda: bool(stop))
    except UnitError as error:
        print(f"The machine does not start: {error}.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
