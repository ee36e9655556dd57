"""What a start does with what the last run left open. It asks; it never prints and never pays.

Every intent without an outcome is settled by asking (book rule 3; crash points 0 to 29): the centre by request id,
a hopper and the printer by their own non-volatile counters. Where none of them can say, the outcome is "uncertain":
an uncertain paper is not charged and its number is void, an uncertain payout is claimed in full, and each is a case.

The resident has gone, so what is still owed becomes a claim at the refund desk. Nothing is printed or paid
(book rule 7, invariant I13): `RecoveryPort` has methods that ask, and no others.

**A power cut in here.** Each step reads the book, decides one record, and has it written before the next step.
After a cut the next start does the same: a record that was written is not decided again, and one that was lost is
decided again from the same counters.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from drivers.vocabulary import (
    AcceptorCounters,
    AcceptorRestarted,
    CoinCredited,
    CoinEvent,
    CoinRejected,
    CopyState,
    CreditsLost,
    CreditsWithoutCoins,
    Dispensed,
    HopperCounters,
    coins_between,
)
from firmware.book import ending, records
from firmware.book.book import Book
from firmware.book.cases import Case
from firmware.book.open_session import OpenSession, RequestBook
from firmware.book.reasons import EndReason
from firmware.book.records import Record


class RecoveryPort(Protocol):
    """Who can be asked at a start. None means: no answer, and the machine goes on without one."""

    def status(self, rid: str) -> Mapping[int, CopyState] | None:
        """What the centre holds of a request; empty when it never heard of it."""
        ...

    def settle(self, value_yen: int, coins: int, before: HopperCounters) -> Dispensed | None:
        """What became of the payout that began when the hopper's counters read `before`. Moves no coin."""
        ...

    def printer_counter(self) -> int | None:
        """The printer's counter of sheets, before anything is fed or cut in this run."""
        ...

    def late_coins(self) -> Sequence[CoinEvent]:
        """The acceptor's events since the last coin in the journal; it has them still if its power stayed on."""
        ...

    def acceptor_counters(self) -> AcceptorCounters | None: ...


def recover(book: Book, ask: RecoveryPort, write: Callable[[Record], object]) -> list[Record]:
    """Settle what is open and close it; the records written, in order.

    `write` applies one record to `book` and appends it (as `Memory.note` does). With nothing open nothing is written.
    """
    written: list[Record] = []
    for record in _steps(book, ask):
        write(record)
        written.append(record)
    return written


def _steps(book: Book, ask: RecoveryPort) -> Iterator[Record]:
    """A generator: `recover` has every record applied before the next question is asked."""
    if book.staff_paying is not None:
        yield _settle_staff(book.staff_paying, ask)
    for key, amount_yen in list(book.collecting.items()):
        yield records.ClaimCollected(key, amount_yen, "machine")
    if book.session is not None:
        yield from _settle_devices(book, book.session, ask)
        yield from _settle_accounts(book, book.session, ask)


def _settle_devices(book: Book, session: OpenSession, ask: RecoveryPort) -> Iterator[Record]:
    """Settle what had begun to move: a payout, a copy, coins into the slot."""
    if session.paying is not None:
        yield _settle_pay(session.paying, ask)
    if session.printing is not None:
        yield from _settle_print(book, session.printing, ask.printer_counter())
    if session.slot is not None and session.slot_open:
        late = ask.late_coins()
        yield from (_late_coin(session, event) for event in late if isinstance(event, _Late))
        now = ask.acceptor_counters()
        lost_power = AcceptorRestarted() in late or (now is not None and now.event_counter == 0)
        yield from _settle_slot(book, session, session.slot, now, lost_power=lost_power)


def _settle_accounts(book: Book, session: OpenSession, ask: RecoveryPort) -> Iterator[Record]:
    """Tell the centre of every copy and every claim, and close the session with nothing owed."""
    for request in list(session.requests.values()):
        yield from _settle_request(book, request, ask)
    # Nobody saw the papers taken, and this start will take back what lies in the mouth (crash point 21).
    if book.paper_waiting in session.requests:
        yield records.PaperLeft(book.paper_waiting)
    yield from ending.claims_told(session, EndReason.RESTART)
    if session.ledger.owed_yen > 0:
        # The clerk may have given it back before the run ended.
        unconfirmed = (Case.TILL_UNCONFIRMED, f"session {session.sid}")
        if session.at_till and unconfirmed not in book.queue:
            yield records.Flag(*unconfirmed)
        yield from ending.rest_claimed(session, EndReason.RESTART)
    yield ending.closed(session, EndReason.RESTART)


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


