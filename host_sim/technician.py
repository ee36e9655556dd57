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
from typing import Protocol

from host_sim.running import HANG_S, NotRunning
from host_sim.serial_cable import TERMINAL

QUIET_S = 0.05  # a row that looks like a question and goes on is none
MAINTENANCE_S = 1800.0  # longer than any session: so long `request maint` waits for the resident
ROW_MAX = 128  # characters that the machine takes, and echoes
_MODE = r"(?:[\w-]+ (\w+) [\w-]+ \d+|halted)"
_PROMPT = re.compile(rf"(?:^|\n){_MODE}> \Z")
_ANSWERED = re.compile(rf"(?:^|\n)(?:OK|ERR [^\n]*(?:\n    [^\n]*)*)\n{_MODE}> \Z")
_QUESTION = re.compile(r"(?:^|\n)[^\n]+: \Z")
_ASKS_PASSWORD = ("Password: ", "パスワード: ", "Pasuwado: ")  # in the languages of the line
_RESTARTS = ("Wait for its prompt.", "お待ちください", "omachi kudasai")
_STARTED = "has started."
_CODE = re.compile(r'(?:confirm |"confirm":")([0-9A-F]{4})\b')
_REFUSED = re.compile(r"^ERR .*?(?=^[\w-]+ \w+ [\w-]+ \d+> |\Z)", re.MULTILINE | re.DOTALL)
_NEW_ROW, _ANYTHING = re.compile("\n"), re.compile("")
_NAME = re.compile(r"[a-z][a-z0-9-]{1,19}")


class Port(Protocol):
    """The terminal's end of the line."""

    def read(self, timeout_s: float) -> bytes:
        """What has arrived; empty when nothing does within the time. Raises `NotRunning` when the line is gone."""
        ...

    def write(self, data: bytes) -> None: ...


class Terminal:
    """The `Port` of an open file descriptor."""

    def __init__(self, line: int) -> None:
        self._line = line

    def read(self, timeout_s: float) -> bytes:
        if not select.select([self._line], [], [], timeout_s)[0]:
            return b""
        try:
            data = os.read(self._line, 4096)
        except OSError:
            data = b""
        if not data:
            raise NotRunning("The line is cut: the world has ended. Start one with: python -m host_sim up")
        return data

    def write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._line, data) :]


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
    port: Port, script: Sequence[str], password_of: Callable[[str], str], show: Callable[[bytes], None]
) -> None:
    """Type the script, each line when the machine has answered the one before. Raises `Stopped` at the first ERR.

    Behind `request maint` it waits until maintenance has begun, also when a resident must go first.
    """
    rows = _rows(script)
    talk = _Talk(port, show)
    said, name = talk.broken_off(), ""  # ends a question that somebody left open
    for number, row in rows:
        code = _codes(said) if row == "confirm" else None
        if code == []:
            raise Stopped(number, row, "The line before showed no code, so there is nothing to confirm.")
        name = named[-1] if (named := _NAME.findall(row)) else name
        said = talk.said_to(f"confirm {code[-1]}" if code else row)
        while said.endswith(_ASKS_PASSWORD):
            said = talk.said_to(password_of(name), secret=True)
        if any(words in said for words in _RESTARTS):
            said += talk.started_again()
        if refused := _REFUSED.search(said):
            raise Stopped(number, row, " ".join(refused[0].split()))
        if row.split()[:2] == ["request", "maint"]:
            talk.in_maintenance(said)
    if rows and not _PROMPT.search(said):
        talk.broken_off()
        raise Stopped(*rows[-1], f"The script ends while the machine asks: {said.splitlines()[-1].strip()}")


def _rows(script: Sequence[str]) -> list[tuple[int, str]]:
    """What is to be typed, each row with its number. Raises `Stopped` for a row that the machine would refuse whole."""
    rows = [(number, row.strip()) for number, row in enumerate(script, start=1)]
    rows = [(number, row) for number, row in rows if row and not row.startswith("#")]
    for number, row in rows:
        if not row.isascii() or len(row) > ROW_MAX:
            raise Stopped(
                number, row, f"The line takes at most {ROW_MAX} characters of plain ASCII. Nothing was typed."
            )
    return rows


def _codes(said: str) -> list[str]:
    """The codes of the plans in this answer, also of one in JSON, which is broken into rows anywhere."""
    return _CODE.findall(said) or _CODE.findall(said.replace("\n", ""))


class _Talk:
    def __init__(self, port: Port, show: Callable[[bytes], None]) -> None:
        self._port = port
        self._show = show

    def said_to(self, row: str, *, secret: bool = False) -> str:
        """Type the row; everything behind its echo up to a question, or to OK or ERR and the next prompt.

        What came before the echo answers nothing of this row, as the prompt of a machine that has just started; nor does a note
        of the machine with a prompt of its own. Of a secret only the new row is echoed.
        """
        self._port.write(f"{row}\r".encode("ascii"))
        return self._heard(HANG_S, _NEW_ROW if secret else re.compile(rf"(?:^|> |: ){re.escape(row)}\n"), _ANSWERED)

    def broken_off(self) -> str:
        """Press Ctrl-C; what the machine says to it."""
        self._port.write(b"\x03")
        return self._heard(HANG_S, _NEW_ROW, _PROMPT)

    def started_again(self) -> str:
        said = ""
        while _STARTED not in said:
            said += self._heard(HANG_S, _ANYTHING, _PROMPT)
        return said

    def in_maintenance(self, said: str) -> None:
        """Wait for a prompt of maintenance."""
        while (prompt := _PROMPT.search(said)) and prompt[1] != "maint":
            said = self._heard(MAINTENANCE_S, _ANYTHING, _PROMPT)

    def _heard(self, timeout_s: float, behind: re.Pattern[str], end: re.Pattern[str]) -> str:
        """Everything from there to the end, or to a question. Raises `NotRunning` when the machine is silent for so long."""
        heard = b""
        while True:
            piece = self._port.read(QUIET_S)
            if not piece:
                said = heard.replace(b"\r\n", b"\n").decode("utf-8", "replace")
                begun = behind.search(said)
                answer = "" if begun is None else said[begun.end() :]
                if end.search(answer) or _QUESTION.search(answer):
                    return answer
                piece = self._port.read(timeout_s)
            if not piece:
                raise NotRunning("The machine says nothing on its line. Is it on? `python -m host_sim up` starts one.")
            self._show(piece)
            heard += piece
