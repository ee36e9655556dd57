"""One step of a session: a report in, the next state and the effects out.

A step has two halves, because what follows from a fact is decided on the book, and the book changes by records.
First the facts: `absorb` hands every record that the report stands for to `write`, which takes it into the book and
onto the disk before it returns, and only then looks at the book for the event. Then the row: the table gives the next
state and the actions, whose effects are returned and carried out by the loop in their order.

So the order needs no care where it is used: the first half can write and can ask for nothing else, and no effect
leaves the second half before the first has ended. When `write` fails half-way, the loop has neither a new state nor an
effect; the journal holds the facts up to there, and the next start settles them. A row may still write an intent of its
own (`Write`, the request id for one); its actions do not read what they have just asked to be written.
"""

from collections.abc import Callable
from dataclasses import dataclass

from firmware.book.records import Record
from firmware.session.absorb import absorb
from firmware.session.context import Context
from firmware.session.effects import Effect, SetKeypad, SetTimer
from firmware.session.events import Event, Report
from firmware.session.known import Known, Now
from firmware.session.states import RULES, State
from firmware.session.table import TABLE


class IllegalTransition(Exception):
    """The table has no row for this event in this state: a programmer's error, never a resident's."""


@dataclass(frozen=True, slots=True)
class Step:
    event: Event
    state: State
    effects: tuple[Effect, ...]


def step(state: State, context: Context, book: Known, report: Report, write: Callable[[Record], None]) -> Step:
    """Take in one report. The effects stand in the order in which they must happen, and none has happened yet.

    `write` takes a record into `book` and onto the disk. Raises what it raises, and `IllegalTransition` when the table
    does not know the pair.
    """
    now = Now(state, context, book, write)
    event = absorb(now, report)
    row = TABLE[state].get(event)
    if row is None:
        raise IllegalTransition(f"{event} in {state}")
    effects = list(now.effects)
    for action in row.actions:
        effects.extend(action(context, book))
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
