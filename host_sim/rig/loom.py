"""The wires between header and devices, in virtual time: each may be cut, on another pin, or touch another (fault W4).

The drivers above are the real ones of `drivers/gpio.py` and `drivers/pin_pad/matrix.py`; only their `Wire` is this one's. A
pin reads low when its net reaches ground or an output; else high where something on the net pulls up; else as `floats`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from drivers.coin.pulse import Edge, PulseAcceptor, PulseTiming
from drivers.gpio import BreakContact, GpioEdges, OpenCollector
from drivers.pin_pad.entry import PinBuffer
from drivers.pin_pad.matrix import MatrixPins
from drivers.pin_pad.pin_pad import MatrixPinPad
from firmware.book.book import Book
from firmware.config.unit import CoinTable
from firmware.ports import CoinAcceptor
from host_sim.clock import VirtualClock
from host_sim.models.key_matrix import LAYOUT
from host_sim.models.pulse_acceptor import PulseAcceptorModel
from host_sim.rig.console import ConsoleParts, ConsoleRig
from host_sim.rig.world import RigWorld

GROUND = "ground"
COIN, INHIBIT, DOOR = "coin", "inhibit", "door"
DOOR_GROUND = "door ground"
# A second reading of the header: BCM number -> pin, of the pins that a machine without a clerk uses.
HEADER = {5: 29, 6: 31, 13: 33, 19: 35, 26: 37, 23: 16, 24: 18, 12: 32, 16: 36, 20: 38, 21: 40}
_LOOK_S = 0.005


class Loom:
    """The wires of one machine. `pins`: header pin -> terminal. `touching`: pairs of pins whose wires touch."""

    world: RigWorld

    def __init__(self, pins: dict[int, str], touching: Sequence[tuple[int, int]] = (), *, floats: bool = False) -> None:
        self._pins = pins
        self._touching = touching
        self._floats = floats
        self.low: set[int] = set()  # header pins that the board drives low
        self._pulled_up: set[int] = set()
        self._output_low = False  # the acceptor's
        self._ears: dict[int, Callable[[Edge], None]] = {}
        self._heard_low = False

    # --- the net --------------------------------------------------------------------------------

    def is_low(self, start: str) -> bool:
        """The level of the net of a terminal, or of a pin written as "pin 29"."""
        net = self._net(start)
        if GROUND in net or any(f"pin {pin}" in net for pin in self.low):
            return True
        pulled = INHIBIT in net or any(f"pin {pin}" in net for pin in self._pulled_up)
        return not (pulled or self._floats)

    def _net(self, start: str) -> set[str]:
        joined = list(self._joints())
        net, frontier = {start}, [start]
        while frontier:
            here = frontier.pop()
            for one, other in joined:
                there = other if one == here else one if other == here else None
                if there is not None and there not in net:
                    net.add(there)
                    frontier.append(there)
        return net

    def _joints(self) -> Iterable[tuple[str, str]]:
        yield from ((f"pin {pin}", terminal) for pin, terminal in self._pins.items())
        yield from ((f"pin {one}", f"pin {other}") for one, other in self._touching)
        for row, column in self.world.keys.contacts(self.world.clock.monotonic()):
            yield f"row {row + 1}", f"column {column + 1}"
        for pin in (14, 20, 30, 34, 39):
            yield f"pin {pin}", GROUND
        if self._output_low:
            yield COIN, GROUND
        if not self.world.door_open:
            yield DOOR, DOOR_GROUND

    # --- the acceptor ---------------------------------------------------------------------------

    def settle(self) -> None:
        """Let the acceptor see its inhibit input, and the board the edges of every pin it hears."""
        acceptor = self.world.acceptor
        if isinstance(acceptor, PulseAcceptorModel):
            for at_s, low in acceptor.edges(self.world.clock.monotonic()):
                self._output_low = low
                self._hear(at_s)
            acceptor.hold_inhibit(0.0 if self.is_low(INHIBIT) else None)
        self._hear(self.world.clock.monotonic())

    def _hear(self, at_s: float) -> None:
        for pin, heard in self._ears.items():
            low = self.is_low(f"pin {pin}")
            if low is not self._heard_low:
                self._heard_low = low
                heard(Edge(active=low, at_s=at_s))

    def wire(self, device: str, bcm: int, *, pull_up: bool, heard: Any = None, **_: Any) -> "LoomWire":
        """Takes the arguments of `drivers.gpio.Wire`. Of all edges only those of the coin wire matter in virtual time."""
        pin = HEADER[bcm]
        self.low.discard(pin)
        if pull_up:
            self._pulled_up.add(pin)
        if device == "coin" and heard is not None:
            self._ears[pin] = heard
        return LoomWire(self, pin)


class LoomWire:
    """Has the calls of `drivers.gpio.Wire`."""

    openings = 1

    def __init__(self, loom: Loom, pin: int) -> None:
        self._loom, self._pin = loom, pin

    def open(self) -> None:
        return

    @property
    def low(self) -> bool:
        self._loom.settle()
        return self._loom.is_low(f"pin {self._pin}")

    def pull_low(self) -> None:
        self._loom.low.add(self._pin)

    def release(self) -> None:
        self._loom.low.discard(self._pin)

    def now_s(self) -> float:
        return self._loom.world.clock.monotonic()

    def close(self) -> None:
        self.release()


class LoomMatrixPins(MatrixPins):
    """The driver's own pins; time passes while it waits for an edge."""

    clock: VirtualClock

    def _edge_within(self, timeout_s: float) -> bool:
        until_s = self.clock.monotonic() + timeout_s
        while not any(row.low for row in self._rows):
            if self.clock.monotonic() >= until_s:
                return False
            self.clock.advance(_LOOK_S)
        return True


class LoomParts(ConsoleParts):
    """`ConsoleParts` with the drivers of a real board for keys, door and pulse acceptor."""

    def pin_pad(self, pin: PinBuffer) -> MatrixPinPad:
        pins = LoomMatrixPins(self.unit.keypad.rows, self.unit.keypad.columns)
        pins.clock = self.clock
        self._world.pin = pin
        self._pad = MatrixPinPad(pins, LAYOUT, pin, self.clock)
        return self._pad

    def door(self) -> BreakContact:
        assert self.unit.door is not None
        assert self.unit.door.pin is not None
        return BreakContact(self.unit.door.pin)

    def _acceptor_on(self, bus: Any, table: CoinTable, book: Book) -> CoinAcceptor:
        if table.pulse is None:
            return super()._acceptor_on(bus, table, book)
        pulse = table.pulse
        assert pulse.coin_pin is not None
        assert pulse.inhibit_pin is not None
        timing = PulseTiming(width_s=pulse.width_s, end_s=pulse.end_s)
        lines = GpioEdges(pulse.coin_pin), OpenCollector(pulse.inhibit_pin, pulse.inhibit)
        return PulseAcceptor(*lines, pulse.codes, timing)


class LoomRig(ConsoleRig):
    """A machine with a pulse acceptor on these wires. `drivers.gpio.Wire` must be `loom.wire` while it is used."""

    def __init__(self, loom: Loom, **settings: Any) -> None:
        loom.world = self
        super().__init__(pulse=True, **settings)

    def _made_parts(self, over: Mapping[str, Any]) -> LoomParts:
        return LoomParts(self, over, **self._how())
