"""What a console command is made of: a generator of steps. It waits at each step, and the loop turns on meanwhile.

A command that needs a device yields `Do`; the desk's own single hand does it, and its answer comes back as the value of
the `yield`. So a command reads from top to bottom, no thread waits, and no device has a second owner.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from firmware.book.book import Book
from firmware.book.records import Record
from firmware.config.settings import Settings
from firmware.console.access import Role
from firmware.console.grammar import Refused
from firmware.desks import Beat, C, DeskName, Health
from firmware.journal.journal import Stored
from firmware.service.availability import Availability, Reason
from firmware.session.events import Fault
from firmware.session.scenes import Scene
from firmware.update.updates import Updates


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Do(Generic[C]):
    """One command to one desk; the value is its answer, a `Fault` included."""

    desk: DeskName[C]
    command: C
    health: bool = False  # the answer is a `Health`


@dataclass(frozen=True, slots=True)
class Tell(Generic[C]):
    """A command that has no answer; what is asked of the same desk next comes after it."""

    desk: DeskName[C]
    command: C


@dataclass(frozen=True, slots=True)
class Ask:
    """A line from the person at the terminal; the value is its text."""

    prompt: str
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Listen:
    """The next key, with `coins` also the next coin or the end of a closing slot, or None when the instant has come."""

    until_s: float
    coins: bool = False


@dataclass(frozen=True, slots=True)
class Show:
    """Lines while the command goes on."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of a command. `data`: the same for a program."""

    lines: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    checkpoint: bool = False  # one is written into the journal after the record of this outcome


Step = Do[Any] | Tell[Any] | Ask | Listen | Show
Job = Generator[Step, Any, Answer]
Done = Answer | Job  # what a command's function gives: the answer at once, or after steps


@dataclass(frozen=True, slots=True)
class Plan:
    """A dry run: what would happen, and how it is made to happen; `carry_out` is given the names of who confirmed."""

    lines: tuple[str, ...]
    carry_out: Callable[[str], Done]
    accept: frozenset[Role] | None = None  # who may confirm; None: whoever planned it


Planning = Generator[Step, Any, Plan | Answer]
Planned = Plan | Answer | Planning  # the same of a command with a dry run; an `Answer`: there is nothing to be done


class Hands(Protocol):
    """What the console may touch: the one owner of state (`firmware.loop`), and through it the desks."""

    machine: str
    version: str
    hopper_values: tuple[int, ...]

    @property
    def book(self) -> Book: ...
    @property
    def state(self) -> Availability: ...
    @property
    def door_open(self) -> bool | None:
        """None: this case has no contact."""
        ...

    @property
    def sentence(self) -> str:
        """What the session does now, in one word."""
        ...

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    def head(self) -> tuple[int, str]: ...
    def history(self, since_seq: int = 0) -> Iterator[Stored]: ...
    def write(self, record: Record) -> None: ...
    def checkpoint(self) -> None: ...
    def rest(self) -> None: ...
    def send(self, desk: DeskName[C], command: C, ticket: int) -> None: ...
    def beat(self) -> Beat:
        """A heartbeat with the facts of this moment."""
        ...

    def show(self, scene: Scene | None) -> None:
        """A picture for a test; None: what the state says."""
        ...

    def request_maintenance(self) -> None: ...
    def leave_maintenance(self, *, passed: bool) -> None: ...
    def clear(self, reasons: Iterable[Reason]) -> None: ...
    def settings(self) -> list[tuple[str, str]]:
        """The unit file in force, key and value; no secret is in it."""
        ...

    def check_settings(self, settings: Settings) -> str | None:
        """Why the unit file on the disk could not be used with these settings over it."""
        ...

    candidate: dict[str, str] | None  # the set that is being edited, until its editor logs out

    updates: Updates | None  # None: this machine takes none

    @property
    def trial_left_s(self) -> float | None:
        """How long the settings on trial may still be kept; None when this run is no trial."""
        ...

    def end(self) -> None:
        """Ask for the program's end, as soon as nothing is open."""
        ...


T = TypeVar("T", bound=Answer | Plan)


def begun(start: Callable[[], T | Generator[Step, Any, T]]) -> Generator[Step, Any, T]:
    """A function's steps, also when it has none. It is called at the first step, not before."""
    given = start()
    return (yield from given) if isinstance(given, Generator) else given


def done(desk: DeskName[C], command: C, *, health: bool = False) -> Generator[Step, Any, Any]:
    """The desk's answer. Raises `Refused` when its device failed."""
    answer = yield Do(desk, command, health)
    if isinstance(answer, Fault):
        raise Refused("device", f"The {desk} desk failed: {answer.sentence}")
    return answer


def must_be_shut(hands: Hands) -> None:
    """Raises `Refused` while the door is open: a start that finds it so takes it for a break-in."""
    if hands.door_open:
        raise Refused("door", "The door is open. Shut it first.")


def well(health: Health) -> bool:
    return not health.reasons
