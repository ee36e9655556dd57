"""The book: the state it derives from the records, and the mistakes of a session that it refuses.

MISTAKES is the list of mutants of the write-ahead protocol: each makes one change in a good session, and the book
must refuse the changed record with the words of the broken rule.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.vocabulary import HopperCounters
from firmware.book import records as r
from firmware.book.advice import ClaimAdvice, CopyAdvice, CopyFate
from firmware.book.book import Book
from firmware.book.cases import QUEUE_LIMIT, MismatchCode
from firmware.book.match import mismatches
from firmware.book.open_session import CopyStage, ProtocolBroken
from firmware.book.records import Record
from tests.unit.journal.history import ident, number_of, session

SID, RID = ident(1), ident(1 + (1 << 64))
GOOD = list(session(1, coins=(500, 500), copies=2))
VOID = CopyAdvice(CopyFate.VOID, RID, 2, "cancelled")
ISSUED = CopyAdvice(CopyFate.ISSUED, RID, 1, "printed")
CLAIM = ClaimAdvice(SID, 400, "change")


def at(kind: type, nth: int = 1) -> int:
    """The index of the n-th record of a kind in GOOD."""
    return [place for place, record in enumerate(GOOD) if isinstance(record, kind)][nth - 1]


def without(kind: type, nth: int = 1) -> list[Record]:
    place = at(kind, nth)
    return GOOD[:place] + GOOD[place + 1 :]


def twice(kind: type, nth: int = 1) -> list[Record]:
    place = at(kind, nth)
    return [*GOOD[: place + 1], *GOOD[place:]]


def swapped(one: type, other: type) -> list[Record]:
    """GOOD with `other` moved before `one`."""
    moved = list(GOOD)
    moved.insert(at(one), moved.pop(at(other)))
    return moved


def changed(kind: type, nth: int = 1, **fields: object) -> list[Record]:
    place = at(kind, nth)
    return [*GOOD[:place], replace(GOOD[place], **fields), *GOOD[place + 1 :]]  # type: ignore[arg-type]


def upto(kind: type, *more: Record) -> list[Record]:
    """GOOD up to, and without, the first record of a kind; then `more`."""
    return [*GOOD[: at(kind)], *more]


CLOSE = r.SessionClosed(SID, 1000, 600, 400, 0, "issued", "")
INTENT_1 = GOOD[at(r.PrintIntent)]
PAY = r.PayIntent(SID, 100, 4, 7, 500)
MISTAKES: dict[str, tuple[list[Record], str]] = {
    "print before the centre has committed": (without(r.Authorised), "no money before the centre"),
    "ask the centre under an id that was not written": (without(r.Request), "no such request"),
    "use a request id again": (twice(r.Request), "used once"),
    "begin a second request while the first is open": (
        upto(r.SlotOpened, r.Request(SID, ident(9), [("juminhyo", 1)])),
        "copies of the last request are told first",
    ),
    "take the same answer twice": (twice(r.Authorised), "answered once"),
    "take an answer of another size": (
        changed(r.Authorised, copies=[(1, "juminhyo", number_of(1), 300)]),
        "as many copies",
    ),
    "take two copies under one number": (
        changed(r.Authorised, copies=[(1, "j", "n", 300), (2, "j", "n", 300)]),
        "own number",
    ),
    "ask for nothing": (changed(r.Request, items=[]), "at least one copy"),
    "take money before the request is answered": (swapped(r.Authorised, r.SlotOpened), "no money before"),
    "credit a coin without having opened the slot": (without(r.SlotOpened), "slot was opened"),
    "open the slot twice": (twice(r.SlotOpened), "open already"),
    "close the slot twice": (twice(r.SlotClosed), "open slot closes"),
    "credit a coin to another session": (changed(r.Coin, sid=ident(2)), "another session"),
    "credit a coin worth nothing": (changed(r.Coin, value_yen=0), "worth something"),
    "print before the money is in": (swapped(r.Coin, r.PrintIntent), "before the paper is begun"),
    "print without an intent": (without(r.PrintIntent), "follows the intent"),
    "charge before the paper": (swapped(r.PrintIntent, r.CopyPrinted), "follows the intent"),
    "print a copy again": (
        [*GOOD[: at(r.CopyPrinted) + 1], INTENT_1],
        "printed once and never again",
    ),
    "print a spoiled copy again": (
        upto(r.CopyPrinted, r.CopySpoiled(RID, 1, "jam"), INTENT_1),
        "printed once and never again",
    ),
    "print an uncertain copy again": (
        upto(r.CopyPrinted, r.CopyUncertain(RID, 1, "silent"), INTENT_1),
        "printed once and never again",
    ),
    "print a copy that is void": (
        upto(r.PrintIntent, r.AdviceQueued("a", replace(VOID, copy=1)), INTENT_1),
        "told already",
    ),
    "print two copies at once": (
        upto(r.CopyPrinted, r.PrintIntent(RID, 2, number_of(2), "c" * 64, 1, 1)),
        "one print or payout",
    ),
    "print under another copy's number": (changed(r.PrintIntent, issue_number=number_of(2)), "number it was given"),
    "print a copy nobody reserved": (changed(r.PrintIntent, copy=3), "committed to"),
    "prove another number": (changed(r.CopyPrinted, issue_number=number_of(2)), "number it was given"),
    "prove another copy": (changed(r.CopyPrinted, copy=2), "same copy"),
    "charge another fee": (changed(r.CopyPrinted, fee_yen=200), "fee is the one"),
    "charge a copy twice": (twice(r.CopyPrinted), "follows the intent"),
    "pay while the printer works": (upto(r.CopyPrinted, PAY), "one print or payout"),
    "pay without an intent": (without(r.PayIntent), "follows its intent"),
    "pay before writing it down": (swapped(r.PayIntent, r.PayDone), "follows its intent"),
    "pay again without an outcome": (twice(r.PayIntent), "one print or payout"),
    "count one payout twice": (twice(r.PayDone), "follows its intent"),
    "pay more than is owed": (changed(r.PayIntent, coins=5), "not owed"),
    "pay no coins": (changed(r.PayIntent, coins=0), "at least one coin"),
    "book another payout than was begun": (changed(r.PayDone, asked=3), "follows its intent"),
    "claim more than is owed": (upto(r.PayIntent, r.ClaimIntent(SID, 401)), "only what is owed"),
    "claim what a hopper is paying": (upto(r.PayDone, r.ClaimIntent(SID, 400)), "settled before a claim"),
    "claim under a key of one's own": (upto(r.PayIntent, r.ClaimIntent(ident(7), 400)), "session's key"),
    "claim twice under one key": (
        upto(r.PayIntent, r.ClaimIntent(SID, 100), r.ClaimIntent(SID, 300)),
        "each its own",
    ),
    "tell another claim than was written": (
        upto(r.PayIntent, r.ClaimIntent(SID, 300), r.AdviceQueued("c", CLAIM)),
        "as it was written",
    ),
    "tell a claim that was not written": (upto(r.PayIntent, r.AdviceQueued("c", CLAIM)), "as it was written"),
    "tell a claim twice": (
        upto(r.PayIntent, r.ClaimIntent(SID, 400), r.AdviceQueued("c", CLAIM), r.AdviceQueued("d", CLAIM)),
        "told once",
    ),
    "call a copy issued that is not printed": (
        upto(r.PrintIntent, r.AdviceQueued("a", ISSUED)),
        "issued means printed",
    ),
    "call a copy issued while it prints": (upto(r.CopyPrinted, r.AdviceQueued("a", ISSUED)), "before it is told"),
    "call a printed copy void": (changed(r.AdviceQueued, 2, advice=VOID), "issued means printed"),
    "tell of one copy twice": (
        [*GOOD[: at(r.AdviceQueued, 2) + 1], r.AdviceQueued("again", ISSUED)],
        "each copy once",
    ),
    "forget to tell the centre": (without(r.AdviceQueued, 2), "only what is pending"),
    "forget to tell the centre, and never mind": (
        [x for x in without(r.AdviceQueued, 2) if not isinstance(x, r.AdviceDone)],
        "told of every copy",
    ),
    "acknowledge what was not told": (twice(r.AdviceDone), "only what is pending"),
    "close with money owed": (upto(r.PayIntent, CLOSE), "nothing is owed"),
    "close in the middle of a payout": (upto(r.PayDone, CLOSE), "no print or payout is open"),
    "close in the middle of a page": (upto(r.CopyPrinted, CLOSE), "no print or payout is open"),
    "close without telling of a claim": (
        [*upto(r.PayIntent, r.ClaimIntent(SID, 400)), replace(CLOSE, paid_out_yen=0, claimed_yen=400)],
        "every claim",
    ),
    "close with other figures": (changed(r.SessionClosed, paid_out_yen=300, claimed_yen=100), "figures"),
    "close twice": (twice(r.SessionClosed), "no session is open"),
    "open a second session": (twice(r.SessionOpened), "one resident"),
    "go on after the end": ([*GOOD, GOOD[at(r.Coin)]], "no session is open"),
    "let staff pay during a session": (upto(r.Coin, r.StaffPayIntent("test", 100, 1, 1, 1)), "has ended"),
    "begin a session while staff pays": ([r.StaffPayIntent("test", 100, 1, 1, 1), *GOOD], "technician"),
    "let staff pay no coin": ([r.StaffPayIntent("test", 100, 0, 1, 1)], "at least one coin"),
    "let staff pay coins of no value": ([r.StaffPayIntent("test", 0, 1, 1, 1)], "at least one coin"),
    "let staff pay twice at once": ([r.StaffPayIntent("test", 100, 1, 1, 1)] * 2, "one print or payout"),
    "book a staff payout nobody began": ([r.StaffPayDone(100, 1, 1, 2, 2)], "follows its intent"),
    "clear a line that runs": ([r.LineCleared()], "stopped line"),
    "resolve what is not in the queue": ([r.Resolved("copy_uncertain", "x", "done")], "in the queue"),
    "take a checkpoint in a session": (
        upto(r.Coin, r.Checkpoint(Book().snapshot(), "", "")),
        "while idle",
    ),
    "take a checkpoint that says otherwise": ([*GOOD, r.Checkpoint(Book().snapshot(), "", "")], "what the records"),
}


def test_the_good_session_is_good() -> None:
    book = Book.replay(GOOD)
    assert book.session is None
    assert book.totals["earned_yen"] == 600
    assert book.totals["paid_out_yen"] == 400


@pytest.mark.parametrize("mistake", sorted(MISTAKES))
def test_mistake_is_refused_where_it_is_made(mistake: str) -> None:
    history, words = MISTAKES[mistake]
    book = Book()
    for record in history:
        before = dump(book)
        try:
            book.apply(record)
        except ProtocolBroken as refusal:
            told = str(refusal)
            break
    else:
        pytest.fail("nothing was refused")
    assert words in told
    assert dump(book) == before, "a refused record must change nothing in the book"


def dump(book: Book) -> str:
    """Every field of the book, for comparing two books."""

    def told(value: object) -> object:
        if isinstance(value, dict):
            entries = [(key, told(entry)) for key, entry in value.items()]
            return sorted(entries) if all(isinstance(key, int) for key in value) else entries
        if hasattr(value, "__dict__"):
            return told(vars(value))
        if hasattr(value, "stages"):
            return (value.rid, dict(value.lines), dict(value.stages), dict(value.told), value.not_reserved)
        return value

    return repr(told(vars(book)))


def test_enough_mistakes_are_listed() -> None:
    assert len(MISTAKES) >= 60
    rules = {words for _, words in MISTAKES.values()}
    assert len(rules) >= 30


# --- what follows from the records ------------------------------------------------------------------


def upto_and(kind: type, nth: int = 1) -> Book:
    return Book.replay(GOOD[: at(kind, nth) + 1])


def test_stages_on_the_way() -> None:
    book = upto_and(r.PrintIntent)
    assert book.open_session().requests[RID].stages == {1: CopyStage.PRINTING, 2: CopyStage.RESERVED}
    book = upto_and(r.CopyPrinted)
    assert book.open_session().ledger.owed_yen == 700
    assert book.paper_waiting == RID
    assert book.open_session().requests[RID].untold == (1, 2)
    book = upto_and(r.AdviceQueued, 2)
    assert [advice_id for advice_id, _ in book.pending_advices()] == [f"{RID}.1", f"{RID}.2"]
    assert Book.replay(GOOD).pending_advices() == []
    assert Book.replay(GOOD).paper_waiting is None


def test_the_hoppers_float_is_what_was_loaded_less_what_was_paid() -> None:
    book = Book.replay([r.FloatSet(100, 20), *GOOD])
    assert book.tubes == {100: 16}
    book.apply(r.FloatSet(100, 50))
    assert book.tubes == {100: 50}


def test_a_payout_with_an_unknown_result_counts_as_gone_and_is_a_case() -> None:
    """The machine never counts on coins that may have left already, and the resident is not paid less."""
    unknown = r.PayDone(SID, 100, 4, None, None, None)
    book = Book.replay([r.FloatSet(100, 20), *upto(r.PayDone, unknown)])
    assert book.tubes[100] == 16
    assert book.open_session().ledger.owed_yen == 400
    assert [code for code, _ in book.uncertain] == ["pay_unknown"]
    assert book.totals["unknown_yen"] == 400
    assert 100 not in book.hoppers


def test_a_hopper_that_pays_too_much_is_the_operators_loss_and_no_crash() -> None:
    book = Book.replay([*upto(r.PayDone, r.PayDone(SID, 100, 4, 6, 8, 506))])
    assert book.open_session().ledger.owed_yen == 0
    assert (book.totals["paid_out_yen"], book.totals["overpaid_yen"]) == (400, 200)
    assert [code for code, _ in book.queue] == ["overpaid"]


def test_coins_that_belong_to_nobody() -> None:
    book = Book.replay([r.StrayCoin(500, 9), r.StrayCoin(500, 9), r.StrayCoin(10, 10)])
    assert book.totals["stray_yen"] == 1010
    assert book.cash_box == {500: 2, 10: 1}
    assert book.acceptor_event == 10
    book.apply(r.CashBoxEmptied(1000))
    assert ("cash_box", "counted 1000, expected 1010") in book.queue
    assert book.cash_box == {}


def test_only_people_close_cases() -> None:
    book = Book.replay(upto(r.CopyPrinted, r.CopyUncertain(RID, 1, "silent")))
    item = ("copy_uncertain", f"{RID}.1")
    assert book.uncertain == (item,)
    for which in range(QUEUE_LIMIT + 50):
        book.apply(r.Flag("slip", str(which)))
        book.apply(r.Flag("slip", str(which)))
    assert len(book.queue) == QUEUE_LIMIT + 1, "the same flag twice is one case"
    assert book.totals["flags"] == 2 * (QUEUE_LIMIT + 50)
    assert book.uncertain == (item,), "a full queue never drops an uncertain copy"
    book.apply(r.Resolved(*item, "found in the tray"))
    assert book.uncertain == ()


@pytest.mark.parametrize("code", list(MismatchCode))
def test_a_full_queue_never_drops_a_mismatch(code: MismatchCode) -> None:
    """This case keeps the machine closed; a queue filled with two hundred stray coins must not drop it."""
    book = Book.replay([r.Flag(str(code), "hopper 100: +3 coins")])
    for which in range(QUEUE_LIMIT + 1):
        book.apply(r.StrayCoin(10, which))
    assert (code, "hopper 100: +3 coins") in book.queue


@pytest.mark.parametrize(
    ("results", "failed"),
    [([], 5), ([True], 0), ([False], 6), ([False, True], 0), ([True, False], 6), ([False, False], 6)],
)
def test_failed_sessions_in_a_row_count_sessions_not_tries(results: list[bool], failed: int) -> None:
    """The centre checks a municipal PIN after the card has answered, so a session's last PinResult counts."""
    book = Book()
    book.failed_sessions = 5
    book.apply(r.SessionOpened(SID, "store"))
    for ok in results:
        book.apply(r.PinResult(SID, ok, None))
    book.apply(r.SessionClosed(SID, 0, 0, 0, 0, "not_issued", ""))
    assert book.failed_sessions == failed


