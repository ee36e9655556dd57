"""Which libraries a release fits: those that a machine installs, not those of its developers."""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from firmware.journal.disk import FileDisk
from firmware.update import __main__ as making
from firmware.update import launch
from firmware.update.slots import Slots
from firmware.update.updates import INSTALLED, RELEASE, installed_lock, lock_of, running_version
from tests.unit.update.releases import PUBLIC, release

ROOT = Path(__file__).parents[3]


def test_a_developers_tool_does_not_change_what_a_machine_admits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(INSTALLED, str(tmp_path))
    assert installed_lock() == ""
    (tmp_path / "requirements-machine.lock").write_text("numpy==2.3\n")
    (tmp_path / "requirements.lock").write_text("numpy==2.3\nruff==1\n")
    before = installed_lock()
    (tmp_path / "requirements.lock").write_text("numpy==2.3\nruff==2\n")
    assert installed_lock() == before
    (tmp_path / "requirements-machine.lock").write_text("numpy==2.4\n")
    assert installed_lock() != before


def test_a_release_is_made_for_the_lock_that_the_machine_compares() -> None:
    assert lock_of(making.PROGRAM) == sha256((ROOT / "requirements-machine.lock").read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("lock", "installed", "runs"),
    [("numpy==2.3\n", None, 7), ("numpy==2.3\n", "6\n", 7), ("numpy==2.3\n", "7\n", 0), ("numpy==2.4\n", None, 0)],
)
def test_a_release_from_before_a_new_system_runs_only_if_it_is_newer_and_has_its_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lock: str, installed: str | None, runs: int
) -> None:
    program, key = tmp_path / "program", tmp_path / "key"
    program.mkdir()
    key.write_text(PUBLIC.public_bytes_raw().hex())
    (program / "requirements-machine.lock").write_text(lock)
    if installed is not None:
        (program / "release").write_text(installed)
    monkeypatch.setattr(launch, "PROGRAM", program)
    monkeypatch.setenv(INSTALLED, str(program))
    monkeypatch.delenv(RELEASE, raising=False)
    disk = FileDisk(tmp_path / "slots")
    Slots(disk, PUBLIC).install(release(7), datetime.now(UTC))
    disk.close()
    found = launch.chosen(tmp_path / "slots", key)
    assert (found.version if found else 0) == runs
    assert running_version() == int(installed or 0), "the program as installed says which release it is"
