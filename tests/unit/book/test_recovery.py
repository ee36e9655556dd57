"""What a start asks and decides at the crash points that the explorer cannot produce."""

from collections.abc import Sequence

import pytest

from drivers.vocabulary import (
    AcceptorCounters,
    AcceptorRestarted,
    CoinCredited,
    CoinEvent,
    CopyState,
    CreditsLost,
    Dispensed,
    HopperCounters,
    HopperState,
)
from firmware.book import records as r
from firmware.book.book import Book
from firmware.book.records import Record
from firmware.book.recovery import recover
from tests.unit.journal.history import ident, number_of, session

SID, RID = ident(1), ident(1 + (1 << 64))
GOOD = list(session(1, coins=(500,), pages=2))


class Answers:
    """Witnesses with scripted answers; notes each question in `asked`."""

    def __init__(self, held: dict[int, CopyState] | None = None, sheets: int | None = None, paid: int | None = None):
        self.held, self.sheets, self.paid = held, sheets, paid
        self.total: int | None = None
        self.late: Sequence[CoinEvent] = ()
        self.event = 0  # volatile: after a loss of power an acceptor counts from 0 again
        self.asked: list[str] = []

    def status(self, rid: str) -> dict[int, CopyState] | None:
        self.asked.append(f"status {rid}")
        return self.held

    def settle(self, value_yen: int, coins: int, before: HopperCounters) -> Dispensed | None:
        self.asked.append(f"settle {coins} x {value_yen} from {before.life_total}")
        if self.paid is None:
            return None
        after = HopperCounters(before.event_counter + 1, before.life_total + self.paid)
        return Dispensed(value_yen=value_yen, asked=coins, paid=self.paid, counters=after, state=HopperState.OK)

    def printer_counter(self) -> int | None:
        self.asked.append("printer")
        return self.sheets

    def late_coins(self) -> Sequence[CoinEvent]:
        self.asked.append("late coins")
        return self.late

    def acceptor_counters(self) -> AcceptorCounters | None:
        self.asked.append("acceptor")
        return AcceptorCounters(self.event, self.total)


def upto(kind: type) -> list[Record]:
    """Recover a machine that stopped after the first record of a kind in GOOD."""
    return GOOD[: next(place for place, record in enumerate(GOOD) if isinstance(record, kind)) + 1]


def settled(history: list[Record], ask: Answers) -> tuple[Book, list[Record]]:
    book = Book.replay(history)
    return book, recover(book, ask, book.apply)


def kinds(written: list[Record]) -> list[str]:
    return [type(record).__name__ for record in written]


def test_with_nothing_open_a_start_asks_and_writes_nothing() -> None:
    ask = Answers()
    assert settled([], ask)[1] == []
    assert settled(GOOD, ask)[1] == []
    assert ask.asked == []


@pytest.mark.parametrize(
    ("sheets", "outcome", "told", "claimed"),
    [
        (70_020, "CopySpoiled", "void", 500),  # crash point 15: no sheet was printed
        (70_021, "CopySpoiled", "void", 500),  # crash point 16: one of two sheets
        (70_022, "CopyUncertain", "void", 500),  # crash point 17: two cuts prove no page
        (70_023, "CopyUncertain", "void", 500),  # other pages were printed too
        (69_000, "CopyUncertain", "void", 500),  # another printer
        (None, "CopyUncertain", "void", 500),  # crash point 18
    ],
)
def test_a_begun_copy_is_what_the_printers_counter_says(
    sheets: int | None, outcome: str, told: str, claimed: int
) -> None:
    book, written = settled(upto(r.PrintIntent), Answers(sheets=sheets))
    found = ["Flag", outcome] if outcome == "CopySpoiled" else [outcome]
    assert kinds(written) == [*found, "AdviceQueued", "ClaimIntent", "AdviceQueued", "SessionClosed"]
    assert [advice.told()["op"] for _, advice in book.pending_advices()] == [told, "claim"]
    assert book.claims == {SID: claimed}
    assert (outcome == "CopyUncertain") == bool(book.uncertain)


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ({}, ["NotReserved", "SessionClosed"]),  # crash point 6
        ({1: CopyState.NONE}, ["NotReserved", "SessionClosed"]),
        ({1: CopyState.RESERVED}, ["AdviceQueued", "SessionClosed"]),  # crash point 7
        ({1: CopyState.DELIVERED}, ["AdviceQueued", "SessionClosed"]),
        ({1: CopyState.VOID}, ["AdviceQueued", "SessionClosed"]),
        (None, ["AdviceQueued", "SessionClosed"]),  # the centre does not answer; telling it "void" twice does no harm
        ({1: CopyState.ISSUED}, ["Flag", "AdviceQueued", "SessionClosed"]),  # fault N8: a case for a person
    ],
)
def test_a_request_without_an_answer_is_what_the_centre_says(
    held: dict[int, CopyState] | None, expected: list[str]
) -> None:
    ask = Answers(held)
    book, written = settled(upto(r.Request), ask)
    assert kinds(written) == expected
    assert ask.asked == [f"status {RID}"]
    if held and held[1] is CopyState.ISSUED:
        assert book.queue == [("issued_without_paper", f"{RID}.1")]


