"""One step of a session: a report in, the next state and the effects out.

A step has two halves. First the facts: `absorb` gives each record of the report to `write`, which returns when book and
journal have it (durable, where `events.toml` says so). Then `absorb` reads the book and chooses the event. Second the row:
the table gives the next state and the actions. The loop carries out the effects of the actions in their order.

So every record of a fact comes before every effect of the step. When `write` fails, the loop gets neither a state nor an
effect; the journal holds the facts written before, and the next start settles them. An action may ask for a record too
(the effect `Write`, as for the request id); the book does not have that record yet while the actions run.

If each effect were carried out while the step is computed, a failure in the middle would leave a step that some devices
have carried out and others have not.
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
    """The table has no row for this event in this state: a fault of the program, whatever the resident did."""


@dataclass(frozen=True, slots=True)
class Step:
    event: Event
    state: State
    effects: tuple[Effect, ...]


def step(state: State, context: Context, book: Known, report: Report, write: Callable[[Record], None]) -> Step:
    """Take in one report. The effects returned are not carried out yet; they must be, in their order.

    `write` puts a record into `book` and the journal; its errors are passed on. Raises `IllegalTransition` when the
    table has no row for the pair.
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
    """The effects of entering a state: its time-out and, where it changes, the keypad's mode."""
    arrival: list[Effect] = []
    if after is not before or restarts:
        context.countdown_s = None
        arrival.append(SetTimer(RULES[after].wait, slow=context.slow))
    if after is not before:
        context.choosing_look = False
        if RULES[after].keypad is not RULES[before].keypad or after is State.ENTERING_PIN:
            arrival.append(SetKeypad(RULES[after].keypad))
    return arrival
