"""Two slots and power cuts (fault U1): a start runs only whole, signed releases, none older than the last good one."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from firmware.update.bundle import BundleRefused
from firmware.update.slots import STARTS, TRIAL, TRIAL_RUNS_S, Slots
from host_sim.adapters.disk import MemoryDisk, PowerLost, Tail
from tests.unit.update.releases import KEY, PUBLIC, bundle, manifest, release

SLOT_BYTES = 4096
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
assert KEY.public_key() == PUBLIC


def slots_on(disk: MemoryDisk) -> Slots:
    return Slots(disk, PUBLIC, SLOT_BYTES)


def start(disk: MemoryDisk) -> int:
    """The version that a start runs; 0 is the program as installed."""
    chosen = slots_on(disk).choose()
    return chosen.version if chosen else 0


def good(disk: MemoryDisk, version: int) -> None:
    """Install a release, start it, and mark it as good."""
    slots_on(disk).install(release(version), NOW)
    assert start(disk) == version
    slots_on(disk).mark_good(version)


def test_a_new_machine_starts_the_program_as_installed() -> None:
    assert start(MemoryDisk()) == 0


def test_a_release_marked_good_is_started_from_then_on() -> None:
    disk = MemoryDisk()
    good(disk, 7)
    assert [start(disk) for _ in range(5)] == [7] * 5
    assert slots_on(disk).state.floor == 7


def test_three_failed_starts_fall_back() -> None:
    disk = MemoryDisk()
    good(disk, 7)
    slots_on(disk).install(release(8), NOW)
    assert [start(disk) for _ in range(STARTS + 2)] == [8] * STARTS + [7, 7]
    slots_on(disk).mark_good(8)  # this comes too late
    assert (start(disk), slots_on(disk).state.floor) == (7, 7)


def test_a_trial_is_given_up_and_a_newer_one_takes_its_place() -> None:
    disk = MemoryDisk()
    good(disk, 7)
    slots_on(disk).install(release(8), NOW)
    slots_on(disk).give_up()
    assert start(disk) == 7
    slots_on(disk).install(release(8), NOW)
    slots_on(disk).install(release(9), NOW)
    assert start(disk) == 9
    slots_on(disk).mark_good(8)  # not the one on trial
    assert slots_on(disk).state.floor == 7


def test_what_must_not_be_installed_touches_nothing() -> None:
    disk = MemoryDisk()
    good(disk, 7)
    slots_on(disk).install(release(8), NOW)
    before = {name: disk.read(name) for name in disk.names()}
    for bad in (b"", release(9)[:-1], bundle(manifest(9, product="other"))):
        with pytest.raises(BundleRefused):
            slots_on(disk).install(bad, NOW)
    assert {name: disk.read(name) for name in disk.names()} == before


@pytest.mark.parametrize("at", range(0, 1400, 7))
def test_a_damaged_release_is_passed_over(at: int) -> None:
    """Damaged on trial: the active one runs. Damaged when active: the program as installed, and the floor stays."""
    disk = MemoryDisk()
    good(disk, 7)
    slots_on(disk).install(release(8), NOW)
    used = 8 + len(release(8))
    for slot, then in (("slot-b", 7), ("slot-a", 0)):
        wounded = disk.read(slot, used)[at % used] ^ 0x10
        disk.write_at(slot, at % used, bytes((wounded,)))
        disk.sync(slot)
        assert start(disk) == then
    assert slots_on(disk).state.floor == 7


def test_a_stale_release_in_the_trial_slot_is_not_started() -> None:
    """As if somebody had put an old, rightly signed release on the medium."""
    disk = MemoryDisk()
    good(disk, 7)
    slots_on(disk).install(release(8), NOW)
    old = release(6)
    disk.write_at("slot-b", 0, len(old).to_bytes(8, "big") + old)
    disk.sync("slot-b")
    assert start(disk) == 7


def test_a_medium_that_loses_writes_is_noticed() -> None:
    class Forgetful(MemoryDisk):
        def read(self, name: str, size: int | None = None) -> bytes:
            data = super().read(name, size)
            return data[:-1] + b"?" if name.startswith("slot") and len(data) > 8 else data

    disk = Forgetful()
    with pytest.raises(BundleRefused, match="did not keep it"):
        slots_on(disk).install(release(7), NOW)
    assert start(disk) == 0


def test_a_release_that_the_system_cannot_run_is_passed_over_and_runs_again_after_the_system_before_is_back() -> None:
    disk = MemoryDisk()
    good(disk, 7)
    assert slots_on(disk).choose(lambda _: False) is None
    slots_on(disk).install(release(8), NOW)
    assert slots_on(disk).choose(lambda found: found.version == 7) is not None, (
        "the trial does not fit: the active one runs"
    )
    assert slots_on(disk).state.trial == ""
    assert start(disk) == 7


# --- the power --------------------------------------------------------------------------------------


def _a_life(disk: MemoryDisk) -> Iterator[str]:
    """Install 8 over 7, try it, mark it good, install 9, three failed starts. Yields the name of each step after it."""
    yield "begun"
    slots_on(disk).install(release(8), NOW)
    yield "installed 8"
    start(disk)
    slots_on(disk).mark_good(8)
    yield "good 8"
    slots_on(disk).install(release(9), NOW)
    yield "installed 9"
    for _ in range(STARTS):
        start(disk)
    start(disk)
    yield "fallen back"


MAY_START = {
    "begun": {7, 8},
    "installed 8": {8},
    "good 8": {8, 9},
    "installed 9": {8, 9},
    "fallen back": {8},
}


def _cut(disk: MemoryDisk, number: int, tail: Tail, act: Callable[[], None]) -> bool:
    """Run `act` with a power cut at its `number`-th instant; False if it ended before."""
    left = number

    def step(_: str, __: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            disk.on_step = lambda _, __: None
            disk.cut(tail, number)
            raise PowerLost

    disk.on_step = step
    try:
        act()
    except PowerLost:
        disk.power_on()
        return True
    finally:
        disk.on_step = lambda _, __: None
    return False


@pytest.mark.parametrize("tail", list(Tail))
def test_no_power_cut_starts_anything_but_a_whole_release(tail: Tail) -> None:
    """Cuts before and after every create, write and sync, and once more at each instant of the following start."""
    for first in range(400):
        for second in (None, *range(6)):
            disk = MemoryDisk()
            good(disk, 7)
            told = ""

            def live(disk: MemoryDisk = disk) -> None:
                nonlocal told
                for told in _a_life(disk):  # noqa: B007  what was reached is looked at below
                    pass

            floor = 7
            if not _cut(disk, first, tail, live):
                assert second is None
                assert first > 30, "the sequence must have more than thirty instants to cut at"
                return
            if told in {"good 8", "installed 9", "fallen back"}:
                floor = 8
            if second is not None and not _cut(disk, second, tail, lambda disk=disk: start(disk)):
                break
            state = slots_on(disk).state
            assert state.floor in {floor, 8}, (told, first, second)
            assert state.floor >= floor
            assert start(disk) in MAY_START[told], (told, first, second)
            for _ in range(STARTS):
                start(disk)
            assert start(disk) == slots_on(disk).state.floor, (
                "a release never marked good is dropped, and the last good one runs"
            )
    raise AssertionError("a life has fewer instants")


def test_a_trial_is_over_by_the_clock_or_by_running_whichever_is_first() -> None:
    """Fault U2. A clock that is set back does not lengthen it: the running time is written down."""
    disk = MemoryDisk()
    slots_on(disk).install(release(7), NOW)
    second = timedelta(seconds=1)
    assert not slots_on(disk).is_over(NOW + TRIAL, TRIAL_RUNS_S)
    assert slots_on(disk).is_over(NOW + TRIAL + second, 0)
    assert slots_on(disk).is_over(NOW, TRIAL_RUNS_S + 1)
    for _ in range(2):
        slots_on(disk).ran(TRIAL_RUNS_S / 2)
    assert slots_on(disk).is_over(NOW - 1000 * TRIAL, 1), "what ran before the restart counts"
    slots_on(disk).give_up()
    assert not slots_on(disk).is_over(NOW + 2 * TRIAL, 10 * TRIAL_RUNS_S)
    slots_on(disk).install(release(8), NOW)
    assert not slots_on(disk).is_over(NOW, 1), "a new trial has its own time"
