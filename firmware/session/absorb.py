"""`absorb` turns a report into an event of the table; `absorb_card.py`, `absorb_coins.py`, `absorb_paper.py` are parts of it.

It writes the facts of the report (a coin, a printed copy) as records, keeps the rest in the context, and returns the
event. The table says what follows from the event.
"""

from typing import assert_never

from drivers.vocabulary import (
    CardRefusal,
    CoinEvent,
    KeyPressed,
    KeyStuck,
    PinCancelled,
    PinEntered,
    PinProgress,
    PrintTrouble,
    PrintUnknown,
)
from firmware.book.cases import Case
from firmware.book.reasons import EndReason
from firmware.book.records import Flag
from firmware.session.absorb_card import absorb_card, absorb_centre
from firmware.session.absorb_coins import absorb_coin, absorb_money, payout_lost, till_event
from firmware.session.absorb_paper import absorb_paper, copy_outcome, slip_ended
from firmware.session.effects import SetKeypad
from firmware.session.events import (
    CardInserted,
    CardRemoved,
    CardReport,
    CentreReport,
    ClerkPressed,
    DoorOpened,
    Event,
    Fault,
    MachineReport,
    MoneyReport,
    PaperReport,
    PersonReport,
    Report,
    Stopping,
    Ticked,
    TimedOut,
    Wiped,
)
from firmware.session.keys import key_event
from firmware.session.known import Now, settle_event
from firmware.session.states import CARD_IS_NEEDED, ENDING, RULES, SLOT_OPEN, WORKING_ON_MONEY, KeypadMode, Side, State
from firmware.session.warning import warned


def absorb(now: Now, report: Report) -> Event:
    """The event of a report in this state; the facts in it are written when this returns."""
    if isinstance(report, PersonReport):
        return _person(now, report)
    if isinstance(report, MachineReport):
        return _machine(now, report)
    if isinstance(report, CardReport):
        return absorb_card(now, report)
    if isinstance(report, CentreReport):
        return absorb_centre(now, report)
    if isinstance(report, PaperReport):
        return absorb_paper(now, report)
    if isinstance(report, MoneyReport):
        return absorb_money(now, report)
    if isinstance(report, CoinEvent):
        now.context.choosing_look = False  # whoever puts a coin in wants to see it counted
        return absorb_coin(now, report)
    assert_never(report)


def _person(now: Now, report: PersonReport) -> Event:
    """What somebody does at the machine."""
    context = now.context
    match report:
        case CardInserted():
            return Event.CARD_INSERTED
        case KeyPressed() | ClerkPressed():
            return _pressed(now, report)
        case CardRemoved(with_reader=broken):
            if now.state in CARD_IS_NEEDED:
                context.reason = context.reason or (EndReason.MACHINE if broken else EndReason.CARD_REMOVED)
            return Event.CARD_REMOVED
        case PinProgress() | PinEntered() | PinCancelled():
            return _typed(now, report)
        case DoorOpened() | Stopping():
            if _ended_by_door(now.state):
                context.reason = context.reason or (EndReason.DOOR if report == DoorOpened() else EndReason.MACHINE)
            return Event.DOOR_OPENED


def _typed(now: Now, report: PinProgress | PinEntered | PinCancelled) -> Event:
    """While a PIN is typed, its digits are the buffer's: each of them restarts the wait, warning or not."""
    context, warning = now.context, _gives_time(now)
    match report:
        case PinProgress(count=count):
            context.pin_count = count
            return Event.PIN_CHANGED
        case PinEntered():
            context.pin_wrong = False
            return Event.PIN_ENTERED
        case PinCancelled() if warning:  # the pad has ended the entry: it begins anew
            context.pin_count = 0
            now.effects.append(SetKeypad(KeypadMode.PIN))
            return Event.PROLONGED
        case PinCancelled():
            context.reason = EndReason.CANCELLED
            return Event.CANCELLED


def _pressed(now: Now, report: KeyPressed | ClerkPressed) -> Event:
    if _gives_time(now):
        return Event.PROLONGED
    side = Side.CLERK if isinstance(report, ClerkPressed) else Side.RESIDENT
    return till_event(now, key_event(now.state, now.context, report.key, side, session=now.book.session))


def _gives_time(now: Now) -> bool:
    """While a warning is shown any key gives more time and does nothing else: who is startled must not stop by mistake."""
    if warned(now.state, now.context, now.book) is None:
        return False
    now.context.slow = True
    return True


