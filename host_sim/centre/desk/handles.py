"""A resident's number as it stands in the address of a page: sealed, because addresses stay in histories and proxies' logs.

The same number has the same handle at every process of a desk, so that links and the browser's way back work.
"""

import base64
import binascii

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_LETTERS_MAX = 200


class Handles:
    """`key`: the 32 bytes of staff.key; the sealing key is derived from it."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(HKDF(SHA256(), 32, None, b"kofuki-desk-handle-1").derive(key))

    def of(self, number: str) -> str:
        """The handle of a resident's number, for an address."""
        return base64.urlsafe_b64encode(self._cipher.encrypt(number.encode(), None)).rstrip(b"=").decode()

    def number(self, handle: str) -> str:
        """The number; empty for what this desk has not sealed, and nobody has that number."""
        if len(handle) > _LETTERS_MAX or not handle.isascii():
            return ""
        try:
            sealed = base64.urlsafe_b64decode(handle + "=" * (-len(handle) % 4))
            return self._cipher.decrypt(sealed, None).decode()
        except (binascii.Error, InvalidTag, ValueError):
            return ""
