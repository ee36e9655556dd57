"""The states of one resident's session, and what holds in each: keypad, time-out, card in the reader, money."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    IDLE = "idle"
    READING_CARD = "reading_card"
    CALLING_CENTRE = "calling_centre"
    LAST_TRY = "last_try"
    ENTERING_PIN = "entering_pin"
    CHECKING_PIN = "checking_pin"
    ATTENDING_FIRST = "attending_first"  # counter terminal, without a PIN: the clerk who saw the photo ID
    ATTENDING_SECOND = "attending_second"  # the colleague who confirms it
    PROVING_CARD = "proving_card"
    AUTHENTICATING = "authenticating"
    TAKING_CARD = "taking_card"
    TAKING_CARD_ALARM = "taking_card_alarm"
    CHOOSING_KIND = "choosing_kind"
    CHOOSING_PURPOSE = "choosing_purpose"  # what the paper is for, where the city has purposes
    TYPING_CODE = "typing_code"  # an exemption code, which a desk has printed
    CHECKING_CODE = "checking_code"
    CHOOSING_OPTIONS = "choosing_options"
    CHOOSING_COPIES = "choosing_copies"
    CONFIRMING = "confirming"
    CONSENTING = "consenting"  # counter terminal: the resident agrees to what the clerk chose
    RESERVING = "reserving"
    FETCHING = "fetching"
    RASTERISING = "rasterising"
    PREVIEWING = "previewing"  # the pages, for whoever asked to see them before paying
    CHECKING_PAPER = "checking_paper"
    CHECKING_COINS = "checking_coins"
    TAKING_FEE = "taking_fee"  # counter terminal: the clerk takes the fee at the till
    PAYING = "paying"
    PART_PAID = "part_paid"
    DRAINING_PAID = "draining_paid"
    DRAINING_REFUND = "draining_refund"
    PREPARING_PAPER = "preparing_paper"
    PRINTING = "printing"
    RETURNING_FEE = "returning_fee"  # counter terminal: the clerk gives back what a copy that failed had cost
    PREPARING_PAYOUT = "preparing_payout"
    PAYING_OUT = "paying_out"
    PRINTING_CLAIM_SLIP = "printing_claim_slip"
    PRINTING_RECEIPT = "printing_receipt"
    TAKING_PAPER = "taking_paper"
    TAKING_PAPER_ALARM = "taking_paper_alarm"
    DONE = "done"
    SORRY = "sorry"
    SORRY_CARD_IN = "sorry_card_in"
    RETURNING_CARD = "returning_card"
    CLOSING = "closing"


class KeypadMode(StrEnum):
    DEAD = "dead"
    KEYS = "keys"
    PIN = "pin"


class Side(StrEnum):
    """Who pressed a key. A machine without a clerk has one side, the resident's."""

    RESIDENT = "resident"
    CLERK = "clerk"


