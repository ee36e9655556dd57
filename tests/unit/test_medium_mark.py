"""The mark by which a run tells the next start that the journal's medium has failed (fault D2)."""

from pathlib import Path

import pytest

from firmware.config.unit import UnitError, load_unit
from firmware.journal.journal import JournalBroken, JournalCorrupt, JournalFull
from firmware.parts import RealParts
from firmware.service.manager import remember, why_started
from host_sim.clock import VirtualClock

UNIT = Path(__file__).parents[2] / "hardware" / "units" / "dev-store.toml"
BROKEN = JournalBroken("the medium failed to sync")


def test_a_medium_that_failed_is_told_to_the_next_start_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    assert why_started() == "start"
    remember(BROKEN)
    assert [why_started(), why_started()] == ["medium", "start"]


@pytest.mark.parametrize("error", [JournalCorrupt("x"), JournalFull("x")], ids=["corrupt", "full"])
def test_other_journal_errors_set_no_mark(error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    remember(error)
    assert why_started() == "start"


def test_without_a_folder_in_memory_every_start_is_an_ordinary_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    remember(BROKEN)
    assert why_started() == "start"


def test_a_mark_that_cannot_be_written_raises_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "gone"))
    remember(BROKEN)
    assert why_started() == "start"


def test_a_second_machine_in_the_same_folder_is_told_so_and_no_medium_blamed(tmp_path: Path) -> None:
    unit = load_unit(UNIT)
    first = RealParts(unit, UNIT, tmp_path, VirtualClock()).disk()
    with pytest.raises(UnitError, match="another machine"):
        RealParts(unit, UNIT, tmp_path, VirtualClock()).disk()
    first.close()


def test_a_medium_that_cannot_be_opened_has_failed(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file where the folder should be")
    with pytest.raises(JournalBroken, match="cannot be opened"):
        RealParts(load_unit(UNIT), UNIT, tmp_path, VirtualClock()).disk()
