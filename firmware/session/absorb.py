"""Reports become events, here and nowhere else.

`absorb` takes in what a report says (a coin is added to the ledger, a printed copy is earned), gives the
records of those facts, and answers with the one word the table goes by. Facts are recorded as they arrive;
what to do about them is the table's business.
"""

from typing import assert_never

from drivers.vocabulary import (
    AcceptorBlocked,
    AcceptorRestarted,
    Authenticated,
    BindingFailed,
    CardNotUsable,
    CardProof,
    CardRead,
    CardRefusal,
    CentreRefusal,
    CentreRefused,
    CentreUnreachable,
    Challenge,
    CoinCredited,
    CoinFraud,
    CoinRejected,
    CreditsLost,
    Dispensed,
    HopperState,
    KeyPressed,
    KeyStuck,
    LineTrouble,
    NotPrinted,
    PaperExit,
    PinBlocked,
    PinCancelled,
    PinEntered,
    PinProgress,
    Printed,
    PrintTrouble,
    PrintUnknown,
    Reserved,
    WrongPin,
)
from firmware.book import records
from firmware.session.context import Context
from firmware.session.effects import CutRemains, Effect, StopLine, Write
from firmware.session.events import (
    CardInserted,
    CardRemoved,
    CoinReadiness,
    CopyOutcome,
    DoorOpened,
    Event,
    ExitSeen,
    Fault,
    Fetched,
    HopperCounted,
    PagesReady,
    PaperCounted,
    PaperReadiness,
    Report,
    SlipOutcome,
    SlotClosed,
    Ticked,
    TimedOut,
    Wiped,
)
from firmware.session.keys import key_event
from firmware.session.states import CARD_IS_NEEDED, ENDING, RULES, WORKING_ON_MONEY, State

Absorbed = tuple[Event, tuple[Effect, ...]]
_SLOT_OPEN = frozenset({State.PAYING, State.PART_PAID})


def absorb(state: State, context: Context, report: Report) -> Absorbed:
    """The event of a report in this state, and the records of the facts in it."""
    if isinstance(report, Ticked):
        context.countdown_s = report.left_s
        return Event.TICKED, ()
    context.countdown_s = None
    match report:
        case TimedOut():
            return _timed_out(state, context)
        case CardInserted():
            return Event.CARD_INSERTED, ()
        case CardRemoved(with_reader=broken):
            if state in CARD_IS_NEEDED:
                context.reason = context.reason or ("machine" if broken else "card_removed")
            return Event.CARD_REMOVED, ()
        case KeyPressed(key=key):
            return key_event(state, context, key), ()
        case KeyStuck():
            return Event.KEY_IGNORED, (Write(records.Flag(code="keypad", detail="a key is stuck")),)
        case DoorOpened():
            if state is State.TAKING_CARD or state not in WORKING_ON_MONEY | ENDING:  # else it goes on to its end
                context.reason = context.reason or "door"
            return Event.DOOR_OPENED, ()
        case PinProgress() | PinEntered() | PinCancelled():
            return _pin(context, report), ()
        case CardRead() | CardNotUsable() | CardProof() | WrongPin() | PinBlocked():
            return _card(context, report)
        case (
            Challenge()
            | Authenticated()
            | Reserved()
            | Fetched()
            | CentreRefused()
            | CentreUnreachable()
            | BindingFailed()
        ):
            return _centre(context, report)
        case PagesReady() | PaperReadiness() | PaperCounted() | CopyOutcome() | SlipOutcome() | ExitSeen():
            return _paper(state, context, report)
        case CoinReadiness() | SlotClosed() | HopperCounted() | Dispensed():
            return _money(state, context, report)
        case CoinCredited() | CoinRejected() | CreditsLost() | AcceptorRestarted() | CoinFraud() | AcceptorBlocked():
            return _coin(state, context, report)
        case Fault():
            return _fault(state, context, report)
        case Wiped():
            return Event.WIPED, ()
        case _:
            assert_never(report)


def settle_event(context: Context) -> Event:
    """What is left to do with the money: asked after the last copy, a failed one, and every payout."""
    if context.ledger.owed_yen > 0:
        context.hopper_step = context.next_payout()
        return Event.PAYOUT_DUE if context.hopper_step else Event.CLAIM_DUE
    return Event.SETTLED_WITH_PAPER if context.printed else Event.SETTLED_WITHOUT_PAPER


