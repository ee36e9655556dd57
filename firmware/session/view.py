"""The scene of a state: what the resident sees, derived from the state, the context and the book's open session.

`counter.py` has the scenes of a counter terminal: its clerk's, and those of the resident's that differ there.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import accumulate
from typing import TypedDict

from drivers.vocabulary import CardRefusal, CentreRefusal, LineTrouble, Offer, PrintTrouble
from firmware.book.open_session import OpenSession
from firmware.book.reasons import EndReason
from firmware.session import counter
from firmware.session import scenes as show
from firmware.session.basket import basket_lines, turns
from firmware.session.context import ANYTHING, COUNTER, Context
from firmware.session.keys import (
    EXEMPTION_DIGITS,
    copies_left,
    end_pages,
    lines_per_page,
    may_add,
    may_preview,
    may_type_code,
    pages,
)
from firmware.session.known import Known, opened
from firmware.session.preview import ACROSS
from firmware.session.states import State
from firmware.session.warning import warned

NO_MORE = "no_more"  # of this kind: the most copies are in the basket
_TO_A_COUNTER = (
    CardRefusal.NO_CERTIFICATE,
    CardRefusal.KEY_NOT_SUPPORTED,
    CardRefusal.NO_PIN,
    CardRefusal.UNKNOWN_LABEL,
    CardRefusal.PHONE,
    CardRefusal.EXPIRED,
    CardRefusal.PIN_BLOCKED,
    CentreRefusal.CERTIFICATE_EXPIRED,
    CentreRefusal.CERTIFICATE_REVOKED,
    CentreRefusal.CERTIFICATE_FOREIGN,
    CentreRefusal.REVOCATION_UNKNOWN,
    CentreRefusal.CARD_REPORTED_LOST,
    CentreRefusal.SIGNATURE_WRONG,
    CentreRefusal.MOVED_OUT,
    CentreRefusal.UNDER_AGE,
    CentreRefusal.ASK_AT_COUNTER,
    CentreRefusal.NOT_REGISTERED,
    CentreRefusal.BOOKS_STALE,
    CentreRefusal.BAD_REQUEST,
    EndReason.PAPER_STUCK,
    EndReason.TAMPER,
)
_TO_ANY_PLACE = (
    CardRefusal.KIND_NOT_TAKEN,
    CardRefusal.READER_IN_USE,
    CentreRefusal.CARD_EXPIRED,
    CentreRefusal.CARD_NOT_TAKEN,
    CentreRefusal.NOT_OFFERED,
    CentreRefusal.OUTSIDE_HOURS,
    CentreRefusal.STOPPED,
    *(trouble for trouble in LineTrouble),
    *(trouble for trouble in PrintTrouble),
    EndReason.PAPER_NOT_READY,
    EndReason.PAPER_SHORT,
    EndReason.CHANGE_SHORT,
    EndReason.BINDING,
    EndReason.DOOR,
    EndReason.COIN_TROUBLE,
    EndReason.MACHINE,
)
# It may be tried again here; who has had enough of the machine goes to people.
_AGAIN = (
    CardRefusal.NOT_OUR_CARD,
    CardRefusal.UNREADABLE,
    CentreRefusal.WRONG_PIN,
    CentreRefusal.CODE_WRONG,
    CentreRefusal.PIN_NEEDED,
    CentreRefusal.CLERK_REFUSED,
    CentreRefusal.SAME_CLERK,
    CentreRefusal.BOOKS_CHANGED,
    CentreRefusal.EXPIRED,
    EndReason.CANCELLED,
    EndReason.TIMED_OUT,
    EndReason.PAY_TIMED_OUT,
    EndReason.CARD_REMOVED,
)
# Where the end for a reason sends the resident (`Served.elsewhere`); only another municipality's matters have no place here.
SENT: Mapping[str, str] = {
    **dict.fromkeys((*_TO_A_COUNTER, *_AGAIN), COUNTER),
    **dict.fromkeys(_TO_ANY_PLACE, ANYTHING),
}
# The same for a grey line of the menu, where it is known which kind is wanted.
_SENT_FROM_THE_MENU: Mapping[str, str] = {
    **dict.fromkeys(_TO_A_COUNTER, COUNTER),
    **dict.fromkeys(_TO_ANY_PLACE, "{kind}"),
}

_WORKING = {
    State.READING_CARD: "reading_card",
    State.CALLING_CENTRE: "calling_centre",
    State.CHECKING_PIN: "checking_pin",
    State.PROVING_CARD: "authenticating",
    State.AUTHENTICATING: "authenticating",
    State.CHECKING_CODE: "checking_code",
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


class _Page(TypedDict):
    page: int
    pages: int


class _Warning(TypedDict):
    countdown_s: int | None
    follows: str | None


def clerk_scene(state: State, context: Context, book: Known) -> show.Scene:
    """What the clerk of a counter terminal sees: nobody's name but theirs, no PIN, no claim code."""
    house = context.house
    there = counter.clerk_scene(state, context, book) or counter.without_names(_picture(state, context, book))
    return replace(
        there,
        clerk=True,
        language=house.languages[0],
        **_warning(state, context, book),
        city=house.city,
        telephone=None if house.city is None else house.telephone,
        youngest_years=house.youngest_years,
    )


