"""A sound in memory, and the WAV file that a player reads: 16-bit mono PCM, with the spoken words as its comment.

Layout: "Multimedia Programming Interface and Data Specifications 1.0" (IBM, Microsoft 1991), chapter 2, RIFF and WAVE; the
comment is the chunk ICMT of a LIST of type INFO. Players skip a chunk that they do not know.
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 24000
LOUDEST, QUIETEST = 10, 1  # steps of the volume
STEP_DB = 3.0

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """`samples`: int16, mono, at `RATE_HZ`. `words`: what is said, for who reads along; empty for nothing."""

    samples: Samples
    words: str = ""

    @property
    def lasts_s(self) -> float:
        return len(self.samples) / RATE_HZ


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE_HZ), dtype=np.int16)


def at_volume(samples: Samples, volume: int) -> Samples:
    """The samples at a step of the volume: `LOUDEST` leaves them as they are, each step below takes `STEP_DB` away."""
    gain = 10 ** ((min(max(volume, QUIETEST), LOUDEST) - LOUDEST) * STEP_DB / 20)
    return (samples * np.float32(gain)).astype(np.int16)


def wav(sound: Sound) -> bytes:
    """The file. The words are UTF-8."""
    data = sound.samples.astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 1, RATE_HZ, RATE_HZ * 2, 2, 16)
    chunks = _chunk(b"fmt ", form)
    if sound.words:
        chunks += _chunk(b"LIST", b"INFO" + _chunk(b"ICMT", sound.words.encode() + b"\0"))
    chunks += _chunk(b"data", data)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
