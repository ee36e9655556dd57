"""The machine: `python -m firmware --unit FILE [--run-dir DIR]`. Puts one together, runs it, and says why where it cannot."""

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
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo

from drivers.pin_pad.entry import PinBuffer
from drivers.printer.raster import RasterPage, RasterSlip
from firmware.book.book import Book
from firmware.config.settings import at_start, why_unusable
from firmware.config.unit import Unit, UnitError, load_unit
from firmware.console.access import HARD_LOCK
from firmware.console.console import Console
from firmware.console.desk import ConsoleDesk
from firmware.console.hands import LoopHands
from firmware.desks import Desk, PrintLines
from firmware.desks.card import CardDesk
from firmware.desks.coin import CoinDesk
from firmware.desks.door import DoorDesk
from firmware.desks.keypad import KeypadDesk
from firmware.desks.line import LineDesk
from firmware.desks.paper import PaperDesk
from firmware.halted import Halted, reason_of
from firmware.hardening import no_core_dumps, no_onlookers, weaknesses
from firmware.journal.disk import FileDisk
from firmware.journal.journal import ClockQuality, Journal, JournalBroken, JournalTrouble
from firmware.journal.memory import Memory
from firmware.journal.mirror import is_degraded
from firmware.journal.seal import KeySeal, SealUnsafe
from firmware.loop import Loop
from firmware.paper.pages import render
from firmware.paper.slips import ClaimFacts, ReceiptFacts, claim_slip, receipt_for
from firmware.paper.staff import staff_slip
from firmware.paper.vault import Vault
from firmware.parts import Parts
from firmware.screens import render as draw_scene
from firmware.service.availability import Mode, Reason
from firmware.service.hours import ServiceHours
from firmware.service.reception import Reception
from firmware.service.start import Witnesses, begin
from firmware.session.context import House
from firmware.session.effects import PrintClaimSlip, PrintReceipt
from firmware.session.scenes import Scene
from firmware.update.launch import read_key
from firmware.update.slots import Slots
from firmware.update.updates import Updates, installed_lock, running_version
from firmware.workers import ThreadCrew

