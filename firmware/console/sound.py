"""The guided test of what only a person can hear: a number that cannot be guessed, said by the loudspeaker."""

from firmware.console.grammar import Refused
from firmware.console.steps import Answer, Ask, Hands, Job, Show, done
from firmware.desks import VOICE, SayNumber, SpeakerTold


def test_sound(hands: Hands) -> Job:
    """Say four digits and ask for them. What is recorded is Japanese."""
    if not hands.speaks:
        raise Refused(
            "sound",
            "This machine has no loudspeaker: its unit file has no [speaker]. `readiness` lists the tests that it has.",
        )
    if "speaker" in hands.troubles:  # also that no voice is recorded
        raise Refused("test", f"FAIL {hands.troubles['speaker']}")
    yield Show(("Listen to the loudspeaker, or to the earphone if one is in: it says four digits in Japanese.",))
    number = hands.fresh_number()
    told: SpeakerTold = yield from done(VOICE, SayNumber(number))
    if told.trouble:
        raise Refused("test", f"FAIL {told.trouble}")
    if (yield Ask("The four digits that you heard (or `bad`): ")).replace(" ", "") != number:
        raise Refused(
            "test",
            "FAIL loudspeaker: another number was said. Look at its plug, its volume and its amplifier; then test again.",
        )
    return Answer(("1 PASS loudspeaker: its number was heard",))
