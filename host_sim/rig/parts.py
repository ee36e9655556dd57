"""The parts of a machine in virtual time: the real drivers, each over a model in memory."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.card.reader import CardReaderDriver
from drivers.coin.acceptor import Acceptor
from drivers.coin.bus import CcTalkBus
from drivers.coin.cctalk import Checksum
from drivers.coin.hopper import HopperBank
from drivers.coin.pulse import EdgeSource, InhibitLine, PulseAcceptor, PulseTiming
from drivers.io_board.board import IoBoard
from drivers.io_board.image import Image
from drivers.io_board.link import BoardLink
from drivers.io_board.wires import BoardCoins, BoardDoor, BoardKeys, BoardSlot
from drivers.line.centre import CentreLine, Transport
from drivers.pin_pad.entry import PinBuffer
from drivers.pin_pad.pin_pad import KeyMatrixPins, MatrixPinPad
from drivers.ports import ByteStream
from drivers.printer.printer import PrinterDriver
from drivers.printer.profile import load_profile
from drivers.trace import Tap
from firmware.assemble import ConsoleLine, Printers, Sounding
from firmware.book import records
from firmware.book.book import Book
from firmware.config.settings import Settings
from firmware.config.unit import CoinTable, KeypadTable, PulseTable, Unit, Via, load_unit
from firmware.desks import Desk
from firmware.desks.coin import CoinDesk
from firmware.desks.door import DoorDesk
from firmware.desks.keypad import SCAN_S
from firmware.desks.paper import PaperDesk
from firmware.io_board import program
from firmware.journal.disk import Disk
from firmware.journal.journal import Journal
from firmware.journal.memory import Memory
from firmware.journal.mirror import mirrored
from firmware.journal.seal import KeySeal
from firmware.loop import Loop
from firmware.ports import CoinAcceptor, Contact
from firmware.service.witness import Head
from firmware.session.scenes import Scene
from firmware.update.standing import CardSystems
from firmware.update.updates import Updates
from host_sim.models.acceptor import AcceptorModel
from host_sim.models.key_matrix import CLERK_LAYOUT, LAYOUT, KeyMatrix, ScannedKeys
from host_sim.models.pulse_acceptor import PulseAcceptorModel
from host_sim.rig.crew import Alarm, InlineCrew
from host_sim.rig.late import LateCrew
from host_sim.rig.paper import draw_pages, draw_slip, read_pages
from host_sim.rig.pulse import PulseWires
from host_sim.rig.quiet import CoinsAtRest, PrintersAtRest, Quiet
from host_sim.rig.world import VALUES, RigWorld

_BEAT_S = 0.05
UNITS = Path(__file__).parent.parent.parent / "hardware" / "units"
SEAL = KeySeal(Ed25519PrivateKey.from_private_bytes(sha256(b"seal of the rig").digest()))


class RigMemory(Memory):
    """A `Memory` that keeps the record of the last session that ended."""

    last_closed: records.SessionClosed | None = None

    def note(self, record: records.Record, *, durable: bool | None = None) -> int:
        number = super().note(record, durable=durable)
        if isinstance(record, records.SessionClosed):
            self.last_closed = record
        return number


class DoorContact:
    """Satisfies `firmware.ports.Contact`."""

    def __init__(self, world: RigWorld) -> None:
        self._world = world

    def broken(self) -> bool:
        return self._world.door_open


class RigParts:
    """Satisfies `firmware.assemble.Parts`. Made anew for each start, on the same world."""

    segment_bytes = 1 << 18
    taps: Mapping[str, Tap] = {}

    def __init__(
        self,
        world: RigWorld,
        over: Mapping[str, Any],
        *,
        why: str,
        late: bool,
        show: Callable[[Scene], None],
        show_clerk: Callable[[Scene], None],
        remembers: Callable[[RigMemory], None],
    ) -> None:
        """`over`: the tables of the unit that differ from the unit file. `remembers` is called with the new memory."""
        self.clock = world.clock
        self.now = world.now
        self.show, self.show_clerk = show, show_clerk
        self._world = world
        self._over = json.dumps(over)
        self._why = why
        self._late = late
        self._remembers = remembers

    @property
    def unit(self) -> Unit:
        return _unit(self._over)

    def why_started(self) -> str:
        return self._why

    def publish(self, loop: Loop) -> None:
        """Does nothing: tests read the machine itself."""

    def fresh_id(self) -> str:
        return f"{self._world.random.getrandbits(128):032x}"

    def fresh_code(self) -> str:
        return f"{self._world.random.getrandbits(16):04x}"

    # --- journal and settings -------------------------------------------------------------------

    def disk(self) -> Disk:
        first, second = self._world.disk, self._world.second
        return first if second is None else mirrored(first, lambda: second)

    def second_is_back(self) -> bool:
        return False

    def may_begin(self) -> bool:
        return not self._world.sealed

    def memory(self, journal: Journal) -> Memory:
        self._world.sealed = True
        memory = RigMemory(journal, SEAL)
        self._remembers(memory)
        return memory

    def take_settings(self, memory: Memory) -> bool:  # noqa: ARG002
        """False: settings are changed on a console, and only `console.ConsoleParts` has one."""
        return True

    def why_unusable(self, settings: Settings) -> str | None:  # noqa: ARG002
        return None

    def updates(self) -> Updates | None:
        return None

    def systems(self) -> CardSystems:
        return CardSystems(Path(os.devnull), None)  # not started from an image

    # --- devices --------------------------------------------------------------------------------

    def certified_at(self) -> datetime:
        return datetime.min.replace(tzinfo=UTC)

    def line(
        self,
        surely_past: Callable[[], datetime],  # noqa: ARG002  its transport has no TLS
        head: Callable[[], Head | None],
    ) -> CentreLine:
        key = self._world.centre.key.public_key().public_bytes_raw()
        return CentreLine(self._transport(), key, self.unit.unit.name, self.unit.centre.deadline_s, head)

    def _transport(self) -> Transport:
        return self._world.centre

    def coins(self, book: Book) -> tuple[CoinAcceptor, HopperBank] | None:
        world, table = self._world, self.unit.coin
        if table is None:
            return None
        bus = CcTalkBus(self._stream(world.bus, "coin"), self.clock, checksum=Checksum(table.checksum))
        self._acceptor = self._acceptor_on(bus, table, book)
        self._explained = lambda: book.explained
        self._ill = lambda: book.hoppers_ill
        addresses = {hopper.value_yen: hopper.address for hopper in table.hoppers}
        styles = {hopper.value_yen: hopper.dispense for hopper in table.hoppers}
        return self._acceptor, HopperBank(bus, addresses, styles=styles, explained=book.explained)

    def _acceptor_on(self, bus: CcTalkBus, table: CoinTable, book: Book) -> CoinAcceptor:
        if table.pulse is not None:
            assert isinstance(self._world.acceptor, PulseAcceptorModel), "the unit file has a pulse acceptor"
            timing = PulseTiming(width_s=table.pulse.width_s, end_s=table.pulse.end_s)
            return PulseAcceptor(*self._coin_wires(self._world.acceptor, table.pulse), table.pulse.codes, timing)
        serial = self._world.acceptor_serial if book.acceptor_serial is None else book.acceptor_serial
        total, lost = book.acceptor_total, book.acceptor_lost
        return Acceptor(
            bus,
            table.acceptor_address,
            serial,
            VALUES,
            book.acceptor_event,
            last_accepted_total=total,
            last_lost=lost,
        )

    def _coin_wires(self, acceptor: PulseAcceptorModel, table: PulseTable) -> tuple[EdgeSource, InhibitLine]:
        if table.via is Via.IO_BOARD:
            return BoardCoins(self._board), BoardSlot(self._board, table.inhibit)
        wires = PulseWires(acceptor, self.clock, table.inhibit)
        return wires, wires

    @cached_property
    def _board(self) -> BoardLink:
        return BoardLink(self._stream(self._world.board, "io_board"), self.clock)

    def board(self) -> IoBoard | None:
        return None if self._world.board is None else IoBoard(self._board, self.clock)

    def board_image(self) -> Image:
        folder = self._world.board_folder or Path("no-image")
        return Image(folder / "io-board.uf2", folder / "loader", program.digest())

    def printers(self) -> Printers:
        world, unit = self._world, self.unit
        stream = self._stream(world.printer, "printer")
        self._printer = PrinterDriver(stream, self.clock, load_profile(unit.printer.profile), "printer")
        stream = self._stream(world.slips, "slips")
        slips = PrinterDriver(stream, self.clock, load_profile(unit.receipt_printer.profile), "receipt_printer")
        return Printers(self._printer, slips, draw_pages, read_pages, draw_slip)

    def _stream(self, model: object, device: str) -> ByteStream:
        return self._world.open_stream(model, device)

    def card_reader(self) -> CardReaderDriver:
        return CardReaderDriver(self._world.reader, self.now)

    def pin_pad(self, pin: PinBuffer) -> MatrixPinPad:
        self._world.pin = pin
        self._pad = MatrixPinPad(self._keys(self.unit.keypad, self._world.keys), LAYOUT, pin, self.clock)
        return self._pad

    def clerk_keys(self) -> MatrixPinPad | None:
        if self.unit.clerk is None:
            return None
        keys = self._keys(self.unit.clerk.keypad, self._world.clerk_keys)
        self._clerk_pad = MatrixPinPad(keys, CLERK_LAYOUT, PinBuffer(), self.clock)
        return self._clerk_pad

    def _keys(self, table: KeypadTable, keys: KeyMatrix) -> KeyMatrixPins:
        if table.via is Via.IO_BOARD:
            return BoardKeys(self._board)
        return ScannedKeys(keys, self.clock.monotonic, self.clock.advance)

    def door(self) -> Contact:
        return BoardDoor(self._board) if self._door_on_board else DoorContact(self._world)

    @property
    def _door_on_board(self) -> bool:
        return self.unit.door is not None and self.unit.door.via is Via.IO_BOARD

    def sounding(self) -> Sounding | None:
        return self._world.sounding

    def console_line(self) -> ConsoleLine | None:
        return None

    # --- crew -----------------------------------------------------------------------------------

    def crew(self, desks: Sequence[Desk[Any]]) -> InlineCrew:
        looking = (self._alarms(desks), self._quiet(desks), self._still(desks))
        if self._late:
            return LateCrew(desks, self.clock, *looking, dice=Random(self._world.random.random()))
        return InlineCrew(desks, self.clock, *looking)

    def _alarms(self, desks: Sequence[Desk[Any]]) -> Mapping[str, Alarm]:
        (door,) = (desk for desk in desks if isinstance(desk, DoorDesk))
        return {
            "keypad": lambda: self._key_moves_at(self._pad, self._world.keys),
            "clerk keys": lambda: self._key_moves_at(self._clerk_pad, self._world.clerk_keys),
            "card": lambda: None,
            "door": lambda: None if door.at_rest and not self._door_on_board else self.clock.monotonic(),
        }

    def _key_moves_at(self, pad: MatrixPinPad, keys: KeyMatrix) -> float | None:
        """The next instant at which a scan could see something new: a contact moves, or a debounce time ends.

        A board tells of a contact some time after it moved, and it must hear the machine meanwhile.
        """
        if self._world.board is not None and self._world.board.keys is keys:
            return self.clock.monotonic() + (SCAN_S if pad.active else _BEAT_S)
        instants = [pad.wake_at(), keys.wake_at(self.clock.monotonic())]
        return min((instant for instant in instants if instant is not None), default=None)

    def _still(self, desks: Sequence[Desk[Any]]) -> Mapping[str, Quiet]:  # noqa: ARG002
        """Proofs that hold until anything else happens; only `console.ConsoleParts` has a desk for which there is one."""
        return {}

    def _quiet(self, desks: Sequence[Desk[Any]]) -> Mapping[str, Quiet]:
        world = self._world
        (paper,) = (desk for desk in desks if isinstance(desk, PaperDesk))
        printers = {world.stream_of("printer"): world.printer, world.stream_of("slips"): world.slips}
        quiet: dict[str, Quiet] = {"paper": PrintersAtRest(paper, self._printer, printers, self.clock)}
        coins = next((desk for desk in desks if isinstance(desk, CoinDesk)), None)
        if coins is not None and isinstance(self._acceptor, Acceptor) and isinstance(world.acceptor, AcceptorModel):
            stream = world.stream_of("coin")
            quiet["coin"] = CoinsAtRest(
                coins,
                self._acceptor,
                stream,
                world.bus,
                world.acceptor,
                world.hoppers,
                self._explained,
                self._ill,
                self.clock,
            )
        return quiet


def base_unit(over: dict[str, Any]) -> Path:
    """The unit file that these tables are laid over."""
    if over["unit"]["profile"] == "counter":
        return UNITS / "dev-counter.toml"
    return UNITS / ("dev-board.toml" if "io_board" in over else "dev-store.toml")


@lru_cache(maxsize=64)
def _unit(over: str) -> Unit:
    tables = json.loads(over)
    return load_unit(base_unit(tables), tables)
