"""One machine, put together from its parts: the journal, the desks, the crew, the console and the loop.

The program passes drivers on devices (`parts.py`); the rig in `host_sim` passes drivers on models in memory. Both use this
file, so both run the same machine.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from drivers.pin_pad.entry import PinBuffer
from drivers.ports import ByteStream, Clock
from drivers.trace import Tap
from firmware.book.book import Book
from firmware.config.settings import Settings, in_force, own_hours
from firmware.config.unit import Unit, Via
from firmware.console.access import HARD_LOCK
from firmware.console.console import Console
from firmware.console.desk import ConsoleDesk
from firmware.console.hands import LoopHands
from firmware.desks import BOARD, LINE, OF_MACHINE, VOICE, CoinCommand, Desk, SetSignals, Tell
from firmware.desks.board import BoardDesk
from firmware.desks.card import CardDesk
from firmware.desks.coin import CoinDesk
from firmware.desks.door import BOARD_AWAY_S, DoorDesk
from firmware.desks.keypad import ClerkKeysDesk, KeypadDesk
from firmware.desks.line import LineDesk
from firmware.desks.paper import DrawSlip, PaperDesk, Read, Render
from firmware.desks.till import TillDesk
from firmware.desks.voice import VoiceDesk
from firmware.display import Display
from firmware.hardening import weaknesses
from firmware.journal.disk import Disk
from firmware.journal.journal import ClockQuality, Journal
from firmware.journal.memory import Memory
from firmware.journal.mirror import is_degraded
from firmware.loop import Loop
from firmware.paper.vault import Vault
from firmware.ports import (
    BoardImage,
    CardReader,
    Centre,
    CoinAcceptor,
    Contact,
    Hoppers,
    IoBoard,
    PinPad,
    Plug,
    Printer,
    Speaker,
)
from firmware.screens.words import LANGUAGES
from firmware.service.availability import Mode
from firmware.service.heartbeat import Heartbeat
from firmware.service.manager import service_folder
from firmware.service.reception import Reception
from firmware.service.signals import signals_of
from firmware.service.site_tables import SiteTables
from firmware.service.start import Witnesses, begin
from firmware.service.witness import Head, Witness
from firmware.session.context import House
from firmware.session.scenes import Scene, Starting
from firmware.session.states import State
from firmware.update.served import ServedWell
from firmware.update.standing import CardSystems
from firmware.update.updates import Updates, version
from firmware.voice.telling import Teller
from firmware.workers import Crew


@dataclass(frozen=True, slots=True)
class Printers:
    """Both printers, and the functions that draw for them. The paper desk's thread calls them."""

    certificate: Printer
    receipt: Printer
    render: Render
    read: Read
    draw: DrawSlip


@dataclass(frozen=True, slots=True)
class ConsoleLine:
    """The technician's serial line, and the file of accounts."""

    stream: ByteStream
    users: Path
    carrier: Callable[[], bool | None] = lambda: None  # whether a terminal's modem lines are up


@dataclass(frozen=True, slots=True)
class Sounding:
    """The loudspeaker, the contact of its earphone's socket, and the folder of the recorded voices."""

    speaker: Speaker
    plug: Plug | None
    voices: Path


