"""Answers: one stream of bytes, in which fixed bits tell the kinds of answer apart. Pure.

ESC/POS (Citizen CT-S2000 command reference, "identification of send status", and Epson's):

    0xx1xx10  DLE EOT           0xx1xx00 + three 0xx0xxxx  automatic status     0xx0xxxx  GS r, GS I
    35 37 3B 3D 5F .. 00        a block up to its NUL                           11, 13    XON, XOFF

Custom's line differs: `10 0F` and four bytes are the full status, `10 03` and two bytes its automatic part, and
counters are text ("2376 cuts", "251550cm"). The ejector's byte may have any value, so it is recognised only after a
question for it.
"""

import re
from dataclasses import dataclass

from drivers.printer.profile import Dialect


@dataclass(frozen=True, slots=True)
class RealTimeStatus:
    """The answer to DLE EOT n. It does not tell n."""

    byte: int


@dataclass(frozen=True, slots=True)
class AutomaticStatus:
    """ASB: four bytes, of which Custom sends two (paper, user)."""

    flags: bytes


@dataclass(frozen=True, slots=True)
class QueuedByte:
    """The answer to GS r or GS I, which wait in the queue of commands."""

    byte: int


@dataclass(frozen=True, slots=True)
class ProcessId:
    digits: bytes


@dataclass(frozen=True, slots=True)
class Cleared:
    """DLE DC4 function 8 has been carried out."""


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter's value; `unit` is Custom's word for it, empty for GS g 2."""

    value: int
    unit: str


@dataclass(frozen=True, slots=True)
class FullStatus:
    """Custom's four bytes: paper, user, recoverable, unrecoverable."""

    flags: bytes


@dataclass(frozen=True, slots=True)
class EjectorStatus:
    byte: int


@dataclass(frozen=True, slots=True)
class Noise:
    """Bytes that are no answer."""

    data: bytes


Reply = (
    RealTimeStatus | AutomaticStatus | QueuedByte | ProcessId | Cleared | Counter | FullStatus | EjectorStatus | Noise
)

_BLOCKS = frozenset((0x35, 0x37, 0x3B, 0x3D, 0x5F))
_BLOCK_LONGEST = 80
_COUNTER = re.compile(rb"([0-9]{1,10}) ?(cuts|cm|ret|on)")


class ReplyParser:
    """Takes bytes as they arrive, returns whole answers."""

    def __init__(self, dialect: Dialect) -> None:
        self._custom = dialect is Dialect.CUSTOM
        self._held = bytearray()
        self.ejector_asked = False

    def reset(self) -> None:
        """Drop a half-received answer, because the next bytes belong to another question."""
        self._held.clear()
        self.ejector_asked = False

    def feed(self, data: bytes) -> list[Reply]:
        self._held += data
        replies: list[Reply] = []
        while self._held:
            used, reply = self._next_custom() if self._custom else self._next()
            if used == 0:
                break
            del self._held[:used]
            if reply is not None:
                replies.append(reply)
        return replies

    def _next(self) -> tuple[int, Reply | None]:
        """Bytes used (0: wait for more) and the answer in them, if any."""
        held = self._held
        first = held[0]
        if first in (0x11, 0x13):
            return 1, None
        if first in _BLOCKS:
            return self._block()
        if first & 0x93 == 0x12:
            return 1, RealTimeStatus(first)
        if first & 0x93 == 0x10:
            if any(byte & 0x90 for byte in held[1:4]):
                return 1, Noise(bytes((first,)))
            return (4, AutomaticStatus(bytes(held[:4]))) if len(held) >= 4 else (0, None)
        if first & 0x90 == 0:
            return 1, QueuedByte(first)
        return 1, Noise(bytes((first,)))

    def _block(self) -> tuple[int, Reply | None]:
        held = self._held
        end = held.find(0, 1)
        if end < 0:
            return (1, Noise(bytes(held[:1]))) if len(held) > _BLOCK_LONGEST else (0, None)
        # XON and XOFF may come in the middle of a block (Epson, GS g 2 notes)
        body = bytes(byte for byte in held[1:end] if byte not in (0x11, 0x13))
        match held[0]:
            case 0x37 if body[:1] == b"\x22" and len(body) == 5:
                return end + 1, ProcessId(body[1:])
            case 0x37 if body == b"\x25":
                return end + 1, Cleared()
            case 0x5F if body.isdigit():
                return end + 1, Counter(int(body), "")
            case _:
                return end + 1, Noise(bytes(held[: end + 1]))

    def _next_custom(self) -> tuple[int, Reply | None]:
        held = self._held
        first = held[0]
        if first == 0x10 and len(held) == 1 and not self.ejector_asked:
            return 0, None
        if held[:2] == b"\x10\x0f":
            return (6, FullStatus(bytes(held[2:6]))) if len(held) >= 6 else (0, None)
        if held[:2] == b"\x10\x03":
            return (4, AutomaticStatus(bytes(held[2:4]) + b"\0\0")) if len(held) >= 4 else (0, None)
        if self.ejector_asked:
            self.ejector_asked = False
            return 1, EjectorStatus(first)
        if 0x30 <= first <= 0x39:
            found = _COUNTER.match(held)
            if found:
                return found.end(), Counter(int(found[1]), found[2].decode("ascii"))
            if len(held) < 16 and re.fullmatch(rb"[0-9]+ ?(c(u(t)?)?|r(e)?|o)?", held):
                return 0, None
        return 1, Noise(bytes((first,)))
