"""firmware/io_board/README.md read a second time, for the tests: frames by zlib and the paper on COBS, and what a board must do.

Nothing here comes from either side's code.
"""

import struct
import zlib
from dataclasses import dataclass, field

SET, ASK, LOADER, REPORT, IDENTITY = 0x01, 0x02, 0x04, 0x81, 0x82
COINS, SUPPLY, REFUSES_AT_GROUND, LAMPS_AND_BUZZER = 0x01, 0x02, 0x04, 0x38
AS_TOLD, STARTED, BY_WATCHDOG, SILENT = 0, 1, 2, 3


def frame(body: bytes) -> bytes:
    """Body, CRC, COBS, 0x00."""
    blocks, rest = b"", body + struct.pack("<I", zlib.crc32(body)) + b"\0"
    while rest:
        run = rest.index(0)
        if run >= 254:
            blocks, rest = blocks + b"\xff" + rest[:254], rest[254:]
        else:
            blocks, rest = blocks + bytes([run + 1]) + rest[:run], rest[run + 1 :]
    return blocks + b"\0"


def body_of(coded: bytes) -> bytes:
    """The body of one frame without its 0x00. Raises ValueError for a damaged one."""
    plain, rest = b"", coded
    while rest:
        code = rest[0]
        if code > len(rest):
            raise ValueError("COBS points beyond the end")
        plain += rest[1:code] + (b"" if code == 255 else b"\0")
        rest = rest[code:]
    body, crc = plain[:-5], plain[-5:-1]
    if struct.pack("<I", zlib.crc32(body)) != crc:
        raise ValueError("wrong CRC")
    return body


def set_body(sequence: int, boot: int, acknowledged: int, outputs: int) -> bytes:
    return struct.pack("<BBBIIB", 1, SET, sequence, boot, acknowledged, outputs)


def ask_body(sequence: int) -> bytes:
    return bytes([1, ASK, sequence])


def loader_body(sequence: int, boot: int) -> bytes:
    return struct.pack("<BBBI", 1, LOADER, sequence, boot)


@dataclass(frozen=True)
class Report:
    sequence: int
    boot: int
    at_us: int
    outputs: int
    why: int
    inputs: int
    contacts: int
    damaged: int
    first: int
    edges: tuple[tuple[int, bool], ...]


@dataclass(frozen=True)
class Identity:
    sequence: int
    boot: int
    program: bytes


def read(said: bytes) -> list[Report | Identity]:
    """All that a board said. Raises ValueError where it is not frames of the page."""
    *frames, rest = said.split(b"\0")
    if rest:
        raise ValueError(f"bytes after the last frame: {rest.hex()}")
    return [_read(body_of(coded)) for coded in frames if coded]


def _read(body: bytes) -> Report | Identity:
    if body[0] != 1:
        raise ValueError(f"version {body[0]}")
    if body[1] == IDENTITY and len(body) == 39:
        sequence, boot, program = struct.unpack("<2xBI32s", body)
        return Identity(sequence, boot, program)
    if body[1] != REPORT or len(body) != 27 + 8 * body[26] or body[26] > 64:
        raise ValueError(f"neither REPORT nor IDENTITY: {body.hex()}")
    values = struct.unpack("<2xBIQBBBHHIx", body[:27])
    edges = struct.unpack(f"<{body[26]}Q", body[27:])
    return Report(*values, edges=tuple((edge // 2, bool(edge & 1)) for edge in edges))


@dataclass
class Page:
    """What the page says of one board, from what is done to it. Times in µs since the world began."""

    began_us: int = 0
    start_why: int = STARTED
    boot: int | None = None
    sequence: int = 0
    damaged: int = 0
    told: int = 0
    told_us: int | None = None
    acknowledged: int = 0
    edges: list[tuple[int, bool]] = field(default_factory=list)
    contacts: int = 0
    door_shut: bool = True
    coin_low: bool = False

    def start(self, now_us: int, why: int) -> None:
        """A reset: wires outside stay as they are, all else is forgotten."""
        self.__init__(  # type: ignore[misc]
            began_us=now_us, start_why=why, contacts=self.contacts, door_shut=self.door_shut, coin_low=self.coin_low
        )

    def hear_set(self, now_us: int, sequence: int, boot: int, acknowledged: int, outputs: int) -> None:
        self.sequence = sequence
        if boot != self.boot:
            return
        self.told_us = now_us
        self.told = outputs & (0x3F if outputs & SUPPLY else 0x3E)
        if acknowledged <= len(self.edges):
            self.acknowledged = max(self.acknowledged, acknowledged)

    def edge(self, now_us: int, *, low: bool) -> None:
        if low != self.coin_low:
            self.coin_low = low
            self.edges.append((now_us - self.began_us, low))

    def silent_us(self, now_us: int) -> int:
        assert self.told_us is not None
        return now_us - self.told_us

    def outputs(self, now_us: int) -> tuple[int, int]:
        """The bits in force and why."""
        if self.told_us is None:
            return 0, self.start_why
        if self.silent_us(now_us) < 1_000_000:
            return self.told, AS_TOLD
        kept = SUPPLY | REFUSES_AT_GROUND if self.silent_us(now_us) < 11_000_000 else REFUSES_AT_GROUND
        return self.told & kept, SILENT

    def hears(self, now_us: int) -> bool:
        return self.told_us is not None and self.silent_us(now_us) < 1_000_000

    def wires(self, now_us: int) -> tuple[bool, bool, bool, bool, bool]:
        """Supply, inhibit wire low, lamp at the slot, lamp at the paper, buzzer."""
        bits, _ = self.outputs(now_us)
        coins, ground = bool(bits & COINS), bool(bits & REFUSES_AT_GROUND)
        low = (ground and not coins) or (not ground and coins)
        return bool(bits & SUPPLY), low, bool(bits & 0x08), bool(bits & 0x10), bool(bits & 0x20)

    def report(self, at_us: int) -> Report:
        """The report that the board would make `at_us` after its start."""
        now_us = self.began_us + at_us
        outputs, why = self.outputs(now_us)
        first = max(self.acknowledged, len(self.edges) - 64)
        inputs = self.door_shut | self.coin_low << 1 | self.wires(now_us)[1] << 2
        assert self.boot is not None
        return Report(
            self.sequence,
            self.boot,
            at_us,
            outputs,
            why,
            inputs,
            self.contacts,
            self.damaged & 0xFFFF,
            first,
            tuple(self.edges[first:]),
        )
