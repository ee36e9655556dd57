"""A card in the USB reader of an emulated board: qemu's `ccid-card-passthru`, over its VSCard protocol (a unix socket).

A message is three numbers of four bytes, big-endian: kind, reader, length of what follows. The reader in the board is a real
one to pcscd and its driver; only what lies in it is on this side.
"""

import contextlib
import socket
import struct
import threading
import time
from dataclasses import replace
from pathlib import Path

from host_sim.models.chip import ChipCard
from host_sim.models.chip_faults import Pulled

_INIT, _READER_ADD, _ATR, _CARD_REMOVE, _APDU, _FLUSH, _FLUSHED = 1, 3, 5, 6, 7, 8, 9
_NO_READER = 0xFFFFFFFF
_VERSION = 2


class UsbSlot:
    """The slot. One card at a time; `connect` at each start of the board."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._line = socket.socket(socket.AF_UNIX)
        self.card: ChipCard | None = None

    @property
    def occupied(self) -> bool:
        return self.card is not None

    def connect(self) -> None:
        self._line.close()
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(str(self._path))
        self._send(_INIT, b"VSCD" + struct.pack(">II", _VERSION, 0), reader=_NO_READER)
        self._send(_READER_ADD, b"\0", reader=_NO_READER)
        threading.Thread(target=self._serve, name="usb-card", daemon=True).start()

    def insert(self, card: ChipCard) -> None:
        # qemu's reader exchanges TPDUs and pcscd agrees on T=0 with it, so it must be a card that speaks T=0.
        card.manners = replace(card.manners, t0=True)
        self.card = card
        card.power_on()
        self._send(_ATR, card.atr)

    def remove(self) -> None:
        card, self.card = self.card, None
        if card is not None:
            self._send(_CARD_REMOVE, b"")
            card.power_off()

    def close(self) -> None:
        self._line.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError, EOFError):
            while True:
                kind, _, length = struct.unpack(">III", self._exactly(12))
                self._answer(kind, self._exactly(length))

    def _answer(self, kind: int, data: bytes) -> None:
        card = self.card
        if kind == _FLUSH:
            self._send(_FLUSHED, b"")
        elif kind == _APDU and card is not None:
            with contextlib.suppress(Pulled):
                answer = card.transmit(data)
                time.sleep(card.busy_s)
                self._send(_APDU, answer)

    def _send(self, kind: int, data: bytes, reader: int = 0) -> None:
        self._line.sendall(struct.pack(">III", kind, reader, len(data)) + data)

    def _exactly(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            piece = self._line.recv(length - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data
