"""The printer as the session uses it: its state, and printing a document with proof of what is on paper.

The counter of cuts tells after a restart that nothing was cut; that it went on proves a cut and not a page, because
some printers cut by themselves. There may be no other cut between the reading that goes into the journal and the page:
a job cuts only its own pages, and is refused while other paper lies in the path. `prepare` (before that reading) or
`discard` cut that paper off, both outside of any job.

What lies in the path is UNKNOWN after a start, and after any loss (line, power, cover, paper) or movement of paper that
this driver did not order: somebody else may have written to the port. Then it is cut off before the next page.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum

from drivers.errors import BadReply, Jammed, LineLost, NoReply, WrongDevice
from drivers.ports import ByteStream, Clock
from drivers.printer import escpos, status
from drivers.printer.escpos import Band
from drivers.printer.job import Job, Outcome, Sheet
from drivers.printer.line import LOSSES, Babbling, Line, Stalled
from drivers.printer.profile import CounterQuery, Dialect, Profile, Proof
from drivers.printer.raster import PrintTicket, RasterPage, RasterSlip, TicketSpent, has_real_time, raster_sha256
from drivers.printer.replies import Cleared, Counter, ProcessId, QueuedByte, Reply
from drivers.printer.void import void_band
from drivers.vocabulary import DeviceState, NotPrinted, PaperExit, Printed, PrinterStatus, PrintTrouble, PrintUnknown


class Remains(Enum):
    """The paper in the path, between the last cut and the head."""

    NONE = "none"
    WHOLE = "whole"  # a complete page that was not cut and is valid
    PIECE = "piece"  # part of a page, void
    UNKNOWN = "unknown"  # after a start or a loss: there may be a piece


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A job whose line was lost after every byte was offered: the counter before it, and the cuts it should add."""

    counter_before: int
    cuts: int


@dataclass(frozen=True, slots=True)
class _Moved:
    """How often the printer has cut and how much paper it has fed, in its life; None: it does not tell."""

    cuts: int | None
    fed: int | None


_UNMOVED_S = 5.0  # a printer that counts no lines: so long after its last job nobody knows what was printed on it
_TRIES = 2  # of a cut that the counter must show


