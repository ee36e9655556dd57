"""The writing keys of blank chips, and the token that opens one chip for one order (drivers/card/README.md, 7 and 8)."""

import hashlib
import hmac

from cryptography.hazmat.primitives import cmac
from cryptography.hazmat.primitives.ciphers.algorithms import AES


class ChipKeys:
    """`master`: the 32 bytes that the city shares with the maker of its cards. They stay in the centre."""

    def __init__(self, master: bytes) -> None:
        self._master = master

    def token(self, serial: bytes, challenge: bytes, order: bytes) -> bytes:
        mac = cmac.CMAC(AES(hmac.digest(self._master, b"kofuki-chip-1" + serial, hashlib.sha256)))
        mac.update(b"kofuki-write-1" + serial + challenge + order)
        return mac.finalize()
