"""The voice desk: plays what a scene says. Nothing waits for it; without loudspeaker or voices the machine serves as before."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from drivers.errors import DeviceError
from drivers.ports import Clock
from drivers.speaker.sound import Samples, Sound, silence
from firmware.desks import VOICE, Answer, Desk, EarphoneMoved, SayNumber, SpeakerTold, Tell, TrySpeaker, VoiceCommand
from firmware.ports import Plug, Speaker
from firmware.voice.pieces import JA, Sentence
from firmware.voice.recordings import HOW, Recordings, VoicesMissing
from firmware.voice.telling import Teller, Utterance
from firmware.voice.tones import Tone, samples_of
from firmware.voice.words import spoken

LOOK_S = 0.1  # at the plug, and whether a sound has ended
ALARM_PAUSE_S = 3.0
_AFTER_TONE_S = 0.15


class VoiceDesk(Desk[VoiceCommand]):
    """`plug`: the contact of the earphone's socket; None: an earphone is never noticed. `here_every_s`: 0 for no locating tone."""

    name = VOICE
    is_vital = False

    def __init__(
        self, speaker: Speaker, voices: Path, plug: Plug | None, teller: Teller, clock: Clock, here_every_s: float
    ) -> None:
        self._speaker = speaker
        self._folder = voices
        self._recordings: Recordings | None = None
        self._plug = plug
        self._earphone = self._seen_in = False
        self._teller = teller
        self._clock = clock
        self._here_every_s = here_every_s
        self._next_s = 0.0  # when the alarm or the locating tone may sound again
        self._up = False

    def start(self) -> Sequence[Answer]:
        self._speaker.start()
        self._up = True
        try:
            self._recordings = Recordings(self._folder)
        except VoicesMissing as missing:
            return [SpeakerTold(f"speaker: {missing}")]
        return [SpeakerTold("")]

    def handle(self, command: VoiceCommand) -> Sequence[Answer]:
        if isinstance(command, TrySpeaker):
            self._speaker.start()
            return [SpeakerTold("")]
        if isinstance(command, SayNumber):
            return self._say(_of_a_test(command.number)) or [SpeakerTold("")]
        said = self._teller.see(command.scene, command.key, pressed=command.pressed, earphone=self._earphone)
        return self._say(said)

    def works_down(self, command: VoiceCommand) -> bool:
        """The scene is noted also while nothing can be played, so that a speaker that comes back says the right thing.

        A test tries the speaker itself, in the place of waiting for the next try.
        """
        return isinstance(command, Tell | TrySpeaker)

    def poll(self) -> Sequence[Answer]:
        if self._plug_moved():
            return [EarphoneMoved(self._earphone), *self._say(self._teller.plug(earphone=self._earphone))]
        now_s = self._clock.monotonic()
        if self._speaker.playing():
            self._next_s = now_s + (ALARM_PAUSE_S if self._teller.alarming else self._here_every_s)
        elif self._teller.alarming and now_s >= self._next_s:
            return self._say(self._teller.alarm(earphone=self._earphone))
        elif self._here_every_s and self._teller.idle and not self._earphone and now_s >= self._next_s:
            return self._say(Utterance((Tone.HERE,)))
        return []

    def poll_every_s(self) -> float:
        return LOOK_S

    def failed(self, error: DeviceError) -> Sequence[Answer]:
        self._up = False
        return [SpeakerTold(str(error))]

    def stop(self) -> None:
        self._speaker.hush()

    # --- inside ---------------------------------------------------------------------------------

    def _plug_moved(self) -> bool:
        """Whether the earphone has come or gone: two looks that agree, because the contact chatters."""
        if self._plug is None:
            return False
        seen, before = self._plug.closed(), self._seen_in
        self._seen_in = seen
        if seen is not before or seen is self._earphone:
            return False
        self._earphone = seen
        return True

    def _say(self, said: Utterance | None) -> Sequence[Answer]:
        if said is None or not self._up or (said.waits and self._speaker.playing()):
            return []
        if not said.tones and not said.sentences:
            self._speaker.hush()
            return []
        samples, missing = self._composed(said)
        self._speaker.play(Sound(samples, said.words), self._teller.volume)
        if missing:
            return [SpeakerTold(f"speaker: some words are not recorded; {HOW} anew.")]
        return []

    def _composed(self, said: Utterance) -> tuple[Samples, int]:
        parts: list[Samples] = [samples_of(tone) for tone in said.tones]
        if parts and said.sentences:
            parts.append(silence(_AFTER_TONE_S))
        missing = 0
        for sentence in said.sentences:
            recorded, lacks = self._recorded(sentence)
            parts.append(recorded)
            missing += lacks
        return np.concatenate(parts), missing

    def _recorded(self, sentence: Sentence) -> tuple[Samples, int]:
        """Without voices a moment of silence; why was told at the start."""
        return (silence(0), 0) if self._recordings is None else self._recordings.sentence(sentence)


def _of_a_test(number: str) -> Utterance:
    """In the sentence that every machine has recorded for such digits."""
    say = spoken(JA)
    return Utterance((Tone.KEY,), (say("common", "staff", digits=say.numbers.digits(number)),))
