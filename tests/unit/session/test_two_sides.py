"""Every state of a counter terminal, every key of both sides: what is not asked does nothing, and what is shown does something.

The states are those that random walks reach. Each is rebuilt from its reports for every key, so that no key sees what
another one did.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.vocabulary import CardProof, ClerkHere, Key, KeyPressed, PaperExit, PinEntered
from firmware.book import records
from firmware.screens import draw
from firmware.screens.palette import WHITE
from firmware.session import effects as fx
from firmware.session import scenes as show
from firmware.session.context import ANYTHING, COUNTER, Context, Served
from firmware.session.events import (
    CardInserted,
    CardRemoved,
    ClerkPressed,
    DoorOpened,
    Event,
    ExitSeen,
    Report,
    Stopping,
    TimedOut,
)
from firmware.session.keys import CODE_DIGITS, EXEMPTION_DIGITS, key_event
from firmware.session.states import CLERK_ACTS, EITHER, RULES, KeypadMode, Side, State
from firmware.session.view import SENT, clerk_scene, scene
from tests.unit.session.test_walks import CARD, CHALLENGE, HOUSE, Walk, _end, answers, new_context

AT_COUNTER = replace(HOUSE, profile="counter", has_till=True, accepts_yen=frozenset())
OF_MACHINES = {
    State.PREVIEWING,  # the resident's glass of a counter shows no pages
    State.CHECKING_COINS,
    State.PAYING,
    State.PART_PAID,
    State.DRAINING_PAID,
    State.DRAINING_REFUND,
    State.PREPARING_PAYOUT,
    State.PAYING_OUT,
}
CLERKS = tuple(ClerkHere(f"clerk{n}", f"係員　{n}") for n in range(8))
VOUCHED = replace(CHALLENGE, clerks=CLERKS)
SEEN = dict.fromkeys(
    (State.TAKING_PAPER, State.TAKING_PAPER_ALARM), [ExitSeen(PaperExit.PRESENT), ExitSeen(PaperExit.UNKNOWN)] * 3
)
LEGENDS = {"取消": Key.CANCEL, "訂正": Key.CLEAR, "確認": Key.ENTER, "ことば": Key.LANGUAGE}
SIDES = {Side.RESIDENT: (KeyPressed, scene), Side.CLERK: (ClerkPressed, clerk_scene)}
History = tuple[Report, ...]


def counter_context() -> Context:
    context = new_context()
    context.house = AT_COUNTER
    context.front = show.Idle(until=None)
    return context


@dataclass
class Visit(Walk):
    context: Context = field(default_factory=counter_context)

    def feed(self, *reports: Report) -> "Visit":
        for report in reports:
            super().feed(report)
            if self.state is State.IDLE and isinstance(report, TimedOut):
                self.context = counter_context()
        return self

    def told(self) -> tuple[object, ...]:
        """Everything that a key can change: state, both glasses, and what the session asked for besides its timer."""
        asked = [effect for effect in self.effects if not isinstance(effect, fx.SetTimer)]
        return self.state, self.seen(Side.RESIDENT), self.seen(Side.CLERK), len(asked)

    def seen(self, side: Side) -> show.Scene:
        return SIDES[side][1](self.state, self.context, self.book)


def likely(visit: Visit) -> Sequence[Report]:
    """What may come next; the first is what leads on."""
    match visit.state:
        case State.IDLE:
            return [CardInserted(), ClerkPressed(Key.D1)]
        case State.READING_CARD:
            return [CARD, CARD, *answers(visit)]
        case State.CALLING_CENTRE if visit.context.pin_waived:
            return [VOUCHED]
        case State.ENTERING_PIN:
            return [PinEntered(), *answers(visit)]
        case State.RETURNING_FEE:  # a clerk who says nothing leads to the claim slip
            return [TimedOut(), *(ClerkPressed(key) for key in Key)]
        case State.PROVING_CARD:
            return [CardProof(signature=b"")]
        case State.TAKING_CARD | State.TAKING_CARD_ALARM | State.RETURNING_CARD | State.SORRY_CARD_IN:
            return [CardRemoved(), TimedOut()]
        case state if RULES[state].keypad is KeypadMode.KEYS:
            asked = ClerkPressed if state in CLERK_ACTS else KeyPressed
            silence = [TimedOut()] * 4
            return [asked(_leads_on(visit)), *(asked(key) for key in Key), *silence, *SEEN.get(state, [])]
        case _:
            return answers(visit)


def _leads_on(visit: Visit) -> Key:
    match visit.state:
        case State.CHOOSING_KIND | State.CHOOSING_PURPOSE:
            return Key.D1
        case State.TYPING_CODE if len(visit.context.code) < EXEMPTION_DIGITS:
            return Key.D1
        case State.ATTENDING_FIRST | State.ATTENDING_SECOND if len(visit.context.code) < CODE_DIGITS:
            return Key.D1
    return Key.ENTER


def walks(seed: int, steps: int = 120) -> Iterator[tuple[History, Visit]]:
    rng, visit = random.Random(seed), Visit()
    strays = rng.choice((0.05, 0.15, 0.4))
    history: History = ()
    for _ in range(steps):
        choices = likely(visit)
        report = rng.choice(choices) if rng.random() < strays else choices[0]
        visit.feed(report)
        history = (*history, report)
        if visit.state is State.CLOSING:
            yield history, visit
            visit, history = Visit(), ()
            continue
        yield history, visit


@cache
def visited() -> dict[State, list[History]]:
    """For each state a way to each picture of it, a few of either glass."""
    found: dict[State, list[History]] = {State.IDLE: [()]}
    pictures: Counter[object] = Counter()
    for seed in range(60):
        for history, visit in walks(seed):
            picture = (visit.state, repr(visit.seen(Side.CLERK)), repr(visit.seen(Side.RESIDENT)))
            ways = found.setdefault(visit.state, [])
            if not pictures[picture] and len(ways) < 25:
                ways.append(history)
            pictures[picture] += 1
    return found


def shown(picture: show.Scene) -> set[Key]:
    """The keys that a glass asks for: the coloured ones at its foot, and numbers drawn as keys."""
    texts = {(note.text, note.colour) for note in draw(picture).placed}
    numbers = {Key(text) for text, colour in texts if len(text) == 1 and text.isdecimal() and colour == WHITE}
    if isinstance(picture, show.ChooseKind) and picture.refused is not None:
        numbers.discard(Key(str(picture.refused + 1)))  # the line that the glass speaks of already
    if isinstance(picture, show.ClerkCode) and picture.vouched is not None:
        numbers.discard(Key(str(picture.vouched + 1)))  # grey, and marked as who has vouched
    return {key for legend, key in LEGENDS.items() if any(text == legend for text, _ in texts)} | numbers


def pressed(history: History, side: Side, key: Key) -> tuple[tuple[object, ...], tuple[object, ...]]:
    visit = Visit().feed(*history)
    before = visit.told()
    visit.feed(SIDES[side][0](key))
    return before, visit.told()


def asked(state: State, side: Side) -> bool:
    return state in EITHER or (state in CLERK_ACTS) is (side is Side.CLERK)


def test_the_walks_reach_every_state_of_a_counter() -> None:
    assert set(visited()) == set(State) - OF_MACHINES


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("state", sorted(set(State) - OF_MACHINES))
def test_the_side_that_is_not_asked_changes_nothing(state: State, side: Side) -> None:
    """Besides 取消, and on the resident's pad the language key, which changes that glass only."""
    if asked(state, side):
        return
    for history in visited()[state]:
        for key in set(Key) - {Key.CANCEL, Key.LANGUAGE}:
            before, after = pressed(history, side, key)
            assert after == before, (key, history)
        before, after = pressed(history, side, Key.LANGUAGE)
        assert (after[0], after[2:]) == (before[0], before[2:])


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("state", sorted(set(State) - OF_MACHINES))
def test_a_key_that_a_glass_shows_does_something(state: State, side: Side) -> None:
    if state is State.ENTERING_PIN and side is Side.RESIDENT:
        return  # there the desk of the pad reads the keys
    for history in visited()[state]:
        for key in shown(Visit().feed(*history).seen(side)):
            before, after = pressed(history, side, key)
            assert after != before, (key, Visit().feed(*history).seen(side))


