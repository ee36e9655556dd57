"""The console's grammar: bytes to lines, lines to calls. Closed and pure: nothing is evaluated, no word is a path.

A line is at most 128 characters of printable ASCII, ended by CR, LF or both. Anything else that arrives is counted and
never echoed, and the line it stood in is refused whole: a command that lost a character may be another command.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from firmware.console.access import Role

LINE_MAX = 128
_CR, _LF, _BS, _DEL, _CTRL_C, _CTRL_U = 13, 10, 8, 127, 3, 21


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `trouble`: "" or why it must not be read (`long`, `noise`); its text is empty then."""

    text: str = field(repr=False)  # may be a password
    trouble: str = ""


class LineReader:
    """Puts lines together and says what a terminal should show of them. Bounded by `LINE_MAX`."""

    def __init__(self) -> None:
        self.noise = 0  # bytes that no keyboard sends to us
        self.overlong = 0  # lines
        self.echoing = True
        self._line = bytearray()
        self._trouble = ""
        self._after_cr = False

    def feed(self, byte: int) -> tuple[bytes, Line | None]:
        """One byte: what to echo, and the line if it ends one."""
        after_cr, self._after_cr = self._after_cr, byte == _CR
        if byte in {_CR, _LF}:
            return (b"", None) if byte == _LF and after_cr else (b"\r\n", self._end())
        if byte in {_CTRL_C, _CTRL_U}:
            self._line.clear()
            self._trouble = ""
            return b"\r\n" if byte == _CTRL_C else b"", (Line("", "cleared") if byte == _CTRL_C else None)
        if byte in {_BS, _DEL}:
            if not self._line:
                return b"", None
            self._line.pop()
            return (b"\b \b" if self.echoing else b""), None
        if not 32 <= byte <= 126:
            self.noise += 1
            self._trouble = self._trouble or "noise"
            return b"", None
        if len(self._line) >= LINE_MAX:
            self._trouble = "long"
            return b"", None
        self._line.append(byte)
        return (bytes((byte,)) if self.echoing else b""), None

    def _end(self) -> Line:
        text, trouble = self._line.decode("ascii"), self._trouble
        self._line.clear()
        self._trouble = ""
        if trouble == "long":
            self.overlong += 1
        return Line("" if trouble else text, trouble)


class When(StrEnum):
    """In which mode of the machine a command is taken."""

    ALWAYS = "always"
    SERVICE = "service"
    MAINT = "maint"


ANYONE: frozenset[Role] = frozenset()  # also before a login
ALL = frozenset(Role)
STAFF = ALL - {Role.VIEWER}
TECHNICIAN = frozenset({Role.TECHNICIAN})
MONEY = frozenset({Role.CASH, Role.TECHNICIAN})
CASH = frozenset({Role.CASH})
GUARDIAN = frozenset({Role.SECURITY})
SETTERS = TECHNICIAN | GUARDIAN
GUARD = frozenset({Role.SECURITY, Role.TECHNICIAN, Role.CASH})

