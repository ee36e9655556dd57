"""The simulator's loudspeaker, below the real driver: what it keeps, and the session that is made of it."""

import wave
from pathlib import Path

import numpy as np
import pytest

from drivers.errors import LineLost
from drivers.speaker.alsa import AlsaSpeaker
from drivers.speaker.sound import LOUDEST, RATE_HZ, Sound, wav
from host_sim.sounds import SoundSide
from host_sim.world import PLAYER


def hum(seconds: float, words: str) -> Sound:
    return Sound(np.full(round(seconds * RATE_HZ), 1000, dtype=np.int16), words)


@pytest.fixture
def side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SoundSide:
    side = SoundSide(tmp_path)
    monkeypatch.setenv("KOFUKI_SIM_SOUND", str(side.folder))
    return side


def test_it_keeps_what_the_driver_played(side: SoundSide) -> None:
    speaker = AlsaSpeaker("simulated", player=str(PLAYER / "aplay"))
    speaker.start()
    speaker.play(hum(0.1, "[key] 残り、15秒."), LOUDEST)
    while speaker.playing():
        pass
    (heard,) = side.heard()
    assert (heard.words, heard.lasts_s) == ("[key] 残り、15秒.", 0.1)
    status = side.status()
    assert status is not None
    assert status["words"] == heard.words


def test_a_loudspeaker_that_is_unplugged_is_told_as_by_alsa(side: SoundSide) -> None:
    side.unplug(on=True)
    speaker = AlsaSpeaker("simulated", player=str(PLAYER / "aplay"))
    with pytest.raises(LineLost, match="audio open error"):
        speaker.start()
    side.unplug(on=False)
    speaker.start()


def test_a_session_is_one_time_line_and_a_sound_that_was_cut_off_says_so(side: SoundSide, tmp_path: Path) -> None:
    for began_s, sound in ((100, hum(2.0, "first")), (101, hum(1.0, "second")), (104, hum(0.5, "third"))):
        (side.folder / f"{began_s * 10**9}.wav").write_bytes(wav(sound))
    side.leave(tmp_path)
    assert (tmp_path / "speech.txt").read_text(encoding="utf-8").splitlines() == [
        "00:00.0  first   (ended after 1.0 of 2.0 s)",
        "00:01.0  second",
        "00:04.0  third",
    ]
    with wave.open(str(tmp_path / "speech.wav")) as file:
        line = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    assert len(line) == 4.5 * RATE_HZ
    assert [bool(line[round(at_s * RATE_HZ)]) for at_s in (0.5, 1.5, 2.5, 3.9, 4.1)] == [True, True, False, False, True]


def test_a_machine_that_said_nothing_leaves_an_empty_line(side: SoundSide, tmp_path: Path) -> None:
    side.leave(tmp_path)
    assert (tmp_path / "speech.txt").read_text() == ""
