"""The desks: one for each bus or contact. Only the desk uses the devices there.

A desk takes a command, carries it out with the drivers, and returns answers. Between commands its worker polls it for what
happens by itself (a key, a coin, a card). A desk has no threads in it: `firmware.workers` runs each in a thread of its own,
and the rig calls them one after the other.

A `DeskName` carries the type of the commands that its desk takes, so a command sent to the wrong desk fails mypy. An answer
comes back in a `Posted`, whose field `whose` says where it goes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Never, Protocol, TypeVar

from drivers.errors import DeviceError
from drivers.line.site_table import SignedTable
from drivers.vocabulary import (
    AdviceFate,
    BoardFacts,
    BoardOutput,
    BoardTrouble,
    CaseTold,
    CaseWord,
    CoinEvent,
    HopperState,
    Key,
    PaidAtDesk,
    StrayPayout,
)
from firmware.book.day import ZReport
from firmware.session import effects as fx
from firmware.session.events import Report
from firmware.session.scenes import Scene

C = TypeVar("C")
C_contra = TypeVar("C_contra", contravariant=True)

# --- commands that are not effects of a session --------------------------------------------------


@dataclass(frozen=True, slots=True)
class WipeDesk:
    """Keypad, line and paper desk: delete everything of the resident just served."""


@dataclass(frozen=True, slots=True)
class Beat:
    """Line desk: send a heartbeat with these facts. Answers `TimeTold` if the centre replied, and always `Health`."""

    facts: Mapping[str, object]
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FetchTables:
    """Line desk: fetch this machine's site tables. Answers `TablesFetched`; with none if they could not be had."""


@dataclass(frozen=True, slots=True)
class TellCases:
    """Line desk: tell the centre the open cases and the words of their sessions. Answers `CasesTold`."""

    journal_seq: int
    journal_head: str
    cases: tuple[CaseTold, ...]
    words: tuple[CaseWord, ...]


@dataclass(frozen=True, slots=True)
class Advise:
    """Line desk: deliver one stored advice to the centre. Answers `Advised`."""

    advice_id: str
    advice: dict[str, object]


@dataclass(frozen=True, slots=True)
class HoldClaim:
    """Line desk: ask the centre that only this machine pays the claim. Answers `ClaimHeld`."""

    key: str
    collection: int  # number of the advice `collected` that will end the hold
    journal_head: str


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Coin desk: start the devices again, because staff has filled or cleared one. A hopper out of order stays so until then."""


@dataclass(frozen=True, slots=True)
class PairAcceptor:
    """Coin desk: pair the acceptor with this serial number, as staff says. Done even while the desk is down."""

    serial: int


@dataclass(frozen=True, slots=True)
class AcknowledgePayout:
    """Coin desk: staff has dealt with coins that left this hopper without a command. Done even while the desk is down."""

    value_yen: int


@dataclass(frozen=True, slots=True)
class PrintLines:
    """Paper desk: print lines for staff, marked as a test. `device`: printer or receipt_printer. Answers `SlipOutcome`."""

    device: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PrintZReport:
    """Paper desk: print the daily close on the receipt printer. Answers `SlipOutcome`."""

    report: ZReport


@dataclass(frozen=True, slots=True)
class SayNumber:
    """Voice desk: for a test, say these digits now. Answers `SpeakerTold`."""

    number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TrySpeaker:
    """Voice desk: see whether the loudspeaker's device plays, whatever is recorded. Answers `SpeakerTold`, or a `Fault`."""


@dataclass(frozen=True, slots=True)
class Tell:
    """Voice desk: this scene is on the screen now. `pressed`: because, or after, a key was pressed; `key`: which, if no PIN's."""

    scene: Scene = field(repr=False)
    pressed: bool = False
    key: Key | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SetSignals:
    """Board desk: what lamp and buzzer of the I/O board tell the resident. `alarm`: something was left behind."""

    paper_lamp: bool = False
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class AskBoard:
    """Board desk: ask the I/O board which program it runs. Answers `BoardTold`."""


@dataclass(frozen=True, slots=True)
class Blink:
    """Board desk: for a test, switch this on and off so many times. Answers `BoardTold`."""

    output: BoardOutput
    times: int


@dataclass(frozen=True, slots=True)
class CheckImage:
    """Board desk: whether the file with a new program for the board may be used. Answers `ImageTold`."""


@dataclass(frozen=True, slots=True)
class EnterLoader:
    """Board desk: send the board into its loader, unless it is there. Answers `ImageTold`."""


@dataclass(frozen=True, slots=True)
class CopyImage:
    """Board desk: copy the image, if the loader's drive is there. Answers `ImageTold`."""


# --- which desk takes what -----------------------------------------------------------------------

CardCommand = fx.ReadCard | fx.ProveCard | fx.ShowCard | fx.ReleaseCard
KeypadCommand = fx.SetKeypad | WipeDesk
LineCommand = (
    fx.AskChallenge
    | fx.Authenticate
    | fx.TellCode
    | fx.Reserve
    | fx.Fetch
    | Beat
    | FetchTables
    | Advise
    | TellCases
    | HoldClaim
    | WipeDesk
)
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
    | PrintZReport
    | WipeDesk
)
BoardCommand = SetSignals | AskBoard | Blink | CheckImage | EnterLoader | CopyImage


class DeskName(str, Generic[C]):
    """A desk's name; its type says which commands that desk takes."""

    __slots__ = ()


CARD: DeskName[CardCommand] = DeskName("card")
KEYPAD: DeskName[KeypadCommand] = DeskName("keypad")
CLERK_KEYS: DeskName[Never] = DeskName("clerk keys")
LINE: DeskName[LineCommand] = DeskName("line")
COIN: DeskName[CoinCommand] = DeskName("coin")
PAPER: DeskName[PaperCommand] = DeskName("paper")
DOOR: DeskName[Never] = DeskName("door")
VoiceCommand = Tell | SayNumber | TrySpeaker
VOICE: DeskName[VoiceCommand] = DeskName("voice")
BOARD: DeskName[BoardCommand] = DeskName("io_board")

