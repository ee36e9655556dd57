"""Before a state ends by itself a warning says what will follow; any key of either side gives more time and does nothing else."""

import pytest

from drivers.vocabulary import CoinCredited, Key, KeyPressed, PinCancelled, PinProgress
from firmware.config.unit import Timeouts
from firmware.service.timer import _NOT_COUNTED, StateTimer
from firmware.session import effects as fx
from firmware.session.events import CardInserted, ClerkPressed, Ticked, TimedOut
from firmware.session.states import RULES, KeypadMode, State, Wait
from firmware.session.view import scene
from firmware.session.warning import _FOLLOWS, Follows, follows
from tests.unit.session.test_two_sides import OF_MACHINES, Visit, visited
from tests.unit.session.test_walks import CARD, CHALLENGE, Walk, at_the_slot, authenticated

COUNTED = {state for state in State if RULES[state].wait not in _NOT_COUNTED}
UNENDING = {State.RETURNING_CARD}


def test_every_state_that_counts_down_says_what_follows() -> None:
    assert set(_FOLLOWS) | {State.PART_PAID} == COUNTED - UNENDING


@pytest.mark.parametrize("state", sorted(COUNTED - OF_MACHINES - UNENDING))
def test_any_key_in_a_warning_gives_time_and_does_nothing_else(state: State) -> None:
    for history in visited()[state][:6]:
        for report in (kind(key) for kind in (KeyPressed, ClerkPressed) for key in Key):
            visit = Visit().feed(*history)
            before, asked = visit.told(), len(visit.effects)
            visit.feed(Ticked(9))
            assert visit.told() != before, "the warning is seen"
            visit.feed(report)
            assert visit.told() == before, (report, history)
            assert visit.effects[asked:] == [fx.SetTimer(RULES[state].wait, slow=True)]


def test_cancel_in_a_warning_at_the_pin_begins_the_pin_anew() -> None:
    walk = Walk().feed(CardInserted(), CARD, CHALLENGE, PinProgress(1), PinProgress(2), Ticked(4), PinCancelled())
    assert (walk.state, walk.context.pin_count) == (State.ENTERING_PIN, 0)
    assert walk.last(fx.SetKeypad) == fx.SetKeypad(KeypadMode.PIN)
    assert len(walk.asked(fx.SetKeypad)) == 3, "keys, PIN, and PIN again"
    assert walk.feed(PinCancelled()).state is State.RETURNING_CARD


def test_what_follows_a_paid_coin_is_the_coin() -> None:
    walk = at_the_slot(copies=3)

    def told() -> str | None:
        return scene(walk.state, walk.context, walk.book).follows

    assert told() is None, "there is no warning yet"
    walk.feed(Ticked(15))
    assert told() == Follows.ENDS
    walk.feed(CoinCredited(100, 6))
    assert told() is None, "a coin gives time as well"
    walk.feed(Ticked(15))
    assert told() == Follows.COINS
    walk.context.coins_come_back = False
    assert told() == Follows.SLIP


def test_only_a_printer_that_sees_its_paper_draws_it_in() -> None:
    walk = authenticated()
    for unseen, then in ((True, Follows.CLOSES), (False, Follows.PAPER)):
        walk.context.paper_unseen = unseen
        assert follows(State.TAKING_PAPER_ALARM, walk.context, walk.book) is then


class Clock:
    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


@pytest.mark.parametrize("wait", sorted({RULES[state].wait for state in COUNTED}))
@pytest.mark.parametrize("listened_to", [False, True])
def test_a_wait_is_longer_for_who_has_answered_a_warning(wait: Wait, listened_to: bool) -> None:
    timer = StateTimer(Timeouts(), Clock())
    timer.listened_to = listened_to
    lasts = []
    for slow in (False, True):
        timer.set(wait, changed=False, has_claim=False, promise_ends_s=1e6, slow=slow)
        lasts.append(timer._ends_at_s)
    assert lasts[1] == pytest.approx(1.5 * lasts[0])


def test_the_centres_promise_is_never_outlasted() -> None:
    timer = StateTimer(Timeouts(), Clock())
    timer.set(Wait.PAY, changed=False, has_claim=False, promise_ends_s=100.0, slow=True)
    assert timer._ends_at_s <= 100.0


def test_once_a_key_gave_more_time_every_later_wait_is_longer() -> None:
    walk = authenticated().feed(Ticked(3)).keys(Key.D9)
    assert walk.context.slow
    assert walk.feed(*[TimedOut()] * 3).last(fx.SetTimer).slow
