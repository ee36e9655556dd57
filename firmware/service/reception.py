"""The reception: whether a session may begin now, and what an idle machine shows.

It combines the city's site table, the health of every desk, the reasons in the book and the lockout. It never
interrupts a session; it only decides about the next one, and what that one may issue.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from drivers.ports import Clock
from firmware.book import records
from firmware.book.book import Book
from firmware.book.cases import STRAY_LIMIT, Case, MismatchCode, stray_coins
from firmware.config.hours import ClosedReason, ClosedUntil
from firmware.money.change import acceptable_values
from firmware.service.availability import Availability, Mode, Reason
from firmware.service.lockout import PIN_ATTACK, locked_until, must_report
from firmware.service.refunds import COINS_EXCHANGED, Refunds
from firmware.service.site import Site
from firmware.service.site_tables import SiteTables
from firmware.session.context import ANYTHING, COUNTER, Served
from firmware.session.scenes import Closed, Elsewhere, Idle, Maintenance, Scene, Starting

_T = TypeVar("_T")

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
        sites: SiteTables,
        now: Callable[[], datetime],
        clock: Clock,
        longest_session_s: float,
        cards: tuple[str, ...],
        desks: frozenset[str],
        accepts_yen: frozenset[int] = frozenset(),
        selective: bool = True,
        has_till: bool = False,
        surely_past: Callable[[], datetime] = lambda: _NO_TIME,
    ) -> None:
        """`cards`: the kinds that this machine's reader takes; the city may take fewer.

        `accepts_yen`: the coins that the slot takes; `selective`: it can refuse them one by one.
        `has_till`: a clerk takes the fee and gives the change, not this machine.
        `surely_past`: an instant that the true time is not before.
        """
        self._surely_past = surely_past
        self.state = Availability()
        self.sites = sites
        self.since: dict[str, datetime] = {}  # when each source last gave other reasons than before
        self.compared: tuple[datetime, float] | None = None  # when the centre's time was heard, seconds it was ahead
        self._now = now
        self._clock = clock
        self._longest_session_s = longest_session_s
        self._cards = cards
        self._waiting_for = set(desks)
        self._reasons: dict[str, frozenset[Reason]] = {}
        self._accepts_yen = accepts_yen
        self._selective = selective
        self._has_till = has_till
        self._made: dict[tuple[str, datetime, int], Any] = {}
        self._weighed: object = None  # what the next three were decided from
        self._exact_money_only = False
        self._change_short = False
        self._payable = True
        self._hoppers_out: Mapping[int, str] = {}
        self._clock_base: datetime | None = None  # wall time minus monotonic, when the centre last agreed with it
        self.door_open: bool | None = None  # None: the case has no contact, or its desk has not started
        self._oldest_advice: str | None = None
        self._oldest_since_s = clock.monotonic()
        self.refunds = Refunds()
        self._failed_sessions = 0
        self._failed_at_s = clock.monotonic()

    @property
    def site(self) -> Site | None:
        """The site table in force at this moment."""
        return self.sites.in_force(self._now())

    @property
    def admits(self) -> bool:
        """Whether a session may begin at this moment."""
        return self.state.admits and self._is_open

    @property
    def _is_open(self) -> bool:
        """Whether the site table lets a session begin at this moment."""
        site = self.site
        return site is not None and site.admits(self._now(), self._longest_session_s)

    def devices(self) -> Mapping[str, str]:
        """Each desk, and why it cannot serve: "well", or its reason words. Each hopper that does not pay, and why."""
        desks = {source: " ".join(sorted(words)) or "well" for source, words in self._reasons.items()}
        return desks | {f"hopper_{value}": state for value, state in sorted(self._hoppers_out.items())}

    def note(self, source: str, words: frozenset[str]) -> records.Record | None:
        """Replace the reasons of one source. Returns the record to write if the machine's reasons changed."""
        if self._reasons.get(source) == words:
            return None  # nothing new
        self.since[source] = self._now()
        self._reasons[source] = frozenset(Reason(word) for word in words)
        self._waiting_for.discard(source)
        before = self.state
        self.state = before.seen(frozenset().union(*self._reasons.values()))
        if not self._waiting_for and not self.state.started:
            self.state = self.state.ready()
        return self._change_since(before)

    def _change_since(self, before: Availability) -> records.Record | None:
        if self.state.closing == before.closing:
            return None
        if self.state.closing:
            reasons: list[Reason] = sorted(self.state.closing, key=lambda reason: reason.number)
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
        ahead_s = (told - now).total_seconds()
        self.compared = (now, ahead_s)
        agrees = abs(ahead_s) <= CLOCK_TOLERANCE_S
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
        changes += self._weigh_refunds(book)
        before = self.state
        self.state = before.bearing(frozenset({Reason.CHANGE} if self._payable else ()))
        self.note("book", self._reasons_in(book))
        change = self._change_since(before)
        return changes if change is None else [*changes, change]

    def _weigh_refunds(self, book: Book) -> list[records.Record]:
        gave_back = self.refunds.by_hopper
        self.refunds.seen(book.refunds_yen, self._clock.monotonic())
        flag = records.Flag(Case.COINS_EXCHANGED, self.refunds.words)
        begins = gave_back and not self.refunds.by_hopper
        return [flag] if begins and (flag.code, flag.detail) not in book.queue else []

    def _reasons_in(self, book: Book) -> frozenset[Reason]:
        queued = [code for code, _ in book.queue]
        trusted, behind = self.clock_trusted, self.clock_behind
        holds = {
            Reason.CLOCK: not trusted and not behind,
            Reason.CLOCK_BEHIND: behind,
            # With a clock that may be wrong nobody can say whether a table holds: reason CLOCK says enough.
            Reason.SITE_TABLE: self.site is None and (trusted or not self.sites.version),
            Reason.LINE_STOPPED: bool(book.line_stopped),
            Reason.TAMPER_MONEY: bool(book.unexplained),
            Reason.TAMPER_COINS: Case.CREDITS_WITHOUT_COINS in queued,
            Reason.CHANGE: self._change_short,
            Reason.COINS_UNRELIABLE: Case.COINS_UNRELIABLE in queued,
            Reason.COIN_WIRE: Case.PULSES_WRONG in queued or stray_coins(book.queue) > STRAY_LIMIT,
            Reason.UNCERTAIN: len(book.uncertain) > UNCERTAIN_LIMIT,
            Reason.OPERATOR: book.console.out_of_service,
            Reason.DOOR: Case.DOOR_OPENED in queued or (self.door_open and not self.state.in_maintenance),
            Reason.JOURNAL_BROKEN: queued.count(Case.MEDIUM_FAILED) > 1,  # one may be chance (fault D2)
            Reason.JOURNAL_ROLLED_BACK: Case.JOURNAL_ROLLED_BACK in queued,
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
        """Decide whether there is change, for every fee of this place. Each session decides again, with its own fee.

        Without change an acceptor that can refuse single coins takes exact money; another one takes none.
        """
        out, fees = book.hoppers_out, self._fees_yen
        known = (dict(book.tubes), dict(out), fees)
        if self._has_till or known == self._weighed:
            return
        self._weighed, self._hoppers_out = known, out
        tubes = {value: coins for value, coins in book.tubes.items() if value not in out}
        taken = [acceptable_values(fee, tubes, self._accepts_yen) for fee in fees]
        self._exact_money_only = self._selective and any(one.exact for one in taken)
        self._payable = self._selective or any(one == (self._accepts_yen, False, True) for one in taken)
        self._change_short = bool(out) or self._exact_money_only or not self._payable

    @property
    def _fees_yen(self) -> frozenset[int]:
        """The fees of one copy that may be asked for here."""
        site = self.site
        return (
            frozenset(kind.fee_yen for kind in site.table.kinds if kind.fee_yen) if site else frozenset({USUAL_FEE_YEN})
        )

    def news(self, book: Book) -> list[str]:
        """Words for the heartbeat besides the reasons, each as long as it is true. They name nobody."""
        waits = {code for code, _ in book.queue}
        holds = {
            PIN_ATTACK: must_report(book.failed_sessions),
            COINS_EXCHANGED: not self.refunds.by_hopper,
            str(Case.CREDITS_WITHOUT_COINS): Case.CREDITS_WITHOUT_COINS in waits,
            str(Case.JOURNAL_ROLLED_BACK): Case.JOURNAL_ROLLED_BACK in waits,
        }
        return [word for word, true in holds.items() if true]

    def front(self, language: str) -> Scene:
        """The scene of the idle screen."""
        match self.state.mode:
            case Mode.STARTING:
                return Starting(language=language)
            case Mode.MAINTENANCE:
                return Maintenance(language=language)
            case Mode.SUSPENDED if self.state.closing == {Reason.LOCKOUT}:
                return self._locked(language)
            case Mode.SUSPENDED if self._waits_for_time:
                return Closed(language=language, reason="clock", opens_at=None, numbers=self.state.numbers)
            case Mode.SUSPENDED if self.state.closing == {Reason.SITE_TABLE}:
                return self._without_table(language)
            case Mode.SUSPENDED if self.state.closing == {Reason.LINE} and not self._is_open:
                return self._by_the_clock(language)  # the kept table still says when it opens
            case Mode.SUSPENDED:
                return self._closed(language, "out_of_service", None)
            case Mode.IN_SERVICE:
                return self._by_the_clock(language)

    @property
    def _waits_for_time(self) -> bool:
        """Whether nothing is wrong but the clock, and the table that it cannot judge."""
        clock = {Reason.CLOCK, Reason.CLOCK_BEHIND}
        return bool(self.state.closing & clock) and self.state.closing <= {*clock, Reason.SITE_TABLE}

    def _without_table(self, language: str) -> Closed:
        """No site table is in force; with a clock that may be wrong, the clock is the reason."""
        reason = Reason.SITE_TABLE if self.clock_trusted else Reason.CLOCK
        return Closed(language=language, reason=str(reason), opens_at=None, numbers=(str(reason.number),))

    def _closed(self, language: str, reason: str, opens_at: datetime | None) -> Closed:
        return Closed(
            language=language,
            reason=reason,
            opens_at=opens_at,
            numbers=self.state.numbers,
            elsewhere=tuple(place for place in self._elsewhere_for_all() if _is_sooner(place, opens_at)),
        )

    def _locked_for_s(self) -> float:
        return locked_until(self._failed_sessions, self._failed_at_s) - self._clock.monotonic()

    def _locked(self, language: str) -> Scene:
        """The closed screen of a lockout, with its end rounded up to a full minute."""
        ends = self._now() + timedelta(seconds=max(self._locked_for_s(), 0.0) + 59)
        return self._closed(language, "lockout", ends.replace(second=0, microsecond=0))

    # --- by the site table ----------------------------------------------------------------------

    def served(self) -> Served | None:
        """What a session that begins now may issue, and where else to go; None without a site table."""
        now = self._now()
        site = self.sites.in_force(now)
        if site is None:
            return None
        kinds = site.open_kinds(now, self._longest_session_s)
        return Served(
            kinds={one.kind: (one.fee_yen, one.copies_max) for one in site.table.kinds if one.kind in kinds},
            shut=frozenset(one.kind for one in site.table.kinds) - kinds,
            elsewhere=self._by_the_minute("elsewhere", lambda: _elsewhere(site, now)),
            purposes=site.purposes,
        )

    def _elsewhere_for_all(self) -> tuple[Elsewhere, ...]:
        """Where everything that this machine issues may be had now, or is next; a second place, because one may not suit."""
        now = self._now()
        site = self.sites.in_force(now)
        if site is None or not self.clock_trusted:
            return ()
        kinds = [here.kind for here in site.table.kinds]
        return self._by_the_minute("closed", lambda: site.elsewhere(now, kinds, least=2))

    def _by_the_clock(self, language: str) -> Scene:
        now = self._now()
        site = self.sites.in_force(now)
        if site is None:  # the table has ended, or the clock was moved, since the reasons were last weighed
            return self._without_table(language)
        if not self.admits:
            closed = site.hours.state(now)
            reason = closed.reason if isinstance(closed, ClosedUntil) else ClosedReason.HOURS
            opens_at = self._by_the_minute("opens", lambda: site.opens_at(now))
            return self._closed(language, reason, opens_at)
        kinds = self._by_the_minute("kinds", lambda: site.kinds_now(now, self._longest_session_s))
        untils = [kind.until for kind in kinds]
        notice = site.notice(now)
        return Idle(
            language=language,
            until=None if None in untils else max(until for until in untils if until is not None),
            kinds=kinds,
            notice=None if notice is None else notice.text,
            notice_picture="" if notice is None else notice.picture,
            exact_money_only=self._exact_money_only,
            at_till=self._has_till,
            cards=tuple(card for card in self._cards if card in site.table.cards),
        )

    def _by_the_minute(self, what: str, make: Callable[[], _T]) -> _T:
        """What `make` gives, made once a minute: hours are to the minute, and the screen is looked at every second."""
        site = self.site
        minute = self._now().replace(second=0, microsecond=0)
        key = (what, minute, 0 if site is None else site.table.version)
        if key not in self._made:
            self._made = {old: made for old, made in self._made.items() if old[1:] == key[1:]}
            self._made[key] = make()
        made: _T = self._made[key]
        return made


def _elsewhere(site: Site, now: datetime) -> Mapping[str, Elsewhere]:
    """For each kind, for all kinds together and for what needs a person: where to go."""
    kinds = [here.kind for here in site.table.kinds]
    asked = {kind: ([kind], False) for kind in site.kinds_anywhere()}
    asked |= {ANYTHING: (kinds, False), COUNTER: (kinds, True)}
    found = {word: site.elsewhere(now, of, staffed=staffed) for word, (of, staffed) in asked.items()}
    return {word: places[0] for word, places in found.items() if places}


def _is_sooner(place: Elsewhere, opens_at: datetime | None) -> bool:
    """Whether a resident gets a certificate there before this machine opens again (`opens_at`; None: nobody knows when)."""
    return opens_at is None or place.open_now or (place.opens_at is not None and place.opens_at < opens_at)
