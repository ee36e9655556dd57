"""A card reader in memory and virtual time: what the card driver opens in the rig, in the place of PC/SC.

Errors are Python's: ConnectionResetError for a card that is pulled, ConnectionRefusedError for no answer to reset,
TimeoutError for no answer in the time allowed, InterruptedError for an exchange that failed, BlockingIOError where another program
holds the card, ConnectionAbortedError for a reader that is unplugged. Time passes only
while the driver waits for the card or for a change of its presence.
"""

from collections.abc import Callable

from host_sim.clock import VirtualClock
from host_sim.models.card_reader import CardReaderModel, ExchangeFailed
from host_sim.models.chip import ChipCard
from host_sim.models.chip_faults import Pulled, Silent


class MemoryReader:
    """One reader: what a driver calls, and what a person does to it."""

    def __init__(
        self,
        clock: VirtualClock,
        make: CardReaderModel | None = None,
        *,
        command_s: float = 0.0,
        moved: Callable[[], None] = lambda: None,
    ) -> None:
        """`make`: which make of reader it is. `command_s`: least seconds of a command. `moved` is called when the card or
        the plug goes in or out."""
        self.clock = clock
        self.card: ChipCard | None = None
        self.make = make or CardReaderModel()
        self.model = self.make  # how it serves the card that is in
        self._next: CardReaderModel | None = None
        self.insertions = 0
        self.plugged = True
        self.command_s = command_s
        self.on_fault: Callable[[], None] = lambda: None  # called whenever the reader fails
        self._moved = moved
        self._known = ""

    # --- hands ----------------------------------------------------------------------------------

    def insert(self, card: ChipCard) -> None:
        """Put a card in, in place of the one that is there."""
        self.card = card
        self.insertions += 1
        self.model, self._next = self._next or self.make, None
        self.model.on_fault = self.on_fault
        self.model.inserted()
        self._moved()

    def trouble(self, model: CardReaderModel) -> None:
        """For the next card that is put in it serves like this one."""
        self._next = model

    def remove(self) -> None:
        """Pull the card; does nothing when there is none."""
        if self.card is not None:
            self.card.power_off()
        self.card = None
        self._moved()

    def unplug(self) -> None:
        """Pull the reader's own cable; the card stays in it."""
        self.plugged = False
        self._moved()

    def plug_in(self) -> None:
        self.plugged = True
        self._moved()

    # --- what a driver asks ---------------------------------------------------------------------

    def presence(self, timeout_s: float) -> str:
        """Wait up to `timeout_s` for the presence to differ from the last call's; returns it."""
        deadline_s = self.clock.monotonic() + timeout_s
        while (now := self._presence()) == self._known and self.clock.monotonic() < deadline_s:
            due_s = self.clock.next_due_s()
            self.clock.advance_to(min(deadline_s, max(due_s, self.clock.monotonic())))
        self._known = now
        return now

    def check(self) -> None:
        if not self.plugged:
            raise ConnectionAbortedError("the reader was unplugged")

    def connect(self, timeout_s: float) -> "MemoryLink":
        """Power the card."""
        if not self.plugged:
            raise ConnectionAbortedError("the reader was unplugged")
        card = self.card
        if card is None:
            raise ConnectionResetError("there is no card")
        if self.model.held_by_another():
            raise BlockingIOError("another program holds the card")
        if card.mute or timeout_s <= 0 or not self.model.powers():
            raise ConnectionRefusedError("no answer to reset")
        card.power_on()
        return MemoryLink(self, card)

    def close(self) -> None:
        """Does nothing: there is nothing to release."""

    def _presence(self) -> str:
        if not self.plugged:
            return "unknown"
        return "not_present" if self.card is None else "present"


class MemoryLink:
    """One powered card, until it is pulled or closed. It stays unusable when the same card is put back."""

    def __init__(self, reader: MemoryReader, card: ChipCard) -> None:
        self.atr = card.atr
        self._reader = reader
        self._card = card
        self._insertion = reader.insertions
        self._clock = reader.clock

    def transmit(self, command: bytes | bytearray, timeout_s: float) -> bytes:
        """One command, one answer, after the time the card takes."""
        self._still_there()
        told = _as_t0(bytes(command)) if self._card.manners.t0 else bytes(command)
        try:
            answer = self._reader.model.carry(told, self._card.transmit)
        except ExchangeFailed:
            raise InterruptedError("the exchange failed") from None
        except Pulled:
            self._reader.remove()
            raise ConnectionResetError("the card was pulled") from None
        except Silent:
            self._wait(timeout_s)
            raise TimeoutError("the card stayed silent") from None
        busy_s = max(self._card.busy_s, self._reader.command_s)
        if busy_s:
            self._wait(min(busy_s, timeout_s))
            if busy_s > timeout_s:
                raise TimeoutError("the card took too long")
        return answer

    def close(self) -> None:
        """Reset the card, if it is still this one."""
        if self._reader.card is self._card and self._reader.insertions == self._insertion:
            self._card.reset()

    def _wait(self, seconds: float) -> None:
        """Let time pass from event to event; raises at once when the card or the reader goes."""
        until_s = self._clock.monotonic() + seconds
        while self._clock.monotonic() < until_s:
            due_s = self._clock.next_due_s()
            self._clock.advance_to(min(until_s, max(due_s, self._clock.monotonic())))
            self._still_there()

    def _still_there(self) -> None:
        if not self._reader.plugged:
            raise ConnectionAbortedError("the reader was unplugged")
        if self._reader.card is not self._card or self._reader.insertions != self._insertion:
            raise ConnectionResetError("the card was pulled")


def _as_t0(command: bytes) -> bytes:
    """The command as a T=0 reader sends it (ISO/IEC 7816-3, 12.2): always a fifth byte, no Le after data."""
    if len(command) == 4:
        return command + b"\x00"
    return command[:-1] if len(command) > 5 and len(command) == 6 + command[4] else command
