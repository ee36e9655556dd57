"""What a key means, given the screen the resident is looking at."""

from collections.abc import Callable

from drivers.vocabulary import Attendance, Key, Offer
from firmware.book.open_session import OpenSession
from firmware.book.reasons import EndReason
from firmware.session.basket import turns
from firmware.session.context import COUNTER, Context, Draft
from firmware.session.events import Event
from firmware.session.look import look_event
from firmware.session.scenes import Idle, Look
from firmware.session.states import CLERK_ACTS, EITHER, RULES, KeypadMode, Side, State

_THE_END = frozenset({State.DONE, State.SORRY, State.TAKING_PAPER, State.TAKING_PAPER_ALARM})
_SAID_AT_THE_END = frozenset({State.DONE, State.SORRY})
LINES_PER_PAGE = 6  # numbers 1 to 6; ▲ and ▼ turn the page
LARGE_LINES_PER_PAGE = 3

CODE_DIGITS = 6  # of a clerk's second factor
EXEMPTION_DIGITS = 8
_PIN_WAIVED = Key.D1  # on the clerk's side, while nobody is served


def key_event(
    state: State, context: Context, key: Key, side: Side = Side.RESIDENT, *, session: OpenSession | None = None
) -> Event:
    """The event of one key press. Marks and pages of the menus are changed in the context. `session`: what an ending tells of."""
    if RULES[state].keypad is KeypadMode.DEAD:  # pressed before the keypad was switched off, read only now
        return Event.KEY_IGNORED
    look = look_event(state, context, key) if side is Side.RESIDENT else None
    if look is not None:
        return look
    if context.house.has_till and not _may_press(state, context, key, side):
        return Event.KEY_IGNORED
    if side is Side.CLERK and state is State.IDLE:
        context.pin_waived = not context.pin_waived
        return Event.PIN_WAIVED
    if key is Key.CANCEL:
        if state is State.IDLE:
            return Event.KEY_IGNORED
        if context.reason is None and state not in _THE_END:
            context.reason = EndReason.CANCELLED
        return Event.CANCELLED
    if state in _SAID_AT_THE_END and key in {Key.NEXT, Key.PREVIOUS} and side is Side.RESIDENT:
        return _turn_end(context, 1 if session is None else end_pages(state, context, session), key)
    return _MEANING.get(state, _going_on)(context, key)


def _may_press(state: State, context: Context, key: Key, side: Side) -> bool:
    """Whether this side of a counter terminal is asked. Both may stop: one withdraws, the other ends what was left."""
    if key is Key.LANGUAGE:  # the resident's has been answered before
        return False
    if side is Side.CLERK and state is State.IDLE:
        return key is _PIN_WAIVED and isinstance(context.front, Idle)
    return key is Key.CANCEL or state in EITHER or (state in CLERK_ACTS) is (side is Side.CLERK)


def _going_on(_: Context, key: Key) -> Event:
    return {Key.ENTER: Event.CONFIRMED, Key.CLEAR: Event.WENT_BACK}.get(key, Event.KEY_IGNORED)


def end_pages(state: State, context: Context, session: OpenSession) -> int:
    """Large letters have no room for all that an ending tells of money and the desk: the desk has a page of its own.

    That is so with a claim, and where papers are kept and money came back.
    """
    ledger, served = session.ledger, context.house.served
    kept = state is State.SORRY and session.copies_out > 0 and ledger.paid_out_yen > 0
    desk = served is not None and COUNTER in served.elsewhere
    return 2 if (ledger.claimed_yen or kept) and desk and context.look is not Look.NORMAL else 1


def _turn_end(context: Context, count: int, key: Key) -> Event:
    if count == 1:
        return Event.KEY_IGNORED
    context.end_page = _turned(context.end_page, count, key)
    return Event.PAGE_TURNED


def _taking_paper(context: Context, key: Key) -> Event:
    """Where the printer has no sensor at its mouth, the resident presses ENTER to say that the paper is taken."""
    return Event.PAPER_TAKEN if key is Key.ENTER and context.paper_unseen else Event.KEY_IGNORED


def lines_per_page(context: Context) -> int:
    """Of the menus of certificates and answers; clerks' names are always in ordinary letters."""
    return LINES_PER_PAGE if context.look is Look.NORMAL else LARGE_LINES_PER_PAGE