@pytest.mark.parametrize("happens", [Stopping(), DoorOpened(), CardRemoved(), TimedOut(), CardInserted()], ids=repr)
@pytest.mark.parametrize("state", sorted(set(State) - OF_MACHINES))
def test_whatever_happens_in_a_state_the_session_ends_with_every_yen_told(state: State, happens: Report) -> None:
    """The process is told to stop, the door opens, the card is pulled, everybody leaves; and nobody presses a key again."""
    for history in visited()[state]:
        visit = Visit().feed(*history, happens)
        _end(visit)
        assert visit.book.session is None
        assert visit.tally.owed_yen == 0
        if visit.written(records.FeeTaken) and not visit.written(records.FeeReturned):
            assert visit.tally.earned_yen + visit.tally.claimed_yen == visit.tally.inserted_yen


@pytest.mark.parametrize("order", [(Side.RESIDENT, Side.CLERK), (Side.CLERK, Side.RESIDENT)])
def test_keys_of_both_sides_in_one_instant_are_one_after_the_other(order: tuple[Side, Side]) -> None:
    """Whichever is read first, no key has a meaning that the glass it was pressed at did not show."""
    for state in sorted(set(State) - OF_MACHINES):
        for history in visited()[state][:4]:
            for key in (Key.ENTER, Key.CANCEL, Key.CLEAR):
                visit = Visit().feed(*history)
                visit.feed(*(SIDES[side][0](key) for side in order))
                _end(visit)
                assert visit.book.session is None


