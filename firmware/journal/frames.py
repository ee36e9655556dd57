"""How records lie on the medium, and how the end left by a power cut is told from a damaged medium. Pure.

**Segment.** A file of fixed size, filled with zeros before its first use. Its first sector is a header that names
the segment and the hash it continues from. Records follow.

**Record.**

    magic 2 | number 1 | flags 1 | length 4 | seq 8 | boot 4 | mono_ms 8 | wall_ms 8 | payload | crc32 4 | hash 16

all big-endian; the record's hash is SHA-256(hash of the record before || header || payload), of which the first half
is written and the whole is chained, so no record can be changed, dropped, inserted or moved without the head
changing. The CRC covers header and payload: it lets a record be recognised where the chain before it is broken.

**Group.** Everything written between two syncs. A group begins on a sector of its own and its first record carries
the flag FIRST; so a sector that holds an acknowledged record is never written again, and *a FIRST record can
only be there because everything before it had been synced*. So there are two cases of unreadable bytes:

  - no FIRST record lies behind them: the last group was cut short by a power cut.
    Nothing in it was acknowledged beyond what still reads; the rest is cut off (`TORN`).
  - a FIRST record lies behind them: bytes that were acknowledged are gone. The medium is damaged, and nothing
    is cut off (`CORRUPT`).

Damage to the last acknowledged group, with nothing written after it, looks like a torn tail. The head known to the
centre shows it, and the second copy repairs it.
See journal rule 3 and fault D3.
"""

import struct
import zlib
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

SECTOR = 512
Head = tuple[int, bytes]  # sequence number and hash of the last record: what the next one continues
GENESIS = bytes(32)  # the hash before the very first record
GENESIS_HEAD: Head = (0, GENESIS)

_MAGIC = b"\xcaK"
_HEADER = struct.Struct(">2sBBIQIQq")
_TRAILER = struct.Struct(">I16s")
FIRST = 0x01
_CLOCK_SHIFT = 1  # two bits of the flags: how far the wall time can be trusted
_WRITTEN = 16  # bytes of the hash
_BLOCK = 4096
_ZEROS = bytes(_BLOCK)
OVERHEAD = _HEADER.size + _TRAILER.size

_TITLE = b"KOFUKI-JOURNAL-1"
_SEGMENT = struct.Struct(">16sIIQ32s")


@dataclass(frozen=True, slots=True)
class SegmentHeader:
    index: int
    size: int
    first_seq: int
    continues: bytes  # hash of the record before, 32 bytes


class Entry(NamedTuple):
    """One record as it lies in its segment."""

    start: int
    end: int
    number: int
    flags: int
    clock: int
    seq: int
    boot: int
    mono_ms: int
    wall_ms: int
    payload: bytes
    before: bytes  # hash of the record before
    hash: bytes


class Ending(StrEnum):
    CLEAN = "clean"  # zeros after the last record
    TORN = "torn"  # an unacknowledged group was cut short
    CORRUPT = "corrupt"  # acknowledged bytes are unreadable


@dataclass(frozen=True, slots=True)
class Scan:
    """What `scan` found in a segment."""

    header: SegmentHeader
    entries: list[Entry]
    ending: Ending
    end: int  # the first byte after the last good record
    dirty_from: int  # where the unreadable bytes begin; the next sector, if only zeros lie before it
    dirty_to: int  # where they end (a sector boundary); `dirty_from` when there are none
    beyond_seq: int = 0  # CORRUPT: the highest acknowledged record seen behind the unreadable place

    @property
    def head(self) -> Head:
        """What the record after this segment continues from."""
        if self.entries:
            return self.entries[-1].seq, self.entries[-1].hash
        return self.header.first_seq - 1, self.header.continues


class NotASegment(ValueError):
    """The first sector is not a segment header of this format."""


