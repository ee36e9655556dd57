"""Makes the voices, once: every piece as a file, Japanese by pyopenjtalk-plus, English by espeak-ng.

It runs when a machine is set up, in an environment of its own that is deleted afterwards (`hardware/voices.sh`), and never in the
machine. A piece that was made before, by the same program, is not made again.

Japanese: pyopenjtalk-plus brings dictionary and voice ("Mei", CC BY 3.0, MMDAgent Project of the Nagoya Institute of Technology)
in its wheel. Its 48 kHz are halved. espeak-ng (Debian) gives 22,050 Hz.
"""

import io
import json
import shutil
import subprocess
import tomllib
import wave
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from hashlib import sha256
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from drivers.speaker.sound import RATE_HZ, Samples
from firmware.voice.pieces import EN, JA, Piece
from firmware.voice.recordings import INDEX, file_name
from firmware.voice.words import FOLDER, every_piece

_SYNTHESISER = "pyopenjtalk"  # imported by name: it is no library of the machine, and is in no lock of its libraries
READINGS = FOLDER / "readings.toml"
PEAK = 0.8  # of full scale, so that both languages are about as loud
_QUIET = 0.01  # of full scale: what is below it at either end is cut off
_EDGE_S = 0.03  # of it that stays
_WORDS_A_MINUTE = 165  # espeak-ng's own 175 is fast for a list of certificates

Wave = NDArray[np.float64]  # -1 to 1
Synthesis = Callable[[str], tuple[Wave, int]]  # a text -> samples, samples a second


class CannotMake(Exception):
    """A synthesiser is missing; the message is a sentence."""


def make(folder: Path, told: Callable[[int, int], None] = lambda _done, _all: None) -> tuple[int, int]:
    """Make what is missing in the folder and delete what no text needs any more. Returns pieces made and kept.

    Raises `CannotMake`. `voices.json` is written last, so that an interrupted run leaves the index of before.
    """
    folder.mkdir(parents=True, exist_ok=True)
    makers, by = {JA: _japanese, EN: _english}, {JA: _japanese_version(), EN: _english_version()}
    before = _before(folder)
    pieces = every_piece()
    files: dict[str, str] = {}
    made = 0
    for number, piece in enumerate(pieces, start=1):
        name = file_name(piece)
        path = folder / name
        if before.get("by", {}).get(piece.language) == by[piece.language] and _is_whole(path, before):
            files[name] = before["files"][name]
            continue
        content = piece_bytes(piece, makers[piece.language])
        path.write_bytes(content)
        files[name] = sha256(content).hexdigest()
        made += 1
        told(number, len(pieces))
    index = folder / f"{INDEX}.new"
    index.write_text(json.dumps({"rate_hz": RATE_HZ, "by": by, "files": files}, indent=0), encoding="utf-8")
    index.replace(folder / INDEX)
    for path in folder.glob("*.pcm"):
        if path.name not in files:
            path.unlink()
    return made, len(files) - made


def piece_bytes(piece: Piece, synthesis: Synthesis) -> bytes:
    """One recording: without the silence at its ends, at the common rate and loudness."""
    wave_, rate_hz = synthesis(piece.text)
    return levelled(trimmed(resampled(wave_, rate_hz))).astype("<i2").tobytes()


def resampled(wave_: Wave, rate_hz: int) -> Wave:
    """At `RATE_HZ`. A whole multiple is low-passed and thinned out; any other rate, which is near, is interpolated."""
    if rate_hz == RATE_HZ:
        return wave_
    if rate_hz % RATE_HZ == 0:
        step = rate_hz // RATE_HZ
        at = np.arange(-32, 33)
        low_pass = np.sinc(at * 0.9 / step) * np.hamming(len(at))
        return np.convolve(wave_, low_pass / low_pass.sum(), mode="same")[::step]
    at_s = np.arange(round(len(wave_) * RATE_HZ / rate_hz)) / RATE_HZ
    return np.interp(at_s, np.arange(len(wave_)) / rate_hz, wave_)


def trimmed(wave_: Wave) -> Wave:
    loud = np.flatnonzero(np.abs(wave_) > _QUIET)
    if not len(loud):
        return wave_[:0]
    edge = round(_EDGE_S * RATE_HZ)
    return wave_[max(loud[0] - edge, 0) : loud[-1] + edge]


def levelled(wave_: Wave) -> Samples:
    highest = float(np.abs(wave_).max(initial=0.0))
    samples: Samples = (wave_ * (PEAK * 32767 / highest if highest else 0.0)).astype(np.int16)
    return samples


# --- synthesisers ----------------------------------------------------------------------------------


def _japanese(text: str) -> tuple[Wave, int]:
    samples, rate_hz = import_module(_SYNTHESISER).tts(read_as(text))
    return samples / 32768, rate_hz  # its peaks go beyond 16 bits; `levelled` takes them back


def _english(text: str) -> tuple[Wave, int]:
    command = ["espeak-ng", "-v", "en-gb", "-s", str(_WORDS_A_MINUTE), "--stdout", "--", text]
    said = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    with wave.open(io.BytesIO(_with_lengths(said))) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        return samples / 32768, file.getframerate()


def _with_lengths(said: bytes) -> bytes:
    """espeak-ng cannot know on a pipe how long it will speak, and writes 0x7ffff000; put the true lengths in."""
    head = bytearray(said[:44])
    head[4:8] = (len(said) - 8).to_bytes(4, "little")
    head[40:44] = (len(said) - 44).to_bytes(4, "little")
    return bytes(head) + said[44:]


def _japanese_version() -> str:
    try:
        # It asks for a library that guesses how 何 is read; a person set up here would look for it in vain.
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            import_module(_SYNTHESISER)
    except ImportError:
        raise CannotMake("pyopenjtalk-plus is not installed here; run hardware/voices.sh, which installs it.") from None
    return f"pyopenjtalk-plus {version('pyopenjtalk-plus')}, readings {sha256(READINGS.read_bytes()).hexdigest()[:8]}"


def read_as(text: str) -> str:
    """The text as the Japanese synthesiser must be given it, so that it reads it rightly."""
    table = tomllib.loads(READINGS.read_text(encoding="utf-8"))
    if text in table["whole"]:
        return str(table["whole"][text])
    for written, read in table["readings"].items():
        text = text.replace(written, read)
    return text


def _english_version() -> str:
    if shutil.which("espeak-ng") is None:
        raise CannotMake("espeak-ng is not installed: apt install espeak-ng.")
    told = subprocess.run(["espeak-ng", "--version"], stdout=subprocess.PIPE, check=True).stdout.decode()  # noqa: S607
    return f"{told.split('Data')[0].strip()}, {_WORDS_A_MINUTE} words a minute"


def _before(folder: Path) -> Mapping[str, dict[str, str]]:
    try:
        found: Mapping[str, dict[str, str]] = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _is_whole(path: Path, before: Mapping[str, dict[str, str]]) -> bool:
    try:
        return sha256(path.read_bytes()).hexdigest() == before["files"].get(path.name)
    except (OSError, KeyError):
        return False
