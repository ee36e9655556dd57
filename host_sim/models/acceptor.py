"""A coin acceptor on the ccTalk bus, and where each coin went.

A coin is measured at the slot. If it is known, allowed and not too close to the coin before, the gate opens and it rolls
on; `ROLL_S` later it passes the credit sensor, is in the cash box and its credit is noted. A coin that rolls when the
acceptor is inhibited still goes into the box. A coin that rolls when the power fails goes into the box without a credit.
If header 229 is not polled for a second, coins go to the return without an event (part 4, 2.1.2).

Physical truth (`cash_box`, `returned`) is kept apart from what the device reports.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from host_sim.models.cctalk_bus import NAK, Answer

ROLL_S = 0.040
APART_S = 0.045  # a second coin closer than this is rejected
WATCHDOG_S = 1.0

# Header -> its constant answer. What part 3, appendix 13 wants of every coin acceptor is here or in `_read` and `_write`.
ALWAYS: Mapping[int, bytes] = {
    254: b"",
    249: bytes((2, 20)),  # asks to be polled every 20 x 10 ms
    248: b"\0",
    245: b"Coin Acceptor",
    243: b"\x01",  # its calibration database
    237: b"\0",  # input lines
    236: b"\0",  # optos: none is covered
    216: bytes(5),  # no memory for the host
    213: b"\0",
    197: bytes.fromhex("4B464B41"),  # its own sum over its program
    4: bytes((1, 4, 7)),
    3: b"",  # clears the next one
    2: bytes(3),  # timeouts, ignored bytes, bad sums
}

DEFAULT_COINS: Mapping[int, str] = {1: "JP010A", 2: "JP050A", 3: "JP100A", 4: "JP500A", 5: "JP500B"}


class Fate(StrEnum):
    """Where a coin physically ended."""

    ROLLING = "rolling"
    ACCEPTED = "accepted"  # in the cash box
    RETURNED = "returned"


@dataclass(slots=True, eq=False)
class Insertion:
    """One coin and what became of it. `credited` means that an event was noted for it, not that anybody read it."""

    coin: str
    at_s: float
    fate: Fate
    credited: bool = False


class AcceptorFault(StrEnum):
    JAM = "jam"  # fault A1: a coin blocks the credit sensor until cleared
    BURST_NOISE = "burst_noise"  # fault A3: seven rejected coins at once, more than the buffer holds
    RESET = "reset"  # fault A4: brown-out; counter, inhibits and events are gone
    STRING = "string"  # fault A6: a coin on a string
    LIGHT = "light"  # fault A6: light shone into the sensor
    UNKNOWN_CODE = "unknown_code"  # fault A6: an event code that no table knows
    SWALLOW = "swallow"  # the next coin stays inside, its value unknown
    MUTE = "mute"  # no answers until cleared
    SWAPPED = "swapped"  # fault A9: another unit stands in its place
    SELF_CHECK = "self_check"  # a fault of its own is reported by header 232
    WEAK_SUPPLY = "weak_supply"  # fault A10: each coin's gate pulls the supply down, and the acceptor restarts
    FORGED = "forged"  # fault M1: somebody on the wire answers 229 in its place: one more credit of 100 yen, no coin


FAULTS = tuple(AcceptorFault)
_CODES = {AcceptorFault.STRING: 20, AcceptorFault.LIGHT: 40, AcceptorFault.UNKNOWN_CODE: 177}  # as events
_OF_A_COIN = frozenset({AcceptorFault.SWALLOW, AcceptorFault.WEAK_SUPPLY})  # they happen when a coin comes


@dataclass(eq=False)
class AcceptorModel:
    """One acceptor. Non-volatile: serial number, coin table, accept counter. Everything else dies with the power."""

    address: int = 2
    serial: int = 0x01A2B3
    coins: Mapping[int, str] = field(default_factory=lambda: dict(DEFAULT_COINS))
    crc: bool = False
    has_master_inhibit: bool = True
    has_accept_counter: bool = True
    accepted_before: int = 0  # coins in its life so far
    counts_in_ram: bool = False  # its count of accepted coins is lost with its power
    maker: str = "KFK"
    product: str = "SIM-A5"
    software: str = "1.0"
    build: str = "0001"
    closed_at_start: bool = True  # all coins inhibited after power-up; False: it takes them until it is told otherwise
    dummy_code: int | None = None  # the code of an event without a coin, noted when it is first polled
    unprogrammed_read_zero: bool = False  # 230 answers 0 for positions without a coin, whatever was written
    sorter_paths: int = 1  # bytes of the answer to 209
    serial_bytes: int = 3
    unanswered: Sequence[int] = ()  # headers that this product does not know
    answer_s: float = 0.002
    start_up_s: float = 0.15

    def __post_init__(self) -> None:
        self.cash_box: list[str] = []
        self.returned: list[str] = []
        self.accept_counter = self.accepted_before
        named = {246: self.maker, 244: self.product, 241: self.software, 192: self.build}
        self._told = {**ALWAYS, **{header: word.encode("ascii") for header, word in named.items()}}
        self._programmed = sum(1 << position - 1 for position in self.coins)
        self.forged: list[str] = []  # credits that were shown and for which no coin came
        self.on_effect: Callable[[str], None] = lambda _: None  # called with "coin in" when a coin reaches the box
        self.on_fault: Callable[[str], None] = lambda _: None  # called with a fault's name whenever it happens
        self._powered = True
        self._faults: set[AcceptorFault] = set()
        self._rolling: list[tuple[float, Insertion]] = []
        self._last_coin_s = float("-inf")
        self._forget(0.0)
        self._deaf_until_s = 0.0

    # --- the world ------------------------------------------------------------------------------

    def insert(self, coin: str, now_s: float) -> Insertion:
        """A coin (identification as in the coin table, anything else is a foreign coin) enters the slot."""
        self.advance(now_s)
        insertion = Insertion(coin, now_s, Fate.ROLLING)
        if not self._takes_coins(now_s):
            self._return(insertion)
            return insertion
        code = self._refusal(coin, now_s)
        self._last_coin_s = now_s
        if code is not None:
            self._return(insertion)
            self._note(0, code)
        else:
            self._rolling.append((now_s + ROLL_S, insertion))
        return insertion

    def fault(self, name: str, now_s: float) -> None:
        """Make a fault happen (`RESET`, `STRING`, ...) or last until `clear` (`JAM`, `MUTE`, ...)."""
        self.advance(now_s)
        match AcceptorFault(name):
            case AcceptorFault.RESET:
                self.power_off(now_s)
                self.power_on(now_s)
            case AcceptorFault.STRING | AcceptorFault.LIGHT | AcceptorFault.UNKNOWN_CODE as seen:
                self._note(0, _CODES[seen])
            case AcceptorFault.BURST_NOISE:
                for _ in range(7):
                    self._note(0, 1)
            case AcceptorFault.SWAPPED:
                self.serial ^= 0x00FFFF
                self.fault(AcceptorFault.RESET, now_s)
            case AcceptorFault.FORGED:
                self.forged.append(self.coins[3])
                self._note(3, 0)
            case AcceptorFault.JAM:
                self._faults.add(AcceptorFault.JAM)
                self._note(0, 14)
            case lasting:
                self._faults.add(lasting)
        if name not in _OF_A_COIN:
            self.on_fault(name)

    def clear(self, name: str, now_s: float) -> None:
        self.advance(now_s)
        self._faults.discard(AcceptorFault(name))

    def advance(self, now_s: float) -> None:
        """Move on to `now_s`: coins that have rolled long enough reach the cash box."""
        while self._rolling and self._rolling[0][0] <= now_s:
            at_s, insertion = self._rolling.pop(0)
            insertion.fate = Fate.ACCEPTED
            self.cash_box.append(insertion.coin)
            if AcceptorFault.SWALLOW in self._faults:
                self._faults.discard(AcceptorFault.SWALLOW)
                self._note(0, 36)
                self.on_fault(AcceptorFault.SWALLOW)
            else:
                insertion.credited = True
                self.accept_counter = (self.accept_counter + 1) % 2**24
                self._note(self._position(insertion.coin), 0)
            if AcceptorFault.WEAK_SUPPLY in self._faults:
                self._forget(at_s)
                self.on_fault(AcceptorFault.WEAK_SUPPLY)
            self.on_effect("coin in")

    def has_news(self, known_event: int | None, now_s: float) -> bool:
        """Whether a poll (229) would get no answer, or one other than event counter `known_event`.

        Like a poll, the call restarts the watchdog time of one second.
        """
        self.advance(now_s)
        if not self._answers(now_s):
            return True
        self._polled_s = now_s
        return self._counter != known_event

    @property
    def rolling(self) -> int:
        """The coins that are past the gate and not yet in the cash box."""
        return len(self._rolling)

    @property
    def open_coins(self) -> frozenset[str]:
        """The coins that the inhibits allow now; the watchdog is not looked at."""
        if not self._powered or not self._master:
            return frozenset()
        return frozenset(coin for position, coin in self.coins.items() if self._mask >> (position - 1) & 1)

    # --- power ----------------------------------------------------------------------------------

    def power_off(self, now_s: float) -> None:
        """Events that were not read are lost, and so is the credit of a coin that is rolling."""
        self.advance(now_s)
        for _, insertion in self._rolling:  # past the gate already: it falls into the box, unseen
            insertion.fate = Fate.ACCEPTED
            self.cash_box.append(insertion.coin)
        self._rolling.clear()
        self._powered = False

    def power_on(self, now_s: float) -> None:
        if not self._powered:
            self._powered = True
            self._forget(now_s)

    def reset(self, now_s: float) -> None:
        self.advance(now_s)
        self._forget(now_s)

    def _forget(self, now_s: float) -> None:
        self._counter = 0
        self._events: list[tuple[int, int]] = [(0, 0)] * 5
        if self.counts_in_ram:
            self.accept_counter = 0
        self._mask = 0 if self.closed_at_start else 0xFFFF
        self._override = 0xFF
        self._default_path = 1
        self._was_polled = False
        self._master = True  # 228 is 1 = normal after power-up; the masks are what closes it
        self._polled_s = float("-inf")
        self._deaf_until_s = now_s + self.start_up_s

    # --- the wire -------------------------------------------------------------------------------

    def command(self, header: int, data: bytes, now_s: float) -> Answer | None:
        self.advance(now_s)
        if not self._answers(now_s):
            return None
        if header in self.unanswered:
            return None
        answer = self._read(header, data, now_s) or self._read_more(header, data) or self._write(header, data, now_s)
        return None if answer is None else Answer(answer.data, answer.nak, self.answer_s)

    def _read(self, header: int, data: bytes, now_s: float) -> Answer | None:
        match header, len(data):
            case 229, 0:
                self._polled_s = now_s
                if self.dummy_code is not None and not self._was_polled:
                    self._note(0, self.dummy_code)
                self._was_polled = True
                return Answer(bytes((self._counter,)) + bytes(byte for pair in self._events for byte in pair))
            case 242, 0:
                return Answer(self.serial.to_bytes(self.serial_bytes, "little"))
            case 232, 0:
                blocked = {AcceptorFault.SELF_CHECK, AcceptorFault.JAM} & self._faults  # 3: the credit sensor
                return Answer(b"\x03" if blocked else b"\0")
            case 230, 0:
                mask = self._mask & self._programmed if self.unprogrammed_read_zero else self._mask
                return Answer(mask.to_bytes(2, "little"))
            case 227, 0 if self.has_master_inhibit:
                return Answer(bytes((self._master,)))
            case 225, 0 if self.has_accept_counter:
                return Answer(self.accept_counter.to_bytes(3, "little"))
            case 184, 1 if 1 <= data[0] <= 16:
                return Answer(self.coins.get(data[0], "......").encode("ascii"))
            case fixed, 0 if fixed in self._told:
                return Answer(self._told[fixed])
        return None

    def _read_more(self, header: int, data: bytes) -> Answer | None:
        """What a host needs for nothing but to set up a sorter, or to count by itself."""
        match header, len(data):
            case 221, 0:
                return Answer(bytes((self._override,)))
            case 189, 0:
                return Answer(bytes((self._default_path,)))
            case 209, 1:
                return Answer(bytes((self._default_path,)) * self.sorter_paths)
            case 212, 1:  # the positions that give this credit code: each position its own
                return Answer((1 << data[0] - 1 & 0xFFFF if data[0] else 0).to_bytes(2, "little"))
            case ((226 | 194 | 193), 0):
                counted = {226: self.accept_counter + len(self.returned), 194: len(self.returned), 193: 0}
                return Answer(counted[header].to_bytes(3, "little"))
        return None

    def _write(self, header: int, data: bytes, now_s: float) -> Answer | None:
        match header, len(data):
            case 231, 2:
                self._mask = data[0] | data[1] << 8
                return Answer()
            case 228, 1 if self.has_master_inhibit:
                self._master = bool(data[0] & 1)
                return Answer()
            case 222, 1:
                self._override = data[0]
                return Answer()
            case 188, 1:
                self._default_path = data[0]
                return Answer()
            case 210, (2 | 5):
                return Answer()
            case 1, 0:
                self._forget(now_s)
                return Answer()
            case ((228 | 231 | 222 | 188), _):
                return NAK
        return None

    # --- inside ---------------------------------------------------------------------------------

    def _answers(self, now_s: float) -> bool:
        return self._powered and now_s >= self._deaf_until_s and AcceptorFault.MUTE not in self._faults

    def _takes_coins(self, now_s: float) -> bool:
        """Whether the gate may open: it has power and was polled within the last second."""
        awake = self._powered and now_s >= self._deaf_until_s
        return awake and now_s - self._polled_s < WATCHDOG_S

    def _refusal(self, coin: str, now_s: float) -> int | None:
        """The event code that a coin is refused with (part 3, table 2); None when the gate opens."""
        position = self._position(coin)
        if AcceptorFault.JAM in self._faults:
            return 14
        if now_s - self._last_coin_s < APART_S:
            return 8
        if not position:
            return 1
        if not self._master or not self._mask >> (position - 1) & 1:
            return 127 + position
        return None

    def _position(self, coin: str) -> int:
        return next((position for position, known in self.coins.items() if known == coin), 0)

    def _return(self, insertion: Insertion) -> None:
        insertion.fate = Fate.RETURNED
        self.returned.append(insertion.coin)

    def _note(self, a: int, b: int) -> None:
        """A new event: the counter runs 1..255 and skips 0 (part 2, 3.27)."""
        self._counter = self._counter % 255 + 1
        self._events = [(a, b), *self._events[:4]]
