"""The line to the I/O board: what its wires do, what it shall hold, and the sign that the machine is heard.

Keys, door and coin slot are used by several threads and lie on one line. One thread at a time serves it, inside whatever
that thread waits for; the others are told what it heard. So the link needs no thread of its own, and in virtual time it is
plain calls. Whoever polls often (the keys, the door) keeps the board hearing the machine; see "Heartbeat" in
firmware/io_board/README.md.

A SET that is not answered is followed by the next one, and after `LOST_S` without any answer the line is lost.
`SerialStream` opens the port again at the next call, so a board that is plugged in again works on. Of a report only the
newest contacts are kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition

from drivers.coin.pulse import Edge
from drivers.errors import DeviceError, LineLost, NoReply, WrongDevice
from drivers.io_board import frames
from drivers.io_board.edges import ReportedEdges, WireReport
from drivers.io_board.frames import Damaged, Identity, Input, Output, Report
from drivers.ports import ByteStream, Clock

DEVICE = "io_board"
# A SET is due so often, sooner than the page asks for heartbeat (300 ms) and repetition (100 ms): a report that was lost, of
# a key that is down for 100 ms, must come again while it is down.
BEAT_S = 0.05
_WRITE_S = 0.1
LOST_S = 1.0
LOADER_S = 3.0  # to go into the loader
BY_WATCHDOG = 2  # `why` of a report
_SLICE_S = 0.02  # the longest that another thread's wish waits for the one that reads
_FRESH_S = 0.15
_EDGES_KEPT = 16  # so many not acknowledged edges make a SET due; the board keeps 64
_AT_ONCE = 2048


@dataclass(frozen=True, slots=True)
class _Sent:
    """A frame that was sent. `first_s`: when this frame, or the one in whose place it was sent, went out first."""

    sequence: int
    first_s: float
    sent_s: float
    boot: int
    acknowledged: int
    outputs: Output


@dataclass(frozen=True, slots=True)
class Counts:
    """What went wrong since this link was made. `damaged_there`: frames that the board could not read.

    `restarts`: new starts of the board, and `by_watchdog` how many of them its watchdog or a fault of its program made.
    `lost`: how often a line that worked was gone.
    """

    damaged_here: int
    damaged_there: int
    sent_again: int
    restarts: int
    by_watchdog: int
    lost: int


@dataclass(frozen=True, slots=True)
class CoinWire:
    """The coin wire at one instant of the board's time: `edges` since the last look, the level, and that instant."""

    edges: tuple[Edge, ...]
    active: bool
    now_s: float


