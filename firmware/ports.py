"""What the machine needs of its devices, in the session's words; bytes, bits and port names are the drivers'.

Every method is synchronous and only one worker calls it. An expected outcome is a return value from `drivers.vocabulary`;
a method whose device fails raises `drivers.errors.DeviceError`.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from PIL import Image

from drivers.line.site_table import SignedTable, SiteTable
from drivers.pin_pad.entry import PinBuffer
from drivers.printer.raster import PrintTicket, RasterPage, RasterSlip
from drivers.speaker.sound import Sound
from drivers.vocabulary import (
    AcceptorCounters,
    AdviceFate,
    Attendance,
    Authenticated,
    BindingFailed,
    BoardFacts,
    BoardOutput,
    BoardTrouble,
    CardKind,
    CardNotUsable,
    CardPresence,
    CardProof,
    CardRead,
    CaseTold,
    CaseWord,
    CentreRefused,
    CentreUnreachable,
    Challenge,
    CoinEvent,
    Compared,
    CopyState,
    Dispensed,
    HeartbeatTold,
    HopperCounters,
    HopperState,
    KeyPressed,
    KeyStuck,
    NotPrinted,
    OrderItem,
    PinBlocked,
    PinCancelled,
    PinEntered,
    PinProgress,
    Printed,
    PrinterStatus,
    PrintUnknown,
    Reserved,
    StrayPayout,
    WrongPin,
)

KeypadEvent = KeyPressed | PinProgress | PinEntered | PinCancelled | KeyStuck


class CardReader(Protocol):
    def presence(self, timeout_s: float) -> CardPresence:
        """Wait up to `timeout_s` for a card to come or go, then return the presence. 0 does not wait."""
        ...

    def check(self) -> None:
        """Raises a `DeviceError` when there is no reader to use; its sentence says what is missing."""
        ...

    def read(
        self, taken: frozenset[CardKind], *, pin_needed: bool = True, p384: bool = False
    ) -> CardRead | CardNotUsable:
        """Read the kind of the card without using up a PIN try. `taken`: the kinds this site takes.

        `pin_needed`: whether a blocked PIN, or none, makes the card useless. `p384`: whether a JPKI key on P-384 is taken.
        """
        ...

    def prove(
        self, pin: PinBuffer, card: CardRead, challenge: Challenge, bound: bytes
    ) -> CardProof | WrongPin | PinBlocked:
        """Show the PIN once, and sign `bound` (JPKI) or encrypt the PIN to the centre (municipal).

        The buffer is wiped before this returns or raises, whatever happened. VERIFY is sent at most once.
        """
        ...

    def show(self, card: CardRead, bound: bytes) -> CardProof:
        """What the card proves without a PIN: a municipal card signs `bound`, a JPKI card signs nothing."""
        ...

    def release(self) -> None:
        """Log out of the card and close the connection to it. Never raises."""
        ...


class PinPad(Protocol):
    def start(self) -> None:
        """Open the keypad, or open it again after a failure, and forget which keys are down."""
        ...

    def expect_keys(self) -> None:
        """Data entry: `poll` reports every key that is pressed."""
        ...

    def expect_pin(self, length: int) -> None:
        """PIN entry into the shared `PinBuffer`: `poll` reports only how many digits there are."""
        ...

    def expect_nothing(self) -> None:
        """Ignore keys and wipe the PIN buffer. A PIN just entered stays: the card reader uses it, then wipes it."""
        ...

    def poll(self) -> Sequence[KeypadEvent]:
        """Scan once, debounce on the driver's clock, and return the debounced events. Called every 5 ms."""
        ...

    @property
    def active(self) -> bool:
        """Whether a key is down or still being debounced; then `poll` must be called again in 5 ms."""
        ...

    def wait_for_activity(self, timeout_s: float) -> bool:
        """Sleep until a key is touched (True) or the time is over (False)."""
        ...


class Contact(Protocol):
    def broken(self) -> bool:
        """Whether the contact is open at this instant. Not debounced."""
        ...


class Plug(Protocol):
    def closed(self) -> bool:
        """Whether an earphone is in its socket at this instant. Not debounced."""
        ...


class Speaker(Protocol):
    """One output for tones and speech. Every method but `hush` raises `DeviceError`; none waits for a sound to end."""

    def start(self) -> None:
        """Open the device, and see whether it plays."""
        ...

    def play(self, sound: Sound, volume: int) -> None:
        """Begin to play; ends what is being played."""
        ...

    def playing(self) -> bool: ...

    def hush(self) -> None: ...


