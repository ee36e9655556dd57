"""One machine in virtual time: the real session, loop, desks, drivers and journal on models, in one thread.

What a real machine has below its drivers is replaced by memory, and nothing above: the serial ports (MemoryStream over
the ccTalk bus and two printers), the reader (a card in memory), the key contacts, the disk, TLS. The screen keeps its
scenes instead of pictures. A resident is a `Person` who looks at each new scene and acts after a human while.

The world (`world.py`) outlives the machine: `die` ends the process or the power at an instant, `restart` begins again on
the same devices and the same medium.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from drivers.card.reader import CardReaderDriver
from drivers.coin.acceptor import Acceptor
from drivers.coin.bus import CcTalkBus
from drivers.coin.hopper import HopperBank
from drivers.coin.pulse import PulseAcceptor, PulseTiming
from drivers.line.centre import CentreLine
from drivers.pin_pad.entry import PinBuffer
from drivers.pin_pad.pin_pad import MatrixPinPad
from drivers.printer.printer import PrinterDriver
from drivers.printer.profile import load_profile
from drivers.vocabulary import CardKind
from firmware.book import records
from firmware.book.cases import LASTING_CODES
from firmware.book.records import SessionClosed
from firmware.config.unit import Timeouts
from firmware.console.access import HARD_LOCK
from firmware.console.console import Console
from firmware.desks import COIN, LINE, OF_MACHINE, AcknowledgePayout, Desk
from firmware.desks.card import CardDesk
from firmware.desks.coin import CoinDesk
from firmware.desks.door import DoorDesk
from firmware.desks.keypad import KeypadDesk
from firmware.desks.line import LineDesk
from firmware.desks.paper import PaperDesk
from firmware.journal.disk import Disk
from firmware.journal.journal import Journal
from firmware.journal.memory import Memory
from firmware.journal.mirror import is_degraded, mirrored
from firmware.loop import Loop
from firmware.paper.vault import Vault
from firmware.ports import CoinAcceptor
from firmware.service.heartbeat import Heartbeat
from firmware.service.hours import ServiceHours
from firmware.service.reception import Reception
from firmware.service.start import Witnesses, begin
from firmware.session import scenes as show
from firmware.session.context import House
from firmware.session.scenes import Scene
from firmware.session.states import State
from host_sim.adapters.disk import PowerLost, Tail
from host_sim.models.acceptor import AcceptorModel
from host_sim.models.chip import ChipCard
from host_sim.models.key_matrix import LAYOUT, ScannedKeys
from host_sim.models.pulse_acceptor import PulseAcceptorModel
from host_sim.rig.crew import InlineCrew
from host_sim.rig.late import LateCrew
from host_sim.rig.paper import draw_pages, draw_slip
from host_sim.rig.pulse import PulseWires
from host_sim.rig.quiet import CoinsAtRest, PrintersAtRest, Quiet
from host_sim.rig.world import ADDRESSES, JST, MACHINE, PULSES, VALUES, RigWorld

HOURS = {
    "closed_days": ["12-29", "12-30", "12-31", "01-01", "01-02", "01-03"],
    "default": {"everyday": "06:30-23:00"},
}
SETTLE_S = 1.2  # one thread does everything here: nobody comes while the printer's path is cleaned after a start
AWAY_S = 5.0  # how long the power stays off

Watcher = Callable[["RigMachine", Scene], None]


@dataclass(frozen=True, slots=True)
class Site:
    """What differs from one site profile to another, as in hardware/units."""

    profile: str
    kinds: tuple[CardKind, ...]


STORE = Site("store", (CardKind.INDIVIDUAL_NUMBER, CardKind.RESIDENT_REGISTER))
OFFICE = Site("office", (*STORE.kinds, CardKind.CITIZEN))


@dataclass(frozen=True, slots=True)
class DoorContact:
    """Satisfies `firmware.ports.Contact`."""

    world: RigWorld

    def broken(self) -> bool:
        return self.world.door_open


class RigMemory(Memory):
    """Keeps the record of the session that ended last."""

    last_closed: SessionClosed | None = None

    def note(self, record: records.Record, *, durable: bool | None = None) -> int:
        number = super().note(record, durable=durable)
        if isinstance(record, SessionClosed):
            self.last_closed = record
        return number


class RigMachine(RigWorld):
    """One machine and its world. `watch` hears every new scene."""

    site = STORE

    def __init__(
        self,
        *,
        timeouts: Timeouts = Timeouts(),  # noqa: B008  frozen
        sheets_at_near_end: int = 0,
        late: bool = False,
        **world: Any,
    ) -> None:
        """`late`: every desk takes its time, as threads do. `world`: see `RigWorld`."""
        super().__init__(**world)
        self.timeouts = timeouts
        self.sheets_at_near_end = sheets_at_near_end
        self._late = late
        self.hours: Mapping[str, Any] = HOURS
        self.scenes: list[Scene] = []
        self.watchers: list[Watcher] = []
        self.attended = False  # somebody stands there whom the machine serves
        self.starts = 0
        self.last_end = "start"  # or "medium": what the service remembers of the last run
        self._start()

    def nudge(self, desk: str) -> None:
        self.crew.nudge(desk)

    # --- the machine ----------------------------------------------------------------------------

    def _start(self) -> None:
        self.starts += 1
        self.medium = self._open_media()
        journal = Journal.open(self.medium, wall=self.now, mono=self.clock.monotonic, segment_bytes=1 << 18)
        self.memory = RigMemory(journal)
        self._take_settings()
        pin = PinBuffer()
        self.pin = pin
        bus = CcTalkBus(self._stream(self.bus, "coin"), self.clock)
        acceptor = self._acceptor_on(bus)
        addresses = {value: ADDRESSES[value] for value in self.tubes}
        hoppers = HopperBank(bus, addresses, explained=self.memory.book.explained)
        vault = Vault()
        profile = load_profile(self.certificate_printer)
        printer = PrinterDriver(self._stream(self.printer, "printer"), self.clock, profile, "printer")
        slips = PrinterDriver(
            self._stream(self.slips, "slips"), self.clock, load_profile("receipt-80"), "receipt_printer"
        )
        line = CentreLine(self.centre, self.centre.key.public_key().public_bytes_raw(), MACHINE, 8.0)
        pad = MatrixPinPad(ScannedKeys(self.keys, self.clock.monotonic, self.clock.advance), LAYOUT, pin, self.clock)
        coin_desk = CoinDesk(acceptor, hoppers)
        paper_desk = PaperDesk(printer, slips, vault, draw_pages, draw_slip)
        door = DoorDesk(DoorContact(self), self.clock)
        desks: tuple[Desk[Any], ...] = (
            CardDesk(CardReaderDriver(self.reader, self.now), pin),
            KeypadDesk(pad, pin),
            LineDesk(line, vault),
            coin_desk,
            paper_desk,
            door,
        )
        begin(self.memory, Witnesses(line, acceptor, hoppers, printer), self.tubes, "rig", self.last_end)
        self.last_end = "start"
        self.crew = self._make_crew(
            (*desks, *self._more_desks()),
            alarms={
                "keypad": lambda: self._key_moves_at(pad),
                "card": lambda: None,
                "door": lambda: self._door_settles_at(door),
            },
            quiet=self._quiet(coin_desk, acceptor, paper_desk, printer),
        )
        reception = Reception(
            hours=ServiceHours(self.hours),
            now=self.now,
            clock=self.clock,
            longest_session_s=self.timeouts.session_s,
            cards=self.site.kinds,
            desks=frozenset(desk.name for desk in desks),
            refusable_yen=frozenset({10, 50, 100, 500}) if acceptor.selective else frozenset(),
        )
        self.loop = Loop(
            crew=self.crew,
            clock=self.clock,
            memory=self.memory,
            house=House(
                machine=MACHINE,
                profile=self.site.profile,
                kinds_taken=frozenset(self.site.kinds),
                accepts_yen=frozenset({10, 50, 100, 500}),
                languages=("ja", "en"),
                sheets_at_near_end=self.sheets_at_near_end,
            ),
            timeouts=self.timeouts,
            reception=reception,
            show=self._show,
            fresh_id=lambda: f"{self.random.getrandbits(128):032x}",
            heartbeat=Heartbeat(
                self.memory,
                reception,
                self.clock,
                every_s=20.0,
                console_tries=HARD_LOCK,
                send=lambda beat: self.crew.send(LINE, beat, OF_MACHINE),
            ),
            self_check=self._self_check,
            console=self._console,
        )
        self.crew.start()
        self.loop.redraw()
        settled_s = self.clock.monotonic() + SETTLE_S
        self.run_until(lambda: self.clock.monotonic() >= settled_s)

    def _make_crew(self, desks: tuple[Desk[Any], ...], **looking: Any) -> InlineCrew:
        if self._late:
            return LateCrew(desks, self.clock, dice=random.Random(self.random.random()), **looking)
        return InlineCrew(desks, self.clock, **looking)

    def _open_media(self) -> Disk:
        second = self.second
        return self.disk if second is None else mirrored(self.disk, lambda: second)

    def _self_check(self) -> frozenset[str]:
        return frozenset({"journal_copy"} if is_degraded(self.medium) else ())

    # --- death and rebirth ----------------------------------------------------------------------

    def die(self, tail: Tail | None, seed: int = 0) -> None:
        """The machine ends at this instant: with `tail` the power of everything in the case goes, without it only
        the process (SIGKILL, a watchdog). Raises `PowerLost` through whatever was being done."""
        self._alive = False
        if tail is not None:
            self.power_off(tail, seed)
        raise PowerLost

    def restart(self, away_s: float = AWAY_S) -> None:
        """Begin again after `die`, or after the process ended itself. The resident has taken what was theirs and gone."""
        self._alive = self.attended = False
        self.watchers.clear()
        self.hang_up()
        self.reader.remove()
        self.clock.advance(away_s)
        self.take_what_lies_there()
        self.power_on()
        self.clock.advance(3.0)  # until the kernel and Python are up
        self._alive = True
        self._start()

    def run_until(self, done: Callable[[], bool], limit_s: float = 900.0) -> None:
        """Turn the loop until `done`. Raises TimeoutError after `limit_s` of virtual time."""
        until_s = self.clock.monotonic() + limit_s
        stood_still, at_s = 0, -1.0
        while not done():
            stood_still = stood_still + 1 if self.clock.monotonic() == at_s else 0
            at_s = self.clock.monotonic()
            assert stood_still < 1000, f"it turns on the spot in {self.loop.state}"
            if self.clock.monotonic() >= until_s:
                raise TimeoutError(f"after {limit_s:.0f} s the session is in {self.loop.state}")
            self.loop.turn()

    def wait(self, seconds: float) -> None:
        """Turn the loop for so long, whatever happens."""
        until_s = self.clock.monotonic() + seconds
        self.run_until(lambda: self.clock.monotonic() >= until_s, seconds + 60)

    def serve(self, person: "Watcher", chip: ChipCard, limit_s: float = 900.0) -> None:
        """One resident from the idle screen to the idle screen. Raises `PowerLost` if the machine dies meanwhile."""
        self.run_until(lambda: isinstance(self.loop.scene, show.Idle), 120)
        self.attended = True
        self.memory.last_closed = None
        self.watchers[:] = [person]
        self.reader.insert(chip)
        self.run_session(limit_s)
        self.attended = False

    def run_session(self, limit_s: float = 900.0) -> None:
        """From idle, through whatever the people do, to idle again."""
        self.run_until(lambda: self.loop.state is not State.IDLE, limit_s)
        self.run_until(lambda: self.loop.state is State.IDLE, limit_s)

    def settle_advices(self, limit_s: float = 300.0) -> None:
        self.run_until(lambda: not self.memory.book.pending_advices(), limit_s)

    def records(self, kind: type[records.Record]) -> list[records.Record]:
        return [s.record for s in self.memory.journal.records() if isinstance(s.record, kind)]

    # --- hands ----------------------------------------------------------------------------------

    def mend(self) -> None:
        """A technician puts everything right: devices, medium, line, clock, and what waits in the queue."""
        self.mend_devices()
        self._resolve()

    def load_coins(self, coins: int = 60) -> None:
        """A technician fills every hopper up to so many coins, and says so on the console."""
        for value_yen, hopper in self.hoppers.items():
            hopper.fill(max(0, coins - hopper.tube), self.clock.monotonic())
            self.memory.note(records.FloatSet(value_yen=value_yen, coins=hopper.tube))

    def _resolve(self) -> None:
        """What only a person may clear is cleared, and the machine started anew where that needs it."""
        book = self.memory.book
        if book.session is not None:
            return
        for code, detail in list(book.queue):
            if code in LASTING_CODES:
                self.memory.note(records.Resolved(code=code, detail=detail, decision="seen by a technician"))
        if book.line_stopped is not None:
            self.memory.note(records.LineCleared())
        for value_yen in list(book.unexplained):
            self.loop.send(COIN, AcknowledgePayout(value_yen))
        self.run_until(lambda: not book.unexplained, 10)
        if any(reason.needs_person for reason in self.loop.reception.state.reasons):
            self.restart()

    def is_open_again(self) -> bool:
        """Whether it serves; where only the clock closes it, it becomes ten in the morning of an ordinary day."""
        front = self.loop.scene
        if isinstance(front, show.Closed) and front.reason in {"hours", "year_end"}:
            self.set_wall(datetime(2026, 11, 24, 10, 0, tzinfo=JST))
        return isinstance(front, show.Idle)

    @property
    def front_is_settled(self) -> bool:
        return isinstance(self.loop.scene, show.Idle | show.Closed)

    # --- a console, where the rig has one (rig/console.py) ----------------------------------------

    _console: Callable[[Loop], Console] | None = None

    def _more_desks(self) -> tuple[Desk[Any], ...]:
        return ()

    def _take_settings(self) -> None:
        """Settings are made on a console."""

    # --- inside ---------------------------------------------------------------------------------

    def _show(self, scene: Scene) -> None:
        self.scenes.append(scene)
        for watcher in self.watchers:
            watcher(self, scene)

    def _acceptor_on(self, bus: CcTalkBus) -> CoinAcceptor:
        book = self.memory.book
        if isinstance(self.acceptor, PulseAcceptorModel):
            wires = PulseWires(self.acceptor, self.clock)
            return PulseAcceptor(wires, wires, PULSES, PulseTiming())
        serial = self.acceptor_serial if book.acceptor_serial is None else book.acceptor_serial
        return Acceptor(bus, 2, serial, VALUES, book.acceptor_event, last_accepted_total=book.acceptor_explained)

    def _quiet(
        self, coin_desk: CoinDesk, acceptor: CoinAcceptor, paper_desk: PaperDesk, printer: PrinterDriver
    ) -> dict[str, Quiet]:
        coin, certificates, slips = self._streams
        printers = {certificates: self.printer, slips: self.slips}
        quiet: dict[str, Quiet] = {"paper": PrintersAtRest(paper_desk, printer, printers, self.clock)}
        if isinstance(acceptor, Acceptor) and isinstance(self.acceptor, AcceptorModel):
            explained = lambda: self.memory.book.explained  # noqa: E731
            quiet["coin"] = CoinsAtRest(
                coin_desk, acceptor, coin, self.bus, self.acceptor, self.hoppers, explained, self.clock
            )
        return quiet

    def _key_moves_at(self, pad: MatrixPinPad) -> float | None:
        """When a scan could see something new: a contact chatters, or a debounce decision is due."""
        instants = [pad.wake_at(), self.keys.wake_at(self.clock.monotonic())]
        return min((instant for instant in instants if instant is not None), default=None)

    def _door_settles_at(self, door: DoorDesk) -> float | None:
        return None if door.at_rest else self.clock.monotonic()
