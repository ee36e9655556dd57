"""What a row of the table does besides naming the next state: functions of the context that ask for effects."""

from collections.abc import Callable, Iterator

from drivers.vocabulary import HopperCounters, OrderItem, Text
from firmware.book import ending, records
from firmware.book.reasons import AdviceReason
from firmware.session import effects as fx
from firmware.session.basket import turns
from firmware.session.context import Context
from firmware.session.known import Known, acceptable, opened
from firmware.session.scenes import Look

Action = Callable[[Context, Known], Iterator[fx.Effect]]
_NO_CITY: Text = {"ja": ""}  # no session begins without a site table; if one did, its slip would still be printed


def open_session(context: Context, _: Known) -> Iterator[fx.Effect]:
    yield fx.Write(records.SessionOpened(sid=context.session_id, profile=context.house.profile))


def read_card(context: Context, _: Known) -> Iterator[fx.Effect]:
    house = context.house
    yield fx.ReadCard(house.kinds_taken, pin_needed=not context.pin_waived, p384=house.p384)


def ask_challenge(context: Context, _: Known) -> Iterator[fx.Effect]:
    assert context.card is not None
    yield fx.AskChallenge(context.session_nonce, context.card, attended=context.pin_waived)


def prove_card(context: Context, _: Known) -> Iterator[fx.Effect]:
    assert context.card is not None
    assert context.challenge is not None
    yield fx.ProveCard(card=context.card, challenge=context.challenge, bound=context.bound())


def show_card(context: Context, _: Known) -> Iterator[fx.Effect]:
    assert context.card is not None
    yield fx.ShowCard(context.card, context.bound())


def authenticate(context: Context, _: Known) -> Iterator[fx.Effect]:
    assert context.challenge is not None
    assert context.proof is not None
    yield fx.Authenticate(
        session_nonce=context.session_nonce,
        challenge=context.challenge,
        proof=context.proof,
        attended=tuple(context.attended),
    )
    context.attended.clear()


def release_card(_: Context, __: Known) -> Iterator[fx.Effect]:
    yield fx.ReleaseCard()


def tell_code(context: Context, _: Known) -> Iterator[fx.Effect]:
    assert context.who is not None
    yield fx.TellCode(session_nonce=context.session_nonce, who=context.who, code=context.code)
    context.code = ""


def forget_draft(context: Context, _: Known) -> Iterator[fx.Effect]:
    context.draft = None
    yield from ()


def put_in_basket(context: Context, _: Known) -> Iterator[fx.Effect]:
    draft = context.draft
    assert draft is not None
    item = OrderItem(kind=draft.offer.kind, options=draft.options(), copies=draft.copies, fee_yen=draft.offer.fee_yen)
    context.basket.append((draft.offer, item))
    context.basket_page = turns(context, by_clerk=context.house.has_till).index((len(context.basket) - 1, 0)) + 1
    context.draft = None
    yield from ()


def reserve(context: Context, _: Known) -> Iterator[fx.Effect]:
    """Write the request id, durably, then send it to the centre (book rule 4)."""
    assert context.who is not None
    assert context.card is not None
    rid = next(context.request_ids)
    items = tuple(item for _, item in context.basket)
    asked = [(item.kind, item.copies) for item in items]
    yield fx.Write(records.Request(sid=context.session_id, rid=rid, items=asked))
    yield fx.Reserve(
        request_id=rid,
        session_nonce=context.session_nonce,
        authentication_id=context.who.authentication_id,
        items=items,
        card=context.card,
    )


def fetch(context: Context, _: Known) -> Iterator[fx.Effect]:
    assert context.reserved is not None
    yield fx.Fetch(context.reserved)


def rasterise(context: Context, _: Known) -> Iterator[fx.Effect]:
    assert context.reserved is not None
    yield fx.Rasterise(context.reserved, show=context.first_copies if context.preview_wanted else frozenset())


def check_paper(_: Context, __: Known) -> Iterator[fx.Effect]:
    yield fx.CheckPaper()


def check_coins(_: Context, __: Known) -> Iterator[fx.Effect]:
    yield fx.CheckCoins()


