"""GPIO pins: the one file that imports gpiozero. One pin as a `Wire`, and the four single wires of a machine:
a pulse acceptor's edges with time stamps, its open-collector inhibit line, a door contact and the contact of an earphone's socket.

A pin is opened at the first call, and again at the first call after a failure. Whatever gpiozero or the library below it
raises is a `DeviceError` here: lgpio's own exceptions have no base class of gpiozero's, and one thread a desk calls this.

Edges are armed once, when the pin is opened. lgpio gives an armed pin back in its own thread, some time later; a pin that is
armed and disarmed for every wait therefore meets "GPIO busy" (1 wait in 300 on an emulated Pi 3).

gpiozero's devices are not used, only its pins: a device that failed half made closes its pin when it is garbage-collected,
and by then the pin may be open again. Nor is its debounce, because it works on the time of the callback and drops edges. The
filter in `drivers/coin/pulse.py` works on the kernel's time stamps. Edges arrive on the pin factory's thread.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

from gpiozero import Device
from gpiozero.exc import GPIOPinInUse, PinFixedPull, PinInvalidPin

from drivers.coin.pulse import PINS_REST_S, Edge
from drivers.errors import DeviceError, LineLost, WrongDevice

Heard = Callable[[Edge], None]
_making = Lock()  # several desks open their first pin at the same time


class Wire:
    """One pin, given by its BCM number: read it, pull it to ground, let it float, and hear its edges. Active is low.

    Opens nothing yet; every call but `close` opens the pin when it is not open, floating. The pin factory is the one that
    `GPIOZERO_PIN_FACTORY` names, else lgpio's. Every call but `close` raises `LineLost` when the pins cannot be reached or
    this one fails, `WrongDevice` when the pin does not exist or is taken; `device` is the name they carry.
    """

    def __init__(
        self, device: str, pin: int, *, pull_up: bool, heard: Heard | None = None, edges: str = "both"
    ) -> None:
        """`heard` is called with each of the `edges` (both, falling, rising) while the pin is open, on another thread."""
        self._device = device
        self._number = pin
        self._pull = "up" if pull_up else None
        self._heard = heard
        self._edges = edges
        self._factory: Any = None
        self._pin: Any = None
        self._zero: float | None = None
        self.openings = 0  # how often it was opened

    def open(self) -> None:
        """Open the pin now, unless it is open."""
        with self._using():
            return

    @property
    def low(self) -> bool:
        with self._using() as pin:
            return not pin.state

    def pull_low(self) -> None:
        with self._using() as pin:
            pin.output_with_state(False)

    def release(self) -> None:
        with self._using() as pin:
            pin.function = "input"

    def now_s(self) -> float:
        """Now, on the clock of the edges: seconds since this wire was first opened."""
        with self._using():
            return self._since(self._factory.ticks())

    def close(self) -> None:
        """Let the pin float and give it back. Calling it twice is harmless; the next call opens it again."""
        pin, self._pin = self._pin, None
        if self._factory is None:
            return
        # What failed before may fail again here; the next opening begins with the same steps.
        with suppress(Exception):
            if pin is not None:
                pin.when_changed = None
        with suppress(Exception):
            if pin is not None:
                pin.close()
        self._factory.release_pins(self, self._number)

    # --- inside ---------------------------------------------------------------------------------

    @contextmanager
    def _using(self) -> Iterator[Any]:
        """The open pin, for one call. Any failure closes it and is told as a `DeviceError`."""
        try:
            if self._pin is None:
                self._open()
            yield self._pin
        except DeviceError:
            self.close()
            raise
        except Exception as error:
            self.close()
            raise self._trouble(error) from error

    def _open(self) -> None:
        self._factory = self._factory or _factory(self._device)
        self._factory.reserve_pins(self, self._number)
        pin = self._pin = self._factory.pin(self._number)
        pin.when_changed = None  # after a failed close gpiozero may hold it for armed still
        pin.function = "input"
        if self._pull is not None:
            pin.pull = self._pull
        if self._zero is None:
            self._zero = self._factory.ticks()
        if self._heard is not None:
            pin.edges = self._edges
            pin.when_changed = self._changed
        self.openings += 1

    def _conflicts_with(self, _other: object) -> bool:
        """gpiozero asks this of whoever reserves a pin that is reserved already."""
        return True

    def _since(self, ticks: float) -> float:
        return float(self._factory.ticks_diff(ticks, self._zero))

    def _changed(self, ticks: float, state: int) -> None:
        if self._heard is not None:
            self._heard(Edge(active=not state, at_s=self._since(ticks)))

    def _trouble(self, error: Exception) -> DeviceError:
        if isinstance(error, PinInvalidPin | PinFixedPull | GPIOPinInUse):
            why = f"pin {self._number} cannot be used ({error}): correct its number in the unit file."
            return WrongDevice(self._device, why)
        why = f"GPIO pin {self._number} does not work ({error}): end any other program that uses it, then restart the board."
        return LineLost(self._device, why)


def _factory(device: str) -> Any:
    """gpiozero's one pin factory. Raises `LineLost` when there is none."""
    with _making:
        if Device.pin_factory is None:
            try:
                Device.pin_factory = _made_factory()
            except Exception as error:
                raise LineLost(device, f"the GPIO pins cannot be opened ({error}): {_advice()}") from error
        return Device.pin_factory


