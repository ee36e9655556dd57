"""The PIN buffer: the one place where a PIN's digits exist.

The storage is a bytearray of fixed size, allocated once: growing it would leave the old bytes behind in
freed memory. The digits leave only by `lend()`, as a view of that storage, and the storage is zeros again
when the loan ends, however it ends. There is no way to print, compare, iterate, copy or pickle the buffer,
because each of those makes copies that nobody can wipe (ISO 9564-1; security rule 1).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

_ZERO, _NINE = 0x30, 0x39


class PinWiped(Exception):
    """No digits are left where a PIN was to be used: the session has ended meanwhile."""


def must_be_whole(digits: memoryview | bytearray) -> None:
    """Raises `PinWiped` for anything but 1 to 16 ASCII digits. For a borrower's own copy: another thread wipes the buffer."""
    if not 1 <= len(digits) <= 16 or not all(_ZERO <= digit <= _NINE for digit in digits):
        raise PinWiped


class PinBuffer:
    """Up to `max_digits` ASCII digits; the keypad fills it, the card driver borrows it."""

    __slots__ = ("_count", "_digits")

    def __init__(self, max_digits: int = 16) -> None:
        self._digits = bytearray(max_digits)
        self._count = 0

    @property
    def count(self) -> int:
        """How many digits stand in the buffer."""
        return self._count

    def push(self, digit: int) -> None:
        """Append one digit, given as its ASCII code 0x30 to 0x39. A full buffer takes no more."""
        assert _ZERO <= digit <= _NINE, "only ASCII digits are kept here"
        if self._count < len(self._digits):
            self._digits[self._count] = digit
            self._count += 1

    def backspace(self) -> None:
        """Take the last digit away; harmless on an empty buffer."""
        if self._count:
            self._count -= 1
            self._digits[self._count] = 0

    def wipe(self) -> None:
        """Overwrite every byte with zero. Calling it again, or during a loan, is harmless."""
        self._count = 0
        for index in range(len(self._digits)):
            self._digits[index] = 0

    @contextmanager
    def lend(self) -> Iterator[memoryview]:
        """Yield a view of the digits; on exit the view is dead and the storage is zeros.

        The view is the storage itself: a wipe from elsewhere shows through it, at any moment. So a borrower copies,
        looks at its copy (`must_be_whole`), uses that, and wipes it as well.
        """
        view = memoryview(self._digits)[: self._count]
        try:
            yield view
        finally:
            self.wipe()
            view.release()

    def __repr__(self) -> str:
        return "PinBuffer()"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a PIN buffer is neither copied nor pickled")