def open_slot(context: Context, book: Known) -> Iterator[fx.Effect]:
    """Open the slot, or change the values it takes: after each coin, change for some values may be impossible."""
    accepting_yen, context.exact_money_only, context.coins_come_back = acceptable(context, book)
    if accepting_yen != context.accepting_yen:
        context.accepting_yen = accepting_yen
        yield fx.OpenSlot(accepting_yen)


def close_slot(_: Context, __: Known) -> Iterator[fx.Effect]:
    yield fx.CloseSlot()


def count_paper(_: Context, __: Known) -> Iterator[fx.Effect]:
    yield fx.CountPaper()


def print_copy(context: Context, book: Known) -> Iterator[fx.Effect]:
    intent = opened(book).printing
    assert intent is not None
    yield fx.Print(request_id=intent.rid, copy=intent.copy, raster_sha256s=context.raster_sha256s[intent.copy])


def count_hopper(context: Context, _: Known) -> Iterator[fx.Effect]:
    assert context.next_payout is not None
    yield fx.CountHopper(context.next_payout[0])


def dispense(_: Context, book: Known) -> Iterator[fx.Effect]:
    intent = opened(book).paying
    assert intent is not None
    before = HopperCounters(intent.event_counter, intent.life_total)
    yield fx.Dispense(value_yen=intent.value_yen, coins=intent.coins, before=before)


def claim(context: Context, book: Known) -> Iterator[fx.Effect]:
    """Make a claim of what no hopper can pay, and print its slip. The centre need not be reachable."""
    ledger = opened(book).ledger
    amount_yen = ledger.claimed_yen + ledger.owed_yen
    why = AdviceReason.EXCHANGED if context.takes_back and not context.house.refunds_by_hopper else context.reason
    yield from map(fx.Write, ending.rest_claimed(opened(book), why))
    yield fx.PrintClaimSlip(
        city=context.house.city or _NO_CITY,
        amount_yen=amount_yen,
        claim_code=context.claim_code,
        city_code=context.house.city_code,
        place=context.house.place,
        telephone=context.house.telephone,
        language=context.language,
        sample=context.house.sample,
    )


def print_receipt(context: Context, book: Known) -> Iterator[fx.Effect]:
    request, ledger = opened(book).request, opened(book).ledger
    assert request is not None
    offers, lines = context.item_of_copy, [request.lines[copy] for copy in request.printed]
    yield fx.PrintReceipt(
        city=context.house.city or _NO_CITY,
        lines=tuple((offers[line.copy].title, line.issue_number, line.fee_yen) for line in lines),
        fee_yen=ledger.earned_yen,
        inserted_yen=ledger.inserted_yen,
        change_yen=ledger.paid_out_yen,
        claim_yen=ledger.claimed_yen,
        place=context.house.place,
        telephone=context.house.telephone,
        language=context.language,
        sample=context.house.sample,
        at_till=context.house.has_till,
    )


def advise(context: Context, book: Known) -> Iterator[fx.Effect]:
    """Store an advice for every copy: issued, or void. It is sent later, when the centre can be reached."""
    request = opened(book).request
    if request is not None:
        yield from map(fx.Write, ending.copies_told(request, context.reason))


def watch_exit(_: Context, __: Known) -> Iterator[fx.Effect]:
    yield fx.WatchExit(on=True)


def paper_taken(_: Context, book: Known) -> Iterator[fx.Effect]:
    yield fx.WatchExit(on=False)
    yield fx.Write(records.PaperTaken(rid=_rid(book)))


def paper_left(_: Context, book: Known) -> Iterator[fx.Effect]:
    yield fx.WatchExit(on=False)
    yield fx.Write(records.PaperLeft(rid=_rid(book)))
    yield fx.ClearPaper()


def close_session(context: Context, book: Known) -> Iterator[fx.Effect]:
    """Close the session in the book, release the card and wipe everything of this resident. Nothing may be owed."""
    assert opened(book).ledger.owed_yen == 0, "a session never closes while money is owed"
    yield from advise(context, book)
    yield fx.Write(ending.closed(opened(book), context.reason))
    yield fx.ReleaseCard()
    yield fx.Wipe()


def reset_language(context: Context, _: Known) -> Iterator[fx.Effect]:
    context.language, context.look, context.choosing_look = context.house.languages[0], Look.NORMAL, False
    context.pin_waived = context.dark = False
    yield from ()


def _rid(book: Known) -> str:
    request = opened(book).request
    assert request is not None
    return request.rid
