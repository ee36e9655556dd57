"""The real player: what ALSA's `file` plugin was given is what was to be heard."""

import shutil
import struct
import wave
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import LineLost, WrongDevice
from drivers.speaker.alsa import AlsaSpeaker
from drivers.speaker.sound import LOUDEST, RATE_HZ, Sound, at_volume, silence, wav

needs_aplay = pytest.mark.skipif(shutil.which("aplay") is None, reason="alsa-utils are not installed")
RAMP = Sound(np.arange(-6000, 6000, dtype=np.int16), "こんにちは")


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that gets what the output `kept` plays."""
    file = tmp_path / "kept.raw"
    rules = f'</usr/share/alsa/alsa.conf>\npcm.kept {{ type file slave.pcm "null" file "{file}" format "raw" }}\n'
    (tmp_path / "asound.conf").write_text(rules)
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "asound.conf"))
    return file


def finish(speaker: AlsaSpeaker) -> None:
    while speaker.playing():
        pass


@needs_aplay
def test_what_is_played_arrives(kept: Path) -> None:
    speaker = AlsaSpeaker("kept")
    speaker.start()
    speaker.play(RAMP, LOUDEST)
    finish(speaker)
    heard = np.fromfile(kept, dtype="<i2")
    assert np.array_equal(heard[: len(RAMP.samples)], RAMP.samples)
    assert not heard[len(RAMP.samples) :].any(), "ALSA fills its last period with silence"


@needs_aplay
def test_a_sound_without_samples_ends_at_once(kept: Path) -> None:
    speaker = AlsaSpeaker("kept")
    speaker.play(Sound(silence(0), "nothing is recorded"), 5)
    finish(speaker)


@needs_aplay
def test_an_output_that_is_not_there_is_told(kept: Path) -> None:
    with pytest.raises(LineLost, match="nowhere does not play"):
        AlsaSpeaker("nowhere").start()


@needs_aplay
def test_the_card_in_a_socket_is_played_whatever_its_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cards of one make, which change their numbers from one start to the next, while the link follows the socket."""
    rules = (
        "</usr/share/alsa/alsa.conf>\n"
        f'pcm.!plughw {{ @args [ CARD ] @args.CARD {{ type string }} type file slave.pcm "null" format "raw" '
        f'file {{ @func concat strings [ "{tmp_path}/heard-" $CARD ] }} }}\n'
    )
    (tmp_path / "asound.conf").write_text(rules)
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "asound.conf"))
    for card in ("controlC1", "controlC2"):
        (tmp_path / card).touch()
    link = tmp_path / "by-path"
    speaker = AlsaSpeaker(str(link))
    with pytest.raises(LineLost, match="no sound card is at"):
        speaker.start()
    for number in (2, 1):
        link.unlink(missing_ok=True)
        link.symlink_to(f"controlC{number}")
        speaker.play(RAMP, LOUDEST)
        finish(speaker)
        heard = np.fromfile(tmp_path / f"heard-{number}", dtype="<i2")
        assert np.array_equal(heard[: len(RAMP.samples)], RAMP.samples)
        assert not (tmp_path / f"heard-{3 - number}").exists() or number == 1
    (tmp_path / "controlC1").unlink()
    with pytest.raises(LineLost, match="is it in its USB socket"):
        speaker.play(RAMP, LOUDEST)


def test_a_computer_without_aplay_is_told() -> None:
    with pytest.raises(WrongDevice, match="apt install alsa-utils"):
        AlsaSpeaker("default", player="no-such-player").start()


def test_a_new_sound_ends_the_one_before(tmp_path: Path) -> None:
    """A player that never ends by itself: each is gone when the next one has begun."""
    pids = tmp_path / "pids"
    player = tmp_path / "player"
    player.write_text(f'#!/bin/sh\necho $$ >>"{pids}"\nexec sleep 1000\n')
    player.chmod(0o755)
    speaker = AlsaSpeaker("any", player=str(player))
    speaker.play(RAMP, 5)
    first = speaker._child
    assert first is not None
    speaker.play(RAMP, 5)
    assert first.returncode is not None
    assert speaker.playing()
    speaker.hush()
    assert not speaker.playing()


@given(st.integers(-5, 15))
def test_no_volume_clips_or_turns_a_sample_round(volume: int) -> None:
    loudest = np.array([-32768, -1, 0, 1, 32767], dtype=np.int16)
    heard = at_volume(loudest, volume)
    assert (np.abs(heard.astype(int)) <= np.abs(loudest.astype(int))).all()
    assert (np.sign(heard) * np.sign(loudest) >= 0).all()


@settings(max_examples=30)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40), st.integers(0, 50))
def test_the_file_is_read_by_another_reader(words: str, length: int) -> None:
    content = wav(Sound(np.arange(length, dtype=np.int16), words))
    assert struct.unpack_from("<I", content, 4)[0] == len(content) - 8
    with wave.open(BytesIO(content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE_HZ)
        assert np.frombuffer(file.readframes(length), dtype="<i2").tolist() == list(range(length))
