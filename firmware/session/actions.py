"""What a row of the table does besides naming the next state: functions of the context that ask for effects."""

from collections.abc import Callable, Iterator

from drivers.vocabulary import OrderItem
from firmware.book import records
from firmware.session import effects as fx
from firmware.session.context import Context

Action = Callable[[Context], Iterator[fx.Effect]]


def open_session(context: Context) -> Iterator[fx.Effect]:
    context.opened = True
    yield fx.Write(records.SessionOpened(sid=context.session_id, profile=context.house.profile))


def read_card(context: Context) -> Iterator[fx.Effect]:
    yield fx.ReadCard(context.house.kinds_taken)


def ask_challenge(context: Context) -> Iterator[fx.Effect]:
    assert context.card is not None
    yield fx.AskChallenge(context.session_nonce, context.card)


def prove_card(context: Context) -> Iterator[fx.Effect]:
    assert context.card is not None
    assert context.challenge is not None
    yield fx.ProveCard(card=context.card, challenge=context.challenge, bound=context.bound())


def authenticate(context: Context) -> Iterator[fx.Effect]:
    assert context.challenge is not None
    assert context.proof is not None
    yield fx.Authenticate(session_nonce=context.session_nonce, challenge=context.challenge, proof=context.proof)


def release_card(context: Context) -> Iterator[fx.Effect]:  # noqa: ARG001  every action has the same shape
    yield fx.ReleaseCard()


def forget_draft(context: Context) -> Iterator[fx.Effect]:
    context.draft = None
    yield from ()


def put_in_basket(context: Context) -> Iterator[fx.Effect]:
    draft = context.draft
    assert draft is not None
    item = OrderItem(
        kind=draft.offer.kind, options=dict(draft.answers), copies=draft.copies, fee_yen=draft.offer.fee_yen
    )
    context.basket.append((draft.offer, item))
    context.draft = None
    yield from ()


def reserve(context: Context) -> Iterator[fx.Effect]:
    """The request id is on the disk before anybody else hears of it."""
    assert context.who is not None
    assert context.card is not None
    context.request_id = next(context.request_ids)
    items = tuple(item for _, item in context.basket)
    copies = [offer for offer, item in context.basket for _ in range(item.copies)]
    context.item_of_copy = dict(enumerate(copies, start=1))
    asked = [(item.kind, item.copies) for item in items]
    yield fx.Write(records.Request(sid=context.session_id, rid=context.request_id, items=asked))
    yield fx.Reserve(
        request_id=context.request_id,
        session_nonce=context.session_nonce,
        authentication_id=context.who.authentication_id,
        items=items,
        card=context.card,
    )


def fetch(context: Context) -> Iterator[fx.Effect]:
    assert context.reserved is not None
    yield fx.Fetch(context.reserved)


def rasterise(context: Context) -> Iterator[fx.Effect]:
    assert context.reserved is not None
    yield fx.Rasterise(context.reserved)


def check_paper(context: Context) -> Iterator[fx.Effect]:  # noqa: ARG001
    yield fx.CheckPaper()


def check_coins(context: Context) -> Iterator[fx.Effect]:  # noqa: ARG001
    yield fx.CheckCoins()


def open_slot(context: Context) -> Iterator[fx.Effect]:
    """Open the slot, or change what it takes: after a coin, others may have become unreturnable."""
    if context.accepting_yen != context.slot_open_for_yen:
        context.slot_open_for_yen = context.accepting_yen
        yield fx.OpenSlot(context.accepting_yen)


def close_slot(context: Context) -> Iterator[fx.Effect]:  # noqa: ARG001
    yield fx.CloseSlot()


def count_paper(context: Context) -> Iterator[fx.Effect]:  # noqa: ARG001
    yield fx.CountPaper()


def print_copy(context: Context) -> Iterator[fx.Effect]:
    assert context.reserved is not None
    yield fx.Print(
        request_id=context.reserved.request_id,
        copy=context.copy,
        raster_sha256s=context.raster_sha256s[context.copy],
    )


