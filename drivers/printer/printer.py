"""The printer as the session uses it: its state, and printing a document with proof of what is on paper.

At a restart the counter of cuts proves whether a page was printed. So there may be no other cut between the reading
that goes into the journal and the page: a job cuts only its own pages, and is refused while other paper lies in the
path. `prepare` (before that reading) or `discard` cut that paper off, both outside of any job.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from drivers.errors import BadReply, Jammed, LineLost, NoReply, WrongDevice
from drivers.ports import ByteStream, Clock
from drivers.printer import escpos, status
from drivers.printer.escpos import Band
from drivers.printer.job import Job, Outcome, Sheet
from drivers.printer.line import Babbling, Line, Stalled
from drivers.printer.profile import Dialect, Profile, Proof
from drivers.printer.raster import PrintTicket, RasterPage, RasterSlip, TicketSpent, has_real_time, raster_sha256
from drivers.printer.replies import Cleared, Counter, ProcessId, QueuedByte, Reply
from drivers.printer.void import void_band
from drivers.vocabulary import NotPrinted, PaperExit, Printed, PrinterStatus, PrintTrouble, PrintUnknown


class Remains(Enum):
    """The paper in the path, between the last cut and the head."""

    NONE = "none"
    WHOLE = "whole"  # a complete page that was not cut and is valid
    PIECE = "piece"  # part of a page, void
    UNKNOWN = "unknown"  # after a start: an earlier run may have left a piece


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A job whose line was lost after every byte was offered: the counter before it, and the cuts it should add."""

    counter_before: int
    cuts: int


