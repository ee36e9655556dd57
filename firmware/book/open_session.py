"""One resident's session as the journal knows it, and the rules of what may be written next.

The rules are the write-ahead protocol (book rules 1 to 9): every method takes in one record, and raises
`ProtocolBroken` if a record that must come before it is missing. That is a fault of the program. It is raised before
the record is written, so no journal holds such a record. What a device can really do is never refused: a coin may
come late, a hopper may pay too much or too little, a paper may be uncertain.

    SessionOpened
      Request -> Authorised -> SlotOpened -> Coin.. -> SlotClosed
                       | FeeTaken                                                        at a counter terminal
                                 PrintIntent -> CopyPrinted | CopySpoiled | CopyUncertain      one at a time, each copy once
                                 PayIntent -> PayDone                                          one at a time, never above what is owed
                                 FeeReturned                                                   what the till took and owes
                                 ClaimIntent                                                   what no hopper can pay
      AdviceQueued for every copy: issued if and only if it is printed, else void; and for every claim
    SessionClosed                                                                              nothing owed, nothing open, all told
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from firmware.book import records
from firmware.book.advice import ClaimAdvice, CopyFate, SessionAdvice
from firmware.book.ledger import Ledger
from firmware.book.reasons import Outcome
from firmware.book.records import CopyLine


class ProtocolBroken(AssertionError):
    """A record that must not be written now. The message names the rule."""


def must(condition: bool, rule: str) -> None:
    """Raise `ProtocolBroken` with the rule unless `condition` holds; unlike `assert`, under `python -O` too."""
    if not condition:
        raise ProtocolBroken(rule)


class CopyStage(StrEnum):
    RESERVED = "reserved"
    PRINTING = "printing"  # the intent is written, the outcome is not
    PRINTED = "printed"
    SPOILED = "spoiled"
    UNCERTAIN = "uncertain"


@dataclass(slots=True)
class RequestBook:
    """One request id. `lines` is empty until the centre's answer is written."""

    rid: str
    wanted: int
    lines: dict[int, CopyLine]
    stages: dict[int, CopyStage]
    told: dict[int, CopyFate]
    not_reserved: bool = False

    @property
    def untold(self) -> tuple[int, ...]:
        """Copies that the centre may hold and that no advice is written for."""
        if self.not_reserved:
            return ()
        return tuple(copy for copy in self.copies() if copy not in self.told)

    @property
    def printed(self) -> tuple[int, ...]:
        """The copies that became paper."""
        return tuple(copy for copy, stage in self.stages.items() if stage is CopyStage.PRINTED)

    def copies(self) -> Iterator[int]:
        yield from (self.lines or range(1, self.wanted + 1))


