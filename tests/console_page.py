"""Draws the list of the console's commands from its table: `python -m tests.console_page` rewrites its README."""

from pathlib import Path

from firmware.console.access import Role
from firmware.console.command import Command, Kind, When
from firmware.console.table import ALL, ANYONE, COMMANDS
from tests.drawn_page import redrawn

README = Path(__file__).parent.parent / "firmware" / "console" / "README.md"
MODES = {When.ALWAYS: "any", When.SERVICE: "service", When.MAINT: "maintenance"}


def who(command: Command) -> str:
    if command.roles in {ANYONE, ALL}:
        return "anyone" if command.roles == ANYONE else "whoever is logged in"
    return ", ".join(role for role in Role if role in command.roles)


def first(command: Command) -> str:
    """What the console requires before the command acts: a dry run, a second person, or "" for neither."""
    two = f", two people, one of them {command.pair}" if command.pair else ""
    return f"dry run{two}" if command.kind is Kind.PLANS else ""


def drawing() -> str:
    lines = ["| command | what it does | who | mode | first |", "|---|---|---|---|---|"]
    for command in COMMANDS:
        usage = command.usage.replace("|", "\\|")
        lines.append(f"| `{usage}` | {command.help} | {who(command)} | {MODES[command.when]} | {first(command)} |")
    return "\n".join(lines) + "\n"


def page(current: str) -> str:
    """The README's text with its drawn part made again from the table."""
    return redrawn(current, drawing())


if __name__ == "__main__":
    README.write_text(page(README.read_text(encoding="utf-8")), encoding="utf-8")
