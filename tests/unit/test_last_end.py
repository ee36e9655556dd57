"""What one run tells the next of its end, beside the journal whose medium failed (catalogue D2)."""

from pathlib import Path

import pytest

from firmware.__main__ import last_end, remember_end


def test_an_end_by_the_medium_is_told_to_the_next_start_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    assert last_end() == "start"
    remember_end("medium")
    assert [last_end(), last_end()] == ["medium", "start"]


def test_without_a_folder_in_memory_every_start_is_an_ordinary_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    remember_end("medium")
    assert last_end() == "start"


def test_a_folder_that_fails_as_well_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "gone"))
    remember_end("medium")
    assert last_end() == "start"