def align(offset: int) -> int:
    """The first sector boundary at or after `offset`."""
    return -(-offset // SECTOR) * SECTOR


def pack_segment(header: SegmentHeader) -> bytes:
    """The first sector of a segment."""
    packed = _SEGMENT.pack(_TITLE, header.index, header.size, header.first_seq, header.continues)
    return (packed + zlib.crc32(packed).to_bytes(4, "big")).ljust(SECTOR, b"\0")


def unpack_segment(sector: bytes) -> SegmentHeader:
    """The header in the first sector. Raises `NotASegment`."""
    packed, crc = sector[: _SEGMENT.size], sector[_SEGMENT.size : _SEGMENT.size + 4]
    if len(crc) < 4 or zlib.crc32(packed).to_bytes(4, "big") != crc:
        raise NotASegment("the first sector fails its checksum")
    title, index, size, first_seq, continues = _SEGMENT.unpack(packed)
    if title != _TITLE:
        raise NotASegment(f"the title is {title!r}")
    return SegmentHeader(index, size, first_seq, continues)


def pack_record(
    *,
    number: int,
    flags: int,
    clock: int,
    seq: int,
    boot: int,
    mono_ms: int,
    wall_ms: int,
    payload: bytes,
    before: bytes,
) -> tuple[bytes, bytes]:
    """The bytes of one record and its hash; `before` is the hash it continues from."""
    flags |= clock << _CLOCK_SHIFT
    body = _HEADER.pack(_MAGIC, number, flags, len(payload), seq, boot, mono_ms, wall_ms) + payload
    digest = sha256(before + body).digest()
    return body + _TRAILER.pack(zlib.crc32(body), digest[:_WRITTEN]), digest


def unpack_record(data: bytes, start: int, before: bytes = GENESIS) -> tuple[Entry, bool] | None:
    """The record at `start` by its checksum alone, and whether it continues the hash `before`; None: no record."""
    if data[start : start + 2] != _MAGIC or start + OVERHEAD > len(data):
        return None
    _, number, flags, length, seq, boot, mono_ms, wall_ms = _HEADER.unpack_from(data, start)
    body_end = start + _HEADER.size + length
    end = body_end + _TRAILER.size
    if end > len(data):
        return None
    crc, written = _TRAILER.unpack_from(data, body_end)
    body = data[start:body_end]
    if zlib.crc32(body) != crc:
        return None
    digest = sha256(before + body).digest()
    payload = body[_HEADER.size :]
    entry = Entry(
        start,
        end,
        number,
        flags & FIRST,
        flags >> _CLOCK_SHIFT & 3,
        seq,
        boot,
        mono_ms,
        wall_ms,
        payload,
        before,
        digest,
    )
    return entry, digest[:_WRITTEN] == written


def scan(data: bytes) -> Scan:
    """Read a whole segment. Raises `NotASegment`; other damage is in the answer's `ending`."""
    header = unpack_segment(data[:SECTOR])
    entries: list[Entry] = []
    position, seq, before = SECTOR, header.first_seq, header.continues
    while True:
        entry = _next(data, position, seq, before)
        if entry is None:
            break
        entries.append(entry)
        position, seq, before = entry.end, seq + 1, entry.hash
    used = used_bytes(data)
    if used <= position:  # the last hash may itself end in zeros
        return Scan(header, entries, Ending.CLEAN, position, position, position)
    beyond_seq = _acknowledged_behind(data, position, used, seq)
    ending = Ending.CORRUPT if beyond_seq else Ending.TORN
    boundary = align(position)
    # Groups begin on sectors of their own, so what is unreadable in this one belongs to the torn group as well.
    dirty_from = position if data[position:boundary].strip(b"\0") else boundary
    return Scan(header, entries, ending, position, dirty_from, align(used), beyond_seq)


def used_bytes(data: bytes) -> int:
    """Where the zeros at the end begin."""
    for start in range((len(data) - 1) // _BLOCK * _BLOCK, -1, -_BLOCK):
        block = data[start : start + _BLOCK]
        if block != _ZEROS[: len(block)]:  # a comparison is many times faster than stripping
            return start + len(block.rstrip(b"\0"))
    return 0


def _next(data: bytes, position: int, seq: int, before: bytes) -> Entry | None:
    """The record that continues the chain: right here in the same group, or at the next sector as a FIRST."""
    boundary = align(position)
    for start in _candidates(data, position):
        found = unpack_record(data, start, before)
        if found is None:
            continue
        entry, continues = found
        in_place = start == boundary if entry.flags & FIRST else start == position
        if continues and entry.seq == seq and in_place:
            return entry
    return None


def _candidates(data: bytes, position: int) -> tuple[int, ...]:
    """Where the next record may start: here, or at the next sector if only zeros lie between."""
    boundary = align(position)
    if boundary == position or data[position : position + 2] == _MAGIC:
        return (position,)
    return () if data[position:boundary].strip(b"\0") else (boundary,)


def _acknowledged_behind(data: bytes, position: int, used: int, seq: int) -> int:
    """The highest FIRST record behind the unreadable place; it proves that the unreadable bytes were synced. 0: none.

    The torn group's own FIRST proves nothing and is passed over: it starts where the chain goes on, has the next
    number, and was cut in its hash.
    """
    for start in _candidates(data, position):
        found = unpack_record(data, start)
        if found is not None and found[0].seq == seq:
            return highest_first(data[:used], start + 1)
    return highest_first(data[:used], position)


def highest_first(data: bytes, begin: int = 0) -> int:
    """The highest sequence number of a FIRST record that starts at or after `begin`, by checksums alone; 0: none."""
    highest = 0
    for start in range(align(begin), len(data), SECTOR):
        found = unpack_record(data, start)
        if found is not None and found[0].flags & FIRST:
            highest = max(highest, found[0].seq)
    return highest
