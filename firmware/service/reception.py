"""The reception: whether a session may begin now, and what an idle machine shows.

It combines the hours of the site, the health of every desk, the reasons in the book and the lockout. It never
interrupts a session; it only decides about the next one.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from drivers.ports import Clock
from drivers.vocabulary import Text
from firmware.book import records
from firmware.book.book import Book
from firmware.book.cases import Case, MismatchCode
from firmware.config.hours import ClosedUntil, Open, ServiceHours
from firmware.money.change import acceptable_values
from firmware.service.availability import Availability, Mode, Reason
from firmware.service.lockout import PIN_ATTACK, locked_until, must_report
from firmware.session.scenes import Closed, Idle, Maintenance, Scene, Starting

CLOCK_TOLERANCE_S = 60.0  # between this machine and the centre
UNCERTAIN_LIMIT = 3  # papers or payouts not accounted for; above it the machine closes
USUAL_FEE_YEN = 300  # the fee of most certificates
MATCH_REASONS = {
    MismatchCode.MONEY_MOVED: Reason.TAMPER_MONEY,
    MismatchCode.SHEETS_MOVED: Reason.UNBALANCED,
    MismatchCode.UNBALANCED: Reason.UNBALANCED,
}
_NO_TIME = datetime.min.replace(tzinfo=UTC)
ADVICE_LIMIT = 20  # advices the centre has not acknowledged
ADVICE_WAIT_S = 24 * 3600.0  # how long one advice may wait; each start counts from 0 again


class Reception:
    """Keeps the reasons why the machine does not serve, and makes the scene of the idle screen."""

    def __init__(
        self,
        *,
        hours: ServiceHours,
        now: Callable[[], datetime],
        clock: Clock,
        longest_session_s: float,
        cards: tuple[str, ...],
        desks: frozenset[str],
        refusable_yen: frozenset[int] = frozenset(),
        surely_past: Callable[[], datetime] = lambda: _NO_TIME,
    ) -> None:
        """`refusable_yen`: the coins the slot takes and can refuse one by one; empty where it takes all or none.

        `surely_past`: an instant that the true time is not before.
        """
        self._surely_past = surely_past
        self.state = Availability()
        self.kinds: tuple[tuple[Text, int], ...] = ()
        self._hours = hours
        self._now = now
        self._clock = clock
        self._longest_session_s = longest_session_s
        self._cards = cards
        self._waiting_for = set(desks)
        self._reasons: dict[str, frozenset[Reason]] = {}
        self._refusable_yen = refusable_yen
        self._weighed_tubes: dict[int, int] | None = None
        self._exact_money_only = False
        self._clock_base: datetime | None = None  # wall time minus monotonic, when the centre last agreed with it
        self.door_open: bool | None = None  # None: the case has no contact, or its desk has not started
        self._oldest_advice: str | None = None
        self._oldest_since_s = clock.monotonic()
        self._failed_sessions = 0
        self._failed_at_s = clock.monotonic()

    @property
    def admits(self) -> bool:
        """Whether a session may begin at this moment."""
        return self.state.admits and self._hours.admits(self._now(), self._longest_session_s)

    def note(self, source: str, words: frozenset[str]) -> records.Record | None:
        """Replace the reasons of one source. Returns the record to write if the machine's reasons changed."""
        if self._reasons.get(source) == words:
            return None  # nothing new
        self._reasons[source] = frozenset(Reason(word) for word in words)
        self._waiting_for.discard(source)
        before = self.state
        self.state = before.seen(frozenset().union(*self._reasons.values()))
        if not self._waiting_for and not self.state.started:
            self.state = self.state.ready()
        return self._change_since(before)

    def _change_since(self, before: Availability) -> records.Record | None:
        if self.state.reasons == before.reasons:
            return None
        if self.state.reasons:
            reasons: list[Reason] = sorted(self.state.reasons, key=lambda reason: reason.number)
            return records.Suspended(reasons=reasons)
        return records.Resumed()

    def cleared(self, reasons: Iterable[Reason]) -> records.Record | None:
        """Drop reasons that staff has dealt with, until book or device gives them again. The record to write, if any."""
        gone = frozenset(reasons)
        for source, words in self._reasons.items():
            self._reasons[source] = words - gone
        before = self.state
        for reason in gone:
            self.state = self.state.cleared(reason)
        return self._change_since(before)

    def hear_time(self, told: datetime) -> None:
        """Compare the centre's time with the wall clock, which is trusted only if they agree (fault T1)."""
        now = self._now()
        agrees = abs((told - now).total_seconds()) <= CLOCK_TOLERANCE_S
        self._clock_base = now - timedelta(seconds=self._clock.monotonic()) if agrees else None

    @property
    def clock_trusted(self) -> bool:
        """Whether the centre has confirmed the wall clock, and it has not been moved since."""
        if self._clock_base is None:
            return False
        moved = self._now() - timedelta(seconds=self._clock.monotonic()) - self._clock_base
        return abs(moved.total_seconds()) <= CLOCK_TOLERANCE_S

    @property
    def clock_behind(self) -> bool:
        """Whether the wall clock is surely wrong: earlier than an instant that is past, and not confirmed by the centre."""
        return not self.clock_trusted and self._now() < self._surely_past()

    def weigh(self, book: Book) -> list[records.Record]:
        """Take the reasons from the book. Returns the records to write."""
        self._weigh_change(book)
        changes: list[records.Record] = []
        if book.failed_sessions != self._failed_sessions:
            attack = (PIN_ATTACK, str(book.failed_sessions))
            if must_report(book.failed_sessions) and attack not in book.queue:
                changes.append(records.Flag(*attack))
            self._failed_sessions, self._failed_at_s = book.failed_sessions, self._clock.monotonic()
        change = self.note("book", self._reasons_in(book))
        return changes if change is None else [*changes, change]

    def _reasons_in(self, book: Book) -> frozenset[Reason]:
        queued = [code for code, _ in book.queue]
        holds = {
            Reason.CLOCK: not self.clock_trusted and not self.clock_behind,
            Reason.CLOCK_BEHIND: self.clock_behind,
            Reason.LINE_STOPPED: bool(book.line_stopped),
            Reason.TAMPER_MONEY: bool(book.unexplained),
            Reason.UNCERTAIN: len(book.uncertain) > UNCERTAIN_LIMIT,
            Reason.OPERATOR: book.console.out_of_service,
            Reason.DOOR: Case.DOOR_OPENED in queued or (self.door_open and not self.state.in_maintenance),
            Reason.JOURNAL_BROKEN: queued.count(Case.MEDIUM_FAILED) > 1,  # one may be chance (fault D2)
            Reason.ADVICES: self._advices_stand_still(book),
            Reason.LOCKOUT: self._locked_for_s() > 0,
        }
        matched = {reason for code, reason in MATCH_REASONS.items() if code in queued}
        return frozenset(matched | {reason for reason, true in holds.items() if true})

    def _advices_stand_still(self, book: Book) -> bool:
        """Whether too many advices wait for the centre, or one waits for too long (book rule 8)."""
        pending = book.pending_advices()
        oldest, now_s = pending[0][0] if pending else None, self._clock.monotonic()
        if oldest != self._oldest_advice:
            self._oldest_advice, self._oldest_since_s = oldest, now_s
        waits_s = now_s - self._oldest_since_s if pending else 0.0
        return len(pending) > ADVICE_LIMIT or waits_s > ADVICE_WAIT_S

    def _weigh_change(self, book: Book) -> None:
        """Decide whether the idle screen asks for exact money. Each session decides again, with its fee and hoppers."""
        if book.tubes != self._weighed_tubes:
            self._weighed_tubes = dict(book.tubes)
            self._exact_money_only = acceptable_values(USUAL_FEE_YEN, book.tubes, self._refusable_yen)[1]

    def news(self, book: Book) -> list[str]:
        """Words for the heartbeat besides the reasons, each as long as it is true. They name nobody."""
        return [PIN_ATTACK] if must_report(book.failed_sessions) else []

    def front(self, language: str) -> Scene:
        """The scene of the idle screen."""
        match self.state.mode:
            case Mode.STARTING:
                return Starting(language=language)
            case Mode.MAINTENANCE:
                return Maintenance(language=language)
            case Mode.SUSPENDED if self.state.reasons == {Reason.LOCKOUT}:
                return self._locked(language)
            case Mode.SUSPENDED if self.state.reasons <= {Reason.CLOCK, Reason.CLOCK_BEHIND}:
                return Closed(language=language, reason="clock", opens_at=None, numbers=self.state.numbers)
            case Mode.SUSPENDED:
                return Closed(language=language, reason="out_of_service", opens_at=None, numbers=self.state.numbers)
            case Mode.IN_SERVICE:
                return self._by_the_clock(language)

    def _locked_for_s(self) -> float:
        return locked_until(self._failed_sessions, self._failed_at_s) - self._clock.monotonic()

    def _locked(self, language: str) -> Scene:
        """The closed screen of a lockout, with its end rounded up to a full minute."""
        ends = self._now() + timedelta(seconds=max(self._locked_for_s(), 0.0) + 59)
        opens_at = ends.replace(second=0, microsecond=0)
        return Closed(language=language, reason="lockout", opens_at=opens_at, numbers=self.state.numbers)

    def _by_the_clock(self, language: str) -> Scene:
        now = self._now()
        match self._hours.state(now):
            case ClosedUntil(reason=reason, opens_at=opens_at):
                return Closed(language=language, reason=reason, opens_at=opens_at)
            case Open() if not self.admits:
                return Closed(language=language, reason="hours", opens_at=self._hours.next_opening(now))
        opens, closes = self._hours.today(now)
        return Idle(
            language=language,
            opens=opens,
            closes=closes,
            kinds=self.kinds,
            exact_money_only=self._exact_money_only,
            cards=self._cards,
        )
