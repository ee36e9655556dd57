"""Every record the journal knows, one frozen dataclass each, in the words of a clerk.

`events.toml` says of each what it means, what type each field has, and whether it must be on the medium
before its effect; `schema.py` checks that the two files agree. Ids (`sid` a session, `rid` a request) are 32
hex digits and random: nothing personal and nothing derived from a card is in any record. The field lists are
positional on the medium, so a kind's fields are never changed: a new meaning is a new kind with a new number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from firmware.book.advice import SessionAdvice


class Item(NamedTuple):
    """One line of a basket, without its options, which are personal."""

    kind: str
    copies: int


class CopyLine(NamedTuple):
    """One copy the centre committed to."""

    copy: int  # 1.. over the basket
    kind: str
    issue_number: str
    fee_yen: int


class Setting(NamedTuple):
    """One line of the site's settings, as it is typed on the console (`firmware/config/settings.py`)."""

    key: str
    value: str


class KeptTable(NamedTuple):
    """One site table of the city as it came: its text, and its signature in base64."""

    table: str
    signature: str


class HopperReading(NamedTuple):
    """A hopper's own non-volatile counters."""

    value_yen: int
    event_counter: int
    life_total: int


# --- the machine's life -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Boot:
    reason: str
    version: str


@dataclass(frozen=True, slots=True)
class Counters:
    acceptor_event: int | None
    acceptor_total: int | None
    printer_counter: int | None
    hoppers: Sequence[HopperReading]


@dataclass(frozen=True, slots=True)
class Suspended:
    reasons: Sequence[str]


@dataclass(frozen=True, slots=True)
class Resumed:
    pass


@dataclass(frozen=True, slots=True)
class Flag:
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Resolved:
    code: str
    detail: str
    decision: str


@dataclass(frozen=True, slots=True)
class LineStopped:
    field: str


@dataclass(frozen=True, slots=True)
class LineCleared:
    pass


# --- one resident -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SessionOpened:
    sid: str
    profile: str


@dataclass(frozen=True, slots=True)
class PinResult:
    sid: str
    ok: bool
    left: int | None


