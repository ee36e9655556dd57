"""A board on a pseudo-terminal, in real time: what a driver opens as it would open the Pico's port."""

import contextlib
import selectors
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from host_sim.adapters.pty import PtyLine
from host_sim.io_board.model import ROUND_S, BoardModel, Wires

HANG_S = 300.0  # a computer that is slow, not one that hangs


class Board:
    """`link`: where the port appears, a symbolic link. The acts are those of `BoardModel`, and happen now."""

    def __init__(self, link: Path, *, seed: int = 0) -> None:
        self.path = link
        self._powered = True
        self._line_up = True
        self._model = BoardModel(seed=seed, now_s=time.monotonic())
        try:
            self._line = PtyLine(self._model, link)
        except OSError:
            self._model.close()
            raise
        self._starts = self._model.starts
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True, name="I/O board")
        self._thread.start()

    def press(self, row: int, column: int) -> None:
        with self._line.lock:
            self._model.press(row, column, time.monotonic())

    def release(self, row: int, column: int) -> None:
        with self._line.lock:
            self._model.release(row, column, time.monotonic())

    def coin_wire(self, *, low: bool) -> None:
        with self._line.lock:
            self._model.coin_wire(low=low, now_s=time.monotonic())

    def pulse(self, pulses: int = 1, *, width_ms: float = 50.0, gap_ms: float = 50.0) -> None:
        """Returns at once; the edges happen at their exact times, also on a slow computer."""
        with self._line.lock:
            now_s = time.monotonic()
            self._model.pulse(pulses, width_s=width_ms / 1000, gap_s=gap_ms / 1000, now_s=now_s)

    def door(self, *, shut: bool) -> None:
        with self._line.lock:
            self._model.door(shut=shut, now_s=time.monotonic())

    def wires(self) -> Wires:
        """What the pins drive now."""
        with self._line.lock:
            self._look()
            return self._model.wires() if self._powered else Wires(*[False] * 5)

    def takes_coins(self, refuses_at: Literal["ground", "float"] = "ground") -> bool:
        """Whether an acceptor on these wires takes coins now."""
        with self._line.lock:
            self._look()
            return self._powered and self._model.takes_coins(refuses_at)

    @property
    def in_loader(self) -> bool:
        with self._line.lock:
            self._look()
            return self._model.in_loader

    def reset(self) -> None:
        """Its button: the port disappears and comes back."""
        with self._line.lock:
            self._model.reset(time.monotonic())
            self._look()

    def hang(self) -> None:
        """The program stands still; the watchdog starts it anew."""
        with self._line.lock:
            self._model.hang(time.monotonic())

    def unplug(self) -> None:
        """Pull its cable: no port, no supply, every pin lets go."""
        with self._line.lock:
            self._powered = False
            self._line.hang_up()

    def replug(self) -> None:
        """Put the cable back: the program starts anew."""
        with self._line.lock:
            self._powered = True
            self.reset()

    def drop_line(self) -> None:
        """Only the port goes, as with a hub that fails; the program runs on."""
        with self._line.lock:
            self._line_up = False
            self._look()

    def restore_line(self) -> None:
        with self._line.lock:
            self._line_up = True
            self._look()

    def wait_for(self, seen: Callable[[], bool], timeout_s: float = HANG_S) -> None:
        """Wait until `seen` is true. Raises TimeoutError."""
        end_s = time.monotonic() + timeout_s
        while not seen():
            if time.monotonic() > end_s:
                raise TimeoutError(
                    f"The I/O board at {self.path} did not come to it in {timeout_s:.0f} s: {self.wires()}."
                )
            self._stop.wait(ROUND_S)

    def close(self) -> None:
        """The port and the process end; a second call changes nothing."""
        self._stop.set()
        self._thread.join()
        self._line.close()
        self._model.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _look(self) -> None:
        """Let time pass up to now; then the port is there if the board has it: a start takes it away and brings it back."""
        if self._powered:
            now_s = time.monotonic()
            if self._line.pump(now_s) is None:
                self._model.transmit(now_s)  # no port: what is said now is lost
        if self._model.starts != self._starts:
            self._starts = self._model.starts
            self._line.hang_up()
        if self._powered and self._line_up and not self._model.in_loader:
            self._line.plug_in()
        else:
            self._line.hang_up()

    def _serve(self) -> None:
        while not self._stop.is_set():
            with self._line.lock:
                self._look()
                due_s, port = self._model.wake_at(), self._line.fileno()
            wait_s = max(0.0, (due_s or 0.0) - time.monotonic())
            if port < 0:
                self._stop.wait(wait_s)
                continue
            # The port may be taken away meanwhile: then the next look finds none.
            with contextlib.suppress(OSError), selectors.DefaultSelector() as selector:
                selector.register(port, selectors.EVENT_READ)
                selector.select(wait_s)