class BoardLink:
    """Opens nothing yet. Every call but `close` may raise `LineLost` (no port), `NoReply` (no board that answers) and
    `WrongDevice` (a program that speaks another version); after that the next call begins anew."""

    def __init__(self, stream: ByteStream, clock: Clock) -> None:
        self._stream = stream
        self._clock = clock
        self._turn = Condition()
        self._serving = False
        self._splitter = frames.Splitter()
        self._edges = ReportedEdges()
        self.hears_coins = False  # else the edges of a wire that nobody looks at would pile up
        self._report: Report | None = None
        self._identity: Identity | None = None
        self._boot = 0
        self._wanted = Output(0)
        self._sequence = 0
        self._unanswered: _Sent | None = None
        self._last: _Sent | None = None
        self._prefix = frames.END  # ends whatever half a frame the board has heard
        self._ask = False  # somebody waits for a report that is made after now
        self._ask_identity = False
        self._loader = False  # the board shall go into its loader
        self._answers = self._damaged = self._sent_again = self._restarts = self._by_watchdog = self._lost = 0
        self._damaged_there = 0
        self._told_damaged: tuple[int, int] | None = None  # boot number and count of the newest report

    # --- what the wires do ----------------------------------------------------------------------

    def report(self) -> Report:
        """The newest report; without waiting, except at a start."""
        self._serve_for(0.0)
        self._until(lambda: self._report is not None, LOST_S)
        report = self._report  # another thread may lose the line at any time
        if report is None:
            raise _silent()
        return report

    def wait_for(self, seen: Callable[[Report], bool], timeout_s: float) -> bool:
        """Wait until the newest report is one that `seen` accepts (True), or the time is over (False)."""
        self.report()
        return self._until(lambda: self._report is not None and seen(self._report), timeout_s)

    def coin_wire(self) -> CoinWire:
        """Asks the board first, because its time moves with its reports only."""
        self.report()
        self._until_answered(_FRESH_S)
        with self._turn:
            return CoinWire(tuple(self._edges.take()), self._edges.active(), self._edges.now_s())

    def identity(self) -> Identity:
        """Asks which program the board runs."""
        self._identity, self._ask_identity = None, True
        self._until(lambda: self._identity is not None, LOST_S)
        if (identity := self._heard_identity()) is None:
            raise _silent()
        return identity

    def _heard_identity(self) -> Identity | None:
        return self._identity

    @property
    def counts(self) -> Counts:
        here = self._damaged + self._splitter.damaged
        return Counts(here, self._damaged_there, self._sent_again, self._restarts, self._by_watchdog, self._lost)

    # --- what it shall hold ---------------------------------------------------------------------

    def hold(self, outputs: Output, of: Output) -> None:
        """Of the outputs in `of` hold these and no others; returns when the board holds them. The others stay as they are.

        A board that starts anew holds nothing, and its slot stays shut until the next call: then this raises `LineLost`.
        """
        with self._turn:
            self._wanted = (self._wanted & ~of) | outputs
        restarts = self._restarts
        self.report()
        held = self._until(lambda: self._report is not None and self._report.outputs & of == outputs, LOST_S)
        if restarts != self._restarts and Output.COINS in outputs:
            raise LineLost(
                DEVICE, "the I/O board started anew, so it shut the coin slot. The next session opens it again."
            )
        if not held:
            raise NoReply(DEVICE, "the I/O board did not do what it was told. Exchange the board.")

    def enter_loader(self) -> None:
        """Send the board into its USB loader; returns when it is heard no more. It goes only while no coins are taken."""
        self.report()
        lost, ends_s = self._lost, self._clock.monotonic() + LOADER_S
        self._loader = True
        try:
            while self._lost == lost and self._clock.monotonic() < ends_s:
                self._serve_for(_SLICE_S)
        except (LineLost, NoReply):
            return
        finally:
            self._loader = False
        if self._lost == lost:
            raise NoReply(
                DEVICE, "the I/O board does not go into its loader: hold its BOOTSEL key while you plug it in."
            )

    def close(self) -> None:
        self._stream.close()

    # --- turns ----------------------------------------------------------------------------------

    def _until(self, done: Callable[[], bool], timeout_s: float) -> bool:
        ends_s = self._clock.monotonic() + timeout_s
        while not done():
            left_s = ends_s - self._clock.monotonic()
            if left_s <= 0:
                return False
            self._serve_for(left_s)
        return True

    def _until_answered(self, timeout_s: float) -> None:
        answers, self._ask = self._answers, True
        self._until(lambda: self._answers > answers, timeout_s)

    def _serve_for(self, timeout_s: float) -> None:
        """Serve the line once, or wait for what the thread that serves it hears; at most for one slice."""
        with self._turn:
            if self._serving:
                self._turn.wait(min(timeout_s, _SLICE_S))
                return
            self._serving = True
        try:
            self._serve(min(timeout_s, _SLICE_S))
        except DeviceError:
            self._forget()
            raise
        finally:
            with self._turn:
                self._serving = False
                self._turn.notify_all()

    def _serve(self, timeout_s: float) -> None:
        now_s = self._clock.monotonic()
        if self._is_overdue(now_s):
            self._listen(_SLICE_S)  # this program may have stood still while the answer came
        if self._is_overdue(now_s):
            raise _silent()
        self._say(now_s)
        self._listen(min(timeout_s, max(0.0, self._due_s() - now_s)))

    def _is_overdue(self, now_s: float) -> bool:
        """Whether the board has not answered for `LOST_S`, but for the one slice in which it is heard out."""
        return self._unanswered is not None and now_s - self._unanswered.first_s >= LOST_S - _SLICE_S

    def _listen(self, timeout_s: float) -> None:
        data = self._stream.read(_AT_ONCE, timeout_s)
        for coded in self._splitter.feed(data):
            try:
                heard = frames.read(coded)
            except Damaged:
                self._damaged += 1
                continue
            with self._turn:
                self._hear(heard)

    def _forget(self) -> None:
        """The line is lost: nothing known of the wires holds any more. Which start the board was in stays known."""
        self._lost += self._report is not None
        self._report = self._unanswered = None
        self._prefix = frames.END
        self._splitter.forget()

    # --- saying ---------------------------------------------------------------------------------

    def _due_s(self) -> float:
        """When the next frame is due, if nothing is heard and nobody wants anything else."""
        return self._last.sent_s + BEAT_S if self._last is not None else self._clock.monotonic()

    def _say(self, now_s: float) -> None:
        unanswered = self._unanswered
        if not (self._has_news() or now_s >= self._due_s()):
            return
        self._sent_again += unanswered is not None
        self._send(now_s, now_s if unanswered is None else unanswered.first_s)

    def _has_news(self) -> bool:
        """Whether the board must hear something before the next beat."""
        last = self._last
        if last is None or last.outputs != self._wanted or last.boot != self._boot:
            return True
        asked = (self._ask or self._ask_identity) and self._unanswered is None
        return asked or self._edges.next - last.acknowledged >= _EDGES_KEPT

    def _send(self, now_s: float, first_s: float) -> None:
        self._sequence = (self._sequence + 1) % 256
        self._ask = False
        sent = _Sent(self._sequence, first_s, now_s, self._boot, self._edges.next % 2**32, self._wanted)
        if self._ask_identity:
            frame = frames.ask_frame(sent.sequence)
        elif self._loader:
            frame = frames.loader_frame(sent.sequence, sent.boot)
        else:
            frame = frames.set_frame(sent.sequence, sent.boot, sent.acknowledged, sent.outputs)
        frame = self._prefix + frame
        taken = self._stream.write(frame, _WRITE_S)
        self._prefix = b"" if taken == len(frame) else frames.END
        self._unanswered = sent
        self._last = sent

    # --- hearing --------------------------------------------------------------------------------

    def _hear(self, heard: Report | Identity) -> None:
        if self._unanswered is not None and heard.sequence == self._unanswered.sequence:
            self._unanswered = None
            self._answers += 1
        if isinstance(heard, Report):
            self._hear_report(heard)
        elif heard.version == frames.VERSION or self._ask_identity:
            self._identity, self._ask_identity = heard, False
        else:
            why = f"its program speaks version {heard.version} of the frames and this machine version {frames.VERSION}"
            raise WrongDevice(DEVICE, f"{why}: put the program of this machine's release on the board.")

    def _hear_report(self, report: Report) -> None:
        last = self._report
        if last is not None and last.boot == report.boot and report.at_us < last.at_us:
            return
        told_to_take = self._last is not None and Output.COINS in self._last.outputs
        if self._boot not in (0, report.boot):
            self._restarts += 1
            self._by_watchdog += report.why == BY_WATCHDOG
            self._wanted &= ~(Output.COINS | Output.SLOT_LAMP)
        self._boot = report.boot
        self._report = report
        self._count_damaged(report)
        self._edges.hear(
            WireReport(
                boot=report.boot,
                at_us=report.at_us,
                active=Input.COIN_LOW in report.inputs,
                first=report.first,
                edges=report.edges,
                taking=told_to_take or Output.COINS in report.outputs,
            )
        )
        if not self.hears_coins:
            self._edges.take()
        self._turn.notify_all()

    def _count_damaged(self, report: Report) -> None:
        """The board counts from its start and goes on at 0 after 65535. What it counted before this link is left out."""
        told, self._told_damaged = self._told_damaged, (report.boot, report.damaged)
        if told is not None:
            before = told[1] if told[0] == report.boot else 0
            self._damaged_there += (report.damaged - before) % 2**16


def _silent() -> NoReply:
    return NoReply(
        DEVICE, "the I/O board does not answer: pull its USB plug and put it in again; if it stays silent, exchange it."
    )