def _timed_out(state: State, context: Context) -> Absorbed:
    if state in WORKING_ON_MONEY:
        # The net below the devices' own deadlines: whatever the device was doing, it no longer counts.
        return _fault(state, context, Fault(worker="machine", sentence=f"nothing happened in {state}"))
    if state is not State.IDLE and context.reason is None and state not in ENDING:
        waited_for_keys = "timed_out" if RULES[state].keypad != "dead" else "machine"
        context.reason = "pay_timed_out" if state in _SLOT_OPEN else waited_for_keys
    return Event.TIMED_OUT, ()


def _pin(context: Context, report: PinProgress | PinEntered | PinCancelled) -> Event:
    match report:
        case PinProgress(count=count):
            context.pin_count = count
            return Event.PIN_CHANGED
        case PinEntered():
            context.pin_wrong = False
            return Event.PIN_ENTERED
        case PinCancelled():
            context.reason = "cancelled"
            return Event.CANCELLED


def _card(context: Context, report: CardRead | CardNotUsable | CardProof | WrongPin | PinBlocked) -> Absorbed:
    match report:
        case CardRead():
            context.card = report
            context.tries_left = report.pin_tries_left
            return Event.CARD_READ, ()
        case CardNotUsable(reason=reason):
            context.reason = reason
            return Event.CARD_NOT_USABLE, ()
        case CardProof():
            context.proof = report
            # The card itself has checked the PIN, unless it is one whose PIN the centre knows: then nothing is known yet.
            known = report.encrypted_pin is None
            return Event.PIN_PROVED, (_pin_result(context, ok=True, left=None),) if known else ()
        case WrongPin(left=left):
            return _wrong_pin(context, left), (_pin_result(context, ok=False, left=left),)
        case PinBlocked():
            context.reason = CardRefusal.PIN_BLOCKED
            return Event.PIN_BLOCKED, (_pin_result(context, ok=False, left=0),)


def _wrong_pin(context: Context, left: int | None) -> Event:
    context.pin_wrong, context.pin_count, context.tries_left = True, 0, left
    return Event.PIN_WRONG_ONE_LEFT if left == 1 else Event.PIN_WRONG


def _pin_result(context: Context, *, ok: bool, left: int | None) -> Write:
    return Write(records.PinResult(sid=context.session_id, ok=ok, left=left))


def _centre(
    context: Context,
    report: Challenge | Authenticated | Reserved | Fetched | CentreRefused | CentreUnreachable | BindingFailed,
) -> Absorbed:
    match report:
        case Challenge():
            context.challenge = report
            context.pin_count = 0
            if report.pin_tries_left is not None:
                context.tries_left = report.pin_tries_left
            return (Event.CHALLENGED_ONE_LEFT if context.tries_left == 1 else Event.CHALLENGED), ()
        case Authenticated():
            by_centre = context.proof is not None and context.proof.encrypted_pin is not None
            context.who = report
            context.proof = None
            return Event.AUTHENTICATED, (_pin_result(context, ok=True, left=None),) if by_centre else ()
        case Reserved():
            context.reserved = report
            copies = [(c.copy, c.kind, c.issue_number, c.fee_yen) for c in report.copies]
            return Event.RESERVED, (Write(records.Authorised(rid=report.request_id, copies=copies)),)
        case Fetched():
            return Event.FETCHED, ()
        case CentreRefused(code=CentreRefusal.WRONG_PIN, pin_tries_left=left):
            if context.proof is None or context.proof.encrypted_pin is None:  # no PIN was shown to it
                context.reason = LineTrouble.BAD_ANSWER
                return Event.CENTRE_UNREACHABLE, ()
            context.proof = None
            _wrong_pin(context, left)
            return Event.CENTRE_WRONG_PIN, (_pin_result(context, ok=False, left=left),)
        case CentreRefused(code=code):
            context.reason = code
            guessed = code is CentreRefusal.PIN_BLOCKED and context.proof is not None  # it was the last try
            return Event.CENTRE_REFUSED, (_pin_result(context, ok=False, left=0),) if guessed else ()
        case CentreUnreachable(trouble=trouble):
            context.reason = trouble
            return Event.CENTRE_UNREACHABLE, ()
        case BindingFailed(field=name):
            context.reason = "binding"
            context.line_stop = name
            return Event.BINDING_FAILED, ()


