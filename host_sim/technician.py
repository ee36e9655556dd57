"""The person's end of the maintenance line: one terminal at a time, and a script that is typed for a person.

A script has one line for each line typed; empty lines and those that begin with # are left out. What the machine asks is
answered by the next line. A password is never in a script: it is looked up under the name that was typed last.
"""

import contextlib
import fcntl
import os
import re
import select
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from host_sim.running import HANG_S, NotRunning
from host_sim.serial_cable import TERMINAL

QUIET_S = 0.05  # a row that looks like a question and goes on is none
_PROMPT = re.compile(rb"(?:^|\n)(?:[\w-]+ \w+ [\w-]+ \d+|halted)> \Z")
_QUESTION = re.compile(rb"(?:^|\n)[^\n]{1,60}: \Z")
_ASKS_PASSWORD = ("Password: ", "パスワード: ", "Pasuwado: ")  # in the languages of the line
_RESTARTS = ("Wait for its prompt.", "お待ちください", "omachi kudasai")
_STARTED = "has started."
_CODE = re.compile(r'(?:confirm |"confirm":")([0-9A-F]{4})\b')
_NAME = re.compile(r"[a-z][a-z0-9-]{1,19}")


@contextlib.contextmanager
def opened(run: Path) -> Iterator[int]:
    """The terminal's end of the line of the world in this run directory. Raises `NotRunning`, also when somebody uses it."""
    path = run / TERMINAL
    try:
        line = os.open(path, os.O_RDWR | os.O_NOCTTY)
    except OSError:
        raise NotRunning(
            f"There is no {path}, so no world with a console is up. Start one with: python -m host_sim up"
        ) from None
    try:
        fcntl.flock(line, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield line
    except BlockingIOError:
        raise NotRunning(
            "Another terminal is open at the line. Close it first: the panel's, or the other one."
        ) from None
    finally:
        os.close(line)


@dataclass(frozen=True, slots=True)
class Stopped(Exception):
    """A script did not run to its end. `number`: of its line; `answer`: the machine's ERR, or what is wrong with the script."""

    number: int
    line: str
    answer: str

    def __str__(self) -> str:
        return f"line {self.number}: {self.line}\n{self.answer}"


def type_script(
    line: int, script: Sequence[str], password_of: Callable[[str], str], show: Callable[[bytes], None]
) -> None:
    """Type the script at an open line, each line when the machine has answered the one before. Raises `Stopped` at the first ERR."""
    rows = [(number, row.strip()) for number, row in enumerate(script, start=1)]
    rows = [(number, row) for number, row in rows if row and not row.startswith("#")]
    talk = _Talk(line, show)
    talk.type("\x03")  # ends a question that somebody left open
    said, name = talk.answer(), ""
    for number, row in rows:
        code = _CODE.findall(said) if row == "confirm" else None
        if code == []:
            raise Stopped(number, row, "The line before showed no code, so there is nothing to confirm.")
        talk.type(f"confirm {code[-1]}\r" if code else f"{row}\r")
        name = named[-1] if (named := _NAME.findall(row)) else name
        said = talk.answer()
        while said.endswith(_ASKS_PASSWORD):
            talk.type(f"{password_of(name)}\r")
            said = talk.answer()
        if any(words in said for words in _RESTARTS):
            while _STARTED not in said:
                said += talk.answer()
        if refused := re.search(r"^ERR .*?(?=^[\w-]+ \w+ [\w-]+ \d+> |\Z)", said, re.MULTILINE | re.DOTALL):
            raise Stopped(number, row, " ".join(refused[0].split()))
    if rows and not _PROMPT.search(said.encode()):
        talk.type("\x03")
        raise Stopped(*rows[-1], f"The script ends while the machine asks: {said.splitlines()[-1].strip()}")


class _Talk:
    def __init__(self, line: int, show: Callable[[bytes], None]) -> None:
        self._line = line
        self._show = show

    def type(self, text: str) -> None:
        os.write(self._line, text.encode("ascii", "replace"))

    def answer(self) -> str:
        """Everything up to the next prompt or question. Raises `NotRunning` when the machine says nothing for minutes."""
        heard = b""
        while not (self._is_silent() and b"\n" in heard and (_PROMPT.search(heard) or _QUESTION.search(heard))):
            if not select.select([self._line], [], [], HANG_S)[0]:
                raise NotRunning("The machine says nothing on its line. Is it on? `python -m host_sim up` starts one.")
            piece = os.read(self._line, 4096).replace(b"\r\n", b"\n")
            self._show(piece)
            heard += piece
        return heard.decode("utf-8", "replace")

    def _is_silent(self) -> bool:
        return not select.select([self._line], [], [], QUIET_S)[0]
