"""The poster at idle says what is needed: card, PIN and coins, when it ends, what there is and for how much, in all letters."""

from datetime import time
from itertools import product

import pytest

from firmware.screens import draw
from firmware.screens.words import LANGUAGES, words
from firmware.session import scenes as show
from firmware.session.scenes import Look

from .scenes_all import NOTICES, TITLES

ALL = list(product(LANGUAGES, Look))


def shown(scene: show.Scene) -> str:
    return "".join("".join(note.text for note in draw(scene).placed).split())


def poster(language: str, look: Look, kinds: int = 6, **more: object) -> show.Idle:
    told = tuple(show.KindNow(title=title, fee_yen=300, until=time(22, 50)) for title in TITLES[:kinds])
    return show.Idle(language=language, look=look, kinds=told, **{"until": time(22, 50), **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(("language", "look"), ALL)
def test_it_says_that_pin_and_coins_are_needed_and_when_the_last_may_begin(language: str, look: Look) -> None:
    say = words(language)
    for notice, exact in product(NOTICES, (False, True)):
        text = shown(poster(language, look, notice=notice, exact_money_only=exact))
        for sentence in (say("idle", "exact" if exact else "pin_and_coins"), say("idle", "until", time="22:50")):
            assert "".join(sentence.split()) in text, sentence


@pytest.mark.parametrize(("language", "look"), ALL)
def test_where_a_clerk_takes_the_fee_no_coins_are_asked_for(language: str, look: Look) -> None:
    say, text = words(language), shown(poster(language, look, at_till=True))
    assert "".join(say("idle", "pin").split()) in text
    assert "".join(say("idle", "pin_and_coins").split()) not in text


@pytest.mark.parametrize(("language", "look"), ALL)
def test_what_has_no_room_is_counted(language: str, look: Look) -> None:
    say = words(language)
    for kinds, notice in product(range(1, 7), NOTICES):
        text = shown(poster(language, look, kinds, notice=notice))
        missing = [title for title in TITLES[:kinds] if "".join(say.of(title).split()) not in text]
        if missing:
            word = "kinds" if len(missing) == kinds else "more"
            assert "".join(say("idle", word, n=len(missing)).split()) in text, (kinds, missing)
