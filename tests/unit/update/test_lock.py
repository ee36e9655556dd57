"""Which libraries a release fits: those that a machine installs, not those of its developers."""

from hashlib import sha256
from pathlib import Path

import pytest

from firmware.update import __main__ as making
from firmware.update.updates import INSTALLED, installed_lock, lock_of

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
