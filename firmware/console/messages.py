"""Commands to the console desk, and its answers."""

from dataclasses import dataclass, field

from firmware.console.access import Role
from firmware.console.line import Helps, Line
from firmware.desks import ConsoleAnswer, DeskName


@dataclass(frozen=True, slots=True)
class Say:
    """Show whole lines. After a `prompt` the desk reads the next line; `secret`: without echo.

    `helps`: what arrow keys and Tab offer there; None at a question.
    """

    text: str
    prompt: str | None = None
    secret: bool = False
    helps: Helps | None = None


@dataclass(frozen=True, slots=True)
class Print:
    """Show whole lines, and tell whether the terminal took them: for more than it takes at once."""

    text: str


@dataclass(frozen=True, slots=True)
class FindUser:
    name: str


@dataclass(frozen=True, slots=True)
class CheckPassword:
    name: str
    password: str = field(repr=False)


ConsoleCommand = Say | Print | FindUser | CheckPassword
CONSOLE: DeskName[ConsoleCommand] = DeskName("console")


@dataclass(frozen=True, slots=True)
class Typed(ConsoleAnswer):
    line: Line
    noise: int  # bytes outside printable ASCII since the start


@dataclass(frozen=True, slots=True)
class Printed(ConsoleAnswer):
    """`whole`: the terminal took every byte. `interrupted`: Ctrl-C came meanwhile."""

    whole: bool
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class UserFound(ConsoleAnswer):
    """`unlock`: `Accounts.unlock`, new after each `unlock`. `trouble`: why the file of accounts is not used."""

    known: bool
    unlock: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class PasswordChecked(ConsoleAnswer):
    """`role`: of the account; None when name and password do not fit."""

    role: Role | None


@dataclass(frozen=True, slots=True)
class ConsoleLost(ConsoleAnswer):
    """The serial line is gone; the console logs the person out."""