def scene(state: State, context: Context, book: Known) -> show.Scene:
    """Gather what the screen of this state needs."""
    house = context.house
    there: show.Scene | None = counter.resident_scene(state, context, book) if house.has_till else None
    if context.choosing_look:
        picture = None if not context.listens else "unhide" if context.dark else "hide"
        there = show.ChooseLook(languages=house.languages, picture=picture)
    return replace(
        there or _picture(state, context, book),
        language=context.language,
        look=context.look,
        dark=context.dark and not context.choosing_look,
        **_warning(state, context, book),
        city=house.city,
        telephone=None if house.city is None else house.telephone,
        youngest_years=house.youngest_years,
    )


def _warning(state: State, context: Context, book: Known) -> _Warning:
    word = warned(state, context, book)
    return _Warning(countdown_s=None if word is None else context.countdown_s, follows=word)


def _picture(state: State, context: Context, book: Known) -> show.Scene:
    """The scene without what is common to all."""
    if state in _WORKING:
        return show.Working(what=_WORKING[state])
    if state in _BEFORE_MONEY:
        return _BEFORE_MONEY[state](context)
    session = opened(book)
    match state:
        case State.PAYING | State.PART_PAID:
            return _pay(context, session)
        case State.PREPARING_PAPER | State.PRINTING:
            return _printing(context, session)
        case State.PREPARING_PAYOUT | State.PAYING_OUT:
            return _money_back(context, session)
        case State.TAKING_PAPER | State.TAKING_PAPER_ALARM:
            return _take_paper(context, session, alarm=state is State.TAKING_PAPER_ALARM)
        case State.DONE if context.reason is None:
            return _done(context, session)
        case _:
            return _sorry(context, session, card_in=state is State.SORRY_CARD_IN)


def _idle(context: Context) -> show.Scene:
    return context.front or show.Starting()


def _last_try(_: Context) -> show.Scene:
    return show.LastTry()


def _enter_pin(context: Context) -> show.Scene:
    return show.EnterPin(
        count=context.pin_count,
        tries_left=context.tries_left,
        wrong=context.pin_wrong and context.pin_count == 0,
    )


def _take_card(_: Context, *, alarm: bool = False, last: bool = False) -> show.Scene:
    return show.TakeCard(alarm=alarm, last=last)


def _pay(context: Context, session: OpenSession) -> show.Scene:
    return show.Pay(
        fee_yen=context.fee_yen,
        inserted_yen=session.ledger.inserted_yen,
        accepts_yen=tuple(sorted(context.accepting_yen)),
        exact_money_only=context.exact_money_only,
        coins_come_back=context.coins_come_back,
        rejected=context.coin_rejected,
    )