def pages(lines: int, on_page: int = LINES_PER_PAGE) -> int:
    return max(1, -(-lines // on_page))


def _turn(pages_of: Context | Draft, count: int, key: Key) -> Event:
    """Turn the page of a list of `count` pages; nothing happens where it has one."""
    if count == 1:
        return Event.KEY_IGNORED
    pages_of.page = _turned(pages_of.page, count, key)
    return Event.PAGE_TURNED


def _turned(page: int, count: int, key: Key) -> int:
    """Round and round, so that both keys, which the screen shows at every page, always lead to another."""
    return (page - 1 + (1 if key is Key.NEXT else -1)) % count + 1


def _picked(page: int, lines: int, key: Key, on_page: int = LINES_PER_PAGE) -> int | None:
    """The index of the line whose number was pressed, or None."""
    if not key.isdigit() or not 1 <= int(key) <= on_page:
        return None
    index = (page - 1) * on_page + int(key) - 1
    return index if index < lines else None


def _choosing_kind(context: Context, key: Key) -> Event:
    assert context.who is not None
    offers = context.who.offers
    if key in {Key.NEXT, Key.PREVIOUS}:
        turned = _turn(context, pages(len(offers), lines_per_page(context)), key)
        if turned is Event.PAGE_TURNED:
            context.refused_line = None
        return turned
    if key is Key.CLEAR and context.basket:
        return Event.WENT_BACK
    if key is Key.D0 and may_type_code(context):
        context.code, context.code_wrong = "", False
        return Event.CODE_WANTED
    index = _picked(context.page, len(offers), key, lines_per_page(context))
    if index is None:
        return Event.KEY_IGNORED
    offer = offers[index]
    if offer.refusal is not None or copies_left(context, offer) == 0:
        context.refused_line = index
        return Event.KIND_REFUSED
    context.refused_line = None
    served = context.house.served
    context.draft = Draft(offer, purposes=() if served is None else served.purposes_of(offer))
    return Event.PURPOSE_WANTED if context.draft.purposes else _questions_next(context.draft)


def _questions_next(draft: Draft) -> Event:
    return Event.KIND_WITH_OPTIONS_CHOSEN if draft.open_group() else Event.KIND_CHOSEN


def _choosing_purpose(context: Context, key: Key) -> Event:
    """A purpose answers the questions that it knows; 0 leaves them all to the resident."""
    draft = context.draft
    assert draft is not None
    on_page = lines_per_page(context)
    if key in {Key.NEXT, Key.PREVIOUS}:
        return _turn(draft, pages(len(draft.purposes), on_page), key)
    if key is Key.CLEAR:
        return Event.WENT_BACK
    index = _picked(draft.page, len(draft.purposes), key, on_page)
    if index is None and key is not Key.D0:
        return Event.KEY_IGNORED
    draft.purpose, draft.page = None if index is None else draft.purposes[index], 1
    return _questions_next(draft)


def _before_questions(draft: Draft) -> Event:
    """Back to what was chosen before the first question."""
    draft.marked, draft.page = (), 1
    return Event.PURPOSE_WANTED if draft.purposes else Event.WENT_BACK


def copies_left(context: Context, offer: Offer) -> int:
    """How many more of this kind may be chosen: the most, less what is in the basket."""
    chosen = sum(item.copies for _, item in context.basket if item.kind == offer.kind)
    return max(0, offer.copies_max - chosen)


def may_type_code(context: Context) -> bool:
    """Whether an exemption code is asked for: before the first line of the basket, whose fee it could not change."""
    return context.who is not None and context.who.takes_code and not context.basket


def _typing_code(context: Context, key: Key) -> Event:
    if key is Key.CLEAR:
        if not context.code:
            return Event.WENT_BACK
        context.code = ""
    elif key is Key.ENTER and len(context.code) == EXEMPTION_DIGITS:
        return Event.CODE_ENTERED
    elif key.isdigit() and len(context.code) < EXEMPTION_DIGITS:
        context.code, context.code_wrong = context.code + key, False
    else:
        return Event.KEY_IGNORED
    return Event.CODE_TYPED


def _choosing_options(context: Context, key: Key) -> Event:
    draft = context.draft
    assert draft is not None
    group = draft.open_group()
    assert group is not None
    if key in {Key.NEXT, Key.PREVIOUS}:
        return _turn(draft, pages(len(group.choices), lines_per_page(context)), key)
    if key is Key.CLEAR:
        return _one_question_back(draft)
    if key is Key.ENTER:
        marked = draft.marked or group.default
        return _answer(draft, marked) if marked else Event.KEY_IGNORED
    index = _picked(draft.page, len(group.choices), key, lines_per_page(context))
    if index is None:
        return Event.KEY_IGNORED
    value = group.choices[index].value
    if not group.several:
        return _answer(draft, (value,))
    marked = draft.marked or group.default
    draft.marked = tuple(v for v in marked if v != value) if value in marked else (*marked, value)
    return Event.OPTION_MARKED


def _answer(draft: Draft, values: tuple[str, ...]) -> Event:
    group = draft.open_group()
    assert group is not None
    draft.answers[group.key] = values
    draft.marked, draft.page = (), 1
    return Event.OPTION_ANSWERED if draft.open_group() else Event.OPTIONS_DONE


def _one_question_back(draft: Draft) -> Event:
    if not draft.answers:
        return _before_questions(draft)
    draft.answers.popitem()
    draft.marked, draft.page = (), 1
    return Event.OPTION_MARKED


def _choosing_copies(context: Context, key: Key) -> Event:
    draft = context.draft
    assert draft is not None
    most = copies_left(context, draft.offer)
    if key is Key.ENTER:
        return Event.CONFIRMED
    if key is Key.CLEAR:
        if draft.answers:
            draft.answers.popitem()
            return Event.OPTION_MARKED
        return _before_questions(draft)
    wanted = draft.copies
    if key in {Key.NEXT, Key.PREVIOUS}:
        wanted += 1 if key is Key.PREVIOUS else -1  # ▲ is more
    elif key.isdigit():
        wanted = int(key)
    if not 1 <= wanted <= most:
        return Event.KEY_IGNORED
    draft.copies = wanted
    return Event.COPIES_CHANGED


def _confirming(context: Context, key: Key) -> Event:
    match key:
        case Key.ENTER:
            return _ask_consent(context) if context.house.has_till else Event.CONFIRMED
        case Key.D1 if may_add(context):
            return Event.ANOTHER_WANTED
        case Key.D2 if may_preview(context):
            context.preview_wanted = True
            return Event.PREVIEW_WANTED
        case Key.CLEAR:
            return _remove(context)
        case Key.NEXT | Key.PREVIOUS:
            return _turn_basket(context, len(turns(context, by_clerk=context.house.has_till)), key)
        case _:
            return Event.KEY_IGNORED


def _remove(context: Context) -> Event:
    """The paper of this page; then the next one is shown, or the last."""
    by_clerk = context.house.has_till
    paper, _ = turns(context, by_clerk=by_clerk)[context.basket_page - 1]
    context.basket.pop(paper)
    if not context.basket:
        context.basket_page = 1
        return Event.BASKET_EMPTIED
    shown = min(paper, len(context.basket) - 1), 0
    context.basket_page = turns(context, by_clerk=by_clerk).index(shown) + 1
    return Event.LINE_REMOVED


def _ask_consent(context: Context) -> Event:
    """The resident begins at the first paper, wherever the clerk's page was."""
    context.basket_page = 1
    context.unshown = frozenset(range(2, len(turns(context)) + 1))
    return Event.CONSENT_WANTED


def _consenting(context: Context, key: Key) -> Event:
    """ENTER agrees only when each page has been shown; before that it shows the next one."""
    if key in {Key.NEXT, Key.PREVIOUS}:
        return _turn_basket(context, len(turns(context)), key)
    if key is Key.ENTER and context.unshown:
        return _show_page(context, min(context.unshown))
    return _going_on(context, key)


def _turn_basket(context: Context, count: int, key: Key) -> Event:
    if count == 1:
        return Event.KEY_IGNORED
    return _show_page(context, _turned(context.basket_page, count, key))


def _show_page(context: Context, page: int) -> Event:
    context.basket_page = page
    context.unshown -= {page}
    return Event.PAGE_TURNED


def may_add(context: Context) -> bool:
    """Whether another line fits: three at most, so that coins can pay them. The screen of a full basket says so."""
    return len(context.basket) < 3


def may_preview(context: Context) -> bool:
    """Whether the pages can be seen before paying. At a counter terminal the clerk's glass would show them."""
    return not context.house.has_till


def _previewing(context: Context, key: Key) -> Event:
    assert context.viewing is not None
    return context.viewing.press(key, listens=context.listens)


def _attending(context: Context, key: Key) -> Event:
    """A clerk presses the number beside their name, then the six digits of their second factor."""
    assert context.challenge is not None
    clerks = context.challenge.clerks or ()
    if context.clerk is None:
        return _choosing_clerk(context, [clerk.login for clerk in clerks], key)
    if key is Key.CLEAR:
        context.clerk, context.code = None, ""
    elif key is Key.ENTER and len(context.code) == CODE_DIGITS:
        context.attended.append(Attendance(clerks[context.clerk].login, context.code))
        context.clerk, context.code, context.page = None, "", 1
        return Event.CLERK_NAMED
    elif key.isdigit():
        context.code = (context.code + key)[:CODE_DIGITS]
    else:
        return Event.KEY_IGNORED
    return Event.CODE_TYPED


def _choosing_clerk(context: Context, logins: list[str], key: Key) -> Event:
    """The second is another one than the first, whose line stays in its place, so that each keeps their number."""
    if key in {Key.NEXT, Key.PREVIOUS}:
        return _turn(context, pages(len(logins)), key)
    index = _picked(context.page, len(logins), key)
    if index is None or any(first.login == logins[index] for first in context.attended):
        return Event.KEY_IGNORED
    context.clerk = index
    return Event.CODE_TYPED


def _taking_fee(_: Context, key: Key) -> Event:
    return Event.FEE_TAKEN if key is Key.ENTER else Event.KEY_IGNORED


_MEANING: dict[State, Callable[[Context, Key], Event]] = {
    State.CHOOSING_KIND: _choosing_kind,
    State.CHOOSING_PURPOSE: _choosing_purpose,
    State.TYPING_CODE: _typing_code,
    State.CHOOSING_OPTIONS: _choosing_options,
    State.CHOOSING_COPIES: _choosing_copies,
    State.CONFIRMING: _confirming,
    State.CONSENTING: _consenting,
    State.PREVIEWING: _previewing,
    State.ATTENDING_FIRST: _attending,
    State.ATTENDING_SECOND: _attending,
    State.TAKING_FEE: _taking_fee,
    State.TAKING_PAPER: _taking_paper,
    State.TAKING_PAPER_ALARM: _taking_paper,
}
