"""The paper desk: the certificate printer with its pages, and the receipt printer."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import assert_never

from drivers.errors import DeviceError
from drivers.printer.raster import PrintTicket, RasterPage, RasterSlip
from drivers.vocabulary import (
    BindingFailed,
    CentreRefusal,
    CentreRefused,
    NotPrinted,
    PaperExit,
    PaperSupply,
    Printed,
    PrinterStatus,
    PrintTrouble,
    PrintUnknown,
)
from firmware.desks import PAPER, Answer, Desk, Health, PaperCommand, PrintLines, PrintZReport, SheetCut, WipeDesk
from firmware.paper.trouble import PageTrouble
from firmware.paper.vault import Vault
from firmware.ports import Printer
from firmware.session.effects import (
    CheckPaper,
    ClearPaper,
    CountPaper,
    CutRemains,
    Print,
    PrintClaimSlip,
    PrintReceipt,
    Rasterise,
    WatchExit,
)
from firmware.session.events import (
    CopyOutcome,
    ExitSeen,
    Fault,
    PageItem,
    PagesReady,
    PaperCounted,
    PaperReadiness,
    SeenPage,
    SlipOutcome,
)

Render = Callable[[bytes, str, str, int], Sequence[RasterPage]]  # document, its SHA-256, request id, copy
Read = Callable[[bytes], Sequence[tuple[PageItem, ...]]]  # document -> what is written on each page, for who listens
DrawSlip = Callable[[PrintReceipt | PrintClaimSlip | PrintLines | PrintZReport], RasterSlip | bytes]

WATCH_S = 0.4
CHECK_S = 3.0
FIRST_LOOK_S = 0.1  # from the start to the first poll
RECOUNTS = 25  # tries, WATCH_S apart, to read the counter of a printer whose line failed; then the page is given up
RECOVER_EVERY = 10  # polls, CHECK_S apart, between two tries to recover: each try moves the cutter
_NEEDS_RECOVERY = frozenset({PrintTrouble.JAM, PrintTrouble.CUTTER})


@dataclass(slots=True)
class Doubt:
    """A copy whose answer waits for the printer's counter (fault R5)."""

    copy: int
    outcome: Printed | NotPrinted | PrintUnknown  # posted if the printer does not come back
    looks: int = 0


