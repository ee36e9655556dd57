"""What can happen to a session: reports, which come from the devices, and events, which the table has rows for.

A report carries data (`CoinCredited(100, 7)`); an event is one word (`FEE_MET`). `absorb.py` turns each report
into an event, so that no row of the table depends on an amount.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from drivers.vocabulary import (
    AcceptorCounters,
    Authenticated,
    BindingFailed,
    CardNotUsable,
    CardProof,
    CardRead,
    CentreRefused,
    CentreUnreachable,
    Challenge,
    CoinEvent,
    Dispensed,
    HopperCounters,
    HopperState,
    Key,
    KeyPressed,
    KeyStuck,
    NotPrinted,
    PaperExit,
    PinBlocked,
    PinCancelled,
    PinEntered,
    PinProgress,
    Printed,
    PrinterStatus,
    PrintUnknown,
    Reserved,
    WrongPin,
)


class Event(StrEnum):
    # the resident
    CARD_INSERTED = "card_inserted"
    CARD_REMOVED = "card_removed"
    LANGUAGE_CHANGED = "language_changed"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    WENT_BACK = "went_back"
    KEY_IGNORED = "key_ignored"
    PROLONGED = "prolonged"
    PIN_CHANGED = "pin_changed"
    PIN_ENTERED = "pin_entered"
    KIND_CHOSEN = "kind_chosen"
    KIND_WITH_OPTIONS_CHOSEN = "kind_with_options_chosen"
    PURPOSE_WANTED = "purpose_wanted"
    PREVIEW_WANTED = "preview_wanted"
    KIND_REFUSED = "kind_refused"
    PAGE_TURNED = "page_turned"
    OPTION_MARKED = "option_marked"
    OPTION_ANSWERED = "option_answered"
    OPTIONS_DONE = "options_done"
    COPIES_CHANGED = "copies_changed"
    CONSENT_WANTED = "consent_wanted"  # of the resident, at a counter terminal
    ANOTHER_WANTED = "another_wanted"
    LINE_REMOVED = "line_removed"
    BASKET_EMPTIED = "basket_emptied"
    CODE_WANTED = "code_wanted"  # the resident has an exemption code
    CODE_ENTERED = "code_entered"
    # the clerk of a counter terminal
    PIN_WAIVED = "pin_waived"  # or asked for again
    CODE_TYPED = "code_typed"  # a digit of it; also of an exemption code
    CLERK_NAMED = "clerk_named"
    FEE_TAKEN = "fee_taken"
    # time
    TIMED_OUT = "timed_out"
    TICKED = "ticked"  # one second of the visible countdown
    # the card
    CARD_READ = "card_read"
    CARD_NOT_USABLE = "card_not_usable"
    CARD_TROUBLE = "card_trouble"
    PIN_PROVED = "pin_proved"
    PIN_WRONG = "pin_wrong"
    PIN_WRONG_ONE_LEFT = "pin_wrong_one_left"
    PIN_BLOCKED = "pin_blocked"
    # the centre
    CHALLENGED = "challenged"
    CHALLENGED_ONE_LEFT = "challenged_one_left"
    CHALLENGED_ATTENDED = "challenged_attended"
    AUTHENTICATED = "authenticated"
    RESERVED = "reserved"
    FETCHED = "fetched"
    CENTRE_REFUSED = "centre_refused"
    CENTRE_WRONG_PIN = "centre_wrong_pin"
    CODE_REFUSED = "code_refused"
    CENTRE_UNREACHABLE = "centre_unreachable"
    BINDING_FAILED = "binding_failed"
    # paper
    PAGES_READY = "pages_ready"
    PAGES_TO_SEE = "pages_to_see"
    PAPER_READY = "paper_ready"
    PAPER_READY_NOTHING_TO_PAY = "paper_ready_nothing_to_pay"
    PAPER_READY_FEE_AT_TILL = "paper_ready_fee_at_till"
    PAPER_NOT_READY = "paper_not_ready"
    PAPER_COUNTED = "paper_counted"
    COPY_PRINTED = "copy_printed"  # and another one is to come
    SLIP_ENDED = "slip_ended"  # receipt printed, or given up: either way the session goes on
    SLIP_ENDED_NOTHING_OUT = "slip_ended_nothing_out"  # the only printed copy hangs in the printer
    PAPER_TAKEN = "paper_taken"
    PAPER_STILL_THERE = "paper_still_there"
    # coins
    COINS_READY = "coins_ready"
    COINS_NOT_READY = "coins_not_ready"
    COIN = "coin"  # credited, and the fee is not met yet
    FEE_MET = "fee_met"
    COIN_NOTED = "coin_noted"  # rejected, stray or flagged: the resident's money is unchanged
    COIN_TROUBLE = "coin_trouble"
    TAMPERED = "tampered"  # credits without coins: whatever this session is owed becomes a claim
    SLOT_CLOSED = "slot_closed"
    HOPPER_COUNTED = "hopper_counted"
    # settling: what is left to do with the money (`settle_event`)
    PAYOUT_DUE = "payout_due"  # money is owed, and a hopper can pay some of it
    CLAIM_DUE = "claim_due"  # money is owed, and no hopper can pay any of it
    RETURN_DUE = "return_due"  # money is owed, and the clerk can give it back from the till
    SETTLED_WITH_PAPER = "settled_with_paper"
    SETTLED_WITHOUT_PAPER = "settled_without_paper"
    # the machine
    DEVICE_TROUBLE = "device_trouble"
    DOOR_OPENED = "door_opened"
    WIPED = "wiped"


# --- reports that no driver defines -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CardInserted:
    pass


@dataclass(frozen=True, slots=True)
class CardRemoved:
    """The card cannot be reached any more. `with_reader`: nobody pulled it, the reader was disconnected."""

    with_reader: bool = False


@dataclass(frozen=True, slots=True)
class ClerkPressed:
    """A key of the clerk's side of a counter terminal."""

    key: Key


