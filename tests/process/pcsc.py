"""A pcscd that the tests start themselves, its virtual reader, and the driver on it, in real time."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from drivers.card.pcsc import PcscReader
from drivers.card.reader import CardReaderDriver
from drivers.vocabulary import CardPresence
from host_sim.adapters.pcscd import PcscdHandle, any_pcscd
from host_sim.adapters.vpcd import VpcdSlot
from host_sim.models.chip import ChipCard
from tests.unit.card.table import NOON

READER = "Virtual PCD 00 00"


class SystemClock:
    def monotonic(self) -> float:
        return time.monotonic()


@contextmanager
def service() -> Iterator[PcscdHandle]:
    """A running pcscd that this process and its children use."""
    before = dict(os.environ)
    try:
        with any_pcscd(patience_s=900.0) as handle:
            os.environ.update(handle.environment)
            yield handle
    finally:
        os.environ.clear()
        os.environ.update(before)


class Desk:
    """The virtual slot, and our driver on the reader of this slot."""

    def __init__(self, handle: PcscdHandle, *, total_deadline_s: float = 120.0, reader: str = READER) -> None:
        self.slot = VpcdSlot(port=handle.port)
        self.port = PcscReader(reader, SystemClock())
        self.now = NOON
        self.driver = CardReaderDriver(
            self.port, lambda: self.now, total_deadline_s=total_deadline_s, signing_s=total_deadline_s
        )

    def insert(self, card: ChipCard) -> None:
        """Put a card in and wait until the driver sees it."""
        self.slot.insert(card)
        self.until(CardPresence.PRESENT)

    def remove(self) -> None:
        self.slot.remove()
        self.until(CardPresence.NOT_PRESENT)

    def until(self, wanted: CardPresence, limit_s: float = 300.0) -> None:
        """Wait for this presence; the service polls its virtual reader every 0.4 s."""
        end_s = time.monotonic() + limit_s
        while (found := self.driver.presence(0.0)) is not wanted:
            self.driver.presence(1.0)
            assert time.monotonic() < end_s, f"{found} instead of {wanted}"

    def close(self) -> None:
        self.slot.remove()
        self.driver.release()
        self.port.close()
