"""Two media: the state of both after each failure of one, and when the machine refuses to choose between them."""

import errno
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.book import records as r
from firmware.journal.journal import JournalBroken, JournalCorrupt, segment_name
from firmware.journal.mirror import MirrorDisk, heal
from host_sim.adapters.disk import MemoryDisk, Tail
from tests.unit.journal.history import open_journal

SEGMENT = 8192
FIRST_SEGMENT = segment_name(0)


def written(count: int = 40) -> tuple[MemoryDisk, MemoryDisk]:
    """Two media with the same journal of several segments."""
    first, second = MemoryDisk(), MemoryDisk()
    journal = open_journal(MirrorDisk(first, second), SEGMENT)
    for which in range(count):
        journal.append(r.Flag("test", str(which)), durable=True)
    return first, second


def details(disk: MemoryDisk) -> list[str]:
    return [stored.record.detail for stored in open_journal(disk, SEGMENT).records()]  # type: ignore[union-attr]


def same(first: MemoryDisk, second: MemoryDisk) -> bool:
    return {name: first.read(name) for name in first.names()} == {name: second.read(name) for name in second.names()}


def test_two_equal_media_need_no_repair() -> None:
    first, second = written()
    assert len(first.names()) > 2
    assert same(first, second)
    assert heal(first, second) == []


@pytest.mark.parametrize("operation", ["write", "sync", "create"])
def test_the_machine_goes_on_with_one_and_says_so(operation: str) -> None:
    first, second = MemoryDisk(), MemoryDisk()
    mirror = MirrorDisk(first, second)
    journal = open_journal(mirror, SEGMENT)
    second.fail(operation, code=errno.EIO)
    for which in range(40):
        journal.append(r.Flag("test", str(which)), durable=True)
    assert mirror.degraded == "Input/output error"
    calls = dict(second.calls)
    journal.append(r.Flag("test", "after"), durable=True)
    assert dict(second.calls) == calls, "a medium that failed is not asked again in this run"
    assert heal(first, second)
    assert same(first, second)
    assert details(second)[-1] == "after"


def test_the_first_medium_failing_ends_the_journal() -> None:
    first, second = MemoryDisk(), MemoryDisk()
    journal = open_journal(MirrorDisk(first, second), SEGMENT)
    first.fail("sync")
    with pytest.raises(JournalBroken):
        journal.append(r.Flag("test", ""), durable=True)


Harm = Callable[[MemoryDisk], None]


def new_medium(disk: MemoryDisk) -> None:
    for name in list(disk.names()):
        disk.lose(name)


HARMS: dict[str, Harm] = {
    "a flipped byte in an old segment": lambda disk: disk.damage(FIRST_SEGMENT, 700, b"\xff"),
    "a zeroed sector": lambda disk: disk.damage(FIRST_SEGMENT, 1024, bytes(512)),
    "a destroyed header": lambda disk: disk.damage(FIRST_SEGMENT, 0, b"\xff" * 512),
    "a missing segment": lambda disk: disk.lose(segment_name(1)),
    "a new, empty medium": new_medium,
}


@pytest.mark.parametrize("harm", sorted(HARMS))
@pytest.mark.parametrize("which", [0, 1])
def test_one_medium_harmed_is_made_whole_from_the_other(harm: str, which: int) -> None:
    media = written()
    HARMS[harm](media[which])
    assert heal(*media)
    assert same(*media)
    assert details(media[0]) == [str(n) for n in range(40)]
    assert heal(*media) == []


@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.booleans(), min_size=1, max_size=12), st.sampled_from(Tail), st.sampled_from(Tail), st.integers(0, 99)
)
def test_after_a_cut_both_agree_on_a_prefix_with_everything_acknowledged(
    durable: list[bool], one: Tail, other: Tail, seed: int
) -> None:
    first, second = MemoryDisk(), MemoryDisk()
    journal = open_journal(MirrorDisk(first, second), SEGMENT)
    acknowledged = 0
    for which, wait in enumerate(durable, 1):
        journal.append(r.Flag("test", str(which)), durable=wait)
        acknowledged = which if wait else acknowledged
    first.cut(one, seed)
    second.cut(other, seed + 1)
    first.power_on()
    second.power_on()
    heal(first, second)
    assert same(first, second)
    left = details(first)
    assert left == [str(n) for n in range(1, len(left) + 1)]
    assert acknowledged <= len(left) <= len(durable)


def test_a_stick_from_another_machine_is_not_chosen_and_not_overwritten() -> None:
    first, _ = written()
    stranger = MemoryDisk()
    other = open_journal(stranger, SEGMENT)
    for _ in range(60):
        other.append(r.Flag("test", "stranger"), durable=True)
    before = {name: stranger.read(name) for name in stranger.names()}
    with pytest.raises(JournalCorrupt, match="differ"):
        heal(first, stranger)
    assert {name: stranger.read(name) for name in stranger.names()} == before


def test_a_copy_that_ends_before_what_the_damaged_one_acknowledged_is_not_enough() -> None:
    """Otherwise the machine would lose the records from the time when it ran with one medium."""
    first, second = MemoryDisk(), MemoryDisk()
    journal = open_journal(MirrorDisk(first, second), SEGMENT)
    for which in range(8):
        if which == 3:
            second.fail("write", code=errno.EIO)
        journal.append(r.Flag("test", str(which)), durable=True)
    first.damage(FIRST_SEGMENT, 512 + 3 * 512 + 20, b"\xff")
    with pytest.raises(JournalCorrupt, match="acknowledged"):
        heal(first, second)
    first.damage(FIRST_SEGMENT, 0, b"\xff" * 512)
    with pytest.raises(JournalCorrupt, match="acknowledged"):
        heal(first, second)


def test_both_media_unreadable_or_one_that_cannot_be_read_at_all() -> None:
    first, second = written()
    for disk in (first, second):
        disk.damage(FIRST_SEGMENT, 700, b"\xff")
    with pytest.raises(JournalCorrupt, match="both"):
        heal(first, second)
    first, second = written()
    second.fail("read", forever=True)
    with pytest.raises(JournalCorrupt, match="must not be overwritten"):
        heal(first, second)