@given(
    papers=st.integers(1, 3),
    typed=st.lists(st.sampled_from([Key.NEXT, Key.PREVIOUS, Key.ENTER]), min_size=4, max_size=8),
)
def test_a_resident_agrees_to_nothing_that_the_glass_did_not_show(papers: int, typed: list[Key]) -> None:
    """Wherever the clerk's page was and whatever the resident turns, ENTER agrees only when each paper has been shown."""
    context = counter_context()
    context.basket, context.basket_page = [(Mock(), Mock())] * papers, papers
    assert key_event(State.CONFIRMING, context, Key.ENTER, Side.CLERK) is Event.CONSENT_WANTED
    shown = {context.basket_page}
    for key in typed:
        told = bool(context.unshown)
        event = key_event(State.CONSENTING, context, key, Side.RESIDENT)
        assert (event is Event.CONFIRMED) == (key is Key.ENTER and shown == set(range(1, papers + 1)))
        assert told == (shown != set(range(1, papers + 1)))
        shown.add(context.basket_page)


@pytest.mark.parametrize("has_till", [False, True])
def test_whom_a_person_helps_is_sent_to_no_other_counter(has_till: bool) -> None:
    """A machine names the nearest counter; at a counter the person is there. Where the terminal fails, others are named."""
    place = show.Elsewhere(name={}, way={}, telephone="", open_now=True, until=None, opens_at=None)
    served = Served(kinds={}, elsewhere={COUNTER: place, ANYTHING: place})
    visit = Visit().feed(CardInserted())
    visit.context.house = replace(AT_COUNTER, has_till=has_till, served=served)
    told = {}
    for reason in SENT:
        visit.context.reason = reason  # type: ignore[assignment]  # each is a reason, kept as its word
        ends = [picture(State.SORRY, visit.context, visit.book) for picture in (scene, clerk_scene)]
        assert ends[0].elsewhere == ends[1].elsewhere  # type: ignore[attr-defined]
        told[reason] = ends[0].elsewhere is not None  # type: ignore[attr-defined]
    assert told == {reason: not (has_till and where == COUNTER) for reason, where in SENT.items()}
    assert (not all(told.values())) == has_till