class Wait(StrEnum):
    """Which of the unit file's times ends the state when nothing happens; NEVER only while idle."""

    NEVER = "never"
    PIN = "pin_s"
    MENU = "menu_s"
    PREVIEW = "preview_s"  # as long as a menu, but never so long that no time would be left to pay
    PAY = "pay_s"
    TAKE_CARD = "take_card_s"
    TAKE_PAPER = "take_paper_s"
    SORRY = "sorry_s"
    DONE = "done_s"
    WORK = "work_s"  # devices and the line end earlier, by their own deadlines; this one is for one that does not
    LONG_WORK = "long_work_s"  # the same, where documents are fetched or paper or coins move


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds in a state, whichever event led to it."""

    keypad: KeypadMode
    wait: Wait
    card_in: bool  # the card is expected in the reader
    may_hold_money: bool  # coins of the resident may be in the machine and not yet earned or returned


_DEAD, _KEYS, _PIN = KeypadMode.DEAD, KeypadMode.KEYS, KeypadMode.PIN

RULES: dict[State, Rule] = {
    State.IDLE: Rule(_KEYS, Wait.NEVER, card_in=False, may_hold_money=False),
    State.READING_CARD: Rule(_DEAD, Wait.WORK, card_in=True, may_hold_money=False),
    State.CALLING_CENTRE: Rule(_DEAD, Wait.WORK, card_in=True, may_hold_money=False),
    State.LAST_TRY: Rule(_KEYS, Wait.PIN, card_in=True, may_hold_money=False),
    State.ENTERING_PIN: Rule(_PIN, Wait.PIN, card_in=True, may_hold_money=False),
    State.CHECKING_PIN: Rule(_DEAD, Wait.WORK, card_in=True, may_hold_money=False),
    State.ATTENDING_FIRST: Rule(_KEYS, Wait.MENU, card_in=True, may_hold_money=False),
    State.ATTENDING_SECOND: Rule(_KEYS, Wait.MENU, card_in=True, may_hold_money=False),
    State.PROVING_CARD: Rule(_DEAD, Wait.WORK, card_in=True, may_hold_money=False),
    State.AUTHENTICATING: Rule(_DEAD, Wait.WORK, card_in=True, may_hold_money=False),
    State.TAKING_CARD: Rule(_KEYS, Wait.TAKE_CARD, card_in=True, may_hold_money=False),
    State.TAKING_CARD_ALARM: Rule(_KEYS, Wait.TAKE_CARD, card_in=True, may_hold_money=False),
    State.CHOOSING_KIND: Rule(_KEYS, Wait.MENU, card_in=False, may_hold_money=False),
    State.CHOOSING_PURPOSE: Rule(_KEYS, Wait.MENU, card_in=False, may_hold_money=False),
    State.TYPING_CODE: Rule(_KEYS, Wait.MENU, card_in=False, may_hold_money=False),
    State.CHECKING_CODE: Rule(_DEAD, Wait.WORK, card_in=False, may_hold_money=False),
    State.CHOOSING_OPTIONS: Rule(_KEYS, Wait.MENU, card_in=False, may_hold_money=False),
    State.CHOOSING_COPIES: Rule(_KEYS, Wait.MENU, card_in=False, may_hold_money=False),
    State.CONFIRMING: Rule(_KEYS, Wait.MENU, card_in=False, may_hold_money=False),
    State.CONSENTING: Rule(_KEYS, Wait.MENU, card_in=False, may_hold_money=False),
    State.RESERVING: Rule(_DEAD, Wait.WORK, card_in=False, may_hold_money=False),
    State.FETCHING: Rule(_DEAD, Wait.LONG_WORK, card_in=False, may_hold_money=False),
    State.RASTERISING: Rule(_DEAD, Wait.WORK, card_in=False, may_hold_money=False),
    State.PREVIEWING: Rule(_KEYS, Wait.PREVIEW, card_in=False, may_hold_money=False),
    State.CHECKING_PAPER: Rule(_DEAD, Wait.WORK, card_in=False, may_hold_money=False),
    State.CHECKING_COINS: Rule(_DEAD, Wait.WORK, card_in=False, may_hold_money=False),
    State.TAKING_FEE: Rule(_KEYS, Wait.PAY, card_in=False, may_hold_money=False),
    State.PAYING: Rule(_KEYS, Wait.PAY, card_in=False, may_hold_money=True),
    State.PART_PAID: Rule(_KEYS, Wait.PAY, card_in=False, may_hold_money=True),
    State.DRAINING_PAID: Rule(_DEAD, Wait.WORK, card_in=False, may_hold_money=True),
    State.DRAINING_REFUND: Rule(_DEAD, Wait.WORK, card_in=False, may_hold_money=True),
    State.PREPARING_PAPER: Rule(_DEAD, Wait.WORK, card_in=False, may_hold_money=True),
    State.PRINTING: Rule(_DEAD, Wait.LONG_WORK, card_in=False, may_hold_money=True),
    State.RETURNING_FEE: Rule(_KEYS, Wait.PAY, card_in=False, may_hold_money=True),
    State.PREPARING_PAYOUT: Rule(_DEAD, Wait.WORK, card_in=False, may_hold_money=True),
    State.PAYING_OUT: Rule(_DEAD, Wait.LONG_WORK, card_in=False, may_hold_money=True),
    State.PRINTING_CLAIM_SLIP: Rule(_DEAD, Wait.LONG_WORK, card_in=False, may_hold_money=False),
    State.PRINTING_RECEIPT: Rule(_DEAD, Wait.LONG_WORK, card_in=False, may_hold_money=False),
    State.TAKING_PAPER: Rule(_KEYS, Wait.TAKE_PAPER, card_in=False, may_hold_money=False),
    State.TAKING_PAPER_ALARM: Rule(_KEYS, Wait.TAKE_PAPER, card_in=False, may_hold_money=False),
    State.DONE: Rule(_KEYS, Wait.DONE, card_in=False, may_hold_money=False),
    State.SORRY: Rule(_KEYS, Wait.SORRY, card_in=False, may_hold_money=False),
    State.SORRY_CARD_IN: Rule(_KEYS, Wait.SORRY, card_in=True, may_hold_money=False),
    State.RETURNING_CARD: Rule(_KEYS, Wait.TAKE_CARD, card_in=True, may_hold_money=False),
    State.CLOSING: Rule(_DEAD, Wait.WORK, card_in=False, may_hold_money=False),
}

WORKING_ON_MONEY = frozenset(
    {
        State.DRAINING_PAID,
        State.DRAINING_REFUND,
        State.PREPARING_PAPER,
        State.PRINTING,
        State.RETURNING_FEE,
        State.PREPARING_PAYOUT,
        State.PAYING_OUT,
        State.PRINTING_CLAIM_SLIP,
        State.PRINTING_RECEIPT,
    }
)
CARD_IS_NEEDED = frozenset(
    {
        State.READING_CARD,
        State.CALLING_CENTRE,
        State.LAST_TRY,
        State.ENTERING_PIN,
        State.CHECKING_PIN,
        State.ATTENDING_FIRST,
        State.ATTENDING_SECOND,
        State.PROVING_CARD,
        State.AUTHENTICATING,
    }
)
# What is wanted: kinds, purposes, options and copies, until the basket is confirmed.
CHOOSING = frozenset(
    {
        State.CHOOSING_KIND,
        State.CHOOSING_PURPOSE,
        State.TYPING_CODE,
        State.CHOOSING_OPTIONS,
        State.CHOOSING_COPIES,
        State.CONFIRMING,
    }
)
# At a counter terminal only the clerk's keys mean anything in these states, in `EITHER` both, in all others the pad.
CLERK_ACTS = CHOOSING | frozenset(
    {
        State.ATTENDING_FIRST,
        State.ATTENDING_SECOND,
        State.TAKING_FEE,
        State.RETURNING_FEE,
        State.TAKING_PAPER,
        State.TAKING_PAPER_ALARM,
    }
)
EITHER = frozenset({State.IDLE, State.DONE, State.SORRY, State.SORRY_CARD_IN})
SLOT_OPEN = frozenset({State.PAYING, State.PART_PAID})
# A time-out in these states gives the session no end reason: it goes on, or has its reason already.
ENDING = frozenset(
    {
        State.TAKING_CARD,
        State.TAKING_PAPER,
        State.TAKING_PAPER_ALARM,
        State.DONE,
        State.SORRY,
        State.SORRY_CARD_IN,
        State.RETURNING_CARD,
        State.CLOSING,
    }
)
