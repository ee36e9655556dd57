"""公的個人認証AP: the application on a 個人番号カード that authenticates its holder.

Files and commands are those of card sources 2 and 4. The user-authentication certificate is readable without a
PIN, so the driver detects an expired card before the PIN is asked. It asks the tries left before each VERIFY and sends
none when the PIN is blocked; it never repeats VERIFY. The label of the token tells the kind of card;
its ATR, file sizes and file order do not. The certificate tells how its key signs.
"""

from typing import Literal

from drivers.card import apdu, files
from drivers.card.channel import exchange
from drivers.card.crypto import SIGNATURE_BYTES, Certificate, KeyType, parse_certificate, sha256, sha384
from drivers.card.files import NoObject
from drivers.errors import CardTrouble
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
_NO_REFERENCE = frozenset({0x6A88, 0x6985})  # the PIN file is there and holds no PIN
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

    def logs_in(self) -> bool:
        """Whether it has a certificate for user authentication, whatever its label says."""
        return files.select(self._channel, CERTIFICATE, self._device)

    def certificate(self, *, p384: bool) -> Certificate | CardRefusal:
        """The user-authentication certificate, readable without a PIN. `p384`: whether such a key is taken.

        Refusals: NO_CERTIFICATE, UNREADABLE (garbled), KEY_NOT_SUPPORTED.
        """
        der = files.read_object(self._channel, CERTIFICATE, _SEQUENCE, self._device)
        if isinstance(der, NoObject):
            return CardRefusal.UNREADABLE if der is NoObject.GARBLED else CardRefusal.NO_CERTIFICATE
        certificate = parse_certificate(der)
        if certificate is None:
            return CardRefusal.UNREADABLE
        taken = certificate.key is KeyType.RSA_2048 or (p384 and certificate.key is KeyType.P384)
        return certificate if taken else CardRefusal.KEY_NOT_SUPPORTED

    def tries_left(self) -> int | Literal[CardRefusal.NO_PIN] | None:
        """The tries left: 0 when blocked, None when the card does not say. Uses up no try; makes the PIN the current file.

        Raises `CardTrouble`.
        """
        if not files.select(self._channel, PIN, self._device):
            return CardRefusal.NO_PIN
        word = exchange(self._channel, apdu.verify_query(), self._device).word
        if word.blocked:
            return 0
        if word.value in _NO_REFERENCE:
            return CardRefusal.NO_PIN
        if word.tries_left is None and word.value not in _UNTOLD:
            raise CardTrouble(self._device, f"the question for the tries left was answered {word}")
        return word.tries_left

    def verify(self, pin: PinBuffer) -> WrongPin | PinBlocked | None:
        """VERIFY once; None when the PIN is right. Always wipes the digits. Raises `CardTrouble`, `PinWiped`."""
        with pin.lend() as digits:
            if self.tries_left() in (0, CardRefusal.NO_PIN):
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
        raise CardTrouble(self._device, f"VERIFY was answered {word}")

    def sign(self, message: bytes, key: KeyType) -> bytes:
        """Sign `message` with the certificate's key, after a right `verify` on this channel. Raises `CardTrouble`.

        RSA: RSASSA-PKCS1-v1_5 with SHA-256, 256 bytes. P-384: ECDSA with SHA-384, DER (card source 12).
        """
        if not files.select(self._channel, KEY, self._device):
            raise CardTrouble(self._device, "the card has no key for user authentication")
        curve = key is KeyType.P384
        told = sha384(message) if curve else SHA256_DIGEST_INFO + sha256(message)
        reply = exchange(self._channel, apdu.sign(told), self._device)
        wanted = apdu.object_length(reply.data, _SEQUENCE) if curve else SIGNATURE_BYTES
        if not reply.word.ok or len(reply.data) != wanted:
            raise CardTrouble(self._device, f"signing was answered {reply.word} with {len(reply.data)} bytes")
        return reply.data
