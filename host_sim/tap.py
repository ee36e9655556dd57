"""Keeps the last transmissions of a serial line, for the panel's notebook; on request every byte from the host.

The bytes of a page are a picture of a certificate, so of a long transmission the notebook shows only the first bytes
and the length.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from host_sim.models import LineModel

SHOWN_BYTES = 24
KEPT = 120
_APART_S = 0.030  # bytes closer together than this are one transmission


@dataclass(slots=True)
class Said:
    """One transmission: its first bytes and how many there were."""

    at_s: float
    last_s: float
    line: str
    from_host: bool
    head: bytes
    size: int
    times: int = 1  # how often this question got this answer, one after the other

    @property
    def text(self) -> str:
        shown = self.head.hex(" ").upper()
        if self.size > SHOWN_BYTES:
            shown += f" … {self.size} bytes"
        return f"{shown}   ×{self.times}" if self.times > 1 else shown

    def same_as(self, other: "Said") -> bool:
        return (self.from_host, self.head, self.size) == (other.from_host, other.head, other.size)


class Tapped:
    """A `LineModel` around another one; passes every byte on unchanged. `recording`: every byte from the host, or None."""

    def __init__(self, line: str, model: LineModel, *, record: bool = False) -> None:
        self.said: deque[Said] = deque(maxlen=KEPT)
        self.recording = bytearray() if record else None
        self._line = line
        self._model = model

    def receive(self, data: bytes, now_s: float) -> None:
        self._note(data, now_s, from_host=True)
        if self.recording is not None:
            self.recording += data
        self._model.receive(data, now_s)

    def transmit(self, now_s: float) -> bytes:
        data = self._model.transmit(now_s)
        if data:
            self._note(data, now_s, from_host=False)
        return data

    def wake_at(self) -> float | None:
        return self._model.wake_at()

    def room(self, now_s: float) -> int:
        """How many bytes the device would take now; no limit for a model without `room`."""
        asked = getattr(self._model, "room", None)
        return 1 << 20 if asked is None else int(asked(now_s))

    def _note(self, data: bytes, now_s: float, *, from_host: bool) -> None:
        last = self.said[-1] if self.said else None
        if last is not None and last.from_host is from_host and now_s - last.last_s < _APART_S:
            last.head = (last.head + data)[:SHOWN_BYTES]
            last.size += len(data)
            last.last_s = now_s
        else:
            if from_host:
                self._fold()
            self.said.append(Said(now_s, now_s, self._line, from_host, bytes(data[:SHOWN_BYTES]), len(data)))

    def _fold(self) -> None:
        """Count a poll that was answered like the poll before it, instead of keeping it."""
        if len(self.said) < 4:
            return
        asked, told, again, likewise = (self.said[index] for index in (-4, -3, -2, -1))
        if again.from_host and again.same_as(asked) and likewise.same_as(told) and not told.from_host:
            del self.said[-1], self.said[-1]
            asked.times += again.times
            told.times += likewise.times
            asked.at_s = told.at_s = likewise.at_s


def latest(taps: Iterable[Tapped], count: int) -> list[Said]:
    """The last transmissions of all lines, oldest first."""
    everything = [said for tap in taps for said in tuple(tap.said)]
    return sorted(everything, key=lambda said: said.at_s)[-count:]
