"""The I/O board of a world, where the unit file has one: what hangs on it, and a person's hands there."""

import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from host_sim.adapters.pins import BOUNCE_S, CASE_OPEN, GAP_S
from host_sim.adapters.pty import PtyLine
from host_sim.io_board.loader import LoaderDrive, write_image
from host_sim.io_board.process import program_digest
from host_sim.models.io_board.board import TOLD, IoBoardModel
from host_sim.models.io_board.loom import FAULTS, LAMPS
from host_sim.models.key_matrix import CLERK_LAYOUT, LAYOUT, KeyMatrix
from host_sim.models.pulse_acceptor import PulseAcceptorModel
from host_sim.models.zoo import Kind
from host_sim.unit_file import UnitFile

BOARD = "io_board"
_FELT_S = 0.05  # after the machine has read that a key is down: ten looks of its pad
_LONGEST_S = 10.0  # as pins.py: a machine that reads nothing feels nothing, one that stood still feels it late


def on_board(unit: UnitFile, table: str) -> bool:
    """Whether the wires of this device are on the board. `table`: its name in the unit file, such as `coin.pulse`."""
    found: dict[str, Any] = unit.tables
    for word in table.split("."):
        found = found.get(word, {})
    return bool(found.get("via") == BOARD)


class BoardSide:
    """Board, keys, door and pulse acceptor on a pseudo-terminal. Has the acts of `adapters.fingers.Fingers`."""

    def __init__(self, unit: UnitFile, run: Path) -> None:
        caps = {"bounce_s": BOUNCE_S, **unit.room.settings(Kind.KEYPAD)}
        sides = {"resident": "keypad", "clerk": "clerk.keypad"}
        # Whose keys are on it; None: they are on pins.
        self.side = next((side for side, table in sides.items() if on_board(unit, table)), None)
        self.keys = KeyMatrix(CLERK_LAYOUT if self.side == "clerk" else LAYOUT, **caps, seed=os.getpid())
        pulses = on_board(unit, "coin.pulse")
        make = unit.room.settings(Kind.PULSE_ACCEPTOR)
        self.acceptor = PulseAcceptorModel(**make, seed=os.getpid()) if pulses else None
        case_open = run / CASE_OPEN
        program = bytes.fromhex(program_digest())
        table = unit.table(BOARD)
        if "image" in table:
            write_image(run / table["image"], program)
        self.model = IoBoardModel(
            self.keys,
            self.acceptor,
            case_open.exists,
            time.monotonic,
            seed=os.getpid(),
            program=program,
            loader=LoaderDrive(run / table["drive"], program) if "drive" in table else None,
        )
        self.line = PtyLine(self.model, run / unit.port(BOARD))

    def is_heard(self) -> bool:
        """Whether a machine tells the board what to hold."""
        with self.line.lock:
            self.model.advance(time.monotonic())
            return self.model.why == TOLD

    def lamps(self) -> dict[str, bool]:
        """Which lamps are lit, and whether the buzzer sounds."""
        with self.line.lock:
            self.model.advance(time.monotonic())
            return {lamp: lamp in self.model.lit for lamp in LAMPS}

    # --- faults ---------------------------------------------------------------------------------

    def rewire(self, name: str | None) -> None:
        """Give its wires this fault of `models.io_board.loom.FAULTS`; None: all are right."""
        with self.line.lock:
            self.model.rewire(None if name is None else FAULTS[name], time.monotonic())

    def restart(self) -> None:
        """Its program hangs, and the watchdog starts it anew."""
        with self.line.lock:
            self.model.reset(time.monotonic(), watchdog=True)

    def unplug(self) -> None:
        """The USB cable is its supply, too."""
        with self.line.lock:
            self.model.power_off(time.monotonic())
        self.line.hang_up()

    def plug_in(self) -> None:
        self.line.plug_in()
        with self.line.lock:
            self.model.power_on(time.monotonic())

    # --- hands ----------------------------------------------------------------------------------

    def tap(self, key: str, *, hold_ms: int, **_: object) -> None:
        """Press and release a key; returns when the finger is away. A machine that is slow gets more time."""
        with self.line.lock:
            self.keys.press(key, time.monotonic())
        time.sleep(hold_ms / 1000)
        self._wait_until_felt()
        with self.line.lock:
            self.keys.release(key, time.monotonic())
        time.sleep(GAP_S)
        self._wait_until_felt()

    def drop(self, coin: str) -> bool:
        """Drop a coin; returns whether it was kept."""
        with self.line.lock:
            self.model.advance(time.monotonic())
            assert self.acceptor is not None
            return self.acceptor.insert(coin, time.monotonic())

    def slot_open(self) -> bool:
        with self.line.lock:
            self.model.advance(time.monotonic())
            return self.acceptor is not None and self.acceptor.powered and not self.acceptor.inhibited

    def stick(self, on: bool) -> None:
        assert self.acceptor is not None
        with self.line.lock:
            (self.acceptor.fault if on else self.acceptor.clear)("stuck", time.monotonic())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to close; `Fingers` has a socket."""

    # --- inside ---------------------------------------------------------------------------------

    def _wait_until_felt(self) -> None:
        ends_s = time.monotonic() + _LONGEST_S
        while self.line.unread() and time.monotonic() < ends_s:
            time.sleep(0.005)
        time.sleep(_FELT_S)
