"""The encryption of a municipal PIN keeps no digit: its own copy is wiped, however it ends."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from drivers.card import crypto

PIN_KEY = X25519PrivateKey.from_private_bytes(bytes(range(32))).public_key().public_bytes_raw()


@pytest.mark.parametrize("fails", [False, True], ids=["sealed", "failed"])
def test_the_copy_that_was_encrypted_holds_only_zeros_afterwards(fails: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    copies: list[bytearray] = []
    true = crypto.ChaCha20Poly1305

    class Watched:
        def __init__(self, key: bytes) -> None:
            self._true = true(key)

        def encrypt(self, nonce: bytes, data: Any, about: bytes) -> bytes:
            copies.append(data)
            assert bytes(data) == b"2580"
            if fails:
                raise MemoryError
            return self._true.encrypt(nonce, data, about)

    monkeypatch.setattr(crypto, "ChaCha20Poly1305", Watched)
    digits = bytearray(b"2580")
    try:
        crypto.seal_pin(memoryview(digits), pin_key=PIN_KEY, session_nonce=bytes(16), challenge=bytes(32))
    except MemoryError:
        assert fails
    assert [bytes(copy) for copy in copies] == [bytes(4)]
    assert digits == b"2580", "the keypad's buffer is wiped by its owner"
