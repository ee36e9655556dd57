"""The journal itself: append, make durable, read back. The meaning of records is in `firmware/book/`.

**Durable.** `append` writes to the medium at once, and a record that events.toml calls durable is synced before
`append` returns; the others become durable with the next durable one, or with `sync()`. A power cut can take the
records appended last, never one between others.

**Trouble.** Any error while writing or syncing ends this journal: `JournalBroken` is raised, now and at every
later call. A failed sync is never repeated, because after it the system may have forgotten what it failed to
write (PostgreSQL's "fsyncgate", 2018); the process must end, and the next start reads what the medium really
has. Damage before the end raises `JournalCorrupt` at open: nothing is cut off, the machine stays out of service.

**Room.** `reserve` makes room for the longest session before one begins. If it cannot, it raises `JournalFull`, and
no session begins.
See book rule 1, journal rules 1 to 5, faults D1 to D4.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import NamedTuple

from firmware.book.records import Checkpoint, Record
from firmware.book.schema import RecordInvalid, decode, encode, schema
from firmware.journal import frames
from firmware.journal.disk import Disk
from firmware.journal.frames import Ending, Scan, SegmentHeader

SEGMENT_BYTES = 4 << 20
# More than the longest session can write: nine copies of 450 yen paid in coins of 10 yen, and every payout a failure.
SESSION_BYTES = 256 << 10
TOLD_KEPT = 64
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class JournalTrouble(Exception):
    """The journal cannot be used; the machine is out of service. The message is a whole sentence."""


class JournalBroken(JournalTrouble):
    """Reading or writing the medium failed. Final: end the process."""


class JournalCorrupt(JournalTrouble):
    """Acknowledged records are unreadable or missing."""


class JournalForged(JournalTrouble):
    """A checkpoint is not signed by this machine's seal."""


class JournalFull(JournalTrouble):
    """There is no room for another session; nothing was written."""


class ClockQuality(IntEnum):
    """How far the wall time of a record can be trusted. On the medium; the order of records needs no clock."""

    UNKNOWN = 0
    UNTRUSTED = 1  # not confirmed since boot
    TRUSTED = 2  # confirmed by the centre, NTP or the clock chip


class Stored(NamedTuple):
    """A record as it was found in the journal."""

    seq: int
    boot_id: int
    mono_ms: int
    wall: datetime
    clock: ClockQuality
    record: Record
    hash: str
    before: str  # hash (hex) of the record before


@dataclass(frozen=True, slots=True)
class Opening:
    """What `Journal.open` found."""

    records: int  # good ones in the last segment
    cut_off_bytes: int  # of a torn tail; 0 after an orderly stop
    segments: int
    is_new: bool  # there was no journal before


