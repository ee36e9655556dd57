"""The PIN buffer: the only place that stores a PIN's digits.

The storage is a bytearray of fixed size, allocated once: growing it would leave the old bytes in
freed memory. Only `lend()` gives access to the digits, as a view of the storage, and always overwrites the storage
with zeros when the loan ends. The buffer cannot be printed, compared, iterated, copied or pickled,
because each of those makes copies that cannot be wiped (ISO 9564-1; security rule 1).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

_ZERO, _NINE = 0x30, 0x39


class PinWiped(Exception):
    """The buffer was wiped before its PIN was used, because the session ended."""


def must_be_whole(digits: memoryview | bytearray) -> None:
    """Raises `PinWiped` for anything but 1 to 16 ASCII digits. Check your own copy: another thread may wipe the buffer."""
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
        """The number of digits in the buffer."""
        return self._count

    def push(self, digit: int) -> None:
        """Append one digit, given as its ASCII code 0x30 to 0x39. A full buffer ignores it."""
        assert _ZERO <= digit <= _NINE, "only ASCII digits are kept here"
        if self._count < len(self._digits):
            self._digits[self._count] = digit
            self._count += 1

    def backspace(self) -> None:
        """Delete the last digit, if there is one."""
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
        """Yield a view of the digits; on exit release the view and overwrite the storage with zeros.

        Another thread may wipe the storage during the loan, and the view shows it. So copy the digits,
        check the copy with `must_be_whole`, use the copy, and wipe it.
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
