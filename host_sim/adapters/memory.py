"""A serial port in memory and virtual time: what a driver opens when no port exists.

Time passes only while the driver waits. Arrivals and the device's own doings are callbacks on the virtual
clock, so they happen at their instant whoever is waiting, and a power cut between two of them is exact.
"""

from collections.abc import Callable
from math import inf
from typing import Protocol, runtime_checkable

from host_sim.adapters.wire import CLEAN, Wire, WireKind
from host_sim.clock import VirtualClock
from host_sim.models import LineModel

_STALL_S = 0.005  # how often a stalled line looks whether the device has room again


@runtime_checkable
class FlowControlled(Protocol):
    """A model with a receive buffer that can be full (a printer). Optional: without it a device takes everything."""

    def room(self, now_s: float) -> int:
        """How many bytes the device would take now; the line holds the rest back."""
        ...


def _gone() -> Exception:
    return ConnectionError("the port is gone")


class MemoryStream:
    """Has the methods of a `ByteStream`. `lost` makes the exception for a port that is gone; `tap` hears what is written."""

    def __init__(
        self,
        model: LineModel,
        clock: VirtualClock,
        wire: WireKind = CLEAN,
        *,
        seed: int = 0,
        lost: Callable[[], Exception] = _gone,
        tap: Callable[[bytes], None] = lambda _: None,
    ) -> None:
        self.wire = Wire(wire, seed)
        self._model = model
        self._flow = model if isinstance(model, FlowControlled) else None
        self._clock = clock
        self._lost = lost
        self._tap = tap
        self._heard = bytearray()
        self._open = True
        self._pump_at_s: float | None = None
        self._pumped = -1  # how much had happened by then

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """As `ByteStream.read`: what has arrived, at once if there is any; b"" when the time ran out."""
        clock = self._clock
        deadline_s = clock.now_s + timeout_s
        while True:
            if not self._open:
                raise self._lost()
            if self._pumped != clock.happenings:
                self._look()
            if self._heard:
                taken = bytes(self._heard[:max_bytes])
                del self._heard[:max_bytes]
                return taken
            if not self._wait_until(deadline_s):
                return b""

    def write(self, data: bytes, timeout_s: float) -> int:
        """As `ByteStream.write`: how many bytes the port took before the time ran out."""
        deadline_s = self._clock.now_s + timeout_s
        taken = 0
        while True:
            if not self._open:
                raise self._lost()
            piece = data[taken : taken + self.wire.send_room()]
            if piece:
                self.wire.send(bytes(piece), self._clock.now_s)
                self._tap(piece)
                taken += len(piece)
            self._pump()
            if taken == len(data) or not self._wait_until(deadline_s):
                return taken

    def close(self) -> None:
        self._open = False

    def hang_up(self) -> None:
        """Somebody pulls the plug: every call from now on finds the port gone."""
        self._open = False
        self.cut()

    def plug_in(self) -> None:
        self._open = True

    @property
    def is_faultless(self) -> bool:
        """Whether every byte arrives, as it was sent and when it should."""
        return self._open and self.wire.is_faultless

    def cut(self) -> None:
        """Power is gone at both ends: nothing under way arrives, nothing heard is kept."""
        self.wire.clear()
        self._heard.clear()

    def _wait_until(self, deadline_s: float) -> bool:
        """Let time pass to the next happening, at most to the deadline; False when that has been reached."""
        clock = self._clock
        if clock.now_s >= deadline_s:
            return False
        clock.advance_to(min(clock.next_due_s(), deadline_s))
        return True

    def _look(self) -> None:
        """Pump if anything is due; if not, come back when it is."""
        due_s = self._due_s()
        if due_s <= self._clock.now_s:
            self._pump()
        elif due_s != inf:
            self._come_back(due_s)

    def _pump(self) -> None:
        """Carry what has arrived to either end, and come back when something is next due."""
        clock, wire, model = self._clock, self.wire, self._model
        now_s = clock.now_s
        if wire.to_device.due_s <= now_s:
            arrived = wire.for_device(now_s, self._flow.room(now_s) if self._flow else None)
            if arrived:
                model.receive(arrived, now_s)
        said = model.transmit(now_s)
        if said:
            wire.answer(said, now_s)
        if wire.to_host.due_s <= now_s:
            self._heard += wire.to_host.take(now_s)
        due_s = self._due_s()
        if due_s != inf:
            self._come_back(due_s)
        self._pumped = clock.happenings

    def _due_s(self) -> float:
        """When something arrives or the device has something to do next; inf if never."""
        due_s, wake_s = self.wire.next_due_s(), self._model.wake_at()
        return due_s if wake_s is None or due_s < wake_s else wake_s

    def _come_back(self, due_s: float) -> None:
        clock, planned_s = self._clock, self._pump_at_s
        now_s = clock.now_s
        if due_s <= now_s:  # stalled for room, or a model that only says "now"
            due_s = now_s + _STALL_S
        if planned_s is None or due_s < planned_s or planned_s < now_s:
            self._pump_at_s = due_s
            clock.at(due_s, self._pump_when_due)

    def _pump_when_due(self) -> None:
        self._pump_at_s = None
        if self._open:
            self._pump()
