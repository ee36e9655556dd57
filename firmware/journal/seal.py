"""The journal's own signing key (Ed25519): it proves to an auditor whose machine a checkpoint comes from.

The key signs nothing else. Whoever holds the medium and the key can forge both; the head known to the centre is
what a forger cannot change. The file is PEM (PKCS #8), readable by its owner only.
"""

import os
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

PUBLIC_BYTES = 32


class SealUnsafe(Exception):
    """The key file cannot be trusted; the message is a sentence for a technician."""


class KeySeal:
    """Signs with the key of one machine. `key_id`: the first 16 hex digits of the public key's SHA-256."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.key_id = key_id_of(self.public)

    @classmethod
    def load_or_make(cls, path: Path) -> "KeySeal":
        """The key in `path`; made there on a new machine. Raises `SealUnsafe` for any other file than its own key."""
        try:
            if not path.exists():
                return cls._make(path)
            if path.stat().st_mode & 0o077:
                raise SealUnsafe(f"{path.name} can be read by others; its mode must be 600")
            key = load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError) as error:
            raise SealUnsafe(f"{path.name} cannot be used: {error}") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise SealUnsafe(f"{path.name} holds no Ed25519 key")
        return cls(key)

    @classmethod
    def _make(cls, path: Path) -> "KeySeal":
        """Make a key file. It gets its name when it is complete, because the power may fail in the very first start."""
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        unfinished = path.with_suffix(".new")
        file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "wb") as sink:
            sink.write(pem)
            sink.flush()
            os.fsync(sink.fileno())
        unfinished.rename(path)
        return cls(key)

    def sign(self, data: bytes) -> str:
        return self._key.sign(data).hex()


def key_id_of(public: bytes) -> str:
    return sha256(public).hexdigest()[:16]


def is_good(public: bytes, data: bytes, signature: str) -> bool:
    """Whether `signature` (hex) is this key's over `data`."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(signature), data)
    except (InvalidSignature, ValueError):
        return False
    return True
