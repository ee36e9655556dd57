"""Whole sessions, scripted and random, one report at a time, without devices.

The random walks check: whatever a resident does and a device answers, the table has a row for the event, the
book balances, nothing is printed or paid without its intent on record, and the machine ends idle.
"""

import copy
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import TypeVar

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
from firmware.book.cases import Case
from firmware.screens.words import LANGUAGES
from firmware.session import effects as fx
from firmware.session import scenes as show
from firmware.session.context import Context, House, Purpose, Served
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
    SeenPage,
    SlipOutcome,
    SlotClosed,
    Ticked,
    TimedOut,
    Wiped,
)
from firmware.session.machine import step
from firmware.session.states import State
from firmware.session.view import scene

TITLE = {"ja": "住民票の写し", "en": "Certificate of residence"}
SCOPE = OptionGroup(
    key="scope",
    title={"ja": "どなたの"},
    several=False,
    choices=(Choice(value="all", label={"ja": "全員"}), Choice(value="self", label={"ja": "本人"})),
    default=("all",),
)
DOMICILE = OptionGroup(
    key="domicile",
    title={"ja": "本籍を載せますか"},
    several=False,
    choices=(Choice(value="omit", label={"ja": "載せない"}), Choice(value="print", label={"ja": "載せる"})),
    default=("omit",),
    item={"ja": "本籍"},
)
PURPOSES = (
    Purpose({"ja": "運転免許"}, {"scope": ("self",), "domicile": ("print",)}),
    Purpose({"ja": "銀行"}, {"domicile": ("omit",), "not_asked_here": ("print",)}),
    Purpose({"ja": "相続"}, {"scope": ("nobody",)}),  # an answer that this offer does not have
)
HOUSE = House(
    machine="test-01",
    profile="store",
    kinds_taken=frozenset({CardKind.INDIVIDUAL_NUMBER}),
    place={"ja": "宮崎駅前店"},
    telephone="0985-25-2111",
    accepts_yen=frozenset({10, 50, 100, 500}),
    languages=LANGUAGES,
    served=Served(kinds={"juminhyo": (300, 3), "inkan": (300, 3)}, purposes={"juminhyo": PURPOSES}),
)
OFFERS = (
    Offer(kind="juminhyo", title=TITLE, fee_yen=300, copies_max=3, refusal=None, groups=(SCOPE, DOMICILE)),
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
ALL_EMPTY = dict.fromkeys(TUBES, HopperState.EMPTY)
PRINTED = Printed(evidence="process id", counter=7)

Written = TypeVar("Written", bound=records.Record)
Asked = TypeVar("Asked", bound=fx.Effect)


def new_context() -> Context:
    ids = (f"{n:032x}" for n in itertools.count(1))
    return Context(house=HOUSE, session_id=next(ids), session_nonce=bytes(16), request_ids=ids)


def new_book() -> Book:
    return Book.replay(records.FloatSet(value, coins) for value, coins in TUBES.items())


@dataclass
class Tally:
    """The money of the session under way, added up from its records by the walk and not by the book."""

    inserted_yen: int = 0
    earned_yen: int = 0
    paid_out_yen: int = 0
    claimed_yen: int = 0

    @property
    def owed_yen(self) -> int:
        return self.inserted_yen - self.earned_yen - self.paid_out_yen - self.claimed_yen

    def add(self, record: records.Record) -> None:
        match record:
            case records.Coin(value_yen=value):
                self.inserted_yen += value
            case records.FeeTaken(amount_yen=taken):
                self.inserted_yen += taken
            case records.FeeReturned(amount_yen=returned):
                self.paid_out_yen += returned
            case records.CopyPrinted(fee_yen=fee):
                self.earned_yen += fee
            case records.PayDone(value_yen=value, paid=paid) if paid is not None:
                self.paid_out_yen += min(paid * value, self.owed_yen)  # a coin too many is the operator's loss
            case records.ClaimIntent(amount_yen=amount):
                self.claimed_yen += amount
            case records.SessionClosed():
                closed = (record.inserted_yen, record.earned_yen, record.paid_out_yen, record.claimed_yen)
                assert closed == (self.inserted_yen, self.earned_yen, self.paid_out_yen, self.claimed_yen)
                assert self.owed_yen == 0
            case records.SessionOpened():
                self.inserted_yen = self.earned_yen = self.paid_out_yen = self.claimed_yen = 0
            case _:
                pass
        assert self.owed_yen >= 0


@dataclass
class Walk:
    """A session to which a test feeds reports, and whose effects it keeps."""

    state: State = State.IDLE
    context: Context = field(default_factory=new_context)
    effects: list[fx.Effect] = field(default_factory=list)
    book: Book = field(default_factory=new_book)  # raises on records that the money protocol forbids
    tally: Tally = field(default_factory=Tally)

    def feed(self, *reports: Report) -> "Walk":
        for report in reports:
            taken = step(self.state, self.context, self.book, report, self.write)
            self.state = taken.state
            for effect in taken.effects:
                if isinstance(effect, fx.Write):
                    self.write(effect.record)
                else:
                    self.effects.append(effect)
            scene(self.state, self.context, self.book)  # raises if the state has no scene
        return self

    def write(self, record: records.Record) -> None:
        self.book.apply(record)
        self.tally.add(record)
        self.effects.append(fx.Write(record))

    def printed(self) -> int:
        return len(self.written(records.CopyPrinted))

    def keys(self, *keys: Key) -> "Walk":
        return self.feed(*(KeyPressed(key) for key in keys))

    def written(self, kind: type[Written]) -> list[Written]:
        return [e.record for e in self.effects if isinstance(e, fx.Write) and isinstance(e.record, kind)]

    def asked(self, kind: type[Asked]) -> list[Asked]:
        return [e for e in self.effects if isinstance(e, kind)]

    def last(self, kind: type[Asked]) -> Asked:
        return self.asked(kind)[-1]


def reserved(walk: Walk) -> Reserved:
    asked = walk.last(fx.Reserve)
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
        for n, offer in walk.context.item_of_copy.items()
    )
    return Reserved(request_id=asked.request_id, copies=copies, expires_at=datetime(2030, 1, 1, tzinfo=UTC))


