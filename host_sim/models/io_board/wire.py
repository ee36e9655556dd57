"""Frames on the board's side: COBS, CRC-32, and the bytes of a REPORT and an IDENTITY."""

import binascii
import struct

BODY_MAX = 32  # towards the board
SET, ASK, LOADER, REPORT, IDENTITY = 0x01, 0x02, 0x04, 0x81, 0x82
_LENGTHS = {SET: 12, ASK: 3, LOADER: 7}
_REPORT = struct.Struct("<BBBIQBBBHHIB")
_CODED_MAX = BODY_MAX + 4 + 1  # short of 254 bytes COBS adds one


class Ears:
    """Bytes in, bodies out. `damaged`: the frames since the start that had no effect."""

    def __init__(self) -> None:
        self.damaged = 0
        self._coded = b""

    def hear(self, data: bytes) -> list[bytes]:
        """The valid bodies that end in `data`, whatever their version."""
        *whole, rest = (self._coded + data).split(b"\0")
        self._coded = rest[: _CODED_MAX + 1]
        return [body for body in map(self._body, filter(None, whole)) if body]

    def _body(self, coded: bytes) -> bytes:
        body = _without_crc(_unstuffed(coded)) if len(coded) <= _CODED_MAX else b""
        if not body or (body[0] == 1 and _LENGTHS.get(body[1]) != len(body)):
            self.damaged += 1
            return b""
        return body


def _unstuffed(coded: bytes) -> bytes:
    plain = []
    while coded:
        code = coded[0]
        if code > len(coded):
            return b""
        plain.append(coded[1:code])
        coded = coded[code:]
    return b"\0".join(plain)


def _without_crc(whole: bytes) -> bytes:
    body, crc = whole[:-4], whole[-4:]
    return body if len(body) >= 3 and binascii.crc32(body).to_bytes(4, "little") == crc else b""


def report(
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
) -> bytes:
    """The frame, with its 0x00. `edges`: as on the wire, 2 x time in us, plus 1 where the wire went low."""
    head = _REPORT.pack(
        1, REPORT, sequence, boot, at_us, outputs, why, inputs, contacts, damaged % 65536, first % 2**32, len(edges)
    )
    return _framed(head + struct.pack(f"<{len(edges)}Q", *edges))


def identity(sequence: int, boot: int, program: bytes) -> bytes:
    return _framed(struct.pack("<BBBI32s", 1, IDENTITY, sequence, boot, program))


def _framed(body: bytes) -> bytes:
    return _stuffed(body + struct.pack("<I", binascii.crc32(body))) + b"\0"


def _stuffed(data: bytes) -> bytes:
    coded = b""
    for run in data.split(b"\0"):
        full = len(run) // 254 * 254
        for at in range(0, full, 254):  # a full block is followed by no zero
            coded += b"\xff" + run[at : at + 254]
        coded += bytes([len(run) - full + 1]) + run[full:]
    return coded
