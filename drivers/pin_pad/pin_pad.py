"""Keys and PIN entry over a key matrix.

In data entry every key is an event. In PIN entry a digit goes into the shared `PinBuffer`, and the event holds only
the count. The rules of PIN entry:

* ENTER with too few digits does nothing; digits beyond the length are ignored.
* CLEAR empties the entry. It does not delete only the last digit: dots do not show which digit was wrong, and a resident
  who typed the PIN after leftover digits would lose one of three tries.
* CANCEL wipes the buffer and is reported; LANGUAGE is reported and keeps the entry; PREVIOUS and NEXT are ignored.
* After ENTER all keys are ignored, and the buffer keeps the digits for the card driver, whose `prove` wipes them.
"""

from collections.abc import Sequence
from enum import Enum, auto
from typing import Protocol, assert_never

from drivers.errors import WrongDevice
from drivers.pin_pad.debounce import Cell, Debouncer, Pressed, Stuck
from drivers.pin_pad.entry import PinBuffer
from drivers.ports import Clock
from drivers.vocabulary import Key, KeyPressed, KeyStuck, PinCancelled, PinEntered, PinProgress

KeypadEvent = KeyPressed | PinProgress | PinEntered | PinCancelled | KeyStuck

_ALWAYS_NEEDED = frozenset({*(key for key in Key if key.isdigit()), Key.ENTER, Key.CANCEL, Key.CLEAR})


class KeyMatrixPins(Protocol):
    """What the pad needs of its wires: `drivers.pin_pad.matrix.MatrixPins`, or the same in memory."""

    def closed(self) -> frozenset[Cell]:
        """Scan once: every crossing (row, column) that looks closed."""
        ...

    def wait_for_activity(self, timeout_s: float) -> bool:
        """Wait until a key is touched (True) or the time is over (False)."""
        ...


class _Mode(Enum):
    DEAD = auto()
    KEYS = auto()
    PIN = auto()
    HANDED_OVER = auto()  # keys are ignored, the buffer holds a complete PIN


class MatrixPinPad:
    """Satisfies `firmware.ports.PinPad`.

    `keys` names the key at each crossing, row by row, in words of `Key`. Raises `WrongDevice` when a word is
    unknown or stands twice, or when a digit, ENTER, CANCEL or CLEAR is missing.
    """

    def __init__(self, pins: KeyMatrixPins, keys: Sequence[Sequence[str]], buffer: PinBuffer, clock: Clock) -> None:
        self._pins = pins
        self._keys = _read_layout(keys)
        self._buffer = buffer
        self._clock = clock
        self._debouncer = Debouncer()
        self._mode = _Mode.DEAD
        self._pin_length = 0
        self._pin_cells: set[Cell] = set()  # crossings that went down as a PIN digit and are still busy

    def start(self) -> None:
        """Forget which keys are down, and scan once, so that a broken pin shows here. Raises what the pins raise."""
        self._debouncer = Debouncer()
        self._pin_cells.clear()
        self._pins.closed()

    def expect_keys(self) -> None:
        """From now on report every key; wipes the buffer."""
        self._begin(_Mode.KEYS)

    def expect_pin(self, length: int) -> None:
        """From now on take a PIN of exactly `length` digits; wipes the buffer first."""
        self._begin(_Mode.PIN)
        self._pin_length = length

    def expect_nothing(self) -> None:
        """From now on ignore the keys; wipes the buffer.

        One exception: the first call after `PinEntered` keeps the complete PIN for the card driver, which wipes it.
        A second call, or another `expect_` call, wipes it.
        """
        if self._mode is _Mode.HANDED_OVER:
            self._mode = _Mode.DEAD
        else:
            self._begin(_Mode.DEAD)

    def poll(self) -> list[KeypadEvent]:
        """Scan once and return the events. Call it every 5 ms while `active`."""
        events: list[KeypadEvent] = []
        for found in self._debouncer.scan(self._pins.closed(), self._clock.monotonic()):
            match found:
                case Pressed(cell):
                    if (key := self._keys.get(cell)) is not None:
                        events += self._press(key, cell)
                case Stuck(cell, counted):
                    if (key := self._keys.get(cell)) is not None:
                        # The name of a stuck key would give away a digit of the PIN.
                        told = None if counted and cell in self._pin_cells else key
                        events.append(KeyStuck(told))
                case _:
                    assert_never(found)
        self._pin_cells &= self._debouncer.busy()
        return events

    @property
    def active(self) -> bool:
        """Whether a key is down or was just let go, so that `poll` is due every 5 ms."""
        return not self._debouncer.quiet

    def wake_at(self) -> float | None:
        """On the driver's clock: when `poll` could report something although no contact changes; None if it cannot."""
        return self._debouncer.wake_at()

    def wait_for_activity(self, timeout_s: float) -> bool:
        """Wait, without scanning, until `poll` has something to look at (True) or the time is over (False)."""
        return self.active or self._pins.wait_for_activity(timeout_s)

    def _begin(self, mode: _Mode) -> None:
        self._buffer.wipe()
        self._mode = mode

    def _press(self, key: Key, cell: Cell) -> list[KeypadEvent]:
        self._pin_cells.discard(cell)
        match self._mode:
            case _Mode.DEAD | _Mode.HANDED_OVER:
                return []
            case _Mode.KEYS:
                return [KeyPressed(key)]
            case _Mode.PIN:
                return self._press_in_pin(key, cell)
            case _:
                assert_never(self._mode)

    def _press_in_pin(self, key: Key, cell: Cell) -> list[KeypadEvent]:
        if key.isdigit():
            self._pin_cells.add(cell)
            if self._buffer.count >= self._pin_length:
                return []
            self._buffer.push(ord(key.value))
            return [PinProgress(self._buffer.count)]
        if key is Key.ENTER and self._buffer.count == self._pin_length:
            self._mode = _Mode.HANDED_OVER
            return [PinEntered()]
        if key is Key.CLEAR and self._buffer.count:
            self._buffer.wipe()
            return [PinProgress(0)]
        if key is Key.CANCEL:
            self._begin(_Mode.DEAD)
            return [PinCancelled()]
        if key in {Key.LANGUAGE, Key.PREVIOUS, Key.NEXT}:  # none of them belongs to a PIN; ▲ and ▼ say the words again
            return [KeyPressed(key)]
        return []


def _read_layout(keys: Sequence[Sequence[str]]) -> dict[Cell, Key]:
    layout: dict[Cell, Key] = {}
    for row, words in enumerate(keys):
        for column, word in enumerate(words):
            try:
                key = Key(word)
            except ValueError:
                raise WrongDevice(
                    "keypad", f"{word!r} in the unit file's keys is no key; write {', '.join(Key)}."
                ) from None
            if key in layout.values():
                raise WrongDevice("keypad", f"the key {word!r} stands twice in the unit file's keys: remove one.")
            layout[row, column] = key
    if missing := _ALWAYS_NEEDED - set(layout.values()):
        raise WrongDevice("keypad", f"the unit file's keys lack {', '.join(sorted(missing))}: add them.")
    return layout