@dataclass(frozen=True, slots=True)
class TimedOut:
    pass


@dataclass(frozen=True, slots=True)
class Ticked:
    left_s: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """Every document of the request is in the vault, and each has the hash that was reserved."""


@dataclass(frozen=True, slots=True)
class PageItem:
    """What stands on a page for one label, as the document's own structure tells a screen reader. `label`: empty for a
    title or a sentence. `group`: the same for what belongs together, such as one person."""

    group: int
    label: str = field(repr=False)
    words: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SeenPage:
    """A page for a resident who asked to see it: the very dots that the printer gets (packed rows, 1 is black), and what is
    written there, for who listens; no items if the document does not tell."""

    copy: int
    width_dots: int
    height_dots: int
    rows: bytes = field(repr=False)
    items: tuple[PageItem, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class PagesReady:
    """Copy number -> SHA-256 of each of its page rasters, in order; and the pages that were asked for."""

    raster_sha256s: Mapping[int, tuple[str, ...]]
    seen: tuple[SeenPage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperReadiness:
    certificate: PrinterStatus
    receipt: PrinterStatus


@dataclass(frozen=True, slots=True)
class PaperCounted:
    counter: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinReadiness:
    """`selective`: whether the acceptor can refuse single values."""

    hoppers: Mapping[int, HopperState]
    acceptor: AcceptorCounters
    selective: bool = True


@dataclass(frozen=True, slots=True)
class CopyOutcome:
    copy: int
    result: Printed | NotPrinted | PrintUnknown


@dataclass(frozen=True, slots=True)
class SlipOutcome:
    result: Printed | NotPrinted | PrintUnknown


@dataclass(frozen=True, slots=True)
class SlotClosed:
    counters: AcceptorCounters


@dataclass(frozen=True, slots=True)
class HopperCounted:
    """`borne`: the acceptor's own count bears every credit of the session (`Compared`)."""

    value_yen: int
    counters: HopperCounters
    borne: bool = True


@dataclass(frozen=True, slots=True)
class ExitSeen:
    exit: PaperExit


@dataclass(frozen=True, slots=True)
class DoorOpened:
    """Somebody opened the case outside maintenance."""


@dataclass(frozen=True, slots=True)
class Stopping:
    """The program was told to end: as with an opened door, the session ends as early as it can (fault E1)."""


@dataclass(frozen=True, slots=True)
class Wiped:
    pass


@dataclass(frozen=True, slots=True)
class Fault:
    """A desk's device failed to carry out a command. `person`: somebody pulled the card; nothing is broken.

    `device`: which of the desk's devices, as its driver calls it; empty where no driver spoke.
    """

    worker: str
    sentence: str = field(repr=False)
    person: bool = False
    device: str = ""


# Reports by their source; `absorb` calls one function for each group.
PersonReport = (
    CardInserted
    | CardRemoved
    | KeyPressed
    | ClerkPressed
    | PinProgress
    | PinEntered
    | PinCancelled
    | DoorOpened
    | Stopping
)
MachineReport = Ticked | TimedOut | KeyStuck | Wiped | Fault
CardReport = CardRead | CardNotUsable | CardProof | WrongPin | PinBlocked
CentreReport = Challenge | Authenticated | Reserved | Fetched | CentreRefused | CentreUnreachable | BindingFailed
PaperReport = PagesReady | PaperReadiness | PaperCounted | CopyOutcome | SlipOutcome | ExitSeen
MoneyReport = CoinReadiness | SlotClosed | HopperCounted | Dispensed
Report = PersonReport | MachineReport | CardReport | CentreReport | PaperReport | MoneyReport | CoinEvent
