"""A technician's terminal at the real line of a world: pyserial at the person's end, and the pages of the handbook typed there."""

import re
from collections.abc import Callable

from serial import Serial

from host_sim.serial_cable import PASSWORD, TERMINAL
from host_sim.world import World
from tests.handbook import FOLDER, acts_of, outcomes, typed_in


class Terminal:
    def __init__(self, world: World) -> None:
        self._port = Serial(str(world.run / TERMINAL), 115200, timeout=900)

    def say(self, line: str, until: bytes = b"> ") -> str:
        self.write(line.encode() + b"\r")
        said = self.heard(until)
        while "has started." in "".join(
            said.splitlines()[-2:-1]
        ):  # the program began meanwhile; the answer comes behind
            said = self.heard(until)
        return said

    def write(self, data: bytes) -> None:
        self._port.reset_input_buffer()
        self._port.write(data)

    def heard(self, until: bytes = b"> ") -> str:
        return self._port.read_until(until).decode("utf-8")

    def asked(self, line: str) -> str:
        """Type a line; returns what is shown until the machine waits for the next one."""
        self.write(line.encode() + b"\r")
        shown = b""
        while not shown.endswith((b"> ", b"word: ", b"Second person: ", b"): ")):
            shown += self._port.read(1)
        return shown.decode("ascii").replace("\r\n", "\n")

    def log_in(self, name: str) -> str:
        self.say(f"login {name}", b"word: ")
        return self.say(PASSWORD)


def confirmed(terminal: Terminal, planned: str, second: str = "") -> str:
    word = f"confirm {planned.rsplit('confirm ', 1)[1][:4]}"
    if not second:
        return terminal.say(word)
    terminal.say(word, b"): ")
    terminal.say(second, b"word: ")
    return terminal.say(PASSWORD)


def replayed(terminal: Terminal, name: str, deed: Callable[[str], None], meant: Callable[[str, str], str]) -> None:
    """Type a page of the handbook. Each line must be answered as the page says: with OK, or with the same ERR.

    `deed`: does what the page's marks name. `meant`: what is typed for a line of the page, given what was shown before it.
    """
    terminal.asked("")
    for kind, told in acts_of((FOLDER / "handbook" / f"{name}.md").read_text(encoding="utf-8")):
        if kind:
            deed(told)
            continue
        shown, code = terminal.asked(""), ""
        for line in typed_in(told):
            typed = PASSWORD if line is None else re.sub(r"^confirm \w+", f"confirm {code}", meant(line, shown))
            shown += terminal.asked(typed)
            code = shown.rsplit("confirm ", 1)[-1][:4]
        # An item may have another number here than on the page: `meant` types the one that this machine gave it.
        met, page = (
            [(re.sub(r"^resolve \d+", "resolve", typed), end) for typed, end in outcomes(one)] for one in (shown, told)
        )
        assert met[:-1] == page, shown
