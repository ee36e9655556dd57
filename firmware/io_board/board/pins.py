"""The chip: the only file that touches it. Wires and pins as in README.md, "The electrical side"."""

import os
import time
from array import array

import machine
from clock import Clock
from edges import Edges
from machine import Pin

ROWS, COLUMNS = (2, 3, 4, 5), (6, 7, 8, 9)
COIN, INHIBIT, SUPPLY, DOOR, SLOT_LAMP, PAPER_LAMP, BUZZER, SERVICE = 10, 11, 12, 13, 14, 15, 16, 22

WATCHDOG_MS = 2000
_SETTLE_US = 20  # a row needs about 10 µs to rise again through the chip's pull-up (50 kΩ) and a long cable (200 pF)
_CAUGHT = 64  # edges between two rounds; a coin makes ten a second
_COUNT = 0x1FFFFFFF  # an interrupt may make no object, so its counter and one more stay small integers


def service_asked() -> bool:
    """Whether a technician holds the service contact to ground."""
    return not Pin(SERVICE, Pin.IN, Pin.PULL_UP).value()


class CoinWire:
    """Notes each edge in an interrupt: the counter of microseconds, and which way the wire went."""

    def __init__(self) -> None:
        self._pin = Pin(COIN, Pin.IN, Pin.PULL_UP)
        self._ticks = array("I", [0] * _CAUGHT)
        self._low = bytearray(_CAUGHT)
        self._count = self._taken = 0
        # MicroPython takes a handler away for good when it raises once: no edge may come before `_note` has all that it uses.
        masked = machine.disable_irq()
        self._last_low = not self._pin.value()
        self._interrupt = self._pin.irq(self._note, Pin.IRQ_FALLING | Pin.IRQ_RISING, hard=True)
        machine.enable_irq(masked)

    def low(self) -> bool:
        return not self._pin.value()

    def _note(self, _: Pin) -> None:
        """Runs as an interrupt: makes no object. Where both edges waited, the wire went there and back."""
        flags = self._interrupt.flags()  # type: ignore[union-attr,call-arg]  # the stubs name the class, not an object of it
        if flags == Pin.IRQ_FALLING | Pin.IRQ_RISING:
            self._catch(not self._last_low)
            self._catch(not self._last_low)
        else:
            self._catch(flags == Pin.IRQ_FALLING)

    def _catch(self, low: bool) -> None:
        place = self._count % _CAUGHT
        self._ticks[place] = time.ticks_us()  # type: ignore[call-overload]  # an integer; the stubs forbid sums with it
        self._low[place] = low
        self._last_low = low
        self._count = (self._count + 1) & _COUNT

    def take(self, clock: Clock, edges: Edges) -> int:
        """Move the edges noted since the last call to `edges`; returns the time of the last, 0 without one."""
        count, at_us = self._count, 0
        noted = (count - self._taken) & _COUNT
        edges.miss(max(0, noted - _CAUGHT))
        for number in range(count - min(noted, _CAUGHT), count):
            place = number % _CAUGHT
            at_us = clock.at_us(self._ticks[place])
            edges.add(at_us, bool(self._low[place]))
        self._taken = count
        return at_us


class Pins:
    """All other wires, the watchdog, and what only the chip knows."""

    def __init__(self) -> None:
        self._rows = [Pin(number, Pin.IN, Pin.PULL_UP) for number in ROWS]
        self._columns = [Pin(number, Pin.OPEN_DRAIN, value=1) for number in COLUMNS]
        self._inhibit = Pin(INHIBIT, Pin.OPEN_DRAIN, value=1)
        self._door = Pin(DOOR, Pin.IN, Pin.PULL_UP)
        self._supply, self._buzzer = Pin(SUPPLY, Pin.OUT, value=0), Pin(BUZZER, Pin.OUT, value=0)
        self._supplied = False
        self._slot_lamp, self._paper_lamp = Pin(SLOT_LAMP, Pin.OUT, value=0), Pin(PAPER_LAMP, Pin.OUT, value=0)
        self.by_watchdog = machine.reset_cause() == machine.WDT_RESET
        self._watchdog = machine.WDT(timeout=WATCHDOG_MS)

    def boot_number(self) -> int:
        """Random, and never 0."""
        number = 0
        while number == 0:
            number = int.from_bytes(os.urandom(4), "little")
        return number

    def contacts(self) -> int:
        """The closed crossings of the key matrix: bit 4 x row + column."""
        closed = 0
        for number, column in enumerate(self._columns):
            column.value(0)
            time.sleep_us(_SETTLE_US)
            for row, pin in enumerate(self._rows):
                if not pin.value():
                    closed |= 1 << (4 * row + number)
            column.value(1)
        return closed

    def door_shut(self) -> bool:
        return not self._door.value()

    def inhibit_low(self) -> bool:
        return not self._inhibit.value()

    def supply_disturbed(self) -> bool:
        """Whether the 12 V pin is at another level than it drives. On this chip `value` reads the pin of an output, too."""
        return bool(self._supply.value()) != self._supplied

    def drive(self, inhibit_low: bool, supply: int, slot_lamp: int, paper_lamp: int, buzzer: int) -> None:
        """Set the outputs. The supply goes off before the inhibit wire moves, and comes on after it."""
        if not supply:
            self._supply.value(0)
        self._inhibit.value(0 if inhibit_low else 1)
        self._supply.value(1 if supply else 0)
        self._supplied = bool(supply)
        self._slot_lamp.value(1 if slot_lamp else 0)
        self._paper_lamp.value(1 if paper_lamp else 0)
        self._buzzer.value(1 if buzzer else 0)

    def let_go(self) -> None:
        """Every output off; the inhibit wire floats."""
        self.drive(inhibit_low=False, supply=0, slot_lamp=0, paper_lamp=0, buzzer=0)

    def feed(self) -> None:
        """Tell the watchdog that the program runs."""
        self._watchdog.feed()

    def restart(self) -> None:
        machine.reset()

    def enter_loader(self) -> None:
        machine.bootloader()
