"""`absorb` for reports of the acceptor and the hoppers: coins in, coins out, and payouts with unknown result."""

from drivers.vocabulary import (
    AcceptorBlocked,
    AcceptorRestarted,
    CoinCredited,
    CoinEvent,
    CoinFraud,
    CoinRejected,
    CreditsLost,
    CreditsWithoutCoins,
    Dispensed,
    HopperState,
    WrongPulses,
)
from firmware.book import records
from firmware.book.cases import Case, stray
from firmware.book.reasons import EndReason
from firmware.session.events import CoinReadiness, Event, HopperCounted, MoneyReport, SlotClosed
from firmware.session.known import Now, acceptable, settle_event
from firmware.session.states import RULES, SLOT_OPEN, State


def absorb_money(now: Now, report: MoneyReport) -> Event:
    match report:
        case CoinReadiness():
            return _readiness(now, report)
        case SlotClosed(counters=counters):
            now.write(records.SlotClosed(sid=now.context.session_id, event_counter=counters.event_counter))
            return Event.SLOT_CLOSED if now.state is State.DRAINING_PAID else settle_event(now)
        case HopperCounted():
            return _hopper_counted(now, report)
        case Dispensed():
            return _dispensed(now, report)


def absorb_coin(now: Now, report: CoinEvent) -> Event:
    match report:
        case CoinCredited():
            return _credited(now, report)
        case CoinRejected(code=code, certain=certain):
            now.context.coin_rejected = now.state in SLOT_OPEN
            if not certain:
                # The coin may be inside (code 36: it is). The flag confirms it if the resident asks staff for it.
                whose = f", session {now.context.session_id}" if RULES[now.state].may_hold_money else ""
                now.write(records.Flag(Case.COIN_UNCERTAIN, f"event {code}{whose}"))
            return Event.COIN_NOTED
        case CreditsLost(count=count, about_yen=yen):
            worth = [] if yen is None else [f"about {yen} yen"]
            return _trouble(now, records.Flag(Case.CREDITS_LOST, _with_session(now, str(count), *worth)))
        case WrongPulses(pulses=pulses, about_yen=yen):
            detail = _with_session(now, f"{pulses} pulses", f"about {yen} yen")
            return _trouble(now, records.Flag(Case.PULSES_WRONG, detail))
        case CreditsWithoutCoins(count=count):
            return _tampered(now, count)
        case AcceptorRestarted():
            return _trouble(now, records.Flag(Case.ACCEPTOR_RESTARTED, _with_session(now)))
        case CoinFraud(code=code):
            return _trouble(now, records.Flag(Case.COIN_FRAUD, str(code)))
        case AcceptorBlocked(code=code):
            # What came in behind the stuck coin, or while a wire of pulses was held, nobody could count: so whose it may be.
            return _trouble(now, records.Flag(Case.ACCEPTOR_BLOCKED, _with_session(now, str(code))))


def till_event(now: Now, event: Event) -> Event:
    """Record what a clerk's key says of the till: the fee was taken, or given back. Any other event stays as it is."""
    if event is Event.FEE_TAKEN:
        now.write(records.FeeTaken(now.context.session_id, now.context.fee_yen))
    elif event is Event.CONFIRMED and now.state is State.RETURNING_FEE:
        now.write(records.FeeReturned(now.context.session_id, now.session.ledger.owed_yen))
        return settle_event(now)
    return event


def payout_lost(now: Now) -> Event:
    """The hopper did not answer: the payout is recorded with unknown result."""
    paying = now.session.paying
    assert paying is not None
    value_yen, coins = paying.value_yen, paying.coins
    unknown = Dispensed(value_yen=value_yen, asked=coins, paid=None, counters=None, state=HopperState.UNKNOWN)
    return _dispensed(now, unknown)


