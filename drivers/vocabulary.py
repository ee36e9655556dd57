"""The states and results that drivers return: all that the session sees of a device.

Device states are those of XFS4IoT (CommonStatus, CardReader, Printer, CashAcceptor), reduced to what
our hardware can produce. Every state has UNKNOWN, which is never mapped to another value: whether a printer
that does not answer has paper is unknown. Results are frozen records. Nothing here does I/O.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

# --- every device -------------------------------------------------------------------------------


class DeviceState(StrEnum):
    """CommonStatus.Device."""

    ONLINE = "online"
    OFFLINE = "offline"  # switched off by an operator, or closed for a cover or an empty roll
    NO_DEVICE = "no_device"
    HARDWARE_ERROR = "hardware_error"
    USER_ERROR = "user_error"  # a person caused it and can end it
    FRAUD_ATTEMPT = "fraud_attempt"
    UNKNOWN = "unknown"


# --- I/O board ----------------------------------------------------------------------------------


class BoardTrouble(StrEnum):
    """What happened to the I/O board, or to its line, that a person should look at."""

    WATCHDOG = "watchdog"  # its program hung or failed, and started anew
    RESTARTED = "restarted"  # it started anew: it lost its supply, or was reset
    CABLE = "cable"  # it was not reached for a while, and ran on
    FRAMES = "frames"  # many frames were damaged


class BoardOutput(StrEnum):
    """What a person can see or hear of the I/O board."""

    SLOT_LAMP = "slot_lamp"
    PAPER_LAMP = "paper_lamp"
    BUZZER = "buzzer"


@dataclass(frozen=True, slots=True)
class BoardFacts:
    """Which program the board runs (SHA-256 in hex), and what went wrong on its line since this program runs."""

    program: str
    restarts: int
    by_watchdog: int
    lost: int
    damaged: int
    sent_again: int


# --- card ---------------------------------------------------------------------------------------


class CardPresence(StrEnum):
    PRESENT = "present"
    NOT_PRESENT = "not_present"
    UNKNOWN = "unknown"  # no reader, no pcscd


class CardKind(StrEnum):
    INDIVIDUAL_NUMBER = "individual_number"  # 個人番号カード
    RESIDENT_REGISTER = "resident_register"  # 住基カード
    CITIZEN = "citizen"  # 宮崎市民カード
    PHONE = "phone"  # スマホ用電子証明書
    UNKNOWN = "unknown"


class AuthenticationMethod(StrEnum):
    """How the centre checks who holds the card (city rule 9)."""

    JPKI = "jpki"  # 個人認証方式: the card checks the PIN and signs
    MUNICIPAL = "municipal"  # カードAP認証方式: the centre checks the PIN


class CardRefusal(StrEnum):
    """Why the card in the reader cannot be used, as far as the machine can tell without the centre."""

    NOT_OUR_CARD = "not_our_card"  # answers, but has none of our applications
    UNREADABLE = "unreadable"  # does not answer, upside down, broken
    KIND_NOT_TAKEN = "kind_not_taken"  # known, but not at this site
    NO_CERTIFICATE = "no_certificate"
    KEY_NOT_SUPPORTED = "key_not_supported"  # an unknown key, or P-384 where the city does not take it yet
    NO_PIN = "no_pin"  # 顔認証マイナンバーカード: it has a certificate and no PIN (card source 13)
    UNKNOWN_LABEL = "unknown_label"  # answers as JPKI, under a name that this version does not know
    PHONE = "phone"  # スマホ用電子証明書
    READER_IN_USE = "reader_in_use"  # another program holds the card
    EXPIRED = "out_of_date"  # not "expired", which is a reason word of the centre (CentreRefusal.EXPIRED)
    PIN_BLOCKED = "pin_blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRead:
    """A usable card, before any PIN."""

    kind: CardKind
    method: AuthenticationMethod
    credential: bytes = field(repr=False)  # JPKI: certificate, DER. Municipal: the identity record. RAM only.
    pin_tries_left: int | None  # None: the card does not say, or the centre counts the tries
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class CardNotUsable:
    reason: CardRefusal
    kind: CardKind = CardKind.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class CardProof:
    """JPKI: the card's signature after the right PIN. Municipal: the card's signature, and the PIN for the centre to check."""

    signature: bytes = field(repr=False)
    encrypted_pin: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class WrongPin:
    left: int | None  # None: unknown


@dataclass(frozen=True, slots=True)
class PinBlocked:
    pass


# --- keypad -------------------------------------------------------------------------------------


class Key(StrEnum):
    """The sixteen keys. Digits double as menu numbers."""

    D0 = "0"
    D1 = "1"
    D2 = "2"
    D3 = "3"
    D4 = "4"
    D5 = "5"
    D6 = "6"
    D7 = "7"
    D8 = "8"
    D9 = "9"
    PREVIOUS = "previous"  # ▲ 前へ
    NEXT = "next"  # ▼ 次へ
    CANCEL = "cancel"  # 取消
    CLEAR = "clear"  # 訂正・戻る
    LANGUAGE = "language"  # ことば
    ENTER = "enter"  # 確認


@dataclass(frozen=True, slots=True)
class Attendance:
    """One of the two clerks who saw the resident's photo ID. `code`: of their second factor; it works once."""

    login: str
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """One key was pressed in data entry. During PIN entry no digit is reported like this."""

    key: Key


