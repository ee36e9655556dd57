"""What is said when: `Teller` compares each new scene with the one before and gives the tones and sentences to play.

- A new scene is said whole. If the next one is the same question, only the sentences that are new in it are said: a coin changes one
  sentence, so one sentence is heard.
- A key that answers a warning has the tone of a key, and its effect is said.
- A key that does nothing here has a low tone, and everything is said again; ▲ and ▼ are the volume where they have no meaning.
- Where several waits follow each other, the words of the first are heard to their end.
- When the seconds left begin to count they are said, with what follows and that any key gives more time; then at `TOLD_AT_S`.
- Outside a session nothing is said unless an earphone is in or comes in, or somebody presses a key.
- Only an earphone hears a private sentence. Pure: no device and no clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from drivers.speaker.sound import LOUDEST, QUIETEST
from drivers.vocabulary import Key
from firmware.session import scenes as show
from firmware.voice.pieces import Sentence
from firmware.voice.scenes import more_time, seconds_left, uses_arrows, warning, words_of
from firmware.voice.tones import Tone

TOLD_AT_S = frozenset({10, 5})
_RESTING = (show.Idle, show.Closed, show.Starting, show.Maintenance)
# Nobody can act on these: the words of one may run on into the next wait, rather than that each is cut off after a second.
_PASSING = (show.Working, show.Printing, show.MoneyBack)
_VOLUME = {Key.PREVIOUS: 1, Key.NEXT: -1}


@dataclass(frozen=True, slots=True)
class Utterance:
    """To be played now, in the place of whatever is playing. `waits`: only if nothing is playing, else it is left out."""

    tones: tuple[Tone, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    waits: bool = False

    @property
    def words(self) -> str:
        return " ".join(
            [*(f"[{tone}]" for tone in self.tones), *(f"{sentence.text.rstrip('。.')}." for sentence in self.sentences)]
        )


class Teller:
    """`always`: sentences are said aloud, too; without it only into an earphone. `volume`: a step, to begin each session with."""

    def __init__(self, *, always: bool, volume: int) -> None:
        self._always = always
        self._first_volume = self.volume = volume
        self._scene: show.Scene | None = None
        self._countdown_s: int | None = None
        self._told: frozenset[Sentence] = frozenset()  # that need no second telling in this session

    def see(self, scene: show.Scene, key: Key | None, *, pressed: bool, earphone: bool) -> Utterance | None:
        """The scene on the screen; `key`: which one was just pressed, None for one of a PIN. None: go on as you were."""
        before, now = self._scene, replace(scene, countdown_s=None, follows=None)
        counting_before, self._countdown_s = self._countdown_s, scene.countdown_s
        self._scene = now
        if isinstance(scene, _RESTING) and not isinstance(before, _RESTING):
            self._told, self.volume = frozenset(), self._first_volume
        if now == before:
            if pressed and counting_before is not None and scene.countdown_s is None:
                return Utterance((Tone.KEY,), tuple(self._heard([more_time(scene)], earphone=earphone)))
            if pressed:
                return self._refused(key, earphone=earphone)
            return self._counting(scene, began=counting_before is None, earphone=earphone)
        tones = (Tone.KEY,) if pressed else (Tone.ALARM,) if self.alarming else ()
        said = (
            self._news(before, scene, earphone=earphone)
            if self._speaks(before, pressed=pressed, earphone=earphone)
            else ()
        )
        waits = not tones and isinstance(scene, show.Working) and isinstance(before, _PASSING)
        return Utterance(tones, tuple(said), waits) if tones or said else None

    def plug(self, *, earphone: bool) -> Utterance:
        """The earphone was put in or pulled out: everything from the beginning, or silence."""
        if not earphone or self._scene is None:
            self._told = frozenset()
            return Utterance()
        return Utterance((), tuple(self._all(self._scene, earphone=True)))

    @property
    def alarming(self) -> bool:
        """Whether card or paper has been left: the alarm sounds again and again, to whoever stands near."""
        return isinstance(self._scene, show.TakeCard | show.TakePaper) and self._scene.alarm

    @property
    def idle(self) -> bool:
        return isinstance(self._scene, show.Idle)

    def alarm(self, *, earphone: bool) -> Utterance:
        assert self._scene is not None
        return Utterance((Tone.ALARM,), tuple(self._heard(words_of(self._scene)[:1], earphone=earphone)))

    # --- inside ---------------------------------------------------------------------------------

    def _speaks(self, before: show.Scene | None, *, pressed: bool, earphone: bool) -> bool:
        """Whether the new scene is said. One outside a session only to who is there: not after a session has ended."""
        if not isinstance(self._scene, _RESTING):
            return True
        another = earphone and type(before) is not type(self._scene)
        return isinstance(before, _RESTING) and (pressed or another)

    def _refused(self, key: Key | None, *, earphone: bool) -> Utterance:
        assert self._scene is not None
        tone = Tone.REFUSED
        if key in _VOLUME and not uses_arrows(self._scene):
            self.volume = min(max(self.volume + _VOLUME[key], QUIETEST), LOUDEST)
            tone = Tone.KEY
        return Utterance((tone,), tuple(self._all(self._scene, earphone=earphone)))

    def _counting(self, scene: show.Scene, *, began: bool, earphone: bool) -> Utterance | None:
        """The countdown of a scene that is said already. A sentence under way is worth more than a number."""
        if scene.countdown_s is None or not (began or scene.countdown_s in TOLD_AT_S):
            return None
        sentences = warning(scene) if began else [seconds_left(scene)]
        said = self._heard(sentences, earphone=earphone)
        return Utterance((), tuple(said), waits=True) if said else None

    def _news(self, before: show.Scene | None, scene: show.Scene, *, earphone: bool) -> Sequence[Sentence]:
        sentences = words_of(scene)
        if before is not None and _place(before) == _place(scene):
            old = frozenset(words_of(before))
            sentences = [sentence for sentence in sentences if sentence not in old]
        fresh = [sentence for sentence in sentences if sentence not in self._told]
        self._told |= {sentence for sentence in sentences if sentence.once}
        return self._heard(fresh, earphone=earphone)

    def _all(self, scene: show.Scene, *, earphone: bool) -> Sequence[Sentence]:
        sentences = words_of(scene)
        self._told |= {sentence for sentence in sentences if sentence.once}
        return self._heard(sentences, earphone=earphone)

    def _heard(self, sentences: Sequence[Sentence], *, earphone: bool) -> Sequence[Sentence]:
        if earphone:
            return sentences
        return [sentence for sentence in sentences if not sentence.private] if self._always else []


def _place(scene: show.Scene) -> tuple[object, ...]:
    """What makes it another question, so that all of it is said, although the scene is of the same type."""
    match scene:
        case show.ChooseKind():
            detail: tuple[object, ...] = (scene.page, scene.refused)
        case show.ChoosePurpose(page=page):
            detail = (page,)
        case show.Basket(page=page, part=part) | show.Consent(page=page, part=part):
            detail = (page, part)
        case show.Preview(page=page, said=said):
            detail = (page, said)
        case show.ChooseOption():
            detail = (scene.step, scene.title["ja"], scene.page)
        case _:
            detail = ()
    return (type(scene), scene.language, detail)
