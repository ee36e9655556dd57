"""A serial port in memory and virtual time: what a driver opens in the rig.

Time passes only while a driver waits. Arriving bytes and what a device does by itself are callbacks on the virtual clock,
so each happens at its exact instant, and a power cut can fall between any two of them.
"""

from collections.abc import Callable
from math import inf
from typing import Protocol, runtime_checkable

from host_sim.adapters.wire import CLEAN, Wire, WireKind
from host_sim.clock import VirtualClock
from host_sim.models import LineModel

_STALL_S = 0.005  # interval at which the line asks a full device whether it has room again


@runtime_checkable
class FlowControlled(Protocol):
    """A model whose receive buffer can be full (a printer). A model without `room` takes everything."""

    def room(self, now_s: float) -> int:
        """How many bytes the device would take now; the rest waits on the line."""
        ...


def _gone() -> Exception:
    return ConnectionError("the port is gone")


class MemoryStream:
    """A `ByteStream`. `lost` makes the exception for a port that is gone; `tap` is called with what is written."""

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
        self._pumped = -1  # the clock's `happenings` at the last pump

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
            if taken == len(data):
                return taken
            if not self.wire.send_room() and not self._wait_until(deadline_s):
                return taken

    def close(self) -> None:
        self._open = False

    def hang_up(self) -> None:
        """Pull the plug: every call from now on raises `lost`."""
        self._open = False
        self.cut()

    def plug_in(self) -> None:
        self._open = True

    @property
    def is_faultless(self) -> bool:
        """Whether every byte arrives unchanged and in time."""
        return self._open and self.wire.is_faultless

    @property
    def is_silent(self) -> bool:
        """Whether nothing is on the line, nothing waits to be read, and the device will not speak by itself."""
        return self._open and not self._heard and self._due_s() == inf

    def cut(self) -> None:
        """Both ends lose power: bytes under way or not yet read are lost."""
        self.wire.clear()
        self._heard.clear()

    def _wait_until(self, deadline_s: float) -> bool:
        """Let time pass to the next callback, at most to the deadline; False when the deadline is reached."""
        clock = self._clock
        if clock.now_s >= deadline_s:
            return False
        clock.advance_to(min(clock.next_due_s(), deadline_s))
        return True

    def _look(self) -> None:
        """Pump if anything is due; otherwise plan a callback for when it is."""
        due_s = self._due_s()
        if due_s <= self._clock.now_s:
            self._pump()
        elif due_s != inf:
            self._come_back(due_s)

    def _pump(self) -> None:
        """Give each end the bytes that have arrived, and plan a callback for what is due next."""
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
        if due_s <= now_s:  # waits for room, or a model whose `wake_at` is not in the future
            due_s = now_s + _STALL_S
        if planned_s is None or due_s < planned_s or planned_s < now_s:
            self._pump_at_s = due_s
            clock.at(due_s, self._pump_when_due)

    def _pump_when_due(self) -> None:
        self._pump_at_s = None
        if self._open:
            self._pump()
