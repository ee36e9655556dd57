"""A program release on the boot partition of a card: checked, and laid ready where the machine can read and not write."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware.update import lay
from firmware.update.bundle import BUNDLE_MAX
from tests.unit.update.releases import PUBLIC, release

Lay = Callable[[bytes], int]


@pytest.fixture
def laid(tmp_path: Path) -> Path:
    """Where it is laid, with release 7 from before."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "release.kofuki").write_bytes(release(7))
    return tmp_path / "etc" / "release.kofuki"


@pytest.fixture
def run(tmp_path: Path, laid: Path, monkeypatch: pytest.MonkeyPatch) -> Lay:
    (tmp_path / "key").write_text(PUBLIC.public_bytes_raw().hex())

    def command(bundle: bytes) -> int:
        (tmp_path / "bundle").write_bytes(bundle)
        monkeypatch.setattr("sys.argv", ["lay", str(tmp_path / "bundle"), str(laid), "--key", str(tmp_path / "key")])
        return lay.main()

    return command


def test_a_signed_release_is_laid_ready_and_only_its_group_reads_it(
    run: Lay, laid: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (laid.parent / "release.kofuki.new").write_bytes(b"of a run that a power cut ended")
    assert run(release(8)) == 0
    assert "Version 8 lies ready." in capsys.readouterr().out
    assert laid.read_bytes() == release(8)
    assert laid.stat().st_mode & 0o027 == 0
    assert [path.name for path in laid.parent.iterdir()] == [laid.name]


def test_the_same_release_is_not_written_again_at_each_start(run: Lay, laid: Path) -> None:
    before = laid.stat().st_ino
    assert run(release(7)) == 0
    assert laid.stat().st_ino == before


@pytest.mark.parametrize("wrong", ["cut", "longer", "empty", "too large", "changed"])
def test_what_is_not_whole_and_signed_is_not_written(
    run: Lay, laid: Path, capsys: pytest.CaptureFixture[str], wrong: str
) -> None:
    good = release(8)
    bundles = {"cut": good[:-1], "longer": good + b"?", "empty": b"", "too large": bytes(BUNDLE_MAX + 2)}
    assert run(bundles.get(wrong, good[:30] + b"?" + good[31:])) == 0
    assert "was not taken: " in capsys.readouterr().err
    assert laid.read_bytes() == release(7)


def test_a_full_medium_keeps_the_release_before_and_no_half_of_the_new_one(
    run: Lay, laid: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert run(release(8)) == 1
    assert "No space left" in capsys.readouterr().err
    assert laid.read_bytes() == release(7)
    assert [path.name for path in laid.parent.iterdir()] == [laid.name]
