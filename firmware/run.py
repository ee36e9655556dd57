"""One run of the program: the machine serves until it is told to stop, or it is halted and says why."""

import sys
import time
from collections.abc import Callable

from firmware.assemble import Machine
from firmware.book.book import Book
from firmware.halted import Halted, reason_of
from firmware.journal.journal import JournalTrouble
from firmware.journal.seal import SealUnsafe
from firmware.parts import RealParts
from firmware.published import publish
from firmware.service.manager import START_AGAIN, notify, remember
from firmware.session.scenes import Scene

Stopping = Callable[[], bool]


def run(parts: RealParts, stopping: Stopping) -> int:
    """The exit status. Raises `UnitError`; `SystemExit` when a desk's thread died or hangs."""
    try:
        machine = Machine(parts)
    except (JournalTrouble, SealUnsafe) as error:
        print(f"The machine does not start: {error}.", file=sys.stderr)
        remember(error)
        _halt(parts, error, stopping)
        return START_AGAIN
    try:
        _serve(machine, stopping)
    except JournalTrouble as error:
        print(f"The machine ends: {error}.", file=sys.stderr)
        remember(error)
        return START_AGAIN
    return 0


def _serve(machine: Machine, stopping: Stopping) -> None:
    machine.crew.start()
    machine.loop.begin()
    notify("READY=1")
    while not (stopping() or machine.loop.exit_asked):
        machine.loop.turn()
        if not machine.crew.alive():
            raise SystemExit("A desk's thread died or hangs; the service manager starts the machine again.")
        notify("WATCHDOG=1")
    machine.crew.stop()


def _halt(parts: RealParts, error: Exception, stopping: Stopping) -> None:
    """Run `Halted`: tell screen, serial line and centre why nobody is served, until the next try."""
    reason = reason_of(error)
    acceptor, _ = parts.coins(Book())
    terminal = parts.console_line()

    def show(scene: Scene) -> None:
        parts.show(scene)
        if parts.unit.unit.simulated:
            publish(parts.run, {"scene": type(scene).__name__, "availability": "HALTED", "reasons": [str(reason)]})

    halted = Halted(
        reason,
        str(error),
        show=show,
        shut_slot=acceptor.start,
        serial=None if terminal is None else terminal.stream,
        centre=parts.line(),
        heartbeat_s=parts.unit.centre.heartbeat_s,
        clock=parts.clock,
        wait=time.sleep,
        alive=lambda: notify("WATCHDOG=1"),
    )
    notify("READY=1")
    halted.run(stopping)
