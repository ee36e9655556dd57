"""One machine in virtual time: the real session, loop, desks, drivers and journal on models, in one thread.

Only what lies below the drivers is replaced, by objects in memory: the serial ports (MemoryStream to the ccTalk bus and
two printers), the reader, the key contacts, the disk, TLS. The screen keeps its scenes instead of pictures. A resident is
a `Person`, who looks at each new scene and acts after a person's reaction time.

The world (`world.py`) stays when the machine ends: `die` ends the process or cuts the power at an instant, `restart` starts
a new machine on the same devices and the same medium.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from drivers.vocabulary import CardKind
from firmware.assemble import Machine
from firmware.book import records
from firmware.book.cases import LASTING_CODES, SUMMED_CODES
from firmware.book.schema import schema
from firmware.desks import COIN, AcknowledgePayout, LookAgain
from firmware.journal.journal import stored
from firmware.service.availability import Reason
from firmware.session import scenes as show
from firmware.session.scenes import Scene
from firmware.session.states import State
from host_sim.adapters.disk import PowerLost, Tail
from host_sim.models.chip import ChipCard
from host_sim.models.pulse_acceptor import PulseAcceptorModel
from host_sim.models.zoo.room import merged
from host_sim.rig.crew import InlineCrew
from host_sim.rig.parts import RigMemory, RigParts
from host_sim.rig.world import ADDRESSES, JST, RigWorld
from host_sim.unit_file import PULSE_TABLE

SETTLE_S = 1.2  # one thread does everything here: nobody comes while the printer's path is cleaned after a start
ON_BOARD = {"via": "io_board", "pulses": PULSE_TABLE["pulses"]}
AWAY_S = 5.0  # how long the power stays off

Watcher = Callable[["RigMachine", Scene], None]


@dataclass(frozen=True, slots=True)
class Site:
    """Profile and cards taken: what differs between sites, as in hardware/units."""

    profile: str
    kinds: tuple[CardKind, ...]


STORE = Site("store", (CardKind.INDIVIDUAL_NUMBER, CardKind.RESIDENT_REGISTER))
OFFICE = Site("office", (*STORE.kinds, CardKind.CITIZEN))
COUNTER = Site("counter", OFFICE.kinds)


class RigMachine(RigWorld):
    """One machine and its world. `watch` is called with every new scene."""

    site = STORE

    def __init__(
        self, *, site: Site | None = None, sheets_at_near_end: int = 0, late: bool = False, **world: Any
    ) -> None:
        """`late`: delays for the desks, as threads have them (`LateCrew`). `world`: arguments of `RigWorld`."""
        self.site = site or self.site
        super().__init__(**world)
        self.centre.tables.table |= {"profile": self.site.profile, "cards": [str(kind) for kind in self.site.kinds]}
        self.sheets_at_near_end = sheets_at_near_end
        self.late = late
        self.scenes: list[Scene] = []
        self.watchers: list[Watcher] = []
        self.clerk_scenes: list[Scene] = []  # on the clerk's glass of a counter terminal
        self.clerk: Watcher | None = None
        self.attended = False  # a resident stands at the machine and is served
        self.staff_coins: Counter[int] = (
            Counter()
        )  # yen of a coin -> how many two people let out that are still to come
        self.starts = 0
        self.last_end = "start"  # or "medium": how the last run ended
        self._start()

    def nudge(self, desk: str) -> None:
        self.crew.nudge(desk)

    # --- the machine ----------------------------------------------------------------------------

    def _start(self) -> None:
        self.starts += 1
        machine = Machine(self._parts())
        self.last_end = "start"
        assert isinstance(machine.crew, InlineCrew)
        self.crew: InlineCrew = machine.crew
        self.medium, self.loop, self.console = machine.disk, machine.loop, machine.console
        self.crew.start()
        self.loop.begin()
        settled_s = self.clock.monotonic() + SETTLE_S
        self.run_until(lambda: self.clock.monotonic() >= settled_s)

    def _parts(self) -> RigParts:
        return RigParts(self, self._over(), **self._how())

    def _how(self) -> dict[str, Any]:
        return {
            "why": self.last_end,
            "late": self.late,
            "show": self._show,
            "show_clerk": self._show_clerk,
            "remembers": self._remembers,
        }

    def _over(self) -> dict[str, Any]:
        """The tables of this machine's unit that differ from the unit file."""
        hoppers = [
            {"address": ADDRESSES[value], "value_yen": value, "coins": coins} for value, coins in self.tubes.items()
        ]
        over: dict[str, Any] = {
            "unit": {"name": self.name, "profile": self.site.profile},
            "card": {"kinds": [str(kind) for kind in self.site.kinds]},
            "coin": {"hoppers": hoppers},
            "printer": {"profile": self.certificate_printer, "sheets_at_near_end": self.sheets_at_near_end},
        }
        if isinstance(self.acceptor, PulseAcceptorModel):
            over["coin"] |= {"pulse": PULSE_TABLE if self.board is None else ON_BOARD}
        if self.board is not None:
            over["io_board"] = {"port": "io-board"}
        over = merged(over, self.room.over(over))
        if self.site is COUNTER:
            del over["coin"]
            if self.board is not None:
                over["clerk"] = {"keypad": {"via": "io_board", "rows": [], "columns": []}}
        return over

    def _remembers(self, memory: RigMemory) -> None:
        self.memory = memory

    # --- death and rebirth ----------------------------------------------------------------------

    def die(self, tail: Tail | None, seed: int = 0) -> None:
        """End the machine at this instant: with a `tail` everything in the case loses its power; with None only the
        process ends (SIGKILL, a watchdog). Always raises `PowerLost`, which ends whatever was being done."""
        self._alive = False
        if tail is not None:
            self.power_off(tail, seed)
        raise PowerLost

    def restart(self, away_s: float = AWAY_S) -> None:
        """Start again after `die`, or after the process ended itself. The resident has taken card and coins and left."""
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
        """Turn the loop until `done()` is true. Raises TimeoutError after `limit_s` of virtual time."""
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
        """Turn the loop for so many seconds."""
        until_s = self.clock.monotonic() + seconds
        self.run_until(lambda: self.clock.monotonic() >= until_s, seconds + 60)

    def serve(self, person: "Watcher", chip: ChipCard, limit_s: float = 900.0) -> None:
        """Serve one resident from idle screen to idle screen. Raises `PowerLost` if the machine dies during that."""
        self.run_until(lambda: isinstance(self.loop.scene, show.Idle), 120)
        self.attended = True
        self.memory.last_closed = None
        self.watchers[:] = [person]
        self.reader.insert(chip)
        self.run_session(limit_s)
        self.attended = False

    def waive_pin(self) -> None:
        """The clerk of a counter terminal begins the way without a PIN."""
        self.run_until(lambda: isinstance(self.loop.scene, show.Idle), 120)
        self.tap_clerk("1", self.clock.monotonic() + 0.2)
        self.wait(1)

    def run_session(self, limit_s: float = 900.0) -> None:
        """Turn the loop until the session that the person begins has ended and the machine is idle."""
        self.run_until(lambda: self.loop.state is not State.IDLE, limit_s)
        self.run_until(lambda: self.loop.state is State.IDLE, limit_s)

    def settle_advices(self, limit_s: float = 300.0) -> None:
        """Run until the centre has acknowledged everything, and the machine has written what the city's desk paid."""
        self.run_until(lambda: not self.memory.book.pending_advices() and not self.centre.unheard, limit_s)

    def records(self, kind: type[records.Record]) -> list[records.Record]:
        number = schema().by_type[kind].number
        return [stored(entry).record for entry in self.memory.journal.entries() if entry.number == number]

    # --- hands ----------------------------------------------------------------------------------

    def mend(self) -> None:
        """A technician mends devices, medium, line and clock and closes the cases in the queue.

        A hopper gets its new board while the machine is off.
        """
        new_board = any(hopper.counters_broken for hopper in self.hoppers.values())
        self.mend_devices()
        if self.site is COUNTER:
            self.nudge("clerk keys")
        if new_board and self.memory.book.session is None:
            self.restart()
        self._resolve()

    def load_coins(self, coins: int = 60) -> None:
        """A technician fills every hopper up to so many coins, and enters the counts."""
        for value_yen, hopper in self.hoppers.items():
            hopper.fill(max(0, coins - hopper.tube), self.clock.monotonic())
            self.memory.note(records.FloatSet(value_yen=value_yen, coins=hopper.tube))

    def _resolve(self) -> None:
        """Clear what only a person may clear; restart the machine where that is needed."""
        book = self.memory.book
        if book.session is not None:
            return
        for code, detail in list(book.queue):
            if code in LASTING_CODES | SUMMED_CODES:
                self.memory.note(records.Resolved(code=code, detail=detail, decision="seen by a technician"))
        if book.line_stopped is not None:
            self.memory.note(records.LineCleared())
        for value_yen in list(book.unexplained):
            self.loop.send(COIN, AcknowledgePayout(value_yen))
        self.run_until(lambda: not book.unexplained, 10)
        for value_yen in list(book.hoppers_out):
            self.memory.note(records.FloatSet(value_yen=value_yen, coins=self.hoppers[value_yen].tube))
            self.loop.send(COIN, LookAgain())
        if Reason.CHANGE in self.loop.reception.state.closing:
            self.load_coins()
        if any(reason.needs_person for reason in self.loop.reception.state.reasons):
            self.restart()

    def is_open_again(self) -> bool:
        """Whether the idle screen is shown. If the hours close the machine, also set the clock to a weekday, 10:00."""
        front = self.loop.scene
        if isinstance(front, show.Closed) and front.reason in {"hours", "year_end"}:
            self.set_wall(datetime(2026, 11, 24, 10, 0, tzinfo=JST))
        return isinstance(front, show.Idle)

    @property
    def front_is_settled(self) -> bool:
        return isinstance(self.loop.scene, show.Idle | show.Closed)

    # --- inside ---------------------------------------------------------------------------------

    def _show_clerk(self, scene: Scene) -> None:
        self.clerk_scenes.append(scene)
        if self.clerk is not None:
            self.clerk(self, scene)

    def _show(self, scene: Scene) -> None:
        self.scenes.append(scene)
        for watcher in self.watchers:
            watcher(self, scene)
