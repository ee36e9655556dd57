"""The RP2040 as MicroPython's `machine` shows it, as far as the board's program uses it; and what hangs on its pins.

Written from MicroPython's documentation of the module (`machine.Pin`, `machine.WDT`, "Quick reference for the RP2") and
the table of wires in firmware/io_board/README.md.

A use that the real chip would refuse raises here, and so does an interrupt that makes an object.
"""

import micropython

PWRON_RESET, WDT_RESET = 1, 3
TICKS = 1 << 30

_ROWS, _COLUMNS = (2, 3, 4, 5), (6, 7, 8, 9)
_COIN, _INHIBIT, _SUPPLY, _DOOR, _SLOT_LAMP, _PAPER_LAMP, _BUZZER, _SERVICE = 10, 11, 12, 13, 14, 15, 16, 22


class Restart(BaseException):
    """The program asked for a reset."""


class Loader(BaseException):
    """The program asked for the USB loader in ROM."""


class World:
    """What is outside the chip, and the chip's time. It outlives the program."""

    def __init__(self):
        self.now_us = 0
        self.phase = 0  # of the counter of microseconds: it does not begin at 0
        self.closed = set()  # crossings of the key matrix: row, column
        self.joined = {}
        self.low = set()  # pins that something outside holds at ground
        self.low.add(_DOOR)
        self.edge_at_start = False  # the coin wire goes low as soon as it is listened to
        self.start(PWRON_RESET)

    def start(self, cause):
        """The chip as it is after a reset: every pin an input, no interrupt, no watchdog."""
        self.cause = cause
        self.pins = {}
        self.watchdog_us = None
        self.fed_us = 0
        self.interrupted_at = None  # the counter, while an interrupt runs
        self.masked = False
        self.waiting = []  # edges that came meanwhile: pin and level

    def ticks(self):
        """The counter of microseconds, 30 bits."""
        return (self.now_us + self.phase) % TICKS if self.interrupted_at is None else self.interrupted_at

    def pull(self, number, low):
        """Hold a pin at ground from outside, or let it go; an edge interrupts the program at once."""
        pin = self.pins.get(number)
        before = pin and pin.value()
        if low:
            self.low.add(number)
        else:
            self.low.discard(number)
        if pin and pin.value() != before:
            pin.edge(pin.value())

    def contact(self, row, column, closed):
        """Close or open a crossing of the key matrix. Without diodes current takes every way through closed ones."""
        (self.closed.add if closed else self.closed.discard)((row, column))
        self.joined = {}  # pin: all pins that it is joined to
        for one in self.closed:
            group = {_ROWS[one[0]], _COLUMNS[one[1]]}
            for pin in tuple(group):
                group |= self.joined.get(pin, group)
            for pin in group:
                self.joined[pin] = group

    def is_low(self, number):
        """A pin, or any that closed contacts join it to, is held at ground."""
        return any(one in self.low or self._pulls(one) for one in self.joined.get(number) or (number,))

    def _pulls(self, number):
        pin = self.pins.get(number)
        return pin is not None and pin.mode != Pin.IN and not pin.level

    def _high(self, number):
        pin = self.pins.get(number)
        return pin is not None and pin.mode == Pin.OUT and pin.level

    def wires(self):
        """Bits: supply, inhibit wire low, lamp at the slot, lamp at the paper, buzzer."""
        bits = 2 if self.is_low(_INHIBIT) else 0
        for bit, number in ((1, _SUPPLY), (4, _SLOT_LAMP), (8, _PAPER_LAMP), (16, _BUZZER)):
            bits |= bit if self._high(number) else 0
        return bits

    def bites(self):
        """When the watchdog starts the chip anew if nobody feeds it; None without one."""
        return None if self.watchdog_us is None else self.fed_us + self.watchdog_us


world = World()


class _Interrupt:
    def __init__(self):
        self.happened = 0

    def flags(self):
        return self.happened


class Pin:
    IN, OUT, OPEN_DRAIN = 0, 1, 2
    PULL_UP = 1
    IRQ_FALLING, IRQ_RISING = 4, 8

    def __init__(self, number, mode, pull=None, value=None):
        if number in _ROWS or number in (_COIN, _DOOR, _SERVICE):
            assert (mode, pull) == (Pin.IN, Pin.PULL_UP), f"GP{number} is an input with pull-up"
        elif number in _COLUMNS or number == _INHIBIT:
            assert (mode, value) == (Pin.OPEN_DRAIN, 1), f"GP{number} is never driven high and starts floating"
        else:
            assert (mode, value) == (Pin.OUT, 0), f"GP{number} is an output that starts low"
        self.number, self.mode, self.level = number, mode, value
        self._handler, self._trigger, self._interrupt = None, 0, _Interrupt()
        world.pins[number] = self

    def value(self, level=None):
        if level is None:
            if self.mode == Pin.IN and self.number not in world.joined:  # nearly always
                return 0 if self.number in world.low else 1
            if self.mode == Pin.OUT:
                return int(self.level and self.number not in world.low)
            return int(not world.is_low(self.number))
        assert self.mode != Pin.IN, f"GP{self.number} is an input"
        if not level and self.number in _COLUMNS:
            assert all(world.pins[one].level or one == self.number for one in _COLUMNS), "two columns are low at once"
        self.level = level
        return None

    def irq(self, handler, trigger, hard=False):
        assert hard, "a soft interrupt comes too late for the time of an edge"
        self._handler, self._trigger = handler, trigger
        if world.edge_at_start and self.number == _COIN:
            world.edge_at_start = False
            world.pull(_COIN, True)
        return self._interrupt

    def edge(self, level):
        flag = Pin.IRQ_RISING if level else Pin.IRQ_FALLING
        if world.masked:
            world.waiting.append((self, level))
        elif self._handler is not None and self._trigger & flag:
            self._interrupt.happened = flag
            world.interrupted_at = world.ticks()  # a sum may make an object, and none can be made below
            micropython.heap_lock()
            try:
                self._handler(self)
            finally:
                micropython.heap_unlock()
                world.interrupted_at = None


def disable_irq():
    before, world.masked = world.masked, True
    return before


def enable_irq(before):
    world.masked = before
    while world.waiting and not world.masked:
        pin, level = world.waiting.pop(0)
        pin.edge(level)


class WDT:
    def __init__(self, timeout):
        assert timeout <= 8388, "the RP2040's watchdog counts to 8388 ms"
        world.watchdog_us = timeout * 1000
        self.feed()

    def feed(self):
        world.fed_us = world.now_us


def reset_cause():
    return world.cause


def reset():
    raise Restart


def bootloader():
    raise Loader