def test_papers_left_behind_and_line_stopped_and_reasons() -> None:
    book = Book.replay([*GOOD, r.PaperLeft(RID), r.LineStopped("card_fingerprint"), r.Suspended(["line_stopped"])])
    assert ("paper_left", RID) in book.queue
    assert book.line_stopped == "card_fingerprint"
    assert book.suspended == ("line_stopped",)
    book.apply(r.LineCleared())
    book.apply(r.Resumed())
    assert (book.line_stopped, book.suspended) == (None, ())


def test_sheets_count_down_from_what_was_loaded() -> None:
    book = Book.replay([r.PaperSet(10), *session(pages=2, copies=2, coins=(500, 500)), r.SheetsUsed(1, 5)])
    assert book.sheets == 5
    assert Book.replay(GOOD).sheets is None, "without a count by staff the number is unknown"


def test_a_claim_stays_open_until_the_centre_has_it() -> None:
    book = Book.replay(upto(r.PayIntent, r.ClaimIntent(SID, 400), r.AdviceQueued("c", CLAIM)))
    assert book.claims == {SID: 400}
    later = book.open_session().next_claim_key
    assert later != SID
    assert len(later) == 32
    book.apply(r.AdviceDone("c"))
    assert book.claims == {}, "a claim the centre has acknowledged is no longer open"
    book = Book.replay(upto(r.PayIntent, r.ClaimIntent(SID, 400), r.ClaimDone(SID, "ABCDEFG2")))
    assert book.claims == {}