class PrinterDriver:
    """One printer of one profile: certificates, receipts and claim slips alike."""

    def __init__(self, stream: ByteStream, clock: Clock, profile: Profile, device: str) -> None:
        self._clock = clock
        self._profile = profile
        self._device = device
        self._line = Line(stream, clock, profile)
        self._remains = Remains.UNKNOWN
        self._doubt: _Doubt | None = None
        self._catches = 0
        self._heard: list[Reply] = []

    def start(self) -> None:
        """Find the printer and wipe its memory.

        Raises `NoReply`, `BadReply`, `LineLost`, or `WrongDevice` for a wrong profile.
        """
        self._quiet()
        self._end_half_commands()
        found = self._heard_status()
        self._wipe()
        if not found.ready:
            return
        self._send(escpos.begin(self._profile))
        if self._profile.proof is Proof.FENCE:
            model = self._ask(escpos.ASK_MODEL, _is(QueuedByte))
            if isinstance(model, QueuedByte) and model.byte < 0x20:
                raise WrongDevice(
                    self._device, f"model {model.byte:#04x} cannot prove a page by fences: choose another profile"
                )

    def status(self) -> PrinterStatus:
        """One state from all flags. Never raises: SILENT when no answer can be recognised, LINE_LOST for a lost line."""
        try:
            self._quiet()
            return self._line.ask_status()
        except BadReply:
            return status.SILENT
        except LineLost:
            return status.LINE_LOST

    @property
    def clean(self) -> bool:
        """Whether the path is known to be empty, so that a job may begin."""
        return self._remains is Remains.NONE

    def keep_whole_page(self) -> None:
        """Say that an earlier run left a complete page in the path, so `prepare` and `discard` print no void bar on it."""
        self._remains = Remains.WHOLE

    def prepare(self, *, take_back: bool = False) -> None:
        """Make the path clean: cut off the paper in it, with a void bar unless it is a complete page.

        Call it before the counter is read for a page. Earlier copies in the mouth stay there; a void piece
        that would lie there alone is taken back. With `take_back` the printer takes back everything, if it can: use it
        when the mouth holds the first pages of the spoiled copy.
        Raises `Jammed` when the printer is not ready, `NoReply`, `BadReply`, `LineLost`.
        """
        if self.clean:
            return
        self._quiet()
        self._end_half_commands()
        found = self._heard_status()
        if not found.ready:
            why = found.trouble or found.device
            raise Jammed(self._device, f"the paper in the path cannot be cut off now ({why}); clear that first")
        self._wipe()
        alone = self._remains is Remains.PIECE and found.exit is PaperExit.EMPTY
        self._cut_off(take_back=take_back or alone or self._remains is Remains.UNKNOWN)

    def counter(self) -> int | None:
        """The number of cuts in the printer's life; None where it does not count.

        The printer answers after it has carried out everything sent before. If it does not answer, an unfinished
        command is ended and the memory wiped before a second try. Raises `NoReply`, `BadReply`, `LineLost`.
        """
        question = escpos.ask_counter(self._profile)
        if not question:
            return None
        self._quiet()
        if not self._catch_up():
            self._end_half_commands()
            self._wipe()
            if not self._catch_up():
                raise NoReply(self._device, "the printer does not answer a queued question; switch it off and on")
        unit = "cuts" if self._profile.dialect is Dialect.CUSTOM else ""
        found = self._ask(question, lambda reply: isinstance(reply, Counter) and reply.unit == unit)
        if not isinstance(found, Counter):
            raise NoReply(self._device, "the printer does not answer the question for its counter; check the profile")
        return found.value

    def print_pages(self, pages: Sequence[RasterPage], ticket: PrintTicket, job: int) -> Outcome:
        """Print, cut and present one document. Always spends the ticket.

        Hashes each page and sends the bytes that were hashed. `job` is any number that differs from
        the last ones; the printer returns it as proof. While paper lies in the path, the job is not begun.
        """
        if not _is_bound(pages, ticket) or any(page.width_dots > self._profile.width_dots for page in pages):
            return NotPrinted(reason=PrintTrouble.BINDING, begun=False)
        return self._run([self._sheet(page.rows, page.width_dots, page.height_dots) for page in pages], job)

    @property
    def in_doubt(self) -> bool:
        """Whether `recount` can still decide the last job's outcome, when the line works again."""
        return self._doubt is not None

    def recount(self) -> Outcome:
        """The outcome, by the printer's counter, of a job that ended `PrintUnknown` because the line was lost.

        Never sends the page again (fault R5). Raises `NoReply`, `BadReply`, `LineLost`: try again later.
        """
        doubt = self._doubt
        assert doubt is not None, "nothing is in doubt"
        counter = self.counter()
        self._doubt = None
        made = -1 if counter is None else counter - doubt.counter_before
        if made == doubt.cuts:
            self._remains = Remains.NONE
            evidence = f"cuts {doubt.counter_before} to {counter}; the line was lost"
            return Printed(evidence=evidence, counter=counter)
        if 0 <= made < doubt.cuts:
            return NotPrinted(reason=PrintTrouble.LINE_LOST, begun=True)
        return PrintUnknown(PrintTrouble.LINE_LOST)

    def print_slip(self, slip: RasterSlip | bytes, job: int) -> Outcome:
        """Print and cut a receipt or claim slip: dots, or finished text commands no longer than the window.

        Cuts off a piece of an earlier slip first, because the cuts of slips prove nothing.
        """
        if self._remains is Remains.UNKNOWN:
            self._remains = (
                Remains.NONE
            )  # at worst a few lines of an earlier slip, without a name, stand above this one
        try:
            self.prepare()
        except LineLost:
            return NotPrinted(reason=PrintTrouble.LINE_LOST, begun=False)
        except (BadReply, Jammed, NoReply):
            return NotPrinted(reason=self.status().trouble or PrintTrouble.JAM, begun=False)
        if isinstance(slip, RasterSlip):
            return self._run([self._sheet(slip.rows, slip.width_dots, slip.height_dots)], job)
        assert len(slip) + 64 <= self._profile.window_bytes, "a text slip is longer than the printer's window"
        assert not has_real_time(slip), "a text slip reads as a real-time command"
        return self._run([Sheet((Band(slip, inked=True, rows=0),), 0)], job)

    def discard(self) -> None:
        """Wipe the printer's memory, cut off the paper in the path, take back everything in the mouth.

        While the printer is not ready it only wipes the memory; the next call, or `prepare`, does the rest.
        Raises `NoReply`, `BadReply` and `LineLost`.
        """
        self._quiet()
        self._end_half_commands()
        found = self._heard_status()
        if found.trouble in (PrintTrouble.CUTTER, PrintTrouble.JAM) and self._profile.dialect is not Dialect.CUSTOM:
            self._send(escpos.RECOVER_AND_CLEAR)
            found = self._line.ask_status()
        self._wipe()
        if not found.ready:
            return
        if not self.clean:
            self._cut_off(take_back=True)
        else:
            self._take_back()

    # --- inside ---------------------------------------------------------------------------------

    def _quiet(self) -> None:
        """Drop old answers. Raises `BadReply` when they do not end."""
        try:
            self._line.quiet()
        except Babbling:
            raise BadReply(
                self._device, "the printer sends without end; check its cable, switch it off and on"
            ) from None

    def _end_half_commands(self) -> None:
        """End an image that an earlier run, or a lost line, left unfinished: the printer waits for its rest."""
        with suppress(NoReply):  # a printer that takes no bytes now has a full buffer and no unfinished command
            self._send(escpos.nothing(self._profile))

    def _wipe(self) -> None:
        """Wipe the printer's memory if it can. Does not require `Cleared` as confirmation; a job does."""
        if self._profile.clears_memory:
            self._ask(escpos.CLEAR_BUFFERS, _is(Cleared))

    def _sheet(self, rows: bytes, width_dots: int, height_dots: int) -> Sheet:
        return Sheet(tuple(escpos.bands(rows, width_dots, self._profile)), height_dots)

    def _run(self, sheets: Sequence[Sheet], number: int) -> Outcome:
        """Check that the printer is ready and its path clean, then run the job."""
        self._doubt = None
        if not self.clean:
            return NotPrinted(reason=PrintTrouble.JAM, begun=False)
        try:
            self._quiet()
            before = self._line.ask_status()
        except LineLost:
            return NotPrinted(reason=PrintTrouble.LINE_LOST, begun=False)
        except BadReply:
            return NotPrinted(reason=PrintTrouble.SILENT, begun=False)
        if not before.ready or before.exit is PaperExit.JAMMED:
            return NotPrinted(reason=before.trouble or _why_not(before), begun=False)
        job = Job(self._line, self._clock, self._profile, number)
        outcome = job.run(sheets)
        if job.spoiled:
            self._remains = Remains.PIECE
        elif job.uncut:
            self._remains = Remains.WHOLE
        if outcome == PrintUnknown(PrintTrouble.LINE_LOST) and job.counter_before is not None:
            self._doubt = _Doubt(job.counter_before, len(sheets))
        return outcome

    def _heard_status(self) -> PrinterStatus:
        found = self._line.ask_status()
        if found.trouble is PrintTrouble.SILENT:
            raise NoReply(self._device, "the printer does not answer; check power, cable and profile")
        return found

    def _cut_off(self, *, take_back: bool) -> None:
        """Cut off the paper in the path. Raises `NoReply` unless the printer answers after the cut."""
        profile = self._profile
        bar = b"" if self._remains is Remains.WHOLE else void_band(profile)
        self._send(escpos.begin(profile) + bar + escpos.cut(profile))
        if not self._ask_turn():
            raise NoReply(self._device, "the printer does not answer after the cut; look for a jam at its cutter")
        self._remains = Remains.NONE
        if take_back:
            self._take_back()

    def _take_back(self) -> None:
        """Send the command that takes back the paper in the mouth, if the printer can; its status shows when it is done."""
        if escpos.retract(self._profile):
            self._send(escpos.retract(self._profile))

    def _ask_turn(self) -> bool:
        """Whether the printer answers a queued question, and so has carried out everything sent before."""
        match self._profile.proof:
            case Proof.ODOMETER:
                return self._ask(escpos.ASK_CUSTOM_LENGTH, _is(Counter), self._profile.page_s) is not None
            case Proof.FENCE | Proof.PROCESS_ID:
                return self._ask(escpos.ASK_PAPER, _is(QueuedByte), self._profile.page_s) is not None

    def _catch_up(self) -> bool:
        """As `_ask_turn`, but with a question whose answer cannot be a late one to an earlier question."""
        if self._profile.proof is Proof.ODOMETER:  # only this method asks for the counter of retracts
            return (
                self._ask(escpos.ASK_CUSTOM_RETRACTS, lambda r: isinstance(r, Counter) and r.unit == "ret") is not None
            )
        if self._profile.proof is Proof.FENCE:
            return self._ask_turn()
        self._catches = (self._catches + 1) % 90
        digits = b"~~~" + bytes((0x20 + self._catches,))
        return self._ask(escpos.process_id(digits), lambda reply: reply == ProcessId(digits)) is not None

    def _send(self, data: bytes) -> None:
        try:
            self._line.send(data, self._clock.monotonic() + self._profile.answer_s)
        except Stalled:
            raise NoReply(self._device, "the printer takes no bytes; check its paper, cover and cable") from None

    def _ask(self, question: bytes, answers: Callable[[Reply], bool], timeout_s: float | None = None) -> Reply | None:
        """Send a queued question; return the first reply that `answers` accepts, None when none came in time."""
        self._heard.clear()
        self._line.hear = self._heard.append
        self._send(question)
        deadline_s = self._clock.monotonic() + (self._profile.answer_s if timeout_s is None else timeout_s)
        while True:
            for reply in self._heard:
                if answers(reply):
                    return reply
            left_s = deadline_s - self._clock.monotonic()
            if left_s <= 0:
                return None
            self._line.listen(left_s)


def _is(kind: type[Reply]) -> Callable[[Reply], bool]:
    return lambda reply: isinstance(reply, kind)


def _is_bound(pages: Sequence[RasterPage], ticket: PrintTicket) -> bool:
    """Spend the ticket, and compare every page with it (binding rule 6)."""
    try:
        ticket.use()
    except TicketSpent:
        return False
    if not pages or len(pages) != len(ticket.raster_sha256s):
        return False
    return all(
        page.request_id == ticket.request_id
        and page.copy == ticket.copy
        and page.page == number
        and page.pages == len(pages)
        and page.document_sha256 == pages[0].document_sha256
        and page.raster_sha256 == sha256
        and raster_sha256(page.width_dots, page.height_dots, page.rows) == sha256
        for number, (page, sha256) in enumerate(zip(pages, ticket.raster_sha256s, strict=True), 1)
    )


def _why_not(found: PrinterStatus) -> PrintTrouble:
    return PrintTrouble.JAM if found.exit is PaperExit.JAMMED else PrintTrouble.SILENT
