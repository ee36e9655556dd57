"""What the machine needs of its devices, in the session's words: no bit, no byte layout, no port name.

Every method is synchronous and is called by one worker only. Expected outcomes are return values from
`drivers.vocabulary`; device trouble is raised as `drivers.errors.DeviceError`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from PIL import Image

from drivers.pin_pad.entry import PinBuffer
from drivers.printer.raster import PrintTicket, RasterPage, RasterSlip
from drivers.vocabulary import (
    AcceptorCounters,
    AdviceFate,
    Authenticated,
    BindingFailed,
    CardKind,
    CardNotUsable,
    CardPresence,
    CardProof,
    CardRead,
    CentreRefused,
    CentreUnreachable,
    Challenge,
    CoinEvent,
    CopyState,
    Dispensed,
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
        """Wait up to `timeout_s` for the presence to change, then say what it is. 0 asks only."""
        ...

    def read(self, taken: frozenset[CardKind]) -> CardRead | CardNotUsable:
        """Find out what the card is, without spending a PIN try. `taken`: the kinds this site takes."""
        ...

    def prove(
        self, pin: PinBuffer, card: CardRead, challenge: Challenge, bound: bytes
    ) -> CardProof | WrongPin | PinBlocked:
        """Show the PIN once, and sign `bound` (JPKI) or encrypt the PIN to the centre (municipal).

        The buffer is wiped before this returns or raises, whatever happened. VERIFY is sent at most once.
        """
        ...

    def release(self) -> None:
        """Log the card out and let go of it. Never raises."""
        ...


class PinPad(Protocol):
    def expect_keys(self) -> None:
        """Data entry: every key is reported as it is pressed."""
        ...

    def expect_pin(self, length: int) -> None:
        """PIN entry into the shared `PinBuffer`: only counts are reported."""
        ...

    def expect_nothing(self) -> None:
        """Keys are dead and the PIN buffer is wiped, but for a PIN just entered: the card reader uses it, and wipes it."""
        ...

    def poll(self) -> Sequence[KeypadEvent]:
        """Scan once, debounce on the driver's clock, and return what became certain. Called every 5 ms."""
        ...

    @property
    def active(self) -> bool:
        """Whether a key is down or its debouncing is not over: scan again soon."""
        ...

    def wait_for_activity(self, timeout_s: float) -> bool:
        """Sleep until a key is touched (True) or the time is over (False)."""
        ...


class Contact(Protocol):
    def broken(self) -> bool:
        """Whether the contact is open at this instant. Not debounced."""
        ...


class CoinAcceptor(Protocol):
    """A ccTalk acceptor, or one that counts in pulses and so has neither counters nor an identity."""

    @property
    def selective(self) -> bool:
        """Whether single values can be refused; else the slot opens for all it knows, or not at all."""
        ...

    @property
    def under_way(self) -> bool:
        """Whether a coin is known to be coming in at this moment."""
        ...

    def pair(self, serial: int) -> bool:
        """Take the device with this number for ours and start it. False: devices of this kind have no number."""
        ...

    def newly_paired(self) -> int | None:
        """The number of the device that was paired since this was last asked, to be remembered."""
        ...

    def start(self) -> None:
        """Identify, read the coin table, apply inhibits. Raises NotPaired when it is another one than the paired one."""
        ...

    def accept(self, values_yen: frozenset[int]) -> None:
        """Open the slot for these coins."""
        ...

    def inhibit(self) -> None:
        """Close the slot. Confirmed by the device when this returns."""
        ...

    def blocked(self) -> bool:
        """After `AcceptorBlocked`: ask whether it still is."""
        ...

    def poll(self) -> Sequence[CoinEvent]:
        """Ask for events since the last poll. Must be called every 200 ms while the slot is open."""
        ...

    def counters(self) -> AcceptorCounters:
        """Up to where everything was handed over by `poll`."""
        ...

    def accepted_by_device(self) -> int | None:
        """How many coins the device has ever accepted, as it says now; None where it does not count."""
        ...


