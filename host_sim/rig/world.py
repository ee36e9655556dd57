"""The world of one machine in virtual time: devices, hands, power, clocks, and what physically happened.

The machine is told only through `nudge`, when a card or a key has moved. While a machine runs, the world calls `at_point`
whenever paper, money, medium or line is touched.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from drivers.errors import LineLost
from drivers.pin_pad.entry import PinBuffer
from firmware.assemble import Sounding
from firmware.io_board import program
from host_sim.adapters.card_memory import MemoryReader
from host_sim.adapters.disk import MemoryDisk, Tail
from host_sim.adapters.memory import MemoryStream
from host_sim.adapters.wire import WireKind
from host_sim.clock import VirtualClock
from host_sim.io_board.loader import LoaderDrive
from host_sim.models.acceptor import AcceptorModel
from host_sim.models.card_reader import CardReaderModel
from host_sim.models.cctalk_bus import CcTalkBusModel
from host_sim.models.hopper import HopperModel
from host_sim.models.io_board.board import IoBoardModel
from host_sim.models.key_matrix import CLERK_LAYOUT, KeyMatrix
from host_sim.models.printer import PrinterModel
from host_sim.models.printers import printer_in
from host_sim.models.pulse_acceptor import PulseAcceptorModel
from host_sim.models.zoo import Device, Kind
from host_sim.models.zoo.room import Room
from host_sim.rig.centre import Faults, MemoryCentre
from host_sim.unit_file import PULSE_TABLE

JST = ZoneInfo("Asia/Tokyo")
MACHINE = "rig-01"
TUBES = {10: 60, 50: 40, 100: 60, 500: 20}
ADDRESSES = {10: 3, 50: 4, 100: 5, 500: 6}
VALUES = {"JP010A": 10, "JP050A": 50, "JP100A": 100, "JP500A": 500, "JP500B": 500}
PULSES = {count: int(yen) for yen, count in PULSE_TABLE["pulses"].items()}
USB = WireKind(baud=None, slice_bytes=4096)  # the printers' connection


def _acceptor(room: Room, *, pulse: bool, counts: bool, seed: int) -> AcceptorModel | PulseAcceptorModel:
    if room.get(Kind.PULSE_ACCEPTOR) is not None or (pulse and room.get(Kind.ACCEPTOR) is None):
        return PulseAcceptorModel(**room.settings(Kind.PULSE_ACCEPTOR), seed=seed)
    return AcceptorModel(**{"has_accept_counter": counts, **room.settings(Kind.ACCEPTOR)})


def _hoppers(room: Room, tubes: Mapping[int, int]) -> dict[int, HopperModel]:
    """Value in yen -> its hopper; all are of one make, and have the checksum of their bus."""
    coins = {value: coin for coin, value in reversed(VALUES.items())}
    crc = room.settings(Kind.ACCEPTOR).get("crc", False)
    make = {"coins_per_s": 10.0, "crc": crc, **room.settings(Kind.HOPPER)}
    return {
        value: HopperModel(address=ADDRESSES[value], coin=coins[value], tube=tube, **make)
        for value, tube in tubes.items()
    }


class RigWorld:
    """`pulse`: a pulse acceptor stands in the place of the ccTalk one. `second`: another medium for the journal.

    `acceptor_counts`: the acceptor has a lifetime counter of accepted coins (ccTalk header 225). `zoo`: devices that stand
    in the place of the ordinary ones, at most one of each kind. `board`: the wire of the I/O board on which keys, door and a
    pulse acceptor are, and where there is no such acceptor the clerk's keys; None: all are on pins.
    """

    name = MACHINE  # in its certificate
    sounding: Sounding | None = None  # a loudspeaker; None: this machine has none
    board_folder: Path | None = None  # of the image for the I/O board, and of its loader's drive; None: it has neither

    def __init__(
        self,
        *,
        seed: int = 0,
        wire: WireKind = USB,
        usb: WireKind = USB,
        bounce_s: float = 0.003,
        acceptor_serial: int | None = None,
        begins: datetime = datetime(2026, 11, 24, 10, 0, tzinfo=JST),
        tubes: dict[int, int] | None = None,
        disk: MemoryDisk | None = None,
        second: MemoryDisk | None = None,
        pulse: bool = False,
        acceptor_counts: bool = True,
        certificate_printer: str = "a4-203",
        zoo: Sequence[Device] = (),
        board: WireKind | None = None,
    ) -> None:
        self.clock = VirtualClock()
        self.random = random.Random(seed)
        self.begins = begins
        self.door_open = False
        self.skew = timedelta(0)
        self.tubes = dict(TUBES if tubes is None else tubes)
        self.wire = wire
        self.usb = usb
        self.acceptor_serial = acceptor_serial
        self.board_wire = usb
        self.room = room = Room(zoo)
        self.acceptor = _acceptor(room, pulse=pulse, counts=acceptor_counts, seed=seed)
        self.hoppers = _hoppers(room, self.tubes)
        on_bus = () if isinstance(self.acceptor, PulseAcceptorModel) else (self.acceptor,)
        self.bus = CcTalkBusModel([*on_bus, *self.hoppers.values()])
        self.certificate_printer = certificate_printer
        self.printer = printer_in(room, Kind.PRINTER, certificate_printer, seed)
        self.slips = printer_in(room, Kind.RECEIPT_PRINTER, "receipt-80", seed)
        caps = {"bounce_s": bounce_s, **room.settings(Kind.KEYPAD)}
        self.keys = KeyMatrix(**caps, seed=seed)
        self.clerk_keys = KeyMatrix(CLERK_LAYOUT, **caps, seed=seed + 1)  # of a counter terminal
        self.board = self._made_board(board, seed)
        make = CardReaderModel(**room.settings(Kind.READER))
        self.reader = MemoryReader(self.clock, make, command_s=0.02, moved=lambda: self.nudge("card"))
        self.centre = self._make_centre()
        self.disk = MemoryDisk() if disk is None else disk
        self.second = second  # medium of the journal's second copy; None: none
        self.at_point: Callable[[str], None] = lambda _: None
        self.at_fault: Callable[[str], None] = lambda _: None  # called with part and name of a fault when it happens
        self.phantoms: Counter[int] = Counter()  # coins that left a hopper without a command, by value
        self.ended_s: list[float] = []  # when a process of the machine ended
        self.cut_s: list[
            float
        ] = []  # when the line of an I/O board was cut; its driver then tells of the train under way
        self.pin = PinBuffer()
        self.sealed = False  # the machine has written its seal, after its first journal
        self.printed = hashlib.sha256()  # over every byte the certificate printer was sent
        self._alive = True
        self._streams: dict[str, MemoryStream] = {}
        self._watch_the_world()

    def _made_board(self, wire: WireKind | None, seed: int) -> IoBoardModel | None:
        if wire is None:
            return None
        pulses = self.acceptor if isinstance(self.acceptor, PulseAcceptorModel) else None
        desk, keys = ("clerk keys", self.clerk_keys) if pulses is None else ("keypad", self.keys)
        self.board_wire = wire
        folder = self.board_folder
        board = IoBoardModel(
            keys,
            pulses,
            lambda: self.door_open,
            self.clock.monotonic,
            seed=seed,
            program=program.digest(),
            loader=None if folder is None else LoaderDrive(folder / "loader", program.digest()),
        )
        board.on_scan = lambda: self.nudge(desk)
        return board

    def nudge(self, desk: str) -> None:
        """Tell the machine that something this desk watches has moved. Does nothing here; `RigMachine` overrides it."""

    # --- clocks ---------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The machine's wall clock."""
        return self.true_time() + self.skew

    def true_time(self) -> datetime:
        """The centre's."""
        return self.begins + timedelta(seconds=self.clock.monotonic())

    def set_wall(self, to: datetime) -> None:
        """Set this time of day for machine and centre."""
        self.begins = to - timedelta(seconds=self.clock.monotonic())

    def jump(self, by: timedelta) -> None:
        """The machine's own wall clock jumps; the centre's does not."""
        self.skew += by

    # --- power and cables -----------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        """Whether there is a machine."""
        return self._alive

    @property
    def _powered(self) -> tuple[CcTalkBusModel | PrinterModel | PulseAcceptorModel | IoBoardModel, ...]:
        """What loses its power with the case. A board switches its acceptor's by itself."""
        if self.board is not None:
            return (self.bus, self.printer, self.slips, self.board)
        pulses = (self.acceptor,) if isinstance(self.acceptor, PulseAcceptorModel) else ()
        return (self.bus, self.printer, self.slips, *pulses)

    def power_off(self, tail: Tail, seed: int = 0) -> None:
        """Everything in the case loses its power; `tail`: what becomes of the bytes that were not synced."""
        self.disk.cut(tail, seed)
        if self.second is not None:
            self.second.cut(tail, seed + 1)
        now_s = self.clock.monotonic()
        for device in self._powered:
            device.power_off(now_s)

    def power_on(self) -> None:
        self.disk.power_on()
        if self.second is not None:
            self.second.power_on()
        now_s = self.clock.monotonic()
        for device in self._powered:
            device.power_on(now_s)

    def brown_out(self) -> None:
        """Every device loses its power for a moment; the computer does not."""
        now_s = self.clock.monotonic()
        for device in self._powered:
            device.power_off(now_s)

        def back() -> None:
            for device in self._powered:
                device.power_on(self.clock.monotonic())

        self.clock.after(0.5, back)

    def restart_acceptor(self) -> None:
        """The acceptor alone is reset, or loses its supply for a moment."""
        now_s = self.clock.monotonic()
        if isinstance(self.acceptor, PulseAcceptorModel):
            was_on = self.acceptor.powered
            self.acceptor.power_off(now_s)
            if was_on:
                self.acceptor.power_on(now_s)
        else:
            self.acceptor.fault("reset", now_s)

    def hang_up(self) -> None:
        """The process ended: its ports are closed, and the contact in a pulse acceptor's supply opens (hardware/README.md);
        an I/O board does that itself, later."""
        self.ended_s.append(self.clock.monotonic())
        if self.board is None and isinstance(self.acceptor, PulseAcceptorModel):
            self.acceptor.power_off(self.clock.monotonic())
        for stream in self._streams.values():
            stream.hang_up()
        self._streams.clear()

    def stream_of(self, device: str) -> MemoryStream:
        return self._streams[device]

    def open_stream(self, model: object, device: str) -> MemoryStream:
        wire = {"coin": self.wire, "io_board": self.board_wire}.get(device, self.usb)
        named = "receipt_printer" if device == "slips" else device  # as the driver calls it
        lost = lambda: LineLost(named, "the port is gone")  # noqa: E731
        tap = self.printed.update if device == "printer" else lambda _: None
        seed = self.random.getrandbits(30)
        stream = MemoryStream(model, self.clock, wire, seed=seed, lost=lost, tap=tap)  # type: ignore[arg-type]
        self._streams[device] = stream
        if device == "io_board" and self.board is not None:
            self.board.new_listener(self.clock.monotonic())
        return stream

    def reset_board(self) -> None:
        """The I/O board starts anew."""
        if self.board is not None:
            self.board.reset(self.clock.monotonic(), watchdog=True)
            self.at_fault("board reset")

    def replug_board(self, after_s: float, *, power: bool) -> None:
        """The I/O board's cable is pulled and put in again after so long. `power`: it is its supply, too."""
        if self.board is None or "io_board" not in self._streams:
            return
        board, stream = self.board, self._streams["io_board"]
        self.at_fault("board replug")
        self.cut_s.append(self.clock.monotonic())
        stream.hang_up()
        if power:
            board.power_off(self.clock.monotonic())

        def back() -> None:
            stream.plug_in()
            board.power_on(self.clock.monotonic())

        self.clock.after(after_s, back)

    # --- hands ----------------------------------------------------------------------------------

    def tap(self, key: str, at_s: float, hold_s: float = 0.18) -> None:
        self._tap(self.keys, "keypad", key, at_s, hold_s)

    def tap_clerk(self, key: str, at_s: float, hold_s: float = 0.18) -> None:
        """A key of the clerk's side of a counter terminal."""
        self._tap(self.clerk_keys, "clerk keys", key, at_s, hold_s)

    def _tap(self, keys: KeyMatrix, desk: str, key: str, at_s: float, hold_s: float) -> None:
        def finger(act: Callable[[str, float], None]) -> Callable[[], None]:
            def move() -> None:
                act(key, self.clock.monotonic())
                self.nudge(desk)

            return move

        self.clock.at(at_s, finger(keys.press))
        self.clock.at(at_s + hold_s, finger(keys.release))

    def drop(self, value_yen: int, at_s: float) -> None:
        coin = next(coin for coin, value in VALUES.items() if value == value_yen)

        def let_go() -> None:
            if self.board is not None:
                self.board.advance(self.clock.monotonic())
            self.acceptor.insert(coin, self.clock.monotonic())

        self.clock.at(at_s, let_go)

    def take_paper(self, at_s: float) -> None:
        self.clock.at(at_s, self.take_what_lies_there)

    def take_what_lies_there(self) -> None:
        """A person takes every sheet out of the mouths of both printers."""
        self.printer.take_paper(self.clock.monotonic())
        self.slips.take_paper(self.clock.monotonic())

    def move_door(self, *, opened: bool) -> None:
        self.door_open = opened
        self.nudge("door")

    def phantom_coin(self) -> None:
        """A coin leaves this hopper without a command."""
        value_yen, hopper = next((item for item in self.hoppers.items() if item[1].tube), (0, None))
        if hopper is not None:
            hopper.fault("phantom", self.clock.monotonic())
            self.phantoms[value_yen] += 1

    @property
    def phantom_yen(self) -> int:
        return sum(value_yen * coins for value_yen, coins in self.phantoms.items())

    def mend_devices(self) -> None:
        """A technician mends every device, the media, the line and the clock."""
        now_s = self.clock.monotonic()
        for printer in (self.printer, self.slips):
            printer.no_more_faults()
            printer.free(now_s)
            if printer.condition.stopped or not printer.powered:
                printer.power_off(now_s)
                printer.power_on(now_s)
            printer.close_cover(now_s)
            printer.load_paper(now_s)
            printer.take_paper(now_s)
        for hopper in self.hoppers.values():
            for fault in (
                "jam",
                "over_current",
                "stuck_busy",
                "mute",
                "late_coin",
                "nak",
                "pays_nothing",
                "pin_locked",
                "nv_error",
            ):
                hopper.clear(fault, now_s)
        lasting = (
            ("stuck", "switched", "weak_supply", "inhibit cut")
            if isinstance(self.acceptor, PulseAcceptorModel)
            else ("jam", "mute", "swallow", "self_check", "weak_supply")
        )
        for fault in lasting:
            self.acceptor.clear(fault, now_s)
        if isinstance(self.acceptor, AcceptorModel):
            self.acceptor.serial = AcceptorModel.serial
        self.bus.power_on(now_s)
        if self.board is not None:
            self.board.power_on(now_s)
        for stream in self._streams.values():
            stream.plug_in()
        self.move_door(opened=False)
        self.keys.free_all(now_s)
        self.clerk_keys.free_all(now_s)
        self.nudge("keypad")
        self.reader.plug_in()
        self.centre.faults = Faults()
        self.centre.tables.mend()
        self.disk.heal()
        self.skew = timedelta(0)

    # --- physical truth -------------------------------------------------------------------------

    def coins_in_yen(self) -> int:
        """The yen in the cash box."""
        return sum(VALUES[coin] for coin in self.acceptor.cash_box)

    def coins_out_yen(self) -> int:
        """The yen that left the hoppers."""
        return sum(value * hopper.out for value, hopper in self.hoppers.items())

    # --- looking on -----------------------------------------------------------------------------

    def _make_centre(self) -> MemoryCentre:
        return MemoryCentre(self.clock, self.true_time, self.name)

    def _watch_the_world(self) -> None:
        """Make every device, the media and the line call `at_point` and `at_fault`."""
        self.disk.on_step = lambda operation, when: self._point(f"disk {operation} {when}")
        self.centre.on_step = lambda call, when: self._point(f"line {call} {when}")
        self.acceptor.on_effect = self._point
        for hopper in self.hoppers.values():
            hopper.on_effect = self._point
        self.printer.on_effect = self._point
        self.slips.on_effect = lambda what: self._point(f"slip {what}")
        parts = {"bus": self.bus, "acceptor": self.acceptor, "printer": self.printer, "disk": self.disk}
        for word, part in (
            *parts.items(),
            ("line", self.centre),
            *(("hopper", each) for each in self.hoppers.values()),
        ):
            part.on_fault = self._teller(word)
        self.reader.on_fault = lambda: self.at_fault("reader")

    def _teller(self, part: str) -> Callable[[str], None]:
        return lambda name: self.at_fault(f"{part} {name}")

    def _point(self, name: str) -> None:
        if self._alive:
            self.at_point(name)
