"""The I/O board against the computer's own pins, in one run: how long a key takes to the screen, and a coin to its total."""

import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from drivers.io_board.link import BoardLink
from drivers.io_board.wires import BoardKeys
from drivers.serial_stream import SerialStream
from host_sim.adapters.pty import PtyLine
from host_sim.models.io_board.board import SCAN_S, IoBoardModel
from host_sim.models.key_matrix import LAYOUT, KeyMatrix
from host_sim.rig.machine import RigMachine
from host_sim.rig.world import USB
from tests.bench.bench_coin import shown_after_s
from tests.bench.finger import TAPS, WEARY_S, Finger, Move, Typed, typed_at, typed_on_pins

PORT = "io-board"
COINS = 200
ROUNDS = 3


def typed_on_board() -> Typed:
    """On a board behind a pseudo-terminal, whose model runs where the finger does: it is another computer."""
    with tempfile.TemporaryDirectory() as place, Finger(_on_board, place) as finger:
        link = BoardLink(SerialStream(str(Path(place) / PORT), 115200, time, device="io_board"), time)
        typed = typed_at(finger, BoardKeys(link))
        link.close()
    return typed


@contextmanager
def _on_board(place: str) -> Iterator[tuple[Move, Move]]:
    keys = KeyMatrix(LAYOUT, bounce_s=WEARY_S, seed=1)
    line = PtyLine(IoBoardModel(keys, None, lambda: False, time.monotonic), Path(place) / PORT)

    def moved(act: Callable[[str, float], None], key: str) -> None:
        with line.lock:
            act(key, time.monotonic())

    with going_round(line):
        yield partial(moved, keys.press), partial(moved, keys.release)


@contextmanager
def going_round(line: PtyLine) -> Iterator[None]:
    """The model looks at its wires once a millisecond, as the board's program does."""
    ended = threading.Event()

    def live() -> None:
        while not ended.wait(SCAN_S):
            line.pump(time.monotonic())

    board = threading.Thread(target=live, daemon=True)
    board.start()
    try:
        yield
    finally:
        ended.set()
        board.join()
        line.close()


def rows() -> list[tuple[str, str, str]]:
    """Ratios, because another computer has other milliseconds."""
    typed_on_pins()  # loads fonts and pictures
    typed = [(typed_on_pins(), typed_on_board()) for _ in range(ROUNDS)]  # in turns: a computer that is busy slows both
    pins_ms = statistics.median(time_ms for pins, _ in typed for time_ms in pins.times_ms)
    board_ms = statistics.median(time_ms for _, board in typed for time_ms in board.times_ms)
    coins = [
        shown_after_s(RigMachine(seed=1, pulse=True, **on), COINS, seed=1, roll_s=0.0) for on in ({}, {"board": USB})
    ]
    pins_s, board_s = (statistics.median(each) for each in coins)
    return [
        (
            f"key contact to changed pixels, board : pins, p50 of {ROUNDS * TAPS}",
            f"{board_ms / pins_ms:.2f} ({board_ms:.1f} : {pins_ms:.1f} ms)",
            "<= 1.0",
        ),
        (
            f"coin of 5 pulses to its total, board : pins, p50 of {COINS}",
            f"{board_s / pins_s:.2f} ({board_s * 1e3:.0f} : {pins_s * 1e3:.0f} ms)",
            "<= 1.0",
        ),
    ]