class Hoppers(Protocol):
    """All hoppers on the bus, addressed by coin value."""

    def start(self) -> None: ...

    def states(self) -> Mapping[int, HopperState]:
        """Value in yen -> state; every configured hopper is in it."""
        ...

    def counters(self, value_yen: int) -> HopperCounters: ...

    def dispense(self, value_yen: int, coins: int, before: HopperCounters) -> Dispensed:
        """Pay `coins` coins out of one hopper and settle by counters. Never resends the command blindly."""
        ...

    def settle(self, value_yen: int, coins: int, before: HopperCounters) -> Dispensed:
        """After a restart: what became of the dispense that began at `before`. Moves no coin."""
        ...

    def look(self) -> None:
        """Ask one hopper after the other, at each call the next, whether coins left without a command."""
        ...

    def strays(self) -> Sequence[StrayPayout]:
        """What left without a command and was not told before; its hopper is out of use until `acknowledge`."""
        ...

    def acknowledge(self, value_yen: int) -> None:
        """Staff has seen to it."""
        ...


class Printer(Protocol):
    def start(self) -> None: ...

    def status(self) -> PrinterStatus: ...

    @property
    def clean(self) -> bool:
        """Whether nothing lies in the path that a cut would count."""
        ...

    def keep_whole_page(self) -> None:
        """An earlier run printed a whole page and could not cut it: it is in the path, and is cut off unmarked."""
        ...

    def prepare(self, *, take_back: bool = False) -> None:
        """Make the path clean, before the counter is read for a page; sheets in the mouth stay there.

        With `take_back` nothing stays: what lies in the mouth belongs to the void copy in the path.
        Raises a `DeviceError` when that cannot be done now.
        """
        ...

    def counter(self) -> int | None:
        """The printer's own non-volatile page or cut counter; None where it has none."""
        ...

    def print_pages(
        self, pages: Sequence[RasterPage], ticket: PrintTicket, job: int
    ) -> Printed | NotPrinted | PrintUnknown:
        """Print, cut and present one document as one job; `job` comes back as the printer's proof.

        The ticket is spent, and every page is hashed again before its first byte is sent: whatever does not match
        is `NotPrinted(BINDING, begun=False)`. It cuts its own pages and nothing else: the counter is evidence.
        """
        ...

    @property
    def in_doubt(self) -> bool:
        """Whether `recount` may turn the last answer into a better one: its line was lost at the end."""
        ...

    def recount(self) -> Printed | NotPrinted | PrintUnknown:
        """What the printer's counter says of that job. Raises a `DeviceError` while it cannot be asked."""
        ...

    def print_slip(self, slip: RasterSlip | bytes, job: int) -> Printed | NotPrinted | PrintUnknown:
        """Print and cut a receipt or claim slip: dots, or finished text commands for a printer with a kanji ROM."""
        ...

    def discard(self) -> None:
        """Wipe the printer's memory, cut off whatever is in the path, take back what is in the mouth."""
        ...


class Screen(Protocol):
    def show(self, image: Image.Image) -> None:
        """Put the picture up; only rows that changed are written."""
        ...


class Centre(Protocol):
    """The line. Every call has a total deadline; every answer is bound to what was asked before it returns."""

    def challenge(self, session_nonce: bytes, card: CardRead) -> Challenge | CentreRefused | CentreUnreachable: ...

    def authenticate(
        self, session_nonce: bytes, challenge: Challenge, proof: CardProof
    ) -> Authenticated | CentreRefused | CentreUnreachable: ...

    def reserve(
        self, request_id: str, session_nonce: bytes, authentication_id: str, items: Sequence[OrderItem], card: CardRead
    ) -> Reserved | BindingFailed | CentreRefused | CentreUnreachable: ...

    def fetch(self, reserved: Reserved, copy: int) -> bytes | BindingFailed | CentreRefused | CentreUnreachable:
        """The document of one copy (PDF), its hash already equal to the reserved one."""
        ...

    def status(self, request_id: str) -> Mapping[int, CopyState] | CentreUnreachable:
        """Copy number -> state; empty when the centre never heard of the request."""
        ...

    def advise(self, advice: Mapping[str, object]) -> AdviceFate:
        """Deliver one advice (`issued`, `void`, `claim`, `collected`). Idempotent, store-and-forward."""
        ...

    def hold_claim(self, key: str, collection: int, journal_head: str) -> int | None:
        """From now on only this machine pays this claim: the yen still owed. None when it may not, or nobody answered.

        The hold ends with the advice `collected`. Idempotent.
        """
        ...

    def heartbeat(self, state: Mapping[str, object]) -> datetime | None:
        """Tell that the machine lives (`POST /v1/heartbeats`); the centre's time, None when it did not answer."""
        ...