@pytest.mark.parametrize(
    ("total", "flagged"),
    [(10_011, None), (10_012, "1 coins"), (None, "number unknown")],
)
def test_a_coin_between_the_last_poll_and_the_cut(total: int | None, flagged: str | None) -> None:
    """Crash point 10: the acceptor's own total shows the coin, or a person must look."""
    ask = Answers()
    ask.total = total
    book, _ = settled(upto(r.Coin), ask)
    suspected = [detail.split(", ")[1] for code, detail in book.queue if code == "suspect_coin"]
    assert suspected == ([flagged] if flagged else [])
    assert book.claims == {SID: 500}


@pytest.mark.parametrize("event", [0, 8])
def test_a_power_cut_at_an_open_slot_is_flagged_though_no_coin_is_missed(event: int) -> None:
    """A coin past the gate falls into the box uncounted when the acceptor's power goes too; a killed program lets it count."""
    ask = Answers()
    ask.total, ask.event = 10_011, event
    book, _ = settled(upto(r.Coin), ask)
    assert book.queue == ([] if event else [("power_lost_at_slot", f"session {SID}")])


@pytest.mark.parametrize(("event", "late"), [(0, ()), (1, (AcceptorRestarted(),))])
def test_a_count_that_began_anew_with_the_power_is_no_tampering(event: int, late: tuple[CoinEvent, ...]) -> None:
    """Header 225 in RAM. After power-up some acceptors show a dummy event, so their counter is not 0 any more."""
    ask = Answers()
    ask.total, ask.event, ask.late = 0, event, late
    book, _ = settled(upto(r.Coin), ask)
    assert "credits_without_coins" not in {code for code, _ in book.queue}
    assert ("power_lost_at_slot", f"session {SID}") not in book.queue, "the coin is looked for as a suspect one"
    assert ("suspect_coin", f"session {SID}, number unknown") in book.queue


@pytest.mark.parametrize(("paid", "claimed"), [(0, 200), (1, 100), (2, 0), (None, 200)])
def test_a_payout_cut_short(paid: int | None, claimed: int) -> None:
    """Crash points 23 to 26: the hopper's count is paid; without one the amount stays owed, and a case is opened."""
    ask = Answers(paid=paid)
    book, written = settled(upto(r.PayIntent), ask)
    assert ask.asked == ["settle 2 x 100 from 500030"]
    assert sum(book.claims.values()) == claimed
    assert isinstance(written[-1], r.SessionClosed)
    assert written[-1].outcome == "issued"
    assert bool(book.uncertain) == (paid is None)


def test_a_payout_by_staff_is_settled_too() -> None:
    ask = Answers(paid=3)
    book, written = settled([r.StaffPayIntent("test", 100, 5, 1, 70)], ask)
    assert written == [r.StaffPayDone(100, 5, 3, 2, 73)]
    assert book.totals["staff_paid_yen"] == 300
    assert book.totals["paid_out_yen"] == 0, "test payouts are not a resident's money"
    assert settled([r.StaffPayIntent("test", 100, 5, 1, 70)], Answers())[0].uncertain


@pytest.mark.parametrize("stop", range(1, len(GOOD)))
def test_a_second_start_finds_nothing_to_do(stop: int) -> None:
    """And it asks no witness, since the decisions are in the journal."""
    ask = Answers({1: CopyState.RESERVED}, sheets=70_022, paid=2)
    book, _ = settled(GOOD[:stop], ask)
    assert book.session is None
    again = Answers()
    assert recover(book, again, book.apply) == []
    assert again.asked == []


@pytest.mark.parametrize("stop", range(1, len(GOOD)))
def test_a_start_that_is_cut_after_any_record_ends_the_same(stop: int) -> None:
    whole, written = settled(GOOD[:stop], Answers({1: CopyState.RESERVED}, sheets=70_022, paid=2))
    for cut in range(len(written)):
        book = Book.replay([*GOOD[:stop], *written[:cut]])
        rest = recover(book, Answers({1: CopyState.RESERVED}, sheets=70_022, paid=2), book.apply)
        assert book.snapshot() == whole.snapshot()
        assert len(rest) == len(written) - cut


def test_outcomes_of_several_copies() -> None:
    three = list(session(1, coins=(500, 500), copies=3))
    at = [place for place, record in enumerate(three) if isinstance(record, r.CopyPrinted)]
    for count, outcome in enumerate(["partly_issued", "partly_issued", "issued"]):
        book = Book.replay(three[: at[count] + 1])
        written = recover(book, Answers(), book.apply)
        assert isinstance(written[-1], r.SessionClosed)
        assert (written[-1].outcome, written[-1].earned_yen) == (outcome, 300 * (count + 1))
        told = [advice.told()["op"] for _, advice in book.pending_advices()]
        assert told == ["issued"] * (count + 1) + ["void"] * (2 - count) + ["claim"]
    assert number_of(1) in str(three)


def test_a_coin_that_the_acceptor_still_remembers_belongs_to_the_claim() -> None:
    """After a killed program the acceptor still has its events: these coins are the resident's, neither stray nor suspect."""
    ask = Answers()
    history = upto(r.SlotOpened)
    opened = history[-1]
    assert isinstance(opened, r.SlotOpened)
    ask.late = (CoinCredited(100, 1), CreditsLost(2), CoinCredited(500, 4))
    ask.total = (opened.accepted_total or 0) + 2
    book, written = settled(history, ask)
    assert [record for record in written if isinstance(record, r.Coin)] == [r.Coin(SID, 100, 1), r.Coin(SID, 500, 4)]
    assert r.Flag("credits_lost", f"2, session {SID}") in written
    assert not any(code == "suspect_coin" for code, _ in book.queue)
    assert book.claims == {SID: 600}
