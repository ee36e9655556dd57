"""What root's units do with systems, on files in the place of a card: installing, keeping, ending; and making a release."""

import subprocess
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from firmware.update import __main__ as making
from firmware.update import system
from firmware.update.bundle import BundleRefused
from firmware.update.card import BlockCard, Place
from firmware.update.standing import STANDING, CardSystems
from firmware.update.system_bundle import RECORD_BYTES
from firmware.update.systems import Choice, Standing
from hardware.image import layout
from tests.unit.update.releases import KEY, PUBLIC

SLOT_BYTES = 5 * 4096 + RECORD_BYTES
TOMORROW = datetime.now(UTC).date() + timedelta(days=1)
Run = Callable[..., int]


def _slot(path: Path, version: int) -> Path:
    body = bytes([version]) * (SLOT_BYTES - RECORD_BYTES)
    path.write_bytes(body + layout.record("0" * 64, version))
    return path


@pytest.fixture
def card(tmp_path: Path) -> Mapping[str, Place]:
    """A card as it was flashed, with system 1. The choice lies in the midst of its file, as on a card."""
    _slot(tmp_path / "a", 1)
    (tmp_path / "b").write_bytes(bytes(SLOT_BYTES))
    (tmp_path / "disk").write_bytes(b"?" * 1024 + b"A" + bytes(511) + b"?" * 512)
    disk = Place(tmp_path / "disk", 1024, 512)
    return {"a": Place(tmp_path / "a", 0, SLOT_BYTES), "b": Place(tmp_path / "b", 0, SLOT_BYTES), "choice": disk}


@pytest.fixture
def run(card: Mapping[str, Place], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on the card in the given slot."""
    monkeypatch.setattr(system, "places", lambda: card)
    monkeypatch.setattr(system, "_CMDLINE", tmp_path / "cmdline")
    (tmp_path / "key").write_text(PUBLIC.public_bytes_raw().hex())

    def command(slot: str, *words: str, cmdline: str | None = None) -> int:
        name = layout.partition(f"root_{slot}").partuuid
        told = f"kofuki.slot=PARTUUID={name} {layout.arguments('0' * 64, 1)}" if cmdline is None else cmdline
        (tmp_path / "cmdline").write_text(told + "\n")
        monkeypatch.setattr("sys.argv", ["system", *words])
        return system.main()

    return command


def _bring(tmp_path: Path, version: int, expires: date = TOMORROW) -> tuple[str, ...]:
    """Make a release; returns the words that install it."""
    out = tmp_path / "system.kofuki"
    making.make_system(_slot(tmp_path / "new", version), out, expires=expires, key=KEY)
    return "install", str(out), "--key", str(tmp_path / "key")


def _choice(tmp_path: Path) -> bytes:
    disk = (tmp_path / "disk").read_bytes()
    assert disk[:1024] + disk[1025:] == b"?" * 1024 + bytes(511) + b"?" * 512, "nothing else of the disk changes"
    return disk[1024:1025]


def test_a_system_is_installed_tried_and_kept(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("a", *_bring(tmp_path, 2)) == 0
    assert "System 2 is written and read back" in capsys.readouterr().out
    assert (tmp_path / "b").read_bytes() == (tmp_path / "new").read_bytes()
    assert _choice(tmp_path) == b"D"
    assert run("a", "status") == 0
    assert "slot b: system 2; good: slot a; slot b on trial, 3 starts left" in capsys.readouterr().out
    assert run("b", "good") == 0
    assert _choice(tmp_path) == b"B"
    assert run("b", "good") == 0
    assert _choice(tmp_path) == b"B"


def test_the_machine_is_told_what_the_card_holds(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = CardSystems(tmp_path / STANDING.name, None)
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    run("a", "install", str(tmp_path / "none"), "--key", str(tmp_path / "key"))
    assert told.standing == Standing("a", Choice("a"), (1, None)), "also when no system lies ready"
    run("a", *_bring(tmp_path, 2))
    assert told.standing == Standing("a", Choice("a", 3), (1, 2))
    run("b", "good")
    assert told.standing == Standing("b", Choice("b"), (1, 2))


def test_a_system_is_kept_though_the_machine_cannot_be_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "none"))
    run("a", *_bring(tmp_path, 2))
    assert run("b", "good") == 0
    assert _choice(tmp_path) == b"B"


@pytest.mark.parametrize(
    "wrong", [b"", b"[]", b"{}", b'{"running":"c","choice":"A","versions":[1,2]}', b'{"running":"a"']
)
def test_what_is_no_standing_is_none(tmp_path: Path, wrong: bytes) -> None:
    (tmp_path / "told").write_bytes(wrong)
    assert CardSystems(tmp_path / "told", None).standing is None


def test_a_trial_whose_time_is_over_restarts_the_board(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: commands.append(command))
    run("a", "over")
    assert (_choice(tmp_path), commands) == (b"A", [])
    run("a", *_bring(tmp_path, 2))
    run("a", "over")
    assert (_choice(tmp_path), commands) == (b"D", []), "a system that was never started has had no time"
    run("b", "over")
    assert _choice(tmp_path) == b"U"
    assert commands == [["/usr/bin/systemctl", "reboot"]]


@pytest.mark.parametrize("fault", ["expired", "older", "foreign", "link", "missing", "no image"])
def test_what_is_refused_is_told_in_a_sentence_and_changes_nothing(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    words = _bring(tmp_path, 1 if fault == "older" else 2, date(2026, 1, 1) if fault == "expired" else TOMORROW)
    release = tmp_path / "system.kofuki"
    if fault == "foreign":
        (tmp_path / "key").write_text("ab" * 32)
    elif fault == "link":
        release.rename(tmp_path / "elsewhere")
        release.symlink_to(tmp_path / "elsewhere")
    elif fault == "missing":
        release.unlink()
    before = (tmp_path / "b").read_bytes()
    run("a", *words, cmdline="root=/dev/sda1 ro" if fault == "no image" else None)
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.strip().count("\n") == 0
    assert told.err.strip().endswith(".")
    assert (_choice(tmp_path), (tmp_path / "b").read_bytes()) == (b"A", before)


def test_a_card_is_locked_and_nothing_outside_its_places_is_written(card: Mapping[str, Place]) -> None:
    with BlockCard(card) as one:
        with pytest.raises(BlockingIOError):
            BlockCard(card)
        for offset in (-1, 512):
            with pytest.raises(ValueError, match="outside"):
                one.write("choice", offset, b"?")
    BlockCard(card).close()


def test_a_file_that_is_no_slot_makes_no_release(tmp_path: Path) -> None:
    (tmp_path / "new").write_bytes(bytes(SLOT_BYTES))
    with pytest.raises(BundleRefused, match="is no slot"):
        making.make_system(tmp_path / "new", tmp_path / "out", expires=TOMORROW, key=KEY)