class OpenSession:
    """Built from records only; the running machine and a replay end in the same object."""

    def __init__(self, opened: records.SessionOpened) -> None:
        self.sid = opened.sid
        self.profile = opened.profile
        self.ledger = Ledger()
        self.requests: dict[str, RequestBook] = {}
        self.slot: records.SlotOpened | None = None  # the last opening
        self.slot_open = False
        self.coins_since_opening = 0
        self.outlived = False  # the program ended within the session, and the next start settles it
        self.coin_trouble = False  # coins were lost, or the acceptor restarted, since the slot was opened
        self.without_coins = 0  # credits for which no coin came: no hopper pays this session any more
        self.printing: records.PrintIntent | None = None
        self.paying: records.PayIntent | None = None
        self.paper_stuck = False  # the last printed copy hangs in the printer, not cut
        self.void_paper = False  # there may be paper of a copy that was begun and not finished
        self.doubtful_yen = 0  # of payouts with unknown result: it is claimed, and no other hopper pays it
        self.at_till = False  # the fee was taken by a clerk; no coin device has moved
        self.claims: dict[str, int] = {}
        self.claims_told: set[str] = set()
        self.last_pin_ok: bool | None = None

    @property
    def untold_claims(self) -> tuple[str, ...]:
        return tuple(key for key in self.claims if key not in self.claims_told)

    @property
    def next_claim_key(self) -> str:
        """The session id for its first claim; a later one needs a key of its own, or the centre would ignore it."""
        if not self.claims:
            return self.sid
        return hashlib.sha256(f"{self.sid}.{len(self.claims) + 1}".encode()).hexdigest()[:32]

    @property
    def request(self) -> RequestBook | None:
        """The session's latest request; None before the first."""
        return next(reversed(self.requests.values()), None)

    @property
    def printed(self) -> int:
        return sum(len(book.printed) for book in self.requests.values())

    @property
    def copies_out(self) -> int:
        """How many printed copies the resident can take."""
        return self.printed - self.paper_stuck

    @property
    def wanted(self) -> int:
        """Copies the centre committed to."""
        return sum(len(book.lines) for book in self.requests.values())

    @property
    def outcome(self) -> Outcome:
        if not self.printed:
            return Outcome.NOT_ISSUED
        return Outcome.ISSUED if self.printed == self.wanted else Outcome.PARTLY_ISSUED

    # --- the request ----------------------------------------------------------------------------

    def pin_result(self, record: records.PinResult) -> None:
        self._mine(record.sid)
        self.last_pin_ok = record.ok

    def requested(self, record: records.Request) -> None:
        self._mine(record.sid)
        must(record.rid not in self.requests, "a request id is used once")
        must(all(not book.untold for book in self.requests.values()), "all copies of the last request are told first")
        wanted = sum(copies for _, copies in record.items)
        must(wanted > 0, "a request is for at least one copy")
        self.requests[record.rid] = RequestBook(record.rid, wanted, {}, {}, {})

    def authorised(self, record: records.Authorised) -> None:
        book = self.request_of(record.rid)
        lines = {line[0]: CopyLine(*line) for line in record.copies}
        must(not book.lines and not book.not_reserved, "a request is answered once")
        must(not book.told, "a voided request is not authorised any more")
        must(sorted(lines) == list(range(1, book.wanted + 1)), "as many copies are reserved as were asked")
        must(len({line.issue_number for line in lines.values()}) == len(lines), "each copy has its own number")
        book.lines = lines
        book.stages = dict.fromkeys(lines, CopyStage.RESERVED)

    def not_reserved(self, record: records.NotReserved) -> None:
        book = self.request_of(record.rid)
        must(not book.lines, "an authorised request is reserved")
        book.not_reserved = True

    def request_of(self, rid: str) -> RequestBook:
        must(rid in self.requests, "no such request was written down")
        return self.requests[rid]

    # --- coins in -------------------------------------------------------------------------------

    def slot_opened(self, record: records.SlotOpened) -> None:
        self._mine(record.sid)
        must(not self.slot_open, "the slot is open already")
        must(any(book.lines for book in self.requests.values()), "no money before the centre has committed")
        self.slot, self.slot_open, self.coins_since_opening = record, True, 0

    def coin(self, record: records.Coin) -> None:
        self._mine(record.sid)
        must(self.slot is not None, "a coin is this resident's only if the slot was opened for them")
        must(record.value_yen > 0, "a coin is worth something")
        self.ledger = self.ledger.insert(record.value_yen)
        self.coins_since_opening += 1

    def slot_closed(self, record: records.SlotClosed) -> None:
        self._mine(record.sid)
        must(self.slot_open, "only an open slot closes")
        self.slot_open = False

    # --- the till of a counter terminal ---------------------------------------------------------

    def fee_taken(self, record: records.FeeTaken) -> None:
        self._mine(record.sid)
        must(any(book.lines for book in self.requests.values()), "no money before the centre has committed")
        must(record.amount_yen > 0 and not self.at_till, "the fee is taken once")
        self.at_till = True
        self.ledger = self.ledger.insert(record.amount_yen)

    def fee_returned(self, record: records.FeeReturned) -> None:
        self._mine(record.sid)
        must(self.at_till, "the till gives back only what it took")
        must(self.printing is None, "one print or payout at a time")
        must(0 < record.amount_yen <= self.ledger.owed_yen, "nothing is paid that is not owed")
        self.ledger = self.ledger.pay_out(record.amount_yen)

    # --- paper ----------------------------------------------------------------------------------

    def print_intent(self, record: records.PrintIntent) -> None:
        book = self.request_of(record.rid)
        line = book.lines.get(record.copy)
        must(line is not None, "only a copy the centre committed to is printed")
        assert line is not None
        must(book.stages[record.copy] is CopyStage.RESERVED, "a copy is printed once and never again")
        must(record.copy not in book.told, "the centre was told already what became of the copy")
        must(line.issue_number == record.issue_number, "the copy carries the number it was given")
        must(self.printing is None and self.paying is None, "one print or payout at a time")
        must(self.ledger.owed_yen >= line.fee_yen, "the fee is in the machine before the paper is begun")
        must(record.pages > 0, "a copy has at least one page")
        book.stages[record.copy] = CopyStage.PRINTING
        self.printing = record

    def copy_printed(self, record: records.CopyPrinted, *, stuck: bool) -> None:
        book = self._begun(record)
        line = book.lines[record.copy]
        must(line.issue_number == record.issue_number, "the paper carries the number it was given")
        must(line.fee_yen == record.fee_yen, "the fee is the one that was shown")
        self.ledger = self.ledger.earn(record.rid, record.copy, record.fee_yen)
        self._printed_as(book, record.copy, CopyStage.PRINTED)
        self.paper_stuck |= stuck

    def copy_spoiled(self, record: records.CopySpoiled, *, begun: bool) -> None:
        self._printed_as(self._begun(record), record.copy, CopyStage.SPOILED)
        self.void_paper |= begun

    def copy_uncertain(self, record: records.CopyUncertain) -> None:
        self._printed_as(self._begun(record), record.copy, CopyStage.UNCERTAIN)
        self.void_paper = True

    def _begun(self, record: records.CopyPrinted | records.CopySpoiled | records.CopyUncertain) -> RequestBook:
        intent = self.printing
        must(
            intent is not None and (intent.rid, intent.copy) == (record.rid, record.copy),
            "an outcome follows the intent of the same copy",
        )
        return self.request_of(record.rid)

    def _printed_as(self, book: RequestBook, copy: int, stage: CopyStage) -> None:
        book.stages[copy] = stage
        self.printing = None

    # --- coins out, and debts -------------------------------------------------------------------

    def pay_intent(self, record: records.PayIntent) -> None:
        self._mine(record.sid)
        must(self.printing is None and self.paying is None, "one print or payout at a time")
        must(record.coins > 0 and record.value_yen > 0, "a payout is of at least one coin")
        must(record.coins * record.value_yen <= self.ledger.owed_yen, "nothing is paid that is not owed")
        self.paying = record

    def pay_done(self, record: records.PayDone) -> None:
        self._mine(record.sid)
        intent = self.paying
        must(
            intent is not None and (intent.value_yen, intent.coins) == (record.value_yen, record.asked),
            "the end of a payout follows its intent",
        )
        if record.paid is None:
            self.doubtful_yen += record.asked * record.value_yen
        else:
            self.ledger = self.ledger.pay_out(record.paid * record.value_yen)
        self.paying = None

    def claim_intent(self, record: records.ClaimIntent) -> None:
        must(record.key == self.next_claim_key, "a claim has the session's key, and each its own")
        must(self.printing is None and self.paying is None, "print and payout are settled before a claim")
        must(0 < record.amount_yen <= self.ledger.owed_yen, "only what is owed is claimed")
        self.ledger = self.ledger.claim(record.amount_yen)
        self.claims[record.key] = record.amount_yen

    # --- the centre, and the end ----------------------------------------------------------------

    def advice_queued(self, advice: SessionAdvice) -> None:
        """Take in an advice. Raises `ProtocolBroken` unless it agrees with this session's copies and claims."""
        if isinstance(advice, ClaimAdvice):
            must(self.claims.get(advice.key) == advice.amount_yen, "a claim is told as it was written")
            must(advice.key not in self.claims_told, "a claim is told once")
            self.claims_told.add(advice.key)
            return
        book = self.request_of(advice.request_id)
        must(advice.copy in book.untold, "the centre is told of each copy once")
        stage = book.stages.get(advice.copy)
        must(stage is not CopyStage.PRINTING, "what becomes of a copy is known before it is told")
        issued = advice.fate is CopyFate.ISSUED
        must(issued == (stage is CopyStage.PRINTED), "issued means printed, and printed means issued")
        book.told[advice.copy] = advice.fate

    def closed(self, record: records.SessionClosed) -> None:
        self._mine(record.sid)
        must(self.printing is None and self.paying is None, "no print or payout is open when a session closes")
        ledger = self.ledger
        must(ledger.owed_yen == 0, "a session closes when nothing is owed")
        must(all(not book.untold for book in self.requests.values()), "the centre is told of every copy")
        must(not self.untold_claims, "the centre is told of every claim")
        written = (record.inserted_yen, record.earned_yen, record.paid_out_yen, record.claimed_yen)
        accounts = (ledger.inserted_yen, ledger.earned_yen, ledger.paid_out_yen, ledger.claimed_yen)
        must(written == accounts, "a session closes with the figures of its ledger")

    def _mine(self, sid: str) -> None:
        must(sid == self.sid, "the record is of another session")
