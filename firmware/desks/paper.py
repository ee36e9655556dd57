"""The paper desk and the slip desk: the certificate printer with its pages, and the receipt printer."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from drivers.errors import DeviceError
from drivers.printer.raster import PrintTicket, RasterPage, RasterSlip
from drivers.vocabulary import (
    BindingFailed,
    NotPrinted,
    PaperExit,
    PaperSupply,
    Printed,
    PrinterStatus,
    PrintTrouble,
    PrintUnknown,
)
from firmware.desks import Answer, Command, Health, PrintLines, SheetCut, WipeDesk
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
from firmware.session.events import CopyOutcome, ExitSeen, Fault, PagesReady, PaperCounted, PaperReadiness, SlipOutcome

Render = Callable[[bytes, str, str, int], Sequence[RasterPage]]  # document, its SHA-256, request id, copy
DrawSlip = Callable[[PrintReceipt | PrintClaimSlip | PrintLines], RasterSlip | bytes]

WATCH_S = 0.4
CHECK_S = 3.0
FIRST_LOOK_S = 0.1  # after the start
RECOUNTS = 25  # so often, WATCH_S apart, a printer whose line was lost is looked for before its page is given up
RECOVER_EVERY = 10  # looks, CHECK_S apart: each try moves the cutter
_NEEDS_RECOVERY = frozenset({PrintTrouble.JAM, PrintTrouble.CUTTER})


@dataclass(slots=True)
class Doubt:
    """A copy whose answer waits for the printer's counter (fault R5)."""

    copy: int
    outcome: Printed | NotPrinted | PrintUnknown  # what is said if it stays away
    looks: int = 0


class PaperDesk:
    """Outside a session the desk tidies up by itself; within one it cuts only what it is told to.

    What an earlier run left in the path is cut off by the first poll: after recovery has read the printer's counter,
    and without keeping the first resident waiting for it.
    """

    name = "paper"

    def __init__(self, printer: Printer, slips: Printer, vault: Vault, render: Render, draw: DrawSlip) -> None:
        self._printer = printer
        self._slips = slips
        self._vault = vault
        self._render = render
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

    def handle(self, command: Command) -> Sequence[Answer]:
        self._doubt = None  # who waits for a copy asks for nothing else: the session has given it up
        match command:
            case Rasterise():
                self._serving = True
                return [self._rasterise(command)]
            case CheckPaper():
                cut = self._cleaned(self._printer.prepare)  # if it failed, the status tells
                return [*cut, PaperReadiness(certificate=self._printer.status(), receipt=self._slips.status())]
            case CountPaper():
                return [self._count()]
            case Print():
                return self._print(command)
            case PrintReceipt() | PrintClaimSlip():
                return [SlipOutcome(self._slips.print_slip(self._draw(command), self._next_job()))]
            case PrintLines(device=device):
                printer = self._printer if device == "printer" else self._slips
                return [SlipOutcome(printer.print_slip(self._draw(command), self._next_job()))]
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
                return []

    def _count(self) -> PaperCounted | Fault:
        """The path is clean before the counter is read. A printer that fails here still leaves us the slips."""
        try:
            self._printer.prepare()
            return PaperCounted(self._printer.counter())
        except DeviceError as error:
            return Fault(self.name, error.sentence)

    def _rasterise(self, command: Rasterise) -> PagesReady | BindingFailed | Fault:
        request_id = command.reserved.request_id
        hashes: dict[int, tuple[str, ...]] = {}
        for copy in command.reserved.copies:
            document = self._vault.take(request_id, copy)
            if document is None:
                self._pages.clear()
                return Fault(self.name, "The documents are not in memory any more.")
            try:
                pages = self._render(document, copy.document_sha256, request_id, copy.copy)
            except PageTrouble:
                pages = ()
            if len(pages) != copy.pages:
                self._pages.clear()
                return BindingFailed("pages")
            self._pages[copy.copy] = pages
            hashes[copy.copy] = tuple(page.raster_sha256 for page in pages)
        return PagesReady(hashes)

    def _print(self, command: Print) -> Sequence[Answer]:
        ticket = PrintTicket(command.request_id, command.copy, command.raster_sha256s)
        pages = self._pages.pop(command.copy)
        outcome = self._printer.print_pages(pages, ticket, self._next_job())
        if self._printer.in_doubt:
            self._doubt = Doubt(command.copy, outcome)
            return []
        return [CopyOutcome(command.copy, outcome)]

    def _recount(self, doubt: Doubt) -> Sequence[Answer]:
        """The line was lost behind the last dot. Wait a while for it, and let the counter decide."""
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
        self._pages.clear()  # not the vault: it is the line desk's, and may hold the next resident's documents already

    def poll(self) -> Sequence[Answer]:
        if self._doubt is not None:
            return self._recount(self._doubt)
        if self._watching:
            return [ExitSeen(self._printer.status().exit)]
        certificate = self._printer.status()
        found = self._reasons(certificate)
        cut: Sequence[Answer] = ()
        if not self._serving:
            self._looks += 1
            if certificate.ready:
                cut = self._tidy()
            elif certificate.trouble in _NEEDS_RECOVERY and self._looks % RECOVER_EVERY == 0:
                # a hand may have freed it by now; the printer waits for the host's word
                cut = self._counted(self._printer.discard)
            if certificate.exit is PaperExit.PRESENT:
                found |= {"paper_waiting"}  # the next resident would take it for their own
        return [*cut, Health(self.name, found)]

    def _tidy(self) -> Sequence[Answer]:
        """Nobody is served: cut off and take back what lies in the path."""
        return self._cleaned(self._printer.discard)

    def _cleaned(self, clean: Callable[[], None]) -> Sequence[Answer]:
        """Make an unclean path clean."""
        return [] if self._printer.clean else self._counted(clean)

    def _counted(self, clean: Callable[[], None]) -> Sequence[Answer]:
        """What is cut that is no page is told, or the next match would look for a sheet."""
        with suppress(DeviceError):  # tried again by the next poll, and before the next page in any case
            clean()
            return [SheetCut(self._printer.counter())]
        return []

    def _reasons(self, certificate: PrinterStatus) -> frozenset[str]:
        return reasons(certificate, "printer") | reasons(self._slips.status(), "receipt_printer")

    def poll_every_s(self) -> float:
        if self._looks == 0:
            return FIRST_LOOK_S
        return WATCH_S if self._watching or self._doubt is not None else CHECK_S


def reasons(status: PrinterStatus, device: str) -> frozenset[str]:
    """What a printer's state means for service. Silence is a reason; a roll that runs low is none."""
    if status.ready:
        return frozenset()
    if status.supply is PaperSupply.OUT:
        return frozenset({f"{device}_paper_out"})
    return frozenset({device})
