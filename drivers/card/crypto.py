"""Cryptography of the card driver: reading a certificate, checking signatures, sealing the PIN for the centre."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from drivers.pin_pad.entry import must_be_whole

SIGNATURE_BYTES = 256  # of RSA-2048


class KeyType(StrEnum):
    RSA_2048 = "RSA-2048"  # of every card seen (card source 4)
    P384 = "P-384"  # of the next card (card source 12)
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What the machine reads from a holder's certificate. The centre judges whether it is valid."""

    der: bytes = field(repr=False)
    not_before: datetime
    not_after: datetime
    key: KeyType


def parse_certificate(der: bytes) -> Certificate | None:
    """None for bytes that are no X.509 certificate."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        dates = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except (ValueError, TypeError, OverflowError, UnsupportedAlgorithm, x509.InvalidVersion):
        return None
    try:
        key: object = certificate.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None  # a certificate with a kind of key that this library does not know
    return Certificate(der=der, not_before=dates[0], not_after=dates[1], key=_type_of(key))


def _type_of(key: object) -> KeyType:
    if isinstance(key, RSAPublicKey) and key.key_size == SIGNATURE_BYTES * 8:
        return KeyType.RSA_2048
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP384R1):
        return KeyType.P384
    return KeyType.OTHER


def sha256(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()


def sha384(message: bytes) -> bytes:
    return hashlib.sha384(message).digest()


def holder_signed(certificate: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the key of this certificate (DER) made this signature: RSA PKCS#1 v1.5 with SHA-256, ECDSA P-384 with SHA-384."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    try:
        if isinstance(key, RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        else:
            assert isinstance(key, ec.EllipticCurvePublicKey)
            key.verify(signature, message, ec.ECDSA(hashes.SHA384()))
    except InvalidSignature:
        return False
    return True


def p256_signed(point: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the key of this uncompressed P-256 point made this signature (ECDSA, SHA-256, DER)."""
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except (ValueError, InvalidSignature):
        return False
    return True


def seal_pin(digits: memoryview, *, pin_key: bytes, session_nonce: bytes, challenge: bytes) -> bytes:
    """The PIN encrypted for the centre: ephemeral X25519 public key (32 bytes) || ChaCha20-Poly1305 of the digits.

    drivers/line/README.md, "What the municipal PIN is encrypted with". The zero nonce is safe because the key is
    used once. Raises ValueError for a `pin_key` that is no key, and `PinWiped` for an empty or wiped PIN, which would
    use up a try at the centre.
    """
    ephemeral = X25519PrivateKey.generate()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(pin_key))
    key = HKDF(hashes.SHA256(), 32, salt=session_nonce, info=b"kofuki-pin-1").derive(shared)
    own = bytearray(digits)
    try:
        must_be_whole(own)
        sealed = ChaCha20Poly1305(key).encrypt(bytes(12), own, challenge)
    finally:
        own[:] = bytes(len(own))
    return ephemeral.public_key().public_bytes_raw() + sealed
