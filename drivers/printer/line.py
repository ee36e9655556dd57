"""The printer's line: sends bytes and counts them, takes answers in, asks the questions that are answered at once."""

from collections.abc import Callable
from dataclasses import replace

from drivers.ports import ByteStream, Clock
from drivers.printer import status
from drivers.printer.escpos import ASK_EJECTOR, ask_status
from drivers.printer.profile import Dialect, Presenter, Profile
from drivers.printer.replies import AutomaticStatus, EjectorStatus, FullStatus, RealTimeStatus, Reply, ReplyParser
from drivers.vocabulary import DeviceState, PaperExit, PrinterStatus, PrintTrouble

LOSSES = frozenset(
    (
        PrintTrouble.LINE_LOST,
        PrintTrouble.SILENT,
        PrintTrouble.POWER_LOST,
        PrintTrouble.COVER_OPEN,
        PrintTrouble.PAPER_OUT,
        PrintTrouble.JAM,
        PrintTrouble.MECHANISM,
    )
)  # after these nobody knows what lies in the path
_PIECE_S = 0.5  # the longest one write takes before answers are read again
PIECE_BYTES = 1024  # which a printer takes within `answer_s`
_ROUNDS = 2
_REST_S = 0.2


class Stalled(Exception):
    """The printer takes no more bytes: the deadline has passed, or its automatic status reports trouble."""


class Babbling(Exception):
    """The printer sends without end, so no answer can be recognised."""


