"""Keeps the last frames of a line in memory, for a technician to see after a fault.

A `TracedStream` wraps a driver's stream and records the bytes of both directions. It passes each piece through
`redact` before it keeps it, so that a dump holds nothing personal: for the certificate printer it keeps
lengths only. Pieces of one direction within 20 ms become one entry, because a frame often
arrives in several reads.

An idle line is polled many times a second. So a question and its answer that were there before are only counted, until
something new goes over the line: then the same poll gets a new entry, and what went before the news and what after stays apart.
"""

from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
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
    """One frame sent or heard. `data`: its first 64 bytes at most, redacted. `size`: its true length.

    `times`: how often it went with the same question or answer; then `at_s` is the first time and `last_s` the last one.
    """

    at_s: float
    direction: Direction
    data: bytes
    size: int
    times: int = 1
    last_s: float | None = None

    def line(self, zero_s: float = 0.0) -> str:
        """A line of text: seconds since `zero_s`, an arrow (-> sent, <- heard), hexadecimal bytes."""
        arrow = "->" if self.direction is Direction.SENT else "<-"
        more = f" … {self.size} bytes" if self.size > len(self.data) else ""
        again = f" x{self.times}, last {self.last_s - zero_s:.4f}" if self.last_s is not None else ""
        return f"{self.at_s - zero_s:12.4f} {arrow} {self.data.hex(' ')}{more}{again}"


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


def same_bytes(passage: Passage) -> Hashable:
    """For lines whose frames have no running number."""
    return passage.data


@dataclass(frozen=True, slots=True)
class _Exchange:
    """A question with its answer, or either alone. `key`: equal for exchanges that are alike, None while it goes on."""

    passages: tuple[Passage, ...]
    key: Hashable = None


class TracedStream:
    """A `ByteStream` that keeps its last `entries` exchanges. `alike`: equal for passages that differ in nothing that matters."""

    def __init__(
        self,
        stream: ByteStream,
        clock: Clock,
        *,
        redact: Callable[[Direction, bytes], bytes],
        alike: Callable[[Passage], Hashable] = same_bytes,
        entries: int = 256,
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._redact = redact
        self._alike = alike
        self._ring: deque[_Exchange] = deque(maxlen=entries)
        self._since_news: set[Hashable] = set()  # keys of the exchanges since something new went over the line
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
        return tuple(passage for exchange in tuple(self._ring) for passage in exchange.passages)

    def dump(self) -> list[str]:
        """The passages as lines of text; times are seconds before now (negative)."""
        now_s = self._clock.monotonic()
        return [passage.line(now_s) for passage in self.passages()]

    def _note(self, direction: Direction, data: bytes, size: int) -> None:
        now_s = self._clock.monotonic()
        noted = Passage(at_s=now_s, direction=direction, data=self._redact(direction, data), size=size)
        under_way = self._ring[-1].passages if self._ring else ()
        last = under_way[-1] if under_way else None
        if last is not None and last.direction is direction and now_s - self._last_s <= _JOIN_S:
            joined = replace(last, data=(last.data + noted.data)[:_KEPT_BYTES], size=last.size + size)
            self._ring[-1] = _Exchange((*under_way[:-1], joined))
        elif last is not None and last.direction is Direction.SENT and direction is Direction.HEARD:
            self._ring[-1] = _Exchange((last, noted))
        else:
            if under_way:
                self._end(_Exchange(under_way, tuple((p.direction, p.size, self._alike(p)) for p in under_way)))
            self._ring.append(_Exchange((noted,)))
        self._last_s = now_s

    def _end(self, ended: _Exchange) -> None:
        """Count the last exchange with one that is alike, if nothing new went over the line since that one."""
        same = [at for at, earlier in enumerate(self._ring) if earlier.key == ended.key]
        self._ring[-1] = ended
        if not same:
            self._since_news = {ended.key}
        elif ended.key not in self._since_news:
            self._since_news.add(ended.key)
        else:
            counted = zip(self._ring[same[-1]].passages, ended.passages, strict=True)
            both = tuple(replace(first, times=first.times + 1, last_s=again.at_s) for first, again in counted)
            self._ring[same[-1]] = _Exchange(both, ended.key)
            self._ring.pop()