@dataclass(frozen=True, slots=True)
class PinProgress:
    """The number of digits in the PIN buffer, never the digits."""

    count: int


@dataclass(frozen=True, slots=True)
class PinEntered:
    """ENTER was pressed and the buffer holds a complete PIN."""


@dataclass(frozen=True, slots=True)
class PinCancelled:
    """CANCEL was pressed during PIN entry; the buffer is wiped."""


@dataclass(frozen=True, slots=True)
class KeyStuck:
    """A key has been down longer than a person holds one (fault P1).

    `key=None`: it went down as a PIN digit, so its name is kept secret.
    """

    key: Key | None


# --- coins --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CoinCredited:
    """A coin is in the cash box. `event_counter`: the acceptor's (ccTalk header 229), None where it has none."""

    value_yen: int
    event_counter: int | None


@dataclass(frozen=True, slots=True)
class CoinRejected:
    """A coin came back (`certain=False`: or may have been kept); nothing is credited."""

    code: int
    certain: bool


@dataclass(frozen=True, slots=True)
class CreditsLost:
    """`count` coins or events can no longer be read or valued: a person must count the cash box.

    `about_yen`: what they are worth at a guess, where one can be made.
    """

    count: int
    about_yen: int | None = None


@dataclass(frozen=True, slots=True)
class WrongPulses:
    """Pulses came that cannot be a credit: of another width than the unit file's, or far too many that are mere noise.

    `about_yen`: what the acceptor may have taken for them; a person must count the cash box. `width_s`: of the last one.
    """

    pulses: int
    about_yen: int
    width_s: float


@dataclass(frozen=True, slots=True)
class CreditsWithoutCoins:
    """The acceptor's own count is `count` coins lower than the credits that were seen: no coin came for them."""

    count: int


@dataclass(frozen=True, slots=True)
class AcceptorRestarted:
    """The acceptor was reset and has been set up again; coins taken around the reset may be missing."""


@dataclass(frozen=True, slots=True)
class CoinFraud:
    """Coin on a string, light attack, wrong sequence."""

    code: int


@dataclass(frozen=True, slots=True)
class AcceptorBlocked:
    """The acceptor cannot take coins until staff clears it."""

    code: int


CoinEvent = (
    CoinCredited
    | CoinRejected
    | CreditsLost
    | WrongPulses
    | CreditsWithoutCoins
    | AcceptorRestarted
    | CoinFraud
    | AcceptorBlocked
)