class Journal:
    """Appends to one chain of records. Made by `Journal.open`; used from one thread."""

    def __init__(
        self,
        disk: Disk,
        wall: Callable[[], datetime],
        mono: Callable[[], float],
        quality: Callable[[], ClockQuality],
        segment_bytes: int,
    ) -> None:
        self._disk = disk
        self._wall = wall
        self._mono = mono
        self._quality = quality
        self._segment_bytes = segment_bytes
        self._broken: str | None = None
        self._name = ""
        self._index = -1
        self._position = self._segment_size = 0
        self._in_group = False
        self._seq, self._hash = 0, frames.GENESIS
        self._durable_head = (0, frames.GENESIS)
        self._told: dict[int, bytes] = {}  # heads that `head` gave lately, so that no segment is read to confirm them
        self._checkpoint_seq: int | None = None
        self.boot_id = 0
        self.opening = Opening(0, 0, 0, is_new=True)
        self.syncs = 0
        self.last_trusted: datetime | None = None  # wall time of the last record whose clock the centre had confirmed

    @classmethod
    def open(
        cls,
        disk: Disk,
        *,
        boot_id: int | None = None,
        wall: Callable[[], datetime],
        mono: Callable[[], float],
        quality: Callable[[], ClockQuality] = lambda: ClockQuality.UNKNOWN,
        segment_bytes: int = SEGMENT_BYTES,
        may_begin: bool = True,
    ) -> "Journal":
        """Read the end of the chain, cut off a torn tail, and be ready to append.

        `boot_id=None` takes the number after the last boot in the journal. `may_begin`: whether to begin a journal on a
        medium without one; False for a machine that had one, or it would forget what it owes (fault D3). Raises
        `JournalCorrupt`, `JournalBroken`, `JournalFull` (no room for the very first segment).
        """
        journal = cls(disk, wall, mono, quality, segment_bytes)
        last_boot = journal._recover(may_begin=may_begin)
        journal.boot_id = last_boot + 1 if boot_id is None else boot_id
        return journal

    # --- writing --------------------------------------------------------------------------------

    def append(self, record: Record, *, durable: bool | None = None) -> int:
        """Write one record and return its sequence number.

        `durable=None` does what events.toml says of the kind. Raises `JournalBroken`; and `RecordInvalid`, with
        nothing written, for a value its field does not allow.
        """
        kind, payload = encode(record)
        self._refuse_if_broken()
        wall, quality = self._wall(), self._quality()
        size = frames.OVERHEAD + len(payload)
        if size > self._segment_bytes - frames.SECTOR:
            raise RecordInvalid(f"a {kind.name} of {size} bytes fits no segment")
        if self._position + size > self._segment_size:
            self._next_segment()
        flags = 0 if self._in_group else frames.FIRST
        packed, digest = frames.pack_record(
            number=kind.number,
            flags=flags,
            clock=quality,
            seq=self._seq + 1,
            boot=self.boot_id,
            mono_ms=int(self._mono() * 1000),
            wall_ms=(wall - _EPOCH) // timedelta(milliseconds=1),
            payload=payload,
            before=self._hash,
        )
        with self._mishaps("write"):
            self._disk.write_at(self._name, self._position, packed)
        self._position += len(packed)
        self._seq, self._hash, self._in_group = self._seq + 1, digest, True
        if isinstance(record, Checkpoint):
            self._checkpoint_seq = self._seq
        if quality is ClockQuality.TRUSTED:
            self.last_trusted = wall
        if kind.durable if durable is None else durable:
            self.sync()
        return self._seq

    def sync(self) -> None:
        """Make everything appended so far durable. Raises `JournalBroken`."""
        self._refuse_if_broken()
        if not self._in_group:
            return
        with self._mishaps("sync"):
            self._disk.sync(self._name)
        self.syncs += 1
        self._position = frames.align(self._position)
        self._in_group = False
        self._durable_head = (self._seq, self._hash)

    def reserve(self) -> None:
        """Make sure that the records of a session will find room. Raises `JournalFull` when they will not.

        Called while idle, before a session: beginning a new segment takes a second on a slow card.
        """
        self._refuse_if_broken()
        size = min(SESSION_BYTES, self._segment_bytes // 2)
        if frames.align(self._position) + size > self._segment_size:
            self.sync()
            self._next_segment()

    def close(self) -> None:
        """Sync, and release the medium."""
        if self._broken is None:
            self.sync()
        self._broken = self._broken or "the journal was closed"
        self._disk.close()

    # --- reading --------------------------------------------------------------------------------

    def head(self) -> tuple[int, str]:
        """Sequence number and hash (hex) of the last *durable* record: what a witness may be told.

        A head that a power cut could take back would look like tampering afterwards.
        """
        seq, digest = self._durable_head
        if seq not in self._told:
            self._told = {**dict(list(self._told.items())[-TOLD_KEPT:]), seq: digest}
        return seq, digest.hex()

    def records(self, since_seq: int = 0) -> Iterator[Stored]:
        """Every record after `since_seq`, oldest first, checked against the chain as it is read.

        Raises `JournalCorrupt`. Records appended while this runs may or may not be in it.
        """
        return map(self._stored, self.entries(since_seq))

    def entries(self, since_seq: int = 0) -> Iterator[frames.Entry]:
        """The same records as they lie on the medium. Raises `JournalCorrupt`."""
        for scan in self._scans(since_seq):
            yield from (entry for entry in scan.entries if entry.seq > since_seq)

    def recent(self) -> Iterator[Stored]:
        """The last checkpoint and everything after it (everything, if there is none): what a start must replay."""
        return self.records((self._checkpoint_seq or 1) - 1)

    def _stored(self, entry: frames.Entry) -> Stored:
        try:
            return stored(entry)
        except RecordInvalid as error:
            # The hash chain is intact, so the record is not damaged: a newer program wrote it.
            raise JournalCorrupt(f"record {entry.seq} cannot be understood: {error}") from error

    @property
    def since_checkpoint(self) -> int:
        """Records appended after the last checkpoint."""
        return self._seq - (self._checkpoint_seq or 0)

    def verify(self) -> int:
        """Read the whole chain from its first record and return how many there are. Raises `JournalCorrupt`."""
        return sum(len(scan.entries) for scan in self._scans(0))

    def confirms(self, seq: int, digest: str) -> bool:
        """Whether the chain holds this head, which the centre was told once (I14: nothing was rolled back)."""
        if seq == 0:
            return digest == frames.GENESIS.hex()
        if seq in self._told:
            return self._told[seq].hex() == digest
        found = next(self.records(seq - 1), None)
        return found is not None and found.seq == seq and found.hash == digest

    # --- segments -------------------------------------------------------------------------------

    def _recover(self, *, may_begin: bool) -> int:
        """Find the end of the chain. Returns the number of the last boot in it, 0 for a new journal."""
        names = self._segment_names()
        if not names and not may_begin:
            raise JournalCorrupt("the journal of this machine is not there; put its medium back")
        if not names:
            self._next_segment()
            return 0
        last = names[-1]
        with self._mishaps("sync"):
            self._disk.sync(last)  # what a killed process wrote may not be on the medium yet
        scan = self._scan(last)
        if scan.ending is Ending.CORRUPT:
            raise JournalCorrupt(f"{last} is unreadable at byte {scan.end}, and acknowledged records lie behind it")
        if scan.ending is Ending.TORN:
            with self._mishaps("write"):
                self._disk.write_at(last, scan.dirty_from, bytes(scan.dirty_to - scan.dirty_from))
                self._disk.sync(last)
        self._name, self._index = last, scan.header.index
        self._position, self._segment_size = frames.align(scan.end), scan.header.size
        self._seq, self._hash = self._durable_head = scan.head
        self.opening = Opening(len(scan.entries), scan.dirty_to - scan.dirty_from, len(names), is_new=False)
        return self._look_back(names, scan)

    def _look_back(self, names: list[str], scan: Scan) -> int:
        """Find the last checkpoint, from the last segment backwards. Returns the number of the last boot."""
        checkpoint = schema().by_type[Checkpoint].number
        last_boot: int | None = None
        behind = names[:-1]
        while True:
            if last_boot is None and scan.entries:
                last_boot = scan.entries[-1].boot
            if self.last_trusted is None:
                self.last_trusted = _last_trusted(scan)
            found = next((entry.seq for entry in reversed(scan.entries) if entry.number == checkpoint), None)
            if found is not None or not behind:
                _check_join(None if behind else frames.GENESIS_HEAD, scan)
                self._checkpoint_seq = found
                return last_boot or 0
            earlier = self._scan(behind.pop())
            _check_join(_closed_head(earlier), scan)
            scan = earlier

    def _scans(self, since_seq: int) -> Iterator[Scan]:
        """The segments that hold records after `since_seq`, oldest first, each joined to the one before."""
        self._refuse_if_broken()
        names = self._segment_names()
        begin = len(names) - 1
        while begin > 0 and self._header(names[begin]).first_seq > since_seq + 1:
            begin -= 1
        head = frames.GENESIS_HEAD if begin == 0 else None
        for name in names[begin:]:
            scan = self._scan(name)
            _check_join(head, scan)
            head = _closed_head(scan)
            if name == self._name and head != (self._seq, self._hash):
                raise JournalCorrupt(f"{name} does not end any more as this program wrote it")
            yield scan

    def _segment_names(self) -> list[str]:
        with self._mishaps("read"):
            names = list(self._disk.names())
        for place, name in enumerate(names):
            if name != segment_name(place):
                raise JournalCorrupt(f"segment {segment_name(place)} is missing; in its place is {name}")
        return names

    def _scan(self, name: str) -> Scan:
        with self._mishaps("read"):
            data = self._disk.read(name)
        try:
            scan = frames.scan(data)
        except frames.NotASegment as error:
            raise JournalCorrupt(f"{name} is no segment: {error}") from None
        if scan.header.size != len(data) or segment_name(scan.header.index) != name:
            raise JournalCorrupt(f"{name} does not have the size or the number in its header")
        return scan

    def _header(self, name: str) -> SegmentHeader:
        with self._mishaps("read"):
            sector = self._disk.read(name, frames.SECTOR)
        try:
            return frames.unpack_segment(sector)
        except frames.NotASegment as error:
            raise JournalCorrupt(f"{name} is no segment: {error}") from None

    def _next_segment(self) -> None:
        """Continue in a new segment. The old one ends synced, so only the last can ever be torn."""
        self.sync()
        name = segment_name(self._index + 1)
        header = SegmentHeader(self._index + 1, self._segment_bytes, self._seq + 1, self._hash)
        try:
            self._disk.create(name, frames.pack_segment(header), self._segment_bytes)
        except OSError as error:
            raise JournalFull(f"no new segment can be made: {error.strerror or type(error).__name__}") from error
        self._name, self._index = name, header.index
        self._position, self._segment_size = frames.SECTOR, header.size

    # --- trouble --------------------------------------------------------------------------------

    def _refuse_if_broken(self) -> None:
        if self._broken is not None:
            raise JournalBroken(self._broken)

    @contextmanager
    def _mishaps(self, doing: str) -> Iterator[None]:
        """Raise `JournalBroken` for an error of the medium, now and at every later call."""
        try:
            yield
        except OSError as error:
            self._broken = f"the medium failed to {doing}: {error.strerror or type(error).__name__}"
            raise JournalBroken(self._broken) from error


def _last_trusted(scan: Scan) -> datetime | None:
    """The wall time of the segment's last record with a trusted clock."""
    trusted = (entry.wall_ms for entry in reversed(scan.entries) if entry.clock == ClockQuality.TRUSTED)
    wall_ms = next(trusted, None)
    return None if wall_ms is None else _EPOCH + timedelta(milliseconds=wall_ms)


def _closed_head(scan: Scan) -> frames.Head:
    """The head of a segment. Raises `JournalCorrupt` if its end is unreadable."""
    if scan.ending is not Ending.CLEAN:
        raise JournalCorrupt(f"{segment_name(scan.header.index)} does not end cleanly")
    return scan.head


def _check_join(head: frames.Head | None, scan: Scan) -> None:
    """Raises `JournalCorrupt` unless the segment continues `head`. None: nothing before it was read, no check."""
    if head is not None and (scan.header.first_seq - 1, scan.header.continues) != head:
        raise JournalCorrupt(f"{segment_name(scan.header.index)} does not continue the segment before it")


def segment_name(index: int) -> str:
    """The file of the n-th segment, counted from 0; names sort as the numbers do."""
    return f"{index:08d}.journal"


def stored(entry: frames.Entry) -> Stored:
    """The record in one frame. Raises `RecordInvalid` when it is of a kind this program does not know."""
    return Stored(
        seq=entry.seq,
        boot_id=entry.boot,
        mono_ms=entry.mono_ms,
        wall=_EPOCH + timedelta(milliseconds=entry.wall_ms),
        clock=ClockQuality(entry.clock),
        record=decode(entry.number, entry.payload),
        hash=entry.hash.hex(),
        before=entry.before.hex(),
    )
