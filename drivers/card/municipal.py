"""The municipality's own card application (住基カード, 市民カード), by the specification in README.md.

The card says whom the municipality gave it to and proves that it is no copy. It does not know the PIN: the machine
sends the PIN to the centre, encrypted for this session (drivers/line/README.md), and the centre checks it and counts tries.
"""

from dataclasses import dataclass, field
from datetime import date

from drivers.card import apdu, files
from drivers.card.channel import exchange
from drivers.card.crypto import sha256
from drivers.card.files import NoObject
from drivers.errors import CardTrouble
from drivers.ports import CardChannel
from drivers.vocabulary import CardKind, Challenge

AID = bytes.fromhex("F04B4F46554B49")
IDENTITY, KEY = 0x0001, 0x0002
KINDS = {b"\x01": CardKind.RESIDENT_REGISTER, b"\x02": CardKind.CITIZEN}
_RECORD = 0xE1
_VERSION, _MUNICIPALITY, _USER, _KIND, _VALID_UNTIL, _CARD_KEY = range(0x80, 0x86)
_WANTED = (_VERSION, _MUNICIPALITY, _USER, _KIND, _VALID_UNTIL, _CARD_KEY)

# `bound` is this tag, the challenge, this session's nonce, the machine's name (drivers/line/README.md).
_BOUND_TAG = b"kofuki-auth-1"
_CHALLENGE_BYTES, _NONCE_BYTES = 32, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The identity record (README.md), readable without a PIN."""

    record: bytes = field(repr=False)  # as it stands on the card: this is the credential
    kind: CardKind
    valid_until: date
    card_key: bytes = field(repr=False)  # P-256, uncompressed point


class MunicipalApplication:
    """The application on one open channel. `selected` must have answered True before anything else is asked."""

    def __init__(self, channel: CardChannel, device: str) -> None:
        self._channel = channel
        self._device = device

    def selected(self) -> bool:
        """SELECT the application; False when the card has none."""
        return files.select_application(self._channel, AID, self._device)

    def identity(self) -> Identity | None:
        """The identity record; None when there is none, or one that README.md does not allow."""
        record = files.read_object(self._channel, IDENTITY, _RECORD, self._device)
        return None if isinstance(record, NoObject) else parse_identity(record)

    def sign(self, message: bytes) -> bytes:
        """INTERNAL AUTHENTICATE with the card's key: ECDSA P-256 with SHA-256 over `message`, DER."""
        if not files.select(self._channel, KEY, self._device):
            raise CardTrouble(self._device, "the card has no key of its own")
        reply = exchange(self._channel, apdu.internal_authenticate(sha256(message)), self._device)
        if not reply.word.ok or apdu.object_length(reply.data, 0x30) != len(reply.data):
            raise CardTrouble(
                self._device, f"INTERNAL AUTHENTICATE was answered {reply.word} with {len(reply.data)} bytes"
            )
        return reply.data


def parse_identity(record: bytes) -> Identity | None:
    """Parse one whole E1 object. Ignores unknown tags; None when a known one is missing, double, out of its place or malformed."""
    start = apdu.object_length(record, _RECORD)
    if start != len(record):
        return None
    fields: list[tuple[int, bytes]] = []
    at = _header_bytes(record)
    while at < len(record):
        length = apdu.object_length(record[at : at + 4], record[at])
        if length is None or at + length > len(record):
            return None
        fields.append((record[at], record[at + _header_bytes(record[at:]) : at + length]))
        at += length
    if [tag for tag, _ in fields if tag in _WANTED] != list(_WANTED):
        return None
    values = dict(fields)
    if values[_VERSION] != b"\x01" or not _digits(values[_MUNICIPALITY], 5, 5) or not _digits(values[_USER], 8, 20):
        return None
    valid_until = _date(values[_VALID_UNTIL])
    kind = KINDS.get(values[_KIND])
    card_key = values[_CARD_KEY]
    if valid_until is None or kind is None or len(card_key) != 65 or card_key[0] != 0x04:
        return None
    return Identity(record=record, kind=kind, valid_until=valid_until, card_key=card_key)


def nonce_of(bound: bytes, challenge: Challenge) -> bytes:
    """This session's nonce, taken from `bound`, the message that the card signs; `bound` must hold the same challenge."""
    start = len(_BOUND_TAG) + _CHALLENGE_BYTES
    assert bound[:start] == _BOUND_TAG + challenge.challenge
    assert len(bound) > start + _NONCE_BYTES
    return bound[start : start + _NONCE_BYTES]


def _header_bytes(data: bytes) -> int:
    return 2 if data[1] < 0x80 else 2 + (data[1] & 0x7F)


def _digits(value: bytes, shortest: int, longest: int) -> bool:
    return shortest <= len(value) <= longest and value.isdigit()


def _date(digits: bytes) -> date | None:
    """YYYYMMDD in ASCII."""
    if not _digits(digits, 8, 8):
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
