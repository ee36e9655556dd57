"""公的個人認証AP: the application on a 個人番号カード that authenticates its holder.

Files and commands are those of card sources 2 and 4. The user-authentication certificate is readable without a
PIN, so the driver detects an expired card before the PIN is asked. It asks the tries left before each VERIFY and sends
none when the PIN is blocked; it never repeats VERIFY. The label of the token tells the kind of card;
its ATR, file sizes and file order do not.
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
# Answers to the query that do not tell the tries left: verified already, no counter, no query in this form.
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
        """The kind that the token's label names (32 bytes, without padding). Compared whole: one label begins another."""
        if not files.select(self._channel, TOKEN_INFO, self._device):
            return CardKind.UNKNOWN
        label = files.read_start(self._channel, 32, self._device)
        return CardKind.UNKNOWN if isinstance(label, NoObject) else LABELS.get(label.rstrip(b" \x00"), CardKind.UNKNOWN)

    def certificate(self) -> Certificate | CardRefusal:
        """The user-authentication certificate, readable without a PIN.

        Refusals: NO_CERTIFICATE, UNREADABLE (garbled), KEY_NOT_SUPPORTED.
        """
        der = files.read_object(self._channel, CERTIFICATE, _SEQUENCE, self._device)
        if isinstance(der, NoObject):
            return CardRefusal.UNREADABLE if der is NoObject.GARBLED else CardRefusal.NO_CERTIFICATE
        certificate = parse_certificate(der)
        if certificate is None:
            return CardRefusal.UNREADABLE
        return certificate if certificate.usable_key else CardRefusal.KEY_NOT_SUPPORTED

    def tries_left(self) -> int | None:
        """The tries left: 0 when blocked, None when the card does not say. Uses up no try; makes the PIN the current file.

        Raises `BadReply`.
        """
        if not files.select(self._channel, PIN, self._device):
            raise BadReply(self._device, "the card has no PIN for user authentication")
        word = exchange(self._channel, apdu.verify_query(), self._device).word
        if word.blocked:
            return 0
        if word.tries_left is None and word.value not in _UNTOLD:
            raise BadReply(self._device, f"the question for the tries left was answered {word}")
        return word.tries_left

    def verify(self, pin: PinBuffer) -> WrongPin | PinBlocked | None:
        """VERIFY once; None when the PIN is right. Always wipes the digits. Raises `BadReply`, `PinWiped`."""
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
        """Sign `message` (RSASSA-PKCS1-v1_5, SHA-256, 256 bytes); needs a right `verify` on this channel before.

        Raises `BadReply`.
        """
        if not files.select(self._channel, KEY, self._device):
            raise BadReply(self._device, "the card has no key for user authentication")
        reply = exchange(self._channel, apdu.sign(SHA256_DIGEST_INFO + sha256(message)), self._device)
        if not reply.word.ok or len(reply.data) != SIGNATURE_BYTES:
            raise BadReply(self._device, f"signing was answered {reply.word} with {len(reply.data)} bytes")
        return reply.data