class IoBoard(Protocol):
    """The I/O board beside the wires that hang on it. Used by one thread only, as every port."""

    def start(self) -> None:
        """Ask the board which program it runs."""
        ...

    def troubles(self) -> Sequence[BoardTrouble]:
        """What happened since the last call."""
        ...

    def facts(self) -> BoardFacts:
        """Ask the board which program it runs."""
        ...

    def signal(self, *, paper_lamp: bool, buzzer: bool) -> None:
        """Returns when lamp and buzzer are so."""
        ...

    def blink(self, output: BoardOutput, times: int) -> None:
        """Switch it on and off so many times, slowly enough to be counted."""
        ...

    def enter_loader(self) -> None:
        """Send the board into the loader that takes a new program; returns when it is heard no more."""
        ...

    def forgive(self) -> None:
        """What happened until now was meant: `troubles` does not tell it."""
        ...


class BoardImage(Protocol):
    """The file with the program of this release for the I/O board. `check` and `copy` raise `Unfit`."""

    program: bytes

    def check(self) -> str: ...
    def drive_is_there(self) -> bool: ...
    def copy(self) -> None: ...


class CoinAcceptor(Protocol):
    """A ccTalk acceptor, or a pulse acceptor, which has neither counters nor a serial number."""

    @property
    def selective(self) -> bool:
        """Whether it can refuse single coin values; if not, the slot opens for all values it knows."""
        ...

    @property
    def rest_s(self) -> float:
        """The longest rest between two polls of an open slot, in seconds."""
        ...

    @property
    def under_way(self) -> bool:
        """Whether a coin is coming in at this moment, as far as the device shows it."""
        ...

    def pair(self, serial: int) -> bool:
        """Pair the device with this serial number and start it. False: devices of this kind have none."""
        ...

    def newly_paired(self) -> int | None:
        """The serial number paired since the last call, for the journal; None when there was none."""
        ...

    def start(self) -> None:
        """Identify, read the coin table, apply inhibits. Raises `NotPaired` when it is not the paired acceptor."""
        ...

    def accept(self, values_yen: frozenset[int]) -> None:
        """Open the slot for coins of these values, in yen."""
        ...

    def inhibit(self) -> None:
        """Close the slot. The device has confirmed it when this returns."""
        ...

    def blocked(self) -> bool:
        """Ask the device, after an `AcceptorBlocked`, whether a coin is still stuck in it."""
        ...

    def poll(self) -> Sequence[CoinEvent]:
        """Read the events since the last poll. Must be called again after `rest_s` while the slot is open."""
        ...

    def counters(self) -> AcceptorCounters:
        """The counters up to the last event that `poll` returned."""
        ...

    def compare(self) -> Compared:
        """Compare all credits with the device's own count; `poll` does not return the events again. Raises nothing."""
        ...

    def accepted_by_device(self) -> int | None:
        """Read from the device how many coins it accepted in its life; None where it does not count."""
        ...


class Hoppers(Protocol):
    """All hoppers on the bus, addressed by coin value."""

    def start(self) -> None: ...

    def states(self) -> Mapping[int, HopperState]:
        """Value in yen -> state, for every configured hopper."""
        ...

    def seen(self) -> Mapping[int, HopperState]:
        """The states as last read; asks nobody. A hopper that was never read is left out."""
        ...

    def clear(self) -> None:
        """Staff has filled or freed a hopper: reset those that say they cannot pay."""
        ...

    def counters(self, value_yen: int) -> HopperCounters: ...

    def dispense(self, value_yen: int, coins: int, before: HopperCounters) -> Dispensed:
        """Pay `coins` coins out of one hopper. Its counters decide what was paid; the command is never just sent again."""
        ...

    def settle(self, value_yen: int, coins: int, before: HopperCounters) -> Dispensed:
        """After a restart: read what the dispense that began at `before` paid. Moves no coin."""
        ...

    def look(self) -> None:
        """Ask one hopper for its state and for coins that left it without a command; each call asks the next hopper."""
        ...

    def strays(self) -> Sequence[StrayPayout]:
        """Payouts without a command since the last call. Such a hopper pays nothing until `acknowledge`."""
        ...

    def acknowledge(self, value_yen: int) -> None:
        """Staff has dealt with such a payout: this hopper may pay again."""
        ...


