"""A reader in memory: a card model powered by the driver, in virtual time."""

from collections.abc import Callable

from host_sim.clock import VirtualClock
from host_sim.models.card import ChipCard, Pulled, Silent

APDU_S = 0.02


class MemoryReader:
    """Satisfies `drivers.card.channel.ReaderPort`; trouble in Python's own words."""

    def __init__(self, clock: VirtualClock, moved: Callable[[], None]) -> None:
        """`moved` is called when a card goes in or out."""
        self.clock = clock
        self._moved = moved
        self.card: ChipCard | None = None
        self.there = True

    def insert(self, card: ChipCard) -> None:
        self.card = card
        self._moved()

    def remove(self) -> None:
        if self.card is not None:
            self.card.power_off()
        self.card = None
        self._moved()

    def unplug(self) -> None:
        """Somebody pulls the reader's own plug; the card stays in it."""
        self.there = False
        self._moved()

    def plug_in(self) -> None:
        self.there = True
        self._moved()

    def presence(self, timeout_s: float) -> str:
        self.clock.advance(timeout_s)
        if not self.there:
            return "unknown"
        return "not_present" if self.card is None else "present"

    def connect(self, timeout_s: float) -> "MemoryLink":
        self.clock.advance(min(APDU_S, timeout_s))
        if self.card is None or not self.there:
            raise ConnectionResetError
        if self.card.mute:
            raise ConnectionRefusedError
        self.card.power_on()
        return MemoryLink(self, self.card)

    def close(self) -> None:
        self.there = False


class MemoryLink:
    def __init__(self, reader: MemoryReader, card: ChipCard) -> None:
        self._reader = reader
        self._card = card

    def transmit(self, command: bytes | bytearray, timeout_s: float) -> bytes:
        self._reader.clock.advance(min(APDU_S, timeout_s))
        if self._reader.card is not self._card or not self._reader.there:
            raise ConnectionResetError
        try:
            return self._card.transmit(bytes(command))
        except Silent:
            self._reader.clock.advance(max(0.0, timeout_s - APDU_S))
            raise TimeoutError from None
        except Pulled:
            self._reader.remove()
            raise ConnectionResetError from None

    def close(self) -> None:
        self._card.power_off()
