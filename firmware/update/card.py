"""The card of a running machine: its two slots and the sector of the choice, as block devices (hardware/image/layout.py)."""

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from firmware.update.systems import Slot

SECTOR_BYTES = 512
CHOICE_SECTOR = 2047
DISK_ID = "6b6f6675"
PARTUUIDS: Mapping[Slot, str] = {"a": f"{DISK_ID}-02", "b": f"{DISK_ID}-03"}
_BLOCKS = Path("/sys/class/block")
_NAMES = Path("/dev/disk/by-partuuid")
_SLOT = "kofuki.slot=PARTUUID="


class Place(NamedTuple):
    path: Path
    offset: int
    size: int


def running_slot(cmdline: str) -> Slot:
    """The slot that the kernel's command line names. Raises `ValueError` where it names none."""
    for slot, name in PARTUUIDS.items():
        if f"{_SLOT}{name}" in cmdline.split():
            return slot
    raise ValueError("this machine was not started from an image: its system has no slots")


def places() -> Mapping[str, Place]:
    """Where they are on this board. Raises `OSError` where there is no such card."""
    found = {}
    for slot, name in PARTUUIDS.items():
        device = (_NAMES / name).resolve(strict=True)
        found[slot] = Place(device, 0, int((_BLOCKS / device.name / "size").read_text()) * SECTOR_BYTES)
        disk = (_BLOCKS / device.name).resolve().parent.name
    return found | {"choice": Place(Path("/dev", disk), CHOICE_SECTOR * SECTOR_BYTES, SECTOR_BYTES)}


class BlockCard:
    """Locked for this process until it is left. Raises `BlockingIOError` when another process has it."""

    def __init__(self, where: Mapping[str, Place]) -> None:
        self._where = where
        self._files = {name: os.open(place.path, os.O_RDWR | os.O_CLOEXEC) for name, place in where.items()}
        try:
            fcntl.flock(self._files["choice"], fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.close()
            raise

    def size(self, place: str) -> int:
        return self._where[place].size

    def read(self, place: str, offset: int, size: int) -> bytes:
        file, start = self._files[place], self._begin(place, offset, size)
        # What was written is in the kernel's cache: drop it and read the card.
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        parts: list[bytes] = []
        while size > 0 and (part := os.pread(file, size, start)):
            parts.append(part)
            start, size = start + len(part), size - len(part)
        return b"".join(parts)

    def write(self, place: str, offset: int, data: bytes) -> None:
        start, view = self._begin(place, offset, len(data)), memoryview(data)
        while view:
            written = os.pwrite(self._files[place], view, start)
            start, view = start + written, view[written:]

    def sync(self, place: str) -> None:
        os.fsync(self._files[place])

    def close(self) -> None:
        for file in self._files.values():
            os.close(file)
        self._files.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _begin(self, place: str, offset: int, size: int) -> int:
        if offset < 0 or offset + size > self._where[place].size:
            raise ValueError("outside its place on the card")
        return self._where[place].offset + offset
