"""`firmware.journal.disk.Disk`: a folder, the medium in memory, and two media as one."""

import errno
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware.book.records import Flag
from firmware.journal.disk import Disk, FileDisk
from firmware.journal.mirror import mirrored
from host_sim.adapters.disk import MemoryDisk
from tests.unit.journal.history import open_journal


@pytest.fixture(params=["memory", "files", "mirrored"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Disk]]:
    """Opens the same medium each time it is called, and closes what was open before."""
    memory = MemoryDisk()
    made: list[Disk] = []

    def again() -> Disk:
        for disk in made:
            disk.close()
        match request.param:
            case "memory":
                made.append(memory)
            case "files":
                made.append(FileDisk(tmp_path / "one"))
            case _:
                made.append(mirrored(FileDisk(tmp_path / "one"), lambda: FileDisk(tmp_path / "two")))
        return made[-1]

    yield again
    for disk in made:
        disk.close()


@pytest.fixture
def disk(opened: Callable[[], Disk]) -> Disk:
    return opened()


def fails(code: int, act: Callable[[], object]) -> None:
    with pytest.raises(OSError, match=r".") as caught:
        act()
    assert caught.value.errno == code


def test_a_new_segment_is_its_head_and_zeros(disk: Disk) -> None:
    assert list(disk.names()) == []
    disk.create("b", b"head", 4096)
    disk.create("a", b"", 1024)
    assert list(disk.names()) == ["a", "b"]
    assert disk.read("b") == b"head".ljust(4096, b"\0")
    assert disk.read("b", 4) == b"head"
    assert len(disk.read("a", 1 << 20)) == 1024


def test_synced_bytes_are_there_when_the_medium_is_opened_again(opened: Callable[[], Disk]) -> None:
    disk = opened()
    journal = open_journal(disk)
    head = journal.append(Flag("test", "words"), durable=True), journal.head()[1]
    disk.close()
    disk.close()
    assert open_journal(opened()).confirms(*head)


def test_no_segment_is_replaced_and_none_grows(disk: Disk) -> None:
    disk.create("a", b"first", 1024)
    fails(errno.EEXIST, lambda: disk.create("a", b"second", 1024))
    fails(errno.EFBIG, lambda: disk.write_at("a", 1020, b"words"))
    assert disk.read("a") == b"first".ljust(1024, b"\0")


def test_a_segment_for_which_there_is_no_room_is_not_created(disk: Disk) -> None:
    assert disk.free_bytes() > 0
    with pytest.raises(OSError, match=r"."):
        disk.create("a", b"head", 1 << 55)
    assert list(disk.names()) == []


@pytest.mark.parametrize("what", ["read", "write", "sync"])
def test_a_segment_that_is_not_there_is_an_error(disk: Disk, what: str) -> None:
    acts = {
        "read": lambda: disk.read("c"),
        "write": lambda: disk.write_at("c", 0, b"x"),
        "sync": lambda: disk.sync("c"),
    }
    fails(errno.ENOENT, acts[what])
