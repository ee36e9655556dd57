"""Mistakes that a journal could make, each a patch of the real one, for `cuts.py` (bytes) and the rig (whole sessions)."""

from dataclasses import replace

import pytest

from firmware.journal import frames
from firmware.journal.frames import Ending, Scan
from firmware.journal.journal import Journal
from host_sim.adapters.disk import MemoryDisk

Patch = pytest.MonkeyPatch


def never_syncs(patch: Patch) -> None:
    def sync(self: MemoryDisk, name: str) -> None:
        self.on_step("sync", "before")
        self.on_step("sync", "after")

    patch.setattr(MemoryDisk, "sync", sync)


def shares_sectors(patch: Patch) -> None:
    patch.setattr(frames, "align", lambda offset: offset)


def leaves_the_torn_tail(patch: Patch) -> None:
    real = frames.scan

    def scan(data: bytes) -> Scan:
        found = real(data)
        return found if found.ending is not Ending.TORN else replace(found, ending=Ending.CLEAN)

    patch.setattr(frames, "scan", scan)


def does_not_sync_at_the_start(patch: Patch) -> None:
    """A start trusts unsynced records of a killed process, which a power cut can still remove."""
    real_sync, real_recover = MemoryDisk.sync, Journal._recover

    def recover(self: Journal, *, may_begin: bool) -> int:
        patch.setattr(MemoryDisk, "sync", lambda *_: None)
        try:
            return real_recover(self, may_begin=may_begin)
        finally:
            patch.setattr(MemoryDisk, "sync", real_sync)

    patch.setattr(Journal, "_recover", recover)


def cleans_the_whole_tail(patch: Patch) -> None:
    """A mistake this journal once had: the start writes zeros over the rest of an acknowledged sector."""
    real = frames.scan

    def scan(data: bytes) -> Scan:
        found = real(data)
        return found if found.ending is Ending.CLEAN else replace(found, dirty_from=found.end)

    patch.setattr(frames, "scan", scan)


def believes_without_checksums(patch: Patch) -> None:
    class Weak:
        def __init__(self, data: bytes) -> None:
            self.data = data

        def digest(self) -> bytes:
            return bytes(32)

    patch.setattr(frames.zlib, "crc32", lambda _: 0)
    patch.setattr(frames, "sha256", Weak)


def tells_a_head_it_can_lose(patch: Patch) -> None:
    patch.setattr(Journal, "head", lambda self: (self._seq, self._hash.hex()))