class Line:
    """Counts the bytes offered, so that after a failure it is known what can be on paper.

    It calls `hear` with every answer except those to real-time questions. `told` is the last automatic status; `lost` is
    the last loss among all states that the printer told, also one that is over: whoever acts on it sets it to None.
    """

    def __init__(self, stream: ByteStream, clock: Clock, profile: Profile) -> None:
        self._stream = stream
        self._clock = clock
        self._profile = profile
        self._parser = ReplyParser(profile.dialect)
        self._answers: list[RealTimeStatus | FullStatus | EjectorStatus] = []
        self.hear: Callable[[Reply], None] = _ignore
        self.on_loss: Callable[[PrintTrouble], None] = _ignore
        self.told: PrinterStatus | None = None
        self.lost: PrintTrouble | None = None
        self.offered = 0  # bytes that may have reached the printer since it was opened
        self.unfinished = 0  # bytes of the last `send` that certainly did not
        self.silences = 0  # real-time questions without an answer

    def listen(self, timeout_s: float) -> None:
        """Read answers, waiting for the first up to `timeout_s`. Raises `LineLost`."""
        data = self._stream.read(4096, timeout_s)
        for reply in self._parser.feed(data) if data else ():
            self._take(reply)

    def _take(self, reply: Reply) -> None:
        match reply:
            case RealTimeStatus() | EjectorStatus():
                self._answers.append(reply)
            case FullStatus(flags):
                self._answers.append(reply)
                self._tell(status.from_full_status(flags, None))
            case AutomaticStatus(flags):
                self.told = self._from_automatic(flags)
                self._tell(self.told)
            case _:
                self.hear(reply)

    def _from_automatic(self, flags: bytes) -> PrinterStatus:
        if self._profile.dialect is Dialect.CUSTOM:
            return status.from_full_status(flags, None)
        return status.from_automatic(self._profile.dialect, self._profile.presenter, flags)

    def _tell(self, found: PrinterStatus) -> None:
        if found.trouble in LOSSES:
            self.lost = found.trouble
            self.on_loss(found.trouble)

    def quiet(self) -> None:
        """Drop old answers, but not what they say of losses. Raises `Babbling` when they do not end within `answer_s`, and `LineLost`."""
        deadline_s = self._clock.monotonic() + self._profile.answer_s
        self.hear = _ignore
        while data := self._stream.read(4096, 0):
            for reply in self._parser.feed(data):
                self._take(reply)
            if self._clock.monotonic() >= deadline_s:
                raise Babbling
        self._parser.reset()
        self._answers.clear()
        self.told = None

    def send(self, data: bytes, deadline_s: float) -> None:
        """Send every byte. Raises `LineLost`; `Stalled` at the deadline or when the automatic status reports trouble."""
        before = self.offered
        taken = 0
        self.unfinished = len(data)
        while taken < len(data):
            rest = data[taken:] if taken else data
            self.offered = before + len(data)  # while the call runs, all of them may be sent
            taken += self._stream.write(rest, min(_PIECE_S, max(0.0, deadline_s - self._clock.monotonic())))
            self.offered = before + taken
            self.unfinished = len(data) - taken
            self.listen(0)
            if taken < len(data) and (self._clock.monotonic() >= deadline_s or self._stopped()):
                raise Stalled

    def send_slowly(self, data: bytes) -> None:
        """Send every byte, however long it takes on a slow line. Raises `LineLost`; `Stalled` when the printer takes no more."""
        for begin in range(0, len(data), PIECE_BYTES):
            self.send(data[begin : begin + PIECE_BYTES], self._clock.monotonic() + self._profile.answer_s)

    def _stopped(self) -> bool:
        return self.told is not None and self.told.trouble not in (None, PrintTrouble.HEAD_HOT)

    def answer(self, timeout_s: float, give_up: Callable[[], bool] | None = None) -> RealTimeStatus | FullStatus | None:
        """Wait for the answer to a real-time question already sent; None when none came."""
        deadline_s = self._clock.monotonic() + timeout_s
        while True:
            for found in self._answers:
                if not isinstance(found, EjectorStatus):
                    self._answers.clear()
                    return found
            left_s = deadline_s - self._clock.monotonic()
            if left_s <= 0 or (give_up is not None and give_up()):
                return None
            self.listen(left_s if give_up is None else min(left_s, 0.1))

    def ask_status(self, *, at_rest: bool = True) -> PrinterStatus:
        """Ask all status questions of the dialect. `SILENT` when the printer does not answer. Raises `LineLost`.

        `at_rest=False`, in the middle of a job, leaves out the ejector, whose byte could be taken for another answer.
        """
        for _ in range(_ROUNDS):
            found = self._ask_round(at_rest)
            if found is not None:
                return found
        return status.SILENT

    def _ask_round(self, at_rest: bool) -> PrinterStatus | None:
        """One round of questions; None when an answer is missing, or when an extra one makes the matching uncertain."""
        profile = self._profile
        bytes_by_n: dict[int, int] = {}
        full: FullStatus | None = None
        for n in status.questions(profile.dialect):
            self.listen(0)
            self._answers.clear()
            try:
                self.send(ask_status(n), self._clock.monotonic() + profile.answer_s)
            except Stalled:
                return None
            found = self.answer(profile.answer_s)
            if found is None:
                self.silences += 1
                return None
            self.listen(0)
            if self._answers:
                return None
            if isinstance(found, FullStatus):
                full = found
            else:
                bytes_by_n[n] = found.byte
        if profile.dialect is not Dialect.CUSTOM:
            return status.from_real_time(profile.dialect, profile.presenter, bytes_by_n)
        if full is None:
            return None
        if at_rest and self._has_ejector_to_ask(full) and status.is_moving(full.flags):
            return self._wait_for_rest(full)
        return self._with_ejector(full) if at_rest else status.from_full_status(full.flags, None)

    def _with_ejector(self, full: FullStatus) -> PrinterStatus | None:
        """The whole status of a printer at rest; None when its ejector did not answer."""
        if not self._has_ejector_to_ask(full):
            return status.from_full_status(full.flags, None)
        ejector = self._ask_ejector()
        return None if ejector is None else status.from_full_status(full.flags, ejector)

    def _has_ejector_to_ask(self, full: FullStatus) -> bool:
        """Whether to ask the ejector, which reports a jam that the full status does not. It answers only at rest."""
        trouble = status.from_full_status(full.flags, None).trouble
        return self._profile.presenter is Presenter.CUSTOM and trouble is None

    def _wait_for_rest(self, full: FullStatus) -> PrinterStatus | None:
        """While the printer still moves, ask again up to `answer_s`; then report it as offline (busy)."""
        deadline_s = self._clock.monotonic() + self._profile.answer_s
        while self._clock.monotonic() < deadline_s:
            self.listen(_REST_S)
            self._answers.clear()
            self.send(ask_status(20), deadline_s + self._profile.answer_s)
            found = self.answer(self._profile.answer_s)
            if isinstance(found, FullStatus) and not status.is_moving(found.flags):
                return self._with_ejector(found)
        busy = status.from_full_status(full.flags, None)
        return replace(busy, device=DeviceState.OFFLINE, exit=PaperExit.UNKNOWN)

    def _ask_ejector(self) -> int | None:
        self._parser.ejector_asked = True
        try:
            self.send(ASK_EJECTOR, self._clock.monotonic() + self._profile.answer_s)
        except Stalled:
            return None
        deadline_s = self._clock.monotonic() + self._profile.answer_s
        while True:
            for found in self._answers:
                if isinstance(found, EjectorStatus):
                    self._answers.clear()
                    return found.byte
            left_s = deadline_s - self._clock.monotonic()
            if left_s <= 0:
                self._parser.ejector_asked = False
                return None
            self.listen(left_s)


def _ignore(told: object) -> None:
    """Drop an answer that no caller waits for."""
