"""A device on a pseudo-terminal: the driver opens `link` as it would open a serial port.

The slave side is set raw, because the line discipline would change bytes. It is kept open here, so that the master does
not read EIO when the host closes it. The owner of the event loop calls `pump`; `serve` does that on a thread.
"""

import contextlib
import fcntl
import os
import pty
import select
import selectors
import sys
import termios
import threading
import time
import tty
from collections.abc import Iterator, Sequence
from math import inf
from pathlib import Path

from host_sim.adapters.memory import FlowControlled
from host_sim.adapters.wire import Wire, WireKind
from host_sim.models import LineModel

PTY_WIRE = WireKind(baud=None)
KEEPS = 4096  # bytes for a host that does not read


class PtyLine:
    """One model behind one pseudo-terminal. Hold `lock` while touching the model from another thread."""

    def __init__(self, model: LineModel, link: Path, wire: WireKind = PTY_WIRE, *, seed: int = 0) -> None:
        self.model = model
        self.link = link
        self.lock = threading.RLock()
        self._wire = Wire(wire, seed)
        self._flow = model if isinstance(model, FlowControlled) else None
        self._unsent = b""
        self._ends: tuple[int, int] | None = None
        self.plug_in()

    @property
    def plugged_in(self) -> bool:
        return self._ends is not None

    def fileno(self) -> int:
        """The master, for a selector; -1 while unplugged."""
        return self._ends[0] if self._ends else -1

    def pump(self, now_s: float) -> float | None:
        """Copy bytes both ways. Returns when it has something to do next by itself; None if never."""
        with self.lock:
            if self._ends is None:
                return None
            self._hear(now_s)
            arrived = self._wire.for_device(now_s, self._flow.room(now_s) if self._flow else None)
            if arrived:
                self.model.receive(arrived, now_s)
            said = self.model.transmit(now_s)
            if said:
                self._wire.answer(said, now_s)
            self._say(now_s)
            return self._next_due_s(now_s)

    def unread(self) -> int:
        """How many bytes the host has not read yet."""
        with self.lock:
            if self._ends is None:
                return 0
            waiting = select.poll()  # takes any file number, as `select` does not
            waiting.register(self._ends[1], select.POLLIN)
            waiting.poll(0)  # what the kernel still holds back is counted only after this
            left = fcntl.ioctl(self._ends[1], termios.FIONREAD, bytes(4))
            return int.from_bytes(left, sys.byteorder) + len(self._unsent)

    def hang_up(self) -> None:
        """Unplug: the host reads EIO, and the path is gone."""
        with self.lock:
            if self._ends is None:
                return
            self._unlink()
            for end in self._ends:
                os.close(end)
            self._ends = None
            self._wire.clear()
            self._unsent = b""

    def plug_in(self) -> None:
        """Open a new pseudo-terminal behind the same path."""
        with self.lock:
            if self._ends is not None:
                return
            master, slave = pty.openpty()
            tty.setraw(slave)
            os.set_blocking(master, False)
            self._ends = (master, slave)
            self.link.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.link.with_name(f".{self.link.name}.{os.getpid()}.{master}")
            fresh.symlink_to(os.ttyname(slave))
            fresh.replace(self.link)  # in one step: the path is never missing

    def close(self) -> None:
        self.hang_up()

    def _unlink(self) -> None:
        assert self._ends is not None
        with contextlib.suppress(OSError):
            if self.link.readlink() == Path(os.ttyname(self._ends[1])):
                self.link.unlink()

    def _hear(self, now_s: float) -> None:
        assert self._ends is not None
        room = self._wire.send_room()  # bytes left in the kernel make the host's write wait
        while room > 0:
            try:
                data = os.read(self._ends[0], room)
            except BlockingIOError:
                return
            if not data:
                return
            self._wire.send(data, now_s)
            room -= len(data)

    def _say(self, now_s: float) -> None:
        assert self._ends is not None
        self._unsent += self._wire.to_host.take(now_s)
        if self._unsent:
            with contextlib.suppress(BlockingIOError):
                self._unsent = self._unsent[os.write(self._ends[0], self._unsent) :]
            self._unsent = self._unsent[-KEEPS:]  # no host reads: a UART loses old bytes too

    def _next_due_s(self, now_s: float) -> float | None:
        due_s = self._wire.next_due_s()
        wake_s = self.model.wake_at()
        if wake_s is not None:
            due_s = min(due_s, wake_s)
        if self._unsent:
            due_s = min(due_s, now_s + 0.01)
        return None if due_s == inf else max(due_s, now_s + 0.0005)


@contextlib.contextmanager
def serve(lines: Sequence[PtyLine]) -> Iterator[None]:
    """Pump the lines on a thread, in real time, until the block ends; they are closed then."""
    stop = threading.Event()
    worker = threading.Thread(target=_serve, args=(lines, stop), daemon=True, name="pty lines")
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join()
        for line in lines:
            line.close()


def _serve(lines: Sequence[PtyLine], stop: threading.Event) -> None:
    while not stop.is_set():
        with selectors.DefaultSelector() as selector:
            for line in lines:
                with line.lock:
                    if line.plugged_in:
                        selector.register(line, selectors.EVENT_READ)
            _serve_plugged(lines, selector, stop)


def _serve_plugged(lines: Sequence[PtyLine], selector: selectors.BaseSelector, stop: threading.Event) -> None:
    plugged = [line.fileno() for line in lines]
    while not stop.is_set() and plugged == [line.fileno() for line in lines]:
        now_s = time.monotonic()
        dues = [due for due in (line.pump(now_s) for line in lines) if due is not None]
        selector.select(max(0.0, min([0.02, *(due - now_s for due in dues)])))
