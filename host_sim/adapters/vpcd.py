"""A card in the virtual reader: vsmartcard's vpcd, over TCP (card source 10).

A card is in the reader while it is connected. A frame is two bytes of length, big-endian, and a body; a one-byte body is a
control: 0 power off, 1 power on, 2 reset, 4 asks for the ATR. Only the ATR and APDUs are answered. The service writes
length and body in two segments, so without QUICKACK before each read an APDU would take 40 ms (delayed acknowledgement).
"""

import contextlib
import socket
import struct
import threading
import time

from host_sim.models.card_reader import CardReaderModel, ExchangeFailed
from host_sim.models.chip import ChipCard
from host_sim.models.chip_faults import Pulled, Silent

PORT = 35963  # /dev/null:0x8C7B in Debian's reader.conf
_OFF, _ON, _RESET, _ATR = 0, 1, 2, 4
_HAND_S = 0.6  # least time between two cards: the service looks every 0.4 s and would take two cards for one
_NO_ATR = b"\x00"  # no ATR begins like this; a frame without bytes would eject the card


class VpcdSlot:
    """The slot of the virtual reader. One card at a time."""

    def __init__(self, host: str = "127.0.0.1", port: int = PORT, model: CardReaderModel | None = None) -> None:
        """`model`: which make of reader it is; that another program holds the card needs a real one."""
        self.model = model or CardReaderModel()
        self._address = (host, port)
        self._held: _Inserted | None = None
        self._empty_since_s = float("-inf")

    @property
    def card(self) -> ChipCard | None:
        """The card in the slot; None when there is none."""
        return self._held.card if self._held is not None and self._held.thread.is_alive() else None

    @property
    def occupied(self) -> bool:
        return self.card is not None

    def insert(self, card: ChipCard, timeout_s: float = 60.0) -> None:
        """Put a card in, in place of the one that is there. Raises ConnectionError when no virtual reader listens."""
        self.remove()
        time.sleep(max(0.0, self._empty_since_s + _HAND_S - time.monotonic()))
        self._held = _Inserted(self._connect(timeout_s), card, self.model)

    def remove(self) -> None:
        """Pull the card; does nothing when there is none."""
        held, self._held = self._held, None
        if held is not None:
            held.pull()
            self._empty_since_s = time.monotonic()

    def _connect(self, timeout_s: float) -> socket.socket:
        deadline_s = time.monotonic() + timeout_s
        while True:
            try:
                return socket.create_connection(self._address, timeout=1.0)
            except OSError:
                if time.monotonic() > deadline_s:
                    raise ConnectionError(
                        f"no virtual card reader listens on port {self._address[1]}; start it with: sudo systemctl start pcscd"
                    ) from None
                time.sleep(0.05)


class _Inserted:
    """A card in the reader: its connection, and the thread that answers."""

    def __init__(self, line: socket.socket, card: ChipCard, model: CardReaderModel) -> None:
        self.card = card
        self._model = model
        self._powered = False
        model.inserted()
        self._line = line
        self._out = threading.Event()
        line.settimeout(None)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.thread = threading.Thread(target=self._serve, name="vpcd", daemon=True)
        self.thread.start()

    def pull(self) -> None:
        self._out.set()
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        if self.thread is not threading.current_thread():
            self.thread.join(2.0)

    def _serve(self) -> None:
        with self._line, contextlib.suppress(OSError, Pulled):
            while not self._out.is_set():
                (length,) = struct.unpack(">H", self._exactly(2))
                answer = self._answer(self._exactly(length))
                if answer is not None:
                    self._line.sendall(struct.pack(">H", len(answer)) + answer)
        self.card.power_off()

    def _answer(self, body: bytes) -> bytes | None:
        if len(body) != 1:
            return self._exchange(body)
        match body[0]:
            case 0:
                self.card.power_off()
            case 1:
                self.card.power_on()
                self._powered = self._model.powers()
            case 2:
                self.card.reset()
                self._powered = self._powered or self._model.powers()
            case 4:
                return _NO_ATR if self.card.mute or not self._powered else self.card.atr
        return None

    def _exchange(self, command: bytes) -> bytes | None:
        try:
            answer = self._model.carry(command, self.card.transmit)
        except ExchangeFailed:
            return b"\x00"  # one byte is no answer, and the driver of the virtual reader passes it on
        except Silent:
            return None
        if self.card.busy_s:
            self._out.wait(self.card.busy_s)
        return answer or b"\x00"  # a frame without bytes would eject the card; one byte is no status word either

    def _exactly(self, length: int) -> bytes:
        data = bytearray()
        while len(data) < length:
            self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            piece = self._line.recv(length - len(data))
            if not piece:
                raise ConnectionError("the reader closed the line")
            data += piece
        return bytes(data)
