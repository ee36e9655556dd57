"""The book: everything that the journal's records add up to, and nothing else.

`Book.replay(records)` at a start calls the same `apply` as the running machine, so both come to the same book.
`apply` takes in a whole record, or raises `ProtocolBroken` and changes nothing. A record is applied first and
appended after, so the medium never gets a record that a replay would refuse.

Totals count over the machine's life and are never reset; the cash box counts since it was last emptied. `queue`
holds the cases: an uncertain paper or payout, a paper left behind, a `Flag`. A person closes a case (`Resolved`);
a retry that works does not.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_args

from drivers.vocabulary import TOTAL_MASK, HopperCounters, HopperState
from firmware.book import records
from firmware.book.advice import Advice, ClaimAdvice, CollectedAdvice, CopyAdvice, HeardAdvice, read
from firmware.book.cases import (
    COIN_TROUBLE_SESSIONS,
    COIN_TROUBLES,
    UNCERTAIN_CODES,
    Case,
    close,
    coins_lost,
    enqueue,
    stray,
)
from firmware.book.console_book import ConsoleBook
from firmware.book.open_session import OpenSession, must
from firmware.book.reasons import TAKEN_BACK
from firmware.book.records import Record
from firmware.book.schema import canonical
from firmware.book.settings_book import SettingsBook

TOTALS = (
    "boots",
    "sessions",
    "inserted_yen",
    "earned_yen",
    "paid_out_yen",
    "claimed_yen",
    "overpaid_yen",
    "stray_yen",
    "staff_paid_yen",
    "strayed_yen",  # left the hoppers without a command
    "unknown_yen",  # payouts with unknown result, as if every coin had come out
    "copies_printed",
    "copies_spoiled",
    "copies_uncertain",
    "told_issued",
    "told_void",
    "sheets_tested",
    "flags",
    "test_coins_yen",
    "collected_yen",  # of claims, paid out here by staff; it is in staff_paid_yen as well
    "collections",
    "paid_at_desk_yen",  # of claims, paid out by the city's desk, as the centre told
    "closes",
    "till_taken_yen",  # fees taken by the clerks of a counter terminal; no coin of this machine
    "till_returned_yen",
)
HOPPER_WELL = frozenset({HopperState.OK, HopperState.LOW})
PAYS_SHORT = "pays_short"
FAILURES_MAX = 2  # payouts of one hopper in a row that fell short; a hopper that paid no coin at all has them at once
CLAIM = "claim:"  # with the claim's key behind it: the purpose of a staff payout that pays this claim


class Book:
    """What the machine knows. Read freely; write only through `apply`."""

    def __init__(self) -> None:
        self.session: OpenSession | None = None
        self.staff_paying: records.StaffPayIntent | None = None
        self.totals: dict[str, int] = dict.fromkeys(TOTALS, 0)
        self.tubes: dict[int, int] = {}  # yen -> coins that should be in that hopper, at least
        self.cash_box: dict[int, int] = {}  # yen -> coins since it was emptied
        self.hoppers: dict[int, HopperCounters] = {}  # as last read; without hoppers that could not be read
        self.hoppers_ill: dict[int, str] = {}  # yen -> what is wrong with that hopper, as last seen
        self.hopper_failures: dict[int, int] = {}  # yen -> payouts in a row that fell short
        self.acceptor_event: int | None = None
        self.acceptor_total: int | None = None
        self.acceptor_lost = 0  # coins flagged as lost after `acceptor_total` was read; the device may count them
        self.coin_trouble_at: int | None = (
            None  # number of the last session in which coins were lost; None: a case has it
        )
        self.acceptor_serial: int | None = None  # of the acceptor that the first start or staff paired
        self.unexplained: dict[int, int] = {}  # yen -> coins that left the hopper without a command, not acknowledged
        self.printer_counter: int | None = None
        self.whole_in_path = False  # a printed copy hangs uncut in the printer; it is a resident's, not void
        self.sheets: int | None = None  # certificate paper left; None until a person has counted it
        self.claims: dict[str, int] = {}  # claims the centre has not acknowledged
        self.owed: dict[str, int] = {}  # claim -> yen that nobody has paid yet, neither here nor at the city's desk
        self.queue: list[tuple[str, str]] = []
        self.witness_accepted = ""  # the centre's head without which two people let this journal go on; "": none
        self.line_stopped: str | None = None  # the field that failed its binding; None: not stopped
        self.suspended: tuple[str, ...] = ()
        self.failed_sessions = 0  # in a row, for firmware.service.lockout
        self.refunds_yen: list[int] = []  # of sessions in a row that took all their coins back (service/refunds.py)
        self.paper_waiting: str | None = None  # request whose papers may still lie in the tray
        self.collecting: dict[str, int] = {}  # claim -> yen that staff has paid out and the centre does not know yet
        self.console = ConsoleBook()
        self.settings = SettingsBook()
        self.site_version = 0  # the highest of `site_tables`; 0: the machine never had one
        self.site_tables: tuple[records.KeptTable, ...] = ()
        self._advices: dict[str, Advice] = {}
        self._fresh = True

    @classmethod
    def replay(cls, history: Iterable[Record]) -> "Book":
        """The book after these records, oldest first; they may begin with a checkpoint."""
        book = cls()
        for record in history:
            book.apply(record)
        return book

    def apply(self, record: Record) -> None:
        """Take in one record. Raises `ProtocolBroken`, having changed nothing."""
        _APPLY[type(record)](self, record)
        self._fresh = False

    def pending_advices(self) -> list[tuple[str, Advice]]:
        """What the centre has not acknowledged, in the order it was written."""
        return list(self._advices.items())

    @property
    def explained(self) -> dict[int, int]:
        """Yen -> what that hopper's lifetime count must read, without the hopper of a payout that is not settled."""
        unsettled = {self.staff_paying.value_yen} if self.staff_paying else set()
        if self.session is not None and self.session.paying is not None:
            unsettled.add(self.session.paying.value_yen)
        return {value: seen.life_total for value, seen in self.hoppers.items() if value not in unsettled}

    @property
    def uncertain(self) -> tuple[tuple[str, str], ...]:
        """Papers and money that nobody can account for yet."""
        return tuple(item for item in self.queue if item[0] in UNCERTAIN_CODES)

    # --- the machine's life ---------------------------------------------------------------------

    def _boot(self, record: records.Boot) -> None:
        self.totals["boots"] += 1
        if self.session is not None:
            self.session.outlived = True
        if record.reason == "medium":
            self._enqueue(Case.MEDIUM_FAILED, f"seen by start {self.totals['boots']}")

    def _counters(self, record: records.Counters) -> None:
        if record.acceptor_total != self.acceptor_total:
            self.acceptor_lost = 0
        self.acceptor_event, self.acceptor_total = record.acceptor_event, record.acceptor_total
        self.printer_counter = record.printer_counter
        self.hoppers = {row[0]: HopperCounters(row[1], row[2]) for row in record.hoppers}

    def _suspended(self, record: records.Suspended) -> None:
        self.suspended = tuple(record.reasons)

    def _resumed(self, _: records.Resumed) -> None:
        self.suspended = ()

    def _flag(self, record: records.Flag) -> None:
        self.totals["flags"] += 1
        if record.code == Case.CREDITS_LOST:
            self.acceptor_lost += coins_lost(record.detail)
        if record.code in COIN_TROUBLES and self.session is not None:
            self.session.coin_trouble = self.session.slot is not None
        if record.code == Case.CREDITS_WITHOUT_COINS:
            self._take_back(int(record.detail.split()[0]))
        self._enqueue(record.code, record.detail)

    def _take_back(self, credits_: int) -> None:
        """The device never counted these; a session that has some is paid nothing by a hopper any more."""
        if self.acceptor_total is not None:
            self.acceptor_total = (self.acceptor_total - credits_) & TOTAL_MASK
        if self.session is not None:
            self.session.without_coins += credits_

    def _resolved(self, record: records.Resolved) -> None:
        must(close(self.queue, record.code, record.detail), "only what is in the queue can be resolved")
        if record.code == Case.ADVICE_REFUSED:  # a person has told the centre in another way
            self._settle_advice(record.detail)
        if record.code == Case.JOURNAL_ROLLED_BACK:
            self.witness_accepted = record.detail

    def _line_stopped(self, record: records.LineStopped) -> None:
        self.line_stopped = record.field

    def _line_cleared(self, _: records.LineCleared) -> None:
        must(self.line_stopped is not None, "only a stopped line is cleared")
        self.line_stopped = None

    # --- sessions -------------------------------------------------------------------------------

    def _session_opened(self, record: records.SessionOpened) -> None:
        must(self.session is None, "one resident at a time")
        must(self.staff_paying is None, "no session begins while a technician lets a hopper pay")
        self.session = OpenSession(record)

    def _session_closed(self, record: records.SessionClosed) -> None:
        session = self.open_session()
        session.closed(record)
        if session.last_pin_ok is not None:
            self.failed_sessions = 0 if session.last_pin_ok else self.failed_sessions + 1
        if record.earned_yen:
            self.refunds_yen = []
        elif record.paid_out_yen and record.reason in TAKEN_BACK:
            self.refunds_yen.append(record.paid_out_yen)
        self.totals["sessions"] += 1
        if session.coin_trouble:
            self._coin_trouble()
        self.session = None

    def _coin_trouble(self) -> None:
        """The session that ends now had trouble with its coins. The second one soon after another becomes a case."""
        before, this = self.coin_trouble_at, self.totals["sessions"]
        self.coin_trouble_at = this
        if before is not None and this - before < COIN_TROUBLE_SESSIONS:
            self.coin_trouble_at = None
            self._enqueue(Case.COINS_UNRELIABLE, f"sessions number {before} and {this} of this machine")

    def open_session(self) -> OpenSession:
        must(self.session is not None, "no session is open")
        assert self.session is not None
        return self.session

    def _coin(self, record: records.Coin) -> None:
        self.open_session().coin(record)
        self._coin_in(record)
        self.totals["inserted_yen"] += record.value_yen

    def _stray_coin(self, record: records.StrayCoin) -> None:
        self._coin_in(record)
        self.totals["stray_yen"] += record.value_yen
        self._enqueue(Case.STRAY_COIN, stray(1, record.value_yen))

    def _acceptor_paired(self, record: records.AcceptorPaired) -> None:
        self.acceptor_serial = record.serial
        self.acceptor_event, self.acceptor_total, self.acceptor_lost = None, None, 0

    def _test_coin(self, record: records.TestCoin) -> None:
        must(self.session is None, "coins are tested while nobody is served")
        self._coin_in(record)
        self.totals["test_coins_yen"] += record.value_yen

    def _coin_in(self, record: records.Coin | records.StrayCoin | records.TestCoin) -> None:
        self.cash_box[record.value_yen] = self.cash_box.get(record.value_yen, 0) + 1
        self.acceptor_event = record.event_counter
        if self.acceptor_total is not None:
            self.acceptor_total = (self.acceptor_total + 1) & TOTAL_MASK

    def _slot_opened(self, record: records.SlotOpened) -> None:
        self.open_session().slot_opened(record)
        self.acceptor_event, self.acceptor_total, self.acceptor_lost = record.event_counter, record.accepted_total, 0

    def _slot_closed(self, record: records.SlotClosed) -> None:
        self.open_session().slot_closed(record)
        self.acceptor_event = record.event_counter

    def _fee_taken(self, record: records.FeeTaken) -> None:
        self.open_session().fee_taken(record)
        self.totals["till_taken_yen"] += record.amount_yen

    def _fee_returned(self, record: records.FeeReturned) -> None:
        self.open_session().fee_returned(record)
        self.totals["till_returned_yen"] += record.amount_yen

    # --- paper ----------------------------------------------------------------------------------

    def _print_intent(self, record: records.PrintIntent) -> None:
        self.open_session().print_intent(record)
        self.whole_in_path = False  # the path was made clean before
        self.printer_counter = record.printer_counter

    def _copy_printed(self, record: records.CopyPrinted) -> None:
        session = self.open_session()
        intent = session.printing
        stuck = self._flagged(Case.PAPER_STUCK, record)
        session.copy_printed(record, stuck=stuck)
        assert intent is not None
        self.totals["copies_printed"] += 1
        self.totals["earned_yen"] += record.fee_yen
        self.printer_counter = record.printer_counter
        self.paper_waiting = record.rid
        self.whole_in_path = stuck
        self._use_sheets(intent.pages)

    def _copy_spoiled(self, record: records.CopySpoiled) -> None:
        self.open_session().copy_spoiled(record, begun=self._flagged(Case.VOID_SHEET_IN_PATH, record))
        self.totals["copies_spoiled"] += 1
        self.printer_counter = None  # unknown until the printer is asked again

    def _copy_uncertain(self, record: records.CopyUncertain) -> None:
        self.open_session().copy_uncertain(record)
        self.totals["copies_uncertain"] += 1
        self.printer_counter = None
        self._enqueue(Case.COPY_UNCERTAIN, f"{record.rid}.{record.copy}")

    def _paper_taken(self, _: records.PaperTaken) -> None:
        self.paper_waiting = None

    def _paper_left(self, record: records.PaperLeft) -> None:
        self.paper_waiting = None
        self._enqueue(Case.PAPER_LEFT, record.rid)

    def _flagged(self, code: Case, record: records.CopyPrinted | records.CopySpoiled) -> bool:
        """Whether this copy has a case with this code; its flag is written before the copy's own record."""
        return (code, f"{record.rid}.{record.copy}") in self.queue

    def _use_sheets(self, sheets: int) -> None:
        if self.sheets is not None:
            self.sheets = max(0, self.sheets - sheets)

    # --- coins out ------------------------------------------------------------------------------

    def _pay_intent(self, record: records.PayIntent) -> None:
        self.open_session().pay_intent(record)
        self.hoppers[record.value_yen] = HopperCounters(record.event_counter, record.life_total)

    def _pay_done(self, record: records.PayDone) -> None:
        session = self.open_session()
        before = session.ledger
        session.pay_done(record)
        self.totals["paid_out_yen"] += session.ledger.paid_out_yen - before.paid_out_yen
        excess_yen = session.ledger.overpaid_yen - before.overpaid_yen
        self.totals["overpaid_yen"] += excess_yen
        if excess_yen:
            self._enqueue(Case.OVERPAID, f"{excess_yen} yen, session {record.sid}")
        self._hopper_paid(record, f"session {record.sid}")
        self._judge_hopper(record, cut=session.outlived)

    def _staff_pay_intent(self, record: records.StaffPayIntent) -> None:
        must(self.session is None, "a technician waits until the session has ended")
        must(self.staff_paying is None, "one print or payout at a time")
        must(record.coins > 0 and record.value_yen > 0, "a payout is of at least one coin")
        self.staff_paying = record
        self.hoppers[record.value_yen] = HopperCounters(record.event_counter, record.life_total)

    def _staff_pay_done(self, record: records.StaffPayDone) -> None:
        intent = self.staff_paying
        must(
            intent is not None and (intent.value_yen, intent.coins) == (record.value_yen, record.asked),
            "the end of a payout follows its intent",
        )
        assert intent is not None
        self.staff_paying = None
        paid_yen = (record.paid or 0) * record.value_yen
        self.totals["staff_paid_yen"] += paid_yen
        if intent.purpose.startswith(CLAIM):
            key = intent.purpose.removeprefix(CLAIM)
            self.collecting[key] = self.collecting.get(key, 0) + paid_yen
        self._hopper_paid(record, "staff")
        if record.paid == record.asked:
            self.hopper_failures.pop(record.value_yen, None)

    def _hopper_paid(self, record: records.PayDone | records.StaffPayDone, who: str) -> None:
        """Take the coins out of the hopper's count; with an unknown result, as many as were asked for."""
        left = self.tubes.get(record.value_yen, 0) - (record.asked if record.paid is None else record.paid)
        self.tubes[record.value_yen] = max(0, left)
        if record.event_counter is None or record.life_total is None:
            self.hoppers.pop(record.value_yen, None)
        else:
            self.hoppers[record.value_yen] = HopperCounters(record.event_counter, record.life_total)
        if record.paid is None:
            self.totals["unknown_yen"] += record.asked * record.value_yen
            self._enqueue(Case.PAY_UNKNOWN, f"{record.asked} x {record.value_yen} yen, {who}")

    def _payout_unexplained(self, record: records.PayoutUnexplained) -> None:
        coins = record.coins or 0
        self.unexplained[record.value_yen] = self.unexplained.get(record.value_yen, 0) + coins
        self.tubes[record.value_yen] = max(0, self.tubes.get(record.value_yen, 0) - coins)
        self.totals["strayed_yen"] += coins * record.value_yen
        seen = self.hoppers.get(record.value_yen)
        self.hoppers[record.value_yen] = HopperCounters(seen.event_counter if seen else 0, record.life_total)

    def _judge_hopper(self, record: records.PayDone, *, cut: bool) -> None:
        """A hopper that paid nothing at all, or too little twice in a row, is out of use until a person has acted, or until
        it was seen out of order and well again. A payout that the machine's own end cut short says nothing (`cut`).
        """
        value = record.value_yen
        if record.paid is not None and record.paid >= record.asked:
            self.hopper_failures.pop(value, None)
        elif not cut:
            before = self.hopper_failures.get(value, 0)
            self.hopper_failures[value] = FAILURES_MAX if record.paid == 0 else before + 1

    def _hopper_seen(self, record: records.HopperSeen) -> None:
        if record.state in HOPPER_WELL:
            if self.hoppers_ill.pop(record.value_yen, None) is not None:
                self.hopper_failures.pop(record.value_yen, None)
        else:
            self.hoppers_ill[record.value_yen] = record.state

    @property
    def hoppers_out(self) -> Mapping[int, str]:
        """Yen -> why that hopper pays nothing now: a word of `HopperState`, or "pays_short"."""
        short = {value: PAYS_SHORT for value, times in self.hopper_failures.items() if times >= FAILURES_MAX}
        return {**short, **self.hoppers_ill}

    def _payout_acknowledged(self, record: records.PayoutAcknowledged) -> None:
        self.unexplained.pop(record.value_yen, None)  # gone already when somebody acknowledges twice

    def _claim_intent(self, record: records.ClaimIntent) -> None:
        self.open_session().claim_intent(record)
        self.totals["claimed_yen"] += record.amount_yen
        self.claims[record.key] = record.amount_yen
        self.owed[record.key] = record.amount_yen

    def _claim_done(self, record: records.ClaimDone) -> None:
        self.claims.pop(record.key, None)  # gone already when its advice was acknowledged first

    # --- the centre -----------------------------------------------------------------------------

    def _advice_queued(self, record: records.AdviceQueued) -> None:
        must(record.advice_id not in self._advices, "an advice is queued once")
        self.open_session().advice_queued(record.advice)
        self._advices[record.advice_id] = record.advice
        if isinstance(record.advice, CopyAdvice):
            self.totals[f"told_{record.advice.fate}"] += 1

    def _advice_done(self, record: records.AdviceDone) -> None:
        must(record.advice_id in self._advices, "only what is pending is acknowledged")
        self._settle_advice(record.advice_id)

    def _settle_advice(self, advice_id: str) -> None:
        advice = self._advices.pop(advice_id, None)
        if isinstance(advice, ClaimAdvice):
            self.claims.pop(advice.key, None)

    # --- staff ----------------------------------------------------------------------------------

    def _float_set(self, record: records.FloatSet) -> None:
        self.tubes[record.value_yen] = record.coins
        self.hopper_failures.pop(record.value_yen, None)

    def _paper_set(self, record: records.PaperSet) -> None:
        self.sheets = record.sheets

    def _cash_box_emptied(self, record: records.CashBoxEmptied) -> None:
        expected_yen = sum(value * coins for value, coins in self.cash_box.items())
        if record.counted_yen != expected_yen:
            self._enqueue(Case.CASH_BOX, f"counted {record.counted_yen}, expected {expected_yen}")
        self.cash_box = {}

    def _sheets_used(self, record: records.SheetsUsed) -> None:
        self.whole_in_path = False
        self.totals["sheets_tested"] += record.sheets
        self.printer_counter = record.printer_counter
        self._use_sheets(record.sheets)

    def _console_act(self, record: records.ConsoleAct) -> None:
        self.console.act(record)
        if record.outcome == "ok" and record.verb.split("/")[0] in {"close", "close.print"}:
            self.totals["closes"] += 1
            self.console.closed_totals = dict(self.totals)
        elif record.outcome == "ok" and record.verb == "lockout.clear":
            self.failed_sessions = 0

    def _settings_on_trial(self, record: records.SettingsOnTrial) -> None:
        must(self.session is None, "settings change while nobody is served")
        self.settings.on_trial_next(record)

    def _settings_started(self, _: records.SettingsStarted) -> None:
        self.settings.begin()

    def _settings_kept(self, _: records.SettingsKept) -> None:
        self.settings.keep()

    def _settings_dropped(self, record: records.SettingsDropped) -> None:
        self.settings.drop(record)

    def _site_tables_kept(self, record: records.SiteTablesKept) -> None:
        must(self.session is None, "the site table changes while nobody is served")
        must(record.version >= self.site_version, "an older site table never takes the place of a newer one")
        self.site_version, self.site_tables = record.version, tuple(record.tables)

    def _claim_hold_intent(self, record: records.ClaimHoldIntent) -> None:
        must(self.staff_paying is None, "one print or payout at a time")
        self.collecting.setdefault(record.key, 0)

    def _claim_collected(self, record: records.ClaimCollected) -> None:
        """The record makes its own advice, so neither exists without the other."""
        must(self.staff_paying is None, "one print or payout at a time")
        must(self.collecting.get(record.key, 0) == record.amount_yen, "what was collected is what the hoppers paid")
        self.collecting.pop(record.key, None)
        self._owe_less(record.key, record.amount_yen)
        self.totals["collected_yen"] += record.amount_yen
        self.totals["collections"] += 1
        advice = CollectedAdvice(record.key, record.amount_yen, self.totals["collections"])
        self._advices[advice.id] = advice

    def _claim_paid(self, record: records.ClaimPaid) -> None:
        """The record makes its own advice, as a collection does. A claim that is not owed any more changes no account."""
        must(self.takes(record), "a payment at the city's desk is written once, while nothing is open")
        advice = HeardAdvice(record.key, record.amount_yen)
        self.totals["paid_at_desk_yen"] += self._owe_less(record.key, record.amount_yen)
        self._advices[advice.id] = advice

    def _owe_less(self, key: str, paid_yen: int) -> int:
        """Take a payment off a claim; returns the yen by which less is owed."""
        owed_yen = self.owed.pop(key, 0)
        if owed_yen > paid_yen:
            self.owed[key] = owed_yen - paid_yen
        return min(owed_yen, paid_yen)

    def takes(self, record: records.ClaimPaid) -> bool:
        """Whether a payment at the city's desk can be written now: nothing is open, and it is not written already."""
        told = HeardAdvice(record.key, record.amount_yen).id in self._advices
        return self.session is None and self.staff_paying is None and not told

    # --- checkpoints ----------------------------------------------------------------------------

    def snapshot(self) -> Mapping[str, object]:
        """The whole book in JSON types. Raises `ProtocolBroken` while a session or a staff payout is open."""
        must(self.session is None and self.staff_paying is None, "a checkpoint is taken while idle")
        return {
            "totals": dict(self.totals),
            "tubes": _pairs(self.tubes),
            "cash_box": _pairs(self.cash_box),
            "hoppers": [[value, seen.event_counter, seen.life_total] for value, seen in sorted(self.hoppers.items())],
            "hoppers_ill": [[value, state] for value, state in sorted(self.hoppers_ill.items())],
            "hopper_failures": _pairs(self.hopper_failures),
            "acceptor_event": self.acceptor_event,
            "acceptor_total": self.acceptor_total,
            "acceptor_lost": self.acceptor_lost,
            "coin_trouble_at": self.coin_trouble_at,
            "acceptor_serial": self.acceptor_serial,
            "unexplained": _pairs(self.unexplained),
            "printer_counter": self.printer_counter,
            "sheets": self.sheets,
            "whole_in_path": self.whole_in_path,
            "claims": [[key, amount] for key, amount in self.claims.items()],
            "owed": [[key, amount] for key, amount in self.owed.items()],
            "queue": [list(item) for item in self.queue],
            "line_stopped": self.line_stopped,
            "witness_accepted": self.witness_accepted,
            "suspended": list(self.suspended),
            "failed_sessions": self.failed_sessions,
            "refunds_yen": list(self.refunds_yen),
            "paper_waiting": self.paper_waiting,
            "collecting": [[key, amount] for key, amount in self.collecting.items()],
            "console": self.console.snapshot(),
            "settings": self.settings.snapshot(),
            "site_version": self.site_version,
            "site_tables": [list(kept) for kept in self.site_tables],
            "advices": [[advice_id, advice.told()] for advice_id, advice in self._advices.items()],
        }

    def _checkpoint(self, record: records.Checkpoint) -> None:
        if self._fresh:
            self._restore(record.totals)
        else:
            now = self.snapshot()
            # An older program's checkpoint knows fewer accounts; those that it knows must agree.
            agrees = canonical(_as_known_to(record.totals, now)) == canonical(dict(record.totals))
            must(agrees, "a checkpoint says what the records before it say")

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.totals = dict.fromkeys(TOTALS, 0) | dict(state["totals"])
        self.tubes = dict(state["tubes"])
        self.cash_box = dict(state["cash_box"])
        self.hoppers = {value: HopperCounters(event, life) for value, event, life in state["hoppers"]}
        self.hoppers_ill = dict(state.get("hoppers_ill", []))
        self.hopper_failures = dict(state.get("hopper_failures", []))
        self.acceptor_event, self.acceptor_total = state["acceptor_event"], state["acceptor_total"]
        self.acceptor_lost = state.get("acceptor_lost", 0)
        self.coin_trouble_at = state.get("coin_trouble_at")
        self.acceptor_serial, self.unexplained = state["acceptor_serial"], dict(state["unexplained"])
        self.printer_counter, self.sheets = state["printer_counter"], state["sheets"]
        self.whole_in_path = state.get("whole_in_path", False)
        self.claims = dict(state["claims"])
        self.owed = dict(state.get("owed", []))
        self.queue = [(code, detail) for code, detail in state["queue"]]
        self.line_stopped, self.suspended = state["line_stopped"], tuple(state["suspended"])
        self.witness_accepted = state.get("witness_accepted", "")
        self.failed_sessions, self.paper_waiting = state["failed_sessions"], state["paper_waiting"]
        self.refunds_yen = list(state.get("refunds_yen", []))
        self.collecting = dict(state.get("collecting", []))
        self.console = ConsoleBook.restored(state.get("console", {}))
        self.settings = SettingsBook.restored(state.get("settings", {}))
        self.site_version = state.get("site_version", 0)
        self.site_tables = tuple(records.KeptTable(*kept) for kept in state.get("site_tables", []))
        self._advices = {advice_id: read(told) for advice_id, told in state["advices"]}

    def _enqueue(self, code: str, detail: str) -> None:
        enqueue(self.queue, code, detail)


