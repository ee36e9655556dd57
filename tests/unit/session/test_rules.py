"""Rules of a session that one changed word of the program could break: what is asked, taken, earned and said."""

import dataclasses

import pytest

from drivers.vocabulary import (
    AcceptorCounters,
    Authenticated,
    CardProof,
    CoinCredited,
    Dispensed,
    HopperCounters,
    HopperState,
    Key,
    NotPrinted,
    PaperExit,
    PinEntered,
    PinProgress,
    Printed,
    PrinterStatus,
    PrintTrouble,
    PrintUnknown,
)
from firmware.session import effects as fx
from firmware.session import scenes as show
from firmware.session.events import (
    CardInserted,
    CardRemoved,
    CoinReadiness,
    CopyOutcome,
    Fetched,
    HopperCounted,
    PagesReady,
    PaperCounted,
    PaperReadiness,
    SlotClosed,
)
from firmware.session.known import acceptable
from firmware.session.states import State
from firmware.session.view import scene
from tests.unit.session.test_walks import (
    ALL_OK,
    CARD,
    CHALLENGE,
    OFFERS,
    OUT,
    PRINTED,
    READY,
    Walk,
    after_paying,
    at_the_slot,
    authenticated,
    pay,
    pay_out,
    reserved,
)

CHEAP_YEN, DEAR_YEN = 200, 300


def mixed() -> Walk:
    """A basket of one dear and one cheap copy, with the slot about to be opened."""
    cheap = dataclasses.replace(OFFERS[1], fee_yen=CHEAP_YEN)
    offers = (dataclasses.replace(OFFERS[1], kind="juminhyo", fee_yen=DEAR_YEN), cheap)
    walk = Walk().feed(CardInserted(), CARD, CHALLENGE, *(PinProgress(n) for n in range(1, 5)), PinEntered())
    walk.feed(CardProof(signature=b"s"), Authenticated(authentication_id="a", masked_name="花＊", offers=offers))
    walk.feed(CardRemoved()).keys(Key.D1, Key.ENTER, Key.D1, Key.D2, Key.ENTER, Key.ENTER)
    walk.feed(reserved(walk), Fetched(), PagesReady({1: ("f" * 64,), 2: ("f" * 64,)}))
    return walk.feed(PaperReadiness(certificate=READY, receipt=READY))


def hoppers(*working: int) -> CoinReadiness:
    states = {value: HopperState.OK if value in working else HopperState.EMPTY for value in ALL_OK}
    return CoinReadiness(hoppers=states, acceptor=AcceptorCounters(5, None))


@pytest.mark.parametrize("key", [*(Key(str(digit)) for digit in range(10)), Key.NEXT, Key.PREVIOUS])
@pytest.mark.parametrize("before", [1, 2, 3])
def test_copies_are_between_one_and_the_most_that_are_offered(before: int, key: Key) -> None:
    walk = authenticated().feed(CardRemoved()).keys(Key.D2, Key(str(before)), key)
    assert walk.context.draft is not None
    step = {Key.NEXT: before - 1, Key.PREVIOUS: before + 1}
    wanted = step[key] if key in step else int(key)
    assert walk.context.draft.copies == (wanted if 1 <= wanted <= 3 else before)


IN_THE_MOUTH = dataclasses.replace(READY, exit=PaperExit.PRESENT)


@pytest.mark.parametrize(("certificate", "receipt"), [(OUT, READY), (READY, OUT), (OUT, OUT), (IN_THE_MOUTH, READY)])
def test_no_money_is_asked_unless_both_printers_are_ready(certificate: PrinterStatus, receipt: PrinterStatus) -> None:
    walk = authenticated().feed(CardRemoved()).keys(Key.D2, Key.ENTER, Key.ENTER)
    walk.feed(reserved(walk), Fetched(), PagesReady({1: ("f" * 64,)}))
    walk.feed(PaperReadiness(certificate=certificate, receipt=receipt))
    assert walk.asked(fx.CheckCoins) == []
    assert walk.state is State.SORRY


