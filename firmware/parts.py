"""Makes the drivers of a unit file; only this file names their classes. A driver opens its device at its first call."""

import contextlib
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from drivers import frame_words
from drivers.card.pcsc import PcscReader
from drivers.card.reader import CardReaderDriver
from drivers.coin.acceptor import Acceptor
from drivers.coin.bus import CcTalkBus
from drivers.coin.cctalk import Checksum
from drivers.coin.hopper import HopperBank
from drivers.coin.pulse import EdgeSource, InhibitLine, PulseAcceptor, PulseTiming
from drivers.gpio import BreakContact, GpioEdges, OpenCollector, PlugContact
from drivers.io_board.board import IoBoard
from drivers.io_board.image import Image
from drivers.io_board.link import DEVICE as IO_BOARD
from drivers.io_board.link import BoardLink
from drivers.io_board.wires import BoardCoins, BoardDoor, BoardKeys, BoardSlot
from drivers.line.centre import CentreLine, Transport
from drivers.line.tls import valid_from
from drivers.line.traced import TracedTransport
from drivers.pin_pad.entry import PinBuffer
from drivers.pin_pad.matrix import MatrixPins
from drivers.pin_pad.pin_pad import KeyMatrixPins, MatrixPinPad
from drivers.ports import Clock
from drivers.printer.printer import PrinterDriver
from drivers.printer.profile import ProfileError, load_page_profile, load_profile
from drivers.serial_stream import SerialStream
from drivers.speaker.alsa import AlsaSpeaker
from drivers.trace import Tap, TracedStream, keep_all, keep_sent
from firmware.assemble import ConsoleLine, Printers, Sounding
from firmware.book.book import Book
from firmware.config.settings import Settings, at_start, why_unusable
from firmware.config.unit import (
    AlreadyRunning,
    CoinTable,
    KeypadTable,
    PulseTable,
    Unit,
    UnitError,
    UpdatesUnusable,
    Via,
)
from firmware.desks import Desk
from firmware.desks.press import Press
from firmware.io_board import program
from firmware.journal.disk import Disk, FileDisk, open_mounted
from firmware.journal.journal import SEGMENT_BYTES, Journal, JournalBroken
from firmware.journal.memory import Memory
from firmware.journal.mirror import mirrored
from firmware.journal.seal import KeySeal
from firmware.loop import Loop
from firmware.paper.pages import read as read_pages
from firmware.ports import CoinAcceptor, Contact
from firmware.published import facts_of, publish
from firmware.service import manager
from firmware.service.witness import Head
from firmware.session.scenes import Scene
from firmware.sides import LONG_AGO, Panel, console_on, line_to
from firmware.update.launch import read_key
from firmware.update.slots import Slots
from firmware.update.standing import STANDING, CardSystems
from firmware.update.updates import Updates, installed_lock, running_version
from firmware.workers import ThreadCrew

JST = ZoneInfo("Asia/Tokyo")


class MonotonicClock:
    """`drivers.ports.Clock` on the machine."""

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class WallClock:
    """Wall time in Asia/Tokyo. `offset`: a file with the seconds by which a simulated unit's clock is moved."""

    offset: Path | None

    def now(self) -> datetime:
        offset_s = 0.0
        if self.offset is not None:
            with contextlib.suppress(OSError, ValueError):
                offset_s = float(self.offset.read_text())
        return datetime.now(JST) + timedelta(seconds=offset_s)


