"""A pulled cable logs out at once where the port can tell (console rule 7, fault E3): over real pseudo-terminals."""

import os
import pty
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from time import monotonic

import pytest

from drivers.errors import LineLost
from drivers.serial_stream import SerialStream
from firmware.console.desk import WRITE_S, ConsoleDesk
from firmware.console.messages import ConsoleLost, Print, Printed, Say, Typed
from firmware.desks import Answer
from host_sim.adapters.memory import MemoryStream
from host_sim.adapters.wire import WireKind
from host_sim.clock import VirtualClock
from host_sim.rig.console import Terminal

TODAY = date(2026, 11, 28)


class Clock:
    def monotonic(self) -> float:
        return monotonic()


class Lines:
    """Modem lines that a test moves; a pseudo-terminal has none."""

    up: bool | None = None

    def __call__(self) -> bool | None:
        return self.up


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    """The technician's end, and the port's name; a second handle keeps the port in existence."""
    master, slave = pty.openpty()
    yield master, os.ttyname(slave)
    os.close(slave)
    os.close(master)


def desk_on(port: str, lines: Lines) -> ConsoleDesk:
    desk = ConsoleDesk(
        SerialStream(port, 115200, Clock(), device="console"), Path("/nowhere"), lambda: TODAY, Clock(), lines
    )
    assert desk.poll() == [], "the first poll opens the port and drops what came before"
    return desk


def polled(desk: ConsoleDesk) -> list[Answer]:
    """What the next bytes cause."""
    while True:
        if answers := list(desk.poll()):
            return answers


def test_a_break_ends_the_conversation_and_what_was_typed_before_it(terminal: tuple[int, str]) -> None:
    master, port = terminal
    desk = desk_on(port, Lines())
    os.write(master, b"confirm 12\0")
    assert polled(desk) == [ConsoleLost()]
    os.write(master, b"34\r")
    (typed,) = polled(desk)
    assert isinstance(typed, Typed)
    assert typed.line.text == "34", "the next person's line has nothing of the one before"


def test_a_modem_line_that_goes_down_ends_it_once(terminal: tuple[int, str]) -> None:
    _, port = terminal
    lines = Lines()
    desk = desk_on(port, lines)
    lines.up = True
    assert desk.poll() == []
    lines.up = False
    assert desk.poll() == [ConsoleLost()]
    assert desk.poll() == []
    lines.up = True
    assert desk.poll() == []
    lines.up = False
    assert desk.poll() == [ConsoleLost()]


def test_a_port_whose_lines_are_never_up_is_used_all_the_same(terminal: tuple[int, str]) -> None:
    master, port = terminal
    lines = Lines()
    lines.up = False
    desk = desk_on(port, lines)
    os.write(master, b"who\r")
    (typed,) = polled(desk)
    assert isinstance(typed, Typed)


def test_a_pseudo_terminal_says_that_it_has_no_modem_lines(terminal: tuple[int, str]) -> None:
    stream = SerialStream(terminal[1], 115200, Clock(), device="console")
    assert stream.carrier() is None
    assert stream.read(1, 0.0) == b""
    assert stream.carrier() is None


def test_a_line_slower_than_the_text_gets_every_row_and_the_prompt() -> None:
    """9600 baud in virtual time: a long answer takes longer than any single wait."""
    clock, terminal = VirtualClock(), Terminal()
    stream = MemoryStream(terminal, clock, WireKind(baud=9600), lost=lambda: LineLost("console", "unplugged"))
    desk = ConsoleDesk(stream, Path("/nowhere"), lambda: TODAY, clock)
    desk.poll()
    rows = "".join(f"{number:6} {'x' * 70}\n" for number in range(400))
    desk.handle(Say(rows, "prompt> "))
    clock.advance(10.0)
    desk.poll()
    assert terminal.shown.decode() == rows.replace("\n", "\r\n") + "prompt> "
    assert clock.monotonic() > 4 * WRITE_S


def test_a_terminal_that_takes_nothing_is_given_up() -> None:
    clock = VirtualClock()

    class Silent:
        def read(self, _: int, __: float) -> bytes:
            return b""

        def write(self, _: bytes, timeout_s: float) -> int:
            clock.advance(timeout_s)
            return 0

        def close(self) -> None:
            pass

    desk = ConsoleDesk(Silent(), Path("/nowhere"), lambda: TODAY, clock)
    assert desk.handle(Print("a row\n")) == [Printed(whole=False)]
    assert clock.monotonic() == WRITE_S
