"""The frames between machine and I/O board, as firmware/io_board/README.md has them ("Frames"). Pure.

A report says which keys are down, so its bytes are overwritten as soon as they are read, and no text of it shows them.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntFlag

VERSION = 1
END = b"\0"
_SET, _ASK, _LOADER, _REPORT, _IDENTITY = 0x01, 0x02, 0x04, 0x81, 0x82
_TYPES = {_SET: "SET", _ASK: "ASK", _LOADER: "LOADER"}  # that the machine sends
_CRC_BYTES = 4
_LONGEST_BODY = 546  # towards the machine
_LONGEST = _LONGEST_BODY + _CRC_BYTES + 3  # coded: one code byte for each 254 bytes begun
_EDGES_AT = 27  # where the edges of a report begin
_EDGES_MOST = 64
_IDENTITY_BYTES = 39


class Output(IntFlag):
    """What the board shall hold, and what it holds ("Outputs")."""

    COINS = 0x01
    SUPPLY = 0x02  # the acceptor's 12 V
    GROUND_REFUSES = 0x04
    SLOT_LAMP = 0x08
    PAPER_LAMP = 0x10
    BUZZER = 0x20


class Input(IntFlag):
    DOOR_SHUT = 0x01
    COIN_LOW = 0x02
    INHIBIT_LOW = 0x04
    SUPPLY_DISTURBED = 0x08  # the 12 V pin is at another level than the board drives


class Damaged(ValueError):
    """No frame of the page: wrong COBS, CRC, type or length. It is counted and has no other effect."""


@dataclass(frozen=True, slots=True)
class ReportedEdge:
    """One edge; `at_us`: since the board's program began. `active`: low, a pulse begins."""

    active: bool
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the wires do ("REPORT"). `sequence`: of the last valid frame that the board heard. `at_us`: since its start."""

    sequence: int
    boot: int
    at_us: int
    outputs: Output
    why: int
    inputs: Input
    contacts: int = field(repr=False)  # bit 4 x row + column; the keys of a PIN are among them
    damaged: int
    first: int
    edges: tuple[ReportedEdge, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which program the board runs; `version` of the frames that it speaks, the only thing that may differ from ours."""

    version: int
    sequence: int
    boot: int
    program_sha256: bytes


def set_frame(sequence: int, boot: int, acknowledged: int, outputs: Output) -> bytes:
    return _frame(_SET, sequence, boot.to_bytes(4, "little") + acknowledged.to_bytes(4, "little") + bytes([outputs]))


def ask_frame(sequence: int) -> bytes:
    return _frame(_ASK, sequence, b"")


def loader_frame(sequence: int, boot: int) -> bytes:
    return _frame(_LOADER, sequence, boot.to_bytes(4, "little"))


def told(coded: bytes) -> tuple[str, Output]:
    """Of a frame that the machine made, without its 0x00: its type, and what it tells the board to hold. Raises `Damaged`."""
    body = _uncoded(bytearray(coded))
    if len(body) < 3 or body[1] not in _TYPES:
        raise Damaged("it is no whole frame of the machine")
    return _TYPES[body[1]], Output(body[11]) if body[1] == _SET and len(body) > 11 else Output(0)


def read(coded: bytearray) -> Report | Identity:
    """One frame without its 0x00. Overwrites `coded`. Raises `Damaged`."""
    body = bytearray()
    try:
        body += _uncoded(coded)
        return _meaning(_checked(body))
    finally:
        body[:] = bytes(len(body))
        coded[:] = bytes(len(coded))


class Splitter:
    """Bytes in, coded frames out. `damaged`: how many were too long to be any frame."""

    def __init__(self) -> None:
        self._begun = bytearray()
        self._skipping = False
        self.damaged = 0

    def feed(self, data: bytes) -> Iterator[bytearray]:
        """The frames that `data` completes, each without its 0x00; whoever takes one overwrites it (`read` does)."""
        for byte in data:
            if byte == 0:
                frame, self._begun = self._begun, bytearray()
                self._skipping = False
                if frame:
                    yield frame
            elif not self._skipping:
                self._begun.append(byte)
                if len(self._begun) > _LONGEST:
                    self.forget()
                    self._skipping = True
                    self.damaged += 1

    def forget(self) -> None:
        """Overwrite a frame of which only the beginning came."""
        self._begun[:] = bytes(len(self._begun))
        self._begun = bytearray()


# --- inside -------------------------------------------------------------------------------------


def _frame(kind: int, sequence: int, rest: bytes) -> bytes:
    body = bytes([VERSION, kind, sequence]) + rest
    return _coded(body + zlib.crc32(body).to_bytes(_CRC_BYTES, "little")) + END


def _coded(data: bytes) -> bytes:
    """COBS: each zero becomes the distance to the next one. What the machine sends is shorter than a block of 254."""
    assert len(data) < 254
    return b"".join(bytes([len(run) + 1]) + run for run in data.split(END))


def _uncoded(coded: bytearray) -> bytearray:
    plain, at = bytearray(), 0
    while at < len(coded):
        code = coded[at]
        run = coded[at + 1 : at + code]
        at += code
        if code == 0 or at > len(coded):
            raise Damaged("the COBS code points beyond the end")
        plain += run
        run[:] = bytes(len(run))
        if code < 0xFF and at < len(coded):
            plain.append(0)
    return plain


def _checked(body: bytearray) -> memoryview:
    """The body without its CRC."""
    whole = memoryview(body)
    inner, crc = whole[:-_CRC_BYTES], whole[-_CRC_BYTES:]
    if len(inner) < 3 or zlib.crc32(inner) != _number(crc):
        raise Damaged("the CRC is wrong")
    return inner


def _meaning(body: memoryview) -> Report | Identity:
    version, kind, sequence = body[:3]
    if kind == _IDENTITY and len(body) == _IDENTITY_BYTES:  # its layout is the same in every version
        return Identity(version=version, sequence=sequence, boot=_number(body[3:7]), program_sha256=bytes(body[7:]))
    if kind == _REPORT and version == VERSION and len(body) >= _EDGES_AT:
        return _report(body)
    raise Damaged("its type, version or length is none of the page's")


def _report(body: memoryview) -> Report:
    count = body[_EDGES_AT - 1]
    if count > _EDGES_MOST or len(body) != _EDGES_AT + 8 * count:
        raise Damaged("its length is not that of its edges")
    words = [_number(body[at : at + 8]) for at in range(_EDGES_AT, len(body), 8)]
    return Report(
        sequence=body[2],
        boot=_number(body[3:7]),
        at_us=_number(body[7:15]),
        outputs=Output(body[15]),
        why=body[16],
        inputs=Input(body[17]),
        contacts=_number(body[18:20]),
        damaged=_number(body[20:22]),
        first=_number(body[22:26]),
        edges=tuple(ReportedEdge(bool(word & 1), word >> 1) for word in words),
    )


def _number(little_endian: memoryview) -> int:
    return int.from_bytes(little_endian, "little")