def authenticated() -> Walk:
    walk = Walk().feed(CardInserted(), CARD, CHALLENGE, *(PinProgress(n) for n in range(1, 5)), PinEntered())
    return walk.feed(
        CardProof(signature=b"s"), Authenticated(authentication_id="a", masked_name="宮崎　花＊", offers=OFFERS)
    )


def at_the_slot(copies: int = 1) -> Walk:
    walk = authenticated().feed(CardRemoved()).keys(Key.D2)
    walk.keys(Key(str(copies)), Key.ENTER, Key.ENTER)
    walk.feed(reserved(walk), Fetched())
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
    """Answer each payout that the session asks for as hoppers without faults do."""
    while walk.state is State.PREPARING_PAYOUT:
        before = HopperCounters(1, 100)
        walk.feed(HopperCounted(walk.last(fx.CountHopper).value_yen, before))
        value, coins = walk.last(fx.Dispense).value_yen, walk.last(fx.Dispense).coins
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
        sid=f"{1:032x}", inserted_yen=500, earned_yen=300, paid_out_yen=200, claimed_yen=0, outcome="issued", reason=""
    )


def test_cancel_gives_every_coin_back_and_prints_nothing() -> None:
    walk = pay(at_the_slot(), 100, 100).keys(Key.CANCEL)
    assert walk.state is State.DRAINING_REFUND
    pay_out(walk.feed(SlotClosed(AcceptorCounters(8, None))))
    assert walk.state is State.SORRY
    assert walk.tally.paid_out_yen == 200
    assert walk.asked(fx.Print) == []


def test_a_coin_that_rolls_in_after_the_slot_closed_comes_back_as_change() -> None:
    walk = pay(at_the_slot(), 100, 100, 100).feed(CoinCredited(500, 9), SlotClosed(AcceptorCounters(9, None)))
    pay_out(walk.feed(PaperCounted(6), CopyOutcome(1, PRINTED)))
    assert walk.tally.paid_out_yen == 500


