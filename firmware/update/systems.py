"""Two slots of whole systems on a card, and the one byte that says which of them starts. Both survive a power cut at any write.

A slot holds the system, and in its last block a record with a checksum. `install` takes the record of the slot that is not
active away before it writes anything else there, and puts the new one in place last, when all was read back: a slot with a
record is whole. Only then the choice names it as the trial, with three starts. U-Boot (hardware/image/boot.cmd) reads the
choice, and writes each start of a trial down before it makes it. A system that serves well is marked good; otherwise the
fourth start is of the system before. Every change of the choice is one byte in one sector.

See fault U1 and security rule 15. `system_bundle.py` has the format of a release, `card.py` the real card.
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, Protocol

from firmware.update.bundle import BundleRefused
from firmware.update.system_bundle import RECORD_BYTES, SystemRelease

STARTS = 3
Slot = Literal["a", "b"]
SLOTS: tuple[Slot, Slot] = ("a", "b")
_ARGUMENTS = b"args="
_VERSION = "kofuki.system="


class Card(Protocol):
    """The places `choice` (one sector), `a` and `b`. Every method raises `OSError` when the card fails."""

    def size(self, place: str) -> int: ...

    def read(self, place: str, offset: int, size: int) -> bytes:
        """From the card itself, not from a cache."""
        ...

    def write(self, place: str, offset: int, data: bytes) -> None:
        """Not durable before `sync`."""
        ...

    def sync(self, place: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """`active`: the last good slot. `starts_left`: of a trial of the other one; None: no trial. `failed`: the other one was tried."""

    active: Slot
    starts_left: int | None = None
    failed: bool = False

    @property
    def trial(self) -> Slot | None:
        return None if self.starts_left is None else other(self.active)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a card holds. `running`: the slot whose system runs; `versions`: of slot a and slot b, None for no whole system."""

    running: Slot
    choice: Choice
    versions: tuple[int | None, int | None]

    @property
    def on_trial(self) -> bool:
        """Whether the system that runs is on trial."""
        return self.choice.trial == self.running

    def version_in(self, slot: Slot) -> int | None:
        return self.versions[SLOTS.index(slot)]


def other(slot: Slot) -> Slot:
    return "b" if slot == "a" else "a"


# Written and read by U-Boot, too. One wrong bit makes none of the others; what is none of them starts slot a.
CHOICES = {
    b"A": Choice("a"),
    b"B": Choice("b"),
    b"U": Choice("a", failed=True),
    b"V": Choice("b", failed=True),
    **{bytes((byte,)): Choice("a", left) for byte, left in zip(b"DGHK", (3, 2, 1, 0), strict=True)},
    **{bytes((byte,)): Choice("b", left) for byte, left in zip(b"MNPS", (3, 2, 1, 0), strict=True)},
}
BYTES = {choice: byte for byte, choice in CHOICES.items()}


class Systems:
    """`running`: the slot whose system runs. Raises `OSError` when the card fails, `BundleRefused` for what must not be installed."""

    def __init__(self, card: Card, running: Slot) -> None:
        self._card = card
        self._running: Slot = running

    @property
    def choice(self) -> Choice:
        return CHOICES.get(self._card.read("choice", 0, 1), Choice("a"))

    @property
    def standing(self) -> Standing:
        return Standing(self._running, self.choice, (self.version_in("a"), self.version_in("b")))

    def version_in(self, slot: Slot) -> int | None:
        """The version of the system in a slot; None: the slot holds no whole system."""
        return version_of(self._record_in(slot))

    def admit(self, release: SystemRelease) -> None:
        """Raises `BundleRefused` if this machine need not or may not try it. The caller has checked its last day."""
        choice = self.choice
        if choice.trial is not None:
            raise BundleRefused(f"Another system is on trial, with {choice.starts_left} starts left. Wait for its end.")
        newest = max(self.version_in(choice.active) or 0, self.version_in(self._running) or 0)
        if release.version <= newest:
            raise BundleRefused(f"It is version {release.version}; this machine has {newest}. Bring a newer one.")
        if choice.failed and self._record_in(other(choice.active)) == release.record:
            raise BundleRefused(f"Version {release.version} was tried here and did not serve. Bring a newer one.")
        if self._running != choice.active:
            raise BundleRefused("The system that runs is not the one that is good here. Restart the board first.")

    def install(self, release: SystemRelease, pieces: Iterable[bytes]) -> None:
        """Write a system into the other slot and put it on trial from the next start. The caller must have called `admit`.

        `pieces`: those of `release`, one after the other, each checked already.
        """
        choice = self.choice
        target = other(choice.active)
        if release.size + RECORD_BYTES != self._card.size(target):
            raise BundleRefused("It is for a card with other partitions. Write the image to a card anew.")
        if choice.failed:  # before the slot is touched: it is whole, if this byte should become unreadable
            self._choose(Choice(choice.active))
        self._put(target, release.size, bytes(RECORD_BYTES))  # from here on this slot holds no system
        at = 0
        for piece in pieces:
            self._card.write(target, at, piece)
            at += len(piece)
        self._card.sync(target)
        at = 0
        for told in release.pieces:
            if sha256(self._card.read(target, at, told.size)).digest() != told.sha256:
                raise BundleRefused("The card did not keep it; the system before stays. Replace the card.")
            at += told.size
        self._put(target, release.size, release.record)
        self._choose(Choice(choice.active, STARTS))

    def mark_good(self) -> bool:
        """The machine served well: if the system that runs is the trial, it is now the active one. Tells whether it was."""
        if self.choice.trial != self._running:
            return False
        self._choose(Choice(self._running))
        return True

    def give_up(self) -> bool:
        """End the trial: the next start is of the active system. Tells whether there was one."""
        choice = self.choice
        if choice.trial is None:
            return False
        self._choose(Choice(choice.active, failed=True))
        return True

    def _choose(self, choice: Choice) -> None:
        self._put("choice", 0, BYTES[choice])

    def _put(self, place: str, offset: int, data: bytes) -> None:
        self._card.write(place, offset, data)
        self._card.sync(place)
        if self._card.read(place, offset, len(data)) != data:
            raise BundleRefused("The card did not keep what was written. Replace the card.")

    def _record_in(self, slot: Slot) -> bytes:
        return self._card.read(slot, self._card.size(slot) - RECORD_BYTES, RECORD_BYTES)


def version_of(record: bytes) -> int | None:
    """The version of the system that a record tells; None for anything but a whole record."""
    told = record[4:]
    if zlib.crc32(told) != int.from_bytes(record[:4], "little") or not told.startswith(_ARGUMENTS):
        return None
    words = told.rstrip(b"\0").decode("ascii", "replace").split()
    versions = [word.removeprefix(_VERSION) for word in words if word.startswith(_VERSION)]
    return int(versions[0]) if len(versions) == 1 and versions[0].isdecimal() else None