class PaperDesk(Desk[PaperCommand]):
    """Outside a session the desk cuts off leftover paper by itself; within one it cuts only on command.

    The first poll cuts off what an earlier run left in the path. That is after recovery has read the printer's counter, and
    usually before the first resident comes.
    """

    name = PAPER
    reason_when_down = "printer"

    def __init__(
        self, printer: Printer, slips: Printer, vault: Vault, render: Render, read: Read, draw: DrawSlip
    ) -> None:
        self._printer = printer
        self._slips = slips
        self._vault = vault
        self._render = render
        self._read = read
        self._draw = draw
        self._pages: dict[int, Sequence[RasterPage]] = {}
        self._job = 0
        self._serving = False
        self._watching = False
        self._doubt: Doubt | None = None
        self._looks = 0

    def start(self) -> Sequence[Answer]:
        self._printer.start()
        self._slips.start()
        return [Health(self.name, self._reasons(self._printer.status()))]

    def failed(self, error: DeviceError) -> Sequence[Answer]:
        if error.device == "receipt_printer":
            return [Health(self.name, frozenset({"receipt_printer"}), str(error))]
        return super().failed(error)

    def handle(self, command: PaperCommand) -> Sequence[Answer]:
        """Carry out a command. What it found wrong is told before its answer, not only by the next poll."""
        self._doubt = None  # a session that waits for a copy sends nothing, so it has given the copy up
        answers = self._carried_out(command)
        return [self._health(self._printer.status()), *answers] if any(map(_failed, answers)) else answers

    def _carried_out(self, command: PaperCommand) -> Sequence[Answer]:
        match command:
            case Rasterise():
                self._serving = True
                return [self._rasterise(command)]
            case CheckPaper():
                cut = self._cleaned(self._printer.prepare)  # if it fails, the status below shows it
                return [*cut, PaperReadiness(certificate=self._printer.status(), receipt=self._slips.status())]
            case CountPaper():
                return [self._count()]
            case Print():
                return self._print(command)
            case PrintReceipt() | PrintClaimSlip() | PrintLines() | PrintZReport():
                return [self._print_slip(command)]
            case WatchExit(on=on):
                self._watching = on
                return self.poll() if on else []
            case CutRemains(take_back=take_back):
                return self._cleaned(lambda: self._printer.prepare(take_back=take_back))
            case ClearPaper():
                return self._counted(self._printer.discard)
            case WipeDesk():
                self._wipe()
                return []
            case _:
                assert_never(command)

    def _count(self) -> PaperCounted | Fault:
        """Clean the path, then read the counter. A failure is a `Fault`, so that the desk stays up and can print slips."""
        try:
            self._printer.prepare()
            return PaperCounted(self._printer.counter())
        except DeviceError as error:
            return Fault(self.name, error.sentence)

    def _rasterise(self, command: Rasterise) -> PagesReady | BindingFailed | CentreRefused | Fault:
        """All copies as dots. A document that this printer cannot draw as a whole is the centre's own (its hash was compared)
        and nobody else's: this order goes to the counter, and the machine goes on."""
        request_id = command.reserved.request_id
        hashes: dict[int, tuple[str, ...]] = {}
        seen: list[SeenPage] = []
        for copy in command.reserved.copies:
            document = self._vault.take(request_id, copy)
            if document is None:
                self._pages.clear()
                return Fault(self.name, "The documents are not in memory any more.")
            try:
                pages = self._render(document, copy.document_sha256, request_id, copy.copy)
            except PageTrouble:
                self._pages.clear()
                return CentreRefused(CentreRefusal.ASK_AT_COUNTER)
            if len(pages) != copy.pages:
                self._pages.clear()
                return BindingFailed("pages")
            self._pages[copy.copy] = pages
            hashes[copy.copy] = tuple(page.raster_sha256 for page in pages)
            if copy.copy in command.show:
                seen += _seen(copy.copy, pages, self._read(document))
        return PagesReady(hashes, tuple(seen))

    def _print(self, command: Print) -> Sequence[Answer]:
        ticket = PrintTicket(command.request_id, command.copy, command.raster_sha256s)
        pages = self._pages.pop(command.copy)
        outcome = self._printer.print_pages(pages, ticket, self._next_job())
        if self._printer.in_doubt:
            self._doubt = Doubt(command.copy, outcome)
            return []
        return [CopyOutcome(command.copy, outcome)]

    def _print_slip(self, command: PrintReceipt | PrintClaimSlip | PrintLines | PrintZReport) -> SlipOutcome:
        on_a_page = isinstance(command, PrintLines) and command.device == "printer"
        printer = self._printer if on_a_page else self._slips
        return SlipOutcome(printer.print_slip(self._draw(command), self._next_job()))

    def _recount(self, doubt: Doubt) -> Sequence[Answer]:
        """The line failed after the last dot: try to read the counter, up to `RECOUNTS` times; the counter decides."""
        try:
            doubt.outcome = self._printer.recount()
        except DeviceError:
            doubt.looks += 1
            if doubt.looks < RECOUNTS:
                return []
        self._doubt = None
        return [CopyOutcome(doubt.copy, doubt.outcome)]

    def _next_job(self) -> int:
        self._job += 1
        return self._job

    def _wipe(self) -> None:
        self._serving = self._watching = False
        self._doubt = None
        self._pages.clear()  # not the vault: the line desk wipes it, and it may hold the next resident's documents

    def poll(self) -> Sequence[Answer]:
        if self._doubt is not None:
            return self._recount(self._doubt)
        if self._watching:
            return [ExitSeen(self._printer.status().exit)]
        certificate = self._printer.status()
        cut: Sequence[Answer] = ()
        if not self._serving:
            self._looks += 1
            if certificate.ready:
                cut = self._tidy()
            elif certificate.trouble in _NEEDS_RECOVERY and self._looks % RECOVER_EVERY == 0:
                # somebody may have freed it, and the printer waits for a command
                cut = self._counted(self._printer.discard)
        return [*cut, self._health(certificate)]

    def _health(self, certificate: PrinterStatus) -> Health:
        found = self._reasons(certificate)
        if not self._serving and certificate.exit is PaperExit.PRESENT:
            found |= {"paper_waiting"}  # the next resident must not take it
        return Health(self.name, found)

    def _tidy(self) -> Sequence[Answer]:
        """Outside a session: cut off what lies in the path and take it back."""
        return [] if self._printer.clean else self._counted(self._printer.discard)

    def _cleaned(self, clean: Callable[[], bool]) -> Sequence[Answer]:
        """Call `clean`, which tells whether it cut."""
        with suppress(DeviceError):  # the next poll tries again, and so does the next page
            if clean():
                return [SheetCut(self._printer.counter())]
        return []

    def _counted(self, clean: Callable[[], None]) -> Sequence[Answer]:
        """Call `clean` and report the counter: the next match must know of a cut that is no page."""
        with suppress(DeviceError):  # the next poll tries again, and so does the next page
            clean()
            return [SheetCut(self._printer.counter())]
        return []

    def _reasons(self, certificate: PrinterStatus) -> frozenset[str]:
        return reasons(certificate, "printer") | reasons(self._slips.status(), "receipt_printer")

    def poll_every_s(self) -> float:
        if self._looks == 0:
            return FIRST_LOOK_S
        return WATCH_S if self._watching or self._doubt is not None else CHECK_S


def _failed(answer: Answer) -> bool:
    """Whether a printer did not do what it was told to, or cannot."""
    match answer:
        case PaperReadiness(certificate=certificate, receipt=receipt):
            return not (certificate.ready and receipt.ready)
        case SlipOutcome(result=result):
            return not isinstance(result, Printed)
        case Fault():
            return True
        case _:
            return False


def reasons(status: PrinterStatus, device: str) -> frozenset[str]:
    """The reason words of a printer's state. One that does not answer is a reason; paper that runs low is not."""
    if status.ready:
        return frozenset()
    if status.supply is PaperSupply.OUT:
        return frozenset({f"{device}_paper_out"})
    return frozenset({device})


def _seen(copy: int, pages: Sequence[RasterPage], written: Sequence[tuple[PageItem, ...]]) -> list[SeenPage]:
    items = [*written, *((),) * (len(pages) - len(written))]  # a document that cannot be read is seen all the same
    return [
        SeenPage(copy, page.width_dots, page.height_dots, page.rows, said)
        for page, said in zip(pages, items, strict=True)
    ]