@dataclass(frozen=True, slots=True)
class Compared:
    """The acceptor's own count beside the credits since its slot was opened; `events` came in meanwhile.

    `borne`: a coin came for every credit. False where nobody can say: the device does not count or does not answer.
    """

    borne: bool
    events: tuple[CoinEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class AcceptorCounters:
    """ccTalk 229 and 225; None where the device does not count (225 is optional, a pulse acceptor has neither)."""

    event_counter: int | None
    accepted_total: int | None


def coins_between(before: int, now: int) -> int:
    """How many coins an acceptor counted from one reading of its 24-bit total to another; below 0: it began anew."""
    more = (now - before) & TOTAL_MASK
    return more if more <= TOTAL_MASK // 2 else more - TOTAL_MASK - 1


TOTAL_MASK = 0xFFFFFF
COMMAND_MAX = 255  # the most coins of one command to a hopper (ccTalk part 2, 3.86)
TUBE_MAX = 2000  # coins; no hopper holds more


class HopperState(StrEnum):
    OK = "ok"
    LOW = "low"
    EMPTY = "empty"
    JAMMED = "jammed"
    HARDWARE_ERROR = "hardware_error"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class HopperCounters:
    """ccTalk 166 event counter and 168 lifetime coins out."""

    event_counter: int
    life_total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispensed:
    """The end of one dispense command, by the hopper's counters. `paid=None`: they could not be read, `settle` later."""

    value_yen: int
    asked: int
    paid: int | None
    counters: HopperCounters | None
    state: HopperState


@dataclass(frozen=True, slots=True, kw_only=True)
class StrayPayout:
    """Coins left a hopper without our command. `coins=None`: the counts differ too much, as after an exchange."""

    value_yen: int
    coins: int | None
    life_total: int


# --- printer ------------------------------------------------------------------------------------


class PaperSupply(StrEnum):
    FULL = "full"
    LOW = "low"
    OUT = "out"
    UNKNOWN = "unknown"


class PaperExit(StrEnum):
    """Whether paper lies in the printer's mouth."""

    EMPTY = "empty"
    PRESENT = "present"
    JAMMED = "jammed"
    UNKNOWN = "unknown"  # no sensor, or no answer


class PrintTrouble(StrEnum):
    PAPER_OUT = "paper_out"
    COVER_OPEN = "cover_open"
    JAM = "jam"
    CUTTER = "cutter"
    HEAD_HOT = "head_hot"
    MECHANISM = "mechanism"  # unrecoverable; power off
    POWER_LOST = "power_lost"
    LINE_LOST = "line_lost"
    SILENT = "silent"  # the printer does not answer
    BINDING = "binding"  # the pages are not those that the ticket names: nothing was sent


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterStatus:
    """One state from all flags of a printer."""

    device: DeviceState
    supply: PaperSupply
    exit: PaperExit
    trouble: PrintTrouble | None

    @property
    def ready(self) -> bool:
        """Whether a page may be begun: online, no trouble, and paper known to be there."""
        return (
            self.device is DeviceState.ONLINE
            and self.trouble is None
            and self.supply in {PaperSupply.FULL, PaperSupply.LOW}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """The printer proved that the page is complete. `evidence`: how. `counter`: its count of cuts afterwards.

    `trouble`: why the complete page could not be cut; it is still in the printer.
    """

    evidence: str
    counter: int | None
    trouble: PrintTrouble | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPrinted:
    """The page is not complete. `begun`: whether part of it is on paper."""

    reason: PrintTrouble
    begun: bool


@dataclass(frozen=True, slots=True)
class PrintUnknown:
    """Whether the page is complete is unknown. It is never charged and never printed again."""

    reason: PrintTrouble


# --- line to the issuing centre -----------------------------------------------------------------

Text = Mapping[str, str]  # language code -> words; "ja" is always there


class CentreRefusal(StrEnum):
    """Why the centre refuses. The machine has a text for each. The centre tells no more on purpose:
    a resident under 支援措置 sees ASK_AT_COUNTER like many others."""

    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_REVOKED = "certificate_revoked"
    CERTIFICATE_FOREIGN = "certificate_foreign"  # not issued by a CA this municipality accepts
    REVOCATION_UNKNOWN = "revocation_unknown"  # nobody can say now whether a certificate has been revoked
    CARD_EXPIRED = "card_expired"
    CARD_REPORTED_LOST = "card_reported_lost"
    CARD_NOT_TAKEN = "card_not_taken"
    SIGNATURE_WRONG = "signature_wrong"
    WRONG_PIN = "wrong_pin"
    PIN_BLOCKED = "pin_blocked"
    NOT_RESIDENT = "not_resident"
    MOVED_OUT = "moved_out"
    UNDER_AGE = "under_age"
    ASK_AT_COUNTER = "ask_at_counter"
    NOT_REGISTERED = "not_registered"  # no seal registered, no such card or machine
    HELD_ELSEWHERE = "held_elsewhere"  # the family register is not kept by this municipality
    NO_RECORD = "no_record"  # this municipality has not taxed the resident
    NOT_OFFERED = "not_offered"  # kind not issued here or now
    OUTSIDE_HOURS = "outside_hours"
    CODE_WRONG = "code_wrong"  # no such exemption code, another resident's, used, or not taken at this place
    PIN_NEEDED = "pin_needed"  # this kind is not issued to a resident whom clerks vouch for
    CLERK_REFUSED = "clerk_refused"  # a clerk's code is wrong or used, or the clerk may not do this
    SAME_CLERK = "same_clerk"  # the second clerk is the first one
    BOOKS_STALE = "books_stale"  # the register of this kind was not brought up to date in time
    STOPPED = "stopped"  # the municipality's line is stopped
    BOOKS_CHANGED = "books_changed"  # while the documents were made, again and again
    EXPIRED = "expired"  # challenge, authentication or reservation ran out
    BAD_REQUEST = "bad_request"  # the request is against the line's specification


class LineTrouble(StrEnum):
    UNREACHABLE = "unreachable"
    TIMED_OUT = "centre_silent"  # not "timed_out", which means that the resident pressed nothing
    SERVER_NOT_TRUSTED = "server_not_trusted"
    BAD_ANSWER = "bad_answer"
    SERVER_ERROR = "server_error"


@dataclass(frozen=True, slots=True)
class CentreRefused:
    code: CentreRefusal
    pin_tries_left: int | None = None


@dataclass(frozen=True, slots=True)
class CentreUnreachable:
    """No valid answer. Whether the centre acted is unknown; asking again with the same request id is safe."""

    trouble: LineTrouble


@dataclass(frozen=True, slots=True)
class BindingFailed:
    """The answer belongs to another request, person, kind, hash or count; `field` names which. Stops the line."""

    field: str


@dataclass(frozen=True, slots=True)
class ClerkHere:
    """One of the city's clerks, who may vouch for a resident without a PIN."""

    login: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    challenge_id: str
    challenge: bytes = field(repr=False)
    pin_key: bytes | None = field(default=None, repr=False)  # municipal: the centre's PIN key (X25519, raw)
    pin_tries_left: int | None = None  # municipal: counted at the centre
    clerks: tuple[ClerkHere, ...] | None = None  # without a PIN: who may vouch; None: the PIN is asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    value: str
    label: Text = field(repr=False)  # may hold a family member's name


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionGroup:
    """One question about a certificate; the machine shows it as one numbered menu."""

    key: str
    title: Text
    several: bool  # pick any number (at least one), else exactly one
    choices: tuple[Choice, ...]
    default: tuple[str, ...]
    only_if: tuple[str, str] | None = None  # (key, value) of an earlier answer
    item: Text | None = (
        None  # what the answer `print` puts on the paper and `omit` leaves off; None: it decides no item
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One kind of certificate, whether this resident may have it now, and its options."""

    kind: str
    title: Text
    fee_yen: int
    copies_max: int
    refusal: CentreRefusal | None  # None: available
    groups: tuple[OptionGroup, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticated:
    authentication_id: str = field(repr=False)
    masked_name: str = field(repr=False)
    offers: tuple[Offer, ...]
    takes_code: bool = False  # a desk has given this resident an exemption code that is still good


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderItem:
    kind: str
    options: Mapping[str, tuple[str, ...]] = field(repr=False)
    copies: int
    fee_yen: int  # of one copy, as shown to the resident


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservedCopy:
    """One copy that the centre has reserved: its issue number, document and fee."""

    copy: int  # 1.. over the whole basket
    kind: str
    issue_number: str
    document_sha256: str
    pages: int
    size_bytes: int
    fee_yen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """The centre's signed manifest, already verified field by field against what was asked."""

    request_id: str
    card_fingerprint: str = field(default="", repr=False)  # SHA-256 of the credential; no document fits an empty one
    copies: tuple[ReservedCopy, ...]
    expires_at: datetime
    lasts_s: float = 900.0  # from the reservation to its end, by the centre's clock

    @property
    def fee_yen(self) -> int:
        return sum(copy.fee_yen for copy in self.copies)


CLAIM_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no I, O, 0, 1: it is read aloud at a counter


def claim_code(key: str) -> str:
    """The claim code of a session id (32 hex digits); machine and centre compute the same (line/README.md)."""
    bits = int.from_bytes(hashlib.sha256(bytes.fromhex(key)).digest()[:5], "big")
    return "".join(CLAIM_ALPHABET[(bits >> shift) & 31] for shift in range(35, -1, -5))


def slip_code(code: str, municipality: str) -> str:
    """A claim code as the slip shows it: with its check letter behind it (line/README.md). `municipality`: six digits.

    The check letter is the remainder of a CRC-5 (polynomial x^5 + x^2 + 1) over the municipality's digits and the code's
    eight symbols, five bits each. It shows every wrong symbol, two symbols in each other's place, and another city's slip.
    """
    rest = 0
    for value in [*map(int, municipality), *map(CLAIM_ALPHABET.index, code)]:
        rest ^= value
        for _ in range(5):
            rest = (rest << 1) ^ (0b100101 if rest & 16 else 0)
    return code + CLAIM_ALPHABET[rest]


@dataclass(frozen=True, slots=True)
class PaidAtDesk:
    """A claim of this machine that the city's desk has paid; `key`: the claim's, 32 hex digits."""

    key: str
    amount_yen: int


@dataclass(frozen=True, slots=True)
class HeartbeatTold:
    """What the centre says to a heartbeat: its time, and its newest site table for this machine (0: it has none).

    `witnessed`: sequence number and hash (hex) of the newest record of this machine's journal that it was told before; (0, "")
    for none.
    `claims_paid`: this machine's claims that a desk has paid and the machine has not told as written.
    """

    at: datetime
    site_table: int
    witnessed: tuple[int, str] = (0, "")
    claims_paid: tuple[PaidAtDesk, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseTold:
    """One open case of a machine: something that a person must look at there. Words and numbers, nothing of a resident."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class CaseWord:
    """One record of the machine's journal, as the machine tells it beside a case."""

    seq: int
    at: datetime
    line: str


class AdviceFate(StrEnum):
    """What the centre did with one advice."""

    ACKNOWLEDGED = "acknowledged"
    CONTRADICTED = "contradicted"  # the centre's books hold another end of the copy
    REFUSED = "refused"  # the centre refused it; sending it again changes nothing
    UNHEARD = "unheard"  # no valid answer: the centre may or may not have it


class CopyState(StrEnum):
    """The state of one copy in the centre's books."""

    RESERVED = "reserved"
    DELIVERED = "delivered"
    ISSUED = "issued"
    VOID = "void"
    NONE = "none"  # the centre does not know it
