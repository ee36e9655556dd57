"""Reads the machine's journal without the firmware's code, for the panel's notebook and the summary of `issue`.

A segment is a file: a sector of header, then records, each with a checksum; the rest is zeros. A record's number and
field list never change after a release, so the records needed here are written out below.

    magic CA 4B | number 1 | flags 1 | length 4 | seq 8 | boot 4 | mono_ms 8 | wall_ms 8   big-endian
    payload (a JSON array of the fields in order) | CRC-32 of both 4 | chain 16
"""

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

SECTOR = 512
MAGIC = b"\xca\x4b"
_HEADER = struct.Struct(">2sBBIQIQq")
_TRAILER_BYTES = 4 + 16
_JST = ZoneInfo("Asia/Tokyo")

AUTHORISED, SESSION_CLOSED, PRINT_INTENT, COPY_PRINTED = 19, 21, 48, 49
NAMES = {
    1: "Boot", 2: "Counters", 3: "Suspended", 4: "Resumed", 5: "Flag", 6: "Resolved", 7: "LineStopped",
    8: "LineCleared", 16: "SessionOpened", 17: "PinResult", 18: "Request", 19: "Authorised", 20: "NotReserved",
    21: "SessionClosed", 32: "SlotOpened", 33: "Coin", 34: "SlotClosed", 35: "StrayCoin", 36: "AcceptorPaired",
    37: "FeeTaken", 38: "FeeReturned",
    48: "PrintIntent", 49: "CopyPrinted", 50: "CopySpoiled", 51: "CopyUncertain", 52: "PaperTaken", 53: "PaperLeft", 64: "PayIntent",
    65: "PayDone", 66: "ClaimIntent", 67: "ClaimDone", 68: "PayoutUnexplained", 69: "PayoutAcknowledged",
    70: "HopperSeen",
    80: "AdviceQueued", 81: "AdviceDone", 96: "FloatSet",
    97: "PaperSet", 98: "CashBoxEmptied", 99: "StaffPayIntent", 100: "StaffPayDone", 101: "SheetsUsed",
    102: "ConsoleAct", 105: "ClaimCollected", 106: "TestCoin", 107: "ClaimHoldIntent",
    108: "SettingsOnTrial", 109: "SettingsStarted", 110: "SettingsKept", 111: "SettingsDropped", 112: "Checkpoint",
    113: "SiteTablesKept", 117: "ClaimPaid",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One record: its number, its place in the chain, when it was written, its fields in order."""

    number: int
    seq: int
    wall: datetime
    fields: tuple[Any, ...]

    @property
    def name(self) -> str:
        return NAMES.get(self.number, f"record {self.number}")

    @property
    def text(self) -> str:
        """One line for a person; long ids are cut to their beginning."""
        told = " ".join(_short(value) for value in self.fields)
        return f"{self.seq:5} {self.wall.astimezone(_JST):%H:%M:%S} {self.name:14} {told}".rstrip()


def _short(value: Any) -> str:
    if isinstance(value, str) and len(value) >= 32 and all(letter in "0123456789abcdef" for letter in value):
        return f"{value[:8]}…"
    told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return told if len(told) <= 200 else f"{told[:200]}…"  # a site table is long


class JournalTail:
    """Reads the records that were added since the last call."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._segment = ""
        self._position = SECTOR

    def new(self) -> list[Line]:
        """The records written since the last call, oldest first; at the first call all of them."""
        if not self._folder.is_dir():
            return []
        found: list[Line] = []
        for path in sorted(path for path in self._folder.iterdir() if path.suffix != ".new" and path.name[0] != "."):
            if path.name < self._segment:
                continue
            if path.name > self._segment:
                self._segment, self._position = path.name, SECTOR
            found += self._read_on(path)
        return found

    def _read_on(self, path: Path) -> Iterator[Line]:
        with path.open("rb") as file:
            while True:
                line = _record_at(file, self._position)
                if line is None:  # a group of records begins on a sector of its own
                    boundary = -(-self._position // SECTOR) * SECTOR
                    line = _record_at(file, boundary) if boundary != self._position else None
                    if line is None:
                        return
                    self._position = boundary
                size, record = line
                self._position += size
                yield record


def _record_at(file: Any, position: int) -> tuple[int, Line] | None:
    """The length of the record at this place, and the record; None if it is not there, not whole, or its CRC is wrong."""
    file.seek(position)
    head = file.read(_HEADER.size)
    if len(head) < _HEADER.size or head[:2] != MAGIC:
        return None
    _, number, _, length, seq, _, _, wall_ms = _HEADER.unpack(head)
    rest = file.read(length + _TRAILER_BYTES)
    payload = rest[:length]
    if len(rest) < length + _TRAILER_BYTES or zlib.crc32(head + payload) != int.from_bytes(rest[length : length + 4]):
        return None
    wall = datetime.fromtimestamp(wall_ms / 1000, UTC)
    return _HEADER.size + len(rest), Line(number, seq, wall, tuple(json.loads(payload)))
