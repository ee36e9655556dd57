"""A coin hopper on the ccTalk bus: a tube, a motor, an exit sensor, and counters that survive a power cut.

From ccTalk 4.7 part 2 (headers 160 to 172, 217) and the manual of Money Controls' Serial Compact Hopper 2:
disabled after every power-up; a dispense needs its authorisation; the event counter (header 166) counts
dispenses and is 0 only after a power-up; paid, unpaid and the lifetime count (168) are non-volatile. A
hopper that lost power while paying does not go on by itself; paid and unpaid say how far it came. An emergency stop
turns what remained into unpaid, but a coin already in the exit still drops, and is counted.

`tube` and `out` are where the coins really are; the rest is what the hopper reports.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from host_sim.models.cctalk_bus import NAK, Answer

IN_EXIT_S = 0.15  # a coin this close to leaving leaves even after a stop
SPIN_UP_S = 0.10

OVER_CURRENT, TIMED_OUT, BLOCKED_IDLE, BLOCKED_PAYING, POWERED_UP, DISABLED = 0x01, 0x02, 0x08, 0x20, 0x40, 0x80
NEEDS_RESET = OVER_CURRENT | BLOCKED_IDLE | BLOCKED_PAYING
NV_BROKEN = 0x04  # second status byte, as the SCH2 uses it
# Header -> its constant answer.
ALWAYS: Mapping[int, bytes] = {
    254: b"",
    245: b"Payout",
    236: b"\0",  # optos: none is covered
    216: bytes(5),  # no memory for the host
    197: bytes.fromhex("4B464B32"),  # its own sum over its program
    4: bytes((1, 4, 7)),
}
PIN_ON = 0x80  # second status byte
ENCRYPTION_ON = 0x10  # third status byte
# Style -> bytes of a dispense before the number of coins.
AUTHORISATION: Mapping[str, int] = {"no_cipher": 8, "encrypted": 8, "serial": 3, "count_only": 0}


class HopperFault(StrEnum):
    EMPTY = "empty"  # fault H1: whatever the tube held is gone
    JAM = "jam"  # fault H2: the exit is blocked until cleared
    OVER_CURRENT = "over_current"  # fault H2: the motor draws too much until cleared
    POWER_LOSS = "power_loss"  # fault H3: power fails after one more coin, and returns after two seconds
    NV_ERROR = "nv_error"  # fault H3: the counters' checksum is wrong; the lifetime count is garbage
    PAYS_NOTHING = "pays_nothing"  # fault H8: it takes the command, says that all is well, and no coin comes
    PIN_LOCKED = "pin_locked"  # fault H9: it asks for a PIN that nobody here knows
    NAK = "nak"  # fault H4: the next dispense is refused
    LATE_COIN = "late_coin"  # fault H5: after the next stop one more coin drops
    PHANTOM = "phantom"  # fault H6: a coin comes out without a command
    MUTE = "mute"  # no answers until cleared
    STUCK_BUSY = "stuck_busy"  # fault H5: the motor turns and nothing comes; only an emergency stop ends it


FAULTS = tuple(HopperFault)
_AT_ONCE = frozenset({HopperFault.NV_ERROR, HopperFault.PIN_LOCKED, HopperFault.PHANTOM, HopperFault.MUTE})


@dataclass(eq=False, kw_only=True)
class HopperModel:
    """One hopper for one kind of coin."""

    address: int
    coin: str
    tube: int
    serial: int = 0
    maker: str = "KFK"
    product: str = ""  # "": it says its style, as several makers let it do
    software: str = "1.0"
    dispense_style: str = "no_cipher"  # a key of `AUTHORISATION`; nobody here can compute what "encrypted" wants
    names_its_coin: bool = True  # header 171; a unit that nobody has programmed answers dashes
    level_sensors: bool = True  # header 217
    status_bytes: int = 2  # of header 163: 1 on old units, 3 on those that follow the newest specification
    answers_counter: bool | None = None  # to a dispense: its event counter, or a bare ACK; None: as usual for the style
    pin: str = ""  # four digits that must be entered (218) after each power-up; "" for none
    unanswered: Sequence[int] = ()  # headers that this product does not know
    counts_refused: bool = True  # whether a NAKed dispense moves the event counter (SCH2, Flow: yes)
    coins_per_s: float = 3.0
    empty_after_s: float = 3.0  # it gives up after this time without a coin
    low_mark: int = 10
    crc: bool = False
    answer_s: float = 0.002
    start_up_s: float = 0.15

    def __post_init__(self) -> None:
        self.serial = self.serial or 0x100 + self.address
        mark = {"no_cipher": "-NOENCRYPT", "serial": "-USE_SERNR"}.get(self.dispense_style, "")
        self.product = self.product or f"SIM-H2{mark}"
        named = {246: self.maker, 244: self.product, 241: self.software}
        self._told = {**ALWAYS, **{header: word.encode("ascii") for header, word in named.items()}}
        self.out = 0
        self.on_effect: Callable[[str], None] = lambda _: None  # called with "coin out" when a coin has left
        self.on_fault: Callable[[str], None] = lambda _: None  # called with a fault's name whenever it happens
        # Non-volatile.
        self.paid = 0
        self.unpaid = 0
        self.life_total = 0
        self._nv_broken = False
        # The motor.
        self._next_coin_s: float | None = None
        self._last_coin_s = 0.0
        self._faults: set[HopperFault] = set()
        self._coins_to_power_loss: int | None = None
        self._power_back_s: float | None = None
        self._powered = True
        self._status = 0
        self._late_coin_due = False
        self._forget(0.0)
        self._deaf_until_s = 0.0

    # --- the world ------------------------------------------------------------------------------

    def fault(self, name: str, now_s: float) -> None:
        """Make a fault happen now, or the next time that it can."""
        self.advance(now_s)
        match HopperFault(name):
            case HopperFault.EMPTY:
                self.tube = 0
            case HopperFault.PHANTOM:
                self._drop_coin(commanded=False)
            case HopperFault.POWER_LOSS:
                self._coins_to_power_loss = 1
            case HopperFault.NV_ERROR:
                self._nv_broken = True
                self.life_total = 0xFFFFFF
            case armed_or_lasting:
                self._faults.add(armed_or_lasting)
        if name in _AT_ONCE:
            self.on_fault(name)

    def clear(self, name: str, now_s: float) -> None:
        """The fault is mended. Broken counters are mended by a new board, which has paid nothing yet."""
        self.advance(now_s)
        self._faults.discard(HopperFault(name))
        if name == HopperFault.NV_ERROR and self._nv_broken:
            self._nv_broken = False
            self.paid = self.unpaid = self.life_total = 0
            self._next_coin_s = None
            self._forget(now_s)

    @property
    def counters_broken(self) -> bool:
        """Whether its counters no longer say what it paid."""
        return self._nv_broken

    def fill(self, coins: int, now_s: float) -> None:
        self.advance(now_s)
        self.tube += coins

    @property
    def still_to_pay(self) -> int:
        """The most coins that will come out without another command."""
        return self._remaining + self._late_coin_due

    def power_off(self, now_s: float) -> None:
        self.advance(now_s)
        self._power_off()

    def power_on(self, now_s: float) -> None:
        self.advance(now_s)
        if not self._powered:
            self._powered = True
            self._power_back_s = None
            self._forget(now_s)

    def reset(self, now_s: float) -> None:
        """A soft reset stops the motor and keeps paid and unpaid."""
        self.advance(now_s)
        self._stop()
        self._forget(now_s)

    def advance(self, now_s: float) -> None:
        """Move on to `now_s`: coins leave, or the motor gives up."""
        while True:
            if self._power_back_s is not None and self._power_back_s <= now_s:
                back_s, self._power_back_s = self._power_back_s, None
                self._powered = True
                self._forget(back_s)
            if self._next_coin_s is None or self._next_coin_s > now_s:
                return
            at_s, self._next_coin_s = self._next_coin_s, None
            out = self.out
            self._turn(at_s)
            if self.out > out:
                self.on_effect("coin out")

    def is_well(self, now_s: float) -> bool:
        """Whether it would answer now, and none of its answers would speak against a payout."""
        self.advance(now_s)
        answers = self._powered and now_s >= self._deaf_until_s and HopperFault.MUTE not in self._faults
        filled = self.level_sensors and self.tube >= self.low_mark
        flags = self._flags() & (NEEDS_RESET | (0 if filled else TIMED_OUT))
        return answers and not flags and not self._nv_broken and not self._locked

    # --- the motor ------------------------------------------------------------------------------

    def _start(self, coins: int, now_s: float) -> None:
        self.paid, self.unpaid, self._remaining = 0, 0, coins
        self._status &= ~(TIMED_OUT | BLOCKED_PAYING)
        if HopperFault.PAYS_NOTHING in self._faults:
            self._remaining = 0
            self.on_fault(HopperFault.PAYS_NOTHING)
        elif coins:
            self._last_coin_s = now_s
            self._next_coin_s = now_s + SPIN_UP_S + 1 / self.coins_per_s

    def _turn(self, at_s: float) -> None:
        """Do what is due at the instant at which the next coin would leave."""
        if self._late_coin_due:
            self._late_coin_due = False
            if self.tube and self.unpaid:
                self.unpaid -= 1
                self._drop_coin(commanded=True)
                self.on_fault(HopperFault.LATE_COIN)
        elif (fault := self._in_the_way()) is not None:
            self._stand(fault, at_s)
            self.on_fault(fault)
        else:
            self._remaining -= 1
            self._last_coin_s = at_s
            self._drop_coin(commanded=True)
            if self._remaining:
                self._next_coin_s = at_s + 1 / self.coins_per_s
            self._maybe_lose_power(at_s)

    def _in_the_way(self) -> HopperFault | None:
        """The fault by which the next coin does not come."""
        stopping = (HopperFault.STUCK_BUSY, HopperFault.OVER_CURRENT, HopperFault.JAM)
        laid = next((fault for fault in stopping if fault in self._faults), None)
        return laid or (None if self.tube else HopperFault.EMPTY)

    def _stand(self, fault: HopperFault, at_s: float) -> None:
        """What the motor does in the place of paying a coin."""
        match fault:
            case HopperFault.STUCK_BUSY:
                self._next_coin_s = at_s + 1.0
            case HopperFault.OVER_CURRENT:
                self._give_up(OVER_CURRENT)
            case _:
                self._wait_or_give_up(at_s, BLOCKED_PAYING if fault is HopperFault.JAM else TIMED_OUT)

    def _drop_coin(self, *, commanded: bool) -> None:
        """One coin passes the exit sensor."""
        if not self.tube:
            return
        self.tube -= 1
        self.out += 1
        self.life_total = (self.life_total + 1) % 2**24
        if commanded:
            self.paid = (self.paid + 1) % 256

    def _wait_or_give_up(self, at_s: float, flag: int) -> None:
        gives_up_s = self._last_coin_s + self.empty_after_s
        if at_s < gives_up_s:  # compared with the sum itself: a difference can round to less and never end
            self._next_coin_s = gives_up_s
        else:
            self._give_up(flag)

    def _give_up(self, flag: int) -> None:
        self._status |= flag
        self.unpaid, self._remaining = self._remaining, 0

    def _stop(self) -> None:
        self.unpaid, self._remaining = self.unpaid + self._remaining, 0
        self._next_coin_s = None

    def _maybe_lose_power(self, at_s: float) -> None:
        if self._coins_to_power_loss is None:
            return
        self._coins_to_power_loss -= 1
        if self._coins_to_power_loss <= 0:
            self._coins_to_power_loss = None
            self._power_off()
            self.on_fault(HopperFault.POWER_LOSS)
            self._power_back_s = at_s + 2.0

    def _power_off(self) -> None:
        if self._remaining:
            self._stop()  # interrupted while paying: unpaid is what it still owed
        elif self._powered:
            self.unpaid = 0
        self._next_coin_s = None
        self._powered = False

    def _forget(self, now_s: float) -> None:
        self._event_counter = 0
        self._remaining = 0
        self._enabled = False
        self._cipher_fresh = self._pin_entered = False
        self._late_coin_due = False
        self._status = POWERED_UP
        self._deaf_until_s = now_s + self.start_up_s

    # --- the wire -------------------------------------------------------------------------------

    def command(self, header: int, data: bytes, now_s: float) -> Answer | None:
        self.advance(now_s)
        if not self._powered or now_s < self._deaf_until_s or HopperFault.MUTE in self._faults:
            return None
        answer = None if header in self.unanswered else self._read(header, data) or self._act(header, data, now_s)
        return None if answer is None else Answer(answer.data, answer.nak, self.answer_s)

    def _read(self, header: int, data: bytes) -> Answer | None:
        match header, len(data):
            case 166, 0:
                return Answer(bytes((self._event_counter, self._remaining, self.paid, self.unpaid)))
            case 168, 0:
                return Answer(self.life_total.to_bytes(3, "little"))
            case 163, 0:
                return Answer(self._all_flags()[: self.status_bytes])
            case 217, 0:
                return Answer(bytes(((0x10 | (self.tube < self.low_mark)) if self.level_sensors else 0,)))
            case 171, 0:
                return Answer(self.coin.encode("ascii") if self.names_its_coin else b"------")
            case 242, 0:
                return Answer(self.serial.to_bytes(3, "little"))
            case fixed, 0 if fixed in self._told:
                return Answer(self._told[fixed])
        return None

    def _act(self, header: int, data: bytes, now_s: float) -> Answer | None:
        match header, len(data):
            case 164, 1:
                self._enabled = data[0] == 165
                return Answer()
            case 160, 0 if self._has_cipher:
                self._cipher_fresh = True
                return Answer(bytes(8))
            case 161, 8 if self._has_cipher:
                return Answer()
            case 218, 4:  # an ACK in any case, so that nobody can guess the PIN
                self._pin_entered = self._pin_entered or "".join(map(str, data)) == self.pin
                return Answer()
            case 167, _:
                return self._dispense(data, now_s)
            case 172, 0:
                return self._emergency_stop(now_s)
            case 1, 0:
                self.reset(now_s)
                return Answer()
        return None

    @property
    def _has_cipher(self) -> bool:
        return self.dispense_style in {"no_cipher", "encrypted"}

    @property
    def _locked(self) -> bool:
        return HopperFault.PIN_LOCKED in self._faults or (bool(self.pin) and not self._pin_entered)

    def _all_flags(self) -> bytes:
        second = (NV_BROKEN if self._nv_broken else 0) | (PIN_ON if self._locked else 0)
        third = ENCRYPTION_ON if self.dispense_style == "encrypted" else 0
        return bytes((self._flags(), second, third))

    def _flags(self) -> int:
        flags = self._status | (0 if self._enabled else DISABLED)
        if HopperFault.JAM in self._faults and not self._remaining:
            flags |= BLOCKED_IDLE
        return flags

    def _dispense(self, data: bytes, now_s: float) -> Answer:
        fresh, self._cipher_fresh = self._cipher_fresh, False
        authorised = len(data) == AUTHORISATION[self.dispense_style] + 1 and self.dispense_style != "encrypted"
        if self.dispense_style == "serial":
            authorised = authorised and data[:3] == self.serial.to_bytes(3, "little")
        elif self._has_cipher:
            authorised = authorised and fresh
        refused = (
            not authorised
            or self._locked
            or not self._enabled
            or self._remaining > 0
            or bool(self._flags() & NEEDS_RESET)
        )
        if HopperFault.NAK in self._faults:
            self._faults.discard(HopperFault.NAK)
            self.on_fault(HopperFault.NAK)
            refused = True
        if not refused or self.counts_refused:
            self._event_counter = self._event_counter % 255 + 1
        if refused:
            return NAK
        self._start(data[-1], now_s)
        counted = self._has_cipher if self.answers_counter is None else self.answers_counter
        return Answer(bytes((self._event_counter,)) if counted else b"")

    def _emergency_stop(self, now_s: float) -> Answer:
        dropping = self._next_coin_s is not None and self._next_coin_s - now_s <= IN_EXIT_S
        left = self._remaining
        self._stop()
        self._enabled = False
        late = HopperFault.LATE_COIN in self._faults
        if left and (dropping or late):
            self._faults.discard(HopperFault.LATE_COIN)
            self._late_coin_due = True
            self._next_coin_s = now_s + (0.25 if late else 0.08)
        return Answer(bytes((left,)))
