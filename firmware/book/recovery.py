"""What a start does with what the last run left open. It asks; it never prints and never pays.

Every intent without an outcome is settled by asking whoever can know (book rule 3; crash points 0 to 29): the
centre by request id, a hopper and the printer by their own non-volatile counters. Where nobody can say, the answer
is "uncertain", never "probably": an uncertain paper is not charged and its number is void, an uncertain payout is
claimed in full, and both stand in a person's queue. Money goes back first; the argument comes later.

The resident has gone, so whatever is still owed becomes a claim at the refund desk. Paying coins or finishing
a paper into an empty room breaks the books at the first power cut (book rule 7, invariant I13), so this module has
no way to do either: its port can only ask.

**Cut anywhere.** Each step looks at the book, decides one record, and has it written before the next look. A power
cut in here leaves a longer journal and the same procedure; what was decided is not asked again. What was
decided but lost is decided again from the same counters.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from drivers.vocabulary import (
    AcceptorCounters,
    CoinCredited,
    CoinEvent,
    CoinRejected,
    CopyState,
    CreditsLost,
    Dispensed,
    HopperCounters,
)
from firmware.book import records
from firmware.book.book import Book
from firmware.book.open_session import CopyStage, OpenSession, RequestBook, accounts
from firmware.book.records import Record

REASON = "restart"


class RecoveryPort(Protocol):
    """Who can be asked at a start. None means: no answer, and the machine goes on without one."""

    def status(self, rid: str) -> Mapping[int, CopyState] | None:
        """What the centre holds of a request; empty when it never heard of it."""
        ...

    def settle(self, value_yen: int, coins: int, before: HopperCounters) -> Dispensed | None:
        """What became of the payout that began at these counters. Moves no coin."""
        ...

    def printer_counter(self) -> int | None:
        """The printer's counter of sheets, before anything is fed or cut in this run."""
        ...

    def late_coins(self) -> Sequence[CoinEvent]:
        """What the acceptor still remembers since the last coin in the journal: something, if only the program ended."""
        ...

    def acceptor_counters(self) -> AcceptorCounters | None: ...


def recover(book: Book, ask: RecoveryPort, write: Callable[[Record], object]) -> list[Record]:
    """Settle what is open and close it; the records written, in order.

    `write` appends one record and applies it to `book` (as `Memory.note` does). Nothing open, nothing written.
    """
    written: list[Record] = []
    for record in _steps(book, ask):
        write(record)
        written.append(record)
    return written


def _steps(book: Book, ask: RecoveryPort) -> Iterator[Record]:
    """Lazily: every record has been applied before the next question is asked."""
    if book.staff_paying is not None:
        yield _settle_staff(book.staff_paying, ask)
    for key, amount_yen in list(book.collecting.items()):
        yield records.ClaimCollected(key, amount_yen, "machine")
    session = book.session
    if session is None:
        return
    if session.paying is not None:
        yield _settle_pay(session.paying, ask)
    if session.printing is not None:
        yield from _settle_print(book, session, session.printing, ask.printer_counter())
    if session.slot is not None and session.slot_open:
        yield from (_late_coin(session, event) for event in ask.late_coins() if isinstance(event, _CREDITS))
        yield from _settle_slot(book, session, session.slot, ask.acceptor_counters())
    for request in list(session.requests.values()):
        yield from _settle_request(book, request, ask)
    # Nobody saw them taken, and what lies in the mouth is about to be taken back (crash point 21).
    if book.paper_waiting in session.requests:
        yield records.PaperLeft(book.paper_waiting)
    if session.ledger.owed_yen > 0:
        yield records.ClaimIntent(session.next_claim_key, session.ledger.owed_yen)
    for key in session.untold_claims:
        advice = {"op": "claim", "key": key, "amount_yen": session.claims[key], "reason": REASON}
        yield records.AdviceQueued(f"{key}.claim", advice)
    yield _close(session)


# --- money ------------------------------------------------------------------------------------------


def _settle_pay(intent: records.PayIntent, ask: RecoveryPort) -> Record:
    before = HopperCounters(intent.event_counter, intent.life_total)
    paid, counters = _asked(ask.settle(intent.value_yen, intent.coins, before))
    event, life = (counters.event_counter, counters.life_total) if counters else (None, None)
    return records.PayDone(intent.sid, intent.value_yen, intent.coins, paid, event, life)


def _settle_staff(intent: records.StaffPayIntent, ask: RecoveryPort) -> Record:
    before = HopperCounters(intent.event_counter, intent.life_total)
    paid, counters = _asked(ask.settle(intent.value_yen, intent.coins, before))
    event, life = (counters.event_counter, counters.life_total) if counters else (None, None)
    return records.StaffPayDone(intent.value_yen, intent.coins, paid, event, life)