def _paper(
    state: State,
    context: Context,
    report: PagesReady | PaperReadiness | PaperCounted | CopyOutcome | SlipOutcome | ExitSeen,
) -> Absorbed:
    match report:
        case PagesReady(raster_sha256s=hashes):
            context.raster_sha256s = hashes
            return Event.PAGES_READY, ()
        case PaperReadiness(certificate=certificate, receipt=receipt):
            # A sheet in the mouth is somebody else's (fault R9).
            if not certificate.ready or not receipt.ready or certificate.exit is PaperExit.PRESENT:
                context.reason = "paper_not_ready"
                return Event.PAPER_NOT_READY, ()
            if not context.paper_lasts(certificate.supply):
                context.reason = "paper_short"
                return Event.PAPER_NOT_READY, ()
            return (Event.PAPER_READY if context.fee_yen > 0 else Event.PAPER_READY_NOTHING_TO_PAY), ()
        case PaperCounted():
            context.copy = len(context.printed) + 1
            return Event.PAPER_COUNTED, (Write(_print_intent(context, report.counter)),)
        case CopyOutcome(copy=copy, result=result):
            return _copy_outcome(context, copy, result)
        case SlipOutcome(result=result):
            note = () if isinstance(result, Printed) else (Write(records.Flag(code="slip", detail=str(result.reason))),)
            if state is State.PRINTING_CLAIM_SLIP:
                context.claim_slip_failed = not isinstance(result, Printed)
                return settle_event(context), note
            return _slip_ended(context), note
        case ExitSeen(exit=exit_):
            was, context.paper_exit = context.paper_exit, exit_
            # An empty mouth at the first look means taken already, unless the paper never got there.
            seen = was is PaperExit.PRESENT or (was is PaperExit.UNKNOWN and not context.paper_stuck)
            taken = exit_ is PaperExit.EMPTY and seen
            return (Event.PAPER_TAKEN if taken else Event.PAPER_STILL_THERE), ()


def _slip_ended(context: Context) -> Event:
    return Event.SLIP_ENDED if context.copies_out else Event.SLIP_ENDED_NOTHING_OUT


def _print_intent(context: Context, counter: int | None) -> records.Record:
    assert context.reserved is not None
    copy = context.reserved.copies[context.copy - 1]
    return records.PrintIntent(
        rid=context.reserved.request_id,
        copy=copy.copy,
        issue_number=copy.issue_number,
        raster_sha256=context.raster_sha256s[copy.copy][0],
        printer_counter=counter,
        pages=copy.pages,
    )


def _copy_outcome(context: Context, number: int, result: Printed | NotPrinted | PrintUnknown) -> Absorbed:
    """The fee is earned by paper: the record of the proof and of the fee is one."""
    assert context.reserved is not None
    copy = context.reserved.copies[number - 1]
    rid = context.reserved.request_id
    notes: tuple[Effect, ...] = ()
    match result:
        case Printed(evidence=evidence, counter=counter, trouble=trouble):
            context.ledger = context.ledger.earn(rid, number, copy.fee_yen)
            context.printed.append(number)
            record: records.Record = records.CopyPrinted(
                rid=rid,
                copy=number,
                issue_number=copy.issue_number,
                evidence=evidence,
                printer_counter=counter,
                fee_yen=copy.fee_yen,
            )
            more = len(context.printed) < len(context.reserved.copies)
            # With trouble it is complete, and stuck behind the cutter: a person must hand it over (fault R4).
            if trouble is not None:
                context.paper_stuck, context.reason = True, "paper_stuck"
            notes = _flagged("paper_stuck", rid, number) if trouble else ()
            return (Event.COPY_PRINTED if more else settle_event(context)), (*notes, Write(record))
        case NotPrinted(reason=reason, begun=begun):
            record = records.CopySpoiled(rid=rid, copy=number, reason=reason)
            context.void_paper = begun
            notes = _flagged("void_sheet_in_path", rid, number) if begun else ()
        case PrintUnknown(reason=reason):
            record = records.CopyUncertain(rid=rid, copy=number, reason=reason)
            context.void_paper = True
    context.reason = reason
    if reason is PrintTrouble.BINDING:  # on the disk now: the power can fail while the money goes back
        context.reason, notes = "binding", (*notes, StopLine("raster"))
    # The mouth was empty before money (PaperReadiness): without a paid copy, all that lies there is void.
    return settle_event(context), (*notes, Write(record), CutRemains(take_back=not context.printed))


