"""公的個人認証AP: the application on a 個人番号カード by which its holder is known.

Files and commands are those of card sources 2 and 4. The user-authentication certificate is readable without a
PIN, so an expired card is known before anybody types. The tries left are asked before each VERIFY, and a blocked
PIN is never shown to the card; VERIFY is sent once and never again by the program. What a card is, is told by the
label of its token: never by its ATR, its sizes or the order of its files.
"""

from drivers.card import apdu, files
from drivers.card.channel import exchange
from drivers.card.crypto import SIGNATURE_BYTES, Certificate, parse_certificate, sha256
from drivers.card.files import NoObject
from drivers.errors import BadReply
from drivers.pin_pad.entry import PinBuffer
from drivers.ports import CardChannel
from drivers.vocabulary import CardKind, CardRefusal, PinBlocked, WrongPin

AID = bytes.fromhex("D392F000260100000001")
TOKEN_INFO = 0x0006
CERTIFICATE, KEY, PIN = 0x000A, 0x0017, 0x0018  # of user authentication
LABELS = {
    b"JPKIAPICCTOKEN2": CardKind.INDIVIDUAL_NUMBER,
    b"JPKIAPICCTOKEN": CardKind.RESIDENT_REGISTER,
    b"JPKIAPGPSETOKEN": CardKind.PHONE,
    b"JPKIAPIOSTOKEN": CardKind.PHONE,
}
SHA256_DIGEST_INFO = bytes.fromhex("3031300D060960864801650304020105000420")  # RFC 8017, 9.2 note 1
_SEQUENCE = 0x30
# Answers to the query by cards that will not say: verified already, no counter, or no query in this form.
_UNTOLD = frozenset({0x9000, 0x6300, 0x6700, 0x6A86})


class JpkiApplication:
    """The application on one open channel. `selected` must have answered True before anything else is asked."""

    def __init__(self, channel: CardChannel, device: str) -> None:
        self._channel = channel
        self._device = device

    def selected(self) -> bool:
        """SELECT the application; False when the card has none."""
        return files.select_application(self._channel, AID, self._device)

    def kind(self) -> CardKind:
        """By the label of the token (32 bytes, padding off), compared whole: one label begins another."""
        if not files.select(self._channel, TOKEN_INFO, self._device):
            return CardKind.UNKNOWN
        label = files.read_start(self._channel, 32, self._device)
        return CardKind.UNKNOWN if isinstance(label, NoObject) else LABELS.get(label.rstrip(b" \x00"), CardKind.UNKNOWN)

    def certificate(self) -> Certificate | CardRefusal:
        """The user-authentication certificate, readable without a PIN. Refusals: none there, garbled, foreign key."""
        der = files.read_object(self._channel, CERTIFICATE, _SEQUENCE, self._device)
        if isinstance(der, NoObject):
            return CardRefusal.UNREADABLE if der is NoObject.GARBLED else CardRefusal.NO_CERTIFICATE
        certificate = parse_certificate(der)
        if certificate is None:
            return CardRefusal.UNREADABLE
        return certificate if certificate.usable_key else CardRefusal.KEY_NOT_SUPPORTED

    def tries_left(self) -> int | None:
        """Asked without spending one, and the PIN becomes the current file. 0: blocked; None: the card will not say."""
        if not files.select(self._channel, PIN, self._device):
            raise BadReply(self._device, "the card has no PIN for user authentication")
        word = exchange(self._channel, apdu.verify_query(), self._device).word
        if word.blocked:
            return 0
        if word.tries_left is None and word.value not in _UNTOLD:
            raise BadReply(self._device, f"the question for the tries left was answered {word}")
        return word.tries_left

    def verify(self, pin: PinBuffer) -> WrongPin | PinBlocked | None:
        """VERIFY once; None means right. The digits are wiped whatever comes back, an exception included."""
        with pin.lend() as digits:
            if self.tries_left() == 0:
                return PinBlocked()
            command = apdu.verify(digits)
            try:
                word = exchange(self._channel, command, self._device).word
            finally:
                command[:] = bytes(len(command))
        if word.ok:
            return None
        if word.blocked:
            return PinBlocked()
        if word.wrong:
            return WrongPin(word.tries_left)
        raise BadReply(self._device, f"VERIFY was answered {word}")

    def sign(self, message: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 with SHA-256 over `message`; the PIN must have been verified on this channel."""
        if not files.select(self._channel, KEY, self._device):
            raise BadReply(self._device, "the card has no key for user authentication")
        reply = exchange(self._channel, apdu.sign(SHA256_DIGEST_INFO + sha256(message)), self._device)
        if not reply.word.ok or len(reply.data) != SIGNATURE_BYTES:
            raise BadReply(self._device, f"signing was answered {reply.word} with {len(reply.data)} bytes")
        return reply.data
