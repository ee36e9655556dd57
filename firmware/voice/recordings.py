"""The recorded voices: a folder with one file a piece, and `voices.json`, which says what each file is.

A file is named by the hash of its piece, and is played only when its content has the hash that `voices.json` has. Samples are
16-bit mono at `RATE_HZ`, without a head. Nothing is kept in memory: a piece is read when it is said, in less than a millisecond.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from drivers.speaker.sound import RATE_HZ, Samples, silence
from firmware.voice.pieces import Piece, Sentence

INDEX = "voices.json"
BETWEEN_PIECES_S, BETWEEN_SENTENCES_S = 0.06, 0.35
HOW = "sudo sh hardware/voices.sh /opt/kofuki/voices makes them"


class VoicesMissing(Exception):
    """No recording can be played; the message is a sentence: why, and what to do."""


def file_name(piece: Piece) -> str:
    return sha256(f"{piece.language}:{piece.text}".encode()).hexdigest()[:24] + ".pcm"


class Recordings:
    """The voices in a folder. Raises `VoicesMissing` when there are none; a single piece may be missing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            index: dict[str, Any] = json.loads((folder / INDEX).read_text(encoding="utf-8"))
            self._hashes: dict[str, str] = dict(index["files"])
            rate_hz = int(index["rate_hz"])
        except FileNotFoundError:
            raise VoicesMissing(f"the voices are not made yet; {HOW}.") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise VoicesMissing(f"the voices in {folder} cannot be read ({error}); {HOW} anew.") from None
        if rate_hz != RATE_HZ:
            raise VoicesMissing(f"the voices have {rate_hz} samples a second and not {RATE_HZ}; {HOW} anew.")

    def samples(self, piece: Piece) -> Samples | None:
        """None: this piece is not recorded, or its file is damaged."""
        name = file_name(piece)
        try:
            content = (self._folder / name).read_bytes()
        except OSError:
            return None
        if sha256(content).hexdigest() != self._hashes.get(name):
            return None
        return np.frombuffer(content, dtype="<i2")

    def sentence(self, sentence: Sentence) -> tuple[Samples, int]:
        """A sentence with its pauses, and how many of its pieces are missing."""
        parts: list[Samples] = []
        missing = 0
        for piece in sentence.pieces:
            recorded = self.samples(piece)
            if recorded is None:
                missing += 1
                continue
            parts += [silence(BETWEEN_PIECES_S), recorded] if parts else [recorded]
        return np.concatenate([*parts, silence(BETWEEN_SENTENCES_S)]), missing
