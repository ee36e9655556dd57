"""Single GPIO wires: edges with their own time and an open-collector output for a pulse acceptor, and a door contact.

The pins come through the one door to gpiozero, `drivers/pin_pad/matrix.py`. gpiozero's own debounce is not
used: it works on the time of the callback and drops edges; the filter in `drivers/coin/pulse.py` works on
the kernel's time stamps. Edges arrive on gpiozero's thread and are only put into a queue there.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any

from drivers.coin.pulse import Edge
from drivers.pin_pad.matrix import GPIODevice, InputDevice  # type: ignore[attr-defined]  # the door


class GpioEdges:
    """Edges of one input pin (BCM number), active low with pull-up, as an open-collector output needs it."""

    def __init__(self, pin: int, *, pin_factory: Any = None) -> None:
        self._edges: deque[Edge] = deque()
        self._device = InputDevice(pin, pull_up=True, pin_factory=pin_factory)
        self._factory = self._device.pin_factory
        self._zero = self._factory.ticks()
        self._device.pin.edges = "both"
        self._device.pin.when_changed = self._changed

    def take(self) -> Sequence[Edge]:
        taken = []
        while self._edges:  # the other thread only appends
            taken.append(self._edges.popleft())
        return taken

    def now_s(self) -> float:
        return float(self._factory.ticks_diff(self._factory.ticks(), self._zero))

    def close(self) -> None:
        self._device.close()

    def _changed(self, ticks: float, state: int) -> None:
        at_s = float(self._factory.ticks_diff(ticks, self._zero))
        self._edges.append(Edge(active=not state, at_s=at_s))


class OpenCollector:
    """An inhibit line (BCM number): pulled to ground to refuse coins, left floating to allow them."""

    def __init__(self, pin: int, *, pin_factory: Any = None) -> None:
        self._device = GPIODevice(pin, pin_factory=pin_factory)
        self.allow(False)

    def allow(self, accepting: bool) -> None:
        if accepting:
            self._device.pin.function = "input"
        else:
            self._device.pin.output_with_state(False)

    def close(self) -> None:
        """The pin is left pulling: a closed slot."""
        self.allow(False)


class BreakContact:
    """A switch that is closed to ground while all is well (BCM number, pull-up): opened, or its wire cut, it reads high."""

    def __init__(self, pin: int, *, pin_factory: Any = None) -> None:
        self._device = InputDevice(pin, pull_up=True, pin_factory=pin_factory)

    def broken(self) -> bool:
        """Whether it is open at this instant; it may chatter."""
        return not self._device.value

    def close(self) -> None:
        self._device.close()
