"""Whole sessions walked by hand and by chance, one report at a time, with no device at all.

The chance walks are the point: whatever a resident does and whatever a device answers, the table knows the
event, the book balances, nothing is printed or paid without its intent on record, and the machine is idle again.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.vocabulary import (
    AcceptorCounters,
    Authenticated,
    AuthenticationMethod,
    BindingFailed,
    CardKind,
    CardNotUsable,
    CardProof,
    CardRead,
    CardRefusal,
    CentreRefusal,
    CentreRefused,
    CentreUnreachable,
    Challenge,
    Choice,
    CoinCredited,
    CoinFraud,
    CoinRejected,
    DeviceState,
    Dispensed,
    HopperCounters,
    HopperState,
    Key,
    KeyPressed,
    LineTrouble,
    NotPrinted,
    Offer,
    OptionGroup,
    PaperExit,
    PaperSupply,
    PinBlocked,
    PinCancelled,
    PinEntered,
    PinProgress,
    Printed,
    PrinterStatus,
    PrintTrouble,
    PrintUnknown,
    Reserved,
    ReservedCopy,
    WrongPin,
)
from firmware.book import records
from firmware.book.book import Book
from firmware.session import effects as fx
from firmware.session.context import Context, House
from firmware.session.events import (
    CardInserted,
    CardRemoved,
    CoinReadiness,
    CopyOutcome,
    ExitSeen,
    Fault,
    Fetched,
    HopperCounted,
    PagesReady,
    PaperCounted,
    PaperReadiness,
    Report,
    SlipOutcome,
    SlotClosed,
    Ticked,
    TimedOut,
    Wiped,
)
from firmware.session.machine import step
from firmware.session.states import State
from firmware.session.view import scene

HOUSE = House(
    machine="test-01",
    profile="store",
    kinds_taken=frozenset({CardKind.INDIVIDUAL_NUMBER}),
    accepts_yen=frozenset({10, 50, 100, 500}),
    languages=("ja", "en"),
)
TITLE = {"ja": "住民票の写し", "en": "Certificate of residence"}
SCOPE = OptionGroup(
    key="scope",
    title={"ja": "どなたの"},
    several=False,
    choices=(Choice(value="all", label={"ja": "全員"}), Choice(value="self", label={"ja": "本人"})),
    default=("all",),
)
OFFERS = (
    Offer(kind="juminhyo", title=TITLE, fee_yen=300, copies_max=3, refusal=None, groups=(SCOPE,)),
    Offer(kind="inkan", title={"ja": "印鑑登録証明書"}, fee_yen=300, copies_max=3, refusal=None, groups=()),
    Offer(
        kind="kazei",
        title={"ja": "課税証明書"},
        fee_yen=300,
        copies_max=3,
        refusal=CentreRefusal.NOT_OFFERED,
        groups=(),
    ),
)
CARD = CardRead(
    kind=CardKind.INDIVIDUAL_NUMBER,
    method=AuthenticationMethod.JPKI,
    credential=b"certificate",
    pin_tries_left=3,
    valid_until=date(2030, 1, 1),
)
CHALLENGE = Challenge(challenge_id="c", challenge=bytes(32))
READY = PrinterStatus(device=DeviceState.ONLINE, supply=PaperSupply.FULL, exit=PaperExit.EMPTY, trouble=None)
OUT = PrinterStatus(
    device=DeviceState.OFFLINE, supply=PaperSupply.OUT, exit=PaperExit.EMPTY, trouble=PrintTrouble.PAPER_OUT
)
TUBES = {10: 50, 50: 30, 100: 40, 500: 10}
ALL_OK = dict.fromkeys(TUBES, HopperState.OK)
PRINTED = Printed(evidence="process id", counter=7)


def new_context() -> Context:
    ids = (f"{n:032x}" for n in itertools.count(1))
    return Context(house=HOUSE, session_id="ab" * 16, session_nonce=bytes(16), request_ids=ids, tubes=dict(TUBES))


@dataclass
class Walk:
    """A session in the hands of a test: reports go in, effects are kept."""

    state: State = State.IDLE
    context: Context = field(default_factory=new_context)
    effects: list[fx.Effect] = field(default_factory=list)
    book: Book = field(default_factory=Book)  # refuses whatever the money protocol forbids

    def feed(self, *reports: Report) -> "Walk":
        for report in reports:
            taken = step(self.state, self.context, report)
            self.state = taken.state
            self.effects.extend(taken.effects)
            for effect in taken.effects:
                if isinstance(effect, fx.Write):
                    self.book.apply(effect.record)
            scene(self.state, self.context)  # every state can be shown
        return self

    def keys(self, *keys: Key) -> "Walk":
        return self.feed(*(KeyPressed(key) for key in keys))

    def written(self, kind: type[records.Record]) -> list[records.Record]:
        return [e.record for e in self.effects if isinstance(e, fx.Write) and isinstance(e.record, kind)]

    def asked(self, kind: type[fx.Effect]) -> list[fx.Effect]:
        return [e for e in self.effects if isinstance(e, kind)]


def reserved(context: Context) -> Reserved:
    assert context.request_id is not None
    copies = tuple(
        ReservedCopy(
            copy=n,
            kind=offer.kind,
            issue_number=f"no-{n}",
            document_sha256="0" * 64,
            pages=1,
            size_bytes=1,
            fee_yen=offer.fee_yen,
        )
        for n, offer in context.item_of_copy.items()
    )
    return Reserved(request_id=context.request_id, copies=copies, expires_at=datetime(2030, 1, 1, tzinfo=UTC))


def authenticated() -> Walk:
    walk = Walk().feed(CardInserted(), CARD, CHALLENGE, *(PinProgress(n) for n in range(1, 5)), PinEntered())
    return walk.feed(
        CardProof(signature=b"s"), Authenticated(authentication_id="a", masked_name="宮崎　花＊", offers=OFFERS)
    )


def at_the_slot(copies: int = 1) -> Walk:
    walk = authenticated().feed(CardRemoved()).keys(Key.D2)
    walk.keys(Key(str(copies)), Key.ENTER, Key.ENTER)
    walk.feed(reserved(walk.context), Fetched())
    walk.feed(PagesReady(dict.fromkeys(range(1, copies + 1), ("f" * 64,))))
    walk.feed(PaperReadiness(certificate=READY, receipt=READY))
    return walk.feed(CoinReadiness(hoppers=ALL_OK, acceptor=AcceptorCounters(5, None)))


def pay(walk: Walk, *coins: int) -> Walk:
    for n, value in enumerate(coins, start=6):
        walk.feed(CoinCredited(value, n))
    return walk


def after_paying(*coins: int, copies: int = 1) -> Walk:
    return pay(at_the_slot(copies), *coins).feed(SlotClosed(AcceptorCounters(9, None)))


def pay_out(walk: Walk) -> Walk:
    """Let hoppers pay what the session asks for, as good hoppers do."""
    while walk.state in {State.PREPARING_PAYOUT, State.PAYING_OUT}:
        assert walk.context.hopper_step is not None
        value, coins = walk.context.hopper_step
        before = HopperCounters(1, 100)
        walk.feed(HopperCounted(value, before))
        after = HopperCounters(2, 100 + coins)
        walk.feed(Dispensed(value_yen=value, asked=coins, paid=coins, counters=after, state=HopperState.OK))
    return walk


def test_one_certificate_and_change() -> None:
    walk = after_paying(500).feed(PaperCounted(6), CopyOutcome(1, PRINTED))
    assert walk.state is State.PREPARING_PAYOUT
    pay_out(walk).feed(
        SlipOutcome(PRINTED), ExitSeen(PaperExit.PRESENT), ExitSeen(PaperExit.EMPTY), TimedOut(), Wiped()
    )
    assert walk.state is State.IDLE
    (closed,) = walk.written(records.SessionClosed)
    assert closed == records.SessionClosed(
        sid="ab" * 16, inserted_yen=500, earned_yen=300, paid_out_yen=200, claimed_yen=0, outcome="issued", reason=""
    )


def test_cancel_gives_every_coin_back_and_prints_nothing() -> None:
    walk = pay(at_the_slot(), 100, 100).keys(Key.CANCEL)
    assert walk.state is State.DRAINING_REFUND
    pay_out(walk.feed(SlotClosed(AcceptorCounters(8, None))))
    assert walk.state is State.SORRY
    assert walk.context.ledger.paid_out_yen == 200
    assert walk.asked(fx.Print) == []


def test_a_coin_that_rolls_in_after_the_slot_closed_comes_back_as_change() -> None:
    walk = pay(at_the_slot(), 100, 100, 100).feed(CoinCredited(500, 9), SlotClosed(AcceptorCounters(9, None)))
    pay_out(walk.feed(PaperCounted(6), CopyOutcome(1, PRINTED)))
    assert walk.context.ledger.paid_out_yen == 500


def test_the_second_copy_fails_and_is_not_paid_for() -> None:
    walk = after_paying(500, 100, copies=2).feed(PaperCounted(6), CopyOutcome(1, PRINTED), PaperCounted(7))
    jam = NotPrinted(reason=PrintTrouble.JAM, begun=True)
    pay_out(walk.feed(CopyOutcome(2, jam)))
    assert walk.state is State.PRINTING_RECEIPT
    assert (walk.context.ledger.earned_yen, walk.context.ledger.paid_out_yen) == (300, 300)
    ops = {record.advice["copy"]: record.advice["op"] for record in walk.written(records.AdviceQueued)}
    assert ops == {1: "issued", 2: "void"}


def test_a_page_nobody_can_vouch_for_is_neither_charged_nor_repeated() -> None:
    walk = after_paying(100, 100, 100).feed(PaperCounted(6), CopyOutcome(1, PrintUnknown(PrintTrouble.SILENT)))
    pay_out(walk)
    assert walk.context.ledger.paid_out_yen == 300
    assert len(walk.asked(fx.Print)) == 1
    assert len(walk.written(records.CopyUncertain)) == 1


def test_an_empty_hopper_is_followed_by_the_next_and_the_rest_by_a_claim() -> None:
    walk = pay(at_the_slot(), 100, 100).keys(Key.CANCEL).feed(SlotClosed(AcceptorCounters(8, None)))
    while walk.state is State.PREPARING_PAYOUT:
        value, coins = walk.context.hopper_step or (0, 0)
        walk.feed(HopperCounted(value, HopperCounters(1, 1)))
        empty = Dispensed(value_yen=value, asked=coins, paid=1, counters=HopperCounters(2, 2), state=HopperState.EMPTY)
        walk.feed(empty)
    assert walk.state is State.PRINTING_CLAIM_SLIP
    ledger = walk.context.ledger
    assert ledger.paid_out_yen == 100 + 50 + 10
    assert ledger.claimed_yen == 40
    (intent,) = walk.written(records.ClaimIntent)
    assert intent == records.ClaimIntent(key="ab" * 16, amount_yen=40)


def test_a_silent_hopper_is_never_asked_again() -> None:
    walk = pay(at_the_slot(), 100, 100).keys(Key.CANCEL).feed(SlotClosed(AcceptorCounters(8, None)))
    walk.feed(HopperCounted(100, HopperCounters(1, 1)), Fault("coin", "silent"))
    asked = [effect.value_yen for effect in walk.asked(fx.Dispense)]
    assert asked.count(100) == 1


@pytest.mark.parametrize("left", [2, 1, 0])
def test_wrong_pins(left: int) -> None:
    walk = Walk().feed(CardInserted(), CARD, CHALLENGE, PinEntered())
    walk.feed(WrongPin(left) if left else PinBlocked())
    expected = {2: State.ENTERING_PIN, 1: State.LAST_TRY, 0: State.SORRY_CARD_IN}[left]
    assert walk.state is expected
    assert len(walk.asked(fx.ProveCard)) == 1


def test_another_persons_document_stops_the_line_and_asks_no_money() -> None:
    walk = authenticated().feed(CardRemoved()).keys(Key.D2, Key.ENTER, Key.ENTER)
    walk.feed(reserved(walk.context), BindingFailed("document_sha256"))
    assert walk.state is State.SORRY
    assert walk.asked(fx.StopLine) == [fx.StopLine("document_sha256")]
    assert walk.asked(fx.OpenSlot) == []


def test_the_intent_stands_before_the_effect() -> None:
    """Book rule 1, on the effects in their order."""
    walk = after_paying(500).feed(PaperCounted(6), CopyOutcome(1, PRINTED))
    pay_out(walk)
    names = [type(e.record).__name__ if isinstance(e, fx.Write) else type(e).__name__ for e in walk.effects]
    for intent, effect in [
        ("Request", "Reserve"),
        ("SlotOpened", "OpenSlot"),
        ("PrintIntent", "Print"),
        ("PayIntent", "Dispense"),
    ]:
        assert names.index(intent) < names.index(effect)


# --- by chance ----------------------------------------------------------------------------------

KEYS = [KeyPressed(key) for key in Key]
PERSON: list[Report] = [
    *KEYS,
    CardInserted(),
    CardRemoved(),
    TimedOut(),
    Ticked(3),
    CoinCredited(100, 1),
    CoinRejected(1, True),
]


def answers(walk: Walk) -> Sequence[Report]:
    """What the desks could answer in this state: good, bad and silent."""
    state, context = walk.state, walk.context
    unreachable = CentreUnreachable(LineTrouble.TIMED_OUT)
    refused = CentreRefused(CentreRefusal.ASK_AT_COUNTER)
    fault = Fault("any", "silent")
    step_ = context.hopper_step or (100, 1)
    bad_print = [NotPrinted(reason=PrintTrouble.JAM, begun=True), PrintUnknown(PrintTrouble.SILENT)]
    match state:
        case State.READING_CARD:
            return [CARD, CardNotUsable(CardRefusal.NOT_OUR_CARD), fault, Fault("card", "pulled", person=True)]
        case State.CALLING_CENTRE:
            return [CHALLENGE, unreachable, refused]
        case State.ENTERING_PIN:
            return [PinProgress(1), PinEntered(), PinCancelled()]
        case State.CHECKING_PIN:
            return [CardProof(signature=b""), WrongPin(2), WrongPin(1), WrongPin(None), PinBlocked(), fault]
        case State.AUTHENTICATING:
            wrong = CentreRefused(CentreRefusal.WRONG_PIN, 1)
            good = Authenticated(authentication_id="a", masked_name="x", offers=OFFERS)
            return [good, good, unreachable, refused, wrong, fault]
        case State.RESERVING:
            return [reserved(context), unreachable, refused, BindingFailed("kind"), fault]
        case State.FETCHING:
            return [Fetched(), Fetched(), unreachable, BindingFailed("document_sha256")]
        case State.RASTERISING:
            assert context.reserved is not None
            return [PagesReady({c.copy: ("f" * 64,) for c in context.reserved.copies}), BindingFailed("pages"), fault]
        case State.CHECKING_PAPER:
            good_paper = PaperReadiness(certificate=READY, receipt=READY)
            return [good_paper, PaperReadiness(certificate=OUT, receipt=READY), fault]
        case State.CHECKING_COINS:
            few = dict.fromkeys(TUBES, HopperState.EMPTY)
            counters = AcceptorCounters(5, None)
            return [CoinReadiness(hoppers=s, acceptor=counters) for s in (ALL_OK, ALL_OK, few)] + [fault]
        case State.PAYING | State.PART_PAID:
            accepted = sorted(context.accepting_yen)
            return [CoinCredited(v, 1) for v in accepted] + [CoinFraud(20), Fault("coin", "silent")]
        case State.DRAINING_PAID | State.DRAINING_REFUND:
            return [SlotClosed(AcceptorCounters(9, None)), CoinCredited(50, 8), fault]
        case State.PREPARING_PAPER:
            return [PaperCounted(3), PaperCounted(None), fault]
        case State.PRINTING:
            return [CopyOutcome(context.copy, r) for r in (PRINTED, PRINTED, *bad_print)] + [fault]
        case State.PREPARING_PAYOUT:
            return [HopperCounted(step_[0], HopperCounters(1, 1)), fault]
        case State.PAYING_OUT:
            value, coins = step_
            return [
                Dispensed(value_yen=value, asked=coins, paid=paid, counters=None, state=state_)
                for paid, state_ in [
                    (coins, HopperState.OK),
                    (coins - 1, HopperState.EMPTY),
                    (0, HopperState.JAMMED),
                    (coins + 1, HopperState.OK),
                    (None, HopperState.UNKNOWN),
                ]
            ] + [fault]
        case State.PRINTING_CLAIM_SLIP | State.PRINTING_RECEIPT:
            return [SlipOutcome(r) for r in (PRINTED, *bad_print)] + [fault]
        case State.TAKING_PAPER | State.TAKING_PAPER_ALARM:
            return [ExitSeen(exit_) for exit_ in PaperExit] + [fault]
        case State.CLOSING:
            return [Wiped()]
        case _:
            return [CardInserted()]


def pick(draw: Iterator[int], choices: Sequence[Report]) -> Report:
    return choices[next(draw) % len(choices)]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 2**16), min_size=20, max_size=200))
def test_whatever_happens_the_book_balances(choices: list[int]) -> None:
    walk, draw = Walk(), iter(choices)
    try:
        while True:
            choice = next(draw)
            walk.feed(pick(draw, PERSON) if choice % 3 == 0 else pick(draw, answers(walk)))
            assert walk.context.ledger.owed_yen >= 0
            if walk.state is State.IDLE:
                walk.context = new_context()
    except StopIteration:
        pass
    _end(walk)
    for record in walk.written(records.SessionClosed):
        assert record.inserted_yen == record.earned_yen + record.paid_out_yen + record.claimed_yen


def _end(walk: Walk) -> None:
    """From wherever chance left it, silence and time alone bring the machine back to idle."""
    for _ in range(60):
        if walk.state is State.IDLE:
            return
        if walk.state is State.CLOSING:
            walk.feed(Wiped())
        elif walk.state in {State.RETURNING_CARD, State.SORRY_CARD_IN}:
            walk.feed(CardRemoved())  # a card left for ever is a state a person must end
        else:
            walk.feed(TimedOut())
    pytest.fail(f"silence did not end the session: {walk.state}")
