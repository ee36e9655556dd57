"""The PIN buffer: the one place where a PIN's digits exist.

The storage is a bytearray of fixed size, allocated once: growing it would leave the old bytes behind in
freed memory. The digits leave only by `lend()`, as a view of that storage, and the storage is zeros again
when the loan ends, however it ends. There is no way to print, compare, iterate, copy or pickle the buffer,
because each of those makes copies that nobody can wipe (facts: ISO 9564-1; reliability c-1).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

_ZERO, _NINE = 0x30, 0x39


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

        The view is the storage itself: a wipe from elsewhere shows through it, so a borrower looks at the
        digits before it uses them. Nothing may be copied out of it that is not wiped as well.
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
