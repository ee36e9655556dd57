"""The keypad desks. The resident's sets whether keys are reported, go into the PIN buffer or are ignored, and scans them."""

from collections.abc import Sequence
from typing import Never, assert_never

from drivers.pin_pad.entry import PinBuffer
from drivers.vocabulary import KeyPressed, KeyStuck
from firmware.desks import CLERK_KEYS, KEYPAD, Answer, Desk, Health, KeypadCommand, WipeDesk
from firmware.ports import KeypadEvent, PinPad
from firmware.session.effects import SetKeypad
from firmware.session.events import ClerkPressed
from firmware.session.states import KeypadMode

PIN_DIGITS = 4
SCAN_S = 0.005  # while a key is down or being debounced
STUCK = "keypad: a key has been down for more than ten seconds; free it, or clean the keypad and exchange it."
WAIT_S = 0.05  # a command to this desk waits at most so long


class _Scanned:
    """The events of a pad; a key that is stuck closes the machine until every key is up again."""

    def __init__(self, pad: PinPad, desk: str) -> None:
        self._pad = pad
        self._desk = desk
        self._stuck = False

    def start(self) -> None:
        self._pad.start()
        self._stuck = False

    def poll(self) -> Sequence[KeypadEvent | Health]:
        if not self._pad.active:
            self._pad.wait_for_activity(WAIT_S)
        events = self._pad.poll()
        if any(isinstance(event, KeyStuck) for event in events):
            self._stuck = True
            return [*events, Health(self._desk, frozenset({"keypad"}), STUCK)]
        if self._stuck and not self._pad.active:  # every key is up again
            self._stuck = False
            return [*events, Health(self._desk, frozenset())]
        return list(events)

    def poll_every_s(self) -> float:
        return SCAN_S if self._pad.active else 0.0  # `poll` itself waits for an edge


class ClerkKeysDesk(Desk[Never]):
    """The clerk's keys of a counter terminal. No PIN is ever typed on them, so they are always read as keys."""

    name = CLERK_KEYS
    reason_when_down = "keypad"

    def __init__(self, pad: PinPad) -> None:
        self._pad = pad
        self._keys = _Scanned(pad, self.name)

    def start(self) -> Sequence[Answer]:
        self._keys.start()
        self._pad.expect_keys()
        return [Health(self.name, frozenset())]

    def handle(self, command: Never) -> Sequence[Answer]:
        assert_never(command)

    def poll(self) -> Sequence[Answer]:
        return [ClerkPressed(seen.key) if isinstance(seen, KeyPressed) else seen for seen in self._keys.poll()]

    def poll_every_s(self) -> float:
        return self._keys.poll_every_s()


class KeypadDesk(Desk[KeypadCommand]):
    name = KEYPAD
    reason_when_down = "keypad"

    def __init__(self, pad: PinPad, pin: PinBuffer) -> None:
        self._pad = pad
        self._pin = pin
        self._keys = _Scanned(pad, self.name)
        self._mode = KeypadMode.KEYS

    def start(self) -> Sequence[Answer]:
        self._keys.start()
        if self._mode is not KeypadMode.DEAD:  # a dead pad keeps a complete PIN for the card desk
            self._set(self._mode)
        return [Health(self.name, frozenset())]

    def handle(self, command: KeypadCommand) -> Sequence[Answer]:
        match command:
            case SetKeypad(mode=mode):
                self._set(mode)
            case WipeDesk():
                self._pin.wipe()
            case _:
                assert_never(command)
        return []

    def works_down(self, command: KeypadCommand) -> bool:  # noqa: ARG002
        """A command touches no pin. The mode must hold when the pins work again: digits of a PIN are never keys (fault P5)."""
        return True

    def _set(self, mode: KeypadMode) -> None:
        self._mode = mode
        match mode:
            case KeypadMode.PIN:
                self._pad.expect_pin(PIN_DIGITS)
            case KeypadMode.KEYS:
                self._pad.expect_keys()
            case KeypadMode.DEAD:
                # The PIN buffer stays: the card desk sends the digits with VERIFY, then wipes them.
                self._pad.expect_nothing()
            case _:
                assert_never(mode)

    def poll(self) -> Sequence[Answer]:
        return self._keys.poll()

    def poll_every_s(self) -> float:
        return self._keys.poll_every_s()
