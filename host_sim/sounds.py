"""What a simulated machine played: the WAV files that `adapters/sound/aplay` keeps, as one time line with its words.

A sound ends when the next one begins, because a machine has one loudspeaker. The words are the comment in the file.
"""

import struct
import time
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

RATE_HZ = 24000
_TRIED_S = 0.03  # a machine tries its loudspeaker with a shorter silence at each start


@dataclass(frozen=True, slots=True)
class Heard:
    """One sound. `began_s`: Unix time. `heard_s`: how long it was heard, less than `lasts_s` if the next one cut it off."""

    name: str
    began_s: float
    lasts_s: float
    heard_s: float
    words: str


class SoundSide:
    """The loudspeaker of one world, from its run directory."""

    def __init__(self, run: Path) -> None:
        self.folder = run / "sound"
        self.folder.mkdir(exist_ok=True)
        for path in self.folder.glob("*"):
            path.unlink()
        self._newest = ""
        self._told: Heard | None = None

    def status(self) -> dict[str, object] | None:
        """The newest sound: its name, words, and whether it is not over; None before the first one."""
        newest = max((path.name for path in self.folder.glob("*.wav")), default="")
        if newest != self._newest:
            self._newest = newest
            found = _read(self.folder / newest)
            if found is not None and (found.lasts_s > _TRIED_S or found.words):
                self._told = found
        told = self._told
        return (
            None if told is None else {"name": told.name, "words": told.words, "sounding": ends_s(told) > time.time()}
        )

    def unplug(self, *, on: bool) -> None:
        """Pull the loudspeaker's plug out of the machine, or put it in again."""
        if on:
            (self.folder / "gone").touch()
        else:
            (self.folder / "gone").unlink(missing_ok=True)

    def still_s(self) -> float:
        """Seconds until the newest sound ends; 0 when nothing sounds."""
        newest = max((path.name for path in self.folder.glob("*.wav")), default="")
        found = _read(self.folder / newest) if newest else None
        return 0.0 if found is None else max(0.0, ends_s(found) - time.time())

    def heard(self) -> Sequence[Heard]:
        """All sounds in order, without the silences that only try the loudspeaker."""
        found = [sound for path in sorted(self.folder.glob("*.wav")) if (sound := _read(path)) is not None]
        found = [sound for sound in found if sound.lasts_s > _TRIED_S or sound.words]
        ends = [*(sound.began_s for sound in found[1:]), float("inf")][: len(found)]
        return [
            Heard(s.name, s.began_s, s.lasts_s, min(s.lasts_s, end_s - s.began_s), s.words)
            for s, end_s in zip(found, ends, strict=True)
        ]

    def leave(self, out: Path) -> None:
        """Write `speech.wav`, everything on one time line, and `speech.txt`, the words with the time of each."""
        sounds = self.heard()
        begun_s = sounds[0].began_s if sounds else 0.0
        line = np.zeros(0, dtype=np.int16)
        rows = []
        for sound in sounds:
            at = round((sound.began_s - begun_s) * RATE_HZ)
            samples = _samples(self.folder / sound.name)[: round(sound.heard_s * RATE_HZ)]
            line = np.concatenate([line[:at], np.zeros(max(0, at - len(line)), dtype=np.int16), samples])
            cut = (
                ""
                if sound.heard_s >= sound.lasts_s
                else f"   (ended after {sound.heard_s:.1f} of {sound.lasts_s:.1f} s)"
            )
            minutes, seconds = divmod(sound.began_s - begun_s, 60)
            rows.append(f"{minutes:02.0f}:{seconds:04.1f}  {sound.words}{cut}\n")
        with wave.open(str(out / "speech.wav"), "wb") as file:
            file.setparams((1, 2, RATE_HZ, 0, "NONE", "not compressed"))
            file.writeframes(line.astype("<i2").tobytes())
        (out / "speech.txt").write_text("".join(rows), encoding="utf-8")


def ends_s(sound: Heard) -> float:
    """In Unix time, unless another sound cuts it off."""
    return sound.began_s + sound.lasts_s


def _chunks(content: bytes) -> dict[bytes, bytes]:
    """The chunks of a RIFF file by name."""
    found, at = {}, 12
    while at + 8 <= len(content):
        size = struct.unpack_from("<I", content, at + 4)[0]
        found[content[at : at + 4]] = content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    return found


def _read(path: Path) -> Heard | None:
    """None: another process has just removed it."""
    try:
        chunks = _chunks(path.read_bytes())
    except OSError:
        return None
    lasts_s = len(chunks.get(b"data", b"")) / 2 / RATE_HZ
    comment = chunks.get(b"LIST", b"")[12:].rstrip(b"\0").decode()
    return Heard(path.name, int(path.stem) / 1e9, lasts_s, lasts_s, comment)


def _samples(path: Path) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    return np.frombuffer(_chunks(path.read_bytes()).get(b"data", b""), dtype="<i2").astype(np.int16)
