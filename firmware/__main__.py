"""The machine: `python -m firmware --unit FILE [--run-dir DIR]`. The only file that names concrete drivers."""

import argparse
import contextlib
import json
import logging
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo

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
from drivers.printer.printer import PrinterDriver
from drivers.printer.profile import Profile, load_profile
from drivers.printer.raster import RasterPage, RasterSlip
from drivers.screen.framebuffer import FileSink, FramebufferScreen
from drivers.serial_stream import SerialStream
from firmware.console.access import HARD_LOCK
from firmware.console.console import Console
from firmware.console.hands import LoopHands
from firmware.desks import Desk
from firmware.desks.card import CardDesk
from firmware.desks.coin import CoinDesk
from firmware.desks.console import ConsoleDesk
from firmware.desks.door import DoorDesk
from firmware.desks.keypad import KeypadDesk
from firmware.desks.line import LineDesk
from firmware.desks.paper import PaperDesk
from firmware.desks.staff import PrintLines
from firmware.hardening import no_core_dumps, no_onlookers, weaknesses
from firmware.journal.disk import Disk, FileDisk, open_mounted
from firmware.journal.journal import ClockQuality, Journal, JournalTrouble
from firmware.journal.memory import Memory
from firmware.journal.mirror import is_degraded, mirrored
from firmware.journal.seal import KeySeal, SealUnsafe
from firmware.loop import Loop
from firmware.paper.pages import render
from firmware.paper.slips import ClaimFacts, ReceiptFacts, claim_slip, receipt_for
from firmware.paper.staff import staff_slip
from firmware.paper.vault import Vault
from firmware.ports import CoinAcceptor
from firmware.reception import Reception
from firmware.screens import render as draw_scene
from firmware.service.availability import Mode, Reason
from firmware.service.hours import ServiceHours
from firmware.session.context import House
from firmware.session.effects import PrintClaimSlip, PrintReceipt
from firmware.settings import at_start, why_unusable
from firmware.start import Witnesses, begin
from firmware.unit import PrinterSettings, Unit, UnitError, load_unit
from firmware.update.launch import read_key
from firmware.update.slots import Slots
from firmware.update.updates import Updates, installed_lock, running_version
from firmware.workers import ThreadCrew

JST = ZoneInfo("Asia/Tokyo")
LANGUAGES = ("ja", "en")
VERSION = "0.1.0"
_log = logging.getLogger("firmware")


class MonotonicClock:
    """`drivers.ports.Clock` on the machine."""

    def monotonic(self) -> float:
        return time.monotonic()