# --- the four-way match -----------------------------------------------------------------------------


def test_counters_that_moved_while_nobody_was_served() -> None:
    book = Book.replay(GOOD)
    assert book.hoppers == {100: HopperCounters(8, 500_034)}
    quiet = r.Counters(3, 10_012, 70_022, [r.HopperReading(100, 8, 500_034)])
    assert mismatches(book, quiet) == []
    unknown = r.Counters(3, None, None, [r.HopperReading(10, 1, 1)])
    assert mismatches(book, unknown) == [], "a counter that cannot be read is no mismatch"
    moved = r.Counters(3, 10_013, 70_020, [r.HopperReading(100, 9, 500_037)])
    assert [(found.code, found.detail) for found in mismatches(book, moved)] == [
        (MismatchCode.MONEY_MOVED, "acceptor: +1 coins"),
        (MismatchCode.MONEY_MOVED, "hopper 100: +3 coins"),
        (MismatchCode.SHEETS_MOVED, "printer: -2 sheets"),
    ]
    book.apply(moved)
    assert mismatches(book, moved) == [], "a recorded mismatch is not reported again"


def test_coins_flagged_as_lost_explain_a_higher_count() -> None:
    history = [*GOOD, r.Flag("credits_lost", "2")]
    for book in (Book.replay(history), Book.replay([r.Checkpoint(Book.replay(history).snapshot(), "", "")])):
        for coins, explained in ((1, True), (2, True), (3, False)):
            moved = r.Counters(3, 10_012 + coins, 70_022, [r.HopperReading(100, 8, 500_034)])
            assert (mismatches(book, moved) == []) == explained, coins


