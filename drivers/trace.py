"""Keeps the last frames of a line in memory, for a technician to see after a fault.

A `TracedStream` wraps a driver's stream and records the bytes of both directions. It passes each piece through
`redact` before it keeps it, so that a dump holds nothing personal: for the certificate printer it keeps
lengths only. Pieces of one direction within 20 ms become one entry, because a frame often
arrives in several reads.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.ports import ByteStream, Clock

_JOIN_S = 0.020
_KEPT_BYTES = 64  # at most, of one entry; `size` counts all


class Direction(StrEnum):
    SENT = "sent"
    HEARD = "heard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One frame sent or heard. `data`: its first 64 bytes at most, redacted. `size`: its true length."""

    at_s: float
    direction: Direction
    data: bytes
    size: int

    def line(self, zero_s: float = 0.0) -> str:
        """A line of text: seconds since `zero_s`, an arrow (-> sent, <- heard), hexadecimal bytes."""
        arrow = "->" if self.direction is Direction.SENT else "<-"
        more = f" … {self.size} bytes" if self.size > len(self.data) else ""
        return f"{self.at_s - zero_s:12.4f} {arrow} {self.data.hex(' ')}{more}"


class Trace(Protocol):
    """Keeps the last passages of one line."""

    def passages(self) -> tuple[Passage, ...]:
        """Oldest first. Another thread may note passages meanwhile."""
        ...


@dataclass(frozen=True, slots=True)
class Tap:
    """A line's trace, and what says in words what a passage is."""

    trace: Trace
    words: Callable[[Passage], str]
    legible: bool = False  # the words say all that the bytes say


def keep_all(_direction: Direction, data: bytes) -> bytes:
    """For lines that carry nothing personal (coins)."""
    return data


def keep_lengths(_direction: Direction, _data: bytes) -> bytes:
    """For lines that carry documents."""
    return b""


def keep_sent(direction: Direction, data: bytes) -> bytes:
    """For a line whose answers say which keys are down, and whose commands say nothing of anybody (the I/O board)."""
    return data if direction is Direction.SENT else b""


class TracedStream:
    """A `ByteStream` that keeps its last `entries` passages."""

    def __init__(
        self,
        stream: ByteStream,
        clock: Clock,
        *,
        redact: Callable[[Direction, bytes], bytes],
        entries: int = 256,
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._redact = redact
        self._ring: deque[Passage] = deque(maxlen=entries)
        self._last_s = float("-inf")

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        data = self._stream.read(max_bytes, timeout_s)
        if data:
            self._note(Direction.HEARD, data[:_KEPT_BYTES], len(data))
        return data

    def write(self, data: bytes, timeout_s: float) -> int:
        taken = self._stream.write(data, timeout_s)
        if taken:
            self._note(Direction.SENT, bytes(data[: min(taken, _KEPT_BYTES)]), taken)
        return taken

    def close(self) -> None:
        self._stream.close()

    def passages(self) -> tuple[Passage, ...]:
        """The passages kept, oldest first."""
        return tuple(self._ring)

    def dump(self) -> list[str]:
        """The passages as lines of text; times are seconds before now (negative)."""
        now_s = self._clock.monotonic()
        return [passage.line(now_s) for passage in self._ring]

    def _note(self, direction: Direction, data: bytes, size: int) -> None:
        now_s = self._clock.monotonic()
        kept = self._redact(direction, data)
        last = self._ring[-1] if self._ring else None
        if last is not None and last.direction is direction and now_s - self._last_s <= _JOIN_S:
            self._ring[-1] = Passage(
                at_s=last.at_s,
                direction=direction,
                data=(last.data + kept)[:_KEPT_BYTES],
                size=last.size + size,
            )
        else:
            self._ring.append(Passage(at_s=now_s, direction=direction, data=kept, size=size))
        self._last_s = now_s
