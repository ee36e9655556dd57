"""The guided test of what only a person can see: pictures on the glasses, and a number on each that cannot be guessed.

Lamps and buzzer (`board.py`) and the loudspeaker (`sound.py`) are tested the same way: each does something unforeseeable,
and the answer is what was seen or heard.
"""

from collections.abc import Generator, Mapping
from typing import Any

from firmware.console.grammar import Refused
from firmware.console.steps import Answer, Ask, Hands, Job, Show, Step
from firmware.session.scenes import StaffPicture

# Picture -> what to look at, and what is wrong when its number cannot be read.
_PICTURES: Mapping[str, tuple[str, str]] = {
    "colours": ("a red, a green, a blue and a white digit", "a colour is missing: push in both ends of its flat cable"),
    "edges": ("a red line all round, a round circle, a digit in each corner", "edges are cut: check its video mode"),
    "letters": (
        "letters in four sizes, all sharp",
        "letters are not sharp: check its video mode, `glass` in the unit file",
    ),
    "black": ("all black; no dot may shine; grey digits", "dots shine or the glass stays dark: change the panel"),
    "white": ("all white; no dot may be dark; pale digits", "dots are dead or the light is weak: change the panel"),
}


def test_screen(hands: Hands) -> Job:
    """Show each picture on each glass and ask for its number. The picture of the present state comes back in any case."""
    try:
        for glass in hands.glasses:
            for number, picture in enumerate(_PICTURES, start=1):
                yield from _look(hands, glass, number, picture)
    finally:
        hands.show(None)
    rows = (f"{number} PASS {glass}: {', '.join(_PICTURES)}" for number, glass in enumerate(hands.glasses, start=1))
    return Answer(tuple(rows))


def _look(hands: Hands, glass: str, number: int, picture: str) -> Generator[Step, Any, None]:
    what, fault = _PICTURES[picture]
    _must_show(hands)
    shown = StaffPicture(picture=picture, number=hands.fresh_number(), clerk=glass != "screen")
    hands.show(shown)
    yield Show((f"{glass} {number} of {len(_PICTURES)}: {what}.",))
    seen = yield Ask("The four digits, in reading order (or `bad`): ")
    _must_show(hands)
    if seen.replace(" ", "") != shown.number:
        wrong = f"`{picture}` was not seen right. If the digits were read as they stand, {fault}"
        raise Refused("test", f"FAIL {glass}: {wrong}. Then test again.")


def _must_show(hands: Hands) -> None:
    if "screen" in hands.troubles:
        raise Refused("test", f"FAIL {hands.troubles['screen']}")