class Machine:
    """Everything of one machine, put together from its unit file."""

    def __init__(self, unit: Unit, run: Path, unit_path: Path) -> None:
        """`unit`: as the file says it; the settings made on the console come over it from the journal."""
        self.unit = unit
        self._unit_path = unit_path
        self._alarm_sent = self._alarm_heard = False
        self._run = run
        self._clock = MonotonicClock()
        self._disk = self._open_disk()
        journal = Journal.open(self._disk, wall=self.now, mono=time.monotonic, quality=self._clock_quality)
        self.memory = Memory(journal, KeySeal.load_or_make(run / "journal-seal.pem"))
        self.unit, self._settings_fit = at_start(self.memory, unit_path)
        unit = self.unit
        self._updates = self._open_updates()
        self._pin = PinBuffer()
        self._vault = Vault()
        self._screen = FramebufferScreen(
            FileSink(self._path(unit.screen.path), pixels=unit.screen.pixels), pixels=unit.screen.pixels
        )
        self._line = self._open_line()
        self._acceptor, self._hoppers = self._open_coins()
        self._printer, self._profile = self._open_printer(unit.printer, "printer")
        self._slips, self._slip_profile = self._open_printer(unit.receipt_printer, "receipt_printer")
        desks: tuple[Desk, ...] = (
            self._card_desk(),
            self._keypad_desk(),
            LineDesk(self._line, self._vault, self._heartbeat),
            CoinDesk(self._acceptor, self._hoppers),
            PaperDesk(self._printer, self._slips, self._vault, self._pages, self._slip),
            *self._door_desks(),
        )
        self.crew = ThreadCrew((*desks, *self._console_desks()), self._clock)
        self._begin()
        self.loop = Loop(
            crew=self.crew,
            clock=self._clock,
            memory=self.memory,
            house=House(
                machine=unit.unit.name,
                profile=unit.unit.profile,
                kinds_taken=frozenset(unit.card.kinds),
                accepts_yen=frozenset(unit.coin.accepts_yen),
                languages=LANGUAGES,
            ),
            timeouts=unit.timeouts,
            reception=Reception(
                hours=ServiceHours(unit.hours),
                now=self.now,
                clock=self._clock,
                longest_session_s=unit.timeouts.session_s,
                cards=tuple(unit.card.kinds),
                desks=frozenset(desk.name for desk in desks),
                refusable_yen=frozenset(unit.coin.accepts_yen) if self._acceptor.selective else frozenset(),
            ),
            show=lambda scene: self._screen.show(draw_scene(scene)),
            fresh_id=lambda: secrets.token_hex(16),
            heartbeat_s=unit.centre.heartbeat_s,
            publish=self._publish if unit.unit.simulated else lambda _: None,
            self_check=self._self_check,
            console=self._console if unit.console is not None else None,
        )

    def now(self) -> datetime:
        """Wall time in Asia/Tokyo; a simulated unit may have it moved."""
        offset_s = 0.0
        if self.unit.unit.simulated:
            with contextlib.suppress(OSError, ValueError):
                offset_s = float((self._run / "clock-offset").read_text())
        return datetime.now(JST) + timedelta(seconds=offset_s)

    def run(self, stopping: Callable[[], bool]) -> None:
        """Serve until told to stop."""
        self.crew.start()
        self.loop.redraw()
        notify("READY=1")
        while not (stopping() or self.loop.exit_asked):
            self.loop.turn()
            if not self.crew.alive():
                raise SystemExit("a worker fell; the machine restarts")
            notify("WATCHDOG=1")
        self.crew.stop()

    # --- journal --------------------------------------------------------------------------------

    def _open_disk(self) -> Disk:
        """The journal's medium, or both of them."""
        first = FileDisk(self._run / "journal")
        second = self.unit.journal.second
        return first if second is None else mirrored(first, lambda: open_mounted(self._path(second)))

    def _open_updates(self) -> Updates | None:
        settings = self.unit.update
        if settings is None:
            return None
        try:
            key = read_key(self._path(settings.key))
            slots = Slots(FileDisk(self._path(settings.slots)), key)
        except (OSError, ValueError) as error:
            raise UnitError(f"update: the slots or the release key cannot be used ({error})") from None
        return Updates(
            slots,
            self._path(settings.bundle),
            key,
            lock=installed_lock(),
            running=running_version(),
            today=lambda: self.now().date(),
        )

    def _clock_quality(self) -> ClockQuality:
        confirmed = hasattr(self, "loop") and self.loop.reception.clock_trusted
        return ClockQuality.TRUSTED if confirmed else ClockQuality.UNTRUSTED

    def _self_check(self) -> frozenset[str]:
        """What the machine finds wrong with itself, looked at once a second; a release on trial hears how it goes."""
        found = {"journal_copy"} if is_degraded(self._disk) else set()
        if not self.unit.unit.simulated and any(weaknesses()):
            found.add("hardening")
        if not self._settings_fit:
            found.add("settings")
        if self._updates is not None:
            self._updates.note(well=self.loop.reception.state.mode is Mode.IN_SERVICE, now_s=self._clock.monotonic())
            if self._updates.outdated:
                found.add("release")
        return frozenset(found)

    # --- desks ----------------------------------------------------------------------------------

    def _card_desk(self) -> CardDesk:
        port = PcscReader(self.unit.card.reader, self._clock)
        return CardDesk(CardReaderDriver(port, self.now), self._pin)

    def _keypad_desk(self) -> KeypadDesk:
        settings = self.unit.keypad
        pins = MatrixPins(settings.rows, settings.columns)
        return KeypadDesk(MatrixPinPad(pins, settings.keys, self._pin, self._clock), self._pin)

    def _door_desks(self) -> tuple[Desk, ...]:
        settings = self.unit.door
        return () if settings is None else (DoorDesk(BreakContact(settings.pin), self._clock),)

    def _open_line(self) -> CentreLine:
        settings = self.unit.centre
        transport = TlsTransport(
            host=settings.host,
            port=settings.port,
            ca_file=self._path(settings.ca_file),
            server_spki_sha256=self._hex(settings.server_spki_sha256),
            client_certificate=self._path(settings.client_certificate),
            client_key=self._path(settings.client_key),
            clock=self._clock,
        )
        manifest_key = bytes.fromhex(self._hex(settings.manifest_key))
        return CentreLine(transport, manifest_key, self.unit.unit.name, settings.deadline_s)

    def _open_coins(self) -> tuple[CoinAcceptor, HopperBank]:
        settings = self.unit.coin
        stream = SerialStream(str(self._path(settings.port)), settings.baud, self._clock, device="coin")
        bus = CcTalkBus(stream, self._clock, checksum=Checksum(settings.checksum))
        hoppers = HopperBank(
            bus,
            {hopper.value_yen: hopper.address for hopper in settings.hoppers},
            styles={hopper.value_yen: hopper.dispense for hopper in settings.hoppers},
            explained=self.memory.book.explained,
        )
        return self._acceptor_on(bus), hoppers

    def _acceptor_on(self, bus: CcTalkBus) -> CoinAcceptor:
        """The acceptor that the unit file chooses."""
        settings, book = self.unit.coin, self.memory.book
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
            last_accepted_total=book.acceptor_total,
        )

    def _open_printer(self, settings: PrinterSettings, device: str) -> tuple[PrinterDriver, Profile]:
        profile = load_profile(settings.profile)
        stream = SerialStream(str(self._path(settings.port)), settings.baud, self._clock, device=device)
        return PrinterDriver(stream, self._clock, profile, device), profile

    # --- the maintenance console ----------------------------------------------------------------

    def _console_desks(self) -> tuple[Desk, ...]:
        """Not among the desks that service waits for: a machine is as good without a terminal."""
        settings = self.unit.console
        if settings is None:
            return ()
        stream = SerialStream(str(self._path(settings.port)), settings.baud, self._clock, device="console")
        return (ConsoleDesk(stream, self._path(settings.users), lambda: self.now().date(), self._clock),)

    def _console(self, loop: Loop) -> Console:
        hands = LoopHands(
            loop,
            self.memory,
            machine=self.unit.unit.name,
            version=_version(),
            hopper_values=[hopper.value_yen for hopper in self.unit.coin.hoppers],
            now=self.now,
            clock=self._clock,
            unit=self.unit,
            check_settings=lambda settings: why_unusable(self._unit_path, settings),
            updates=self._updates,
        )
        return Console(hands, lambda: secrets.token_hex(2))

    # --- paper ----------------------------------------------------------------------------------

    def _pages(self, document: bytes, document_sha256: str, request_id: str, copy: int) -> Sequence[RasterPage]:
        return render(
            document,
            request_id=request_id,
            copy=copy,
            document_sha256=document_sha256,
            dpi=self._profile.dpi,
            width_dots=self._profile.width_dots,
            page_dots=self._profile.page_dots,
        )

    def _slip(self, effect: PrintReceipt | PrintClaimSlip | PrintLines) -> RasterSlip | bytes:
        identity = self.unit.unit
        match effect:
            case PrintLines(device=device, title=title, lines=lines):
                profile = self._profile if device == "printer" else self._slip_profile
                return staff_slip(title, lines, self.now(), profile.width_dots)
            case PrintReceipt():
                facts = ReceiptFacts(
                    place=identity.place,
                    machine=identity.name,
                    telephone=identity.telephone,
                    printed_at=self.now(),
                    lines=effect.lines,
                    fee_yen=effect.fee_yen,
                    inserted_yen=effect.inserted_yen,
                    change_yen=effect.change_yen,
                    claim_yen=effect.claim_yen,
                )
                return receipt_for(facts, self._slip_profile)
            case PrintClaimSlip(amount_yen=amount, claim_code=code):
                claim = ClaimFacts(
                    place=identity.place,
                    machine=identity.name,
                    telephone=identity.telephone,
                    printed_at=self.now(),
                    amount_yen=amount,
                    claim_code=code,
                )
                return claim_slip(claim, self._slip_profile.width_dots)

    # --- the rest -------------------------------------------------------------------------------

    def _begin(self) -> None:
        witnesses = Witnesses(self._line, self._acceptor, self._hoppers, self._printer)
        begin(self.memory, witnesses, {h.value_yen: h.coins for h in self.unit.coin.hoppers}, _version())

    def _heartbeat(self) -> dict[str, object]:
        seq, head = self.memory.journal.head()
        state = self.loop.reception.state
        return {
            "journal_seq": seq,
            "journal_head": head,
            "state": str(state.mode),
            "reasons": sorted(state.reasons),
            "events": [*self._alarms(state.reasons), *self.loop.reception.news(self.memory.book)],
        }

    def _alarms(self, reasons: frozenset[Reason]) -> list[str]:
        """A console that somebody tried to break open, until a heartbeat that said so was answered (catalogue K2)."""
        locked = self.memory.book.console.tries >= HARD_LOCK
        heard = self._alarm_sent and Reason.LINE not in reasons
        self._alarm_sent, self._alarm_heard = locked, locked and (heard or self._alarm_heard)
        return ["console_locked"] if locked and not self._alarm_heard else []

    def _publish(self, loop: Loop) -> None:
        """What the simulator's panel and tests may know; nothing personal. Whole or not at all."""
        state = loop.reception.state
        published = {
            "state": loop.state.name,
            "scene": type(loop.scene).__name__,
            "availability": state.mode.name,
            "reasons": sorted(state.reasons),
            "session": loop.sessions,
            "fee_yen": loop.context.fee_yen,
            "inserted_yen": loop.context.ledger.inserted_yen,
            "owed_yen": loop.context.ledger.owed_yen,
            "printed": len(loop.context.printed),
            "reason": loop.context.reason,
            "language": loop.context.language,
            "updated_monotonic": time.monotonic(),
        }
        path = self._run / "state.json"
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(published))
        fresh.replace(path)

    def _path(self, name: str) -> Path:
        return self._run / name  # an absolute name stays what it is

    def _hex(self, value: str) -> str:
        path = self._path(value)
        return path.read_text().strip() if path.exists() else value