_Late = CoinCredited | CreditsLost | CreditsWithoutCoins | CoinRejected


def _late_coin(session: OpenSession, event: _Late) -> Record:
    """A late coin is the resident's and becomes part of the claim; one that was lost or may be inside is flagged."""
    if isinstance(event, CoinRejected):
        return records.Flag(Case.COIN_UNCERTAIN, f"event {event.code}, session {session.sid}")
    if isinstance(event, CreditsLost):
        return records.Flag(Case.CREDITS_LOST, f"{event.count}, session {session.sid}")
    if isinstance(event, CreditsWithoutCoins):
        return records.Flag(Case.CREDITS_WITHOUT_COINS, f"{event.count} credits, session {session.sid}")
    return records.Coin(session.sid, event.value_yen, event.event_counter)


def _settle_slot(
    book: Book, session: OpenSession, slot: records.SlotOpened, now: AcceptorCounters | None, *, lost_power: bool
) -> Iterator[Record]:
    """Flag that a coin may have fallen in between the last poll and the end of the run; only a person can find it.

    If the acceptor counts all coins for life, the number is known, and nothing is flagged when it is 0. But an acceptor
    that lost its power too may have taken a coin without counting it: `power_lost_at_slot` says so.
    """
    detail: str | None = f"session {session.sid}, number unknown"
    if now is not None and now.accepted_total is not None and slot.accepted_total is not None:
        counted = coins_between(slot.accepted_total, now.accepted_total)
        missing = counted - session.coins_since_opening + session.without_coins
        anew = lost_power and counted < 0  # it lost its count with its power
        if missing < 0 and not anew:
            yield records.Flag(Case.CREDITS_WITHOUT_COINS, f"{-missing} credits, session {session.sid}")
            missing = 0
        if missing >= 0:
            detail = f"session {session.sid}, {missing} coins" if missing else None
        if not missing and lost_power:
            told = (Case.POWER_LOST_AT_SLOT, f"session {session.sid}")
            if told not in book.queue:
                yield records.Flag(*told)
    if detail is not None and (Case.SUSPECT_COIN, detail) not in book.queue:
        yield records.Flag(Case.SUSPECT_COIN, detail)
    yield records.SlotClosed(session.sid, now.event_counter if now else book.acceptor_event)


# --- paper ------------------------------------------------------------------------------------------


def _settle_print(book: Book, intent: records.PrintIntent, counter: int | None) -> Iterator[Record]:
    """Crash points 15 to 18: fewer cuts than pages prove that the copy is not whole; nothing that is left proves that it is.

    A printer counts a sheet when it cuts it. So a sheet that is not counted may still hang in the path: blank, half
    printed, or whole but not cut. Its number is void, and the flag asks a person to remove it.
    """
    outcome = _print_outcome(intent, counter)
    remains = (Case.VOID_SHEET_IN_PATH, f"{intent.rid}.{intent.copy}")
    if isinstance(outcome, records.CopySpoiled) and remains not in book.queue:
        yield records.Flag(*remains)
    yield outcome


def _print_outcome(intent: records.PrintIntent, counter: int | None) -> Record:
    if counter is None or intent.printer_counter is None:
        return records.CopyUncertain(intent.rid, intent.copy, "no_counter")
    sheets = counter - intent.printer_counter
    if 0 <= sheets < intent.pages:
        return records.CopySpoiled(intent.rid, intent.copy, "not_begun" if sheets == 0 else "cut_short")
    # Cuts enough: a power cut may have left part of a page, which some printers cut off by themselves. Or the counter went
    # backwards, or further than this copy: another printer, or somebody printed in between.
    reason = "cut_unseen" if sheets == intent.pages else "counter_strange"
    return records.CopyUncertain(intent.rid, intent.copy, reason)


def _settle_request(book: Book, request: RequestBook, ask: RecoveryPort) -> Iterator[Record]:
    """Tell the centre of every copy it may hold. Documents were in memory only, so a copy not printed is void."""
    if not request.lines and request.untold:
        held = ask.status(request.rid)
        if held is not None and all(state is CopyState.NONE for state in held.values()):
            yield records.NotReserved(request.rid)
            return
        issued = [copy for copy, state in (held or {}).items() if state is CopyState.ISSUED]
        for copy in issued:
            # The centre has as issued what this machine cannot have printed (fault N8).
            detail = f"{request.rid}.{copy}"
            if (Case.ISSUED_WITHOUT_PAPER, detail) not in book.queue:
                yield records.Flag(Case.ISSUED_WITHOUT_PAPER, detail)
    yield from ending.copies_told(request, EndReason.RESTART)
