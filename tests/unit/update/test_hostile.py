"""Hostile bundles and folders (fault U3): exchanged while they are read, links, pipes, doubled and led-away entries."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firmware.journal.disk import FileDisk
from firmware.update.bundle import BundleRefused, unpack
from firmware.update.files import read_plain, write_new
from firmware.update.slots import Slots
from firmware.update.updates import Updates
from host_sim.adapters.disk import MemoryDisk
from tests.unit.update.releases import FILES, LOCK, PUBLIC, bundle, manifest, release, rows

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def updates_on(disk: MemoryDisk, path: Path) -> Updates:
    return Updates(Slots(disk, PUBLIC, 4096), path, PUBLIC, lock=LOCK, running=0, now=lambda: NOW)


def test_the_bytes_that_were_checked_are_the_bytes_that_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may write the file exchanges it after each reading, against releases that differ in their version or their end."""
    path, disk = tmp_path / "release.kofuki", MemoryDisk()
    path.write_bytes(release(7))
    readings: list[int] = []

    def read_and_exchange(file: Path, most: int) -> bytes:
        data = read_plain(file, most)
        readings.append(len(data))
        file.write_bytes(release(9) if len(readings) % 2 else release(7))
        return data

    monkeypatch.setattr("firmware.update.updates.read_plain", read_and_exchange)
    updates_on(disk, path).install(7)
    assert len(readings) == 1
    found = Slots(disk, PUBLIC, 4096).choose()
    assert found is not None
    assert found.version == 7
    path.write_bytes(release(9))
    with pytest.raises(BundleRefused, match="Another release"):
        updates_on(disk, path).install(7)


def lay(path: Path, what: str) -> None:
    """Something that is no plain file, at the place of the bundle."""
    match what:
        case "link":
            (path.parent / "true").write_bytes(release(7))
            path.symlink_to(path.parent / "true")
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "device":
            path.symlink_to("/dev/zero")


@pytest.mark.parametrize("what", ["link", "pipe", "folder", "device"])
def test_only_a_plain_file_is_read_and_nothing_hangs(tmp_path: Path, what: str) -> None:
    path = tmp_path / "release.kofuki"
    lay(path, what)
    with pytest.raises(BundleRefused, match="No release lies ready"):
        updates_on(MemoryDisk(), path).ready()


@pytest.mark.parametrize("step", ["", "drivers", "drivers/coin", "drivers/coin/bus.py"])
def test_no_link_on_the_way_is_followed(tmp_path: Path, step: str) -> None:
    """Each folder on the way to the file, and the file itself, is a link to another place in turn."""
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    (elsewhere / "drivers" / "coin").mkdir(parents=True)
    link = root / step if step else root
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(elsewhere / step)
    with pytest.raises(OSError, match=r".+"):
        write_new(root, "drivers/coin/bus.py", b"x")
    assert [path for path in elsewhere.rglob("*") if path.is_file()] == []


def test_a_file_is_written_once(tmp_path: Path) -> None:
    write_new(tmp_path, "a/b/c.py", b"x")
    assert (tmp_path / "a/b/c.py").read_bytes() == b"x"
    with pytest.raises(FileExistsError):
        write_new(tmp_path, "a/b/c.py", b"y")
    assert (tmp_path / "a/b/c.py").read_bytes() == b"x"


@pytest.mark.parametrize(
    "path",
    ["../a.py", "/etc/passwd", "drivers/../../a.py", "drivers//a.py", "drivers/./a.py", "hardware/a.py", "drivers"],
)
def test_a_signed_bundle_that_names_a_file_elsewhere_is_refused(path: str) -> None:
    data = b"A = 1\n"
    with pytest.raises(BundleRefused, match="does not belong"):
        unpack(bundle(manifest(files=rows({path: data})), data), PUBLIC)


def test_a_signed_bundle_with_a_double_entry_is_refused() -> None:
    doubled = [*rows(FILES), rows(FILES)[0]]
    with pytest.raises(BundleRefused, match="does not belong"):
        unpack(bundle(manifest(files=doubled), b"".join(FILES.values()) + next(iter(FILES.values()))), PUBLIC)


@pytest.mark.parametrize("name", [".lock", "slot-a", "slot-a.new"])
def test_the_folder_of_the_slots_follows_no_link(tmp_path: Path, name: str) -> None:
    folder, elsewhere = tmp_path / "releases", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.write_bytes(b"")
    (folder / name).symlink_to(elsewhere)
    try:
        Slots(FileDisk(folder), PUBLIC).install(release(7), NOW)
    except OSError:
        assert name != "slot-a.new", "a leftover is deleted"
    assert elsewhere.read_bytes() == b""