# --- answers that are not reports to a session ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class Health:
    """Why a desk cannot serve: reason words of `firmware.service.availability`; empty when it can."""

    desk: str
    reasons: frozenset[str]
    detail: str = field(default="", compare=False)  # the driver's sentence: what happened and what to do


@dataclass(frozen=True, slots=True)
class TimeTold:
    """The centre answered a heartbeat: its time, the events reported, its newest site table, its witness, claims paid."""

    at: datetime
    heard: tuple[str, ...]
    site_table: int
    witnessed: tuple[int, str]  # the head of this journal that the centre was told last
    claims_paid: tuple[PaidAtDesk, ...] = ()


@dataclass(frozen=True, slots=True)
class CasesTold:
    """`heard`: the centre has the open cases."""

    heard: bool


@dataclass(frozen=True, slots=True)
class TablesFetched:
    """The site tables as they came, not yet verified; empty: no answer, or the centre has none for this machine."""

    tables: tuple[SignedTable, ...]


@dataclass(frozen=True, slots=True)
class Advised:
    """What the centre said to an advice."""

    advice_id: str
    fate: AdviceFate


@dataclass(frozen=True, slots=True)
class ClaimHeld:
    """The yen still owed on a claim that now only this machine may pay; None: refused, or no answer."""

    left_yen: int | None


@dataclass(frozen=True, slots=True)
class SheetCut:
    """The printer cut paper that is no page of a copy. `counter`: cuts in its life; None without a counter."""

    counter: int | None


@dataclass(frozen=True, slots=True)
class DoorMoved:
    """The door of the case was opened or shut, or was found so at a start."""

    opened: bool


@dataclass(frozen=True, slots=True)
class SpeakerTold:
    """What is wrong with the loudspeaker or the voices, as a sentence; empty when nothing is. Service goes on either way."""

    trouble: str


@dataclass(frozen=True, slots=True)
class EarphoneMoved:
    """An earphone was put into its socket, or pulled out."""

    is_in: bool


@dataclass(frozen=True, slots=True)
class Paired:
    """The acceptor with this serial number is now the paired one."""

    serial: int


@dataclass(frozen=True, slots=True)
class Stranger:
    """An acceptor other than the paired one was found."""

    serial: int


@dataclass(frozen=True, slots=True)
class HoppersSeen:
    """What the hoppers look like now, where that has changed: yen -> state."""

    states: Mapping[int, HopperState]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The hopper may be used again."""

    value_yen: int


@dataclass(frozen=True, slots=True)
class BoardNoticed:
    """What happened to the I/O board since it was looked at last."""

    troubles: tuple[BoardTrouble, ...]


@dataclass(frozen=True, slots=True)
class BoardTold:
    """`program`: the number of the program that belongs to this release, in hex."""

    facts: BoardFacts
    program: str


@dataclass(frozen=True, slots=True)
class ImageTold:
    """`sha256`: of a good file, else empty. `problem`: a sentence. `drive`: the loader shows its drive. `copied`: it has it."""

    sha256: str = ""
    problem: str = ""
    drive: bool = False
    copied: bool = False


class ConsoleAnswer:
    """Base class of what the console desk posts by itself. The loop passes it to the console unread."""


CoinNews = StrayPayout | HoppersSeen | Acknowledged | Paired | Stranger
DeviceNews = CoinNews | SheetCut | BoardNoticed
News = CoinEvent | DeviceNews | TimeTold | TablesFetched  # always `OfMachine`, whoever sent the command
Contacts = DoorMoved | SpeakerTold | EarphoneMoved  # what moved or broke in the machine's own case
Answer = Report | Health | News | Advised | CasesTold | ClaimHeld | Contacts | BoardTold | ImageTold | ConsoleAnswer

# --- whose an answer is --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OfSession:
    """For a step of a session. `ticket`: of that step; after a change of state the loop drops the answer."""

    ticket: int


@dataclass(frozen=True, slots=True)
class OfStaff:
    """For a step of a console command. `ticket`: the console's own count."""

    ticket: int


@dataclass(frozen=True, slots=True)
class OfMachine:
    """For neither: it happened by itself, or the machine itself sent the command."""


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
    """Every method but `failed` and `works_down` may raise `DeviceError`; the worker then calls `failed`."""

    name: str
    reason_when_down: str | None = None  # of `firmware.service.availability`; None: service goes on without this desk
    is_vital: bool = True  # False: the program goes on when its thread hangs, and commands that it cannot take are lost

    def start(self) -> Sequence[Answer]:
        """Open and identify the devices. Called again after a failure, by the machine at most once in `RESTART_FLOOR_S`."""
        ...

    def handle(self, command: C_contra) -> Sequence[Answer]: ...

    def poll(self) -> Sequence[Answer]: ...

    def poll_every_s(self) -> float:
        """Seconds to wait for a command before the next `poll`; asked before each wait."""
        ...

    def failed(self, error: DeviceError) -> Sequence[Answer]:
        """The answers to post when the desk goes down because of `error`."""
        if self.reason_when_down is None:
            return []
        return [Health(self.name, frozenset({self.reason_when_down}), str(error))]

    def works_down(self, command: C_contra) -> bool:  # noqa: ARG002  the coin desk uses it
        """Whether to try the command while the desk is down; if not, its answer is a `Fault` at once."""
        return False

    def stop(self) -> None:
        """The program ends: put the devices into a safe state. Called only while the desk is up."""
        return
