"""Language and letters: what the keys change about how the screen speaks, not what the session does.

The language key opens a list with a number for each language and each kind of letters. While a PIN is typed digits go
into the PIN buffer and are never keys, so there the language key goes round instead: larger letters, then on black,
then the next language. An idle screen has the numbers in its foot. Who listens finds there also the key that hides the picture.
"""

from drivers.vocabulary import Key
from firmware.session.basket import turns
from firmware.session.context import Context
from firmware.session.events import Event
from firmware.session.scenes import Idle, Look
from firmware.session.states import RULES, KeypadMode, State

LOOKS = {Key.D8: Look.LARGE, Key.D9: Look.LARGE_DARK, Key.D0: Look.NORMAL}
_ROUND = (Look.NORMAL, Look.LARGE, Look.LARGE_DARK)


def look_event(state: State, context: Context, key: Key) -> Event | None:
    """The event of a key that changes language or letters, which this does in the context; None: the key is the session's."""
    if key is Key.LANGUAGE:
        if RULES[state].keypad is KeypadMode.PIN:
            _go_round(context)
        else:
            context.choosing_look = not context.choosing_look
        return Event.LANGUAGE_CHANGED
    if context.choosing_look:
        if key is Key.ENTER and context.listens:
            context.dark = not context.dark
        elif key is not Key.CANCEL and not _chosen(context, key):
            return Event.KEY_IGNORED
        context.choosing_look = False
        return Event.LANGUAGE_CHANGED
    if state is State.IDLE and key in _IDLE and numbers_at_idle(context):
        before = context.language, context.look
        changed = _chosen(context, key) and (context.language, context.look) != before
        return Event.LANGUAGE_CHANGED if changed else Event.KEY_IGNORED
    return None


_IDLE = frozenset(key for key in Key if key.isdigit()) - {Key.D9, Key.D0}  # a foot has no room for more


def numbers_at_idle(context: Context) -> bool:
    """Whether the idle screen's foot has the numbers: not in large letters, and not when the machine is closed."""
    return isinstance(context.front, Idle) and context.look is Look.NORMAL


def _chosen(context: Context, key: Key) -> bool:
    """Take what the key's number stands for; False: nothing."""
    languages = context.house.languages
    if key in LOOKS:
        _change(context, LOOKS[key])
        return True
    if not key.isdigit() or not 1 <= int(key) <= len(languages):
        return False
    context.language = languages[int(key) - 1]
    return True


def _go_round(context: Context) -> None:
    languages = context.house.languages
    following = _ROUND[(_ROUND.index(context.look) + 1) % len(_ROUND)]
    if following is Look.NORMAL:
        context.language = languages[(languages.index(context.language) + 1) % len(languages)]
    _change(context, following)


def _change(context: Context, look: Look) -> None:
    """Large letters have fewer lines on a page, so that the page number means something else: begin with the first."""
    context.look = look
    context.page, context.refused_line = 1, None
    if context.draft is not None:
        context.draft.page = 1
    context.basket_page = 1
    if context.unshown:  # pages are others now
        context.unshown = frozenset(range(2, len(turns(context)) + 1))