def _made_factory() -> Any:
    """Without a name gpiozero would fall back from lgpio to a factory that hears no edges, and keep that one for good."""
    if "GPIOZERO_PIN_FACTORY" in os.environ:
        Device.ensure_pin_factory()
        return Device.pin_factory
    from gpiozero.pins.lgpio import LGPIOFactory  # noqa: PLC0415  lgpio is installed on a Pi only

    return LGPIOFactory()


def _advice() -> str:
    chips = sorted(Path("/dev").glob("gpiochip*"))
    if not chips:
        return "this computer has no /dev/gpiochip0; run the machine on a Raspberry Pi."
    if not any(os.access(chip, os.R_OK | os.W_OK) for chip in chips):
        return f"this user may not open {chips[0]}; add it to the group gpio (hardware/install.sh does)."
    return f"{chips[0]} is there; check that lgpio is installed and LG_WD names a folder that can be written."


class GpioEdges:
    """Edges of one input pin (BCM number), active low with pull-up, for an acceptor's open-collector output."""

    rest_s = PINS_REST_S

    def __init__(self, pin: int) -> None:
        self._edges: deque[Edge] = deque()
        self._wire = Wire("coin", pin, pull_up=True, heard=self._edges.append)
        self._openings = 1

    def take(self) -> Sequence[Edge]:
        """See `EdgeSource`. Raises what `Wire` raises."""
        active = self._wire.low  # a pin that hears no more edges shows here
        taken = []
        while self._edges:  # the other thread only appends
            taken.append(self._edges.popleft())
        if self._wire.openings != self._openings:
            # Edges were lost while the pin was closed. Two equal edges say so.
            self._openings = self._wire.openings
            taken += [Edge(active, self._wire.now_s())] * 2
        return taken

    def active(self) -> bool:
        return self._wire.low

    def now_s(self) -> float:
        return self._wire.now_s()

    def close(self) -> None:
        self._wire.close()


class OpenCollector:
    """An inhibit line (BCM number), pulled to ground or left floating, never driven high. `refuses`: which of them refuses
    coins ("ground" or "floating").

    Put there at once, because a slot may be open until then. Where that fails, the first call tells.
    """

    def __init__(self, pin: int, refuses: str = "ground") -> None:
        self._wire = Wire("coin", pin, pull_up=False)
        self._number = pin
        self._ground_refuses = refuses == "ground"
        with suppress(DeviceError):
            self.allow(False)

    def allow(self, accepting: bool) -> None:
        """Raises what `Wire` raises."""
        self._hold(grounded=accepting is not self._ground_refuses)

    def try_out(self) -> None:
        """See `InhibitLine`. Each acceptor of this kind pulls its input up, so that a wire that is let go reads high."""
        for grounded in (self._ground_refuses, not self._ground_refuses, self._ground_refuses):
            self._hold(grounded=grounded)
            if self._wire.low is not grounded:
                level = "does not reach ground" if grounded else "stays at ground when it is let go"
                self.allow(False)
                why = f"its inhibit wire (GPIO {self._number}) {level}: it is cut, shorted or on another pin; put it right."
                raise WrongDevice("coin", why)

    def _hold(self, *, grounded: bool) -> None:
        if grounded:
            self._wire.pull_low()
        else:
            self._wire.release()

    def close(self) -> None:
        """Leave the slot closed."""
        self.allow(False)


class BreakContact:
    """A switch that connects to ground while the door is shut (BCM number, pull-up): open, or its wire cut, it reads high."""

    def __init__(self, pin: int) -> None:
        self._wire = Wire("door", pin, pull_up=True)

    def broken(self) -> bool:
        """Whether the switch is open now; the answer may chatter. Raises what `Wire` raises."""
        return not self._wire.low

    def close(self) -> None:
        self._wire.close()


class PlugContact:
    """A switch in an earphone's socket that connects to ground while a plug is in (BCM number, pull-up).

    With its wire cut it reads as if no plug were in: then nothing is said to an earphone that may be a loudspeaker.
    """

    def __init__(self, pin: int) -> None:
        self._wire = Wire("speaker", pin, pull_up=True)

    def closed(self) -> bool:
        """Whether a plug is in now; the answer may chatter. Raises what `Wire` raises."""
        return self._wire.low

    def close(self) -> None:
        self._wire.close()
