"""What `help` and `?` show: the menu of commands, which fits a screen of 24 rows, and one command explained."""

from collections.abc import Sequence

from firmware.console.command import Command, Kind, When
from firmware.console.grammar import Refused

LIST_MAX = 18  # commands in one list; with the rows that wrap and the words below them it fits 24 rows
SECTIONS: dict[str, tuple[str, tuple[str, ...]]] = {  # no name is the first word of a command
    "looking": ("what the machine says", ("status", "reasons", "devices", "counters", "uncertain", "frames", "clock")),
    "records": ("the journal, and the evidence of a claim", ("journal", "claim")),
    "modes": ("maintenance, and out of service", ("request", "exit", "oos")),
    "testing": ("tests of the devices", ("readiness", "test")),
    "money": ("hoppers, acceptor, cash box", ("hopper", "acceptor", "cashbox")),
    "sheets": ("paper", ("paper",)),
    "books": ("daily close, match, claims, cases", ("reconcile", "close", "collect", "resolve", "lockout", "line")),
    "settings": ("settings, releases, systems, restart", ("config", "update", "system", "reboot")),
    "talking": ("this conversation", ("help", "version", "language", "login", "logout", "who", "confirm")),
}
MORE = "more"  # commands that no section names
_WHEN = {
    When.ALWAYS: "always",
    When.SERVICE: "while the machine is in service (`exit` ends maintenance)",
    When.MAINT: "in maintenance (`request maint` begins it)",
}

Menu = list[tuple[str, str]]  # for each number: the line that it stands for, and its row


def sections(commands: Sequence[Command]) -> dict[str, list[Command]]:
    """The commands by section, in the order of `SECTIONS`; sections without a command are left out."""
    named = {word: name for name, (_, words) in SECTIONS.items() for word in words}
    held = {name: [one for one in commands if named.get(one.words[0], MORE) == name] for name in (*SECTIONS, MORE)}
    return {name: rows for name, rows in held.items() if rows}


def menu(commands: Sequence[Command], section: str) -> Menu | None:
    """The menu of these commands, or of one section of them; None: there is no such section now.

    `section` "" gives all commands when they fit one list, else the sections.
    """
    held = sections(commands)
    if section:
        return _rows(held[section]) if section in held else None
    if len(commands) <= LIST_MAX:
        return _rows(commands)
    about = {name: SECTIONS[name][0] if name in SECTIONS else "further commands" for name in held}
    return [(f"help {name}", f"{name:9} {about[name]}: {_firsts(rows)}") for name, rows in held.items()]


def _rows(commands: Sequence[Command]) -> Menu:
    return [(one.spoken, f"{one.usage:28} {one.help}") for one in commands]


def _firsts(commands: Sequence[Command]) -> str:
    """In the quotes of what is typed, so that `journal` is not taken for a word to translate."""
    return ", ".join(dict.fromkeys(f"`{one.words[0]}`" for one in commands))


def explained(rows: Sequence[Command], topic: str) -> list[str]:
    """What `help` says of a command: its arguments, an example, who may type it and when. Raises `Refused`.

    A first word alone gives one row for each command that begins with it.
    """
    words = tuple(topic.split())
    found = [row for row in rows if row.words == words[: len(row.words)]]
    if found:
        return _explained(max(found, key=lambda row: len(row.words)))
    begun = [row for row in rows if row.words[: len(words)] == words]
    if not begun:
        raise Refused("unknown", f"There is no command `{topic[:20]}`. `help` lists the commands.")
    return [*(shown for _, shown in _rows(begun)), f"`? {begun[0].spoken}` tells more, and so for the others."]


def _explained(row: Command) -> list[str]:
    lines = [row.usage, f"  {row.help}"]
    lines += [f"  {one.sentence}{' It may be left out.' if one.otherwise else ''}" for one in row.takes]
    lines += [f"  Example: {row.example}"]
    who = "anyone" if None in row.roles else ", ".join(sorted(filter(None, row.roles)))
    lines += [f"  Who: {who}. When: {_WHEN[row.when]}."]
    if row.kind is Kind.PLANS:
        lines += ["  It shows first what would happen; `confirm CODE` within 30 s does it."]
    if row.pair is not None:
        lines += [f"  A second person in another role confirms; one of the two must be {row.pair}."]
    return lines