def _flagged(code: str, rid: str, number: int) -> tuple[Effect, ...]:
    return (Write(records.Flag(code=code, detail=f"{rid}.{number}")),)


def _money(state: State, context: Context, report: CoinReadiness | SlotClosed | HopperCounted | Dispensed) -> Absorbed:
    match report:
        case CoinReadiness(hoppers=hoppers, acceptor=counters, selective=selective):
            context.hopper_states = dict(hoppers)
            context.accepting_yen, context.exact_money_only = context.acceptable()
            # All or nothing where single coins cannot be refused. All stays all: whatever can fall due after some
            # coins could fall due before them (firmware/money/change.py). "Exact money" needs coins refused.
            everything = context.accepting_yen == context.house.accepts_yen and not context.exact_money_only
            if not context.accepting_yen or not (selective or everything):
                context.reason = "change_short"
                return Event.COINS_NOT_READY, ()
            opened = records.SlotOpened(
                sid=context.session_id,
                event_counter=counters.event_counter,
                accepted_total=counters.accepted_total,
            )
            return Event.COINS_READY, (Write(opened),)
        case SlotClosed(counters=counters):
            closed = Write(records.SlotClosed(sid=context.session_id, event_counter=counters.event_counter))
            return (Event.SLOT_CLOSED if state is State.DRAINING_PAID else settle_event(context)), (closed,)
        case HopperCounted(value_yen=value, counters=before):
            if context.hopper_step is None or context.hopper_step[0] != value:
                return Event.KEY_IGNORED, ()  # of a hopper that was given up meanwhile
            context.hopper_before = before
            intent = records.PayIntent(
                sid=context.session_id,
                value_yen=value,
                coins=context.hopper_step[1],
                event_counter=before.event_counter,
                life_total=before.life_total,
            )
            return Event.HOPPER_COUNTED, (Write(intent),)
        case Dispensed():
            return _dispensed(context, report)


def _dispensed(context: Context, report: Dispensed) -> Absorbed:
    value, paid = report.value_yen, report.paid
    done = records.PayDone(
        sid=context.session_id,
        value_yen=value,
        asked=report.asked,
        paid=paid,
        event_counter=report.counters.event_counter if report.counters else None,
        life_total=report.counters.life_total if report.counters else None,
    )
    notes: list[Effect] = [Write(done)]
    if paid is None:
        # Nobody can say. The resident is not paid twice by the machine: the whole step becomes a claim,
        # which a person settles with the hopper's counters in hand.
        context.doubtful_yen += report.asked * value
        notes.append(Write(records.Flag(code="payout_unknown", detail=f"{report.asked} x {value} yen")))
    else:
        context.ledger = context.ledger.pay_out(paid * value)
        context.tubes[value] = max(0, context.tubes.get(value, 0) - paid)
    if report.state is not HopperState.OK or paid is None or paid < report.asked:
        context.hopper_states[value] = report.state
        context.dead_hoppers.add(value)
    context.hopper_step = None
    return settle_event(context), tuple(notes)


