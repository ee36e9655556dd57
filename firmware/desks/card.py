"""The card desk: whether a card is in, what it is, and the proof with its PIN."""

from collections.abc import Sequence
from typing import assert_never

from drivers.errors import CardTrouble, DeviceError, ReaderInUse
from drivers.pin_pad.entry import PinBuffer
from drivers.vocabulary import CardNotUsable, CardPresence, CardRefusal
from firmware.desks import CARD, Answer, CardCommand, Desk, Health
from firmware.ports import CardReader
from firmware.session.effects import ProveCard, ReadCard, ReleaseCard, ShowCard
from firmware.session.events import CardInserted, CardRemoved, Fault


class CardDesk(Desk[CardCommand]):
    name = CARD
    reason_when_down = "card_reader"

    def __init__(self, reader: CardReader, pin: PinBuffer) -> None:
        self._reader = reader
        self._pin = pin
        self._presence = CardPresence.NOT_PRESENT
        self._held_by_another = ""  # the sentence for a technician, until the card is taken out

    def start(self) -> Sequence[Answer]:
        """Report the reader's state. After a failure this also reports a card that was removed in between."""
        return [*self.poll(), self._health()]

    def handle(self, command: CardCommand) -> Sequence[Answer]:
        """Trouble of the card itself ends the session and leaves the reader as it is: the next card may work."""
        try:
            return self._done(command)
        except CardTrouble as trouble:
            return [Fault(self.name, trouble.sentence)]
        except ReaderInUse as held:
            self._held_by_another = str(held)
            return [CardNotUsable(CardRefusal.READER_IN_USE), self._health()]

    def _done(self, command: CardCommand) -> Sequence[Answer]:
        match command:
            case ReadCard(taken=taken, pin_needed=pin_needed, p384=p384):
                return [self._reader.read(taken, pin_needed=pin_needed, p384=p384)]
            case ProveCard(card=card, challenge=challenge, bound=bound):
                return [self._reader.prove(self._pin, card, challenge, bound)]
            case ShowCard(card=card, bound=bound):
                return [self._reader.show(card, bound)]
            case ReleaseCard():
                self._reader.release()
                return []
            case _:
                assert_never(command)

    def poll(self) -> Sequence[Answer]:
        was, self._presence = self._presence, self._reader.presence(0.0)
        if self._presence is was:
            return []
        self._held_by_another = ""
        if self._presence is CardPresence.PRESENT:
            return [self._health(), CardInserted()]
        # For the session a reader that is gone means that the card is gone too.
        removed = CardRemoved(with_reader=self._presence is CardPresence.UNKNOWN)
        return [removed, self._health()] if was is CardPresence.PRESENT else [self._health()]

    def _health(self) -> Health:
        """A missing reader raises nothing: this desk goes on looking, and reports a card that is gone with its reader."""
        if self._held_by_another:
            return Health(self.name, frozenset({"card_reader"}), self._held_by_another)
        if self._presence is not CardPresence.UNKNOWN:
            return Health(self.name, frozenset())
        try:
            self._reader.check()
        except DeviceError as error:
            return Health(self.name, frozenset({"card_reader"}), str(error))
        return Health(self.name, frozenset({"card_reader"}))

    def poll_every_s(self) -> float:
        return 0.1
