"""Every power cut on the real journal, book and recovery; and protocol mistakes that must not survive it.

Each mutant replaces one object for the length of one exploration, and names the invariants that may kill it.
The exploration without a mutant runs in the same file and is green. `make bench` explores deeper.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest

from drivers.vocabulary import Dispensed
from firmware.book import open_session, recovery
from firmware.book import records as r
from firmware.book.book import Book
from firmware.book.records import Record
from firmware.journal import frames, journal, memory
from firmware.journal.frames import Ending, Scan
from firmware.journal.journal import Journal
from firmware.journal.memory import Memory
from host_sim.adapters.disk import MemoryDisk, Tail
from tests.unit.journal import world as w
from tests.unit.journal.history import open_journal
from tests.unit.journal.world import SCRIPTS, Explorer, Resident, Script, Violation, World

BY_NAME = {script.name: script for script in SCRIPTS}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_every_single_cut(script: Script) -> None:
    explorer = Explorer(script, depth=1)
    assert explorer.explore() > 150


def test_every_cut_and_every_cut_of_the_start_after_it() -> None:
    assert Explorer(BY_NAME["one copy, change"], depth=2).explore() > 1000
    for name in ("three copies of two pages", "hopper nearly empty", "printer without a counter"):
        Explorer(BY_NAME[name], depth=2, every=12).explore()


# --- mutants: the session's mistakes ----------------------------------------------------------------


class NotDurable(Resident):
    """One kind of record is written but not synced."""

    kind: type = r.Request

    def note(self, record: Record) -> None:
        self.memory.note(record, durable=False if isinstance(record, self.kind) else None)


def not_durable(kind: type) -> type[Resident]:
    return type("NotDurable", (NotDurable,), {"kind": kind})


class SendsBeforeWriting(Resident):
    def request(self) -> None:
        self.world.reserve(self.rid, self.script.copies)
        self.note(r.Request(self.sid, self.rid, [("juminhyo", self.script.copies)]))


class OpensSlotBeforeWriting(Resident):
    """The first coin is in before the slot is written down as open."""

    def open_slot(self) -> None:
        before = self.world.counters()
        self.world.drop(self.script.coins[0])
        self.note(r.SlotOpened(self.sid, before.event_counter, before.accepted_total))
        self.note(r.Coin(self.sid, self.script.coins[0], self.world.acceptor_event))

    def coin(self, value_yen: int) -> None:
        if self.memory.book.totals["inserted_yen"] + value_yen <= sum(self.script.coins):
            super().coin(value_yen)


class PrintsBeforeWriting(Resident):
    def print_copy(self, copy: int) -> bool:
        done = self.world.print(self.rid, copy, self.script.pages)
        self.intend(copy)
        self.printed(copy)
        return done


class ChargesBeforePaper(Resident):
    def print_copy(self, copy: int) -> bool:
        self.intend(copy)
        self.printed(copy)
        return self.world.print(self.rid, copy, self.script.pages)


class ReadsPrinterCounterLate(Resident):
    """The intent carries the counter of the sheet before the last one."""

    def intend(self, copy: int) -> None:
        counter = self.world.sheets - self.script.pages
        self.note(r.PrintIntent(self.rid, copy, w.number_of(copy, self.which), "c" * 64, counter, self.script.pages))


class ForgetsPages(Resident):
    def intend(self, copy: int) -> None:
        self.note(
            r.PrintIntent(self.rid, copy, w.number_of(copy, self.which), "c" * 64, self.world.printer_counter(), 1)
        )


class PaysBeforeWriting(Resident):
    def pay(self, value_yen: int, coins: int) -> None:
        before = self.world.hopper_counters(value_yen)
        end = self.world.dispense(value_yen, coins)
        self.note(r.PayIntent(self.sid, value_yen, coins, before.event_counter, before.life_total))
        self.paid(end)


class ReadsHopperCounterLate(Resident):
    def pay(self, value_yen: int, coins: int) -> None:
        self.note(r.PayIntent(self.sid, value_yen, coins, 0, 0))
        self.paid(self.world.dispense(value_yen, coins))


class BelievesItPaid(Resident):
    """lamassu-machine PR 353: the count of what the dispenser really paid is lost."""

    def paid(self, end: Dispensed) -> None:
        super().paid(replace(end, paid=end.asked))


class PaysAgain(Resident):
    """lamassu-server 145: no outcome seen, so once more."""

    def paid(self, end: Dispensed) -> None:
        super().paid(self.world.dispense(end.value_yen, end.asked))


class AcknowledgesBeforeSending(Resident):
    def close(self) -> None:
        for advice_id, _ in self.memory.book.pending_advices():
            self.note(r.AdviceDone(advice_id))
        super().close()

    def claim_rest(self) -> None:
        super().claim_rest()
        pending = self.memory.book.pending_advices()
        for advice_id, _ in pending:
            self.note(r.AdviceDone(advice_id))
        for _, advice in pending:
            self.world.advise(advice.told(), self.memory.journal.head())


class TellsBeforeThePaper(Resident):
    """`issued` goes out when the paper is begun."""

    def intend(self, copy: int) -> None:
        super().intend(copy)
        self.world.advise({"op": "issued", "request_id": self.rid, "copy": copy}, self.memory.journal.head())


class ClaimsBeforeTheHopper(Resident):
    """The whole debt goes to the desk unwritten, and then a hopper pays some of it."""

    def pay_out(self) -> None:
        owed = self.memory.book.open_session().ledger.owed_yen
        self.world.advise({"op": "claim", "key": self.sid, "amount_yen": owed}, self.memory.journal.head())
        super().pay_out()


def resident(kind: type[Resident]) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setattr(w.kit, "resident", kind)


# --- mutants: the recovery's mistakes ---------------------------------------------------------------


def pays_at_boot(patch: pytest.MonkeyPatch) -> None:
    def helpful(book: Book, ask: World, write: Callable[[Record], object]) -> None:
        if book.session and book.session.paying is None and book.session.ledger.owed_yen >= 100:
            ask.dispense(100, 1)
        recovery.recover(book, ask, write)

    patch.setattr(w.kit, "recover", helpful)


def prints_at_boot(patch: pytest.MonkeyPatch) -> None:
    def helpful(book: Book, ask: World, write: Callable[[Record], object]) -> None:
        if book.session and book.session.printing:
            ask.print(book.session.printing.rid, book.session.printing.copy, 1)
        recovery.recover(book, ask, write)

    patch.setattr(w.kit, "recover", helpful)


def believes_the_intent(patch: pytest.MonkeyPatch) -> None:
    """A begun copy counts as printed."""

    def printed(session: open_session.OpenSession, intent: r.PrintIntent, counter: int | None) -> Record:
        line = session.requests[intent.rid].lines[intent.copy]
        return r.CopyPrinted(intent.rid, intent.copy, line.issue_number, "begun", counter, line.fee_yen)

    patch.setattr(recovery, "_print_outcome", printed)


def spoils_without_asking(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(recovery, "_print_outcome", lambda _, intent, __: r.CopySpoiled(intent.rid, intent.copy, "restart"))


def doubts_without_asking(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(recovery, "_print_outcome", lambda _, intent, __: r.CopyUncertain(intent.rid, intent.copy, "restart"))


def guesses_without_a_counter(patch: pytest.MonkeyPatch) -> None:
    real = recovery._print_outcome

    def probably(session: open_session.OpenSession, intent: r.PrintIntent, counter: int | None) -> Record:
        if counter is None:
            return r.CopySpoiled(intent.rid, intent.copy, "probably")
        return real(session, intent, counter)

    patch.setattr(recovery, "_print_outcome", probably)


def settles_as(paid: Callable[[r.PayIntent], int]) -> Callable[[pytest.MonkeyPatch], None]:
    def settle(intent: r.PayIntent, _: World) -> Record:
        return r.PayDone(intent.sid, intent.value_yen, intent.coins, paid(intent), 1, 1)

    return lambda patch: patch.setattr(recovery, "_settle_pay", settle)


def forgets(*kinds: type) -> Callable[[pytest.MonkeyPatch], None]:
    """The recovery leaves out every record of these kinds."""
    real = recovery._steps

    def steps(book: Book, ask: World) -> Iterator[Record]:
        return (record for record in real(book, ask) if not isinstance(record, kinds))

    return lambda patch: patch.setattr(recovery, "_steps", steps)


def asks_nobody_about_requests(patch: pytest.MonkeyPatch) -> None:
    """A request without an answer never reached the centre, surely."""

    def surely(_: Book, request: open_session.RequestBook, __: World) -> Iterator[Record]:
        if not request.lines:
            yield r.NotReserved(request.rid)
            return
        yield from real(_, request, __)

    real = recovery._settle_request
    patch.setattr(recovery, "_settle_request", surely)


def leaves_the_session_open(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(w.kit, "recover", lambda *_: None)


# --- mutants: the journal's mistakes ----------------------------------------------------------------


def never_syncs(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryDisk, "sync", lambda *_: None)


def does_not_sync_at_the_start(patch: pytest.MonkeyPatch) -> None:
    """What a killed process wrote is believed, and a power cut takes it back."""

    real_sync, real_recover = MemoryDisk.sync, Journal._recover

    def recover(self: Journal, *, may_begin: bool) -> int:
        disk = self._disk
        patch.setattr(type(disk), "sync", lambda *_: None)
        try:
            return real_recover(self, may_begin=may_begin)
        finally:
            patch.setattr(type(disk), "sync", real_sync)

    patch.setattr(Journal, "_recover", recover)


def shares_sectors(patch: pytest.MonkeyPatch) -> None:
    """Records follow each other without regard to what is acknowledged."""
    patch.setattr(journal.frames, "align", lambda offset: offset)


def cleans_the_whole_tail(patch: pytest.MonkeyPatch) -> None:
    """What this very exploration found: zeros over the rest of an acknowledged sector."""
    real = frames.scan

    def scan(data: bytes) -> Scan:
        found = real(data)
        return found if found.ending is Ending.CLEAN else replace(found, dirty_from=found.end)

    patch.setattr(journal.frames, "scan", scan)


def leaves_the_torn_tail(patch: pytest.MonkeyPatch) -> None:
    real = frames.scan

    def scan(data: bytes) -> Scan:
        found = real(data)
        return found if found.ending is not Ending.TORN else replace(found, ending=Ending.CLEAN)

    patch.setattr(journal.frames, "scan", scan)


def believes_checksums_of_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(frames.zlib, "crc32", lambda _: 0)

    class Weak:
        def __init__(self, data: bytes) -> None:
            self.data = data

        def digest(self) -> bytes:
            return bytes(32)

    patch.setattr(frames, "sha256", Weak)


def tells_a_head_that_is_not_durable(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Journal, "head", lambda self: (self._seq, self._hash.hex()))


def checkpoint_without(name: str, empty: object) -> Callable[[pytest.MonkeyPatch], None]:
    """A checkpoint at every rest, and one thing is not in it."""

    def forget(patch: pytest.MonkeyPatch) -> None:
        real_snapshot = Book.snapshot

        def snapshot(book: Book) -> Mapping[str, object]:
            return {**real_snapshot(book), name: empty}

        patch.setattr(Book, "snapshot", snapshot)
        patch.setattr(w.kit, "checkpoint_every", 1)

    return forget


def writes_before_the_book_agrees(patch: pytest.MonkeyPatch) -> None:
    """The lost line of the session: a mistake gets into the journal and stops every later start."""

    def note(self: Memory, record: Record, *, durable: bool | None = None) -> int:
        seq = self.journal.append(record, durable=durable)
        self.book.apply(record)
        return seq

    def mistaken(self: Resident) -> None:
        if self.which != 1:
            return
        try:
            self.note(r.PayIntent(self.sid, 500, 9, 0, 0))
        except open_session.ProtocolBroken:
            raise w.PowerCut from None

    patch.setattr(memory.Memory, "note", note)
    patch.setattr(Resident, "pay_out", mistaken)


@dataclass(frozen=True)
class Mutant:
    apply: Callable[[pytest.MonkeyPatch], None]
    invariants: tuple[str, ...]
    script: str = "one copy, change"
    depth: int = 1


NEARLY_EMPTY, NO_COUNTER = "hopper nearly empty", "printer without a counter"
MUTANTS: dict[str, Mutant] = {
    "request id not durable before it is sent": Mutant(resident(not_durable(r.Request)), ("I7",)),
    "request sent before its id is written": Mutant(resident(SendsBeforeWriting), ("I7",)),
    "slot opened before it is written": Mutant(resident(OpensSlotBeforeWriting), ("I2",)),
    "slot opening not durable": Mutant(resident(not_durable(r.SlotOpened)), ("I2",)),
    "coin not durable": Mutant(resident(not_durable(r.Coin)), ("I2",), "acceptor without a counter"),
    "print intent not durable": Mutant(resident(not_durable(r.PrintIntent)), ("I12",)),
    "printed before it is written": Mutant(resident(PrintsBeforeWriting), ("I12",)),
    "charged before the paper": Mutant(resident(ChargesBeforePaper), ("I9",)),
    "printer's counter of another sheet": Mutant(resident(ReadsPrinterCounterLate), ("I9", "I12")),
    "pages of the copy forgotten": Mutant(resident(ForgetsPages), ("I9",), "three copies of two pages"),
    "pay intent not durable": Mutant(resident(not_durable(r.PayIntent)), ("I1",)),
    "paid before it is written": Mutant(resident(PaysBeforeWriting), ("I1",)),
    "hopper's counters not read before": Mutant(resident(ReadsHopperCounterLate), ("I1",)),
    "asked is taken for paid": Mutant(resident(BelievesItPaid), ("I1",), NEARLY_EMPTY),
    "paid again without an outcome": Mutant(resident(PaysAgain), ("I1",)),
    "advice acknowledged before it is sent": Mutant(resident(AcknowledgesBeforeSending), ("I4", "I7")),
    "issued told before the paper": Mutant(resident(TellsBeforeThePaper), ("I8",)),
    "claim sent before a hopper is asked": Mutant(resident(ClaimsBeforeTheHopper), ("I4",), NEARLY_EMPTY),
    "start pays": Mutant(pays_at_boot, ("I13",)),
    "start prints": Mutant(prints_at_boot, ("I13",)),
    "start believes the print intent": Mutant(believes_the_intent, ("I9",)),
    "start spoils without asking": Mutant(spoils_without_asking, ("I12",)),
    "start doubts without asking": Mutant(doubts_without_asking, ("I12",)),
    "start guesses without a counter": Mutant(guesses_without_a_counter, ("I12",), NO_COUNTER),
    "start takes asked for paid": Mutant(settles_as(lambda intent: intent.coins), ("I1",)),
    "start takes nothing for paid": Mutant(settles_as(lambda _: 0), ("I1",)),
    "start forgets what is owed": Mutant(forgets(r.ClaimIntent, r.AdviceQueued), ("I15",)),
    "start claims and tells nobody": Mutant(forgets(r.AdviceQueued), ("I15",)),
    "start forgets to flag a missing coin": Mutant(forgets(r.Flag), ("I2",)),
    "start assumes the request never arrived": Mutant(asks_nobody_about_requests, ("I7",)),
    "start leaves the session open": Mutant(leaves_the_session_open, ("I6",)),
    "start never closes": Mutant(forgets(r.SessionClosed), ("I6",)),
    "journal never syncs": Mutant(never_syncs, ("I14", "I7")),
    "journal does not sync at a start": Mutant(does_not_sync_at_the_start, ("I14", "I15"), depth=2),
    "journal writes into acknowledged sectors": Mutant(shares_sectors, ("I14", "I15")),
    "journal cleans acknowledged sectors": Mutant(cleans_the_whole_tail, ("I14",), depth=2),
    "journal leaves the torn tail": Mutant(leaves_the_torn_tail, ("I15",)),
    "journal believes without checksums": Mutant(believes_checksums_of_nothing, ("I15", "I1", "I2", "I14")),
    "journal tells a head it can lose": Mutant(tells_a_head_that_is_not_durable, ("I14",), depth=2),
    "checkpoint without the advices": Mutant(checkpoint_without("advices", []), ("I15", "I7")),
    "checkpoint without the queue": Mutant(checkpoint_without("queue", []), ("I2", "I12"), NO_COUNTER),
    "written before the book agrees": Mutant(writes_before_the_book_agrees, ("I15",)),
}


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_mutant_is_killed_by_its_invariant(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant = MUTANTS[name]
    with mutated(mutant, monkeypatch), pytest.raises(Violation) as killed:
        Explorer(BY_NAME[mutant.script], mutant.depth).explore()
    assert str(killed.value).split(":")[0] in mutant.invariants, str(killed.value)


@contextmanager
def mutated(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        mutant.apply(patch)
        yield


# --- mistakes that no power cut can show ------------------------------------------------------------


def test_mutant_a_sync_that_failed_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """fsyncgate: the second sync succeeds and the record is not there. The real journal stops instead."""

    def once_more(self: Journal) -> None:
        for _ in range(2 if self._in_group else 0):
            try:
                self._disk.sync(self._name)
            except OSError:
                continue
            self._durable_head = (self._seq, self._hash)
            return

    monkeypatch.setattr(Journal, "sync", once_more)
    disk = MemoryDisk()
    lying = open_journal(disk)
    disk.fail("sync")
    seq = lying.append(r.Flag("test", ""), durable=True)
    disk.cut(Tail.DROPPED)
    disk.power_on()
    assert not open_journal(disk).confirms(seq, lying.head()[1]), "acknowledged, and gone"


def test_mutant_corruption_is_cut_off_like_a_torn_tail(monkeypatch: pytest.MonkeyPatch) -> None:
    """lamassu's parser that skips what it cannot read. The real journal stays out of service."""
    disk = MemoryDisk()
    honest = open_journal(disk)
    for detail in ("one", "two", "three"):
        honest.append(r.Flag("test", detail), durable=True)
    disk.damage("00000000.journal", 512 + 512 + 40, b"\xff")
    real = frames.scan

    def scan(data: bytes) -> Scan:
        found = real(data)
        return replace(found, ending=Ending.TORN) if found.ending is Ending.CORRUPT else found

    monkeypatch.setattr(journal.frames, "scan", scan)
    assert not open_journal(disk).confirms(*honest.head()), "two acknowledged records, and gone without a word"