def count_hopper(context: Context) -> Iterator[fx.Effect]:
    assert context.hopper_step is not None
    yield fx.CountHopper(context.hopper_step[0])


def dispense(context: Context) -> Iterator[fx.Effect]:
    assert context.hopper_step is not None
    assert context.hopper_before is not None
    value, coins = context.hopper_step
    yield fx.Dispense(value_yen=value, coins=coins, before=context.hopper_before)


def claim(context: Context) -> Iterator[fx.Effect]:
    """What no hopper can pay becomes a debt at the refund desk; the slip needs no line to be printed."""
    amount, sid = context.ledger.owed_yen, context.session_id
    yield fx.Write(records.ClaimIntent(key=sid, amount_yen=amount))
    context.ledger = context.ledger.claim(amount)
    context.claim_yen += amount
    advice = {"op": "claim", "key": sid, "amount_yen": context.claim_yen, "reason": context.reason or "change"}
    yield fx.Write(records.AdviceQueued(advice_id=f"{sid}.claim", advice=advice))
    yield fx.PrintClaimSlip(amount_yen=context.claim_yen, claim_code=context.claim_code, language=context.language)


def print_receipt(context: Context) -> Iterator[fx.Effect]:
    assert context.reserved is not None
    lines = tuple(
        (context.item_of_copy[c.copy].title, c.issue_number, c.fee_yen)
        for c in context.reserved.copies
        if c.copy in context.printed
    )
    yield fx.PrintReceipt(
        lines=lines,
        fee_yen=context.ledger.earned_yen,
        inserted_yen=context.ledger.inserted_yen,
        change_yen=context.ledger.paid_out_yen,
        claim_yen=context.claim_yen,
        language=context.language,
    )


def advise(context: Context) -> Iterator[fx.Effect]:
    """Tell the centre what became of every copy: issued with its proof, or void. Stored first, sent when it can be."""
    if context.request_id is None or context.voided:
        return
    context.voided = True
    rid = context.request_id
    copies = context.item_of_copy if context.reserved is None else {c.copy: c for c in context.reserved.copies}
    for copy in copies:
        issued = copy in context.printed
        advice = {
            "op": "issued" if issued else "void",
            "request_id": rid,
            "copy": copy,
            "reason": "printed" if issued else str(context.reason or "not_printed"),
        }
        yield fx.Write(records.AdviceQueued(advice_id=f"{rid}.{copy}", advice=advice))


def stop_line(context: Context) -> Iterator[fx.Effect]:
    """An answer was not ours: nobody is served until a person has looked (binding rule 9)."""
    if context.line_stop is not None:
        yield fx.StopLine(context.line_stop)


def watch_exit(context: Context) -> Iterator[fx.Effect]:  # noqa: ARG001
    yield fx.WatchExit(on=True)


def paper_taken(context: Context) -> Iterator[fx.Effect]:
    assert context.request_id is not None
    yield fx.WatchExit(on=False)
    yield fx.Write(records.PaperTaken(rid=context.request_id))


def paper_left(context: Context) -> Iterator[fx.Effect]:
    assert context.request_id is not None
    yield fx.WatchExit(on=False)
    yield fx.Write(records.PaperLeft(rid=context.request_id))
    yield fx.ClearPaper()


def close_session(context: Context) -> Iterator[fx.Effect]:
    """Close the book at nothing owed, and wipe everything of this resident."""
    ledger = context.ledger
    assert ledger.owed_yen == 0, "a session never closes while money is owed"
    yield from advise(context)
    yield fx.Write(
        records.SessionClosed(
            sid=context.session_id,
            inserted_yen=ledger.inserted_yen,
            earned_yen=ledger.earned_yen,
            paid_out_yen=ledger.paid_out_yen,
            claimed_yen=ledger.claimed_yen,
            outcome=context.outcome,
            reason=str(context.reason or ""),
        )
    )
    yield fx.ReleaseCard()
    yield fx.Wipe()


def reset_language(context: Context) -> Iterator[fx.Effect]:
    context.language = context.house.languages[0]
    yield from ()
