"""The concrete drivers of a unit file, which only this file names. Each opens its device with its first call."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from drivers.card.pcsc import PcscReader
from drivers.card.reader import CardReaderDriver
from drivers.coin.acceptor import Acceptor
from drivers.coin.bus import CcTalkBus
from drivers.coin.cctalk import Checksum
from drivers.coin.hopper import HopperBank
from drivers.coin.pulse import PulseAcceptor, PulseTiming
from drivers.gpio import BreakContact, GpioEdges, OpenCollector
from drivers.line.centre import CentreLine
from drivers.line.tls import TlsTransport
from drivers.pin_pad.entry import PinBuffer
from drivers.pin_pad.matrix import MatrixPins
from drivers.pin_pad.pin_pad import MatrixPinPad
from drivers.ports import Clock
from drivers.printer.printer import PrinterDriver
from drivers.printer.profile import Profile, load_profile
from drivers.screen.framebuffer import FileSink, FramebufferScreen
from drivers.serial_stream import SerialStream
from firmware.book.book import Book
from firmware.config.unit import PrinterSettings, Unit, UnitError
from firmware.journal.disk import Disk, FileDisk, open_mounted
from firmware.journal.journal import JournalBroken
from firmware.journal.mirror import mirrored
from firmware.ports import CoinAcceptor


class Parts:
    """`run`: where the unit file's relative paths begin."""

    def __init__(self, unit: Unit, run: Path, clock: Clock) -> None:
        self._unit = unit
        self._run = run
        self._clock = clock

    def path(self, name: str) -> Path:
        return self._run / name  # an absolute name stays what it is

    # --- journal --------------------------------------------------------------------------------

    def disk(self) -> Disk:
        """The journal's medium, or both of them, opened. Raises `JournalTrouble`; `UnitError` when another process has it."""
        second = self._unit.journal.second
        try:
            first = FileDisk(self._run / "journal")
            return first if second is None else mirrored(first, lambda: open_mounted(self.path(second)))
        except BlockingIOError:
            raise UnitError("another machine runs in the same folder") from None
        except OSError as error:
            raise JournalBroken(f"the medium cannot be opened: {error.strerror or error}") from None

    # --- what a resident meets ------------------------------------------------------------------

    def screen(self) -> FramebufferScreen:
        settings = self._unit.screen
        sink = FileSink(self.path(settings.path), pixels=settings.pixels)
        return FramebufferScreen(sink, pixels=settings.pixels)

    def card_reader(self, now: Callable[[], datetime]) -> CardReaderDriver:
        return CardReaderDriver(PcscReader(self._unit.card.reader, self._clock), now)

    def pin_pad(self, pin: PinBuffer) -> MatrixPinPad:
        settings = self._unit.keypad
        return MatrixPinPad(MatrixPins(settings.rows, settings.columns), settings.keys, pin, self._clock)

    def door(self) -> BreakContact | None:
        settings = self._unit.door
        return None if settings is None else BreakContact(settings.pin)

    def coins(self, book: Book) -> tuple[CoinAcceptor, HopperBank]:
        """They go on from the counters that the book knows."""
        settings = self._unit.coin
        stream = SerialStream(str(self.path(settings.port)), settings.baud, self._clock, device="coin")
        bus = CcTalkBus(stream, self._clock, checksum=Checksum(settings.checksum))
        hoppers = HopperBank(
            bus,
            {hopper.value_yen: hopper.address for hopper in settings.hoppers},
            styles={hopper.value_yen: hopper.dispense for hopper in settings.hoppers},
            explained=book.explained,
        )
        return self._acceptor(bus, book), hoppers

    def _acceptor(self, bus: CcTalkBus, book: Book) -> CoinAcceptor:
        settings = self._unit.coin
        if settings.pulse is not None:
            pulse = settings.pulse
            timing = PulseTiming(width_s=pulse.width_s, end_s=pulse.end_s)
            return PulseAcceptor(GpioEdges(pulse.coin_pin), OpenCollector(pulse.inhibit_pin), pulse.codes, timing)
        return Acceptor(
            bus,
            settings.acceptor_address,
            settings.acceptor_serial if book.acceptor_serial is None else book.acceptor_serial,
            settings.values,
            book.acceptor_event,
            last_accepted_total=book.acceptor_explained,
        )

    def printer(self, settings: PrinterSettings, device: str) -> tuple[PrinterDriver, Profile]:
        profile = load_profile(settings.profile)
        stream = SerialStream(str(self.path(settings.port)), settings.baud, self._clock, device=device)
        return PrinterDriver(stream, self._clock, profile, device), profile

    # --- lines ----------------------------------------------------------------------------------

    def line(self) -> CentreLine:
        settings = self._unit.centre
        transport = TlsTransport(
            host=settings.host,
            port=settings.port,
            ca_file=self.path(settings.ca_file),
            server_spki_sha256=self._hex(settings.server_spki_sha256),
            client_certificate=self.path(settings.client_certificate),
            client_key=self.path(settings.client_key),
            clock=self._clock,
        )
        manifest_key = bytes.fromhex(self._hex(settings.manifest_key))
        return CentreLine(transport, manifest_key, self._unit.unit.name, settings.deadline_s)

    def console(self) -> SerialStream | None:
        settings = self._unit.console
        if settings is None:
            return None
        return SerialStream(str(self.path(settings.port)), settings.baud, self._clock, device="console")

    # --- inside ---------------------------------------------------------------------------------

    def _hex(self, value: str) -> str:
        """Hex digits, or the name of a file that holds them."""
        path = self.path(value)
        return path.read_text().strip() if path.exists() else value
