"""The four tones, made here: they need no recording, and a machine whose voices are missing still has them.

They are short and quieter than the voice; frequencies below 2 kHz are heard by old ears, too
(JIS S 0013 advises 500 to 2,500 Hz for the signals of consumer products).
"""

from enum import StrEnum
from functools import cache

import numpy as np

from drivers.speaker.sound import RATE_HZ, Samples

PEAK = 0.35
_FADE_S = 0.008  # without it a tone begins and ends with a click


class Tone(StrEnum):
    """What is heard, and in square brackets what stands in the words of a sound."""

    KEY = "key"  # a key was taken. Every digit of a PIN has this one
    REFUSED = "refused"  # a key that does nothing here
    ALARM = "alarm"  # card or paper has been left
    HERE = "here"  # where the machine stands, for who looks for it without sight


# Frequency in Hz (0: a rest) and seconds, one after the other.
_NOTES: dict[Tone, tuple[tuple[float, float], ...]] = {
    Tone.KEY: ((1000, 0.07),),
    Tone.REFUSED: ((500, 0.08), (0, 0.03), (500, 0.08)),
    Tone.ALARM: ((1500, 0.12), (1000, 0.12)) * 3,
    Tone.HERE: ((800, 0.06),),
}


@cache
def samples_of(tone: Tone) -> Samples:
    return np.concatenate([_note(hertz, seconds) for hertz, seconds in _NOTES[tone]])


def _note(hertz: float, seconds: float) -> Samples:
    at_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    fade = np.minimum(1.0, np.minimum(at_s, at_s[::-1]) / _FADE_S)
    wave: Samples = (PEAK * 32767 * fade * np.sin(2 * np.pi * hertz * at_s)).astype(np.int16)
    return wave
