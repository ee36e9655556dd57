"""What passes between the conversation and the console's own desk."""

from dataclasses import dataclass, field

from firmware.console.access import Role
from firmware.console.grammar import Line
from firmware.desks import ConsoleAnswer, DeskName


@dataclass(frozen=True, slots=True)
class Say:
    """Whole lines to show. With a `prompt` the next line may come; `secret`: it is not echoed."""

    text: str
    prompt: str | None = None
    secret: bool = False


@dataclass(frozen=True, slots=True)
class FindUser:
    name: str


@dataclass(frozen=True, slots=True)
class CheckPassword:
    name: str
    password: str = field(repr=False)


ConsoleCommand = Say | FindUser | CheckPassword
CONSOLE: DeskName[ConsoleCommand] = DeskName("console")


@dataclass(frozen=True, slots=True)
class Typed(ConsoleAnswer):
    line: Line
    noise: int  # bytes that no keyboard sends, since the start


@dataclass(frozen=True, slots=True)
class UserFound(ConsoleAnswer):
    """`unlock`: the accounts' word of `python -m firmware.console unlock`. `trouble`: why no account can be used."""

    known: bool
    unlock: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class PasswordChecked(ConsoleAnswer):
    """`role=None`: it was not right."""

    role: Role | None


@dataclass(frozen=True, slots=True)
class ConsoleLost(ConsoleAnswer):
    """The line is gone; whoever was logged in is no longer there."""