def _money_back(context: Context, session: OpenSession) -> show.Scene:
    """Coin value by coin value, as the hoppers pay them."""
    paid_yen, paying = session.ledger.paid_out_yen, session.paying
    return show.MoneyBack(
        amount_yen=session.ledger.owed_yen + paid_yen,
        is_change=session.printed > 0,
        paid_yen=paid_yen,
        coming=context.next_payout if paying is None else (paying.value_yen, paying.coins),
    )


def _take_paper(context: Context, session: OpenSession, *, alarm: bool) -> show.Scene:
    return show.TakePaper(
        copies=session.copies_out,
        change_yen=session.ledger.paid_out_yen,
        claim_yen=session.ledger.claimed_yen,
        claim_slip=not context.claim_slip_failed,
        alarm=alarm,
        unseen=context.paper_unseen,
        elsewhere=_elsewhere(context, COUNTER) if alarm or session.ledger.claimed_yen else None,
    )


def _done(context: Context, session: OpenSession) -> show.Scene:
    return show.Done(
        copies=session.printed,
        fee_yen=session.ledger.earned_yen,
        change_yen=session.ledger.paid_out_yen,
        claim_yen=session.ledger.claimed_yen,
        claim_code=context.claim_code if session.ledger.claimed_yen else None,
        claim_slip=not context.claim_slip_failed,
        elsewhere=_elsewhere(context, COUNTER) if session.ledger.claimed_yen else None,
        **_end_page(State.DONE, context, session),
    )


def _sorry(context: Context, session: OpenSession, *, card_in: bool) -> show.Scene:
    """Money that is owed and papers that are void are the desk's, whatever the reason."""
    desk = session.ledger.claimed_yen or session.void_paper
    sent = COUNTER if desk else SENT.get(context.reason or EndReason.MACHINE, "")
    return show.Sorry(
        reason=context.reason or EndReason.MACHINE,
        returned_yen=session.ledger.paid_out_yen,
        claim_yen=session.ledger.claimed_yen,
        claim_code=context.claim_code if session.ledger.claimed_yen else None,
        claim_slip=not context.claim_slip_failed,
        issued_copies=session.copies_out,
        void_paper=session.void_paper,
        card_in=card_in,
        elsewhere=_elsewhere(context, sent),
        **_end_page(State.SORRY, context, session),
    )


def _end_page(state: State, context: Context, session: OpenSession) -> _Page:
    count = end_pages(state, context, session)
    return _Page(page=min(context.end_page, count), pages=count)


def _elsewhere(context: Context, what: str) -> show.Elsewhere | None:
    """Where else to go. Who needs a person and stands at a counter is sent to no other: the person is there."""
    served, house = context.house.served, context.house
    return None if served is None or (house.has_till and what == COUNTER) else served.elsewhere.get(what)


def _refusal_of(context: Context, offer: Offer) -> str | None:
    if offer.refusal is not None:
        return str(offer.refusal)
    return None if copies_left(context, offer) else NO_MORE


def _choose_kind(context: Context) -> show.Scene:
    assert context.who is not None
    lines = tuple(
        show.KindLine(title=o.title, fee_yen=o.fee_yen, refusal=_refusal_of(context, o)) for o in context.who.offers
    )
    on_page = lines_per_page(context)
    first = (context.page - 1) * on_page
    refused = context.refused_line
    elsewhere = None
    if refused is not None:
        offer = context.who.offers[refused]
        elsewhere = _elsewhere(context, _SENT_FROM_THE_MENU.get(str(offer.refusal), "").format(kind=offer.kind))
    return show.ChooseKind(
        masked_name=context.who.masked_name,
        lines=lines[first : first + on_page],
        page=context.page,
        pages=pages(len(lines), on_page),
        may_go_back=bool(context.basket),
        takes_code=may_type_code(context),
        refused=None if refused is None else refused - first,
        elsewhere=elsewhere,
    )


