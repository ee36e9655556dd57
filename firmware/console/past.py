"""What the arrow keys and Tab offer a person: the lines typed since the login, and the commands that are open to them."""

import re
from collections.abc import Iterable, Sequence

from firmware.console.command import Command
from firmware.console.grammar import Argument
from firmware.console.line import Helps

PAST_MAX = 50
_WORDS = re.compile(r"[a-z]+(\|[a-z]+)+")  # the pattern of an argument that is one of a few words


class Past:
    """The lines of one person. A password is never among them: only a line that begins with a command's words is kept,
    with no more arguments than it takes, and none whose value is worth money."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._whose: object = None

    def keep(self, rows: Iterable[Command], text: str) -> None:
        words = text.split()
        for row in rows:
            given = len(words) - len(row.words)
            if tuple(words[: len(row.words)]) == row.words and given <= len(row.takes) + words.count("--json"):
                if not any(argument.masked for argument in row.takes):
                    self._lines = [*(line for line in self._lines if line != text), text][-PAST_MAX:]
                return

    def helps(self, whose: object, rows: Sequence[Command]) -> Helps:
        """For the next prompt. `whose`: the person; another one finds nothing of what was typed before."""
        if whose != self._whose:
            self._lines, self._whose = [], whose
        return Helps(tuple(self._lines), tuple(_words(rows)))


def _words(rows: Sequence[Command]) -> Iterable[str]:
    for row in rows:
        if not row.takes:
            yield row.spoken
        elif _WORDS.fullmatch(row.takes[0].pattern):
            yield from (f"{row.spoken} {word}{_gap(row.takes[1:])}" for word in row.takes[0].pattern.split("|"))
        else:
            yield f"{row.spoken} "


def _gap(more: Sequence[Argument[object]]) -> str:
    return " " if more else ""
