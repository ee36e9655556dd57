"""The steps of a console command. A command is a generator: it waits at each `yield` while the loop goes on turning.

A command that needs a device yields `Do`; the desk does it, and its answer is the value of the `yield`. So a command reads
from top to bottom, no thread waits, and only the desk uses the device.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from drivers.line.site_table import SiteTable
from drivers.trace import Tap
from firmware.book.book import Book
from firmware.book.records import Record
from firmware.config.settings import Settings
from firmware.config.unit import Unit
from firmware.console.access import Role
from firmware.console.grammar import Refused
from firmware.desks import Beat, C, DeskName, Health
from firmware.journal.frames import Entry
from firmware.journal.journal import Stored
from firmware.service.availability import Availability, Reason
from firmware.session.events import Fault
from firmware.session.scenes import Scene
from firmware.update.standing import CardSystems
from firmware.update.updates import Updates

LOOK_AGAIN_S = 4.0  # a desk looks at its device every three seconds


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Do(Generic[C]):
    """One command to one desk; the value is its answer, or a `Fault`."""

    desk: DeskName[C]
    command: C
    health: bool = False  # whether the awaited answer is a `Health`


@dataclass(frozen=True, slots=True)
class Tell(Generic[C]):
    """A command without an answer. The desk does it before the next command sent to it."""

    desk: DeskName[C]
    command: C


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the person at the terminal for a line; the value is its text."""

    prompt: str
    secret: bool = False


class BrokenOff(Refused):
    """The person pressed Ctrl-C; raised at a `Listen` that `breaks`."""

    def __init__(self) -> None:
        super().__init__("cancelled", "Broken off with Ctrl-C; nothing more was done.")


@dataclass(frozen=True, slots=True)
class Listen:
    """Wait for a key, with `coins` also for a coin or `SlotClosed`; the value is None at the instant `until_s`.

    `breaks`: Ctrl-C raises `BrokenOff` here, also one that was pressed before, while a desk worked.
    """

    until_s: float
    coins: bool = False
    breaks: bool = False


@dataclass(frozen=True, slots=True)
class Show:
    """Show lines while the command goes on."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of a command. `data`: the same facts for --json."""

    lines: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    checkpoint: bool = False  # write a checkpoint after the record of this outcome


Step = Do[Any] | Tell[Any] | Ask | Listen | Show
Job = Generator[Step, Any, Answer]
Done = Answer | Job  # what a command's function gives: the answer at once, or after steps


@dataclass(frozen=True, slots=True)
class Plan:
    """A dry run. `lines`: what would happen. `carry_out` does it, given the names of those who confirmed."""

    lines: tuple[str, ...]
    carry_out: Callable[[str], Done]
    accept: frozenset[Role] | None = None  # who may confirm; None: whoever planned it


Planning = Generator[Step, Any, Plan | Answer]
Planned = Plan | Answer | Planning  # the same of a command with a dry run; an `Answer`: there is nothing to be done