def _version() -> str:
    """As the journal and the console tell it."""
    release = running_version()
    return f"{VERSION}+release.{release}" if release else VERSION


def notify(message: str) -> None:
    """Tell systemd, if it listens (sd_notify). Fed by progress of the loop, never by a timer."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifier:
            notifier.sendto(message.encode(), address.replace("@", "\0", 1))


def refuse_simulated_pins(unit: Unit) -> None:
    """A machine in a lobby never listens to pretended keys."""
    if os.environ.get("GPIOZERO_PIN_FACTORY") == "kofuki_sim" and not unit.unit.simulated:
        raise UnitError("simulated pins are refused: this unit is not a simulated one")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m firmware", description="The certificate-issuing machine.")
    parser.add_argument("--unit", type=Path, required=True, help="the unit file")
    parser.add_argument("--run-dir", type=Path, default=Path("/run/kofuki"), help="where relative device paths begin")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    stop: list[int] = []

    def stopped(number: int, _: FrameType | None) -> None:
        stop.append(number)

    no_core_dumps()
    signal.signal(signal.SIGTERM, stopped)
    signal.signal(signal.SIGINT, stopped)
    try:
        unit = load_unit(options.unit)
        refuse_simulated_pins(unit)
        if not unit.unit.simulated:  # a simulated one may be looked into: that no PIN is left there is tested
            no_onlookers()
            for weakness in weaknesses():
                _log.error("not protected: %s; no card is taken", weakness)
        Machine(unit, options.run_dir.resolve(), options.unit).run(lambda: bool(stop))
    except (UnitError, JournalTrouble, SealUnsafe) as error:
        print(f"The machine does not start: {error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
