"""The I/O board against the computer's own pins, in one run: how long a key takes to the screen, and a coin to its total."""

import statistics
import tempfile
import time
from pathlib import Path

from drivers.io_board.link import BoardLink
from drivers.io_board.wires import BoardKeys
from drivers.serial_stream import SerialStream
from host_sim.adapters.pty import PtyLine, serve
from host_sim.models.io_board.board import IoBoardModel
from host_sim.models.key_matrix import LAYOUT, KeyMatrix
from host_sim.rig.machine import RigMachine
from host_sim.rig.world import USB
from tests.bench.bench_coin import shown_after_s
from tests.bench.bench_screen import TAPS, Typed, typed_at, typed_on_pins

COINS = 200


class ScannedAtEachPoll(BoardKeys):
    """The model learns of a finger when its line is looked at, so that each poll looks: a board scans every 5 ms, as the pad polls."""

    line: PtyLine

    def closed(self) -> frozenset[tuple[int, int]]:
        self.line.pump(time.monotonic())
        return super().closed()


def typed_on_board() -> Typed:
    """Keys on a board behind a pseudo-terminal, whose model runs in a thread of this process."""
    keys = KeyMatrix(LAYOUT, bounce_s=0.004, seed=1)
    with tempfile.TemporaryDirectory() as folder:
        model = IoBoardModel(keys, None, lambda: False, time.monotonic)
        line = PtyLine(model, Path(folder) / "io-board")
        with serve([line]):
            link = BoardLink(SerialStream(str(line.link), 115200, time, device="io_board"), time)
            link.report()

            def press(key: str, at_s: float) -> None:
                with line.lock:
                    keys.press(key, at_s)

            def release(key: str, at_s: float) -> None:
                with line.lock:
                    keys.release(key, at_s)

            board = ScannedAtEachPoll(link)
            board.line = line
            typed = typed_at(board, press, release)
            link.close()
    return typed


def rows() -> list[tuple[str, str, str]]:
    """Ratios, because another computer has other milliseconds."""
    typed = [(typed_on_pins(), typed_on_board()) for _ in range(2)]
    pins_ms = statistics.median(pins.median_ms for pins, _ in typed)
    board_ms = statistics.median(board.median_ms for _, board in typed)
    coins = [
        shown_after_s(RigMachine(seed=1, pulse=True, **on), COINS, seed=1, roll_s=0.0) for on in ({}, {"board": USB})
    ]
    pins_s, board_s = (statistics.median(each) for each in coins)
    return [
        (
            f"key contact to changed pixels, board : pins, p50 of {2 * TAPS}",
            f"{board_ms / pins_ms:.2f} ({board_ms:.1f} : {pins_ms:.1f} ms)",
            "<= 1.0",
        ),
        (
            f"coin of 5 pulses to its total, board : pins, p50 of {COINS}",
            f"{board_s / pins_s:.2f} ({board_s * 1e3:.0f} : {pins_s * 1e3:.0f} ms)",
            "<= 1.0",
        ),
    ]