class PrinterDriver:
    """One printer of one profile: certificates, receipts and claim slips alike."""

    def __init__(self, stream: ByteStream, clock: Clock, profile: Profile, device: str) -> None:
        self._clock = clock
        self._profile = profile
        self._device = device
        self._line = Line(stream, clock, profile)
        self._remains = Remains.UNKNOWN
        self._moved: _Moved | None = None  # when the path was last known to be clean
        self._clean_s = 0.0
        self._unfed_dots = 0  # blank rows that are missing at the end of a whole page in the path
        self._uncut = False  # the last cut was ordered and not made
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
            self._check_identity()

    def _check_identity(self) -> None:
        """Fences alternate GS r and GS I. Raises `WrongDevice` for a printer that answers only the first."""
        named = self._device.replace("_", " ")
        model = self._ask(escpos.ASK_MODEL, _is(QueuedByte))
        if isinstance(model, QueuedByte) and model.byte < 0x20:
            raise WrongDevice(
                self._device, f"model {model.byte:#04x} cannot prove a page by fences: choose another profile"
            )
        if model is None and self._ask_turn():
            raise WrongDevice(
                self._device, f"the {named} does not answer GS I, so no slip can be proved: use another printer"
            )

    def status(self) -> PrinterStatus:
        """One state from all flags. Never raises: SILENT when no answer can be recognised, LINE_LOST for a lost line.

        CUTTER while a piece that was to be cut off is still in the path.
        """
        try:
            self._quiet()
            found = self._line.ask_status()
        except BadReply:
            found = status.SILENT
        except LineLost:
            found = status.LINE_LOST
        self._note_loss(found.trouble)
        if self._uncut and found.ready:
            return replace(found, device=DeviceState.HARDWARE_ERROR, trouble=PrintTrouble.CUTTER)
        return found

    @property
    def clean(self) -> bool:
        """Whether the path is known to be empty, so that a job may begin."""
        return self._remains is Remains.NONE

    def keep_whole_page(self) -> None:
        """Say that an earlier run left a complete page in the path, so `prepare` and `discard` print no void bar on it."""
        self._remains = Remains.WHOLE

    def prepare(self, *, take_back: bool = False) -> bool:
        """Make the path clean: cut off the paper in it, with a void bar unless it is a complete page. True if it cut.

        Call it before the counter is read for a page. A path that was clean is looked at again: paper that moved since then
        was moved by somebody else. Earlier copies in the mouth stay there; a void piece
        that would lie there alone is taken back. With `take_back` the printer takes back everything, if it can: use it
        when the mouth holds the first pages of the spoiled copy.
        Raises `Jammed` when the printer is not ready, `NoReply`, `BadReply`, `LineLost`.
        """
        self._quiet()
        self._note_loss(None)
        if self.clean and self._was_moved():
            self._remains = Remains.UNKNOWN
        return self._clear(take_back=take_back)

    def _clear(self, *, take_back: bool) -> bool:
        if self.clean:
            return False
        self._quiet()
        self._end_half_commands()
        found = self._heard_status()
        if not found.ready:
            why = found.trouble or found.device
            raise Jammed(self._device, f"the paper in the path cannot be cut off now ({why}); clear that first")
        self._wipe()
        alone = self._remains is Remains.PIECE and found.exit is PaperExit.EMPTY
        self._cut_off(take_back=take_back or alone or self._remains is Remains.UNKNOWN)
        return True

    def counter(self) -> int | None:
        """The number of cuts in the printer's life; None where it does not count.

        The printer answers after it has carried out everything sent before. If it does not answer, an unfinished
        command is ended and the memory wiped before a second try. Raises `NoReply`, `BadReply`, `LineLost`.
        """
        if not escpos.ask_counter(self._profile):
            return None
        self._quiet()
        if not self._catch_up():
            self._end_half_commands()
            self._wipe()
            if not self._catch_up():
                raise NoReply(self._device, "the printer does not answer a queued question; switch it off and on")
        found = self._ask_cuts()
        if found is None:
            raise NoReply(self._device, "the printer does not answer the question for its counter; check the profile")
        return found

    def print_pages(self, pages: Sequence[RasterPage], ticket: PrintTicket, job: int) -> Outcome:
        """Print, cut and present one document. Always spends the ticket.

        Hashes each page and sends the dots that were hashed. `job` is any number that differs from
        the last ones; the printer returns it as proof. While paper lies in the path, the job is not begun.
        """
        if not _is_bound(pages, ticket) or not all(map(self._is_sendable, pages)):
            return NotPrinted(reason=PrintTrouble.BINDING, begun=False)
        return self._run([self._sheet(page.rows, page.width_dots, page.height_dots) for page in pages], job)

    def _is_sendable(self, page: RasterPage) -> bool:
        """Whether the head is wide enough and every dot can be sent as it is: what is changed after hashing proves nothing."""
        fits = page.width_dots <= self._profile.width_dots
        return fits and escpos.sendable(page.rows, page.width_dots, self._profile) == page.rows

    @property
    def in_doubt(self) -> bool:
        """Whether `recount` can still decide the last job's outcome, when the line works again."""
        return self._doubt is not None

    def recount(self) -> Outcome:
        """What the printer's counter tells of a job that ended `PrintUnknown` because the line was lost.

        Fewer cuts than pages: no whole document was given out. Cuts enough prove no page, because the printer
        may have lost its power and cut by itself. Never sends the page again (fault R5). Raises `NoReply`,
        `BadReply`, `LineLost`: try again later.
        """
        doubt = self._doubt
        assert doubt is not None, "nothing is in doubt"
        counter = self.counter()
        self._doubt = None
        if counter is not None and 0 <= counter - doubt.counter_before < doubt.cuts:
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
            self._clear(take_back=False)
        except LineLost:
            return NotPrinted(reason=PrintTrouble.LINE_LOST, begun=False)
        except (BadReply, Jammed, NoReply):
            return NotPrinted(reason=self.status().trouble or PrintTrouble.JAM, begun=False)
        if isinstance(slip, RasterSlip):
            rows = escpos.sendable(slip.rows, slip.width_dots, self._profile)
            return self._run([self._sheet(rows, slip.width_dots, slip.height_dots)], job)
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
        self._note_loss(found.trouble)
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
        try:
            self._quiet()
            before = self._line.ask_status()
        except LineLost:
            return NotPrinted(reason=PrintTrouble.LINE_LOST, begun=False)
        except BadReply:
            return NotPrinted(reason=PrintTrouble.SILENT, begun=False)
        if not before.ready or before.exit is PaperExit.JAMMED:
            return NotPrinted(reason=before.trouble or _why_not(before), begun=False)
        self._note_loss(None)
        if not self.clean:
            return NotPrinted(reason=PrintTrouble.JAM, begun=False)
        job = Job(self._line, self._clock, self._profile, number)
        outcome = job.run(sheets)
        lost, self._line.lost = self._line.lost, None  # what it means for the job's own pages the job has judged
        if job.spoiled:
            self._remains = Remains.PIECE
        elif job.uncut:
            self._remains, self._unfed_dots = Remains.WHOLE, job.unfed_dots
        elif lost is not None:  # after the last page was complete
            self._remains = Remains.UNKNOWN
        elif isinstance(outcome, Printed):
            self._keep_count(outcome.counter)
        if outcome == PrintUnknown(PrintTrouble.LINE_LOST) and job.counter_before is not None:
            self._doubt = _Doubt(job.counter_before, len(sheets))
        return outcome

    def _note_loss(self, trouble: PrintTrouble | None) -> None:
        """After a loss nobody knows what lies in a path that was clean."""
        lost, self._line.lost = self._line.lost, None
        if self.clean and (lost is not None or trouble in LOSSES):
            self._remains = Remains.UNKNOWN

    def _was_moved(self) -> bool:
        """Whether paper may have moved since the path was clean: the printer tells, or it is long ago."""
        if self._profile.counter is not CounterQuery.GS_G_2:  # none, or centimetres, in which a line of letters is lost
            return self._profile.page_dots > 0 and self._clock.monotonic() - self._clean_s > _UNMOVED_S
        return self._moved is None or self._ask_moved(self._ask_cuts()) != self._moved

    def _keep_count(self, cuts: int | None) -> None:
        """Remember what the printer counts now, with a clean path. Pages only: on a slip foreign words do no harm."""
        self._clean_s = self._clock.monotonic()
        self._moved = None
        if self._profile.page_dots and cuts is not None:
            with suppress(LineLost, NoReply):
                self._moved = self._ask_moved(cuts)

    def _ask_cuts(self) -> int | None:
        return self._ask_number(escpos.ask_counter(self._profile), "cuts")

    def _ask_moved(self, cuts: int | None) -> _Moved:
        return _Moved(cuts, self._ask_number(escpos.ask_fed(self._profile), "cm"))

    def _ask_number(self, question: bytes, custom_unit: str) -> int | None:
        unit = custom_unit if self._profile.dialect is Dialect.CUSTOM else ""
        found = (
            self._ask(question, lambda reply: isinstance(reply, Counter) and reply.unit == unit) if question else None
        )
        return found.value if isinstance(found, Counter) else None

    def _heard_status(self) -> PrinterStatus:
        found = self._line.ask_status()
        if found.trouble is PrintTrouble.SILENT:
            raise NoReply(self._device, "the printer does not answer; check power, cable and profile")
        return found

    def _cut_off(self, *, take_back: bool) -> None:
        """Cut off the paper in the path. Raises `NoReply` unless the printer answers after the cut, `Jammed` unless it counts it."""
        profile = self._profile
        self._catch_up()  # so that no late answer to the job's marks is read as the count
        before = self._ask_cuts()
        for below in self._below_the_remains():
            self._send(escpos.begin(profile) + below + escpos.cut(profile))
            if not self._ask_turn():
                raise NoReply(self._device, "the printer does not answer after the cut; look for a jam at its cutter")
            cuts = self._ask_cuts()
            self._uncut = before is not None and cuts is not None and cuts <= before
            if not self._uncut:
                break
        else:
            raise Jammed(self._device, "the paper in the path is not cut off; look at its cutter and at the profile")
        self._remains = Remains.NONE
        self._line.lost = None
        self._keep_count(cuts)
        if take_back:
            self._take_back()

    def _below_the_remains(self) -> Sequence[bytes]:
        """What is printed or fed before each try to cut off what lies in the path."""
        profile = self._profile
        if self._remains is not Remains.WHOLE:
            return (void_band(profile),) * _TRIES
        # Where the loss hid that the page was cut off, nothing lies there, and a printer does not cut nothing: a blank strip.
        strip = escpos.feed(profile.dots(profile.shortest_cut_mm), profile)
        return (escpos.feed(self._unfed_dots, profile), *(strip,) * (_TRIES - 1))

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
            self._line.send_slowly(data)
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