def test_the_second_copy_fails_and_is_not_paid_for() -> None:
    walk = after_paying(500, 100, copies=2).feed(PaperCounted(6), CopyOutcome(1, PRINTED), PaperCounted(7))
    jam = NotPrinted(reason=PrintTrouble.JAM, begun=True)
    pay_out(walk.feed(CopyOutcome(2, jam)))
    assert walk.state is State.PRINTING_RECEIPT
    assert (walk.tally.earned_yen, walk.tally.paid_out_yen) == (300, 300)
    fates = [record.advice.told() for record in walk.written(records.AdviceQueued)]
    assert [(told["copy"], told["op"]) for told in fates] == [(1, "issued"), (2, "void")]


def test_an_uncertain_page_is_neither_charged_nor_printed_again() -> None:
    walk = after_paying(100, 100, 100).feed(PaperCounted(6), CopyOutcome(1, PrintUnknown(PrintTrouble.SILENT)))
    pay_out(walk)
    assert walk.tally.paid_out_yen == 300
    assert len(walk.asked(fx.Print)) == 1
    assert len(walk.written(records.CopyUncertain)) == 1


def test_an_empty_hopper_is_followed_by_the_next_and_the_rest_by_a_claim() -> None:
    walk = pay(at_the_slot(), 100, 100).keys(Key.CANCEL).feed(SlotClosed(AcceptorCounters(8, None)))
    while walk.state is State.PREPARING_PAYOUT:
        walk.feed(HopperCounted(walk.last(fx.CountHopper).value_yen, HopperCounters(1, 1)))
        value, coins = walk.last(fx.Dispense).value_yen, walk.last(fx.Dispense).coins
        empty = Dispensed(value_yen=value, asked=coins, paid=1, counters=HopperCounters(2, 2), state=HopperState.EMPTY)
        walk.feed(empty)
    assert walk.state is State.PRINTING_CLAIM_SLIP
    assert walk.tally.paid_out_yen == 100 + 50 + 10
    assert walk.tally.claimed_yen == 40
    (intent,) = walk.written(records.ClaimIntent)
    assert intent == records.ClaimIntent(key=f"{1:032x}", amount_yen=40)


def test_a_silent_hopper_is_never_asked_again() -> None:
    walk = pay(at_the_slot(), 100, 100).keys(Key.CANCEL).feed(SlotClosed(AcceptorCounters(8, None)))
    walk.feed(HopperCounted(100, HopperCounters(1, 1)), Fault("coin", "silent"))
    asked = [effect.value_yen for effect in walk.asked(fx.Dispense)]
    assert asked.count(100) == 1


def test_a_payout_with_an_unknown_result_is_one_case() -> None:
    walk = pay(at_the_slot(), 100, 100).keys(Key.CANCEL).feed(SlotClosed(AcceptorCounters(8, None)))
    walk.feed(HopperCounted(100, HopperCounters(1, 1)), Fault("coin", "silent"))
    assert walk.book.queue == [(Case.PAY_UNKNOWN, f"2 x 100 yen, session {1:032x}")]
    assert (walk.tally.claimed_yen, walk.asked(fx.PrintClaimSlip)[0].amount_yen) == (200, 200)


@pytest.mark.parametrize("left", [2, 1, 0])
def test_wrong_pins(left: int) -> None:
    walk = Walk().feed(CardInserted(), CARD, CHALLENGE, PinEntered())
    walk.feed(WrongPin(left) if left else PinBlocked())
    expected = {2: State.ENTERING_PIN, 1: State.LAST_TRY, 0: State.SORRY_CARD_IN}[left]
    assert walk.state is expected
    assert len(walk.asked(fx.ProveCard)) == 1


def test_another_persons_document_stops_the_line_and_asks_no_money() -> None:
    walk = authenticated().feed(CardRemoved()).keys(Key.D2, Key.ENTER, Key.ENTER)
    walk.feed(reserved(walk), BindingFailed("document_sha256"))
    assert walk.state is State.SORRY
    assert walk.book.line_stopped == "document_sha256"
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


def at_the_counter() -> Walk:
    return after_paying(500)


def at_the_hopper() -> Walk:
    return after_paying(500).feed(PaperCounted(6), CopyOutcome(1, PRINTED))


