"""One run of the program: the machine serves until it is told to stop, or it is halted and says why."""

import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from drivers.ports import Clock
from firmware.assemble import Machine
from firmware.book.book import Book
from firmware.config.outlets import outlets_of, readable_outlets
from firmware.config.simulated import check_simulated
from firmware.config.unit import AlreadyRunning, Unit, UnitError, load_unit
from firmware.halted import CAUSES, Halted, reason_of
from firmware.hardening import no_onlookers, openings, weaknesses
from firmware.identity import request_words
from firmware.journal.journal import JournalTrouble
from firmware.loop import Loop
from firmware.parts import RealParts
from firmware.published import publish
from firmware.screens.fonts import RARE, load
from firmware.service.manager import START_AGAIN, notify, remember
from firmware.session.scenes import Scene
from firmware.sides import Sides

WIND_DOWN_S = 90.0  # a page, a payout and a slip; the service manager waits longer (hardware/systemd/kofuki.service)
TURN_S = 5.0  # longer than a turn of the loop takes, which waits a second for an answer
Stopping = Callable[[], bool]
_log = logging.getLogger("firmware")


def run(unit_path: Path, run_dir: Path, clock: Clock, stopping: Stopping) -> int:
    """The exit status. Raises `SystemExit` when a desk's thread died or hangs."""
    parts: RealParts | None = None
    try:
        unit = load_unit(unit_path)
        parts = RealParts(unit, unit_path, run_dir, clock)
        _check(unit, run_dir)
        machine = Machine(parts)
    except AlreadyRunning as error:
        print(f"The machine does not start: {str(error).rstrip('.')}.", file=sys.stderr)
        return 1
    except CAUSES as error:
        print(f"The machine does not start: {str(error).rstrip('.')}.", file=sys.stderr)
        remember(error)
        _halt(unit_path, run_dir, clock, parts, error, stopping)
        return START_AGAIN
    try:
        _serve(machine, stopping)
        wind_down(machine, clock)
    except JournalTrouble as error:
        print(f"The machine ends: {error}.", file=sys.stderr)
        remember(error)
        return START_AGAIN
    finally:  # also when a desk's thread died: nobody reads an earlier resident's words
        parts.blank()
    return 0


def _check(unit: Unit, run_dir: Path) -> None:
    """What must be right before the journal gets its first record. Raises `UnitError`."""
    load(RARE, 30)  # the library for variation selectors, and the font that holds every name
    check_simulated(unit, run_dir)
    if unit.unit.simulated:  # a test reads the memory of a simulated machine, to show that no PIN is left in it
        return
    if os.environ.get("GPIOZERO_PIN_FACTORY") == "kofuki_sim":
        raise UnitError("GPIOZERO_PIN_FACTORY=kofuki_sim is only for simulated units; unset it")
    no_onlookers()
    for weakness in weaknesses():
        _log.error("no card is taken until this is mended: %s", weakness)
    for opening in openings():
        _log.warning("%s", opening)


def _serve(machine: Machine, stopping: Stopping) -> None:
    machine.crew.start()
    machine.loop.begin()
    notify("READY=1")
    said = ""
    while not (stopping() or machine.loop.exit_asked):
        machine.loop.turn()
        if not machine.crew.alive():
            raise SystemExit("A desk's thread died or hangs; the service manager starts the machine again.")
        notify("WATCHDOG=1")
        if said != (said := _status(machine.loop)):
            notify(f"STATUS={said}")


def wind_down(machine: Machine, clock: Clock) -> None:
    """End the session under way, within `WIND_DOWN_S`; what is open then, the next start settles (fault E1).

    Of each turn of the loop at most `TURN_S` counts: the time in which the whole computer stood still was nobody's, and a
    resident whose page is just coming out shall still get it.
    """
    left_s, before_s = WIND_DOWN_S, clock.monotonic()
    machine.loop.wind_down()
    while not machine.loop.at_rest and left_s > 0 and machine.crew.alive():
        machine.loop.turn()
        now_s = clock.monotonic()
        left_s -= min(now_s - before_s, TURN_S)
        before_s = now_s
        notify("WATCHDOG=1\nSTATUS=ends the session, then stops")
    machine.crew.stop()


def _status(loop: Loop) -> str:
    """One line for `systemctl status`: the mode, and why nobody is served."""
    state = loop.reception.state
    reasons = [f"{reason.number} {reason.sentence}" for reason in sorted(state.reasons, key=lambda one: one.number)]
    return " ".join([str(state.mode), *reasons, *loop.troubles.values()])


def _halt(
    unit_path: Path, run_dir: Path, clock: Clock, parts: RealParts | None, error: Exception, stopping: Stopping
) -> None:
    """Run `Halted` until the next try, on the sides that the unit file names, or what can be read of it."""
    reason = reason_of(error)
    outlets = readable_outlets(unit_path) if parts is None else outlets_of(parts.unit)
    sides = Sides(outlets, run_dir, clock)
    sides.blank()
    line = sides.line()

    def show(scene: Scene) -> None:
        if outlets.simulated:
            facts = {"scene": type(scene).__name__, "availability": "HALTED", "reasons": [str(reason)]}
            with suppress(OSError):  # the run directory may be what is missing
                publish(run_dir, facts)
        sides.show(scene)

    def shut_slot() -> None:
        if parts is not None and (coins := parts.coins(Book())) is not None:
            coins[0].start()

    halted = Halted(
        reason,
        str(error),
        show=show,
        shut_slot=shut_slot,
        serial=sides.console(),
        crew=sides.crew(line),
        heartbeat_s=None if line is None or outlets.centre is None else outlets.centre.heartbeat_s,
        clock=clock,
        request="" if outlets.centre is None else request_words(run_dir / outlets.centre.client_key),
        alive=lambda: notify("WATCHDOG=1"),
    )
    notify(f"READY=1\nSTATUS=halted: {reason.number} {reason.sentence} ({error})")
    halted.run(stopping)
