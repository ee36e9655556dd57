"""A blank card of the municipality, from drivers/card/README.md ("The municipal card application, version 1", 6 to 9).

What is in `memory` survives power-off; a challenge and an open token do not. Each command is whole or has not happened.
"""

import hashlib
import hmac
import random
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import cmac
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from host_sim import pki
from host_sim.models.chip import OK, Application, ChipCard, Data, File, Key
from host_sim.models.chip_faults import Manners
from host_sim.models.municipal_card import MUNICIPAL_AID

_BLANK, _BEGUN, _PERSONALISED = 0x01, 0x03, 0x05
_RECORD, _KEY, _STATE = 0x01, 0x02, 0x03
_FILE_BYTES = 256
_ORDER_BYTES, _TOKEN_BYTES, _CHALLENGE_BYTES = 16, 16, 8


def chip_key(master: bytes, serial: bytes) -> bytes:
    """The writing key that the maker puts into a chip."""
    return hmac.digest(master, b"kofuki-chip-1" + serial, hashlib.sha256)


@dataclass(slots=True)
class Memory:
    """What the chip keeps without power."""

    life_cycle: int = _BLANK
    order: bytes = bytes(_ORDER_BYTES)
    record: bytearray = field(default_factory=lambda: bytearray(b"\xff" * _FILE_BYTES), repr=False)
    key: ec.EllipticCurvePrivateKey | None = field(default=None, repr=False)


class BlankCard(ChipCard):
    """A card as the maker delivers it: the application without record and key, and a writing key of its own."""

    def __init__(
        self,
        atr: bytes,
        serial: bytes,
        writing_key: bytes,
        manners: Manners | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.memory = memory or Memory()
        self._serial, self._writing_key = serial, writing_key
        self._given: bytes | None = None
        self._opened = False
        self._random = random.Random(serial)
        self._files: dict[int, File] = {
            _RECORD: Data(b""),
            _KEY: Key(self._signed, longest=32, exactly=32, internal=True),
            _STATE: Data(b""),
        }
        super().__init__(atr, [Application("municipal", MUNICIPAL_AID, self._files)], manners)
        self._show()

    def power_on(self) -> None:
        super().power_on()
        self._given, self._opened = None, False

    def _carry_out(self, apdu: bytes) -> tuple[bytes, int]:
        challenge, self._given = self._given, None
        match tuple(apdu[:2]):
            case (0x00, 0x84) if self._application is not None:
                return self._give_challenge(apdu)
            case (0x00, 0x82) if self._application is not None:
                return b"", self._authenticate(apdu, challenge)
            case (0x00, 0x47) if self._application is not None:
                return self._make_key(apdu)
            case (0x00, 0xD6) if self._application is not None:
                return b"", self._update(apdu)
            case (0x00, 0x44) if self._application is not None:
                return b"", self._activate(apdu)
            case (0x00, 0x88) if self._current == _KEY and self.memory.life_cycle != _PERSONALISED:
                return b"", 0x6985
        return super()._carry_out(apdu)

    def _give_challenge(self, apdu: bytes) -> tuple[bytes, int]:
        if len(apdu) != 5 or apdu[4] != _CHALLENGE_BYTES:
            return b"", 0x6700
        self._given = self._random.randbytes(_CHALLENGE_BYTES)
        return self._given, OK

    def _authenticate(self, apdu: bytes, challenge: bytes | None) -> int:
        if len(apdu) != 5 + _ORDER_BYTES + _TOKEN_BYTES or apdu[4] != _ORDER_BYTES + _TOKEN_BYTES:
            return 0x6700
        if challenge is None:
            return 0x6985
        order, token = bytes(apdu[5 : 5 + _ORDER_BYTES]), bytes(apdu[5 + _ORDER_BYTES :])
        mac = cmac.CMAC(AES(self._writing_key))
        mac.update(b"kofuki-write-1" + self._serial + challenge + order)
        if not hmac.compare_digest(mac.finalize(), token):
            return 0x6300
        if self.memory.life_cycle == _PERSONALISED:
            return 0x6985
        if self.memory.life_cycle == _BEGUN and self.memory.order != order:
            return 0x6985
        self.memory.life_cycle, self.memory.order, self._opened = _BEGUN, order, True
        self._show()
        return OK

    def _make_key(self, apdu: bytes) -> tuple[bytes, int]:
        if apdu[2:] != b"\x80\x00\x00":
            return b"", 0x6A86
        if self._current != _KEY:
            return b"", 0x6986 if self._current is None else 0x6981
        if not self._opened:
            return b"", 0x6982
        if self.memory.key is None:
            self.memory.key = ec.generate_private_key(ec.SECP256R1())
        return bytes([0x7F, 0x49, 67, 0x86, 65]) + self._point(), OK

    def _update(self, apdu: bytes) -> int:
        if self._current != _RECORD:
            return 0x6986 if self._current is None else 0x6981
        if not self._opened:
            return 0x6982
        if len(apdu) < 6 or len(apdu) != 5 + apdu[4]:
            return 0x6700
        offset = apdu[2] << 8 | apdu[3]
        if offset + apdu[4] > _FILE_BYTES:
            return 0x6B00
        self.memory.record[offset : offset + apdu[4]] = apdu[5:]
        self._show()
        return OK

    def _activate(self, apdu: bytes) -> int:
        if apdu[4:] not in {b"", b"\x00"} or apdu[2:4] != b"\x00\x00":
            return 0x6A86
        if not self._opened:
            return 0x6982
        if self.memory.key is None or not self._complete():
            return 0x6985
        self.memory.life_cycle, self._opened = _PERSONALISED, False
        self._show()
        return OK

    def _complete(self) -> bool:
        record = self.memory.record
        if record[0] != 0xE1:
            return False
        length = record[2] if record[1] == 0x81 else record[1]
        head = 3 if record[1] == 0x81 else 2
        return (
            record[1] <= 0x81
            and head + length <= len(record)
            and bytes([0x85, 65]) + self._point() in record[: head + length]
        )

    def _point(self) -> bytes:
        assert self.memory.key is not None
        return self.memory.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def _signed(self, digest: bytes) -> bytes:
        assert self.memory.key is not None
        return pki.sign_digest(self.memory.key, digest)

    def _show(self) -> None:
        """What the free files hold now."""
        record, state = self._files[_RECORD], self._files[_STATE]
        assert isinstance(record, Data)
        assert isinstance(state, Data)
        record.content = bytes(self.memory.record)
        state.content = bytes([self.memory.life_cycle]) + self._serial + self.memory.order