def _choose_purpose(context: Context) -> show.Scene:
    draft = context.draft
    assert draft is not None
    on_page = lines_per_page(context)
    first = (draft.page - 1) * on_page
    return show.ChoosePurpose(
        kind_title=draft.offer.title,
        purposes=tuple(purpose.title for purpose in draft.purposes[first : first + on_page]),
        page=draft.page,
        pages=pages(len(draft.purposes), on_page),
    )


def _type_code(context: Context) -> show.Scene:
    return show.TypeCode(code=context.code, digits=EXEMPTION_DIGITS, wrong=context.code_wrong)


def _choose_option(context: Context) -> show.Scene:
    draft = context.draft
    assert draft is not None
    group = draft.open_group()
    assert group is not None
    chosen = draft.marked or group.default
    on_page = lines_per_page(context)
    first = (draft.page - 1) * on_page
    shown = group.choices[first : first + on_page]
    return show.ChooseOption(
        kind_title=draft.offer.title,
        title=group.title,
        lines=tuple(show.ChoiceLine(label=c.label, chosen=c.value in chosen) for c in shown),
        several=group.several,
        step=len(draft.answers) + 1,
        steps=len(draft.asked()),
        page=draft.page,
        pages=pages(len(group.choices), on_page),
    )


def _choose_copies(context: Context) -> show.Scene:
    draft = context.draft
    assert draft is not None
    return show.ChooseCopies(
        kind_title=draft.offer.title,
        fee_yen=draft.offer.fee_yen,
        copies=draft.copies,
        copies_max=copies_left(context, draft.offer),
    )


def _basket(context: Context) -> show.Scene:
    assert context.who is not None
    paper, part = turns(context, by_clerk=context.house.has_till)[context.basket_page - 1]
    return show.Basket(
        masked_name=context.who.masked_name,
        lines=basket_lines(context),
        fee_yen=context.fee_yen,
        may_add=may_add(context),
        may_preview=may_preview(context),
        page=paper + 1,
        part=part,
    )


def _preview(context: Context) -> show.Scene:
    viewing = context.viewing
    assert viewing is not None
    seen = viewing.now
    last_copies = accumulate(item.copies for _, item in context.basket)
    line = next(number for number, last in enumerate(last_copies) if seen.copy <= last)
    return show.Preview(
        line=basket_lines(context)[line],
        dots=seen.rows,
        width_dots=seen.width_dots,
        height_dots=seen.height_dots,
        part=(*viewing.left_top, ACROSS, viewing.part_height) if viewing.enlarged else None,
        moves=tuple(viewing.moves()),
        page=viewing.page,
        pages=1 if viewing.enlarged else len(viewing.pages),
        fee_yen=context.fee_yen,
        reads=context.listens and not viewing.enlarged,
        items=viewing.now.items if context.listens else (),
        said=viewing.said if context.listens else 0,
        sayings=viewing.sayings,
    )


def _printing(context: Context, session: OpenSession) -> show.Scene:
    copy = min(session.printed + 1, session.wanted)
    return show.Printing(
        kind_title=context.item_of_copy[copy].title,
        copy=copy,
        copies=session.wanted,
    )


# Scenes that need the context only.
_BEFORE_MONEY: dict[State, Callable[[Context], show.Scene]] = {
    State.IDLE: _idle,
    State.LAST_TRY: _last_try,
    State.ENTERING_PIN: _enter_pin,
    State.TAKING_CARD: _take_card,
    State.TAKING_CARD_ALARM: partial(_take_card, alarm=True),
    State.RETURNING_CARD: partial(_take_card, alarm=True, last=True),
    State.CHOOSING_KIND: _choose_kind,
    State.CHOOSING_PURPOSE: _choose_purpose,
    State.TYPING_CODE: _type_code,
    State.CHOOSING_OPTIONS: _choose_option,
    State.CHOOSING_COPIES: _choose_copies,
    State.CONFIRMING: _basket,
    State.PREVIEWING: _preview,
}
