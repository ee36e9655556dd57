"""`absorb` for reports of the card and the centre: who the resident is, and what is reserved for them."""

from dataclasses import replace

from drivers.vocabulary import (
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
    LineTrouble,
    PinBlocked,
    Reserved,
    WrongPin,
)
from firmware.book.reasons import EndReason
from firmware.book.records import Authorised, LineStopped, PinResult
from firmware.session.context import Context
from firmware.session.events import CardReport, CentreReport, Event, Fetched
from firmware.session.known import Now
from firmware.session.states import State


def absorb_card(now: Now, report: CardReport) -> Event:
    context = now.context
    match report:
        case CardRead():
            context.card = report
            context.tries_left = report.pin_tries_left
            return Event.CARD_READ
        case CardNotUsable(reason=reason):
            context.reason = reason
            return Event.CARD_NOT_USABLE
        case CardProof():
            context.proof = report
            # Without `encrypted_pin` the card has checked the PIN itself. With it, the centre has yet to check.
            if report.encrypted_pin is None and not context.pin_waived:
                _pin_result(now, ok=True)
            return Event.PIN_PROVED
        case WrongPin(left=left):
            return _wrong_pin(now, left)
        case PinBlocked():
            context.reason = CardRefusal.PIN_BLOCKED
            _pin_result(now, ok=False, left=0)
            return Event.PIN_BLOCKED


def absorb_centre(now: Now, report: CentreReport) -> Event:
    context = now.context
    match report:
        case Challenge():
            return _challenged(context, report)
        case Authenticated():
            if _centre_judges_pin(now):
                _pin_result(now, ok=True)
            context.who, context.proof, context.code_wrong = _as_served(context, report), None, False
            return Event.AUTHENTICATED
        case Reserved():
            context.reserved = report
            copies = [(c.copy, c.kind, c.issue_number, c.fee_yen) for c in report.copies]
            now.write(Authorised(rid=report.request_id, copies=copies))
            return Event.RESERVED
        case Fetched():
            return Event.FETCHED
        case CentreRefused():
            return _refused(now, report)
        case CentreUnreachable(trouble=trouble):
            context.reason = trouble
            return Event.CENTRE_UNREACHABLE
        case BindingFailed(field=name):
            # The answer is not for this request: nobody is served until two people have cleared the line (binding rule 9).
            context.reason = EndReason.BINDING
            now.write(LineStopped(name))
            return Event.BINDING_FAILED


def _challenged(context: Context, challenge: Challenge) -> Event:
    context.challenge = challenge
    context.pin_count = 0
    if challenge.clerks is not None:
        return Event.CHALLENGED_ATTENDED
    if challenge.pin_tries_left is not None:
        context.tries_left = challenge.pin_tries_left
    return Event.CHALLENGED_ONE_LEFT if context.tries_left == 1 else Event.CHALLENGED


def _as_served(context: Context, who: Authenticated) -> Authenticated:
    """What the centre offers, as far as the site table of this session allows it."""
    served = context.house.served
    return who if served is None else replace(who, offers=tuple(map(served.narrowed, who.offers)))


def _refused(now: Now, report: CentreRefused) -> Event:
    context, by_centre = now.context, _centre_judges_pin(now)
    if report.code is CentreRefusal.WRONG_PIN:
        if not by_centre:  # the centre was sent no PIN
            context.reason = LineTrouble.BAD_ANSWER
            return Event.CENTRE_UNREACHABLE
        context.proof = None
        _wrong_pin(now, report.pin_tries_left)
        return Event.CENTRE_WRONG_PIN
    if report.code is CentreRefusal.CODE_WRONG and now.state is State.CHECKING_CODE:
        context.code_wrong = True
        return Event.CODE_REFUSED
    context.reason = report.code
    if report.code is CentreRefusal.PIN_BLOCKED and context.proof is not None:  # it was the last try
        _pin_result(now, ok=False, left=0)
    return Event.CENTRE_REFUSED


def _centre_judges_pin(now: Now) -> bool:
    """Whether the PIN was sent to the centre, because the card cannot check it."""
    return now.context.proof is not None and now.context.proof.encrypted_pin is not None


def _wrong_pin(now: Now, left: int | None) -> Event:
    _pin_result(now, ok=False, left=left)
    context = now.context
    context.pin_wrong, context.pin_count, context.tries_left = True, 0, left
    return Event.PIN_WRONG_ONE_LEFT if left == 1 else Event.PIN_WRONG


def _pin_result(now: Now, *, ok: bool, left: int | None = None) -> None:
    now.write(PinResult(sid=now.context.session_id, ok=ok, left=left))
