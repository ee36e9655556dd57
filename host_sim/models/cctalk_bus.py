"""The one wire that coin acceptor and hoppers share: takes frames, gives answers.

Written from the ccTalk Generic Specification 4.7 and not from the driver, so that a mistake in one shows. A device answers
only a frame with its own address and a good checksum (part 1, section 12). After a pause of more than 50 ms inside a
frame every receiver begins anew (section 11). `host_sim/adapters/wire.py` makes the echo of the single wire.

Faults are set by name with `fault`; `FAULTS` lists those of the line, each device has its own.
"""

from bisect import insort
from collections.abc import Callable, Sequence
from enum import StrEnum
from operator import itemgetter
from typing import NamedTuple, Protocol

INTER_BYTE_LIMIT_S = 0.050
ACK_OR_DATA, NAK_HEADER = 0, 5


class Answer(NamedTuple):
    """A device's answer: header 0 with data, or a NAK; and its delay in seconds."""

    data: bytes = b""
    nak: bool = False
    delay_s: float = 0.002


NAK = Answer(nak=True)


class BusDevice(Protocol):
    """What the bus needs of a device."""

    address: int
    crc: bool

    def command(self, header: int, data: bytes, now_s: float) -> Answer | None:
        """Act on a good frame addressed to this device; None: it does not answer."""
        ...

    def power_off(self, now_s: float) -> None: ...

    def power_on(self, now_s: float) -> None: ...

    def reset(self, now_s: float) -> None: ...


class BusFault(StrEnum):
    LOST_REPLY = "lost_reply"  # the next answer (to `header`, if given) never reaches the host
    GARBLED_REPLY = "garbled_reply"  # ... has one bit wrong
    HALF_REPLY = "half_reply"  # ... breaks off in the middle
    DOUBLE_REPLY = "double_reply"  # ... comes twice


FAULTS = tuple(BusFault)


class CcTalkBusModel:
    """A `LineModel` of several devices."""

    def __init__(self, devices: Sequence[BusDevice]) -> None:
        self.devices = {device.address: device for device in devices}
        self._buffer = bytearray()
        self._last_byte_s = 0.0
        self._speaking: list[tuple[float, bytes]] = []
        self._faults: list[tuple[BusFault, int | None]] = []
        self.on_fault: Callable[[str], None] = lambda _: None  # called with a fault's name when it happens

    def fault(self, name: str, *, header: int | None = None) -> None:
        """Arm a line fault for the next answer, or the next answer to `header`."""
        self._faults.append((BusFault(name), header))

    @property
    def is_armed(self) -> bool:
        """Whether a line fault is armed."""
        return bool(self._faults)

    def power_off(self, now_s: float) -> None:
        """The whole line loses power; answers under way break off."""
        self._speaking.clear()
        self._buffer.clear()
        for device in self.devices.values():
            device.power_off(now_s)

    def power_on(self, now_s: float) -> None:
        for device in self.devices.values():
            device.power_on(now_s)

    # --- LineModel ------------------------------------------------------------------------------

    def receive(self, data: bytes, now_s: float) -> None:
        if self._buffer and now_s - self._last_byte_s > INTER_BYTE_LIMIT_S:
            self._buffer.clear()
        self._last_byte_s = now_s
        self._buffer += data
        while len(self._buffer) >= 5 and len(self._buffer) >= (size := self._buffer[1] + 5):
            frame = bytes(self._buffer[:size])
            del self._buffer[:size]
            self._frame(frame, now_s)

    def transmit(self, now_s: float) -> bytes:
        said = b""
        while self._speaking and self._speaking[0][0] <= now_s:
            said += self._speaking.pop(0)[1]
        return said

    def wake_at(self) -> float | None:
        return self._speaking[0][0] if self._speaking else None

    # --- frames ---------------------------------------------------------------------------------

    def _frame(self, frame: bytes, now_s: float) -> None:
        to, size, source, header = frame[:4]
        data = frame[4:-1]
        if to == 0:
            # Part 4, 6.1: only a frame without data may reset everything.
            if header == 1 and size == 0 and sum(frame) % 256 == 0:
                for every in self.devices.values():
                    every.reset(now_s)
            return
        device = self.devices.get(to)
        if device is None:
            return
        if device.crc:
            if _crc16(frame[:2] + frame[3:-1]) != source | frame[-1] << 8:
                return
            source = 1
        elif sum(frame) % 256:
            return
        answer = device.command(header, data, now_s)
        if answer is not None:
            self._say(answer, device, source, header, now_s)

    def _say(self, answer: Answer, device: BusDevice, to: int, asked: int, now_s: float) -> None:
        wire = _wire(to, device.address, NAK_HEADER if answer.nak else ACK_OR_DATA, answer.data, crc=device.crc)
        wire = self._broken(wire, asked)
        if wire:
            insort(self._speaking, (now_s + answer.delay_s, wire), key=itemgetter(0))

    def _broken(self, wire: bytes, asked: int) -> bytes:
        for entry in self._faults:
            name, header = entry
            if header in {None, asked}:
                self._faults.remove(entry)
                self.on_fault(name)
                break
        else:
            return wire
        match name:
            case BusFault.LOST_REPLY:
                return b""
            case BusFault.GARBLED_REPLY:
                middle = len(wire) // 2
                return wire[:middle] + bytes((wire[middle] ^ 0x10,)) + wire[middle + 1 :]
            case BusFault.HALF_REPLY:
                return wire[: len(wire) // 2]
            case BusFault.DOUBLE_REPLY:
                return wire * 2


def _wire(to: int, source: int, header: int, data: bytes, *, crc: bool) -> bytes:
    if crc:
        check = _crc16(bytes((to, len(data), header)) + data)
        return bytes((to, len(data), check % 256, header)) + data + bytes((check // 256,))
    frame = bytes((to, len(data), source, header)) + data
    return frame + bytes(((256 - sum(frame) % 256) % 256,))


def _crc16(data: bytes) -> int:
    """CRC-CCITT as part 3, appendix 9 gives it, bit by bit."""
    register = 0
    for byte in data:
        for bit in range(7, -1, -1):
            top = (register >> 15) ^ (byte >> bit & 1)
            register = register << 1 & 0xFFFF
            if top:
                register ^= 0x1021
    return register
