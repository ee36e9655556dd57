"""Frames of README.md ("Frames"): bytes in, bodies out, and back. Pure."""

import struct
from binascii import crc32

VERSION = 1
SET, ASK, LOADER = 0x01, 0x02, 0x04
REPORT, IDENTITY = 0x81, 0x82
LENGTH_OF = {SET: 12, ASK: 3, LOADER: 7}  # whole bodies

_SHORTEST_BODY = 3  # version, type, sequence
_LONGEST_CODED = 37  # a body of 32 bytes, its CRC, and one byte of COBS
_CRC_BYTES = 4
_HEAD = "<BBBIQBBBHHIB"
_HEAD_BYTES = 27
_EDGE_BYTES = 8
MOST_EDGES = 64
_LONGEST_REPORT = _HEAD_BYTES + MOST_EDGES * _EDGE_BYTES


class Receiver:
    """Takes the machine's bytes one by one. Keeps at most one frame; more than that is one damaged frame."""

    def __init__(self) -> None:
        self._coded = bytearray(_LONGEST_CODED)
        self._size = 0

    def put(self, byte: int) -> bytes | None:
        """A body when `byte` ends a frame, b"" when that frame is damaged, else None."""
        if byte:
            if self._size < _LONGEST_CODED:
                self._coded[self._size] = byte
            self._size = min(self._size + 1, _LONGEST_CODED + 1)
            return None
        size, self._size = self._size, 0
        if size == 0:
            return None
        if size > _LONGEST_CODED:
            return b""
        return self._body(size)

    def _body(self, size: int) -> bytes:
        end = _decode(self._coded, size) - _CRC_BYTES
        if end < _SHORTEST_BODY:
            return b""
        body = bytes(memoryview(self._coded)[:end])
        (crc,) = struct.unpack_from("<I", self._coded, end)
        return body if crc == crc32(body) else b""


def _decode(coded: bytearray, size: int) -> int:
    """Undo COBS in place; how many bytes it makes, -1 when a code points beyond the end."""
    taken = made = 0
    while taken < size:
        code = coded[taken]
        taken += 1
        if taken + code - 1 > size:
            return -1
        for _ in range(code - 1):
            coded[made] = coded[taken]
            made += 1
            taken += 1
        if taken < size:
            coded[made] = 0
            made += 1
    return made


class Sender:
    """Makes the board's frames. Both buffers are used again by the next frame: what a report said is not kept."""

    def __init__(self) -> None:
        self._body = bytearray(_LONGEST_REPORT + _CRC_BYTES)
        self._coded = bytearray(_LONGEST_REPORT + _CRC_BYTES + 5)

    def report(
        self,
        sequence: int,
        boot: int,
        at_us: int,
        outputs: int,
        why: int,
        inputs: int,
        contacts: int,
        damaged: int,
        first: int,
        edges: list[int],
    ) -> memoryview:
        """The bytes of a REPORT, good until the next frame is made. `edges`: as they stand in the frame."""
        body, count = self._body, len(edges)
        struct.pack_into(
            _HEAD, body, 0,
            VERSION, REPORT, sequence, boot, at_us, outputs, why, inputs, contacts, damaged, first, count,
        )  # fmt: skip
        for number in range(count):
            struct.pack_into("<Q", body, _HEAD_BYTES + _EDGE_BYTES * number, edges[number])
        return self._frame(_HEAD_BYTES + _EDGE_BYTES * count)

    def identity(self, sequence: int, boot: int, program: bytes) -> memoryview:
        """The bytes of an IDENTITY, good until the next frame is made."""
        struct.pack_into("<BBBI32s", self._body, 0, VERSION, IDENTITY, sequence, boot, program)
        return self._frame(39)

    def _frame(self, size: int) -> memoryview:
        body = memoryview(self._body)
        struct.pack_into("<I", self._body, size, crc32(body[:size]))
        return memoryview(self._coded)[: _encode(self._body, size + _CRC_BYTES, self._coded)]


def _encode(plain: bytearray, size: int, coded: bytearray) -> int:
    """COBS and the 0x00 at the end; how many bytes that makes."""
    code_at, made = 0, 1
    for number in range(size):
        byte = plain[number]
        if byte:
            coded[made] = byte
            made += 1
        if byte == 0 or made - code_at == 255:
            coded[code_at] = made - code_at
            code_at, made = made, made + 1
    coded[code_at] = made - code_at
    coded[made] = 0
    return made + 1
