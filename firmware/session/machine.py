"""One step of a session: a report in, the next state and the effects out.

A step has two halves, because what follows from a fact is decided on the book, and the book changes by records.
First the facts: `absorb` hands every record that the report stands for to `write`, which returns when book and journal
have it (durable, where `events.toml` says so), and only then looks at the book for the event. Then the row: the table
gives the next state and the actions, whose effects are returned and carried out by the loop in their order.

So a record always comes before the effects it must come before: the first half can write and do nothing else, and no
effect is carried out before the second half has ended. When `write` fails, the loop gets neither a state nor an effect;
the journal holds the facts up to there, and the next start settles them. An action may write too (`Write`; the request
id for one), and then does not read what it has just asked to be written.

The other way would be to carry out each effect while the step is still being computed. Then a failure in the middle
leaves a step of which some devices have heard and others have not.
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

    `write` takes a record into `book` and the journal. Raises what it raises, and `IllegalTransition` when the table
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