class Hands(Protocol):
    """What the console may use of the running machine: the loop, and through it the desks."""

    machine: str
    version: str
    hopper_values: tuple[int, ...]
    unit: Unit  # as the unit file and the settings in force say
    takes_coins: bool  # False: a counter terminal
    speaks: bool  # has a loudspeaker
    taps: Mapping[str, Tap]  # device -> its line's last frames

    @property
    def book(self) -> Book: ...
    @property
    def state(self) -> Availability: ...
    @property
    def troubles(self) -> Mapping[str, str]:
        """For each device that cannot be used, its driver's sentence."""
        ...

    def devices(self) -> Mapping[str, str]:
        """Each desk and each hopper that does not pay, and in which state."""
        ...

    def desks(self) -> Mapping[str, tuple[str, datetime]]:
        """Each desk's state, and since when."""
        ...

    def compared(self) -> tuple[datetime, float] | None:
        """When the centre's time was last heard, and how many seconds it was ahead; None: not since the start."""
        ...

    @property
    def door_open(self) -> bool | None:
        """None: this case has no contact."""
        ...

    @property
    def sentence(self) -> str:
        """The state of the session, in one word."""
        ...

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    def head(self) -> tuple[int, str]: ...
    def history(self, since_seq: int = 0) -> Iterator[Stored]: ...
    def entries(self, since_seq: int = 0) -> Iterator[Entry]:
        """The records after `since_seq` as they lie on the medium."""
        ...

    @property
    def seal_key(self) -> bytes | None:
        """The raw public key that checkpoints are signed for; None without a seal."""
        ...

    def write(self, record: Record) -> None: ...
    def checkpoint(self) -> None: ...
    def rest(self) -> None: ...
    def send(self, desk: DeskName[C], command: C, ticket: int) -> None: ...
    def beat(self) -> Beat:
        """A heartbeat with the facts of this moment."""
        ...

    def show(self, scene: Scene | None) -> None:
        """Keep a picture on its glass for a test; None shows the scene of the present state again."""
        ...

    def fresh_number(self) -> str:
        """Four digits that nobody can guess, new each time."""
        ...

    @property
    def glasses(self) -> tuple[str, ...]:
        """The screens of this machine: `screen`, and at a counter terminal `clerk's screen`."""
        ...

    def request_maintenance(self) -> None: ...
    def leave_maintenance(self, *, passed: bool) -> None: ...
    def clear(self, reasons: Iterable[Reason]) -> None: ...
    def settings(self) -> list[tuple[str, str]]:
        """Key and value of every setting in force; none is a secret."""
        ...

    def filed(self) -> list[tuple[str, str]]:
        """The same as the unit file alone says it."""
        ...

    def check_settings(self, settings: Settings) -> str | None:
        """Why the unit file on the disk cannot be used with these settings; None when it can."""
        ...

    def without_effect(self, settings: Settings) -> list[str]:
        """The lines of hours among these settings that would open outside the city's hours."""
        ...

    def site(self) -> str:
        """The city's site table in force and until when, or why there is none, as one line."""
        ...

    @property
    def site_table(self) -> SiteTable | None:
        """The city's table in force, if there is one."""
        ...

    candidate: dict[str, str] | None  # the settings being edited; None after logging out

    updates: Updates | None  # None: the unit file has no [update]
    systems: CardSystems

    @property
    def trial_left_s(self) -> float | None:
        """Seconds left to keep the settings on trial; None when this run has none on trial."""
        ...

    def end(self) -> None:
        """End the program after this turn of the loop; the service manager starts it again."""
        ...


T = TypeVar("T", bound=Answer | Plan)


def begun(start: Callable[[], T | Generator[Step, Any, T]]) -> Generator[Step, Any, T]:
    """Call `start` at the first step, and run its steps if it has any. Returns its result."""
    given = start()
    return (yield from given) if isinstance(given, Generator) else given


def done(desk: DeskName[C], command: C, *, health: bool = False) -> Generator[Step, Any, Any]:
    """Send a command and wait for the desk's answer. Raises `Refused` when its device failed."""
    answer = yield Do(desk, command, health)
    if isinstance(answer, Fault):
        raise Refused(
            "device", f"The {desk} desk failed: {answer.sentence.rstrip('.')}. `reasons` says what to look at."
        )
    return answer


def looked_again(hands: Hands) -> Generator[Step, Any, None]:
    """Wait until no reason closes the machine, at most so long that every desk has looked at its device once more.

    A device that was mended a moment ago is else still called broken by what the person types next.
    """
    until_s = hands.monotonic() + LOOK_AGAIN_S
    while hands.state.reasons and hands.monotonic() < until_s:
        yield Listen(min(until_s, hands.monotonic() + 0.5))


def must_be_shut(hands: Hands) -> None:
    """Raises `Refused` while the door is open, because a start with an open door counts as a break-in."""
    if hands.door_open:
        raise Refused("door", "The door is open. Shut it first.")


def must_take_coins(hands: Hands) -> None:
    """Raises `Refused` at a counter terminal."""
    if not hands.takes_coins:
        raise Refused(
            "coins",
            "This machine has no coin devices: the clerk takes the fee at the till. `help` shows what you may type.",
        )


def well(health: Health) -> bool:
    return not health.reasons