@pytest.mark.parametrize(
    ("come", "report", "intent"),
    [
        (at_the_counter, PaperCounted(6), records.PrintIntent),
        (at_the_hopper, HopperCounted(100, HopperCounters(1, 1)), records.PayIntent),
    ],
)
def test_a_record_that_cannot_be_written_gives_no_effects(
    come: Callable[[], Walk], report: Report, intent: type[records.Record]
) -> None:
    """If the medium fails at the intent, the loop gets no effect to carry out, and the report can be fed again."""
    walk = come()

    def broken(record: records.Record) -> None:
        assert isinstance(record, intent)
        raise OSError("the medium is gone")

    with pytest.raises(OSError, match="gone"):
        step(walk.state, walk.context, walk.book, report, broken)
    assert walk.written(intent) == []
    assert len(walk.feed(report).written(intent)) == 1


# --- random walks ----------------------------------------------------------------------------------

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


UNREACHABLE = CentreUnreachable(LineTrouble.TIMED_OUT)
REFUSED = CentreRefused(CentreRefusal.ASK_AT_COUNTER)
FAULT = Fault("any", "silent")
BAD_PRINT = (NotPrinted(reason=PrintTrouble.JAM, begun=True), PrintUnknown(PrintTrouble.SILENT))
KNOWN = Authenticated(authentication_id="a", masked_name="x", offers=OFFERS, takes_code=True)
EXEMPTED = replace(KNOWN, offers=tuple(replace(offer, fee_yen=0) for offer in OFFERS), takes_code=False)
CODE_WRONG = CentreRefused(CentreRefusal.CODE_WRONG)
SLIPS = [*(SlipOutcome(r) for r in (PRINTED, *BAD_PRINT)), FAULT]


def test_a_purpose_answers_what_it_knows_and_only_that() -> None:
    """What it does not answer is asked; an answer that the offer does not have is no answer; 0 leaves all to the resident."""
    menu = authenticated().feed(CardRemoved())

    def chosen(*keys: Key) -> Mapping[str, tuple[str, ...]]:
        walk = replace(menu, context=copy.copy(menu.context)).keys(Key.D1)
        shown = scene(walk.state, walk.context, walk.book)
        assert isinstance(shown, show.ChoosePurpose)
        assert [purpose["ja"] for purpose in shown.purposes] == ["運転免許", "銀行"]
        walk.keys(*keys)
        assert walk.context.draft is not None
        assert walk.state is State.CHOOSING_COPIES
        return walk.context.draft.options()

    assert chosen(Key.D1) == {"scope": ("self",), "domicile": ("print",)}
    assert chosen(Key.D2, Key.D1) == {"scope": ("all",), "domicile": ("omit",)}
    assert chosen(Key.D0, Key.D2, Key.D1) == {"scope": ("self",), "domicile": ("omit",)}
    back = (Key.D2, Key.CLEAR, Key.D1, Key.CLEAR, Key.D0, Key.CLEAR, Key.D2, Key.D2)
    assert chosen(*back) == {"scope": ("self",), "domicile": ("omit",)}


def test_a_basket_tells_of_each_paper_what_is_on_it_and_what_is_left_off() -> None:
    walk = authenticated().feed(CardRemoved()).keys(Key.D1, Key.D1, Key.ENTER)  # 運転免許
    walk.keys(Key.D1, Key.D1, Key.D2, Key.D1, Key.ENTER)  # 銀行, of everybody
    walk.keys(Key.D1, Key.D2, Key.ENTER)
    basket = scene(walk.state, walk.context, walk.book)
    assert isinstance(basket, show.Basket)
    assert basket.page == 3, "the one chosen last"
    told = [([i["ja"] for i in line.shown], [i["ja"] for i in line.left_off]) for line in basket.lines]
    assert told == [(["本籍"], []), ([], ["本籍"]), ([], [])]
    walk.keys(Key.NEXT, Key.CLEAR)  # from the last to the first
    left = scene(walk.state, walk.context, walk.book)
    assert isinstance(left, show.Basket)
    assert (left.page, left.lines) == (1, basket.lines[1:]), "the paper that is shown is taken out"