def _ended_by_door(state: State) -> bool:
    """In the other states the session ends as it would have."""
    return state is State.TAKING_CARD or state not in WORKING_ON_MONEY | ENDING


def _machine(now: Now, report: MachineReport) -> Event:
    """Time-outs, the countdown, and what the machine itself reports."""
    match report:
        case Ticked(left_s=left_s):
            now.context.countdown_s = left_s
            return Event.TICKED
        case TimedOut():
            return _timed_out(now)
        case KeyStuck():
            now.write(Flag(Case.KEYPAD, "a key is stuck"))
            return Event.KEY_IGNORED
        case Wiped():
            return Event.WIPED
        case Fault():
            return _fault(now, report)


def _timed_out(now: Now) -> Event:
    state, context = now.state, now.context
    if state in WORKING_ON_MONEY:
        # The device has not answered even by its own, shorter deadline: it is treated as failed.
        return _fault(now, Fault(worker="machine", sentence=f"nothing happened in {state}"))
    if state is not State.IDLE and context.reason is None and state not in ENDING:
        dead = RULES[state].keypad is KeypadMode.DEAD
        waited_for = EndReason.MACHINE if dead else EndReason.TIMED_OUT
        context.reason = EndReason.PAY_TIMED_OUT if state in SLOT_OPEN else waited_for
    return Event.TIMED_OUT


# State -> end reason and event of a device's fault in it.
_ENDS = {
    State.CHECKING_PAPER: (EndReason.PAPER_NOT_READY, Event.PAPER_NOT_READY),
    State.CHECKING_COINS: (EndReason.COIN_TROUBLE, Event.COINS_NOT_READY),
    State.PAYING: (EndReason.COIN_TROUBLE, Event.COIN_TROUBLE),
    State.PART_PAID: (EndReason.COIN_TROUBLE, Event.COIN_TROUBLE),
}
# The session needs no device any more: a fault changes nothing.
_GOES_ON = frozenset({State.TAKING_PAPER, State.TAKING_PAPER_ALARM, State.DONE, State.SORRY, State.CLOSING, State.IDLE})


def _fault(now: Now, report: Fault) -> Event:
    """The event of a device that failed to carry out a command; it depends on the state."""
    state, context = now.state, now.context
    if state in WORKING_ON_MONEY:
        return _fault_with_money(now)
    if state in _GOES_ON:
        return Event.PAPER_STILL_THERE
    if state in {State.READING_CARD, State.CHECKING_PIN, State.PROVING_CARD}:
        context.reason = EndReason.CARD_REMOVED if report.person else CardRefusal.UNREADABLE
        return Event.CARD_TROUBLE
    if state in _ENDS:
        context.reason, event = _ENDS[state]
        return event
    context.reason = context.reason or EndReason.MACHINE
    return Event.DEVICE_TROUBLE


def _fault_with_money(now: Now) -> Event:
    """Record the step as failed or unknown, and settle the money without the device."""
    context = now.context
    match now.state:
        case State.DRAINING_PAID | State.DRAINING_REFUND:
            now.write(Flag(Case.SLOT_UNCONFIRMED, ""))
            return Event.SLOT_CLOSED if now.state is State.DRAINING_PAID else settle_event(now)
        case State.PREPARING_PAPER:  # this copy was not begun; those before it stay printed
            context.reason = context.reason or EndReason.PAPER_NOT_READY
            return settle_event(now)
        case State.PRINTING:
            assert now.session.printing is not None
            return copy_outcome(now, now.session.printing.copy, PrintUnknown(PrintTrouble.SILENT))
        case State.RETURNING_FEE:  # the clerk may have given it back and not said so: a person looks in the till
            now.write(Flag(Case.TILL_UNCONFIRMED, f"session {context.session_id}"))
            return settle_event(now)
        case State.PREPARING_PAYOUT:
            assert context.next_payout is not None
            context.hopper_states.pop(context.next_payout[0], None)
            return settle_event(now)
        case State.PAYING_OUT:
            return payout_lost(now)
        case _:
            now.write(Flag(Case.SLIP, "silent"))
            if now.state is State.PRINTING_RECEIPT:
                return slip_ended(now)
            context.claim_slip_failed = True
            return settle_event(now)
