"""What stands in the slots of a card, and the byte that chooses: read from its file, also while a board runs on it."""

import os
import re
import time
from pathlib import Path

from hardware.image.layout import CHOICE_SECTOR, MIB, RECORD_BYTES, SECTOR_BYTES, partition, record
from tests.image.guest import HANG_S


def slot_of(card: Path, slot: str, folder: Path) -> Path:
    """This slot of the card as a file."""
    one, taken = partition(f"root_{slot}"), folder / "slot"
    with card.open("rb") as source, taken.open("wb") as sink:
        source.seek(one.start_mib * MIB)
        for _ in range(one.size_mib):
            block = source.read(MIB)
            if any(block):
                sink.write(block)
            else:
                sink.seek(MIB, os.SEEK_CUR)
        sink.truncate(one.size_mib * MIB)
    return taken


def record_of(slot: Path, version: int, *, root_hash: str | None = None) -> bytes:
    """The slot's record with another version, or with another root hash, too."""
    with slot.open("rb") as source:
        source.seek(-RECORD_BYTES, os.SEEK_END)
        told = source.read().decode("latin-1")
    found = re.search(r"kofuki\.root_hash=(\w{64})", told)
    assert found, "the slot has no record"
    return record(root_hash or found[1], version)


def choice(card: Path) -> bytes:
    """The byte that says which slot starts."""
    with card.open("rb") as source:
        source.seek(CHOICE_SECTOR * SECTOR_BYTES)
        return source.read(1)


def wait_for_choice(card: Path, *wanted: bytes) -> bytes:
    """Wait until the board has written one of these."""
    end_s = time.monotonic() + HANG_S
    while (found := choice(card)) not in wanted:
        assert time.monotonic() < end_s, f"the choice is {found!r}, not one of {wanted}"
        time.sleep(1.0)
    return found


def wait_for_bytes(card: Path, name: str) -> None:
    """Wait until something was written into a partition."""
    end_s = time.monotonic() + HANG_S
    with card.open("rb", buffering=0) as source:
        while True:
            source.seek(partition(name).start_mib * MIB)
            if any(source.read(MIB)):
                return
            assert time.monotonic() < end_s, f"nothing was written into {name}"
            time.sleep(1.0)
