"""The municipal PIN: opened from its seal, hashed slowly, and keyed with a secret that is not in the database.

Four digits have ten thousand values. A slow hash alone lets a copied database be searched in minutes, so the hash is
keyed (HMAC-SHA256) with `pin-hash.key`, which is kept beside the centre's other keys. The key is applied after the slow
hash, not before: so the rows of an older database are keyed all at once at the next start, without waiting for each
resident's next visit. A database whose rows were keyed with another file is refused at start, because with the wrong
key every right PIN would count as wrong and lock every card.
"""

import hashlib
import hmac
import secrets
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from host_sim.centre.store import Store
from host_sim.centre.tables import cards

PIN_TRIES = 3  # city rule 5
PIN_DIGITS = 4

COST = 2**14  # of scrypt (RFC 7914): some 50 ms


class OtherPinKey(Exception):
    """The database's PIN hashes were keyed with another file than this one."""

    def __init__(self) -> None:
        super().__init__(
            "The PIN hashes of this database belong to another pin-hash.key; restore the key file of the same backup."
        )


class PinKey:
    """The secret with which PIN hashes are keyed: 32 bytes."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.id = self._mac(b"kofuki-pin-key-id").hex()[:16]

    def row(self, pin: bytes | bytearray) -> dict[str, Any]:
        """The columns of a new PIN. ValueError if it is not four digits."""
        if len(pin) != PIN_DIGITS or not bytes(pin).isdigit():
            raise ValueError("a PIN is four digits")
        salt = secrets.token_bytes(16)
        return {"pin_salt": salt, "pin_hash": self._keyed(slow_hash(pin, salt)), "pin_key_id": self.id}

    def fits(self, pin: bytes | bytearray, card: Any) -> bool:
        """Whether this is the card's PIN; takes some 50 ms. `card`: its row."""
        return hmac.compare_digest(self._keyed(slow_hash(pin, card.pin_salt)), card.pin_hash)

    def take_over(self, store: Store) -> None:
        """Key the rows that are not keyed yet. Raises `OtherPinKey` if some are keyed with another secret."""
        with store.writing() as c:
            hashed = sa.select(cards).where(cards.c.pin_hash.is_not(None), cards.c.pin_key_id.is_distinct_from(self.id))
            for row in c.execute(hashed).all():
                if row.pin_key_id is not None:
                    raise OtherPinKey
                keyed = {"pin_hash": self._keyed(row.pin_hash), "pin_key_id": self.id}
                this = cards.c.credential_sha256 == row.credential_sha256
                c.execute(cards.update().where(this).values(**keyed))

    def _keyed(self, slow: bytes) -> bytes:
        return self._mac(b"kofuki-pin-hash-1" + slow)

    def _mac(self, content: bytes) -> bytes:
        return hmac.digest(self._secret, content, "sha256")


def slow_hash(pin: bytes | bytearray, salt: bytes) -> bytes:
    """A PIN's salted hash, slow on purpose."""
    return hashlib.scrypt(pin, salt=salt, n=COST, r=8, p=1)


def open_sealed(key: X25519PrivateKey, sealed: bytes | None, session_nonce: bytes, challenge: bytes) -> bytearray:
    """The PIN that a machine sealed for this challenge (drivers/line/README.md). ValueError if it cannot be opened."""
    if sealed is None or len(sealed) != 32 + PIN_DIGITS + 16:
        raise ValueError("no sealed PIN")
    try:
        shared = key.exchange(X25519PublicKey.from_public_bytes(sealed[:32]))  # ValueError: a point of low order
        shared_key = HKDF(hashes.SHA256(), 32, salt=session_nonce, info=b"kofuki-pin-1").derive(shared)
        return bytearray(ChaCha20Poly1305(shared_key).decrypt(bytes(12), sealed[32:], challenge))
    except InvalidTag:
        raise ValueError("sealed for another challenge") from None