@dataclass(frozen=True, slots=True)
class Request:
    sid: str
    rid: str
    items: Sequence[Item | tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Authorised:
    rid: str
    copies: Sequence[CopyLine | tuple[int, str, str, int]]


@dataclass(frozen=True, slots=True)
class NotReserved:
    rid: str


@dataclass(frozen=True, slots=True)
class SessionClosed:
    sid: str
    inserted_yen: int
    earned_yen: int
    paid_out_yen: int
    claimed_yen: int
    outcome: str
    reason: str


# --- coins in ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SlotOpened:
    sid: str
    event_counter: int | None
    accepted_total: int | None


@dataclass(frozen=True, slots=True)
class Coin:
    sid: str
    value_yen: int
    event_counter: int | None


@dataclass(frozen=True, slots=True)
class FeeTaken:
    sid: str
    amount_yen: int


@dataclass(frozen=True, slots=True)
class FeeReturned:
    sid: str
    amount_yen: int


@dataclass(frozen=True, slots=True)
class SlotClosed:
    sid: str
    event_counter: int | None


@dataclass(frozen=True, slots=True)
class StrayCoin:
    value_yen: int
    event_counter: int | None


@dataclass(frozen=True, slots=True)
class AcceptorPaired:
    serial: int


# --- paper ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PrintIntent:
    rid: str
    copy: int
    issue_number: str
    raster_sha256: str
    printer_counter: int | None
    pages: int


@dataclass(frozen=True, slots=True)
class CopyPrinted:
    rid: str
    copy: int
    issue_number: str
    evidence: str
    printer_counter: int | None
    fee_yen: int


@dataclass(frozen=True, slots=True)
class CopySpoiled:
    rid: str
    copy: int
    reason: str


@dataclass(frozen=True, slots=True)
class CopyUncertain:
    rid: str
    copy: int
    reason: str


@dataclass(frozen=True, slots=True)
class PaperTaken:
    rid: str


@dataclass(frozen=True, slots=True)
class PaperLeft:
    rid: str


# --- coins out, and debts ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PayIntent:
    sid: str
    value_yen: int
    coins: int
    event_counter: int
    life_total: int


@dataclass(frozen=True, slots=True)
class PayDone:
    sid: str
    value_yen: int
    asked: int
    paid: int | None
    event_counter: int | None
    life_total: int | None


@dataclass(frozen=True, slots=True)
class PayoutUnexplained:
    value_yen: int
    coins: int | None
    life_total: int


@dataclass(frozen=True, slots=True)
class PayoutAcknowledged:
    value_yen: int


@dataclass(frozen=True, slots=True)
class HopperSeen:
    value_yen: int
    state: str


@dataclass(frozen=True, slots=True)
class ClaimIntent:
    key: str
    amount_yen: int


@dataclass(frozen=True, slots=True)
class ClaimDone:
    key: str
    claim_code: str


# --- to the centre ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AdviceQueued:
    advice_id: str
    advice: SessionAdvice


@dataclass(frozen=True, slots=True)
class AdviceDone:
    advice_id: str


# --- staff ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FloatSet:
    value_yen: int
    coins: int


@dataclass(frozen=True, slots=True)
class PaperSet:
    sheets: int


@dataclass(frozen=True, slots=True)
class CashBoxEmptied:
    counted_yen: int


@dataclass(frozen=True, slots=True)
class StaffPayIntent:
    purpose: str
    value_yen: int
    coins: int
    event_counter: int
    life_total: int


@dataclass(frozen=True, slots=True)
class StaffPayDone:
    value_yen: int
    asked: int
    paid: int | None
    event_counter: int | None
    life_total: int | None


@dataclass(frozen=True, slots=True)
class SheetsUsed:
    sheets: int
    printer_counter: int | None


@dataclass(frozen=True, slots=True)
class ConsoleAct:
    who: str
    role: str
    verb: str
    outcome: str


@dataclass(frozen=True, slots=True)
class ClaimHoldIntent:
    key: str


@dataclass(frozen=True, slots=True)
class ClaimCollected:
    key: str
    amount_yen: int
    where: str


@dataclass(frozen=True, slots=True)
class ClaimPaid:
    key: str
    amount_yen: int


@dataclass(frozen=True, slots=True)
class TestCoin:
    value_yen: int
    event_counter: int | None


# --- the books themselves ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SettingsOnTrial:
    settings: Sequence[Setting]


@dataclass(frozen=True, slots=True)
class SettingsStarted:
    pass


@dataclass(frozen=True, slots=True)
class SettingsKept:
    pass


@dataclass(frozen=True, slots=True)
class SettingsDropped:
    reason: str


@dataclass(frozen=True, slots=True)
class SiteTablesKept:
    version: int  # the highest of the tables
    tables: Sequence[KeptTable]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    totals: Mapping[str, object]
    key_id: str
    signature: str


Record = (
    Boot
    | Counters
    | Suspended
    | Resumed
    | Flag
    | Resolved
    | LineStopped
    | LineCleared
    | SessionOpened
    | PinResult
    | Request
    | Authorised
    | NotReserved
    | SessionClosed
    | SlotOpened
    | FeeTaken
    | FeeReturned
    | Coin
    | SlotClosed
    | StrayCoin
    | AcceptorPaired
    | PrintIntent
    | CopyPrinted
    | CopySpoiled
    | CopyUncertain
    | PaperTaken
    | PaperLeft
    | PayIntent
    | PayDone
    | PayoutUnexplained
    | PayoutAcknowledged
    | HopperSeen
    | ClaimIntent
    | ClaimDone
    | AdviceQueued
    | AdviceDone
    | FloatSet
    | PaperSet
    | CashBoxEmptied
    | StaffPayIntent
    | StaffPayDone
    | SheetsUsed
    | ConsoleAct
    | ClaimHoldIntent
    | ClaimCollected
    | ClaimPaid
    | TestCoin
    | SettingsOnTrial
    | SettingsStarted
    | SettingsKept
    | SettingsDropped
    | SiteTablesKept
    | Checkpoint
)