_KINDS: Mapping[str, str] = {
    "N": r"[0-9]{1,6}",
    "SERIAL": r"[0-9]{1,8}",
    "YEN": r"[0-9]{1,6}",
    "PLAN": r"[1-9][0-9]?x[1-9][0-9]{0,2}(,[1-9][0-9]?x[1-9][0-9]{0,2}){0,3}",
    "CODE": r"[A-HJ-NP-Za-hj-np-z2-9]{4}-?[A-HJ-NP-Za-hj-np-z2-9]{4}",
    "CONFIRM": r"[0-9A-Fa-f]{4}",
    "NAME": r"[a-z][a-z0-9-]{1,19}",
    "DECISION": r"issued|void|paid|unpaid|seen|told",
    "REASON": r"[a-z][a-z0-9-]{1,23}",
    "ON": r"on|off",
    "KEY": r"[a-z][a-z_]{0,30}(\.[a-z][a-z_]{0,30}){1,2}",
    "VALUE": r"[!-~]{1,90}",
}
_SHOWN = {"ON": "on|off", "CONFIRM": "CODE", "DECISION": "issued|void|paid|unpaid|seen|told"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One line of the table. `takes`: names of argument kinds, `?` behind one that may be left out."""

    words: tuple[str, ...]
    takes: tuple[str, ...] = ()
    roles: frozenset[Role]
    when: When = When.ALWAYS
    acts: bool = False  # journalled before it acts, and again with its outcome
    confirms: bool = False  # a dry run first, then `confirm`
    pair: Role | None = None  # a second person approves, and one of the two has this role
    help: str

    @property
    def verb(self) -> str:
        return ".".join(self.words)

    @property
    def usage(self) -> str:
        """How it is written: small letters as they stand, capitals for what is meant, brackets around what may go."""
        shown = [_SHOWN.get(kind.rstrip("?"), kind.rstrip("?")) for kind in self.takes]
        wrapped = [f"[{name}]" if kind.endswith("?") else name for name, kind in zip(shown, self.takes, strict=True)]
        return " ".join((*self.words, *wrapped))


def _read(words: str, takes: str = "", when: When = When.ALWAYS, *, of: frozenset[Role] = ALL, about: str) -> Command:
    return Command(words=tuple(words.split()), takes=tuple(takes.split()), roles=of, when=when, help=about)


def _act(
    words: str,
    takes: str = "",
    when: When = When.MAINT,
    *,
    of: frozenset[Role],
    about: str,
    confirms: bool = False,
    pair: Role | None = None,
) -> Command:
    return Command(
        words=tuple(words.split()),
        takes=tuple(takes.split()),
        roles=of,
        when=when,
        acts=True,
        confirms=confirms,
        pair=pair,
        help=about,
    )


COMMANDS: tuple[Command, ...] = (
    _read("help", of=ANYONE, about="what you may do now"),
    _read("version", of=ANYONE, about="program, machine, journal"),
    _read("login", "NAME", of=ANYONE, about="asks for the password"),
    _read("logout", about="the line is free for the next"),
    _read("who", about="who is logged in"),
    _read("status", about="mode, reasons, session, queue"),
    _read("devices", about="what the devices say (afresh in maintenance)"),
    _read("counters", about="totals for life, cash box, hoppers, sheets"),
    _read("uncertain", about="what a person must look at, numbered"),
    _read("journal tail", "N?", about="the last records"),
    _read("journal verify", when=When.MAINT, about="reads the whole chain"),
    _read("journal export", "N?", When.MAINT, of=GUARDIAN, about="records with their hashes, under a checkpoint"),
    _read("claim", "CODE", When.MAINT, of=STAFF, about="evidence: the session, the one before, the one after"),
    _read("clock show", about="time, and how long the machine runs"),
    _read("config show", about="unit file and settings in force"),
    _read("config set", "KEY VALUE", When.MAINT, of=SETTERS, about="edits a candidate; nothing changes yet"),
    _read("config unset", "KEY", When.MAINT, of=SETTERS, about="in the candidate, as the unit file says"),
    _read("config diff", of=STAFF, about="the candidate against what is in force"),
    _read("config check", of=STAFF, about="whether unit file and candidate could be used"),
    _act(
        "config commit",
        of=SETTERS,
        confirms=True,
        pair=Role.SECURITY,
        about="tries the candidate: restarts, and back unless kept",
    ),
    _act("config keep", when=When.ALWAYS, of=SETTERS, confirms=True, about="keeps the settings on trial"),
    _act(
        "config rollback",
        of=SETTERS,
        confirms=True,
        pair=Role.SECURITY,
        about="gives up a trial, or tries the settings before",
    ),
    _read("update status", about="which release runs, and what lies ready"),
    _act("update apply", of=SETTERS, confirms=True, pair=Role.SECURITY, about="tries the release that lies ready"),
    _act("update rollback", of=SETTERS, confirms=True, pair=Role.SECURITY, about="gives up a release on trial"),
    _act("request maint", when=When.SERVICE, of=STAFF, about="maintenance, as soon as nobody is served"),
    _act("exit", of=STAFF, about="self-test, and back to service"),
    _act("oos", "ON REASON?", When.ALWAYS, of=TECHNICIAN | GUARDIAN, about="out of service, after the session"),
    _act("test card", of=TECHNICIAN, about="put a card in first, or none"),
    _act("test keypad", of=TECHNICIAN, about="press each key once, within 30 s"),
    _act("test acceptor", of=TECHNICIAN, about="the coin acceptor answers"),
    _act("test hopper", of=TECHNICIAN, about="every hopper answers; nothing is paid"),
    _act("test printer", of=TECHNICIAN, about="a marked page and a marked slip"),
    _act("test line", of=TECHNICIAN, about="the issuing centre answers"),
    _act("test screen", of=TECHNICIAN, about="two pictures, three seconds each"),
    _act("test all", of=TECHNICIAN, about="everything that needs no hands"),
    _act("hopper float", "YEN N", of=CASH, confirms=True, pair=Role.CASH, about="this hopper holds N coins: counted"),
    _act("hopper load", "YEN N", of=MONEY, confirms=True, about="N coins were added to this hopper"),
    _act("hopper pay", "PLAN", of=MONEY, confirms=True, pair=Role.CASH, about="lets hoppers pay, as 3x100,1x500"),
    _act("acceptor coins", of=TECHNICIAN, about="test coins for 20 s, into an account of their own"),
    _act("acceptor pair", "SERIAL", of=GUARD, confirms=True, pair=Role.SECURITY, about="this acceptor is ours"),
    _act("cashbox emptied", "YEN", of=CASH, confirms=True, pair=Role.CASH, about="it was taken out and holds YEN"),
    _act("paper load", "N", of=MONEY, about="N sheets are in the printer now"),
    _act("paper cut", of=TECHNICIAN, about="clears the printer's path"),
    _act("reconcile", of=GUARD, confirms=True, about="four-way match; security accepts what differs"),
    _act("close", of=CASH, about="daily close: match, Z-report, checkpoint"),
    _act("close print", of=CASH, about="the same, and the Z-report on the receipt printer"),
    _act("collect", "CODE", of=MONEY, confirms=True, pair=Role.CASH, about="pays a claim here, two persons"),
    _act(
        "resolve",
        "N DECISION REASON",
        When.ALWAYS,
        of=GUARD,
        confirms=True,
        pair=Role.SECURITY,
        about="closes an item of `uncertain`",
    ),
    _act("line clear", of=GUARD, confirms=True, pair=Role.SECURITY, about="after an answer that was not ours"),
    _act("reboot", of=TECHNICIAN | GUARDIAN, confirms=True, about="ends the program; it is started again"),
    _read("confirm", "CONFIRM", about="does what was planned, within 30 s"),
)


@dataclass(frozen=True, slots=True)
class Call:
    """A line that is understood. `arguments` in the order of `command.takes`, those left out left out."""

    command: Command
    arguments: tuple[str, ...] = ()
    as_json: bool = False

    @property
    def verb(self) -> str:
        """For the journal: the words, and arguments that the grammar let through. A claim's code is money: two letters of it."""
        given = zip(self.command.takes, self.arguments, strict=False)
        told = (f"{word[:2]}......" if kind == "CODE" else word.replace(",", "+") for kind, word in given)
        return "/".join((self.command.verb, *(word.lower() for word in told)))


class Refused(Exception):
    """The answer is ERR: `code` for a program, a sentence for a person."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def legal(role: Role | None, mode: When) -> Iterator[Command]:
    """What this role may type in this mode (`SERVICE` or `MAINT`), in the order of the table."""
    for command in COMMANDS:
        if command.when in {When.ALWAYS, mode} and may(role, command):
            yield command


def may(role: Role | None, command: Command) -> bool:
    return command.roles == ANYONE or role in command.roles


def parse(text: str, role: Role | None, mode: When) -> Call:
    """What is meant by one line. Raises `Refused`; looks at rights last, so that a typing error is told as one."""
    words = text.split()
    as_json = "--json" in words
    words = [word for word in words if word != "--json"]
    if not words:
        raise Refused("empty", "Type `help`.")
    if len(words) == 1 and re.fullmatch("[0-9]{1,2}", words[0]):
        words = list(_numbered(int(words[0]), role, mode).words)
    if words[0] == "?":
        words[0] = "help"
    command = max(
        (c for c in COMMANDS if tuple(words[: len(c.words)]) == c.words), key=lambda c: len(c.words), default=None
    )
    if command is None:
        nexts = sorted({c.words[1] for c in legal(role, mode) if len(c.words) > 1 and c.words[0] == words[0]})
        follow = f" After `{words[0]}` comes: {', '.join(nexts)}." if nexts else " Type `help`."
        raise Refused("unknown", f"There is no such command.{follow}")
    if not may(role, command):
        raise Refused("login" if role is None else "role", "Log in first." if role is None else _not_yours(command))
    if command.when not in {When.ALWAYS, mode}:
        wanted = "`request maint` first" if command.when is When.MAINT else "the machine is in maintenance already"
        raise Refused("mode", f"Not in this mode: {wanted}.")
    if as_json and command.acts:
        raise Refused("json", "Only commands that read have a --json form.")
    return Call(command, _arguments(command, words[len(command.words) :]), as_json)


def _numbered(number: int, role: Role | None, mode: When) -> Command:
    listed = list(legal(role, mode))
    if not 1 <= number <= len(listed):
        raise Refused("unknown", f"The list of `help` ends at {len(listed)}.")
    return listed[number - 1]


def _not_yours(command: Command) -> str:
    return f"This needs the role {' or '.join(sorted(command.roles))}."


def _arguments(command: Command, given: list[str]) -> tuple[str, ...]:
    least = sum(not kind.endswith("?") for kind in command.takes)
    fits = least <= len(given) <= len(command.takes)
    if not fits or not all(
        re.fullmatch(_KINDS[kind.rstrip("?")], word) for kind, word in zip(command.takes, given, strict=False)
    ):
        raise Refused("arguments", f"It is written: {command.usage}")
    return tuple(given)
