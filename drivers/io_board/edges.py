"""The coin wire as the I/O board reports it: reports in, edges out. Pure; an `EdgeSource` of `drivers/coin/pulse.py`.

The board numbers its edges and keeps the last ones until they are acknowledged. So a lost report or an unplugged cable
loses nothing: the next report brings the same edges again, with the board's own time stamps.

Time here is the board's, and it moves only with a report. A report holds every edge up to its own time, so a rest of the
wire is never taken for the end of a coin while an edge is still on its way, however slow the cable is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from drivers.coin.pulse import Edge
from drivers.errors import LineLost
from drivers.io_board.frames import ReportedEdge

_MICROSECONDS = 1e6
# A coin that was taken before the slot was shut begins its pulses well within this time, and pulses of one train follow each
# other closer than this (`PulseTable.end_s` is at most 2 s).
_LATEST_COIN_S = 3.0


@dataclass(frozen=True, slots=True)
class WireReport:
    """The coin wire in one report. `boot`: a random number, new at each start of the board. `at_us`: when it was made.

    `first`: the number of the first edge in `edges`, counted from 0 since that start; without edges, of the next one.
    `taking`: coins are taken, or the board was told to take them and has not answered yet.
    """

    boot: int
    at_us: int
    active: bool
    first: int
    edges: Sequence[ReportedEdge]
    taking: bool


class ReportedEdges:
    """The edges of the reports, each once, in order; where some may be missing, two equal edges follow each other.

    Edges from before the first report are no credit: the program that ended may have read them, or not. That there were some is
    told as lost coins, because the slot stays open for a second after a program has ended.
    """

    def __init__(self) -> None:
        self._boot: int | None = None
        self._zero_s = 0.0  # when the board's clock was 0, on the clock of the edges
        self._now_s = 0.0
        self._active = False
        self._coin_at_s = 0.0  # when a coin was last possible: the slot was open, or the wire moved or was low
        self._waiting: list[Edge] = []
        self.next = 0  # number of the edge that is heard next: the board may forget all before it

    def hear(self, report: WireReport) -> None:
        """Take one report. One that was sent again, or is older than the last, changes nothing."""
        end = report.first + len(report.edges)
        if self._boot is None:
            self.next = end
            if report.edges:
                self._miss(self._at_s(report.at_us))
        elif report.boot != self._boot:
            # Whatever the board had not yet told is lost. Its clock begins anew, so the hole has no length here.
            self._zero_s, self.next = self._now_s, 0
            if report.taking or self._now_s - self._coin_at_s < _LATEST_COIN_S:
                self._miss(self._now_s)  # else no coin can have been in: the slot was shut and the wire at rest
        at_s = self._at_s(report.at_us)
        if report.boot == self._boot and at_s < self._now_s:
            return
        self._boot = report.boot
        if report.first > self.next:  # more edges than the board can keep
            self._miss(self._now_s)
            self._miss(self._at_s(report.edges[0].at_us) if report.edges else at_s)
        fresh = report.edges[max(0, self.next - report.first) :]
        self._waiting += [Edge(edge.active, self._at_s(edge.at_us)) for edge in fresh]
        self.next = max(self.next, end)
        self._now_s, self._active = at_s, report.active
        if report.taking or report.active or fresh:
            self._coin_at_s = at_s

    def take(self) -> Sequence[Edge]:
        """See `EdgeSource`. All three raise `LineLost` before the first report."""
        self._check_heard()
        taken, self._waiting = self._waiting, []
        return taken

    def active(self) -> bool:
        self._check_heard()
        return self._active

    def now_s(self) -> float:
        self._check_heard()
        return self._now_s

    def _check_heard(self) -> None:
        if self._boot is None:
            raise LineLost("coin", "the I/O board has not reported yet: check its USB cable.")

    def _at_s(self, at_us: int) -> float:
        return self._zero_s + at_us / _MICROSECONDS

    def _miss(self, at_s: float) -> None:
        """At rest, whatever the wire does: an edge that does not fit says the same once more."""
        self._waiting += [Edge(active=False, at_s=at_s)] * 2
