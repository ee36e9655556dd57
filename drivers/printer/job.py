"""One job: sends sheets band by band, and decides what is on the paper.

Bytes written are no proof of a printed page. There are three outcomes:

* Printed: the mark after the last inked band came back (see `marks`), and until then the printer told of no loss (cover, paper, jam),
  not even of one that was over at once: automatic status latches it. With the odometer, the counters agree as well.
  Later trouble (a cutter that jams, or a cut that the counter does not show) does not change that the page is complete.
* NotPrinted: a byte of its dots was never offered to the line; or the printer reported trouble, did not return the
  mark, and has confirmed that its memory is wiped, so that it cannot finish the page later.
* PrintUnknown: everything else, such as a printer that does not answer after the last byte.

Each send is dots, a real-time question, and a mark. The answer to the question shows trouble within a band. If no
answer comes but the mark does, only the answer was lost. If the mark does not come either, the
printer was off and has lost its memory: the job stops, even if the status is good again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from drivers.errors import LineLost
from drivers.ports import Clock
from drivers.printer import escpos, status
from drivers.printer.escpos import Band
from drivers.printer.line import Line, Stalled
from drivers.printer.marks import Marks
from drivers.printer.profile import CounterQuery, Dialect, Profile, Proof
from drivers.printer.replies import Cleared, Counter, FullStatus, RealTimeStatus, Reply
from drivers.vocabulary import NotPrinted, Printed, PrinterStatus, PrintTrouble, PrintUnknown

_LOOK_S = 0.5  # how often the status is asked while waiting for a mark
_NUDGE_S = 3.0  # a mark that is this late is asked for once more
_ALIVE_S = 6.0  # after an unanswered question, the mark behind it must come by then
_NUDGES = 3
_REPORTED = frozenset(
    (
        PrintTrouble.PAPER_OUT,
        PrintTrouble.COVER_OPEN,
        PrintTrouble.JAM,
        PrintTrouble.HEAD_HOT,
        PrintTrouble.MECHANISM,
    )
)

Outcome = Printed | NotPrinted | PrintUnknown


@dataclass(frozen=True, slots=True)
class Sheet:
    """The bands between two cuts."""

    bands: tuple[Band, ...]
    length_dots: int


class _Stopped(Exception):
    def __init__(self, trouble: PrintTrouble) -> None:
        super().__init__(trouble)
        self.trouble = trouble


class Job:
    """One job; `run` may be called once. Then `spoiled`: part of a page may lie in the path; `uncut`: a complete page may."""

    def __init__(self, line: Line, clock: Clock, profile: Profile, number: int) -> None:
        self._line = line
        self._clock = clock
        self._profile = profile
        self._marks = Marks(profile.proof, number)
        self._deadline_s = 0.0
        self._cooled_s = 0.0
        self._bytes_by_mark: dict[int, int] = {}
        self._cleared = False
        self._counter: int | None = None
        self.counter_before: int | None = None
        self._first_ink_at: int | None = None  # line.offered before the first dot
        self._last_ink_at: int | None = None  # line.offered after the last dot of the last sheet
        self._page_mark: int | None = None  # the mark behind that dot
        self._sheets: Sequence[Sheet] = ()
        self._tail: list[tuple[int, int]] = []  # the mark after each band, and the band's rows
        self._silences = 0
        self._asking_counter = False
        self.spoiled = False
        self.uncut = False
        self._loss: PrintTrouble | None = None  # told before the page was complete
        line.hear = self._hear
        line.lost = None
        line.on_loss = self._lose

    def run(self, sheets: Sequence[Sheet]) -> Outcome:
        """Print the sheets and cut each. Returns device trouble in the outcome, never raises it."""
        self._sheets = sheets
        self._silences = self._line.silences
        self._deadline_s = self._clock.monotonic() + self._profile.page_s * len(sheets)
        try:
            self._begin()
            for number, sheet in enumerate(sheets, 1):
                self._print(sheet, last=number == len(sheets))
            return self._finish()
        except _Stopped as stop:
            return self._judge(stop.trouble)
        except Stalled:
            told = self._line.told
            return self._judge(told.trouble if told and told.trouble else PrintTrouble.SILENT)
        except LineLost:
            return self._judge_unheard(PrintTrouble.LINE_LOST)
        finally:
            self._line.on_loss = _nothing

    # --- sending --------------------------------------------------------------------------------

    def _begin(self) -> None:
        self.counter_before = self._ask_counter()
        if self._profile.counter is not CounterQuery.NONE and self.counter_before is None:
            raise _Stopped(PrintTrouble.SILENT)
        self.wipe()
        if self._profile.clears_memory and not self._cleared:
            raise _Stopped(PrintTrouble.SILENT)
        self._line.send(escpos.begin(self._profile), self._deadline_s)
        if self._profile.proof is Proof.ODOMETER:
            self._put(b"", inked=False)  # the first reading of the length

    def _print(self, sheet: Sheet, *, last: bool) -> None:
        self._line.send(escpos.before_sheet(self._profile), self._deadline_s)
        inked = [number for number, band in enumerate(sheet.bands) if band.inked]
        final = inked[-1] if inked else len(sheet.bands) - 1  # a blank page is complete when it is fed
        for number, band in enumerate(sheet.bands):
            self._put(band.data, inked=band.inked or not inked, final=last and number == final)
            self._tail.append((self._marks.sent, band.rows))
        self._await(self._marks.sent)  # nothing is cut off and shown before it is known to be whole
        self._put(escpos.cut(self._profile), inked=False)
        self._await(self._marks.sent)

    def _put(self, data: bytes, *, inked: bool, final: bool = False) -> None:
        """Send one band when the window has room, and check the printer's state."""
        question = escpos.ask_status(status.questions(self._profile.dialect)[0])
        mark = self._marks.next()
        number = self._marks.sent
        whole = data + question + mark
        self._await_room(len(whole), number - 1)
        self._bytes_by_mark[number] = len(whole)
        start = self._line.offered
        if inked and self._first_ink_at is None:
            self._first_ink_at = start
        if final:
            self._last_ink_at = start + len(data)
            self._page_mark = number
        self._line.send(whole, self._deadline_s)
        self._check(number)

    def _await_room(self, size: int, newest: int) -> None:
        """Wait until the printer has carried out enough for `size` more bytes to fit the window."""
        oldest = self._marks.done + 1
        waiting = sum(self._bytes_by_mark.get(number, 0) for number in range(oldest, newest + 1))
        while oldest <= newest and waiting + size > self._profile.window_bytes:
            waiting -= self._bytes_by_mark.get(oldest, 0)
            self._await(oldest)
            oldest += 1

    def _check(self, mark: int) -> None:
        """Read the answer to the question just sent; without one, find out whether only the answer was lost."""
        answer = self._line.answer(
            min(self._profile.answer_s, self._left_s()), give_up=lambda: self._marks.each_answered(mark, mark)
        )
        match answer:
            case RealTimeStatus(byte):
                closer = status.is_offline(byte)
            case FullStatus(flags):
                closer = status.from_full_status(flags, None).trouble is not None
            case None:
                closer = not self._marks.each_answered(mark, mark)
                if closer:
                    self._line.silences += 1
                    self._after_silence(mark, mark, self._line.ask_status(at_rest=False))
        if closer:
            self._look(mark)
        self._stop_if_lost()

    def _stop_if_lost(self) -> None:
        if self._loss is not None:
            raise _Stopped(self._loss)

    def _status(self, mark: int) -> PrinterStatus:
        """Ask for the whole status; if a question goes unanswered, `_after_silence` decides whether the job goes on."""
        first, silences = self._marks.done + 1, self._line.silences
        found = self._line.ask_status(at_rest=False)
        if self._line.silences != silences:
            self._after_silence(first, mark, found)
        return found

    def _look(self, mark: int) -> None:
        """Ask for the whole status; wait while the head is hot, stop at any other trouble."""
        found = self._status(mark)
        if found.trouble is None or self._marks.done >= mark:
            return
        began_s = self._clock.monotonic()
        while found.trouble is PrintTrouble.HEAD_HOT:
            self._line.listen(_LOOK_S)
            if self._cooled_s + self._clock.monotonic() - began_s > self._profile.head_wait_s:
                break
            found = self._status(mark)
        waited_s = self._clock.monotonic() - began_s
        self._cooled_s += waited_s
        self._deadline_s += waited_s
        if found.trouble is not None:
            raise _Stopped(found.trouble)

    def _after_silence(self, first: int, last: int, found: PrinterStatus) -> None:
        """After an unanswered question: stop unless every mark comes back, because a printer that was off has lost them."""
        if found.trouble is PrintTrouble.SILENT:
            raise _Stopped(PrintTrouble.SILENT)
        until_s = min(self._clock.monotonic() + _ALIVE_S, self._deadline_s)
        while first > last or not self._marks.each_answered(first, last):
            left_s = until_s - self._clock.monotonic()
            if left_s <= 0 or first > last:
                raise _Stopped(PrintTrouble.POWER_LOST)
            self._line.listen(left_s)

    def _await(self, mark: int) -> None:
        """Wait for a mark; meanwhile ask for the status every `_LOOK_S`."""
        looked_s = nudged_s = self._clock.monotonic()
        nudges = 0
        while self._marks.done < mark:
            now_s = self._clock.monotonic()
            if now_s >= self._deadline_s:
                raise _Stopped(PrintTrouble.SILENT)
            self._line.listen(min(_LOOK_S, self._left_s()))
            self._stop_if_lost()
            if self._marks.done >= mark or self._clock.monotonic() - looked_s < _LOOK_S:
                continue
            self._look(mark)
            looked_s = self._clock.monotonic()
            if looked_s - nudged_s >= _NUDGE_S and self._profile.proof is Proof.PROCESS_ID:
                if nudges == _NUDGES:
                    raise _Stopped(PrintTrouble.SILENT)
                nudges += 1
                nudged_s = looked_s
                self._line.send(self._marks.next(), self._deadline_s)

    def _left_s(self) -> float:
        return max(0.0, self._deadline_s - self._clock.monotonic())

    # --- the outcome ----------------------------------------------------------------------------

    def _finish(self) -> Outcome:
        """The outcome when every mark is back. A failure from here on changes nothing on the paper."""
        counter, trouble = None, PrintTrouble.SILENT
        try:
            counter = self._ask_counter()
            self.wipe()
            self._line.send(escpos.begin(self._profile), self._deadline_s)
        except LineLost:
            trouble = PrintTrouble.LINE_LOST
        except Stalled:
            pass
        if self._profile.proof is Proof.ODOMETER and not self._odometer_agrees(counter, cuts=len(self._sheets)):
            self.spoiled = True
            return PrintUnknown(trouble)
        return self._judge_by_cuts(counter)

    def _judge_by_cuts(self, counter: int | None) -> Outcome:
        """The outcome of a page that is proved: whether the counter, where there is one, shows the job's cuts and no more."""
        made = len(self._sheets)
        if counter is not None and self.counter_before is not None:
            made = counter - self.counter_before
        if made > len(self._sheets):  # somebody else cut: perhaps through the page
            self.spoiled = True
            return PrintUnknown(PrintTrouble.CUTTER)
        if made < len(self._sheets):
            self.uncut = True
            return Printed(evidence=self._evidence("not cut"), counter=counter, trouble=PrintTrouble.CUTTER)
        return Printed(evidence=self._evidence("cut"), counter=counter)

    def _evidence(self, end: str) -> str:
        match self._profile.proof:
            case Proof.PROCESS_ID:
                return f"process id {self._marks.name(self._page_mark or 0)} returned; {end}"
            case Proof.ODOMETER:
                lengths = self._marks.lengths_cm
                return f"printed length {lengths[0]} to {lengths[-1]} cm; {end}"
            case Proof.FENCE:
                return f"{self._marks.done} questions answered in their turn; {end}"

    def _odometer_agrees(self, counter: int | None, *, cuts: int) -> bool:
        """Custom: whether the counters show `cuts` cuts and the length of all sheets (less 1 cm for rounding)."""
        lengths = self._marks.lengths_cm
        if counter is None or self.counter_before is None or counter - self.counter_before != cuts:
            return False
        return len(lengths) > 1 and lengths[-1] - lengths[0] >= self._expected_cm(tail=True) - 1

    def _expected_cm(self, *, tail: bool) -> int:
        """The paper's movement for all sheets in cm, with or without the feed to the last one's edge."""
        bands = [band for sheet in self._sheets for band in sheet.bands]
        dots = sum(band.rows for band in bands) - (0 if tail or bands[-1].inked else bands[-1].rows)
        return int(dots * 2.54 / self._profile.dpi)

    def _page_is_complete(self) -> bool:
        if self._loss is not None or self._page_mark is None or self._marks.done < self._page_mark:
            return False
        match self._profile.proof:
            case Proof.PROCESS_ID:
                return True
            case Proof.ODOMETER:
                lengths = self._marks.lengths_cm
                return len(lengths) > 1 and lengths[-1] - lengths[0] >= self._expected_cm(tail=False) - 1
            case Proof.FENCE:
                return False  # a fence proves that the page was processed, not that it was printed

    def _judge(self, trouble: PrintTrouble) -> Outcome:
        """The outcome after trouble: read the answers that are still coming, wipe the memory, decide."""
        try:
            self._deadline_s = self._clock.monotonic() + self._profile.answer_s * 4
            self._line.listen(0)
            self._flush()
            self._cleared = False
            self.wipe()
            answered = self._all_offered() and self._line.silences == self._silences
            if trouble is PrintTrouble.SILENT and answered and self._profile.proof is Proof.ODOMETER:
                return self._judge_by_odometer()
        except (LineLost, Stalled):
            self._cleared = False
        return self._judge_unheard(trouble)

    def _judge_by_odometer(self) -> Outcome:
        """The outcome when the printer always answered but a mark did not come: its odometer shows length and cuts."""
        counted = self._ask_counter()
        if not self._page_is_complete() and self._odometer_agrees(counted, cuts=len(self._sheets)):
            return Printed(evidence=f"cuts {self.counter_before} to {counted}; no mark", counter=counted)
        return self._judge_unheard(PrintTrouble.SILENT)

    def _judge_unheard(self, trouble: PrintTrouble) -> Outcome:
        if self._page_is_complete():
            self.uncut = True  # no job may begin before this sheet is cut off
            evidence = self._evidence(f"not cut: {trouble.value}")
            return Printed(evidence=evidence, counter=None, trouble=trouble)
        if self._first_ink_at is None or self._line.offered <= self._first_ink_at:
            return NotPrinted(reason=trouble, begun=False)
        self.spoiled = True
        if not self._all_offered() or (self._cleared and trouble in _REPORTED):
            return NotPrinted(reason=trouble, begun=True)
        return PrintUnknown(trouble)

    @property
    def unfed_dots(self) -> int:
        """After a whole page that was not cut: the blank rows at its end that may not have been fed."""
        return sum(rows for mark, rows in self._tail if mark > self._marks.done)

    def _all_offered(self) -> bool:
        return self._last_ink_at is not None and self._line.offered >= self._last_ink_at

    # --- wiping and counting --------------------------------------------------------------------

    def _flush(self) -> None:
        """Fill up a half-sent command with NULs, so that the next byte begins a command."""
        if self._line.unfinished and not self._profile.clears_memory:
            self._line.send(bytes(self._line.unfinished), self._deadline_s)

    def wipe(self) -> None:
        """Wipe the printer's memory if it can; `_cleared` is then set when it has confirmed with `Cleared`."""
        if not self._profile.clears_memory:
            return
        self._cleared = False
        self._line.send(escpos.CLEAR_BUFFERS, self._deadline_s)
        until_s = self._clock.monotonic() + self._profile.answer_s
        while not self._cleared and self._clock.monotonic() < until_s:
            self._line.listen(until_s - self._clock.monotonic())

    def _ask_counter(self) -> int | None:
        question = escpos.ask_counter(self._profile)
        if not question:
            return None
        self._counter = None
        self._asking_counter = True
        self._line.send(question, self._deadline_s)
        until_s = self._clock.monotonic() + self._profile.answer_s
        while self._counter is None and self._clock.monotonic() < until_s:
            self._line.listen(until_s - self._clock.monotonic())
        self._asking_counter = False
        return self._counter

    def _lose(self, trouble: PrintTrouble) -> None:
        """The printer tells of a loss: what is printed after it proves nothing. A page complete before stays complete."""
        if not self._page_is_complete():
            self._loss = trouble

    def _hear(self, reply: Reply) -> None:
        match reply:
            case Cleared():
                self._cleared = True
            case Counter(value, unit) if self._asking_counter:
                if unit == ("cuts" if self._profile.dialect is Dialect.CUSTOM else ""):
                    self._counter = value
            case _:
                self._marks.take(reply)


def _nothing(trouble: PrintTrouble) -> None:
    """Nobody waits for this loss; the line keeps it."""
