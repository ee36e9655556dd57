"""What a PC/SC reader does between a card and the computer, and how makes differ in it.

An adapter asks it at each power-up and each exchange (`host_sim/adapters`). The ordinary reader carries everything at once.
A quirk counts by itself and never by chance, so that every run is the same.
"""

from collections.abc import Callable
from typing import NoReturn


class ExchangeFailed(Exception):
    """The reader reports an error in the place of the card's answer; the card is still powered."""


class CardReaderModel:
    """`answer_max`: most bytes that a READ BINARY may ask for; the reader reports an error for more.

    `power_ups_fail`: so many power-ups of each card fail before one succeeds. `fails_every`: every so-many-th exchange
    fails (0: none); `answer_lost`: the card has then carried out the command, and only its answer is lost.
    `held_power_ups`: another program holds each card for so many attempts to power it.
    """

    def __init__(
        self,
        *,
        answer_max: int = 256,
        power_ups_fail: int = 0,
        fails_every: int = 0,
        answer_lost: bool = False,
        held_power_ups: int = 0,
    ) -> None:
        self.answer_max = answer_max
        self.power_ups_fail = power_ups_fail
        self.fails_every = fails_every
        self.answer_lost = answer_lost
        self.held_power_ups = held_power_ups
        self.failed = 0  # exchanges
        self.on_fault: Callable[[], None] = lambda: None  # called whenever it fails
        self._exchanges = 0
        self._power_ups = 0
        self._attempts = 0

    def inserted(self) -> None:
        """A card was put in."""
        self._power_ups = self._attempts = 0

    def held_by_another(self) -> bool:
        """Whether another program holds the card at this attempt."""
        self._attempts += 1
        return not self._tell(self._attempts > self.held_power_ups)

    def powers(self) -> bool:
        """Whether this power-up succeeds."""
        self._power_ups += 1
        return self._tell(self._power_ups > self.power_ups_fail)

    def carry(self, command: bytes, transmit: Callable[[bytes], bytes]) -> bytes:
        """One exchange. Raises `ExchangeFailed`, and what the card raises."""
        self._exchanges += 1
        asked = (command[4] or 256) if len(command) == 5 and command[1] == 0xB0 else 0
        if asked > self.answer_max:
            self._fail()
        if self.fails_every and self._exchanges % self.fails_every == 0:
            if self.answer_lost:
                transmit(command)
            self._fail()
        return transmit(command)

    def _fail(self) -> NoReturn:
        self.failed += 1
        self._tell(False)
        raise ExchangeFailed

    def _tell(self, well: bool) -> bool:
        if not well:
            self.on_fault()
        return well
