"""ccTalk frames: bytes to frames and back. Pure.

A frame is destination, length n, source, header, n data bytes, checksum (ccTalk Generic Specification 4.7,
part 1, section 7). Two checksums are in use and nothing on the wire says which, so it is set per address:

- simple: the last byte makes all bytes sum to 0 modulo 256;
- CRC: CRC-CCITT (polynomial 0x1021, start 0) over everything but itself; its low byte stands where the
  source was and its high byte comes last, so a frame has no source and replies always go to address 1.

The parser resynchronises. When a frame's checksum is wrong it drops one byte and tries again, so noise
before a reply does no harm. When a frame stays incomplete for the inter-byte
gap (part 1, section 11), it drops the first byte and parses the rest again.
"""

from binascii import crc_hqx
from dataclasses import dataclass
from enum import IntEnum, StrEnum

BROADCAST = 0
HOST = 1
MAX_FRAME = 260  # 5 + 255
GAP_S = 0.050  # a longer silence inside a frame ends it


class Checksum(StrEnum):
    SIMPLE = "simple"
    CRC = "crc"


class Header(IntEnum):
    """The headers we send; the words are the specification's (part 2)."""

    REPLY = 0
    RESET = 1
    NAK = 5
    BUSY = 6
    REQUEST_PAYOUT_CIPHER = 160
    REQUEST_HOPPER_STATUS = 163
    ENABLE_HOPPER = 164
    REQUEST_PAYOUT_STATUS = 166
    DISPENSE = 167
    REQUEST_DISPENSE_COUNT = 168
    REQUEST_HOPPER_COIN = 171
    EMERGENCY_STOP = 172
    REQUEST_COIN_ID = 184
    REQUEST_BUILD = 192
    REQUEST_OPTION_FLAGS = 213
    REQUEST_PAYOUT_HIGH_LOW = 217
    REQUEST_ACCEPT_COUNTER = 225
    REQUEST_MASTER_INHIBIT = 227
    MODIFY_MASTER_INHIBIT = 228
    READ_EVENTS = 229
    REQUEST_INHIBITS = 230
    MODIFY_INHIBITS = 231
    SELF_CHECK = 232
    REQUEST_SOFTWARE = 241
    REQUEST_SERIAL = 242
    REQUEST_PRODUCT = 244
    REQUEST_CATEGORY = 245
    REQUEST_MAKER = 246
    REQUEST_STATUS = 248
    REQUEST_POLLING_PRIORITY = 249
    SIMPLE_POLL = 254


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. `source` is None under CRC, where the wire does not carry it."""

    destination: int
    source: int | None
    header: int
    data: bytes = b""


def crc_ccitt(data: bytes) -> int:
    """CRC-CCITT, start 0, most significant bit first (part 3, appendix 9)."""
    return crc_hqx(data, 0)


def encode(frame: Frame, checksum: Checksum) -> bytes:
    """The frame as it goes onto the wire. Under CRC the source is not sent."""
    data = frame.data
    assert len(data) <= 255
    if checksum is Checksum.CRC:
        head = bytes((frame.destination, len(data)))
        crc = crc_ccitt(head + bytes((frame.header,)) + data)
        return head + bytes((crc & 0xFF, frame.header)) + data + bytes((crc >> 8,))
    source = HOST if frame.source is None else frame.source
    body = bytes((frame.destination, len(data), source, frame.header)) + data
    return body + bytes((-sum(body) & 0xFF,))


def _checked(wire: bytes, checksum: Checksum) -> Frame | None:
    """One whole frame, or None when its checksum is wrong."""
    destination, _, third, header = wire[:4]
    data = wire[4:-1]
    if checksum is Checksum.CRC:
        crc = crc_ccitt(wire[:2] + wire[3:-1])
        return Frame(destination, None, header, data) if (crc & 0xFF, crc >> 8) == (third, wire[-1]) else None
    return Frame(destination, third, header, data) if sum(wire) & 0xFF == 0 else None


class Parser:
    """Bytes in, whole checked frames out; holds at most one unfinished frame.

    `dropped` counts bytes that belonged to no good frame.
    """

    def __init__(self, checksum: Checksum) -> None:
        self._checksum = checksum
        self._held = bytearray()
        self._last_s = 0.0
        self.dropped = 0

    @property
    def unfinished(self) -> bool:
        """Whether part of a frame is held."""
        return bool(self._held)

    def feed(self, data: bytes, now_s: float) -> list[Frame]:
        """Take bytes that arrived at `now_s`; return the frames they complete, in order."""
        frames = self.give_up() if self._held and now_s - self._last_s > GAP_S else []
        self._last_s = now_s
        self._held += data
        return frames + self._frames()

    def give_up(self) -> list[Frame]:
        """Give up the unfinished frame, whose rest never came; return the frames found in its bytes."""
        frames = []
        while self._held:
            self._drop_one()
            frames += self._frames()
        return frames

    def _frames(self) -> list[Frame]:
        frames = []
        held = self._held
        while len(held) >= 5:
            size = held[1] + 5
            if len(held) < size:
                break
            frame = _checked(bytes(held[:size]), self._checksum)
            if frame is None:
                self._drop_one()
            else:
                frames.append(frame)
                del held[:size]
        return frames

    def _drop_one(self) -> None:
        del self._held[0]
        self.dropped += 1


def number(data: bytes) -> int:
    """A multi-byte number, low byte first (part 2, e.g. header 242)."""
    return int.from_bytes(data, "little")


def coin_value(coin_id: str) -> int | None:
    """The value in a coin identification such as `JP100A`, in whole units of its currency.

    None when it holds no whole value: an unprogrammed position, a token, a broken coin unit (`2.5`).
    The three value characters may hold a multiplier: `1K0` is 1000, `M10` is 100,000 (part 3, appendix 3).
    """
    if len(coin_id) != 6 or not coin_id[:2].isalpha() or coin_id[:2] == "TK":
        return None
    digits = coin_id[2:5]
    if digits.isascii() and digits.isdigit():
        return int(digits) or None
    for mark, scale in (("K", 1_000), ("M", 1_000_000), ("G", 1_000_000_000)):
        whole, found, part = digits.partition(mark)
        if found and (whole + part).isascii() and (whole + part).isdigit():
            value = int(whole or "0") * scale + int((part or "0").ljust(9, "0")) * scale // 1_000_000_000
            return value or None
    return None