class RealParts:
    """Satisfies `firmware.assemble.Parts`. `run`: where the unit file's relative paths begin."""

    segment_bytes = SEGMENT_BYTES

    def __init__(self, unit: Unit, unit_path: Path, run: Path, clock: Clock) -> None:
        """`unit`: as the file says it, before the settings made on the console come over it."""
        self.run = run
        self.clock = clock
        self.now = WallClock(run / "clock-offset" if unit.unit.simulated else None).now
        self._unit = unit
        self._panel = Panel(unit.screen, run)
        self._clerk_panel = None if unit.clerk is None else Panel(unit.clerk.screen, run)
        self._unit_path = unit_path
        self.taps: dict[str, Tap] = {}
        self._second_missing = False
        self._seal_file = run / "journal-seal.pem"  # exists: this machine has had a journal

    @property
    def unit(self) -> Unit:
        return self._unit

    def path(self, name: str) -> Path:
        return self.run / name  # an absolute name stays as it is

    def why_started(self) -> str:
        return manager.why_started()

    def fresh_id(self) -> str:
        return secrets.token_hex(16)

    def fresh_code(self) -> str:
        return secrets.token_hex(2)

    # --- journal --------------------------------------------------------------------------------

    def disk(self) -> Disk:
        """The journal's medium or media, opened. Raises `JournalTrouble`; `UnitError` when another process uses it."""
        second = self._unit.journal.second
        try:
            first = FileDisk(self.run / "journal")
            self.blank()  # first thing, but not on the screen of a machine that runs already (fault E2)
            self._second_missing = second is not None and not self.path(second).is_dir()
            return first if second is None else mirrored(first, lambda: open_mounted(self.path(second)))
        except BlockingIOError:
            raise AlreadyRunning("another machine runs in the same folder; stop that one first") from None
        except OSError as error:
            raise JournalBroken(f"the medium cannot be opened: {error.strerror or error}") from None

    def second_is_back(self) -> bool:
        second = self._unit.journal.second
        return self._second_missing and second is not None and self.path(second).is_dir()

    def may_begin(self) -> bool:
        return not self._seal_file.exists()

    def memory(self, journal: Journal) -> Memory:
        return Memory(journal, KeySeal.load_or_make(self._seal_file))

    def take_settings(self, memory: Memory) -> bool:
        self._unit, fit = at_start(memory, self._unit_path)
        return fit

    def why_unusable(self, settings: Settings) -> str | None:
        return why_unusable(self._unit_path, settings)

    def updates(self) -> Updates | None:
        table = self._unit.update
        if table is None:
            return None
        try:
            key = read_key(self.path(table.key))
            slots = Slots(FileDisk(self.path(table.slots)), key)
        except (OSError, ValueError) as error:
            raise UpdatesUnusable(f"update: the slots or the release key cannot be used ({error})") from None
        return Updates(
            slots,
            self.path(table.bundle),
            key,
            lock=installed_lock(),
            running=running_version(),
            now=self.now,
        )

    def systems(self) -> CardSystems:
        return CardSystems(STANDING, manager.service_folder())

    # --- what a resident meets ------------------------------------------------------------------

    def show(self, scene: Scene) -> None:
        self._panel.show(scene)

    def show_clerk(self, scene: Scene) -> None:
        assert self._clerk_panel is not None
        self._clerk_panel.show(scene)

    def blank(self) -> None:
        self._panel.blank()
        if self._clerk_panel is not None:
            self._clerk_panel.blank()

    def publish(self, loop: Loop) -> None:
        if self._unit.unit.simulated:
            publish(self.run, facts_of(loop, self.clock.monotonic()))

    def card_reader(self) -> CardReaderDriver:
        table = self._unit.card
        driver = CardReaderDriver(PcscReader(table.reader, self.clock, table.serial), self.now)
        self.taps["card"] = Tap(driver.trace, frame_words.card)
        return driver

    @cached_property
    def _board(self) -> BoardLink:
        """The one line to the I/O board, shared by all that is on it."""
        table = self._unit.io_board
        assert table is not None, "the unit file has a board where a device is on one"
        port = SerialStream(str(self.path(table.port)), 115200, self.clock, device=IO_BOARD)
        stream = TracedStream(port, self.clock, redact=keep_sent, alike=frame_words.io_board)
        self.taps["board"] = Tap(stream, frame_words.io_board)
        return BoardLink(stream, self.clock)

    def pin_pad(self, pin: PinBuffer) -> MatrixPinPad:
        table = self._unit.keypad
        return MatrixPinPad(self._keys(table), table.keys, pin, self.clock)

    def clerk_keys(self) -> MatrixPinPad | None:
        if self._unit.clerk is None:
            return None
        table = self._unit.clerk.keypad
        return MatrixPinPad(self._keys(table), table.keys, PinBuffer(), self.clock)

    def _keys(self, table: KeypadTable) -> KeyMatrixPins:
        return BoardKeys(self._board) if table.via is Via.IO_BOARD else MatrixPins(table.rows, table.columns)

    def door(self) -> Contact | None:
        table = self._unit.door
        if table is None:
            return None
        return BoardDoor(self._board) if table.pin is None else BreakContact(table.pin)

    def sounding(self) -> Sounding | None:
        table = self._unit.speaker
        if table is None:
            return None
        plug = None if table.earphone_pin is None else PlugContact(table.earphone_pin)
        return Sounding(AlsaSpeaker(table.device), plug, self.path(table.voices))

    def board(self) -> IoBoard | None:
        return None if self._unit.io_board is None else IoBoard(self._board, self.clock)

    def board_image(self) -> Image:
        table = self._unit.io_board
        assert table is not None, "asked only where there is a board"
        number = b""
        with contextlib.suppress(FileNotFoundError):  # then the board works on, and `update board` says what is missing
            number = program.digest()
        return Image(self.path(table.image), self.path(table.drive), number)

    def coins(self, book: Book) -> tuple[CoinAcceptor, HopperBank] | None:
        """Acceptor and hoppers, which continue from the counters in the book."""
        table = self._unit.coin
        if table is None:
            return None
        port = SerialStream(str(self.path(table.port)), table.baud, self.clock, device="coin")
        stream = TracedStream(port, self.clock, redact=keep_all)
        self.taps["coin"] = Tap(stream, frame_words.coin)
        bus = CcTalkBus(stream, self.clock, checksum=Checksum(table.checksum))
        hoppers = HopperBank(
            bus,
            {hopper.value_yen: hopper.address for hopper in table.hoppers},
            styles={hopper.value_yen: hopper.dispense for hopper in table.hoppers},
            explained=book.explained,
        )
        return self._acceptor(table, bus, book), hoppers

    def _acceptor(self, table: CoinTable, bus: CcTalkBus, book: Book) -> CoinAcceptor:
        if table.pulse is not None:
            pulse = table.pulse
            timing = PulseTiming(width_s=pulse.width_s, end_s=pulse.end_s)
            return PulseAcceptor(*self._coin_wires(pulse), pulse.codes, timing)
        return Acceptor(
            bus,
            table.acceptor_address,
            table.acceptor_serial if book.acceptor_serial is None else book.acceptor_serial,
            table.values,
            book.acceptor_event,
            last_accepted_total=book.acceptor_total,
            last_lost=book.acceptor_lost,
        )

    def _coin_wires(self, pulse: PulseTable) -> tuple[EdgeSource, InhibitLine]:
        if pulse.coin_pin is None or pulse.inhibit_pin is None:  # both are, where the wires are on the board
            return BoardCoins(self._board), BoardSlot(self._board, pulse.inhibit)
        return GpioEdges(pulse.coin_pin), OpenCollector(pulse.inhibit_pin, pulse.inhibit)

    def printers(self) -> Printers:
        unit = self._unit
        try:
            certificate, receipt = load_page_profile(unit.printer.profile), load_profile(unit.receipt_printer.profile)
        except ProfileError as error:
            raise UnitError(str(error)) from None
        press = Press(certificate, receipt, unit.unit.name, self.now)
        drivers = []
        for table, profile, device in (
            (unit.printer, certificate, "printer"),
            (unit.receipt_printer, receipt, "receipt_printer"),
        ):
            port = SerialStream(str(self.path(table.port)), table.wire, self.clock, device=device)
            stream = TracedStream(port, self.clock, redact=frame_words.keep_commands)
            self.taps[device.removesuffix("_printer")] = Tap(stream, frame_words.printer)
            drivers.append(PrinterDriver(stream, self.clock, profile, device))
        return Printers(drivers[0], drivers[1], press.pages, read_pages, press.slip)

    # --- lines ----------------------------------------------------------------------------------

    def line(self, surely_past: Callable[[], datetime], head: Callable[[], Head | None]) -> CentreLine:
        """Raises `LineFilesUnusable`."""
        unit = self._unit

        def past() -> datetime:
            return surely_past() - self._ahead

        return line_to(unit.centre, unit.unit.name, self.run, self.clock, past, head, self._traced)

    def _traced(self, transport: Transport) -> Transport:
        traced = TracedTransport(transport, self.clock)
        self.taps["line"] = Tap(traced, frame_words.line, legible=True)
        return traced

    def certified_at(self) -> datetime:
        made = valid_from(self.path(self._unit.centre.client_certificate))  # None: `line` says what is wrong with it
        return (made or LONG_AGO) + self._ahead

    @property
    def _ahead(self) -> timedelta:
        """A simulated unit's clock before the system's, by which certificates are made and judged; 0 on a machine."""
        return self.now() - datetime.now(JST) if self._unit.unit.simulated else timedelta(0)

    def console_line(self) -> ConsoleLine | None:
        table = self._unit.console
        if table is None:
            return None
        stream = console_on(table, self.run, self.clock)
        return ConsoleLine(stream, self.path(table.users), stream.carrier)

    def crew(self, desks: Sequence[Desk[Any]]) -> ThreadCrew:
        return ThreadCrew(desks, self.clock)
