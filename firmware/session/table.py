"""The session as a table: for every state, what each event leads to.

Theory. A resident's session is one walk through this table, from IDLE to IDLE. The table is data: tests walk
it, README.md is drawn from it, and no code outside decides a transition. A pair that is not in the table raises,
so everything that can happen in a state is written here, once. A row has no condition: where a decision
depends on data (is the fee met? is this the last copy?), `absorb` has chosen between two events.

Five groups of rows are shared by several states:
`_ANYWHERE` (language, countdown, and what changes nothing: a late coin, another card, a key without meaning),
`_CARD_IN` (the card is in the reader and no money is in play),
`_MENU` (the card has gone back, no money yet), `_PAYING` (the slot is open),
and `_SETTLE` (the slot is closed: pay what is owed, claim it, or go on because nothing is owed).
Only rows of `_SETTLE` lead out of the states that hold money, so money owed cannot be forgotten.

A counter terminal walks the same table. Its own states are the two clerks of a resident without a PIN, CONSENTING, and the
two in which the till takes or returns the fee in the place of slot and hoppers; `absorb` chooses the events that lead there.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from firmware.session import actions as do
from firmware.session.actions import Action
from firmware.session.events import Event as E  # noqa: N817  the table is read as a table
from firmware.session.states import State as S  # noqa: N817


@dataclass(frozen=True, slots=True)
class Row:
    """`next`: the state that follows; None: the same. `restarts`: the time-out begins anew even in the same state."""

    next: S | None
    actions: tuple[Action, ...] = ()
    restarts: bool = True


def _to(next_state: S, *actions: Action) -> Row:
    return Row(next_state, actions)


STAY = Row(None)
_IGNORE = Row(None, restarts=False)

Rows = Mapping[E, Row]

_ANYWHERE: Rows = {
    E.LANGUAGE_CHANGED: STAY,
    E.TICKED: _IGNORE,
    E.KEY_IGNORED: _IGNORE,
    E.PROLONGED: STAY,
    E.DOOR_OPENED: _IGNORE,
    E.COIN_NOTED: _IGNORE,
    E.COIN_TROUBLE: _IGNORE,
    E.CARD_INSERTED: _IGNORE,
    E.CARD_REMOVED: _IGNORE,
    E.CONFIRMED: _IGNORE,
    E.WENT_BACK: _IGNORE,
    E.CANCELLED: _IGNORE,
    E.PIN_CHANGED: _IGNORE,
    E.PIN_ENTERED: _IGNORE,
    E.PAPER_STILL_THERE: _IGNORE,
    E.PAPER_TAKEN: _IGNORE,
    E.PIN_WAIVED: _IGNORE,
}

_SORRY = _to(S.SORRY, do.advise)
_SORRY_CARD_IN = _to(S.SORRY_CARD_IN, do.release_card)
_REFUND = _to(S.DRAINING_REFUND, do.close_slot)

_CARD_IN: Rows = {
    **_ANYWHERE,
    E.CARD_REMOVED: _to(S.SORRY),
    E.TIMED_OUT: _SORRY_CARD_IN,
    E.DEVICE_TROUBLE: _SORRY_CARD_IN,
    E.DOOR_OPENED: _SORRY_CARD_IN,
    E.CARD_TROUBLE: _SORRY_CARD_IN,
    E.CANCELLED: _to(S.RETURNING_CARD, do.release_card),
    E.CENTRE_REFUSED: _SORRY_CARD_IN,
    E.CENTRE_UNREACHABLE: _SORRY_CARD_IN,
}

# The reader has been told to release the card. If it fails now, it is told nothing more: repeating the command
# after each failure would never end.
_CARD_GOES: Rows = {E.DEVICE_TROUBLE: _IGNORE, E.CARD_TROUBLE: _IGNORE, E.DOOR_OPENED: _IGNORE}

_MENU: Rows = {
    **_ANYWHERE,
    E.CANCELLED: _SORRY,
    E.TIMED_OUT: _SORRY,
    E.DEVICE_TROUBLE: _SORRY,
    E.DOOR_OPENED: _SORRY,
}

_ASKING_CENTRE: Rows = {
    **_MENU,
    E.CANCELLED: _IGNORE,
    E.CENTRE_REFUSED: _SORRY,
    E.CENTRE_UNREACHABLE: _SORRY,
    E.BINDING_FAILED: _SORRY,
}

_PAYING: Rows = {
    **_ANYWHERE,
    E.COIN: _to(S.PART_PAID, do.open_slot),
    E.FEE_MET: _to(S.DRAINING_PAID, do.close_slot),
    E.COIN_NOTED: STAY,
    E.COIN_TROUBLE: _REFUND,
    E.TAMPERED: _REFUND,
    E.CANCELLED: _REFUND,
    E.TIMED_OUT: _REFUND,
    E.DEVICE_TROUBLE: _REFUND,
    E.DOOR_OPENED: _REFUND,
}

_SETTLE: Rows = {
    **_ANYWHERE,
    E.COIN: _IGNORE,
    E.FEE_MET: _IGNORE,
    E.TAMPERED: _IGNORE,
    E.PAYOUT_DUE: _to(S.PREPARING_PAYOUT, do.advise, do.count_hopper),
    E.RETURN_DUE: _to(S.RETURNING_FEE, do.advise),
    E.CLAIM_DUE: _to(S.PRINTING_CLAIM_SLIP, do.advise, do.claim),
    E.SETTLED_WITH_PAPER: _to(S.PRINTING_RECEIPT, do.advise, do.print_receipt),
    E.SETTLED_WITHOUT_PAPER: _SORRY,
}

_TABLE: dict[S, Rows] = {
    S.IDLE: {
        **_ANYWHERE,
        E.CARD_INSERTED: _to(S.READING_CARD, do.open_session, do.read_card),
        E.PIN_WAIVED: STAY,
        E.TIMED_OUT: _to(S.IDLE, do.reset_language),
    },
    # --- the card -------------------------------------------------------------------------------
    S.READING_CARD: {
        **_CARD_IN,
        E.CARD_READ: _to(S.CALLING_CENTRE, do.ask_challenge),
        E.CARD_NOT_USABLE: _SORRY_CARD_IN,
    },
    S.CALLING_CENTRE: {
        **_CARD_IN,
        E.CHALLENGED: _to(S.ENTERING_PIN),
        E.CHALLENGED_ONE_LEFT: _to(S.LAST_TRY),
        E.CHALLENGED_ATTENDED: _to(S.ATTENDING_FIRST),
    },
    S.LAST_TRY: {**_CARD_IN, E.CONFIRMED: _to(S.ENTERING_PIN)},
    S.ENTERING_PIN: {
        **_CARD_IN,
        E.PIN_CHANGED: STAY,
        E.PIN_ENTERED: _to(S.CHECKING_PIN, do.prove_card),
    },
    S.CHECKING_PIN: {
        **_CARD_IN,
        E.CANCELLED: _IGNORE,
        E.PIN_PROVED: _to(S.AUTHENTICATING, do.authenticate),
        E.PIN_WRONG: _to(S.ENTERING_PIN),
        E.PIN_WRONG_ONE_LEFT: _to(S.LAST_TRY),
        E.PIN_BLOCKED: _SORRY_CARD_IN,
    },
    S.ATTENDING_FIRST: {**_CARD_IN, E.CODE_TYPED: STAY, E.PAGE_TURNED: STAY, E.CLERK_NAMED: _to(S.ATTENDING_SECOND)},
    S.ATTENDING_SECOND: {
        **_CARD_IN,
        E.CODE_TYPED: STAY,
        E.PAGE_TURNED: STAY,
        E.CLERK_NAMED: _to(S.PROVING_CARD, do.show_card),
    },
    S.PROVING_CARD: {**_CARD_IN, E.CANCELLED: _IGNORE, E.PIN_PROVED: _to(S.AUTHENTICATING, do.authenticate)},
    S.AUTHENTICATING: {
        **_CARD_IN,
        E.CANCELLED: _IGNORE,
        E.AUTHENTICATED: _to(S.TAKING_CARD, do.release_card),
        E.CENTRE_WRONG_PIN: _to(S.CALLING_CENTRE, do.ask_challenge),
    },
    S.TAKING_CARD: {
        **_CARD_IN,
        E.CARD_REMOVED: _to(S.CHOOSING_KIND),
        E.TIMED_OUT: _to(S.TAKING_CARD_ALARM),
    },
    S.TAKING_CARD_ALARM: {
        **_CARD_IN,
        E.CARD_REMOVED: _to(S.CHOOSING_KIND),
        E.TIMED_OUT: _to(S.RETURNING_CARD),
    },
    # --- the choice -----------------------------------------------------------------------------
    S.CHOOSING_KIND: {
        **_MENU,
        E.KIND_CHOSEN: _to(S.CHOOSING_COPIES),
        E.KIND_WITH_OPTIONS_CHOSEN: _to(S.CHOOSING_OPTIONS),
        E.PURPOSE_WANTED: _to(S.CHOOSING_PURPOSE),
        E.KIND_REFUSED: STAY,
        E.PAGE_TURNED: STAY,
        E.WENT_BACK: _to(S.CONFIRMING),
        E.CODE_WANTED: _to(S.TYPING_CODE),
    },
    S.CHOOSING_PURPOSE: {
        **_MENU,
        E.KIND_CHOSEN: _to(S.CHOOSING_COPIES),
        E.KIND_WITH_OPTIONS_CHOSEN: _to(S.CHOOSING_OPTIONS),
        E.PAGE_TURNED: STAY,
        E.WENT_BACK: _to(S.CHOOSING_KIND, do.forget_draft),
    },
    S.TYPING_CODE: {
        **_MENU,
        E.CODE_TYPED: STAY,
        E.CODE_ENTERED: _to(S.CHECKING_CODE, do.tell_code),
        E.WENT_BACK: _to(S.CHOOSING_KIND),
    },
    S.CHECKING_CODE: {
        **_MENU,
        E.CANCELLED: _IGNORE,
        E.CENTRE_REFUSED: _SORRY,
        E.CENTRE_UNREACHABLE: _SORRY,
        E.CODE_REFUSED: _to(S.TYPING_CODE),
        E.AUTHENTICATED: _to(S.CHOOSING_KIND),
    },
    S.CHOOSING_OPTIONS: {
        **_MENU,
        E.PAGE_TURNED: STAY,
        E.OPTION_MARKED: STAY,
        E.OPTION_ANSWERED: STAY,
        E.OPTIONS_DONE: _to(S.CHOOSING_COPIES),
        E.PURPOSE_WANTED: _to(S.CHOOSING_PURPOSE),
        E.WENT_BACK: _to(S.CHOOSING_KIND, do.forget_draft),
    },
    S.CHOOSING_COPIES: {
        **_MENU,
        E.COPIES_CHANGED: STAY,
        E.CONFIRMED: _to(S.CONFIRMING, do.put_in_basket),
        E.OPTION_MARKED: _to(S.CHOOSING_OPTIONS),
        E.PURPOSE_WANTED: _to(S.CHOOSING_PURPOSE),
        E.WENT_BACK: _to(S.CHOOSING_KIND, do.forget_draft),
    },
    S.CONFIRMING: {
        **_MENU,
        E.CONFIRMED: _to(S.RESERVING, do.reserve),
        E.PREVIEW_WANTED: _to(S.RESERVING, do.reserve),
        E.CONSENT_WANTED: _to(S.CONSENTING),
        E.ANOTHER_WANTED: _to(S.CHOOSING_KIND),
        E.PAGE_TURNED: STAY,
        E.LINE_REMOVED: STAY,
        E.BASKET_EMPTIED: _to(S.CHOOSING_KIND),
    },
    S.CONSENTING: {
        **_MENU,
        E.CONFIRMED: _to(S.RESERVING, do.reserve),
        E.PAGE_TURNED: STAY,
        E.WENT_BACK: _to(S.CONFIRMING),
    },
    # --- the document, before any money ---------------------------------------------------------
    S.RESERVING: {**_ASKING_CENTRE, E.RESERVED: _to(S.FETCHING, do.fetch)},
    S.FETCHING: {**_ASKING_CENTRE, E.FETCHED: _to(S.RASTERISING, do.rasterise)},
    S.RASTERISING: {
        **_ASKING_CENTRE,
        E.PAGES_READY: _to(S.CHECKING_PAPER, do.check_paper),
        E.PAGES_TO_SEE: _to(S.PREVIEWING),
    },
    S.PREVIEWING: {**_MENU, E.PAGE_TURNED: STAY, E.CONFIRMED: _to(S.CHECKING_PAPER, do.check_paper)},
    S.CHECKING_PAPER: {
        **_ASKING_CENTRE,
        E.PAPER_READY: _to(S.CHECKING_COINS, do.check_coins),
        E.PAPER_READY_FEE_AT_TILL: _to(S.TAKING_FEE),
        E.PAPER_READY_NOTHING_TO_PAY: _to(S.PREPARING_PAPER, do.count_paper),
        E.PAPER_NOT_READY: _SORRY,
    },
    S.CHECKING_COINS: {
        **_ASKING_CENTRE,
        E.COINS_READY: _to(S.PAYING, do.open_slot),
        E.COINS_NOT_READY: _SORRY,
    },
    # --- money ----------------------------------------------------------------------------------
    S.TAKING_FEE: {**_MENU, E.FEE_TAKEN: _to(S.PREPARING_PAPER, do.count_paper)},
    S.PAYING: _PAYING,
    S.PART_PAID: _PAYING,
    S.DRAINING_PAID: {
        **_SETTLE,
        E.TAMPERED: _to(S.DRAINING_REFUND),
        E.SLOT_CLOSED: _to(S.PREPARING_PAPER, do.count_paper),
    },
    S.DRAINING_REFUND: _SETTLE,
    # --- paper ----------------------------------------------------------------------------------
    S.PREPARING_PAPER: {**_SETTLE, E.PAPER_COUNTED: _to(S.PRINTING, do.print_copy)},
    S.PRINTING: {**_SETTLE, E.COPY_PRINTED: _to(S.PREPARING_PAPER, do.count_paper)},
    # --- what is owed ---------------------------------------------------------------------------
    S.RETURNING_FEE: _SETTLE,
    S.PREPARING_PAYOUT: {**_SETTLE, E.HOPPER_COUNTED: _to(S.PAYING_OUT, do.dispense)},
    S.PAYING_OUT: _SETTLE,
    S.PRINTING_CLAIM_SLIP: _SETTLE,
    S.PRINTING_RECEIPT: {
        **_ANYWHERE,
        E.SLIP_ENDED: _to(S.TAKING_PAPER, do.watch_exit),
        E.SLIP_ENDED_NOTHING_OUT: _to(S.SORRY),
    },
    # --- handing over ---------------------------------------------------------------------------
    S.TAKING_PAPER: {
        **_ANYWHERE,
        E.PAPER_TAKEN: _to(S.DONE, do.paper_taken),
        E.TIMED_OUT: _to(S.TAKING_PAPER_ALARM),
    },
    S.TAKING_PAPER_ALARM: {
        **_ANYWHERE,
        E.PAPER_TAKEN: _to(S.DONE, do.paper_taken),
        E.TIMED_OUT: _to(S.CLOSING, do.paper_left, do.close_session),
    },
    S.DONE: {
        **_ANYWHERE,
        E.PAGE_TURNED: STAY,
        E.TIMED_OUT: _to(S.CLOSING, do.close_session),
        E.CONFIRMED: _to(S.CLOSING, do.close_session),
    },
    S.SORRY: {
        **_ANYWHERE,
        E.PAGE_TURNED: STAY,
        E.TIMED_OUT: _to(S.CLOSING, do.close_session),
        E.CONFIRMED: _to(S.CLOSING, do.close_session),
    },
    S.SORRY_CARD_IN: {
        **_CARD_IN,
        **_CARD_GOES,
        E.CARD_REMOVED: _to(S.SORRY),
        E.TIMED_OUT: _to(S.RETURNING_CARD),
        E.CONFIRMED: _to(S.RETURNING_CARD),
        E.CANCELLED: _IGNORE,
    },
    S.RETURNING_CARD: {
        **_CARD_IN,
        **_CARD_GOES,
        E.CARD_REMOVED: _to(S.CLOSING, do.close_session),
        E.TIMED_OUT: _to(S.RETURNING_CARD),
        E.CANCELLED: _IGNORE,
    },
    S.CLOSING: {**_ANYWHERE, E.WIPED: _to(S.IDLE), E.TIMED_OUT: _to(S.IDLE)},
}

TABLE: Mapping[S, Rows] = _TABLE
