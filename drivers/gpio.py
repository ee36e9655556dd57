"""GPIO pins: the one file that imports gpiozero. One pin as a `Wire`, and the three single wires of a machine:
a pulse acceptor's edges with time stamps, its open-collector inhibit line, and a door contact.

gpiozero's debounce is not used, because it works on the time of the callback and drops edges. The filter in
`drivers/coin/pulse.py` works on the kernel's time stamps. Edges arrive on gpiozero's thread.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from gpiozero import GPIODevice, InputDevice
from gpiozero.exc import BadPinFactory, GPIOPinInUse, PinError

from drivers.coin.pulse import Edge
from drivers.errors import LineLost, WrongDevice

Heard = Callable[[Edge], None]


class Wire:
    """One pin, given by its BCM number: read it, pull it to ground, let it float, or watch it. Active is low.

    The pin factory is gpiozero's default (`GPIOZERO_PIN_FACTORY`) unless one is given. Raises `LineLost` when this
    computer has no GPIO, `WrongDevice` when the pin does not exist or is taken; `device` is the name they carry.
    """

    def __init__(self, device: str, pin: int, *, pull_up: bool, edges: str = "both", pin_factory: Any = None) -> None:
        """`pull_up` makes the pin an input with its pull-up on; without it the pin is not set until the first call."""
        try:
            if pull_up:
                self._held = InputDevice(pin, pull_up=True, pin_factory=pin_factory)
                self._held.pin.edges = edges
            else:
                self._held = GPIODevice(pin, pin_factory=pin_factory)
        except (PinError, GPIOPinInUse) as error:
            raise WrongDevice(
                device, f"pin {pin} cannot be used: {error}. Correct its number in the unit file."
            ) from error
        except (BadPinFactory, OSError) as error:
            raise LineLost(device, f"the GPIO pins cannot be opened: {error}. Is this a Raspberry Pi?") from error
        self._factory = self._held.pin_factory
        self._zero = self._factory.ticks()
        self._heard: Heard | None = None

    @property
    def low(self) -> bool:
        return not self._held.pin.state

    def pull_low(self) -> None:
        self._held.pin.output_with_state(False)

    def release(self) -> None:
        self._held.pin.function = "input"

    def watch(self, heard: Heard | None) -> None:
        """Call `heard` with every edge from now on, on gpiozero's thread; None ends it."""
        self._heard = heard
        self._held.pin.when_changed = None if heard is None else self._changed

    def now_s(self) -> float:
        """Now, on the clock of the edges: seconds since this wire was opened."""
        return self._since(self._factory.ticks())

    def close(self) -> None:
        """Give the pin back. Calling it twice is harmless."""
        self._held.close()

    def _since(self, ticks: float) -> float:
        return float(self._factory.ticks_diff(ticks, self._zero))

    def _changed(self, ticks: float, state: int) -> None:
        if (heard := self._heard) is not None:  # the other thread may have ended the watch
            heard(Edge(active=not state, at_s=self._since(ticks)))


class GpioEdges:
    """Edges of one input pin (BCM number), active low with pull-up, for an acceptor's open-collector output."""

    def __init__(self, pin: int, *, pin_factory: Any = None) -> None:
        self._edges: deque[Edge] = deque()
        self._wire = Wire("coin", pin, pull_up=True, pin_factory=pin_factory)
        self._wire.watch(self._edges.append)

    def take(self) -> Sequence[Edge]:
        taken = []
        while self._edges:  # the other thread only appends
            taken.append(self._edges.popleft())
        return taken

    def now_s(self) -> float:
        return self._wire.now_s()

    def close(self) -> None:
        self._wire.close()


class OpenCollector:
    """An inhibit line (BCM number): pulled to ground to refuse coins, left floating to allow them."""

    def __init__(self, pin: int, *, pin_factory: Any = None) -> None:
        self._wire = Wire("coin", pin, pull_up=False, pin_factory=pin_factory)
        self.allow(False)

    def allow(self, accepting: bool) -> None:
        if accepting:
            self._wire.release()
        else:
            self._wire.pull_low()

    def close(self) -> None:
        """Leave the pin pulled to ground, so that the slot stays closed."""
        self.allow(False)


class BreakContact:
    """A switch that connects to ground while the door is shut (BCM number, pull-up): open, or its wire cut, it reads high."""

    def __init__(self, pin: int, *, pin_factory: Any = None) -> None:
        self._wire = Wire("door", pin, pull_up=True, pin_factory=pin_factory)

    def broken(self) -> bool:
        """Whether the switch is open now; the answer may chatter."""
        return not self._wire.low

    def close(self) -> None:
        self._wire.close()
