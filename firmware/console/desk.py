"""The console desk: carries lines between a technician's terminal and the loop, and checks passwords.

The loop gets one line at a time. Bytes typed before the next prompt wait here, not echoed: a password typed early is not
shown, and a flood of bytes costs the loop nothing. Passwords are hashed here, because scrypt is slow and must not stop the
loop. The machine serves without a terminal too, so this desk has no reason words.
"""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import assert_never

from drivers.errors import LineLost
from drivers.ports import ByteStream, Clock
from firmware.console.access import Accounts, AccountsUnusable, load, proves
from firmware.console.line import Line, LineReader
from firmware.console.messages import (
    CONSOLE,
    CheckPassword,
    ConsoleCommand,
    ConsoleLost,
    FindUser,
    PasswordChecked,
    Print,
    Printed,
    Say,
    Typed,
    UserFound,
)
from firmware.desks import Answer, Desk

POLL_S = 0.05
READ_BYTES = 512  # in one poll
AHEAD_BYTES = 1024  # kept of what is typed before the prompt
BREAK = b"\0"
INTERRUPT = b"\3"  # Ctrl-C
WRITE_S = (
    6.0  # a terminal that takes nothing for so long is not there: at 9600 baud a full buffer of 4 kB is empty before
)
AWAY_S = 2.0  # between two tries to open a lost port


class ConsoleDesk(Desk[ConsoleCommand]):
    name = CONSOLE

    def __init__(
        self,
        stream: ByteStream,
        users: Path,
        today: Callable[[], date],
        clock: Clock,
        carrier: Callable[[], bool | None] = lambda: None,
    ) -> None:
        """`users`: the file of accounts, read at each login, so that it can change while the machine runs.

        `carrier`: whether a terminal's modem lines are up; None where the port has none.
        """
        self._carrier = carrier
        self._had_carrier = False
        self._stream = stream
        self._users = users
        self._today = today
        self._clock = clock
        self._reader = LineReader()
        self._ahead = bytearray()
        self._held = b""  # read while rows were written
        self._lost_ahead = False
        self._under_way = False
        self._there = False
        self._try_at_s = 0.0

    def start(self) -> Sequence[Answer]:
        return []

    def handle(self, command: ConsoleCommand) -> Sequence[Answer]:
        match command:
            case Say(text=text, prompt=prompt, secret=secret, helps=helps):
                asked = "" if prompt is None else self._reader.asks(prompt, secret=secret, helps=helps)
                self._under_way = self._under_way and prompt is None
                self._write(text.replace("\n", "\r\n") + asked)
                return []
            case Print(text=text):
                return [Printed(self._write(text.replace("\n", "\r\n")), self._was_interrupted())]
            case FindUser(name=name):
                return [self._find(name)]
            case CheckPassword(name=name, password=password):
                account = self._accounts().people.get(name)
                right = proves(account, password, self._today())
                return [PasswordChecked(account.role if account and right else None)]
            case _:
                assert_never(command)

    def poll(self) -> Sequence[Answer]:
        if self._clock.monotonic() < self._try_at_s:
            return []
        try:
            data = self._held + self._stream.read(READ_BYTES, 0.0)
            self._there, self._held = True, b""
        except LineLost:
            return self._lost()
        if self._was_unplugged(data):
            for byte in data:  # nobody's line any more: only the noise in it is counted
                self._reader.feed(byte)
            self._forget()
            return [ConsoleLost()]
        if self._under_way and INTERRUPT in data:
            return self._interrupted(data)
        room = AHEAD_BYTES - len(self._ahead)
        self._lost_ahead |= len(data) > room
        self._ahead += data[:room]
        return [] if self._under_way else self._next_line()

    def poll_every_s(self) -> float:
        return POLL_S

    @property
    def at_rest(self) -> bool:
        """Whether a poll that reads nothing would do nothing: no byte typed before is left."""
        return self._there and not (self._held or self._ahead or self._lost_ahead or self._had_carrier)

    # --- inside ---------------------------------------------------------------------------------

    def _was_interrupted(self) -> bool:
        """Whether Ctrl-C came while rows were written. What came behind it, or a BREAK, is left for the next poll."""
        try:
            data = self._stream.read(READ_BYTES, 0.0)
        except LineLost:  # the next poll reports it
            return False
        self._held = data if BREAK in data else data[data.rfind(INTERRUPT) + 1 :]
        return INTERRUPT in data

    def _interrupted(self, data: bytes) -> Sequence[Answer]:
        """Ctrl-C while a command runs. What was typed before it is dropped, as every terminal does."""
        self._lost_ahead = False
        self._ahead = bytearray(data[data.rindex(INTERRUPT) + 1 :])
        return [Typed(Line("", "cleared"), self._reader.noise)]

    def _next_line(self) -> Sequence[Answer]:
        """Read the bytes that have arrived, up to the end of one line."""
        shown = bytearray()
        for count, byte in enumerate(self._ahead, start=1):
            echo, line = self._reader.feed(byte)
            shown += echo
            if line is not None:
                del self._ahead[:count]
                self._under_way = True
                self._write(shown.decode("ascii"))
                return [Typed(line, self._reader.noise)]
        self._ahead.clear()
        if self._lost_ahead:
            self._lost_ahead = False
            self._reader.feed(0)  # bytes were dropped: mark the line as noise, so that it is refused
        self._write(shown.decode("ascii"))
        return []

    def _write(self, text: str) -> bool:
        """Whether the terminal took everything. A slow line is waited for as long as it takes some bytes."""
        if not text or self._clock.monotonic() < self._try_at_s:
            return not text
        data = text.encode("utf-8")  # the console says only ASCII until somebody asks for Japanese
        try:
            while data and (taken := self._stream.write(data, WRITE_S)):
                data = data[taken:]
        except LineLost:  # a later `poll` reports it
            self._try_at_s = self._clock.monotonic() + AWAY_S
        return not data

    def _was_unplugged(self, data: bytes) -> bool:
        """Whether the cable was pulled, as far as the port can tell: a modem line went down, or a BREAK came (console rule 7).

        A BREAK arrives as a zero byte, which no terminal sends for a key of a command.
        """
        had_carrier, carrier = self._had_carrier, self._carrier()
        self._had_carrier = bool(carrier)
        return BREAK in data or (had_carrier and carrier is False)

    def _forget(self) -> None:
        self._ahead.clear()
        self._held, self._under_way = b"", False
        self._reader.forget()

    def _lost(self) -> Sequence[Answer]:
        was_there, self._there = self._there, False
        self._try_at_s = self._clock.monotonic() + AWAY_S
        self._had_carrier = False
        self._forget()
        return [ConsoleLost()] if was_there else []

    def _accounts(self) -> Accounts:
        try:
            return load(self._users)
        except AccountsUnusable:
            return Accounts()

    def _find(self, name: str) -> UserFound:
        try:
            accounts = load(self._users)
        except AccountsUnusable as trouble:
            return UserFound(known=False, trouble=str(trouble))
        return UserFound(name in accounts.people, accounts.unlock)
