"""Whole systems in two slots and power cuts (fault U1): every start is of a whole system, and the last good one is never lost."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from hashlib import sha256
from io import BytesIO

import pytest

from firmware.update import card
from firmware.update.bundle import BundleRefused
from firmware.update.system_bundle import RECORD_BYTES, SystemRelease, head, packed, read_head, read_pieces
from firmware.update.systems import CHOICES, STARTS, Choice, Slot, Systems, version_of
from hardware.image import layout
from host_sim.adapters.disk import SECTOR, MemoryDisk, PowerLost, Tail
from tests.unit.update.boot_script import fallback, table
from tests.unit.update.releases import KEY, PUBLIC

PIECE = 2 * SECTOR
PIECES = 3
SLOT_BYTES = PIECES * PIECE + RECORD_BYTES
PLACES = {"choice": SECTOR, "a": SLOT_BYTES, "b": SLOT_BYTES}


class MemoryCard:
    """A card in memory whose power can fail, as it was flashed: system 1 in slot a."""

    def __init__(self) -> None:
        self.disk = MemoryDisk()
        self._unsynced: set[str] = set()
        for name, size in PLACES.items():
            self.disk.create(name, b"A" if name == "choice" else b"", size)
        self.disk.damage("a", 0, body(1))
        self.disk.damage("a", PIECES * PIECE, layout.record("0" * 64, 1))

    def size(self, place: str) -> int:
        return PLACES[place]

    def read(self, place: str, offset: int, size: int) -> bytes:
        return self.disk.read(place, offset + size)[offset:]

    def write(self, place: str, offset: int, data: bytes) -> None:
        self._unsynced.add(place)
        self.disk.write_at(place, offset, data)

    def sync(self, place: str) -> None:
        self.disk.sync(place)
        self._unsynced.discard(place)

    def cut(self, tail: Tail, number: int) -> None:
        """Cut the power. The wrong bit of a sector is always in its first byte: the others of the choice mean nothing."""
        self.disk.cut(tail, number)
        self.disk.power_on()
        if tail is Tail.FLIPPED and "choice" in self._unsynced:
            byte = self.disk.read("choice", 1)[0]
            self.disk.damage("choice", 0, bytes((byte ^ 1 << number % 8,)))
        self._unsynced.clear()


def body(version: int) -> bytes:
    """What a slot holds before its record: other bytes in each piece, and in each version."""
    return b"".join(sha256(bytes((version, number))).digest() * (PIECE // 32) for number in range(PIECES))


def release(version: int) -> tuple[SystemRelease, bytes]:
    """A release, and its file."""
    data = body(version)
    pieces = [packed(data[at : at + PIECE]) for at in range(0, len(data), PIECE)]
    record = layout.record("0" * 64, version)
    told = SystemRelease(version, date(2026, 11, 20), date(2027, 3, 31), tuple(piece for piece, _ in pieces), record)
    return told, head(told, KEY) + b"".join(packed for _, packed in pieces)


def start(memory: MemoryCard) -> tuple[Slot, int]:
    """Switch the board on: the slot that U-Boot starts, and the version that is whole in it (else AssertionError)."""
    slot, counted = table().get(memory.read("choice", 0, 1), (fallback(), None))
    if counted is not None:
        memory.write("choice", 0, counted)
        memory.sync("choice")
    version = version_of(memory.read(slot, PIECES * PIECE, RECORD_BYTES))
    assert version is not None, f"slot {slot} has no record"
    assert memory.read(slot, 0, PIECES * PIECE) == body(version), f"slot {slot} is not whole"
    assert slot in ("a", "b")
    return slot, version  # type: ignore[return-value]  # mypy does not narrow a str


def install(memory: MemoryCard, running: Slot, version: int) -> None:
    systems, source = Systems(memory, running), BytesIO(release(version)[1])
    told = read_head(source.read, PUBLIC)
    systems.admit(told)
    systems.install(told, read_pieces(source.read, told))


def good(memory: MemoryCard, version: int) -> None:
    """Install a system, start it and mark it good."""
    install(memory, start(memory)[0], version)
    slot, found = start(memory)
    assert found == version
    assert Systems(memory, slot).mark_good()


# --- one after the other ----------------------------------------------------------------------------


def test_the_card_is_where_the_image_has_it() -> None:
    assert card.CHOICE_SECTOR == layout.CHOICE_SECTOR
    assert RECORD_BYTES == layout.RECORD_BYTES
    assert dict(card.PARTUUIDS) == {slot: layout.partition(f"root_{slot}").partuuid for slot in "ab"}


@pytest.mark.parametrize("slot", ["a", "b"])
def test_the_running_slot_is_that_of_the_command_line(slot: Slot) -> None:
    name = layout.partition(f"root_{slot}").partuuid
    assert card.running_slot(f"kofuki.slot=PARTUUID={name} {layout.arguments('0' * 64, 7)}") == slot
    with pytest.raises(ValueError, match="has no slots"):
        card.running_slot("root=/dev/sda1 ro")


def test_u_boot_and_the_program_read_the_choice_alike() -> None:
    assert table().keys() == CHOICES.keys()
    for byte, (slot, counted) in table().items():
        choice = CHOICES[byte]
        if choice.trial is None:
            assert (slot, counted) == (choice.active, None)
        elif choice.starts_left:
            assert counted is not None
            assert (slot, CHOICES[counted]) == (choice.trial, replace(choice, starts_left=choice.starts_left - 1))
        else:
            assert counted is not None
            assert (slot, CHOICES[counted]) == (choice.active, Choice(choice.active, failed=True))


def test_a_wrong_bit_makes_no_other_choice() -> None:
    assert not {bytes((byte[0] ^ 1 << bit,)) for byte in CHOICES for bit in range(8)} & CHOICES.keys()


def test_a_good_system_is_started_from_then_on_and_the_next_goes_into_the_other_slot() -> None:
    memory = MemoryCard()
    good(memory, 2)
    assert [start(memory) for _ in range(5)] == [("b", 2)] * 5
    good(memory, 3)
    assert [start(memory) for _ in range(5)] == [("a", 3)] * 5


def test_three_starts_that_do_not_serve_bring_the_system_before_back_and_it_is_not_tried_again() -> None:
    memory = MemoryCard()
    good(memory, 2)
    install(memory, "b", 3)
    assert [start(memory) for _ in range(STARTS + 2)] == [("a", 3)] * STARTS + [("b", 2)] * 2
    assert not Systems(memory, "b").mark_good()
    with pytest.raises(BundleRefused, match="was tried here and did not serve"):
        install(memory, "b", 3)
    good(memory, 4)


def test_a_trial_ends_by_hand_or_by_its_time() -> None:
    memory = MemoryCard()
    assert not Systems(memory, "a").give_up()
    install(memory, "a", 2)
    assert start(memory) == ("b", 2)
    assert Systems(memory, "b").give_up()
    assert not Systems(memory, "b").mark_good(), "it was given up before"
    assert start(memory) == ("a", 1)


@pytest.mark.parametrize(
    ("running", "version", "told"), [("a", 1, "this machine has 2"), ("b", 2, "has 2"), ("a", 3, "Restart the board")]
)
def test_what_is_not_newer_is_refused(running: Slot, version: int, told: str) -> None:
    memory = MemoryCard()
    good(memory, 2)
    with pytest.raises(BundleRefused, match=told):
        install(memory, running, version)


def test_nothing_is_installed_while_another_system_is_on_trial() -> None:
    memory = MemoryCard()
    install(memory, "a", 2)
    with pytest.raises(BundleRefused, match="on trial, with 3 starts left"):
        install(memory, "a", 3)


def test_a_system_for_other_partitions_is_refused_before_a_byte_is_written() -> None:
    memory = MemoryCard()
    told, _ = release(2)
    before = memory.disk.copy().hash_after(Tail.KEPT)
    with pytest.raises(BundleRefused, match="other partitions"):
        Systems(memory, "a").install(replace(told, pieces=told.pieces[1:]), [])
    assert memory.disk.copy().hash_after(Tail.KEPT) == before


def test_a_card_that_does_not_keep_what_is_written_keeps_its_system() -> None:
    class Forgetful(MemoryCard):
        def write(self, place: str, offset: int, data: bytes) -> None:
            super().write(place, offset, data[:-1] + b"?" if offset == PIECE else data)

    memory = Forgetful()
    with pytest.raises(BundleRefused, match="did not keep it"):
        install(memory, "a", 2)
    assert [start(memory) for _ in range(4)] == [("a", 1)] * 4


# --- the file ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", range(0, 1000, 13))
def test_no_damaged_file_is_ever_started(where: int) -> None:
    memory = MemoryCard()
    _, file = release(2)
    at = where * len(file) // 1000
    damaged = file[:at] + bytes((file[at] ^ 0x10,)) + file[at + 1 :]
    systems, source = Systems(memory, "a"), BytesIO(damaged)
    with pytest.raises(BundleRefused):  # noqa: PT012  the first of the two refuses a bad head, the second a bad piece
        told = read_head(source.read, PUBLIC)
        systems.install(told, read_pieces(source.read, told))
    assert start(memory) == ("a", 1)


@pytest.mark.parametrize("cut", [0, 3, 19, 20, 200, -200, -1])
def test_a_file_that_is_cut_short_or_too_long_is_refused(cut: int) -> None:
    _, file = release(2)
    for wrong in (file[:cut], file + b"?"):
        source = BytesIO(wrong)
        with pytest.raises(BundleRefused):
            list(read_pieces(source.read, read_head(source.read, PUBLIC)))


# --- the power --------------------------------------------------------------------------------------


def _a_life(memory: MemoryCard) -> Iterator[int]:
    """System 2 is installed and kept, system 3 fails, system 4 is given up. Yields the version that was good last."""
    yield 1
    install(memory, "a", 2)
    slot, version = start(memory)
    assert (slot, version) == ("b", 2)
    Systems(memory, slot).mark_good()
    yield 2
    install(memory, slot, 3)
    for _ in range(STARTS + 1):
        slot, version = start(memory)
    install(memory, slot, 4)
    slot, _ = start(memory)
    Systems(memory, slot).give_up()
    start(memory)
    yield 2


def _cut(memory: MemoryCard, number: int, tail: Tail, act: Callable[[], None]) -> bool:
    """Run `act` with a power cut at its `number`-th instant; False if it ended before."""
    left = number

    def step(_: str, __: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            memory.disk.on_step = lambda _, __: None
            memory.cut(tail, number)
            raise PowerLost

    memory.disk.on_step = step
    try:
        act()
    except PowerLost:
        return True
    finally:
        memory.disk.on_step = lambda _, __: None
    return False


@pytest.mark.parametrize("tail", list(Tail))
def test_whenever_the_power_is_cut_every_start_is_of_a_whole_system(tail: Tail) -> None:
    """Cuts before and after every write and sync, and once more at each instant of the start that follows."""
    for first in range(400):
        for second in (None, *range(6)):
            memory, kept = MemoryCard(), 0

            def live(memory: MemoryCard = memory) -> None:
                nonlocal kept
                for kept in _a_life(memory):  # noqa: B007  what was reached is looked at below
                    pass

            if not _cut(memory, first, tail, live):
                assert second is None
                assert first > 40, "a life must have more than forty instants to cut at"
                return
            if second is not None and not _cut(memory, second, tail, lambda memory=memory: start(memory)):
                break
            versions = [start(memory)[1] for _ in range(STARTS + 2)]
            assert versions[-1] >= kept, (versions, first, second)
            assert versions[-1] == versions[-2], "it settles"
            if tail is not Tail.FLIPPED:  # a choice with a wrong bit is none, and may leave a trial in slot a
                assert versions[-1] <= 2, "systems 3 and 4 never served"
    raise AssertionError("a life has fewer instants")


@pytest.mark.parametrize("tail", list(Tail))
def test_whenever_an_installation_was_cut_it_can_be_made_again(tail: Tail) -> None:
    for number in range(400):
        memory = MemoryCard()
        cut = _cut(memory, number, tail, lambda memory=memory: install(memory, "a", 2))
        slot, version = start(memory)
        if version == 1:
            install(memory, slot, 2)
            slot, version = start(memory)
        assert (slot, version) == ("b", 2)
        Systems(memory, slot).mark_good()
        assert [start(memory) for _ in range(4)] == [("b", 2)] * 4
        if not cut:
            assert number > 10, "an installation must have more than ten instants to cut at"
            return
    raise AssertionError("an installation has fewer instants")
