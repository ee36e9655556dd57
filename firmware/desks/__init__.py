"""The desks: one for each bus, each the only one who touches its devices.

A desk takes an effect of the session, does it with the drivers, and answers with reports. Between commands it
is polled for what happens by itself (a key, a coin, a card). It knows no thread: `firmware.workers` gives each
desk one, and in virtual time nobody does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from drivers.vocabulary import AdviceFate, StrayPayout
from firmware.session.effects import Effect
from firmware.session.events import Report


@dataclass(frozen=True, slots=True)
class Health:
    """What keeps a desk from serving: reason words of `firmware.service.availability`; empty means all is well."""

    desk: str
    reasons: frozenset[str]


@dataclass(frozen=True, slots=True)
class Heard:
    """Something for the machine rather than for the session: a heartbeat answered, a word of the console."""

    what: str
    value: object = None


@dataclass(frozen=True, slots=True)
class Advise:
    """Deliver one stored advice to the centre."""

    advice_id: str
    advice: dict[str, object]


@dataclass(frozen=True, slots=True)
class Advised:
    """What became of that advice."""

    advice_id: str
    fate: AdviceFate


@dataclass(frozen=True, slots=True)
class Beat:
    """Tell the centre that the machine lives, and learn whether the centre does."""


@dataclass(frozen=True, slots=True)
class WipeDesk:
    """Forget everything of the resident just served."""


@dataclass(frozen=True, slots=True)
class PairAcceptor:
    """Staff says that the acceptor with this serial number belongs to this machine. Done even while the desk is down."""

    serial: int


@dataclass(frozen=True, slots=True)
class AcknowledgePayout:
    """Staff has seen to the coins that left this hopper without a command."""

    value_yen: int


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


@dataclass(frozen=True, slots=True)
class DoorMoved:
    """The door of the case was opened or shut, or stands so at a start."""

    opened: bool


class StaffCommand:
    """What the maintenance console asks of a desk: done by the same single hand as a session's effects."""


@dataclass(frozen=True, slots=True)
class HoldClaim(StaffCommand):
    """Line desk: from now on only this machine pays the claim. Answers `Heard("claim_held", yen left or None)`."""

    key: str
    collection: int  # as which `collected` will be told, and end the hold
    journal_head: str


@dataclass(frozen=True, slots=True)
class LookAgain(StaffCommand):
    """Coin desk: staff has filled or cleared something; a hopper that ran dry is believed to be full again only then."""


@dataclass(frozen=True, slots=True)
class PrintLines(StaffCommand):
    """Paper desk: a staff print, marked as one. `device`: printer or receipt_printer. Answers a `SlipOutcome`."""

    device: str
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SheetCut:
    """The printer cut something that is no page of a copy, and has cut so often in its life."""

    counter: int | None


Command = Effect | Advise | Beat | WipeDesk | PairAcceptor | AcknowledgePayout | StaffCommand
CoinNews = StrayPayout | Acknowledged | Paired | Stranger
Answer = Report | Health | Heard | Advised | SheetCut | DoorMoved | CoinNews


class Desk(Protocol):
    """Every method may raise `DeviceError`; the worker turns it into a `Fault` and a `Health`."""

    name: str

    def start(self) -> Sequence[Answer]:
        """Open and identify the devices. Called again, not often, after a failure."""
        ...

    def handle(self, command: Command) -> Sequence[Answer]: ...

    def poll(self) -> Sequence[Answer]: ...

    def poll_every_s(self) -> float:
        """How long to wait for a command before polling again; may change from moment to moment."""
        ...
