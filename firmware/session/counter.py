"""The scenes of a counter terminal: what its clerk sees, and what the resident sees where it differs from a machine.

The clerk needs what is issued, what it costs and what to do next. The resident's name, tries left, dots of the PIN and claim
code stand on the resident's glass only.
"""

from dataclasses import replace

from firmware.session import scenes as show
from firmware.session.basket import basket_lines, turns
from firmware.session.context import Context
from firmware.session.keys import LINES_PER_PAGE, pages
from firmware.session.known import Known, opened
from firmware.session.states import CHOOSING, State

_ATTENDING = frozenset({State.ATTENDING_FIRST, State.ATTENDING_SECOND})
_TYPING_PIN = frozenset({State.LAST_TRY, State.ENTERING_PIN})
_HANDING = frozenset({State.TAKING_PAPER, State.TAKING_PAPER_ALARM})
_CLERK_WAITS = {
    State.TAKING_CARD: "resident_takes_card",
    State.TAKING_CARD_ALARM: "resident_takes_card",
    State.RETURNING_CARD: "resident_takes_card_last",
}


def resident_scene(state: State, context: Context, book: Known) -> show.Scene | None:
    """None: the same as at a machine."""
    name = "" if context.who is None else context.who.masked_name
    if state in _ATTENDING:
        return show.AtCounter(what="clerks_vouch")
    if state in CHOOSING:
        return show.AtCounter(what="clerk_chooses", masked_name=name)
    if state in _HANDING:
        return show.AtCounter(what="take_from_clerk", copies=opened(book).copies_out)
    match state:
        case State.CONSENTING:
            paper, part = turns(context)[context.basket_page - 1]
            return show.Consent(
                masked_name=name,
                lines=basket_lines(context),
                fee_yen=context.fee_yen,
                page=paper + 1,
                part=part,
                more=bool(context.unshown),
            )
        case State.TAKING_FEE:
            return show.AtCounter(what="pay_at_till", amount_yen=context.fee_yen)
        case State.RETURNING_FEE:
            return show.AtCounter(what="till_returns", amount_yen=opened(book).ledger.owed_yen)
        case _:
            return None


def clerk_scene(state: State, context: Context, book: Known) -> show.Scene | None:
    """None: the same as the resident's, `without_names`."""
    if state is State.IDLE and isinstance(context.front, show.Idle):
        return show.AtCounter(what="idle_no_pin" if context.pin_waived else "idle")
    if state in _TYPING_PIN:
        return show.AtCounter(what="pin_was_wrong" if context.pin_wrong else "resident_types_pin")
    if state in _CLERK_WAITS:
        return show.AtCounter(what=_CLERK_WAITS[state])
    if state in _ATTENDING:
        return _clerk_code(context, second=state is State.ATTENDING_SECOND)
    if state in _HANDING:
        word = "hand_over" if context.paper_unseen else "hand_over_seen"
        return show.AtCounter(what=word, copies=opened(book).copies_out)
    match state:
        case State.CONSENTING:
            return show.AtCounter(what="resident_consents", amount_yen=context.fee_yen)
        case State.TAKING_FEE:
            return show.AtCounter(what="take_fee", amount_yen=context.fee_yen)
        case State.RETURNING_FEE:
            return show.AtCounter(what="return_fee", amount_yen=opened(book).ledger.owed_yen)
        case _:
            return None


def without_names(scene: show.Scene) -> show.Scene:
    """The scene of a machine as the clerk may see it."""
    if isinstance(scene, show.Done):
        return show.AtCounter(what="done_claim" if scene.claim_yen else "done", amount_yen=scene.claim_yen or None)
    if isinstance(scene, show.ChooseKind | show.Basket):
        return replace(scene, masked_name="")
    if isinstance(scene, show.Sorry):
        return replace(scene, claim_code=None)
    return scene


def _clerk_code(context: Context, *, second: bool) -> show.Scene:
    assert context.challenge is not None
    clerks = context.challenge.clerks or ()
    first = (context.page - 1) * LINES_PER_PAGE
    listed = clerks[first : first + LINES_PER_PAGE]
    before = {clerk.login for clerk in context.attended}
    return show.ClerkCode(
        names=tuple(clerk.name for clerk in listed),
        vouched=next((line for line, clerk in enumerate(listed) if clerk.login in before), None),
        chosen=None if context.clerk is None else context.clerk - first,
        digits=len(context.code),
        second=second,
        page=context.page,
        pages=pages(len(clerks)),
    )
