"""How recordings are made and read: cut, levelled, checked by their hashes, made once."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.speaker.sound import RATE_HZ
from firmware.voice import __main__ as command
from firmware.voice import making
from firmware.voice.making import PEAK, Wave, levelled, make, read_as, resampled, trimmed
from firmware.voice.pieces import Piece, Sentence
from firmware.voice.recordings import INDEX, Recordings, VoicesMissing, file_name
from firmware.voice.tones import Tone, samples_of

PIECES = (Piece("ja", "残り"), Piece("en", "left"), Piece("ja", "15秒"))


def hum(text: str) -> tuple[Wave, int]:
    """A synthesiser that hums as long as the text is, with silence around it."""
    at_s = np.arange(len(text) * 4000) / 48000
    return np.concatenate([np.zeros(9000), 0.4 * np.sin(2 * np.pi * 300 * at_s), np.zeros(9000)]), 48000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("_japanese", "_english"):
        monkeypatch.setattr(making, name, hum)
        monkeypatch.setattr(making, f"{name}_version", lambda: "hum 1")
    monkeypatch.setattr(making, "every_piece", lambda: PIECES)
    return tmp_path / "voices"


def test_a_piece_is_made_once_and_again_when_it_is_damaged(folder: Path) -> None:
    assert make(folder) == (3, 0)
    assert make(folder) == (0, 3)
    (folder / file_name(PIECES[0])).write_bytes(b"half")
    assert Recordings(folder).samples(PIECES[0]) is None, "a damaged piece is not played"
    assert make(folder) == (1, 2)
    assert Recordings(folder).samples(PIECES[0]) is not None


def test_an_installation_learns_whether_voices_must_be_made(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "every_piece", lambda: PIECES)
    monkeypatch.setattr("sys.argv", ["firmware.voice", "check", "--out", str(folder)])
    assert command.main() == 1, "none is made yet"
    make(folder)
    assert command.main() == 0
    (folder / file_name(PIECES[0])).write_bytes(b"half")
    assert command.main() == 1


def test_another_program_makes_all_pieces_of_its_language_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(folder)
    monkeypatch.setattr(making, "_japanese_version", lambda: "hum 2")
    assert make(folder) == (2, 1)


def test_what_no_text_needs_is_deleted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(folder)
    monkeypatch.setattr(making, "every_piece", lambda: PIECES[:1])
    assert make(folder) == (0, 1)
    assert [path.name for path in folder.glob("*.pcm")] == [file_name(PIECES[0])]


def test_a_sentence_is_its_pieces_with_pauses(folder: Path) -> None:
    make(folder)
    recordings = Recordings(folder)
    samples, missing = recordings.sentence(Sentence((*PIECES[::2], Piece("ja", "no such piece"))))
    lasts = sum(len(found) for piece in PIECES[::2] if (found := recordings.samples(piece)) is not None)
    assert missing == 1
    assert lasts + 0.3 * RATE_HZ < len(samples) < lasts + 0.6 * RATE_HZ


@pytest.mark.parametrize("index", ["", "{}", '{"rate_hz": 8000, "files": {}}', "[]"])
def test_an_index_that_cannot_be_used_is_told(index: str, tmp_path: Path) -> None:
    (tmp_path / INDEX).write_text(index)
    with pytest.raises(VoicesMissing, match=r"voices\.sh"):
        Recordings(tmp_path)


def test_an_interrupted_run_leaves_the_index_of_before(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(folder)
    before = json.loads((folder / INDEX).read_text())
    monkeypatch.setattr(making, "every_piece", lambda: (*PIECES, Piece("ja", "新しい")))

    def stops(text: str) -> tuple[Wave, int]:
        raise KeyboardInterrupt

    monkeypatch.setattr(making, "_japanese", stops)
    with pytest.raises(KeyboardInterrupt):
        make(folder)
    assert json.loads((folder / INDEX).read_text()) == before


@given(st.integers(0, 20000), st.integers(1, 20000), st.floats(0.02, 3.0))
def test_only_the_silence_at_the_ends_is_cut(before: int, sounds: int, height: float) -> None:
    wave = np.concatenate([np.zeros(before), np.full(sounds, height), np.zeros(5000)])
    samples = levelled(trimmed(wave))
    assert sounds <= len(samples) <= sounds + 0.07 * RATE_HZ
    assert np.abs(samples).max() == pytest.approx(PEAK * 32767, abs=1)


def test_silence_has_no_samples() -> None:
    assert len(levelled(trimmed(np.zeros(1000)))) == 0


@pytest.mark.parametrize("rate_hz", [22050, 24000, 48000])
def test_a_tone_keeps_its_pitch_and_length(rate_hz: int) -> None:
    wave = np.sin(2 * np.pi * 1000 * np.arange(rate_hz) / rate_hz)
    heard = resampled(wave, rate_hz)
    assert len(heard) == pytest.approx(RATE_HZ, abs=1)
    assert int(np.abs(np.fft.rfft(heard[:RATE_HZ])).argmax()) == 1000


def test_what_24_khz_cannot_carry_does_not_come_back_as_another_tone() -> None:
    wave = np.sin(2 * np.pi * 17000 * np.arange(48000) / 48000)
    assert np.abs(resampled(wave, 48000)[200:-200]).max() < 0.01


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1日", "ついたち"),
        ("11日", "11日"),
        ("青島地域センター窓口", "あおしま地域センター窓口"),
        ("出てきた紙", "出てきたかみ"),
    ],
)
def test_words_that_are_read_wrongly_are_written_otherwise_for_the_synthesiser(written: str, read: str) -> None:
    assert read_as(written) == read


@pytest.mark.parametrize("tone", Tone)
def test_a_tone_begins_and_ends_without_a_click(tone: Tone) -> None:
    samples = samples_of(tone)
    assert samples[0] == samples[-1] == 0
    assert 0.2 * 32767 < np.abs(samples).max() < 0.5 * 32767


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_english_is_spoken(tmp_path: Path) -> None:
    wave, rate_hz = making._english("Please take your card.")
    assert rate_hz == 22050
    assert 0.8 < len(trimmed(resampled(wave, rate_hz))) / RATE_HZ < 3.0
