"""The warning before a state ends by itself: what will follow, and that any key gives more time."""

from enum import StrEnum

from firmware.session.context import Context
from firmware.session.known import Known, opened
from firmware.session.states import SLOT_OPEN, State


class Follows(StrEnum):
    """What happens when nobody presses a key; a word of [warning] in the texts."""

    CARD = "card"  # the card is given back
    ENDS = "ends"  # nothing was paid
    COINS = "coins"  # the coins come back
    SLIP = "slip"  # the money is paid back for a claim slip
    ALARM = "alarm"  # a tone, because card or paper was left
    PAPER = "paper"  # the printer draws the paper in
    CLOSES = "closes"  # the screen is closed, and nothing else happens


# States that end by themselves while a person is awaited. In `returning_card` nothing follows: the machine goes on asking.
_FOLLOWS = {
    State.LAST_TRY: Follows.CARD,
    State.ENTERING_PIN: Follows.CARD,
    State.ATTENDING_FIRST: Follows.CARD,
    State.ATTENDING_SECOND: Follows.CARD,
    State.TAKING_CARD: Follows.ALARM,
    State.TAKING_CARD_ALARM: Follows.ENDS,
    State.CHOOSING_KIND: Follows.ENDS,
    State.CHOOSING_PURPOSE: Follows.ENDS,
    State.TYPING_CODE: Follows.ENDS,
    State.CHOOSING_OPTIONS: Follows.ENDS,
    State.CHOOSING_COPIES: Follows.ENDS,
    State.CONFIRMING: Follows.ENDS,
    State.CONSENTING: Follows.ENDS,
    State.PREVIEWING: Follows.ENDS,
    State.TAKING_FEE: Follows.ENDS,
    State.PAYING: Follows.ENDS,
    State.RETURNING_FEE: Follows.SLIP,
    State.TAKING_PAPER: Follows.ALARM,
    State.TAKING_PAPER_ALARM: Follows.PAPER,
    State.SORRY: Follows.CLOSES,
    State.SORRY_CARD_IN: Follows.CLOSES,
}


def follows(state: State, context: Context, book: Known) -> Follows | None:
    """None: the state does not end by itself, or nobody can prolong it."""
    if state in SLOT_OPEN and opened(book).ledger.inserted_yen:
        return Follows.COINS if context.coins_come_back else Follows.SLIP
    if (
        state is State.TAKING_PAPER_ALARM and context.paper_unseen
    ):  # a printer without a sensor at its mouth draws nothing in
        return Follows.CLOSES
    return _FOLLOWS.get(state)


def warned(state: State, context: Context, book: Known) -> Follows | None:
    """What follows, while the warning is on the screen."""
    return None if context.countdown_s is None else follows(state, context, book)
