"""What a console command is, and how a line becomes a call of one. `table.py` has the commands, one row each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Concatenate, Generic, TypeVar, overload

from firmware.console.access import Role
from firmware.console.grammar import Argument, Refused

Roles = frozenset[Role | None]  # None: before a login


class When(StrEnum):
    """The mode of the machine in which a command is allowed."""

    ALWAYS = "always"
    SERVICE = "service"
    MAINT = "maint"


class Kind(StrEnum):
    """How the console runs a command's function."""

    TALKS = "talks"  # its function is given the conversation itself
    READS = "reads"
    ACTS = "acts"  # acts at once; in the journal before it acts, and again with its outcome
    PLANS = "plans"  # gives a dry run; `confirm` acts, in the journal as above


A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
Subject = TypeVar("Subject")
Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class Run(Generic[Subject, Outcome]):
    """A function and the arguments it takes after its subject. Made by `runs`."""

    function: Callable[Concatenate[Subject, ...], Outcome]
    takes: tuple[Argument[Any], ...]


@overload
def runs(function: Callable[[Subject], Outcome]) -> Run[Subject, Outcome]: ...
@overload
def runs(function: Callable[[Subject, A], Outcome], a: Argument[A], /) -> Run[Subject, Outcome]: ...
@overload
def runs(function: Callable[[Subject, A, B], Outcome], a: Argument[A], b: Argument[B], /) -> Run[Subject, Outcome]: ...
@overload
def runs(
    function: Callable[[Subject, A, B, C], Outcome], a: Argument[A], b: Argument[B], c: Argument[C], /
) -> Run[Subject, Outcome]: ...
def runs(function: Callable[..., Outcome], *takes: Argument[Any]) -> Run[Any, Outcome]:
    """Make a `Run`. The overloads, one for each number of arguments, let mypy check the function's types."""
    return Run(function, takes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One row. Made by `talks`, `reads`, `acts` and `plans` of `table.py`, which type the function of each kind."""

    words: tuple[str, ...]
    run: Run[Any, Any]
    kind: Kind
    roles: Roles
    when: When
    help: str
    pair: Role | None = None  # a second person approves the plan, and one of the two has this role
    elsewhere: str = ""  # what is said of it in the other mode; empty: the way into its own

    @property
    def takes(self) -> tuple[Argument[Any], ...]:
        return self.run.takes

    @property
    def acts(self) -> bool:
        return self.kind in {Kind.ACTS, Kind.PLANS}

    @property
    def verb(self) -> str:
        return ".".join(self.words)

    @property
    def spoken(self) -> str:
        return " ".join(self.words)

    @property
    def example(self) -> str:
        """A line with which this command runs."""
        return " ".join((*self.words, *(argument.example for argument in self.takes)))

    @property
    def usage(self) -> str:
        """How to type it: small letters as they are, capitals for values, brackets around what may be left out."""
        shown = (f"[{argument.name}]" if argument.otherwise else argument.name for argument in self.takes)
        return " ".join((*self.words, *shown))


@dataclass(frozen=True, slots=True)
class Call:
    """A line that was read. `values`: as the function takes them; `given`: as they were typed."""

    command: Command
    values: tuple[Any, ...] = ()
    given: tuple[str, ...] = ()
    as_json: bool = False

    @property
    def verb(self) -> str:
        """For the journal: the words, and the arguments with secrets masked."""
        kept = (argument.kept(word) for argument, word in zip(self.command.takes, self.given, strict=False))
        return "/".join((self.command.verb, *kept))

    def start(self, subject: object) -> Any:
        """Call the function with its subject; the makers in `table.py` give the type of the result."""
        return self.command.run.function(subject, *self.values)


def legal(rows: Sequence[Command], role: Role | None, mode: When) -> Iterator[Command]:
    """The commands of this role in this mode (`SERVICE` or `MAINT`), in the order of the table."""
    return (row for row in rows if row.when in {When.ALWAYS, mode} and role in row.roles)


class Unfinished(Refused):
    """A command without all of its arguments. The console asks for the rest one by one; a program gets the refusal."""

    def __init__(self, command: Command, given: Sequence[str], sentence: str) -> None:
        super().__init__("arguments", sentence)
        self.command = command
        self.given = tuple(given)


def parse(rows: Sequence[Command], text: str, role: Role | None, mode: When) -> Call:
    """The call in this line. Raises `Refused`: unknown command, wrong role, wrong mode or wrong arguments."""
    words = text.split()
    as_json = "--json" in words
    words = [word for word in words if word != "--json"]
    if not words:
        raise Refused("empty", "Type `help`.")
    if "?" in (words[0], words[-1]):
        words = ["help", *(word for word in words if word != "?")]
    command = _meant(rows, words, role, mode)
    _must_be_open(command, role, mode)
    given = words[len(command.words) :]
    if command.words == ("help",) and given:
        given = [" ".join(given)]  # the only argument that is more than one word
    return Call(command, _values(command, given), tuple(given), as_json)


def _meant(rows: Sequence[Command], words: Sequence[str], role: Role | None, mode: When) -> Command:
    """The row with these words. Raises `Refused`: no such command, or one that is unfinished or not open now."""
    meant = [row for row in rows if tuple(words[: len(row.words)]) == row.words]
    if meant:
        return max(meant, key=lambda row: len(row.words))
    begun = [row for row in rows if row.words[0] == words[0]]
    if not begun:
        raise Refused("unknown", f"There is no command `{words[0][:20]}`. `help` lists the commands.")
    nexts = sorted({row.words[1] for row in legal(begun, role, mode)})
    if nexts:
        what = "This command is not finished." if len(words) == 1 else "There is no such command."
        raise Refused("unknown", f"{what} After `{words[0]}` comes: {', '.join(nexts)}.")
    mine = [row for row in begun if role in row.roles]
    _must_be_open((mine or begun)[0], role, mode)
    raise AssertionError("a row that is not legal is not open")


def _must_be_open(command: Command, role: Role | None, mode: When) -> None:
    """Raises `Refused` when this role may not use the command, or not in this mode."""
    if role not in command.roles:
        if role is None:
            raise Refused("login", "Log in first: `login NAME`.")
        wanted = " or ".join(sorted(filter(None, command.roles)))
        raise Refused("role", f"This needs the role {wanted}; you are {role}. Somebody with that role must log in.")
    if command.when not in {When.ALWAYS, mode}:
        raise Refused("mode", command.elsewhere or _WAY[command.when])


_WAY = {
    When.MAINT: "Only in maintenance. Type `request maint` first.",
    When.SERVICE: "Only in service. `exit` ends maintenance.",
}
NO_MORE = "This command takes no further word."
TOO_MANY = "These are too many words; each argument is one word, without a space."


def _values(command: Command, given: Sequence[str]) -> tuple[Any, ...]:
    """The values of the arguments. Raises `Refused` with the usage of the command and an example."""
    takes = command.takes
    if len(given) > len(takes):
        raise Refused("arguments", f"{TOO_MANY if takes else NO_MORE} {_how_to_type(command)}")
    if len(given) < sum(not argument.otherwise for argument in takes):
        raise Unfinished(command, given, _how_to_type(command))
    left_out = [argument.otherwise[0] for argument in takes[len(given) :]]
    return (*(read(command, argument, word) for argument, word in zip(takes, given, strict=False)), *left_out)


def read(command: Command, argument: Argument[A], word: str) -> A:
    """The value of one argument of this command. Raises `Refused` with the usage and an example."""
    try:
        return argument.read(word)
    except Refused as refused:
        raise Refused(refused.code, f"{refused.sentence} {_how_to_type(command)}") from None


def _how_to_type(command: Command) -> str:
    return f"Type: {command.usage}{f' (as `{command.example}`)' if command.takes else ''}"
