"""The timer of the session's state: when the state ends by itself, and the countdown shown before that."""

from drivers.ports import Clock
from firmware.config.unit import Timeouts
from firmware.session.events import Ticked, TimedOut
from firmware.session.states import Wait

WORK_S = 40.0  # longer than every desk's own deadline, so only a desk that hangs reaches it
LONG_WORK_S = 180.0
SLOWER = 1.5  # who needed more time once will need it again
PATIENCE = 3.0  # who listens needs more time than who looks: a menu that is read aloud takes a minute
PRINT_MARGIN_S = 60.0  # from the last coin to the last dot
_NOT_COUNTED = frozenset({Wait.WORK, Wait.LONG_WORK, Wait.NEVER, Wait.DONE})  # the resident cannot shorten these waits


class StateTimer:
    """The loop has one; each new state sets it again."""

    def __init__(self, timeouts: Timeouts, clock: Clock) -> None:
        self._timeouts = timeouts
        self._clock = clock
        self._wait = Wait.NEVER
        self._ends_at_s: float | None = None
        self._shown_s: int | None = None
        self.listened_to = (
            False  # an earphone is in: a person's waits last `PATIENCE` times as long, from the next one on
        )

    def set(self, wait: Wait, *, changed: bool, has_claim: bool, promise_ends_s: float, slow: bool = False) -> None:
        """Start the wait. `slow`: somebody has asked for more time before.

        `changed`: an idle machine was told something that the next resident must not find.

        `promise_ends_s`: the monotonic instant until which the centre keeps the reserved copies.
        """
        self._wait, self._shown_s = wait, None
        lasts_s = self._lasts_s(wait, changed=changed, has_claim=has_claim, slow=slow)
        self._ends_at_s = None if lasts_s is None else self._clock.monotonic() + lasts_s
        if wait in {Wait.PAY, Wait.PREVIEW} and self._ends_at_s is not None:
            # the pages must be printed before the centre drops the reserved copies (fault T2)
            to_come_s = PRINT_MARGIN_S + (self._timeouts.pay_s if wait is Wait.PREVIEW else 0.0)
            self._ends_at_s = min(self._ends_at_s, promise_ends_s - to_come_s)

    def _lasts_s(self, wait: Wait, *, changed: bool, has_claim: bool, slow: bool) -> float | None:
        match wait:
            case Wait.NEVER:
                return self._timeouts.menu_s if changed else None
            case Wait.WORK:
                return WORK_S
            case Wait.LONG_WORK:
                return LONG_WORK_S
            case Wait.PREVIEW:
                lasts_s = self._timeouts.menu_s
            case Wait.DONE if has_claim:  # the resident may write the claim code down
                lasts_s = self._timeouts.sorry_s
            case _:
                lasts_s = getattr(self._timeouts, wait.value)
        return lasts_s * (PATIENCE if self.listened_to else 1.0) * (SLOWER if slow else 1.0)

    @property
    def due_s(self) -> float | None:
        """The next monotonic instant at which `passed` returns something; None: never."""
        if self._ends_at_s is None:
            return None
        now_s = self._clock.monotonic()
        left_s = self._ends_at_s - now_s
        return now_s + (left_s % 1.0 or 1.0) if self._is_counting(left_s) else self._ends_at_s

    def passed(self) -> TimedOut | Ticked | None:
        """The report that is due now: `TimedOut`, `Ticked` with the seconds left, or None."""
        if self._ends_at_s is None:
            return None
        left_s = self._ends_at_s - self._clock.monotonic()
        if left_s <= 0:
            self._ends_at_s = self._shown_s = None
            return TimedOut()
        second = int(left_s) + 1
        if not self._is_counting(left_s) or second == self._shown_s:
            return None
        self._shown_s = second
        return Ticked(second)

    def _is_counting(self, left_s: float) -> bool:
        return left_s <= self._timeouts.countdown_s and self._wait not in _NOT_COUNTED
