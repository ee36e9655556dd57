"""All that a driver uses of the outside world: four small protocols.

A driver is synchronous, starts no thread and never sleeps. It takes the time from `Clock` and waits
only inside `ByteStream.read`, so in simulation virtual time passes only there.
"""

from typing import Protocol


class Clock(Protocol):
    """Monotonic time. Drivers do not use wall time."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never runs backwards."""
        ...


class ByteStream(Protocol):
    """A serial line, a USB printer, the maintenance console."""

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """Return the bytes that have arrived, up to `max_bytes`, as soon as there are any.

        `b""` means that `timeout_s` ran out; `timeout_s=0` polls. Raises `LineLost` when the port is gone.
        """
        ...

    def write(self, data: bytes, timeout_s: float) -> int:
        """Write bytes and return how many the line took before `timeout_s` ran out (0 to len(data)).

        The device may not have received or carried out a byte that the line took. Raises `LineLost`.
        """
        ...

    def close(self) -> None:
        """Give the port back. Calling it twice is harmless."""
        ...


class CardChannel(Protocol):
    """One powered card, exclusively ours until `close`."""

    def transmit(self, command: bytes | bytearray) -> tuple[bytes, int]:
        """Send one short APDU; return its data and status word.

        Raises `CardGone` when the card was pulled, `ReaderGone` when the reader was, `CardTrouble` past its deadline
        and when the exchange failed.
        """
        ...

    def close(self) -> None:
        """Reset the card, which logs it out, and release it."""
        ...


class PixelSink(Protocol):
    """The target of screen rows: /dev/fb0, or a file of the same layout."""

    def write_rows(self, top: int, rows: bytes) -> None:
        """Write whole rows, in the sink's own pixel format, starting at row `top`."""
        ...
