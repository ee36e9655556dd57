"""A serial line between a host and one device: pace, echo and noise. Pure; time is passed in.

Each direction is a lane: a queue of slices, each with the instant at which its last byte has arrived. So bytes keep
their order under every noise. Noise is applied once, when a transmission is sent: on a one-wire bus the echo has the same
wrong byte that the device gets. A transmission that is lost on the way to the device is still echoed in full.
"""

import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf


@dataclass(frozen=True, slots=True, kw_only=True)
class WireKind:
    """What the line is like. Probabilities are per transmission (one write, one answer) or per byte."""

    baud: int | None = 9600  # 8N1; None: without delay (USB)
    echo: bool = False  # one-wire bus: the host hears itself
    slice_bytes: int = 64  # how much arrives at once
    loss: float = 0.0  # per transmission: the far end never hears it
    flip: float = 0.0  # per byte: one bit turns over
    byte_loss: float = 0.0  # per byte: it vanishes
    twice: float = 0.0  # per answer: it comes a second time
    late: float = 0.0  # per answer: it is held back
    late_s: float = 0.0  # ... by up to this
    send_buffer: int = 4096  # what the host's kernel takes before a write has to wait

    def echoing(self) -> "WireKind":
        return replace(self, echo=True)


CLEAN = WireKind()
WIRES: Mapping[str, WireKind] = {
    "clean": CLEAN,
    "byte_by_byte": WireKind(slice_bytes=1),
    "loss": WireKind(loss=0.10),
    "flips": WireKind(flip=0.004, byte_loss=0.002),
    "late": WireKind(late=0.15, late_s=0.4, twice=0.05),
}
WIRES = {**WIRES, **{f"{name}_echo": kind.echoing() for name, kind in WIRES.items()}}


class Lane:
    """One direction. `put` in order, `take` what has arrived; `due_s`: when there is something to take."""

    def __init__(self, slice_bytes: int, byte_s: float) -> None:
        self._slice_bytes = slice_bytes
        self._byte_s = byte_s
        self._queue: deque[tuple[float, bytes]] = deque()
        self._free_at_s = 0.0
        self.waiting = 0
        self.due_s = inf

    def put(self, data: bytes, start_s: float) -> None:
        size, queue = len(data), self._queue
        at_s = max(start_s, self._free_at_s)
        if 0 < size <= self._slice_bytes:  # nearly always
            at_s += size * self._byte_s
            queue.append((at_s, data))
        else:
            for begin in range(0, size, self._slice_bytes):
                piece = data[begin : begin + self._slice_bytes]
                at_s += len(piece) * self._byte_s
                queue.append((at_s, piece))
        self._free_at_s = at_s
        self.waiting += size
        if queue:
            self.due_s = queue[0][0]

    def put_back(self, data: bytes, due_s: float) -> None:
        self._queue.appendleft((due_s, data))
        self.waiting += len(data)
        self.due_s = due_s

    def take(self, now_s: float) -> bytes:
        if self.due_s > now_s:
            return b""
        queue = self._queue
        data = queue.popleft()[1]
        while queue and queue[0][0] <= now_s:
            data += queue.popleft()[1]
        self.due_s = queue[0][0] if queue else inf
        self.waiting -= len(data)
        return data

    def clear(self) -> None:
        self._queue.clear()
        self._free_at_s = 0.0
        self.waiting = 0
        self.due_s = inf


class Wire:
    """One line: takes what each end sends, gives what arrives at each end."""

    def __init__(self, kind: WireKind = CLEAN, seed: int = 0) -> None:
        self.kind = kind
        self._random = random.Random(seed)
        byte_s = 10 / kind.baud if kind.baud else 0.0
        self.to_device = Lane(kind.slice_bytes, byte_s)  # sent with `send`, heard with `for_device`
        self.to_host = Lane(kind.slice_bytes, byte_s)  # sent with `answer`, heard with `to_host.take`
        self._noisy = bool(kind.flip or kind.byte_loss)
        self.is_faultless = not (self._noisy or kind.loss or kind.twice or kind.late)

    def send(self, data: bytes, now_s: float) -> None:
        """The host sends these bytes."""
        on_wire = self._noise(data) if self._noisy else data
        if self.kind.echo:
            self.to_host.put(on_wire, now_s)
        if not (self.kind.loss and self._random.random() < self.kind.loss):
            self.to_device.put(on_wire, now_s)

    def answer(self, data: bytes, now_s: float) -> None:
        """The device sends these bytes."""
        kind, roll = self.kind, self._random.random
        if kind.loss and roll() < kind.loss:
            return
        start_s = now_s + roll() * kind.late_s if kind.late and roll() < kind.late else now_s
        self.to_host.put(self._noise(data) if self._noisy else data, start_s)
        if kind.twice and roll() < kind.twice:
            self.to_host.put(data, start_s)

    def for_device(self, now_s: float, room: int | None = None) -> bytes:
        """At most `room` bytes that have arrived at the device; the rest stays on the line."""
        data = self.to_device.take(now_s)
        if room is not None and len(data) > room:
            self.to_device.put_back(data[room:], now_s)
            data = data[:room]
        return data

    def send_room(self) -> int:
        """How many bytes the host's kernel would take now."""
        return max(0, self.kind.send_buffer - self.to_device.waiting)

    def next_due_s(self) -> float:
        """When something arrives next, at either end; inf if nothing is under way."""
        return min(self.to_device.due_s, self.to_host.due_s)

    def clear(self) -> None:
        """The power is gone: bytes under way are lost."""
        self.to_device.clear()
        self.to_host.clear()

    def _noise(self, data: bytes) -> bytes:
        flip, byte_loss, roll = self.kind.flip, self.kind.byte_loss, self._random.random
        heard = bytearray()
        for byte in data:
            if roll() < byte_loss:
                continue
            heard.append(byte ^ (1 << self._random.randrange(8)) if roll() < flip else byte)
        return bytes(heard)
