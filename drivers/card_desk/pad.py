"""The resident's pad at a card desk: words on the resident's side, digits into the buffer, nothing to the clerk."""

from collections.abc import Callable

from drivers.pin_pad.entry import PinBuffer
from drivers.pin_pad.pin_pad import MatrixPinPad
from drivers.vocabulary import Key, KeyPressed, PinCancelled, PinEntered

_DIGITS = 4
_SCAN_S = 0.005


class ResidentPad:
    """Satisfies `terminal.Pad`. `show`: where the resident reads; the same words stand there for every digit.

    `wait`: for seconds, between two scans.
    """

    def __init__(
        self,
        pad: MatrixPinPad,
        buffer: PinBuffer,
        show: Callable[[str], None],
        wait: Callable[[float], None],
    ) -> None:
        self._pad = pad
        self._buffer = buffer
        self._show = show
        self._wait = wait

    def take_pin(self, words: str) -> PinBuffer | None:
        self._show(words)
        self._pad.expect_pin(_DIGITS)
        while True:
            for event in self._events():
                if isinstance(event, PinEntered):
                    self._pad.expect_nothing()  # keeps this one PIN for whoever borrows it
                    return self._buffer
                if isinstance(event, PinCancelled):
                    return None

    def keeps(self, words: str) -> bool:
        self._show(words)
        self._pad.expect_keys()
        while True:
            for event in self._events():
                if isinstance(event, KeyPressed) and event.key in {Key.ENTER, Key.CLEAR, Key.CANCEL}:
                    self._pad.expect_nothing()
                    return event.key is Key.ENTER

    def _events(self) -> list[object]:
        if not self._pad.wait_for_activity(1.0):
            return []
        self._wait(_SCAN_S)
        return list(self._pad.poll())