def test_credits_without_coins_are_taken_back_from_the_count_and_hold_the_session() -> None:
    book = Book.replay(upto(r.Coin))
    total = book.acceptor_total
    assert total is not None
    book.apply(r.Flag("credits_without_coins", "2 credits, session x"))
    assert (book.acceptor_total, book.open_session().without_coins) == (total - 2, 2)
    book.apply(r.Flag("credits_without_coins", "2 credits, session x"))
    assert len(book.queue) == 2, "each is a case of its own"


def test_coins_that_were_taken_back_are_known_after_a_checkpoint() -> None:
    book = Book.replay(GOOD)
    book.refunds_yen = [100, 300]
    assert Book.replay([r.Checkpoint(book.snapshot(), "", "")]).refunds_yen == [100, 300]


def test_books_that_do_not_add_up() -> None:
    book = Book.replay(GOOD)
    book.totals["earned_yen"] += 10
    book.totals["told_issued"] -= 1
    found = mismatches(book, r.Counters(None, None, None, []))
    assert [one.code for one in found] == [MismatchCode.UNBALANCED] * 2


# --- checkpoints carry everything -------------------------------------------------------------------

SCRIPTS: list[Callable[[int], list[Record]]] = [
    lambda n: list(session(n)),
    lambda n: list(session(n, coins=(100, 100, 100, 50, 50))),
    lambda n: list(session(n, fee_yen=0)),
    lambda _: [r.FloatSet(100, 40), r.StrayCoin(10, 3)],
    lambda n: [r.Flag("test", str(n)), r.LineStopped("field"), r.Suspended(["line_stopped"])],
    lambda _: [r.Counters(1, 2, 3, [r.HopperReading(100, 4, 5)]), r.PaperSet(200)],
    lambda n: [
        r.SessionOpened(ident(n), "store"),
        r.PinResult(ident(n), False, 2),
        r.SessionClosed(ident(n), 0, 0, 0, 0, "not_issued", "cancelled"),
    ],
    lambda n: [
        *list(session(n, coins=(500,)))[:-5],
        r.ClaimIntent(ident(n), 200),
        r.AdviceQueued(f"{n}.claim", ClaimAdvice(ident(n), 200, "change")),
        r.SessionClosed(ident(n), 500, 300, 0, 200, "issued", ""),
    ],
    lambda _: [r.StaffPayIntent("test", 100, 2, 1, 1), r.StaffPayDone(100, 2, None, None, None)],
]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(range(len(SCRIPTS))), min_size=1, max_size=8), st.data())
def test_a_book_from_a_checkpoint_is_the_book(choices: list[int], data: st.DataObject) -> None:
    history: list[Record] = []
    cuts = []
    for place, choice in enumerate(choices, 1):
        history += SCRIPTS[choice](place)
        cuts.append(len(history))
    cut = data.draw(st.sampled_from(cuts))
    whole = Book.replay(history)
    snapshot = Book.replay(history[:cut]).snapshot()
    short = Book.replay([r.Checkpoint(snapshot, "", ""), *history[cut:]])
    assert dump(short) == dump(whole)