def _as_known_to(told: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, object]:
    known: dict[str, object] = {key: now.get(key) for key in told}
    known["totals"] = {key: now["totals"].get(key) for key in told["totals"]}
    return known


def _pairs(coins: Mapping[int, int]) -> list[list[int]]:
    return [[value, count] for value, count in sorted(coins.items())]


def _handler(kind: type[Any]) -> Callable[[Book, Any], None]:
    """The method that takes in this kind: `Book._copy_printed` for `CopyPrinted`. Without one the import fails."""
    handler: Callable[[Book, Any], None] = getattr(Book, re.sub(r"(?=[A-Z])", "_", kind.__name__).lower())
    return handler


def _in_session(take: Callable[[OpenSession, Any], None]) -> Callable[[Book, Any], None]:
    return lambda book, record: take(book.open_session(), record)


# These concern the open session alone.
_OF_SESSION: dict[Any, Callable[[OpenSession, Any], None]] = {
    records.PinResult: OpenSession.pin_result,
    records.Request: OpenSession.requested,
    records.Authorised: OpenSession.authorised,
    records.NotReserved: OpenSession.not_reserved,
}
_APPLY = {kind: _in_session(_OF_SESSION[kind]) if kind in _OF_SESSION else _handler(kind) for kind in get_args(Record)}
