"""A medium in memory whose power can fail: a power cut keeps what was synced and may change the rest.

It models a card or disk behind an operating system's cache. A write goes into the cache; `sync` writes a file's cache to
the medium. At a power cut one of these happens to the sectors still in the cache (`Tail`):

    dropped   none was written
    kept      all were written
    torn      the first writes were done; the sector where they stop has half new, half old bytes
    flipped   all were written, one with a wrong bit
    shuffled  some were written and some not, in no order

Sectors that were synced never change. A file is made whole or not at all, as by a rename. `fail` sets the faults of a
medium with power (EIO, full, read-only). All chance comes from the seed.
"""

import errno
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from random import Random

SECTOR = 512


class Tail(Enum):
    """What a power cut does to the sectors that were not synced."""

    DROPPED = "dropped"
    KEPT = "kept"
    TORN = "torn"
    FLIPPED = "flipped"
    SHUFFLED = "shuffled"


class PowerLost(Exception):
    """The power went. Not an OSError, so that no code of the firmware handles it: without power none would run."""


@dataclass(slots=True)
class _Fault:
    call: int  # the n-th call of the operation from now, counted from 1
    code: int
    forever: bool


class MemoryDisk:
    """Segments in memory. `on_step(operation, when)` is called before and after whatever touches the medium.

    `operation` is create, write or sync; `when` is before or after. To cut the power there, call `cut` and raise
    `PowerLost`.
    """

    def __init__(
        self, capacity_bytes: int = 1 << 30, on_step: Callable[[str, str], None] = lambda _operation, _when: None
    ) -> None:
        self._capacity = self._size = capacity_bytes
        self.on_step = on_step
        self.on_fault: Callable[[str], None] = lambda _: None  # called with the operation that fails
        self._medium: dict[str, bytearray] = {}
        self._cache: dict[str, bytearray] = {}
        self._dirty: dict[str, list[int]] = {}  # sectors not synced, in the order they were first written
        self._faults: dict[str, _Fault] = {}
        self._powered = True
        self._version = 0  # of the medium
        self.calls: Counter[str] = Counter()

    # --- what the journal calls -----------------------------------------------------------------

    def names(self) -> Sequence[str]:
        self._call("names")
        return sorted(self._cache)

    def create(self, name: str, head: bytes, size: int) -> None:
        self.on_step("create", "before")
        self._call("create")
        if name in self._cache:
            raise _trouble(errno.EEXIST)
        if size > self.free_bytes():
            raise _trouble(errno.ENOSPC)
        self._cache[name] = bytearray(head.ljust(size, b"\0"))
        self._medium[name] = bytearray(self._cache[name])
        self._dirty[name] = []
        self._version += 1
        self.on_step("create", "after")

    def read(self, name: str, size: int | None = None) -> bytes:
        self._call("read")
        return bytes(self._file(name)[:size])

    def write_at(self, name: str, offset: int, data: bytes) -> None:
        self.on_step("write", "before")
        self._call("write")
        file = self._file(name)
        if offset + len(data) > len(file):
            raise _trouble(errno.EFBIG)  # a segment never grows
        file[offset : offset + len(data)] = data
        dirty = self._dirty[name]
        for sector in range(offset // SECTOR, (offset + len(data) - 1) // SECTOR + 1):
            if sector not in dirty:
                dirty.append(sector)
        self.on_step("write", "after")

    def sync(self, name: str) -> None:
        self.on_step("sync", "before")
        self._file(name)
        try:
            self._call("sync")
        except OSError:
            # As in Linux: after a failed sync the pages count as clean, though they were not written.
            for sector in self._dirty[name]:
                start = sector * SECTOR
                self._cache[name][start : start + SECTOR] = self._medium[name][start : start + SECTOR]
            self._dirty[name].clear()
            raise
        for sector in self._dirty[name]:
            self._copy(name, sector)
        self._dirty[name].clear()
        self._version += 1
        self.on_step("sync", "after")

    def free_bytes(self) -> int:
        return self._capacity - sum(map(len, self._cache.values()))

    def close(self) -> None:
        """Does nothing: there is nothing to release."""

    # --- what a test calls ----------------------------------------------------------------------

    def fail(self, operation: str, *, at: int = 1, code: int = errno.EIO, forever: bool = False) -> None:
        """Make the `at`-th call of `operation` from now fail, once or from then on."""
        self._faults[operation] = _Fault(self.calls[operation] + at, code, forever)

    def heal(self) -> None:
        """Take all faults away and make room again."""
        self._faults.clear()
        self._capacity = self._size

    def fill(self) -> None:
        """Leave no room for anything new."""
        self._capacity = sum(map(len, self._cache.values()))

    def cut(self, tail: Tail, seed: int = 0) -> None:
        """Cut the power. Every call fails until `power_on`."""
        for name, offset, data in self._survivors(tail, seed):
            self._medium[name][offset : offset + len(data)] = data
        self._powered = False

    def power_on(self) -> None:
        """Give the medium power again, with what it kept. Changes nothing without a `cut` before it."""
        if self._powered:
            return
        self._cache = {name: bytearray(data) for name, data in self._medium.items()}
        self._dirty = {name: [] for name in self._medium}
        self._powered = True

    def damage(self, name: str, offset: int, data: bytes) -> None:
        """Change bytes on the medium, as a defect would."""
        self._medium[name][offset : offset + len(data)] = data
        self._cache[name][offset : offset + len(data)] = data

    def lose(self, name: str) -> None:
        """Remove a file from the medium, as a defect would."""
        del self._medium[name], self._cache[name], self._dirty[name]

    def copy(self) -> "MemoryDisk":
        """An independent copy of medium and cache, to try several cuts from one state."""
        twin = MemoryDisk(self._capacity)  # its `on_step` is the caller's to set
        twin._medium = {name: bytearray(data) for name, data in self._medium.items()}
        twin._cache = {name: bytearray(data) for name, data in self._cache.items()}
        twin._dirty = {name: list(sectors) for name, sectors in self._dirty.items()}
        twin._powered = self._powered
        return twin

    def hash_after(self, tail: Tail, seed: int = 0) -> int:
        """A hash of what a start would find after this cut; equal hashes mean equal content."""
        return hash((self._version, tuple(self._survivors(tail, seed))))

    def unsynced_sectors(self) -> int:
        """How many sectors a cut now could lose."""
        return sum(map(len, self._dirty.values()))

    # --- inside ---------------------------------------------------------------------------------

    def _call(self, operation: str) -> None:
        if not self._powered:
            raise PowerLost
        self.calls[operation] += 1
        fault = self._faults.get(operation)
        if fault is not None and self.calls[operation] >= fault.call:
            if not fault.forever:
                del self._faults[operation]
            self.on_fault(operation)
            raise _trouble(fault.code)

    def _file(self, name: str) -> bytearray:
        if name not in self._cache:
            raise _trouble(errno.ENOENT)
        return self._cache[name]

    def _copy(self, name: str, sector: int) -> None:
        start = sector * SECTOR
        self._medium[name][start : start + SECTOR] = self._cache[name][start : start + SECTOR]

    def _survivors(self, tail: Tail, seed: int) -> Iterator[tuple[str, int, bytes]]:
        """The unsynced bytes that a cut leaves on the medium: name, offset, bytes."""
        rng = Random(seed)
        for name, sectors in self._dirty.items():
            if sectors and tail is not Tail.DROPPED:
                cached = {
                    sector: bytes(self._cache[name][sector * SECTOR : (sector + 1) * SECTOR]) for sector in sectors
                }
                for sector, data in _met(sectors, cached, tail, rng):
                    yield name, sector * SECTOR, data


def _met(sectors: list[int], cached: dict[int, bytes], tail: Tail, rng: Random) -> Iterator[tuple[int, bytes]]:
    if tail is Tail.SHUFFLED:
        yield from ((sector, cached[sector]) for sector in sectors if rng.random() < 0.5)
        return
    tear = rng.randrange(len(sectors)) if tail is Tail.TORN else len(sectors)
    flipped = rng.choice(sectors) if tail is Tail.FLIPPED else -1
    for sector in sectors[:tear]:
        data = bytearray(cached[sector])
        if sector == flipped:
            data[rng.randrange(SECTOR)] ^= 1 << rng.randrange(8)
        yield sector, bytes(data)
    if tail is Tail.TORN:
        yield sectors[tear], cached[sectors[tear]][: rng.randrange(1, SECTOR)]


def _trouble(code: int) -> OSError:
    return OSError(code, os.strerror(code))