def test_a_hopper_that_paid_less_than_was_asked_is_not_asked_again_whatever_it_says() -> None:
    walk = pay(at_the_slot(), 100, 100).keys(Key.CANCEL).feed(SlotClosed(AcceptorCounters(8, None)))
    walk.feed(HopperCounted(100, HopperCounters(1, 1)))
    after = HopperCounters(2, 2)
    walk.feed(Dispensed(value_yen=100, asked=2, paid=1, counters=after, state=HopperState.OK))
    pay_out(walk)
    assert [effect.value_yen for effect in walk.asked(fx.Dispense)] == [100, 50]
    assert walk.tally.paid_out_yen == 200


@pytest.mark.parametrize(
    ("result", "paper"),
    [
        (PrintUnknown(PrintTrouble.SILENT), True),
        (NotPrinted(reason=PrintTrouble.JAM, begun=True), True),
        (NotPrinted(reason=PrintTrouble.JAM, begun=False), False),
    ],
)
def test_the_resident_is_told_of_paper_that_may_be_void(result: NotPrinted | PrintUnknown, paper: bool) -> None:
    walk = pay_out(after_paying(100, 100, 100).feed(PaperCounted(6), CopyOutcome(1, result)))
    last = scene(walk.state, walk.context, walk.book)
    assert isinstance(last, show.Sorry)
    assert last.void_paper is paper


def test_the_slot_takes_after_each_coin_what_is_safe_then() -> None:
    """The 10 yen hopper alone holds 500 yen, so a 500 yen coin is safe only as the first one."""
    walk, taken = mixed().feed(hoppers(10)), []
    for event, coin in enumerate((100, 100, 100, 100, 50, 10), start=6):
        taken.append(sorted(walk.last(fx.OpenSlot).values_yen))
        assert walk.last(fx.OpenSlot).values_yen == acceptable(walk.context, walk.book)[0]
        walk.feed(CoinCredited(coin, event))
    assert taken == [[10, 50, 100, 500], *[[10, 50, 100]] * 4, [10, 50]]


def test_a_coin_is_refused_that_leaves_no_change_when_only_one_of_two_copies_is_printed() -> None:
    """500 yen are the fee of both; if the second copy fails, its part must come back, which 500 yen coins cannot do."""
    walk = mixed().feed(hoppers(500))
    assert walk.context.exact_money_only
    assert not walk.context.coins_come_back
    assert 500 in mixed().feed(hoppers(100)).last(fx.OpenSlot).values_yen


@pytest.mark.parametrize("spoiled", [None, 1, 2])
def test_each_copy_earns_its_own_fee_and_the_receipt_says_what_was_earned(spoiled: int | None) -> None:
    walk = pay(mixed().feed(hoppers(*ALL_OK)), 500).feed(SlotClosed(AcceptorCounters(6, None)))
    jam = NotPrinted(reason=PrintTrouble.JAM, begun=False)
    for copy in (1, 2):
        result: Printed | NotPrinted = jam if copy == spoiled else PRINTED
        walk.feed(PaperCounted(5 + copy), CopyOutcome(copy, result))
        if result is jam:
            break
    pay_out(walk)
    earned_yen = {None: DEAR_YEN + CHEAP_YEN, 1: 0, 2: DEAR_YEN}[spoiled]
    assert walk.tally.earned_yen == earned_yen
    session = walk.book.session
    assert session is not None
    assert session.ledger.earned_yen == earned_yen
    assert session.ledger.paid_out_yen == 500 - earned_yen
    if earned_yen:
        receipt = walk.last(fx.PrintReceipt)
        assert (receipt.fee_yen, receipt.inserted_yen, receipt.change_yen) == (earned_yen, 500, 500 - earned_yen)
        assert sum(fee_yen for _, _, fee_yen in receipt.lines) == earned_yen
