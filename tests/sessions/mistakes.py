"""Protocol mistakes of session, desks, drivers, recovery and journal: each function patches one into the real objects."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from drivers.coin.acceptor import Acceptor
from drivers.coin.hopper import Hopper, HopperBank
from drivers.line import manifest
from drivers.printer import printer as printer_module
from drivers.printer.printer import PrinterDriver
from drivers.printer.raster import PrintTicket, RasterPage
from drivers.vocabulary import Dispensed, HopperCounters, NotPrinted, Printed, PrintTrouble, PrintUnknown
from firmware.book import open_session, recovery
from firmware.book import records as r
from firmware.book.advice import ClaimAdvice, CopyAdvice, CopyFate
from firmware.book.book import Book
from firmware.book.records import Record
from firmware.desks import LINE, Advise
from firmware.desks.coin import CoinDesk
from firmware.desks.paper import PaperDesk
from firmware.journal.journal import Journal
from firmware.journal.memory import Memory
from firmware.loop import Loop
from firmware.paper.vault import Vault
from firmware.service import start
from firmware.service.advices import Advices
from firmware.session import effects as fx
from firmware.session.effects import Rasterise
from firmware.session.events import PagesReady

Patch = pytest.MonkeyPatch


# --- what must be durable, and when -----------------------------------------------------------------


def not_durable(kind: type[Record]) -> Callable[[Patch], None]:
    def apply(patch: Patch) -> None:
        real = Memory.note

        def note(self: Memory, record: Record, *, durable: bool | None = None) -> int:
            return real(self, record, durable=False if isinstance(record, kind) else durable)

        patch.setattr(Memory, "note", note)

    return apply


def written_after(kind: type[Record], *later: type[Record]) -> Callable[[Patch], None]:
    """The book has the intent at once, the medium only when its outcome is written: too late."""

    def apply(patch: Patch) -> None:
        real = Journal.append
        held: list[tuple[Journal, Record]] = []

        def append(self: Journal, record: Record, *, durable: bool | None = None) -> int:
            if isinstance(record, kind):
                held.append((self, record))
                return 0
            if isinstance(record, later):
                for whose, intent in held:
                    if whose is self:  # a restart loses the intents that the run before held back
                        real(self, intent)
                held.clear()
            return real(self, record, durable=durable)

        patch.setattr(Journal, "append", append)

    return apply


def never_written(kind: type[Record]) -> Callable[[Patch], None]:
    def apply(patch: Patch) -> None:
        real = Loop.write
        patch.setattr(Loop, "write", lambda self, record: None if isinstance(record, kind) else real(self, record))

    return apply


def written_as(kind: type[Record], change: Callable[[Any], Record]) -> Callable[[Patch], None]:
    """Every record of this kind is changed before it is written."""

    def apply(patch: Patch) -> None:
        real = Loop.write
        patch.setattr(
            Loop, "write", lambda self, record: real(self, change(record) if isinstance(record, kind) else record)
        )

    return apply


# --- paper ------------------------------------------------------------------------------------------


def charges_before_the_paper(patch: Patch) -> None:
    """The fee is earned with the intent: CopyPrinted is written before the page is printed."""
    real = Loop.write

    def write(self: Loop, record: Record) -> None:
        if isinstance(record, r.CopyPrinted | r.CopySpoiled | r.CopyUncertain):
            return
        real(self, record)
        if isinstance(record, r.PrintIntent):
            counter = record.printer_counter
            real(self, r.CopyPrinted(record.rid, record.copy, record.issue_number, "intended", counter, 300))

    patch.setattr(Loop, "write", write)


def prints_again_when_unsure(patch: Patch) -> None:
    """An automatic retry: a page without proof is sent once more."""
    real = PrinterDriver.print_pages

    def print_pages(self: PrinterDriver, pages: Sequence[RasterPage], ticket: PrintTicket, job: int) -> object:
        outcome = real(self, pages, ticket, job)
        if isinstance(outcome, Printed):
            return outcome
        self.discard()
        return real(self, pages, PrintTicket(ticket.request_id, ticket.copy, ticket.raster_sha256s), job + 1)

    patch.setattr(PrinterDriver, "print_pages", print_pages)


def outcome_becomes(change: Callable[[object], object]) -> Callable[[Patch], None]:
    def apply(patch: Patch) -> None:
        real = PrinterDriver.print_pages
        patch.setattr(PrinterDriver, "print_pages", lambda self, *args: change(real(self, *args)))

    return apply


def written_is_printed(outcome: object) -> object:
    return Printed(evidence="written", counter=None) if isinstance(outcome, PrintUnknown | NotPrinted) else outcome


def unsure_is_not_printed(outcome: object) -> object:
    return NotPrinted(reason=PrintTrouble.SILENT, begun=False) if isinstance(outcome, PrintUnknown) else outcome


def printed_is_forgotten(outcome: object) -> object:
    return NotPrinted(reason=PrintTrouble.JAM, begun=False) if isinstance(outcome, Printed) else outcome


def spool_of_the_last_one(patch: Patch) -> None:
    """宗像: the time-out released the lock and kept the file. With the hash check gone too, the next resident gets it."""

    def rasterise(self: PaperDesk, command: Rasterise) -> PagesReady:
        for copy in command.reserved.copies:
            document = self._vault.take(command.reserved.request_id, copy)
            pages = self._render(document, copy.document_sha256, command.reserved.request_id, copy.copy)
            self._pages.setdefault(copy.copy, pages)
        return PagesReady({number: tuple(p.raster_sha256 for p in pages) for number, pages in self._pages.items()})

    def print_kept(self: PaperDesk, command: fx.Print) -> object:
        kept = self._pages[command.copy]
        try:
            return real_print(self, command)
        finally:
            self._pages[command.copy] = kept

    real_print = PaperDesk._print
    patch.setattr(PaperDesk, "_rasterise", rasterise)
    patch.setattr(PaperDesk, "_print", print_kept)
    patch.setattr(PaperDesk, "_wipe", lambda self: None)
    patch.setattr(printer_module, "_is_bound", lambda pages, ticket: True)


def believes_any_document(patch: Patch) -> None:
    """No binding check: any document the line delivers is printed."""

    def put(self: Vault, request_id: str, copy: Any, document: bytes) -> None:
        self._request_id = request_id
        self._documents[copy.copy] = bytearray(document)

    patch.setattr(manifest, "wrong_document", lambda *_: None)
    patch.setattr(Vault, "put", put)
    patch.setattr(Vault, "take", lambda self, _, copy: bytes(self._documents.pop(copy.copy)))


# --- coins ------------------------------------------------------------------------------------------


def hopper_ends_as(change: Callable[[Dispensed], Dispensed]) -> Callable[[Patch], None]:
    def apply(patch: Patch) -> None:
        real = Hopper._settled
        patch.setattr(Hopper, "_settled", lambda self, coins, before: change(real(self, coins, before)))

    return apply


def pays_twice(patch: Patch) -> None:
    """lamassu-server 145: the payout is repeated because its outcome is not known."""
    real = HopperBank.dispense

    def dispense(self: HopperBank, value_yen: int, coins: int, before: HopperCounters) -> Dispensed:
        real(self, value_yen, coins, before)
        return real(self, value_yen, coins, self.counters(value_yen))

    patch.setattr(HopperBank, "dispense", dispense)


def resends_blindly(patch: Patch) -> None:
    """A dispense whose motor stopped early is sent again in full."""
    real = HopperBank.dispense

    def dispense(self: HopperBank, value_yen: int, coins: int, before: HopperCounters) -> Dispensed:
        first = real(self, value_yen, coins, before)
        if first.paid == coins:
            return first
        return real(self, value_yen, coins, self.counters(value_yen))

    patch.setattr(HopperBank, "dispense", dispense)


def counters_not_read(patch: Patch) -> None:
    patch.setattr(HopperBank, "counters", lambda self, value_yen: HopperCounters(0, 0))


def forgets_a_coin(patch: Patch) -> None:
    """One event of each poll of the acceptor is dropped."""
    real = CoinDesk.poll
    patch.setattr(CoinDesk, "poll", lambda self: real(self)[1:])


def believes_forged_credits(patch: Patch) -> None:
    """A count below the credits is taken over in silence, as it was until fault M1 was found."""
    real = Acceptor._judge
    patch.setattr(Acceptor, "_judge", lambda self, total, *, more: real(self, total, more=max(0, more)))


def credits_a_coin_twice(patch: Patch) -> None:
    real = Loop.write

    def write(self: Loop, record: Record) -> None:
        real(self, record)
        if isinstance(record, r.Coin):
            real(self, record)

    patch.setattr(Loop, "write", write)


# --- the centre -------------------------------------------------------------------------------------


def acknowledged_unsent(patch: Patch) -> None:
    def tell(self: Advices) -> None:
        for advice_id, _ in self._memory.book.pending_advices():
            self._memory.note(r.AdviceDone(advice_id))

    patch.setattr(Advices, "tell", tell)


def told_otherwise(patch: Patch) -> None:
    """The centre is told that every copy is void."""
    real = Loop.write

    def write(self: Loop, record: Record) -> None:
        if isinstance(record, r.AdviceQueued) and isinstance(record.advice, CopyAdvice):
            record = replace(record, advice=replace(record.advice, fate=CopyFate.VOID))
        real(self, record)

    patch.setattr(Loop, "write", write)


def claims_something_else(patch: Patch) -> None:
    real = Loop.write

    def write(self: Loop, record: Record) -> None:
        if isinstance(record, r.AdviceQueued) and isinstance(record.advice, ClaimAdvice):
            record = replace(record, advice=replace(record.advice, amount_yen=10))
        real(self, record)

    patch.setattr(Loop, "write", write)


def pays_no_heed_to_the_desk(patch: Patch) -> None:
    """The centre is told that a payment at the desk is written, and the book owes the claim as before."""
    patch.setattr(Book, "_owe_less", lambda _self, _key, paid_yen: paid_yen)


def told_early(
    kind: type[Record], advice: Callable[[Any, open_session.OpenSession], dict[str, Any]]
) -> Callable[[Patch], None]:
    """The centre is told an outcome when only its intent is written."""

    def apply(patch: Patch) -> None:
        real = Loop.write

        def write(self: Loop, record: Record) -> None:
            real(self, record)
            if isinstance(record, kind):
                session = self.book.session
                assert session is not None
                told = {"reason": "early", "journal_head": self._memory.journal.head()[1], **advice(record, session)}
                self.send(LINE, Advise("early", told))

        patch.setattr(Loop, "write", write)

    return apply


def swapped_steps(first: type[fx.Effect], second: type[fx.Effect]) -> Callable[[Patch], None]:
    """A step with both effects sends them in the wrong order, and its commands are carried out before `second` is."""

    def apply(patch: Patch) -> None:
        real = Loop._perform

        def perform(self: Loop, effect: fx.Effect) -> None:
            if isinstance(effect, second):
                self._late.append(effect)  # type: ignore[attr-defined]
                return
            real(self, effect)

        real_step = Loop._take_step

        def take_step(self: Loop, report: object) -> None:
            self._late = []  # type: ignore[attr-defined]
            real_step(self, report)  # type: ignore[arg-type]
            for effect in self._late:  # type: ignore[attr-defined]
                while self._crew._commands:  # type: ignore[attr-defined]
                    name, command, whose = self._crew._commands.popleft()  # type: ignore[attr-defined]
                    self._crew._posted.extend(self._crew._shifts[name].do(command, whose))  # type: ignore[attr-defined]
                real(self, effect)

        patch.setattr(Loop, "_perform", perform)
        patch.setattr(Loop, "_take_step", take_step)

    return apply


# --- the start --------------------------------------------------------------------------------------


def pays_at_boot(patch: Patch) -> None:
    def settle(self: HopperBank, value_yen: int, coins: int, before: HopperCounters) -> Dispensed:
        return self.dispense(value_yen, coins, before)

    patch.setattr(HopperBank, "settle", settle)


def prints_at_boot(patch: Patch) -> None:
    """A start prints the page that was under way, whoever stands at the machine now."""
    real = PrinterDriver.print_pages
    kept: list[Sequence[RasterPage]] = []

    def print_pages(self: PrinterDriver, pages: Sequence[RasterPage], ticket: PrintTicket, job: int) -> object:
        kept.append(pages)
        return real(self, pages, ticket, job)

    def counter(self: start.Witnesses) -> int | None:
        found = self._printer.counter()
        if kept:
            pages = kept[-1]
            self._printer.prepare()
            ticket = PrintTicket(pages[0].request_id, pages[0].copy, tuple(page.raster_sha256 for page in pages))
            real(self._printer, pages, ticket, 77)  # type: ignore[arg-type]
        return found

    patch.setattr(PrinterDriver, "print_pages", print_pages)
    patch.setattr(start.Witnesses, "printer_counter", counter)


def print_outcome(made: Callable[[open_session.OpenSession, r.PrintIntent], Record]) -> Callable[[Patch], None]:
    return lambda patch: patch.setattr(
        recovery, "_settle_print", lambda book, intent, _: iter([made(book.open_session(), intent)])
    )


def believed(session: open_session.OpenSession, intent: r.PrintIntent) -> Record:
    line = session.requests[intent.rid].lines[intent.copy]
    return r.CopyPrinted(intent.rid, intent.copy, line.issue_number, "begun", intent.printer_counter, line.fee_yen)


def guesses_without_a_counter(patch: Patch) -> None:
    real = recovery._print_outcome

    def probably(intent: r.PrintIntent, counter: int | None) -> Record:
        if counter is None:
            return r.CopySpoiled(intent.rid, intent.copy, "probably")
        return real(intent, counter)

    patch.setattr(recovery, "_print_outcome", probably)


def settled_as(paid: Callable[[r.PayIntent], int]) -> Callable[[Patch], None]:
    def settle(intent: r.PayIntent, _: object) -> Record:
        return r.PayDone(intent.sid, intent.value_yen, intent.coins, paid(intent), 1, 1)

    return lambda patch: patch.setattr(recovery, "_settle_pay", settle)


def start_forgets(*kinds: type[Record]) -> Callable[[Patch], None]:
    real = recovery._steps

    def steps(book: Book, ask: Any) -> Iterator[Record]:
        return (record for record in real(book, ask) if not isinstance(record, kinds))

    return lambda patch: patch.setattr(recovery, "_steps", steps)


def asks_nobody_about_requests(patch: Patch) -> None:
    real = recovery._settle_request

    def surely(book: Book, request: open_session.RequestBook, ask: Any) -> Iterator[Record]:
        if not request.lines:
            yield r.NotReserved(request.rid)
            return
        yield from real(book, request, ask)

    patch.setattr(recovery, "_settle_request", surely)


def never_recovers(patch: Patch) -> None:
    patch.setattr(start, "recover", lambda *_: [])


# --- the journal ------------------------------------------------------------------------------------


def swallows_a_broken_medium(patch: Patch) -> None:
    """Coin records are dropped as if they were optional."""
    real = Journal.append

    def append(self: Journal, record: Record, *, durable: bool | None = None) -> int:
        return self._seq if isinstance(record, r.Coin) else real(self, record, durable=durable)

    patch.setattr(Journal, "append", append)
