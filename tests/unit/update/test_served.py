"""The file that tells the system on trial that the machine serves well: after a minute in service on end, and not before."""

from pathlib import Path

import pytest

from firmware.service.manager import service_folder
from firmware.update.served import FILE, ServedWell
from firmware.update.updates import WELL_S


def _note(served: ServedWell, *told: tuple[float, bool]) -> None:
    for now_s, well in told:
        served.note(well=well, now_s=now_s)


def test_the_file_comes_after_a_minute_of_service_on_end(tmp_path: Path) -> None:
    served = ServedWell(tmp_path)
    _note(served, (0, True), (WELL_S - 1, True), (WELL_S, False), (WELL_S + 1, True), (2 * WELL_S, True))
    assert not (tmp_path / FILE).exists(), "there was a reason in between"
    _note(served, (2 * WELL_S + 1, True))
    assert (tmp_path / FILE).exists()


def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    served = ServedWell(folder)
    _note(served, (0, True), (WELL_S, True))
    folder.mkdir()
    _note(served, (2 * WELL_S, True))
    assert (folder / FILE).exists()


def test_the_folder_is_the_one_that_systemd_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/kofuki:/run/other")
    assert service_folder() == Path("/run/kofuki")
    monkeypatch.delenv("RUNTIME_DIRECTORY")
    assert service_folder() is None
    _note(ServedWell(None), (0, True), (WELL_S, True))


def test_the_image_waits_for_that_file() -> None:
    units = Path(__file__).parents[3] / "hardware/image/files/etc/systemd/system"
    assert f"PathExists=/run/kofuki/{FILE}\n" in (units / "kofuki-system-good.path").read_text()