def _asked(answer: Dispensed | None) -> tuple[int | None, HopperCounters | None]:
    return (None, None) if answer is None else (answer.paid, answer.counters)


_CREDITS = CoinCredited | CreditsLost | CoinRejected


def _late_coin(session: OpenSession, event: CoinCredited | CreditsLost | CoinRejected) -> Record:
    """It was the resident's, and becomes part of the claim; one that may have stayed inside unknown is told."""
    if isinstance(event, CoinRejected):
        return records.Flag("coin_uncertain", f"event {event.code}, session {session.sid}")
    if isinstance(event, CreditsLost):
        return records.Flag("credits_lost", str(event.count))
    return records.Coin(session.sid, event.value_yen, event.event_counter)


def _settle_slot(
    book: Book, session: OpenSession, slot: records.SlotOpened, now: AcceptorCounters | None
) -> Iterator[Record]:
    """A coin can have fallen in between the last poll and the end. At most one, and only a person can find it.

    With a counter of all accepted coins the number is known, and mostly it is none. But an acceptor that lost its power too
    (its event counter stands at 0) may have let a coin past the gate that it never counted: no suspicion, but it is told.
    """
    detail: str | None = f"session {session.sid}, number unknown"
    if now is not None and now.accepted_total is not None and slot.accepted_total is not None:
        missing = now.accepted_total - slot.accepted_total - session.coins_since_opening
        detail = f"session {session.sid}, {missing} coins" if missing else None
        if not missing and now.event_counter == 0:
            told = ("power_lost_at_slot", f"session {session.sid}")
            if told not in book.queue:
                yield records.Flag(*told)
    if detail is not None and ("suspect_coin", detail) not in book.queue:
        yield records.Flag("suspect_coin", detail)
    yield records.SlotClosed(session.sid, now.event_counter if now else book.acceptor_event)


# --- paper ------------------------------------------------------------------------------------------


def _settle_print(
    book: Book, session: OpenSession, intent: records.PrintIntent, counter: int | None
) -> Iterator[Record]:
    """Crash points 15 to 18: the printer's own counter decides, or nobody does.

    A printer counts a sheet when it cuts it. So a sheet that is not counted may still hang in the path, blank,
    half, or whole but for the cut; its number is void, and somebody must see that it is not taken for a paper.
    """
    outcome = _print_outcome(session, intent, counter)
    remains = ("void_sheet_in_path", f"{intent.rid}.{intent.copy}")
    if isinstance(outcome, records.CopySpoiled) and remains not in book.queue:
        yield records.Flag(*remains)
    yield outcome


def _print_outcome(session: OpenSession, intent: records.PrintIntent, counter: int | None) -> Record:
    line = session.requests[intent.rid].lines[intent.copy]
    if counter is None or intent.printer_counter is None:
        return records.CopyUncertain(intent.rid, intent.copy, "no_counter")
    sheets = counter - intent.printer_counter
    if sheets == intent.pages:
        evidence = f"counter {intent.printer_counter} to {counter}"
        return records.CopyPrinted(intent.rid, intent.copy, line.issue_number, evidence, counter, line.fee_yen)
    if 0 <= sheets < intent.pages:
        return records.CopySpoiled(intent.rid, intent.copy, "not_begun" if sheets == 0 else "cut_short")
    # It ran backwards, or further than this copy: another printer, or somebody printed in between.
    return records.CopyUncertain(intent.rid, intent.copy, "counter_strange")


def _settle_request(book: Book, request: RequestBook, ask: RecoveryPort) -> Iterator[Record]:
    """Tell the centre of every copy it may hold. The documents were in memory, so what is not paper is void."""
    if not request.lines and request.untold:
        held = ask.status(request.rid)
        if held is not None and all(state is CopyState.NONE for state in held.values()):
            yield records.NotReserved(request.rid)
            return
        issued = [copy for copy, state in (held or {}).items() if state is CopyState.ISSUED]
        for copy in issued:
            # The centre believes in a paper that this machine cannot have printed (fault N8).
            detail = f"{request.rid}.{copy}"
            if ("issued_without_paper", detail) not in book.queue:
                yield records.Flag("issued_without_paper", detail)
    for copy in request.untold:
        printed = request.stages.get(copy) is CopyStage.PRINTED
        advice = {"op": "issued" if printed else "void", "request_id": request.rid, "copy": copy, "reason": REASON}
        yield records.AdviceQueued(f"{request.rid}.{copy}", advice)


def _close(session: OpenSession) -> Record:
    inserted, earned, paid_out, claimed = accounts(session.ledger)
    outcome = "issued" if session.printed and session.printed == session.wanted else "not_issued"
    if 0 < session.printed < session.wanted:
        outcome = "partly_issued"
    return records.SessionClosed(session.sid, inserted, earned, paid_out, claimed, outcome, REASON)
