"""Keeps the last calls to the centre in memory, for a technician: what was asked, how it ended, and how many bytes went.

Of a body nothing is kept, and of an id in a path only its first four characters: a claim's id is worth money.
"""

import re
from collections import deque
from collections.abc import Mapping

from drivers.line.centre import NO_HEADERS, LineFailed, Transport
from drivers.ports import Clock
from drivers.trace import Direction, Passage

_ID = re.compile(r"[^/]{20,}")  # a word of a path is shorter


class TracedTransport:
    """A `Transport` that keeps its last `entries` passages. Of each `data` is ASCII, `size` the length of the body."""

    def __init__(self, transport: Transport, clock: Clock, entries: int = 256) -> None:
        self._transport = transport
        self._clock = clock
        self._ring: deque[Passage] = deque(maxlen=entries)

    def exchange(
        self, method: str, path: str, body: bytes | None, deadline_s: float, headers: Mapping[str, str] = NO_HEADERS
    ) -> tuple[int, Mapping[str, str], bytes]:
        self._note(Direction.SENT, f"{method} {_ID.sub(_cut, path)}", len(body or b""))
        try:
            answer = self._transport.exchange(method, path, body, deadline_s, headers)
        except LineFailed as failed:
            self._note(Direction.HEARD, str(failed), 0)
            raise
        self._note(Direction.HEARD, str(answer[0]), len(answer[2]))
        return answer

    def passages(self) -> tuple[Passage, ...]:
        """Oldest first."""
        return tuple(self._ring)

    def _note(self, direction: Direction, told: str, size: int) -> None:
        data = told.encode("ascii")
        self._ring.append(Passage(at_s=self._clock.monotonic(), direction=direction, data=data, size=size))


def _cut(found: re.Match[str]) -> str:
    return f"{found[0][:4]}.."
