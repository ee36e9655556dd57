"""What a driver needs below it: four small protocols, and nothing else of the outside world.

A driver is synchronous, starts no thread and never sleeps. Time comes from `Clock`; waiting happens
only inside `ByteStream.read`, so that in simulation virtual time passes there and nowhere else.
"""

from typing import Protocol


class Clock(Protocol):
    """Monotonic time. Wall time is no business of a driver."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never runs backwards."""
        ...


class ByteStream(Protocol):
    """A serial line, a USB printer, the maintenance console."""

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """Return what has arrived, up to `max_bytes`, as soon as there is any.

        `b""` means that `timeout_s` ran out; `timeout_s=0` polls. Raises `LineLost` when the port is gone.
        """
        ...

    def write(self, data: bytes, timeout_s: float) -> int:
        """Hand over bytes and return how many were taken before `timeout_s` ran out (0 to len(data)).

        Taken means that the line has them, not that the device acted on them. Raises `LineLost`.
        """
        ...

    def close(self) -> None:
        """Give the port back. Calling it twice is harmless."""
        ...


class CardChannel(Protocol):
    """One powered card, exclusively ours until `close`."""

    def transmit(self, apdu: bytes | bytearray) -> tuple[bytes, int]:
        """Send one short APDU; return its data and status word.

        Raises `CardGone` when the card was pulled, `ReaderGone` when the reader was, `NoReply` past its deadline.
        """
        ...

    def close(self) -> None:
        """Reset the card, which logs it out, and let go of it."""
        ...


class PixelSink(Protocol):
    """Where screen rows go: /dev/fb0, or a file of the same layout."""

    def write_rows(self, top: int, rows: bytes) -> None:
        """Write whole rows, in the sink's own pixel format, starting at row `top`."""
        ...