class Parts(Protocol):
    """The parts that `Machine` is put together from. `Machine` makes each device once."""

    @property
    def clock(self) -> Clock: ...
    @property
    def segment_bytes(self) -> int:
        """Size of one segment of the journal."""
        ...

    @property
    def unit(self) -> Unit:
        """The unit file; after `take_settings` with the settings of the console in it."""
        ...

    def now(self) -> datetime:
        """Wall time, with its zone. Called by several threads."""
        ...

    def why_started(self) -> str:
        """The reason for the record `Boot`. Asking forgets it."""
        ...

    # --- journal and settings

    def disk(self) -> Disk:
        """The journal's medium or media. Raises `JournalTrouble`, `UnitError`."""
        ...

    def second_is_back(self) -> bool:
        """Whether the journal's second medium, which was not there at the start, is there now."""
        ...

    def may_begin(self) -> bool:
        """Whether this machine never had a journal: only then may it begin one on an empty medium."""
        ...

    def memory(self, journal: Journal) -> Memory:
        """Journal and book, with the seal; a first journal gets a new seal. Raises `SealUnsafe`, `JournalCorrupt`."""
        ...

    def take_settings(self, memory: Memory) -> bool:
        """Put the settings of the console over the unit file; False when they do not fit. Called before any driver is made."""
        ...

    def why_unusable(self, settings: Settings) -> str | None:
        """Why the unit file cannot be used with these settings; None when it can."""
        ...

    def updates(self) -> Updates | None: ...

    def systems(self) -> CardSystems: ...

    @property
    def taps(self) -> Mapping[str, Tap]:
        """By the device's name for staff: the last frames of each line whose driver is made."""
        ...

    # --- devices; nothing is opened before its desk starts

    def line(self, surely_past: Callable[[], datetime], head: Callable[[], Head | None]) -> Centre:
        """`surely_past`: an instant that the true time is not before (security rule 18). `head`: of the journal, to be told."""
        ...

    def certified_at(self) -> datetime:
        """When this machine's own certificate was made: the true time is not before that. With its zone."""
        ...

    def coins(self, book: Book) -> tuple[CoinAcceptor, Hoppers] | None:
        """Acceptor and hoppers, which continue from the counters in the book; None at a counter terminal."""
        ...

    def printers(self) -> Printers: ...
    def card_reader(self) -> CardReader: ...
    def pin_pad(self, pin: PinBuffer) -> PinPad: ...
    def clerk_keys(self) -> PinPad | None:
        """None: this is no counter terminal."""
        ...

    def door(self) -> Contact | None: ...
    def sounding(self) -> Sounding | None:
        """None: this machine has no loudspeaker."""
        ...

    def board(self) -> IoBoard | None:
        """None: this machine has no I/O board."""
        ...

    def board_image(self) -> BoardImage:
        """Called only where there is a board."""
        ...

    def console_line(self) -> ConsoleLine | None: ...
    def crew(self, desks: Sequence[Desk[Any]]) -> Crew: ...
    def show(self, scene: Scene) -> None: ...
    def show_clerk(self, scene: Scene) -> None:
        """On the clerk's glass of a counter terminal; not called on another machine."""
        ...

    def publish(self, loop: Loop) -> None:
        """Write `state.json` for the simulator; a real machine writes nothing."""
        ...

    def fresh_id(self) -> str:
        """32 hex digits, random and new each time."""
        ...

    def fresh_code(self) -> str:
        """Four hex digits, with which staff confirms a plan on the console."""
        ...


