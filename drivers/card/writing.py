"""The writing side of the municipal application: a blank card becomes one that its holder can use (README.md, 6 to 9).

Each step can be asked again after the power went in the middle, because the card keeps what it had; `Chip` says where
it stands. The writing key is not here: whoever holds it answers the card's challenge with a token.
"""

from dataclasses import dataclass, field
from enum import Enum

from drivers.card import apdu, files
from drivers.card.channel import exchange
from drivers.card.files import NoObject
from drivers.card.municipal import AID, IDENTITY, KEY, MunicipalApplication
from drivers.errors import CardTrouble
from drivers.ports import CardChannel

STATE = 0x0003
CHALLENGE_BYTES, TOKEN_BYTES, ORDER_BYTES, POINT_BYTES = 8, 16, 16, 65
_SERIAL_BYTES = 8
_PIECE = 128  # bytes of the record in one command
_PUBLIC_KEY = bytes([0x7F, 0x49, 2 + POINT_BYTES, 0x86, POINT_BYTES])


class LifeCycle(Enum):
    """Where a card stands between the maker and its holder (ISO/IEC 7816-4, 7.4.10)."""

    BLANK = 0x01
    BEGUN = 0x03
    PERSONALISED = 0x05


class WritingRefused(Exception):
    """The card takes no part of this order; the message is one sentence for the person at the desk."""


@dataclass(frozen=True, slots=True)
class Chip:
    """What file 0003 says. `order`: zeros while it is blank."""

    life_cycle: LifeCycle
    serial: bytes
    order: bytes = field(repr=False)


class MunicipalWriter:
    """The application on one open channel. Raises what `exchange` raises, and `CardTrouble` for an answer not in README.md."""

    def __init__(self, channel: CardChannel, device: str) -> None:
        self._channel = channel
        self._device = device
        self.reading = MunicipalApplication(channel, device)

    def chip(self) -> Chip | None:
        """Select the application and say where the card stands; None when it has no such application or file."""
        if not files.select_application(self._channel, AID, self._device):
            return None
        if not files.select(self._channel, STATE, self._device):
            return None
        said = files.read_start(self._channel, 1 + _SERIAL_BYTES + ORDER_BYTES, self._device)
        if isinstance(said, NoObject) or len(said) != 1 + _SERIAL_BYTES + ORDER_BYTES:
            raise CardTrouble(self._device, "the card's life cycle cannot be read")
        try:
            life_cycle = LifeCycle(said[0])
        except ValueError:
            raise CardTrouble(self._device, f"the card's life cycle is {said[0]:02X}, which is none") from None
        return Chip(life_cycle, said[1 : 1 + _SERIAL_BYTES], said[1 + _SERIAL_BYTES :])

    def challenge(self) -> bytes:
        """A challenge of the card, good for the next command only."""
        reply = exchange(self._channel, apdu.get_challenge(CHALLENGE_BYTES), self._device)
        if not reply.word.ok or len(reply.data) != CHALLENGE_BYTES:
            raise CardTrouble(self._device, f"GET CHALLENGE was answered {reply.word} with {len(reply.data)} bytes")
        return reply.data

    def open(self, order: bytes, token: bytes) -> None:
        """Open the card for writing by this order, until it loses its power. Raises `WritingRefused`."""
        word = exchange(self._channel, apdu.external_authenticate(order + token), self._device).word
        if word.value == 0x6300:
            raise WritingRefused(
                "This card does not take the city's writing key: it is none of ours. Put it aside, discard the order, and make another one."
            )
        if word.value == 0x6985:
            raise WritingRefused(
                "This card was begun for another order. Put it aside, discard the order, and make another one."
            )
        self._good(word, "EXTERNAL AUTHENTICATE")

    def key(self) -> bytes:
        """The public point of the card's key pair, which the card makes if it has none."""
        self._select(KEY)
        reply = exchange(self._channel, apdu.generate_key_pair(), self._device)
        self._good(reply.word, "GENERATE ASYMMETRIC KEY PAIR")
        if len(reply.data) != len(_PUBLIC_KEY) + POINT_BYTES or not reply.data.startswith(_PUBLIC_KEY):
            raise CardTrouble(self._device, f"the card's new public key has another form ({len(reply.data)} bytes)")
        return reply.data[len(_PUBLIC_KEY) :]

    def write(self, record: bytes) -> None:
        """Write the identity record and read it back."""
        self._select(IDENTITY)
        for at in range(0, len(record), _PIECE):
            word = exchange(self._channel, apdu.update_binary(at, record[at : at + _PIECE]), self._device).word
            self._good(word, "UPDATE BINARY")
        identity = self.reading.identity()
        if identity is None or identity.record != record:
            raise CardTrouble(self._device, "the record on the card is not the one that was written")

    def activate(self) -> None:
        """Make the card usable; nothing can be written afterwards."""
        self._good(exchange(self._channel, apdu.activate(), self._device).word, "ACTIVATE FILE")

    def _select(self, identifier: int) -> None:
        if not files.select(self._channel, identifier, self._device):
            raise CardTrouble(self._device, f"the card has no file {identifier:04X}")

    def _good(self, word: apdu.StatusWord, what: str) -> None:
        if not word.ok:
            raise CardTrouble(self._device, f"{what} was answered {word}")