def _coin(
    state: State,
    context: Context,
    report: CoinCredited | CoinRejected | CreditsLost | AcceptorRestarted | CoinFraud | AcceptorBlocked,
) -> Absorbed:
    match report:
        case CoinCredited(value_yen=value, event_counter=counter):
            if not RULES[state].may_hold_money or context.fee_yen == 0:
                return Event.COIN_NOTED, _stray(context, value, counter)
            context.coin_rejected = False
            context.ledger = context.ledger.insert(value)
            coin = Write(records.Coin(sid=context.session_id, value_yen=value, event_counter=counter))
            if context.ledger.inserted_yen >= context.fee_yen:
                return Event.FEE_MET, (coin,)
            if state in {State.PAYING, State.PART_PAID}:
                context.accepting_yen, context.exact_money_only = context.acceptable()
            return Event.COIN, (coin,)
        case CoinRejected(code=code, certain=certain):
            context.coin_rejected = state in _SLOT_OPEN
            if certain:
                return Event.COIN_NOTED, ()
            # It may have stayed inside (36: it has); whoever asks for it at the counter is believed by this.
            whose = f", session {context.session_id}" if RULES[state].may_hold_money else ""
            return Event.COIN_NOTED, (Write(records.Flag(code="coin_uncertain", detail=f"event {code}{whose}")),)
        case CreditsLost(count=count):
            return Event.COIN_NOTED, (Write(records.Flag(code="credits_lost", detail=str(count))),)
        case AcceptorRestarted():
            return Event.COIN_NOTED, (Write(records.Flag(code="acceptor_restarted", detail="")),)
        case CoinFraud(code=code):
            if state in _SLOT_OPEN:
                context.reason = context.reason or "coin_trouble"
            return Event.COIN_TROUBLE, (Write(records.Flag(code="coin_fraud", detail=str(code))),)
        case AcceptorBlocked(code=code):
            if state in _SLOT_OPEN:
                context.reason = context.reason or "coin_trouble"
            return Event.COIN_TROUBLE, (Write(records.Flag(code="acceptor_blocked", detail=str(code))),)


def _stray(context: Context, value_yen: int, counter: int | None) -> tuple[Effect, ...]:
    """Nobody's; but while somebody stands there whom the slot was opened for, the counter must know whose it may be."""
    notes: tuple[Effect, ...] = (Write(records.StrayCoin(value_yen=value_yen, event_counter=counter)),)
    if not context.slot_open_for_yen:
        return notes
    detail = f"{value_yen} yen, session {context.session_id}"
    return (*notes, Write(records.Flag(code="late_coin", detail=detail)))


def _fault(state: State, context: Context, report: Fault) -> Absorbed:
    """A device failed at what it was told to do: what that means depends on what was under way."""
    match state:
        case State.READING_CARD | State.CHECKING_PIN:
            context.reason = "card_removed" if report.person else CardRefusal.UNREADABLE
            return Event.CARD_TROUBLE, ()
        case State.CHECKING_PAPER:
            context.reason = "paper_not_ready"
            return Event.PAPER_NOT_READY, ()
        case State.CHECKING_COINS:
            context.reason = "coin_trouble"
            return Event.COINS_NOT_READY, ()
        case State.PAYING | State.PART_PAID:
            context.reason = "coin_trouble"
            return Event.COIN_TROUBLE, ()
        case State.DRAINING_PAID:
            return Event.SLOT_CLOSED, (Write(records.Flag(code="slot_unconfirmed", detail="")),)
        case State.DRAINING_REFUND:
            return settle_event(context), (Write(records.Flag(code="slot_unconfirmed", detail="")),)
        case State.PREPARING_PAPER:  # nothing of this copy was begun; the ones before it stand
            context.reason = context.reason or "paper_not_ready"
            return settle_event(context), ()
        case State.PRINTING:
            return _copy_outcome(context, context.copy, PrintUnknown(PrintTrouble.SILENT))
        case State.PREPARING_PAYOUT:
            assert context.hopper_step is not None
            context.dead_hoppers.add(context.hopper_step[0])
            return settle_event(context), ()
        case State.PAYING_OUT:
            assert context.hopper_step is not None
            value, coins = context.hopper_step
            return _dispensed(context, _unknown_payout(value, coins))
        case State.PRINTING_CLAIM_SLIP:
            context.claim_slip_failed = True
            return settle_event(context), (Write(records.Flag(code="slip", detail="silent")),)
        case State.PRINTING_RECEIPT:
            return _slip_ended(context), (Write(records.Flag(code="slip", detail="silent")),)
        case State.TAKING_PAPER | State.TAKING_PAPER_ALARM | State.DONE | State.SORRY | State.CLOSING | State.IDLE:
            return Event.PAPER_STILL_THERE, ()
        case _:
            context.reason = context.reason or "machine"
            return Event.DEVICE_TROUBLE, ()


def _unknown_payout(value_yen: int, coins: int) -> Dispensed:
    return Dispensed(value_yen=value_yen, asked=coins, paid=None, counters=None, state=HopperState.UNKNOWN)
