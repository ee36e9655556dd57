"""A machine in virtual time with a technician at its serial line: console, terminal and accounts, all in memory.

The terminal types whole lines and shows what comes back, at the speed of the real serial line.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from drivers import frame_words
from drivers.card.reader import CardReaderDriver
from drivers.errors import LineLost
from drivers.line.centre import Transport
from drivers.line.traced import TracedTransport
from drivers.ports import ByteStream
from drivers.trace import Tap, TracedStream, keep_all, keep_sent, same_bytes
from firmware.assemble import ConsoleLine
from firmware.config.settings import Settings, at_start, why_unusable
from firmware.config.unit import Unit
from firmware.console.access import Account, Accounts, Role, scrypt, spell
from firmware.console.desk import ConsoleDesk
from firmware.desks import Desk
from firmware.journal.memory import Memory
from firmware.update.standing import CardSystems
from firmware.update.updates import Updates
from host_sim.adapters.memory import MemoryStream
from host_sim.adapters.wire import WireKind
from host_sim.rig.machine import RigMachine
from host_sim.rig.parts import RigParts, base_unit
from host_sim.rig.quiet import Quiet
from host_sim.unit_file import toml

PEOPLE = {
    "tanaka": Role.TECHNICIAN,
    "kato": Role.CASH,
    "mori": Role.CASH,
    "goto": Role.SECURITY,
    "ueda": Role.VIEWER,
}
PASSWORD = "correct-horse"  # noqa: S105  of people who do not exist
SERIAL_LINE = WireKind(baud=115200)


class Terminal:
    """A `LineModel`: sends the lines typed and keeps the bytes that arrive."""

    def __init__(self) -> None:
        self.shown = bytearray()
        self._typed = bytearray()

    def type(self, data: bytes) -> None:
        self._typed += data

    def receive(self, data: bytes, now_s: float) -> None:  # noqa: ARG002
        self.shown += data

    def transmit(self, now_s: float) -> bytes:  # noqa: ARG002
        typed, self._typed = bytes(self._typed), bytearray()
        return typed

    def wake_at(self) -> float | None:
        return 0.0 if self._typed else None  # what was typed is sent at once


class ConsoleRig(RigMachine):
    """`say` types a line and returns what the machine answered to it."""

    updates: Updates | None = None
    systems: CardSystems | None = None
    serial: MemoryStream

    def __init__(self, **settings: object) -> None:
        self.terminal = Terminal()
        self.codes = 0
        folder = Path(tempfile.mkdtemp(prefix="kofuki-rig-"))
        self.users, self.unit_file = folder / "users.toml", folder / "unit.toml"
        self.board_folder = folder
        self.accounts = accounts()
        self.store_accounts()
        super().__init__(**settings)  # type: ignore[arg-type]

    def store_accounts(self, unlock: str = "") -> None:
        self.users.write_text(spell(replace(self.accounts, unlock=unlock)))
        self.users.chmod(0o600)

    def _parts(self) -> RigParts:
        over = self._over()
        self.unit_file.write_text("".join(f"{row}\n" for row in (f'extends = "{base_unit(over)}"', *toml(over))))
        return self._made_parts(over)

    def _made_parts(self, over: Mapping[str, Any]) -> "ConsoleParts":
        self.parts = ConsoleParts(self, over, **self._how())
        return self.parts

    # --- a person at the terminal ---------------------------------------------------------------

    def type(self, text: str) -> None:
        self.terminal.type(text.encode() + b"\r")

    def say(self, text: str, limit_s: float = 300.0) -> str:
        """Type one line; returns everything shown until the machine waits for the next one."""
        before = len(self.terminal.shown)
        self.type(text)
        self.run_until(lambda: self._asks(before), limit_s)
        return self.shown_since(before)

    def shown_since(self, before: int) -> str:
        return self.terminal.shown[before:].decode().replace("\r\n", "\n")

    def _asks(self, before: int) -> bool:
        shown = bytes(self.terminal.shown[before:])
        return b"\r\n" in shown and shown.endswith(
            (b"> ", b"word: ", b"person: ", b"): ", b"wado: ", "ド: ".encode(), "）: ".encode())
        )

    def log_in(self, name: str, password: str = PASSWORD) -> str:
        self.say(f"login {name}")
        return self.say(password)

    def say_as(self, name: str, text: str) -> str:
        """Log in as this person, type one line and log out; returns what the line showed."""
        self.log_in(name)
        said = self.say(text)
        self.say("logout")
        return said

    def confirm(self, planned: str, second: str | None = None) -> str:
        """Confirm the command that `planned` shows the code of; `second`: name of the second person the machine asks for."""
        said = self.say(f"confirm {planned.rsplit('confirm ', 1)[1][:4]}")
        if second is None:
            return said
        assert said.endswith(": "), said
        self.say(second)
        return self.say(PASSWORD)

    def enter_maintenance(self, name: str = "tanaka") -> None:
        self.log_in(name)
        self.say("request maint")
        self.run_until(lambda: self.loop.reception.state.in_maintenance, 600)


_LINES = {  # device -> its name in `frames`, what is kept of its bytes, what says what they are, and which of them are alike
    "coin": ("coin", keep_all, frame_words.coin, same_bytes),
    "printer": ("printer", frame_words.keep_commands, frame_words.printer, same_bytes),
    "slips": ("receipt", frame_words.keep_commands, frame_words.printer, same_bytes),
    "io_board": ("board", keep_sent, frame_words.io_board, frame_words.io_board),
}


class ConsoleParts(RigParts):
    """`RigParts` with a console, and so with settings that staff can change."""

    def __init__(self, rig: ConsoleRig, over: Mapping[str, Any], **how: Any) -> None:
        super().__init__(rig, over, **how)
        self.taps: dict[str, Tap] = {}
        self._rig = rig
        self._unit = super().unit

    @property
    def unit(self) -> Unit:
        return self._unit

    def _stream(self, model: object, device: str) -> ByteStream:
        name, redact, words, alike = _LINES[device]
        stream = TracedStream(super()._stream(model, device), self.clock, redact=redact, alike=alike)
        self.taps[name] = Tap(stream, words)
        return stream

    def _transport(self) -> Transport:
        traced = TracedTransport(super()._transport(), self.clock)
        self.taps["line"] = Tap(traced, frame_words.line, legible=True)
        return traced

    def card_reader(self) -> CardReaderDriver:
        driver = super().card_reader()
        self.taps["card"] = Tap(driver.trace, frame_words.card)
        return driver

    def take_settings(self, memory: Memory) -> bool:
        self._unit, fit = at_start(memory, self._rig.unit_file)
        return fit

    def why_unusable(self, settings: Settings) -> str | None:
        return why_unusable(self._rig.unit_file, settings)

    def updates(self) -> Updates | None:
        return self._rig.updates

    def systems(self) -> CardSystems:
        return self._rig.systems or super().systems()

    def console_line(self) -> ConsoleLine:
        rig = self._rig
        rig.serial = MemoryStream(rig.terminal, rig.clock, SERIAL_LINE, lost=lambda: LineLost("console", "unplugged"))
        return ConsoleLine(rig.serial, rig.users)

    def _still(self, desks: Sequence[Desk[Any]]) -> Mapping[str, Quiet]:
        """Nothing was typed, and no answer is under way."""
        (desk,) = (desk for desk in desks if isinstance(desk, ConsoleDesk))
        return {desk.name: lambda: desk.at_rest and self._rig.serial.is_silent}

    def fresh_code(self) -> str:
        self._rig.codes += 1
        return f"{0xA000 + self._rig.codes:04x}"


@cache
def accounts() -> Accounts:
    """Everybody has the same password, hashed at the least cost: a login would take a third of a technician's visit."""
    salt, cost = bytes(16), 2
    proof = scrypt(PASSWORD, salt, cost)
    return Accounts({name: Account(role=role, salt=salt, hash=proof, cost=cost) for name, role in PEOPLE.items()})
