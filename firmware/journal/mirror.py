"""The journal on two media at once, and how a start makes the two the same again.

Everything is written to both and synced on both, the first medium first. If the second fails, the machine goes on
with one and says so (`degraded`); if the first fails, the journal ends as it would without a second.

`heal` runs before the journal is opened. Of each segment it writes the better copy over the other: the readable one,
or the longer of two chains that begin alike. It raises `JournalCorrupt` when the chains differ, as with a stick from
another machine, or when the only readable copy ends before a record that the damaged one had acknowledged.
See journal rule 4 and fault D3.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from firmware.journal import frames
from firmware.journal.disk import Disk
from firmware.journal.frames import SECTOR, Ending, NotASegment, Scan
from firmware.journal.journal import JournalCorrupt


class MirrorDisk:
    """Two media that the journal uses as one `Disk`."""

    def __init__(self, first: Disk, second: Disk) -> None:
        self._first = first
        self._second = second
        self.degraded: str | None = None  # why the second copy is behind; None: it is not

    def names(self) -> Sequence[str]:
        return self._first.names()

    def create(self, name: str, head: bytes, size: int) -> None:
        self._first.create(name, head, size)
        if self.degraded is None:
            try:
                self._second.create(name, head, size)
            except OSError as error:
                self.lose(error)

    def read(self, name: str, size: int | None = None) -> bytes:
        return self._first.read(name, size)

    def write_at(self, name: str, offset: int, data: bytes) -> None:
        self._first.write_at(name, offset, data)
        if self.degraded is None:
            try:
                self._second.write_at(name, offset, data)
            except OSError as error:
                self.lose(error)

    def sync(self, name: str) -> None:
        self._first.sync(name)
        if self.degraded is None:
            try:
                self._second.sync(name)
            except OSError as error:
                self.lose(error)

    def free_bytes(self) -> int:
        if self.degraded is not None:
            return self._first.free_bytes()
        return min(self._first.free_bytes(), self._second.free_bytes())

    def close(self) -> None:
        self._first.close()
        if self._second is not self._first:
            self._second.close()

    def lose(self, error: OSError) -> None:
        """Use the second medium no more in this run: what it holds is unknown now. The next start's `heal` reads it."""
        self.degraded = error.strerror or type(error).__name__


def is_degraded(disk: Disk) -> bool:
    """Whether a second copy should be kept and is behind."""
    return isinstance(disk, MirrorDisk) and disk.degraded is not None


def mirrored(first: Disk, open_second: Callable[[], Disk]) -> MirrorDisk:
    """Both media as one, healed. Without the second, or when it fails, the mirror begins degraded.

    Raises `JournalCorrupt` where `heal` would have to guess.
    """
    try:
        second = open_second()
    except OSError as error:
        alone = MirrorDisk(first, first)
        alone.lose(error)
        return alone
    mirror = MirrorDisk(first, second)
    try:
        heal(first, second)
    except OSError as error:
        mirror.lose(error)
    return mirror


@dataclass(frozen=True, slots=True)
class _Copy:
    """One medium's copy of one segment. `scan=None`: missing, unreadable, or without its header."""

    disk: Disk
    data: bytes
    scan: Scan | None

    @property
    def whole(self) -> bool:
        return self.scan is not None and self.scan.ending is not Ending.CORRUPT

    @property
    def known_seq(self) -> int:
        """The number of the last record that this copy is known to have held, readable or not."""
        if self.scan is None:
            return frames.highest_first(self.data)
        return max(self.scan.head[0], self.scan.beyond_seq)


def heal(first: Disk, second: Disk) -> list[str]:
    """Make both media hold the same good records; the names of segments that were repaired.

    Raises `JournalCorrupt` where it would have to guess, `OSError` when a medium cannot be written.
    """
    repaired: list[str] = []
    for name in sorted({*first.names(), *second.names()}):
        one, other = _look(first, name), _look(second, name)
        if not one.whole and not other.whole:
            raise JournalCorrupt(f"{name} is unreadable on both media")
        best, worst = (one, other) if _better(one, other) else (other, one)
        _check_agreement(name, best, worst)
        assert best.scan is not None
        image = best.data[: best.scan.end].ljust(len(best.data), b"\0")  # without what a cut tore
        if [copy for copy in (best, worst) if _write(name, image, copy)]:
            repaired.append(name)
    return repaired


def _look(disk: Disk, name: str) -> _Copy:
    if name not in disk.names():
        return _Copy(disk, b"", None)
    disk.sync(name)
    try:
        data = disk.read(name)
    except OSError:
        return _Copy(disk, b"", None)
    try:
        return _Copy(disk, data, frames.scan(data))
    except NotASegment:
        return _Copy(disk, data, None)


def _better(one: _Copy, other: _Copy) -> bool:
    if one.whole != other.whole:
        return one.whole
    assert one.scan is not None
    assert other.scan is not None
    return one.scan.head[0] >= other.scan.head[0]


def _check_agreement(name: str, best: _Copy, worst: _Copy) -> None:
    """Raises `JournalCorrupt` unless the better copy has every record that the worse one holds or held."""
    assert best.scan is not None
    if worst.scan is not None and worst.scan.header != best.scan.header:
        raise JournalCorrupt(f"{name}: the two copies are of different journals")
    for mine, yours in zip(best.scan.entries, worst.scan.entries if worst.scan else (), strict=False):
        if mine.hash != yours.hash:
            raise JournalCorrupt(f"{name}: the two copies differ from record {mine.seq} on")
    if worst.known_seq > best.scan.head[0]:
        raise JournalCorrupt(f"{name}: the readable copy ends before record {worst.known_seq}, which was acknowledged")


def _write(name: str, image: bytes, copy: _Copy) -> bool:
    """Make one medium's copy this image, sector by sector where it differs; whether it did."""
    disk, data = copy.disk, copy.data
    if len(data) != len(image):
        if name in disk.names():
            raise JournalCorrupt(f"{name} cannot be read on one medium, and must not be overwritten there")
        disk.create(name, image[:SECTOR], len(image))
        data = image[:SECTOR].ljust(len(image), b"\0")
    changed = [
        start for start in range(0, len(image), SECTOR) if data[start : start + SECTOR] != image[start : start + SECTOR]
    ]
    for start in changed:
        disk.write_at(name, start, image[start : start + SECTOR])
    if changed:
        disk.sync(name)
    return bool(changed) or not copy.data
