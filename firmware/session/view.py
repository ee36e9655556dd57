"""The scene of a state: what the resident sees, derived from the state and the context and nothing else."""

from drivers.vocabulary import OptionGroup, Text
from firmware.session import scenes as show
from firmware.session.context import Context
from firmware.session.keys import LINES_PER_PAGE, may_add, pages
from firmware.session.states import State

_WORKING = {
    State.READING_CARD: "reading_card",
    State.CALLING_CENTRE: "calling_centre",
    State.CHECKING_PIN: "checking_pin",
    State.AUTHENTICATING: "authenticating",
    State.RESERVING: "preparing",
    State.FETCHING: "preparing",
    State.RASTERISING: "preparing",
    State.CHECKING_PAPER: "preparing",
    State.CHECKING_COINS: "opening_slot",
    State.DRAINING_PAID: "counting",
    State.DRAINING_REFUND: "counting",
    State.PRINTING_CLAIM_SLIP: "settling",
    State.PRINTING_RECEIPT: "settling",
    State.CLOSING: "settling",
}


def scene(state: State, context: Context) -> show.Scene:
    """Draw nothing, decide nothing: gather what the picture of this state needs."""
    if state in _WORKING:
        return show.Working(language=context.language, what=_WORKING[state])
    match state:
        case State.IDLE:
            return context.front or show.Starting(language=context.language)
        case State.LAST_TRY:
            return show.LastTry(language=context.language, countdown_s=context.countdown_s)
        case State.ENTERING_PIN:
            return show.EnterPin(
                language=context.language,
                countdown_s=context.countdown_s,
                count=context.pin_count,
                tries_left=context.tries_left,
                wrong=context.pin_wrong and context.pin_count == 0,
            )
        case State.TAKING_CARD | State.TAKING_CARD_ALARM | State.RETURNING_CARD:
            alarm = state is not State.TAKING_CARD
            return show.TakeCard(language=context.language, countdown_s=context.countdown_s, alarm=alarm)
        case State.CHOOSING_KIND:
            return _choose_kind(context)
        case State.CHOOSING_OPTIONS:
            return _choose_option(context)
        case State.CHOOSING_COPIES:
            return _choose_copies(context)
        case State.CONFIRMING:
            return _basket(context)
        case State.PAYING | State.PART_PAID:
            return show.Pay(
                language=context.language,
                countdown_s=context.countdown_s,
                fee_yen=context.fee_yen,
                inserted_yen=context.ledger.inserted_yen,
                accepts_yen=tuple(sorted(context.accepting_yen)),
                exact_money_only=context.exact_money_only,
                rejected=context.coin_rejected,
            )
        case State.PREPARING_PAPER | State.PRINTING:
            return _printing(context)
        case State.PREPARING_PAYOUT | State.PAYING_OUT:
            amount = context.ledger.owed_yen + context.ledger.paid_out_yen
            return show.MoneyBack(language=context.language, amount_yen=amount, is_change=bool(context.printed))
        case State.TAKING_PAPER | State.TAKING_PAPER_ALARM:
            return show.TakePaper(
                language=context.language,
                countdown_s=context.countdown_s,
                copies=context.copies_out,
                change_yen=context.ledger.paid_out_yen,
                alarm=state is State.TAKING_PAPER_ALARM,
            )
        case State.DONE if context.reason is None:
            return show.Done(
                language=context.language,
                copies=len(context.printed),
                fee_yen=context.ledger.earned_yen,
                change_yen=context.ledger.paid_out_yen,
                claim_yen=context.claim_yen,
                claim_code=context.claim_code if context.claim_yen else None,
                claim_slip=not context.claim_slip_failed,
            )
        case _:
            return _sorry(context, card_in=state is State.SORRY_CARD_IN)


def _sorry(context: Context, *, card_in: bool) -> show.Scene:
    return show.Sorry(
        language=context.language,
        countdown_s=context.countdown_s,
        reason=str(context.reason or "machine"),
        returned_yen=context.ledger.paid_out_yen,
        claim_yen=context.claim_yen,
        claim_code=context.claim_code if context.claim_yen else None,
        claim_slip=not context.claim_slip_failed,
        issued_copies=context.copies_out,
        void_paper=context.void_paper,
        card_in=card_in,
    )


def _choose_kind(context: Context) -> show.Scene:
    assert context.who is not None
    lines = tuple(
        show.KindLine(title=o.title, fee_yen=o.fee_yen, refusal=str(o.refusal) if o.refusal else None)
        for o in context.who.offers
    )
    first = (context.page - 1) * LINES_PER_PAGE
    refused = context.refused_line
    return show.ChooseKind(
        language=context.language,
        countdown_s=context.countdown_s,
        masked_name=context.who.masked_name,
        lines=lines[first : first + LINES_PER_PAGE],
        page=context.page,
        pages=pages(len(lines)),
        may_go_back=bool(context.basket),
        refused=None if refused is None else refused - first,
    )


def _choose_option(context: Context) -> show.Scene:
    draft = context.draft
    assert draft is not None
    group = draft.open_group()
    assert group is not None
    chosen = draft.marked or group.default
    first = (draft.page - 1) * LINES_PER_PAGE
    shown = group.choices[first : first + LINES_PER_PAGE]
    return show.ChooseOption(
        language=context.language,
        countdown_s=context.countdown_s,
        kind_title=draft.offer.title,
        title=group.title,
        lines=tuple(show.ChoiceLine(label=c.label, chosen=c.value in chosen) for c in shown),
        several=group.several,
        step=len(draft.answers) + 1,
        steps=len(draft.groups()),
        page=draft.page,
        pages=pages(len(group.choices)),
    )


def _choose_copies(context: Context) -> show.Scene:
    draft = context.draft
    assert draft is not None
    return show.ChooseCopies(
        language=context.language,
        countdown_s=context.countdown_s,
        kind_title=draft.offer.title,
        fee_yen=draft.offer.fee_yen,
        copies=draft.copies,
        copies_max=draft.offer.copies_max,
    )


def _basket(context: Context) -> show.Scene:
    assert context.who is not None
    lines = tuple(
        show.BasketLine(
            title=offer.title,
            details=tuple(d for group in offer.groups for d in _labels(group, item.options.get(group.key, ()))),
            copies=item.copies,
            fee_yen=offer.fee_yen * item.copies,
        )
        for offer, item in context.basket
    )
    return show.Basket(
        language=context.language,
        countdown_s=context.countdown_s,
        masked_name=context.who.masked_name,
        lines=lines,
        fee_yen=context.fee_yen,
        may_add=may_add(context),
    )


def _labels(group: OptionGroup, values: tuple[str, ...]) -> tuple[Text, ...]:
    """What was chosen, in few words: of a question to print or omit something, its title, if it is printed."""
    if {choice.value for choice in group.choices} == {"print", "omit"}:
        return (group.title,) if "print" in values else ()
    return tuple(choice.label for choice in group.choices if choice.value in values)


def _printing(context: Context) -> show.Scene:
    assert context.reserved is not None
    copy = min(len(context.printed) + 1, len(context.reserved.copies))
    return show.Printing(
        language=context.language,
        kind_title=context.item_of_copy[copy].title,
        copy=copy,
        copies=len(context.reserved.copies),
    )
