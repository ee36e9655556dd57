"""One step of a session: a report in, the next state and the effects out. Pure but for the context it is given."""

from dataclasses import dataclass

from firmware.session.absorb import absorb
from firmware.session.context import Context
from firmware.session.effects import Effect, SetKeypad, SetTimer
from firmware.session.events import Event, Report
from firmware.session.states import RULES, State
from firmware.session.table import TABLE


class IllegalTransition(Exception):
    """The table has no row for this event in this state: a programmer's error, never a resident's."""


@dataclass(frozen=True, slots=True)
class Step:
    event: Event
    state: State
    effects: tuple[Effect, ...]


def step(state: State, context: Context, report: Report) -> Step:
    """Take in one report. The effects stand in the order in which they must happen.

    Raises `IllegalTransition` when the table does not know the pair.
    """
    event, facts = absorb(state, context, report)
    row = TABLE[state].get(event)
    if row is None:
        raise IllegalTransition(f"{event} in {state}")
    effects: list[Effect] = list(facts)
    for action in row.actions:
        effects.extend(action(context))
    following = state if row.next is None else row.next
    effects.extend(_arrival(state, following, context, restarts=row.restarts))
    return Step(event, following, tuple(effects))


def _arrival(before: State, after: State, context: Context, *, restarts: bool) -> list[Effect]:
    """What holds in the state that begins: its time-out, and what the keypad is for."""
    arrival: list[Effect] = []
    if after is not before or restarts:
        arrival.append(SetTimer(RULES[after].wait))
    if after is not before:
        context.countdown_s = None
        if RULES[after].keypad is not RULES[before].keypad or after is State.ENTERING_PIN:
            arrival.append(SetKeypad(RULES[after].keypad))
    return arrival