def _readiness(now: Now, report: CoinReadiness) -> Event:
    context, counters = now.context, report.acceptor
    context.hopper_states = dict(report.hoppers)
    context.credits_borne = counters.accepted_total is not None
    if now.session.without_coins:  # found by the poll before: the slot does not open
        context.reason = EndReason.TAMPER
        return Event.COINS_NOT_READY
    accepting_yen, exact_money_only, _ = acceptable(context, now.book)
    # An acceptor that cannot refuse single values must take all of them, so it cannot ask for exact money. If all
    # are safe now, they stay safe after each coin: no new amount can fall due then (firmware/money/change.py).
    everything = accepting_yen == context.house.accepts_yen and not exact_money_only
    if not accepting_yen or not (report.selective or everything):
        context.reason = EndReason.CHANGE_SHORT
        return Event.COINS_NOT_READY
    now.write(records.SlotOpened(context.session_id, counters.event_counter, counters.accepted_total))
    return Event.COINS_READY


def _credited(now: Now, report: CoinCredited) -> Event:
    context, value_yen, counter = now.context, report.value_yen, report.event_counter
    if RULES[now.state].may_hold_money and context.fee_yen > 0:
        context.coin_rejected = False
        now.write(records.Coin(context.session_id, value_yen, counter))
        return Event.FEE_MET if now.session.ledger.inserted_yen >= context.fee_yen else Event.COIN
    now.write(records.StrayCoin(value_yen, counter))
    if context.accepting_yen:
        # The coin is credited to nobody, but the slot was opened for this session: staff must know whose it may be.
        now.write(records.Flag(Case.LATE_COIN, f"{stray(1, value_yen)}, session {context.session_id}"))
    return Event.COIN_NOTED


def _with_session(now: Now, *words: str) -> str:
    """The detail of a case, with the session that the slot was opened for: its resident may miss a coin."""
    whose = [f"session {now.context.session_id}"] if now.context.accepting_yen else []
    return ", ".join([*words, *whose])


def _trouble(now: Now, flag: records.Flag) -> Event:
    """Write the flag. While the slot is open the session ends here, with its money back."""
    if now.state in SLOT_OPEN:
        now.context.reason = now.context.reason or EndReason.COIN_TROUBLE
    now.write(flag)
    return Event.COIN_TROUBLE


def _tampered(now: Now, count: int) -> Event:
    """Credits for which no coin came (fault M1). Nothing more is paid from this session: what is owed becomes a claim,
    which the centre pays when people have looked, so an honest resident loses nothing.
    """
    context, state = now.context, now.state
    if not RULES[state].may_hold_money:
        whose = f", after session {context.session_id}" if context.accepting_yen else ""
        now.write(records.Flag(Case.CREDITS_WITHOUT_COINS, f"{count} credits{whose}"))
        return Event.COIN_NOTED
    now.write(records.Flag(Case.CREDITS_WITHOUT_COINS, f"{count} credits, session {context.session_id}"))
    if state in SLOT_OPEN or state in {State.DRAINING_PAID, State.DRAINING_REFUND}:
        context.reason = EndReason.TAMPER
    return settle_event(now) if state is State.PREPARING_PAYOUT else Event.TAMPERED


def _hopper_counted(now: Now, report: HopperCounted) -> Event:
    context, before = now.context, report.counters
    if context.next_payout is None or context.next_payout[0] != report.value_yen:
        return Event.KEY_IGNORED  # the session has given this hopper up
    if context.credits_borne and not report.borne:
        context.credits_borne = False
        return settle_event(now)  # anew: nobody can prove the credits, so hoppers pay up to a limit
    value_yen, coins = context.next_payout
    now.write(records.PayIntent(context.session_id, value_yen, coins, before.event_counter, before.life_total))
    context.next_payout = None
    return Event.HOPPER_COUNTED


def _dispensed(now: Now, report: Dispensed) -> Event:
    """Record what a hopper paid. A payout with unknown result is not repeated: the resident could be paid twice.

    The book counts it as doubtful and opens a case (`pay_unknown`). Its whole amount becomes a claim, which a person
    settles by reading the hopper's counters.
    """
    counters = report.counters
    done = records.PayDone(
        sid=now.context.session_id,
        value_yen=report.value_yen,
        asked=report.asked,
        paid=report.paid,
        event_counter=counters.event_counter if counters else None,
        life_total=counters.life_total if counters else None,
    )
    now.write(done)
    if report.state is not HopperState.OK or report.paid is None or report.paid < report.asked:
        now.context.hopper_states.pop(report.value_yen, None)
    return settle_event(now)