EXITS = [*(ExitSeen(exit_) for exit_ in PaperExit), FAULT]
SLOT_CLOSED = [SlotClosed(AcceptorCounters(9, None)), CoinCredited(50, 8), FAULT]
# Answers of the desks that can come at any time: good, bad, and faults.
ALWAYS: dict[State, Sequence[Report]] = {
    State.READING_CARD: [CARD, CardNotUsable(CardRefusal.NOT_OUR_CARD), FAULT, Fault("card", "pulled", person=True)],
    State.CALLING_CENTRE: [CHALLENGE, UNREACHABLE, REFUSED],
    State.ENTERING_PIN: [PinProgress(1), PinEntered(), PinCancelled()],
    State.CHECKING_PIN: [CardProof(signature=b""), WrongPin(2), WrongPin(1), WrongPin(None), PinBlocked(), FAULT],
    State.CHECKING_CODE: [EXEMPTED, CODE_WRONG, UNREACHABLE, REFUSED, FAULT],
    State.AUTHENTICATING: [KNOWN, KNOWN, UNREACHABLE, REFUSED, CentreRefused(CentreRefusal.WRONG_PIN, 1), FAULT],
    State.FETCHING: [Fetched(), Fetched(), UNREACHABLE, BindingFailed("document_sha256")],
    State.CHECKING_PAPER: [
        PaperReadiness(certificate=READY, receipt=READY),
        PaperReadiness(certificate=OUT, receipt=READY),
        FAULT,
    ],
    State.CHECKING_COINS: [
        *(CoinReadiness(hoppers=s, acceptor=AcceptorCounters(5, None)) for s in (ALL_OK, ALL_OK, ALL_EMPTY)),
        FAULT,
    ],
    State.DRAINING_PAID: SLOT_CLOSED,
    State.DRAINING_REFUND: SLOT_CLOSED,
    State.PREPARING_PAPER: [PaperCounted(3), PaperCounted(None), FAULT],
    State.PRINTING_CLAIM_SLIP: SLIPS,
    State.PRINTING_RECEIPT: SLIPS,
    State.TAKING_PAPER: EXITS,
    State.TAKING_PAPER_ALARM: EXITS,
    State.CLOSING: [Wiped()],
}


def answers(walk: Walk) -> Sequence[Report]:
    """The answers that the desks could give in this state to the last commands."""
    match walk.state:
        case State.RESERVING:
            return [reserved(walk), UNREACHABLE, REFUSED, BindingFailed("kind"), FAULT]
        case State.RASTERISING:
            copies = range(1, len(walk.context.item_of_copy) + 1)
            seen = tuple(SeenPage(copy, 8, 8, bytes(8)) for copy in sorted(walk.last(fx.Rasterise).show))
            return [PagesReady(dict.fromkeys(copies, ("f" * 64,)), seen), BindingFailed("pages"), REFUSED, FAULT]
        case State.PAYING | State.PART_PAID:
            accepted = sorted(walk.context.accepting_yen)
            return [*(CoinCredited(v, 1) for v in accepted), CoinFraud(20), Fault("coin", "silent")]
        case State.PRINTING:
            asked = walk.last(fx.Print)
            return [*(CopyOutcome(asked.copy, r) for r in (PRINTED, PRINTED, *BAD_PRINT)), FAULT]
        case State.PREPARING_PAYOUT:
            return [HopperCounted(walk.last(fx.CountHopper).value_yen, HopperCounters(1, 1)), FAULT]
        case State.PAYING_OUT:
            return [*_ends(walk.last(fx.Dispense)), FAULT]
        case state:
            return ALWAYS.get(state, [CardInserted()])


def _ends(asked: fx.Dispense) -> Iterator[Report]:
    value, coins = asked.value_yen, asked.coins
    for paid, state in [
        (coins, HopperState.OK),
        (coins - 1, HopperState.EMPTY),
        (0, HopperState.JAMMED),
        (coins + 1, HopperState.OK),
        (None, HopperState.UNKNOWN),
    ]:
        yield Dispensed(value_yen=value, asked=coins, paid=paid, counters=None, state=state)


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
            if walk.state is State.IDLE:
                walk.context = new_context()
    except StopIteration:
        pass
    _end(walk)
    assert walk.book.session is None


def _end(walk: Walk) -> None:
    """From any state the machine returns to idle by time-outs alone."""
    for _ in range(60):
        if walk.state is State.IDLE:
            return
        if walk.state is State.CLOSING:
            walk.feed(Wiped())
        elif walk.state in {State.RETURNING_CARD, State.SORRY_CARD_IN}:
            walk.feed(CardRemoved())  # only a person can end this state, by taking the card
        else:
            walk.feed(TimedOut())
    pytest.fail(f"silence did not end the session: {walk.state}")
