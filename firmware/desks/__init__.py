"""The desks: one for each bus, each the only one who touches its devices.

A desk takes a command, does it with the drivers, and answers. Between commands it is polled for what happens by itself
(a key, a coin, a card). It knows no thread: `firmware.workers` gives each desk one, and in virtual time nobody does.

Each desk takes commands of its own and no others: a `DeskName` carries their type, so that a command sent to the wrong
desk fails mypy. An answer comes back in a `Posted`, which says whose it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Never, Protocol, TypeVar

from drivers.errors import DeviceError
from drivers.vocabulary import AdviceFate, CoinEvent, StrayPayout
from firmware.session import effects as fx
from firmware.session.events import Report

C = TypeVar("C")
C_contra = TypeVar("C_contra", contravariant=True)

# --- commands that are not effects of a session --------------------------------------------------


@dataclass(frozen=True, slots=True)
class WipeDesk:
    """Keypad, line and paper desk: forget everything of the resident just served."""


@dataclass(frozen=True, slots=True)
class Beat:
    """Line desk: tell the centre these facts of the machine, and learn whether the centre lives."""

    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Advise:
    """Line desk: deliver one stored advice to the centre. Answers `Advised`."""

    advice_id: str
    advice: dict[str, object]


@dataclass(frozen=True, slots=True)
class HoldClaim:
    """Line desk: from now on only this machine pays the claim. Answers `ClaimHeld`."""

    key: str
    collection: int  # as which `collected` will be told, and end the hold
    journal_head: str


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Coin desk: staff has filled or cleared something; a hopper that ran dry is believed to be full again only then."""


@dataclass(frozen=True, slots=True)
class PairAcceptor:
    """Coin desk: staff says that the acceptor with this serial number belongs to this machine. Done even while it is down."""

    serial: int


@dataclass(frozen=True, slots=True)
class AcknowledgePayout:
    """Coin desk: staff has seen to the coins that left this hopper without a command. Done even while it is down."""

    value_yen: int


@dataclass(frozen=True, slots=True)
class PrintLines:
    """Paper desk: a staff print, marked as one. `device`: printer or receipt_printer. Answers a `SlipOutcome`."""

    device: str
    title: str
    lines: tuple[str, ...]


# --- which desk takes what -----------------------------------------------------------------------

CardCommand = fx.ReadCard | fx.ProveCard | fx.ReleaseCard
KeypadCommand = fx.SetKeypad | WipeDesk
LineCommand = fx.AskChallenge | fx.Authenticate | fx.Reserve | fx.Fetch | Beat | Advise | HoldClaim | WipeDesk
CoinCommand = (
    fx.CheckCoins
    | fx.OpenSlot
    | fx.CloseSlot
    | fx.CountHopper
    | fx.Dispense
    | LookAgain
    | PairAcceptor
    | AcknowledgePayout
)
PaperCommand = (
    fx.Rasterise
    | fx.CheckPaper
    | fx.CountPaper
    | fx.Print
    | fx.PrintReceipt
    | fx.PrintClaimSlip
    | fx.WatchExit
    | fx.CutRemains
    | fx.ClearPaper
    | PrintLines
    | WipeDesk
)


class DeskName(str, Generic[C]):
    """A desk's name; its type says which commands that desk takes."""

    __slots__ = ()


CARD: DeskName[CardCommand] = DeskName("card")
KEYPAD: DeskName[KeypadCommand] = DeskName("keypad")
LINE: DeskName[LineCommand] = DeskName("line")
COIN: DeskName[CoinCommand] = DeskName("coin")
PAPER: DeskName[PaperCommand] = DeskName("paper")
DOOR: DeskName[Never] = DeskName("door")

# --- answers that are not reports to a session ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class Health:
    """What keeps a desk from serving: reason words of `firmware.service.availability`; empty means all is well."""

    desk: str
    reasons: frozenset[str]


@dataclass(frozen=True, slots=True)
class TimeTold:
    """The centre answered a heartbeat, and this is its time."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Advised:
    """What became of that advice."""

    advice_id: str
    fate: AdviceFate


@dataclass(frozen=True, slots=True)
class ClaimHeld:
    """What the centre still owes on the claim that this machine alone may pay now; None: it may not, or nobody answered."""

    left_yen: int | None


@dataclass(frozen=True, slots=True)
class SheetCut:
    """The printer cut something that is no page of a copy, and has cut so often in its life."""

    counter: int | None


@dataclass(frozen=True, slots=True)
class DoorMoved:
    """The door of the case was opened or shut, or stands so at a start."""

    opened: bool


@dataclass(frozen=True, slots=True)
class Paired:
    """The acceptor of this machine is the one with this serial number."""

    serial: int


@dataclass(frozen=True, slots=True)
class Stranger:
    """Another acceptor than the paired one stands in its place."""

    serial: int


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The hopper may be used again."""

    value_yen: int


class ConsoleAnswer:
    """What the console's own desk says. The loop hands it to the console, which alone knows its kinds."""


CoinNews = StrayPayout | Acknowledged | Paired | Stranger
News = CoinEvent | CoinNews | SheetCut | TimeTold  # of the machine, whoever asked: a coin is a coin
Answer = Report | Health | News | Advised | ClaimHeld | DoorMoved | ConsoleAnswer

# --- whose an answer is --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OfSession:
    """Asked for by a step of a session. `ticket`: of that step; once the session has moved on the answer is stale."""

    ticket: int


@dataclass(frozen=True, slots=True)
class OfStaff:
    """Asked for by a step of a console command. `ticket`: the console's own count."""

    ticket: int


@dataclass(frozen=True, slots=True)
class OfMachine:
    """Nobody asked, or the machine itself did."""


Whose = OfSession | OfStaff | OfMachine
OF_MACHINE = OfMachine()


@dataclass(frozen=True, slots=True)
class Posted:
    """An answer on its way to the loop."""

    desk: str
    whose: Whose
    answer: Answer


# --- a desk --------------------------------------------------------------------------------------


class Desk(Protocol[C_contra]):
    """Every method but `failed` and `works_down` may raise `DeviceError`; the worker asks `failed` what that means."""

    name: str
    reason_when_down: str | None = None  # of `firmware.service.availability`; None: service goes on without this desk

    def start(self) -> Sequence[Answer]:
        """Open and identify the devices. Called again, not often, after a failure."""
        ...

    def handle(self, command: C_contra) -> Sequence[Answer]: ...

    def poll(self) -> Sequence[Answer]: ...

    def poll_every_s(self) -> float:
        """How long to wait for a command before polling again; may change from moment to moment."""
        ...

    def failed(self, error: DeviceError) -> Sequence[Answer]:  # noqa: ARG002  one desk tells errors apart
        """What the machine is to hear when the desk is down because of `error`."""
        return [] if self.reason_when_down is None else [Health(self.name, frozenset({self.reason_when_down}))]

    def works_down(self, command: C_contra) -> bool:  # noqa: ARG002  one desk has such commands
        """Whether the command is tried even while the desk is down; the others are answered with a `Fault` at once."""
        return False

    def stop(self) -> None:
        """The program ends: leave the devices so that nobody needs to watch them. Called while the desk is up."""
        return
