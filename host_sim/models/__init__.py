"""Devices as the specifications describe them: behaviour only. No I/O, no clock, no threads; deterministic.

Physical truth (coins in the box, dots on the paper) is kept apart from what the device reports, so that a
checker can compare the two.
"""

from typing import Protocol


class LineModel(Protocol):
    """A device at the far end of a serial line."""

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes that arrive from the host."""
        ...

    def transmit(self, now_s: float) -> bytes:
        """The bytes that the device has sent up to now; each byte is returned once."""
        ...

    def wake_at(self) -> float | None:
        """When the device will next do something by itself; None if never."""
        ...