class Machine:
    """Made, not started: call `crew.start()`, `loop.begin()`, then `loop.turn()` repeatedly. Raises what the parts raise."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._reception: Reception | None = None
        self._signals = SetSignals()
        self.console: Console | None = None
        self._display = Display(parts.show, parts.clock)
        self._clerk_display = None if parts.unit.clerk is None else Display(parts.show_clerk, parts.clock)
        self.disk = parts.disk()  # before any device: another process may run this machine
        for display in self._displays:
            display.show(Starting())  # before journal, devices and centre are asked: each may take long
        self.memory = parts.memory(self._open_journal())
        self._witness = Witness(self.memory)
        self._filed = parts.unit
        self._settings_fit = parts.take_settings(self.memory)
        self._updates = parts.updates()
        self._served = ServedWell(service_folder())
        line, coins, printers = self._line(), parts.coins(self.memory.book), parts.printers()
        witnesses = Witnesses(line, coins, printers.certificate)
        desks = self._desks(line, TillDesk() if coins is None else CoinDesk(*coins), printers)
        begin(self.memory, witnesses, _float(parts.unit), version(), parts.why_started())
        sites = self._site_tables(line)
        self._reception = self._make_reception(sites, desks, selective=coins is not None and coins[0].selective)
        self._console_line = parts.console_line()
        voice = self._voice_desks()
        self._speaks = bool(voice)
        self.crew: Crew = parts.crew(
            (*self._console_desks(), *desks, *voice)
        )  # the console first: it tells what the others lack
        self.loop = self._make_loop(self._reception)

    @property
    def _displays(self) -> tuple[Display, ...]:
        return (self._display,) if self._clerk_display is None else (self._display, self._clerk_display)

    def _open_journal(self) -> Journal:
        return Journal.open(
            self.disk,
            wall=self._parts.now,
            mono=self._parts.clock.monotonic,
            quality=self._clock_quality,
            segment_bytes=self._parts.segment_bytes,
            may_begin=self._parts.may_begin(),
        )

    def _line(self) -> Centre:
        return self._parts.line(self._surely_past, self._witness.head)

    def _surely_past(self) -> datetime:
        """The newest instant that this machine knows to be past, whatever its clock says."""
        certified, recorded = self._parts.certified_at(), self.memory.journal.last_trusted
        return certified if recorded is None else max(certified, recorded)

    def _clock_quality(self) -> ClockQuality:
        confirmed = self._reception is not None and self._reception.clock_trusted
        return ClockQuality.TRUSTED if confirmed else ClockQuality.UNTRUSTED

    # --- desks ----------------------------------------------------------------------------------

    def _desks(self, line: Centre, coins: Desk[CoinCommand], printers: Printers) -> tuple[Desk[Any], ...]:
        """The desks without which service does not begin. They share the PIN buffer and the vault, and nothing else."""
        parts, pin, vault = self._parts, PinBuffer(), Vault()
        door, clerk_keys, board = parts.door(), parts.clerk_keys(), parts.board()
        return (
            *(() if board is None else (BoardDesk(board, parts.clock, parts.board_image()),)),
            CardDesk(parts.card_reader(), pin),
            KeypadDesk(parts.pin_pad(pin), pin),
            *(() if clerk_keys is None else (ClerkKeysDesk(clerk_keys),)),
            LineDesk(line, vault),
            coins,
            PaperDesk(printers.certificate, printers.receipt, vault, printers.render, printers.read, printers.draw),
            *(() if door is None else (DoorDesk(door, parts.clock, _blind_s(parts.unit)),)),
        )

    def _console_desks(self) -> tuple[Desk[Any], ...]:
        """The console's desk, if there is one. Service begins without it."""
        terminal, parts = self._console_line, self._parts
        if terminal is None:
            return ()
        return (
            ConsoleDesk(terminal.stream, terminal.users, lambda: parts.now().date(), parts.clock, terminal.carrier),
        )

    def _voice_desks(self) -> tuple[Desk[Any], ...]:
        """The desk of the loudspeaker, if there is one. Service begins without it."""
        sounding, table = self._parts.sounding(), self._parts.unit.speaker
        if sounding is None or table is None:
            return ()
        teller = Teller(always=table.aloud, volume=table.volume)
        clock = self._parts.clock
        return (VoiceDesk(sounding.speaker, sounding.voices, sounding.plug, teller, clock, table.locating_s),)

    def _tell(self, tell: Tell) -> None:
        self.crew.send(VOICE, tell, OF_MACHINE)

    # --- loop -----------------------------------------------------------------------------------

    def _site_tables(self, line: Centre) -> SiteTables:
        """The tables that the journal has kept, verified again."""
        settings = in_force(self.memory.book.settings) if self._settings_fit else {}
        return SiteTables(
            self.memory.book,
            line.opened,
            profile=self._parts.unit.unit.profile,
            own=own_hours(settings),
            now=self._parts.now,
        )

    def _make_reception(self, sites: SiteTables, desks: Sequence[Desk[Any]], *, selective: bool) -> Reception:
        unit = self._parts.unit
        return Reception(
            sites=sites,
            now=self._parts.now,
            clock=self._parts.clock,
            longest_session_s=unit.timeouts.session_s,
            cards=tuple(unit.card.kinds),
            desks=frozenset(desk.name for desk in desks),
            accepts_yen=frozenset(unit.coin.accepts_yen) if unit.coin else frozenset(),
            selective=selective,
            has_till=unit.clerk is not None,
            surely_past=self._surely_past,
        )

    def _make_loop(self, reception: Reception) -> Loop:
        parts, unit = self._parts, self._parts.unit
        return Loop(
            crew=self.crew,
            clock=parts.clock,
            memory=self.memory,
            house=House(
                machine=unit.unit.name,
                profile=unit.unit.profile,
                kinds_taken=frozenset(unit.card.kinds),
                place=unit.unit.place,
                telephone=unit.unit.telephone,
                accepts_yen=frozenset(unit.coin.accepts_yen) if unit.coin else frozenset(),
                languages=LANGUAGES,
                has_till=unit.clerk is not None,
                sheets_at_near_end=unit.printer.sheets_at_near_end,
            ),
            timeouts=unit.timeouts,
            reception=reception,
            show=self._show,
            show_clerk=None if self._clerk_display is None else self._clerk_display.show,
            tell=self._tell if self._speaks else None,
            heartbeat=Heartbeat(
                self.memory,
                self._witness,
                reception,
                parts.clock,
                every_s=unit.centre.heartbeat_s,
                console_tries=HARD_LOCK,
                program=version(),
                models=_models(unit),
                send=lambda beat: self.crew.send(LINE, beat, OF_MACHINE),
            ),
            fresh_id=parts.fresh_id,
            publish=parts.publish,
            self_check=self._self_check,
            more_troubles=self._more_troubles,
            console=None if self._console_line is None else self._make_console,
        )

    def _show(self, scene: Scene) -> None:
        """Screen, and where there is an I/O board its lamp and buzzer."""
        self._display.show(scene)
        signals = signals_of(scene)
        if self._parts.unit.io_board is not None and signals != self._signals:
            self._signals = signals
            self.crew.send(BOARD, signals, OF_MACHINE)

    def _make_console(self, loop: Loop) -> Console:
        parts = self._parts
        hands = LoopHands(
            loop,
            self.memory,
            machine=parts.unit.unit.name,
            version=version(),
            hopper_values=_float(parts.unit),
            now=parts.now,
            clock=parts.clock,
            unit=parts.unit,
            filed=self._filed,
            speaks=self._speaks,
            check_settings=parts.why_unusable,
            fresh_code=parts.fresh_code,
            taps=parts.taps,
            systems=parts.systems(),
            updates=self._updates,
        )
        self.console = Console(hands, parts.fresh_code)
        return self.console

    def _self_check(self) -> frozenset[str]:
        """Reason words of what is wrong with the machine itself; the loop asks once a second. Also tells `Updates`."""
        for display in self._displays:
            display.look()
        self._take_second_medium()
        found = {
            "screen": any(display.trouble is not None for display in self._displays),
            "journal_copy": is_degraded(self.disk),
            "hardening": not self._parts.unit.unit.simulated and any(weaknesses()),
            "settings": not self._settings_fit,
            "release": self._is_outdated(),
        }
        return frozenset(word for word, wrong in found.items() if wrong)

    def _take_second_medium(self) -> None:
        """Start anew when the second medium has come: only a start makes two media the same (journal rule 4)."""
        if self._is_resting() and self._parts.second_is_back():
            self.loop.exit_asked = True

    def _is_resting(self) -> bool:
        """Whether nobody is served and no staff works here."""
        return self.loop.state is State.IDLE and not self.loop.reception.state.in_maintenance

    def _more_troubles(self) -> Mapping[str, str]:
        troubles = [display.trouble for display in self._displays if display.trouble is not None]
        return {"screen": f"screen: {troubles[0]}" if troubles else ""}

    def _is_outdated(self) -> bool:
        if self._reception is None:
            return False
        well, now_s = self._reception.state.mode is Mode.IN_SERVICE, self._parts.clock.monotonic()
        self._served.note(well=well, now_s=now_s)
        if self._updates is None:
            return False
        self._updates.note(well=well, now_s=now_s)
        if self._is_resting() and self._updates.trial_over(now_s):
            self.loop.exit_asked = True  # the launcher starts the release before
        return self._updates.outdated


def _blind_s(unit: Unit) -> float:
    return BOARD_AWAY_S if unit.door is not None and unit.door.via is Via.IO_BOARD else 0.0


def _float(unit: Unit) -> dict[int, int]:
    """Yen -> coins in each hopper when the journal is new."""
    return {} if unit.coin is None else {hopper.value_yen: hopper.coins for hopper in unit.coin.hoppers}


def _models(unit: Unit) -> dict[str, str]:
    """The devices that the unit file names a model of, for the heartbeat."""
    acceptor = "none" if unit.coin is None else "cctalk" if unit.coin.pulse is None else "pulse"
    return {
        "acceptor": acceptor,
        "certificate_printer": unit.printer.profile,
        "slip_printer": unit.receipt_printer.profile,
    }