class Printer(Protocol):
    def start(self) -> None: ...

    def status(self) -> PrinterStatus: ...

    @property
    def clean(self) -> bool:
        """Whether the path holds no paper that the cut counter would count."""
        ...

    def keep_whole_page(self) -> None:
        """The path holds a whole page that an earlier run printed and could not cut: the next cut does not mark it void."""
        ...

    def prepare(self, *, take_back: bool = False) -> bool:
        """Clean the path before the counter is read for a page; True if it had to cut. Sheets in the mouth stay there.

        With `take_back` the printer takes them back too: they belong to the void copy in the path.
        Raises a `DeviceError` when the printer cannot do it now.
        """
        ...

    def counter(self) -> int | None:
        """The printer's own non-volatile page or cut counter; None where it has none."""
        ...

    def print_pages(
        self, pages: Sequence[RasterPage], ticket: PrintTicket, job: int
    ) -> Printed | NotPrinted | PrintUnknown:
        """Print, cut and present one document as one job. The printer proves it by sending `job` back.

        Uses up the ticket and hashes every page again before its first byte is sent. A page that does not match its
        hash gives `NotPrinted(BINDING, begun=False)`. Only pages are cut, because the cut counter is evidence.
        """
        ...

    @property
    def in_doubt(self) -> bool:
        """Whether the line failed at the end of the last job, so that `recount` may still find the outcome."""
        ...

    def recount(self) -> Printed | NotPrinted | PrintUnknown:
        """What the counter tells of that job: nothing was cut, or nobody knows. Raises a `DeviceError` without an answer."""
        ...

    def print_slip(self, slip: RasterSlip | bytes, job: int) -> Printed | NotPrinted | PrintUnknown:
        """Print and cut a slip. `slip`: dots, or text commands for a printer with a kanji ROM."""
        ...

    def discard(self) -> None:
        """Clear the printer's memory, cut off the paper in the path, take back the sheets in the mouth."""
        ...


class Screen(Protocol):
    def show(self, image: Image.Image) -> None:
        """Show the picture. Only rows that changed are written to the device."""
        ...


class Centre(Protocol):
    """The line. Every call has a total deadline; every answer is bound to what was asked before it returns."""

    def challenge(
        self, session_nonce: bytes, card: CardRead, *, attended: bool = False
    ) -> Challenge | CentreRefused | CentreUnreachable:
        """`attended`: no PIN is asked for, because two clerks vouch for the resident."""
        ...

    def authenticate(
        self, session_nonce: bytes, challenge: Challenge, proof: CardProof, attended: Sequence[Attendance] = ()
    ) -> Authenticated | CentreRefused | CentreUnreachable: ...

    def tell_code(
        self, session_nonce: bytes, who: Authenticated, code: str
    ) -> Authenticated | CentreRefused | CentreUnreachable:
        """An exemption code that a desk printed; the offers at the fees that hold with it."""
        ...

    def reserve(
        self, request_id: str, session_nonce: bytes, authentication_id: str, items: Sequence[OrderItem], card: CardRead
    ) -> Reserved | BindingFailed | CentreRefused | CentreUnreachable: ...

    def fetch(self, reserved: Reserved, copy: int) -> bytes | BindingFailed | CentreRefused | CentreUnreachable:
        """The document of one copy (PDF), its hash already equal to the reserved one."""
        ...

    def status(self, request_id: str) -> Mapping[int, CopyState] | CentreUnreachable:
        """Copy number -> state; empty when the centre does not know the request."""
        ...

    def advise(self, advice: Mapping[str, object]) -> AdviceFate:
        """Deliver one advice (`issued`, `void`, `claim`, `collected`, `heard`). Idempotent."""
        ...

    def hold_claim(self, key: str, collection: int, journal_head: str) -> int | None:
        """Ask that only this machine pays this claim. The yen still owed; None when refused or not answered.

        The hold ends with the advice `collected`. Idempotent.
        """
        ...

    def heartbeat(self, state: Mapping[str, object]) -> HeartbeatTold | None:
        """Send `POST /v1/heartbeats`. What the centre says to it; None when it did not answer."""
        ...

    def tell_cases(self, seq: int, head: str, cases: Sequence[CaseTold], words: Sequence[CaseWord]) -> bool:
        """Send `POST /v1/cases`; whether the centre has them now. Idempotent."""
        ...

    def site_tables(self) -> tuple[SignedTable, ...] | CentreRefused | CentreUnreachable:
        """Fetch this machine's site tables, as they came."""
        ...

    def opened(self, signed: Sequence[SignedTable]) -> tuple[SiteTable, ...]:
        """These tables, verified. Raises `BadMessage` with one sentence. Asks nobody, and any thread may call it."""
        ...