JST = ZoneInfo("Asia/Tokyo")
LANGUAGES = ("ja", "en")
VERSION = "0.1.0"
START_AGAIN = 75  # exit status (sysexits.h, EX_TEMPFAIL): the journal failed; the service manager starts us anew
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
        self._disk = Parts(unit, run, self._clock).disk()
        seal_file = run / "journal-seal.pem"  # made after the first journal was, so where it is there was one
        journal = Journal.open(
            self._disk,
            wall=self.now,
            mono=time.monotonic,
            quality=self._clock_quality,
            may_begin=not seal_file.exists(),
        )
        self.memory = Memory(journal, KeySeal.load_or_make(seal_file))
        self.unit, self._settings_fit = at_start(self.memory, unit_path)
        unit = self.unit
        self._parts = parts = Parts(unit, run, self._clock)
        self._updates = self._open_updates()
        self._pin = PinBuffer()
        self._vault = Vault()
        self._screen = parts.screen()
        self._line = parts.line()
        self._acceptor, self._hoppers = parts.coins(self.memory.book)
        self._printer, self._profile = parts.printer(unit.printer, "printer")
        self._slips, self._slip_profile = parts.printer(unit.receipt_printer, "receipt_printer")
        door = parts.door()
        desks: tuple[Desk, ...] = (
            CardDesk(parts.card_reader(self.now), self._pin),
            KeypadDesk(parts.pin_pad(self._pin), self._pin),
            LineDesk(self._line, self._vault, self._heartbeat),
            CoinDesk(self._acceptor, self._hoppers),
            PaperDesk(self._printer, self._slips, self._vault, self._pages, self._slip),
            *(() if door is None else (DoorDesk(door, self._clock),)),
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
                sheets_at_near_end=unit.printer.sheets_at_near_end,
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

    def _open_updates(self) -> Updates | None:
        settings = self.unit.update
        if settings is None:
            return None
        try:
            key = read_key(self._parts.path(settings.key))
            slots = Slots(FileDisk(self._parts.path(settings.slots)), key)
        except (OSError, ValueError) as error:
            raise UnitError(f"update: the slots or the release key cannot be used ({error})") from None
        return Updates(
            slots,
            self._parts.path(settings.bundle),
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

    # --- the maintenance console ----------------------------------------------------------------

    def _console_desks(self) -> tuple[Desk, ...]:
        """Not among the desks that service waits for: a machine is as good without a terminal."""
        settings, stream = self.unit.console, self._parts.console()
        if settings is None or stream is None:
            return ()
        return (ConsoleDesk(stream, self._parts.path(settings.users), lambda: self.now().date(), self._clock),)

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
        begin(self.memory, witnesses, {h.value_yen: h.coins for h in self.unit.coin.hoppers}, _version(), why_started())

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
        """A console that somebody tried to break open, until a heartbeat that said so was answered (fault K2)."""
        locked = self.memory.book.console.tries >= HARD_LOCK
        heard = self._alarm_sent and Reason.LINE not in reasons
        self._alarm_sent, self._alarm_heard = locked, locked and (heard or self._alarm_heard)
        return ["console_locked"] if locked and not self._alarm_heard else []

    def _publish(self, loop: Loop) -> None:
        """What the simulator's panel and tests may know; nothing personal."""
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
        publish(self._run, published)


def publish(run: Path, facts: Mapping[str, object]) -> None:
    """For the simulator's panel and tests. Whole or not at all."""
    path = run / "state.json"
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(facts))
    fresh.replace(path)


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
        return serve(unit, options.run_dir.resolve(), options.unit, lambda: bool(stop))
    except UnitError as error:
        print(f"The machine does not start: {error}.", file=sys.stderr)
        return 1


def serve(unit: Unit, run: Path, unit_path: Path, stopping: Callable[[], bool]) -> int:
    """One run of the machine, or of one that is halted; the exit status. Raises `UnitError`."""
    try:
        machine = Machine(unit, run, unit_path)
    except (JournalTrouble, SealUnsafe) as error:
        print(f"The machine does not start: {error}.", file=sys.stderr)
        remember(error)
        halt(unit, run, error, stopping)
        return START_AGAIN
    try:
        machine.run(stopping)
    except JournalTrouble as error:
        print(f"The machine ends: {error}.", file=sys.stderr)
        remember(error)
        return START_AGAIN
    return 0


def _medium_failed() -> Path | None:
    """A mark that one run leaves the next: in a folder in memory, for the journal's medium is what failed."""
    folder = os.environ.get("RUNTIME_DIRECTORY")
    return Path(folder) / "medium-failed" if folder else None


def remember(error: Exception) -> None:
    """That the journal's medium failed, for the next start to write down."""
    mark = _medium_failed()
    if mark is not None and isinstance(error, JournalBroken):
        with contextlib.suppress(OSError):
            mark.touch()


def why_started() -> str:
    """The reason of `Boot`: `medium` when the journal's medium failed before, else `start`; forgotten once it is asked."""
    mark = _medium_failed()
    if mark is None or not mark.exists():
        return "start"
    with contextlib.suppress(OSError):
        mark.unlink()
    return "medium"


def halt(unit: Unit, run: Path, error: Exception, stopping: Callable[[], bool]) -> None:
    """Say on every side why nobody is served, until it is time to try again."""
    reason, clock = reason_of(error), MonotonicClock()
    parts = Parts(unit, run, clock)
    screen, (acceptor, _) = parts.screen(), parts.coins(Book())

    def show(scene: Scene) -> None:
        screen.show(draw_scene(scene))
        if unit.unit.simulated:
            publish(run, {"scene": type(scene).__name__, "availability": "HALTED", "reasons": [str(reason)]})

    halted = Halted(
        reason,
        str(error),
        show=show,
        shut_slot=acceptor.start,
        serial=parts.console(),
        centre=parts.line(),
        heartbeat_s=unit.centre.heartbeat_s,
        clock=clock,
        wait=time.sleep,
        alive=lambda: notify("WATCHDOG=1"),
    )
    notify("READY=1")
    halted.run(stopping)


if __name__ == "__main__":
    sys.exit(main())
