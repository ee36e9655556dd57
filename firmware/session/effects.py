"""What a session asks the loop to do. The loop carries effects out in order, and writes a record before the next effect."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from drivers.vocabulary import (
    Attendance,
    Authenticated,
    CardKind,
    CardProof,
    CardRead,
    Challenge,
    HopperCounters,
    OrderItem,
    Reserved,
)
from firmware.book.records import Record
from firmware.session.states import KeypadMode, Wait


@dataclass(frozen=True, slots=True)
class Write:
    """Write the record into book and journal; `events.toml` says whether the loop waits until it is durable."""

    record: Record


@dataclass(frozen=True, slots=True)
class ReadCard:
    """`pin_needed`: False where two clerks vouch for the resident, so that a blocked PIN is no hindrance."""

    taken: frozenset[CardKind]
    pin_needed: bool = True
    p384: bool = False  # the city takes JPKI cards with a key on P-384


@dataclass(frozen=True, slots=True, kw_only=True)
class ProveCard:
    card: CardRead
    challenge: Challenge
    bound: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ShowCard:
    """What the card can prove without a PIN (drivers/card/README.md)."""

    card: CardRead
    bound: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReleaseCard:
    pass


@dataclass(frozen=True, slots=True)
class SetKeypad:
    mode: KeypadMode


@dataclass(frozen=True, slots=True)
class AskChallenge:
    session_nonce: bytes
    card: CardRead
    attended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticate:
    session_nonce: bytes
    challenge: Challenge
    proof: CardProof
    attended: tuple[Attendance, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TellCode:
    """An exemption code: the centre answers with the offers at the fees that hold with it."""

    session_nonce: bytes
    who: Authenticated
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    request_id: str
    session_nonce: bytes
    authentication_id: str = field(repr=False)
    items: tuple[OrderItem, ...]
    card: CardRead


@dataclass(frozen=True, slots=True)
class Fetch:
    reserved: Reserved


@dataclass(frozen=True, slots=True)
class Rasterise:
    """`show`: the copies whose pages the resident wants to see before paying."""

    reserved: Reserved
    show: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class CheckPaper:
    pass


@dataclass(frozen=True, slots=True)
class CheckCoins:
    pass


@dataclass(frozen=True, slots=True)
class OpenSlot:
    values_yen: frozenset[int]


@dataclass(frozen=True, slots=True)
class CloseSlot:
    """Inhibit the acceptor, then poll until two polls in a row, 0.2 s apart, report no coin: one may still be rolling."""


@dataclass(frozen=True, slots=True)
class CountPaper:
    """Clear the printer's path, then read its counter of sheets. Nothing else is cut until the copy's record is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """Print one copy; its ticket is good for one print."""

    request_id: str
    copy: int
    raster_sha256s: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CountHopper:
    value_yen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispense:
    value_yen: int
    coins: int
    before: HopperCounters


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintReceipt:
    city: Mapping[str, str]  # who takes the fee
    lines: tuple[tuple[Mapping[str, str], str, int], ...]  # title, issue number, fee
    fee_yen: int
    inserted_yen: int
    change_yen: int
    claim_yen: int
    place: Mapping[str, str]
    telephone: str
    language: str
    at_till: bool = False
    sample: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintClaimSlip:
    city: Mapping[str, str]  # who owes the money
    amount_yen: int
    claim_code: str  # with its check letter
    city_code: str
    place: Mapping[str, str]
    telephone: str
    language: str
    sample: bool = False


@dataclass(frozen=True, slots=True)
class WatchExit:
    """Report what lies in the printer's mouth, again and again, until told to stop."""

    on: bool


@dataclass(frozen=True, slots=True)
class CutRemains:
    """Cut off what a spoiled copy left in the path. The copy's record comes first, because the cut counts as a sheet.

    `take_back`: also pull back what lies in the mouth; it is the first pages of that copy, not the resident's.
    """

    take_back: bool


@dataclass(frozen=True, slots=True)
class ClearPaper:
    """Wipe the printer's memory and pull back what was left in its mouth."""


@dataclass(frozen=True, slots=True)
class SetTimer:
    """`slow`: the resident has asked for more time before, so that a person's waits last longer."""

    wait: Wait
    slow: bool = False


@dataclass(frozen=True, slots=True)
class Wipe:
    """Erase everything of this resident: documents, rasters, PIN buffer, the context itself."""


Effect = (
    Write
    | ReadCard
    | ProveCard
    | ShowCard
    | ReleaseCard
    | SetKeypad
    | AskChallenge
    | Authenticate
    | TellCode
    | Reserve
    | Fetch
    | Rasterise
    | CheckPaper
    | CheckCoins
    | OpenSlot
    | CloseSlot
    | CountPaper
    | Print
    | CountHopper
    | Dispense
    | PrintReceipt
    | PrintClaimSlip
    | WatchExit
    | CutRemains
    | ClearPaper
    | SetTimer
    | Wipe
)
