"""A hopper's status answers (headers 163, 166, 168 and 217) as records and one state. Pure."""

from dataclasses import dataclass

from drivers.coin.cctalk import number
from drivers.vocabulary import HopperState

# First status byte of header 163 (part 2, 3.90.1). The second byte differs between
# products, so it only says that there is a fault; a unit with three bytes follows the
# specification, and there each bit is read.
_OVER_CURRENT, _TIMED_OUT, _EXIT_BLOCKED, _EXIT_LIGHT, _BLOCKED_PAYING, _DISABLED = 0x01, 0x02, 0x08, 0x10, 0x20, 0x80
_RESET_FIRST = _OVER_CURRENT | _EXIT_BLOCKED | _EXIT_LIGHT | _BLOCKED_PAYING
_SECOND_FAULTS = 0x01 | 0x04 | 0x08 | 0x10 | 0x20 | 0x40 | 0x80
_SECOND_RESET_FIRST = 0x01 | 0x08 | 0x10 | 0x20
_REVERSE_LIMIT = 0x10
_PIN_LOCKED = 0x80  # of the second byte
_THIRD_RESET_FIRST = 0x01 | 0x02 | 0x04 | 0x08
_LOW, _LOW_SENSOR_FITTED = 0x01, 0x10  # header 217


@dataclass(frozen=True, slots=True)
class PayoutStatus:
    """Header 166. `event_counter` is 0 only after a power-up or reset."""

    event_counter: int
    remaining: int
    paid: int
    unpaid: int

    @classmethod
    def of(cls, data: bytes) -> "PayoutStatus":
        return cls(*data)


@dataclass(frozen=True, slots=True)
class PayoutReading:
    """Headers 166 and 168 together: the last payout and the lifetime count."""

    status: PayoutStatus
    life_total: int

    @classmethod
    def of(cls, status: bytes, life: bytes) -> "PayoutReading":
        return cls(PayoutStatus.of(status), number(life))


@dataclass(frozen=True, slots=True)
class HopperFlags:
    """Header 163: one to three status bytes."""

    raw: bytes

    @property
    def enabled(self) -> bool:
        return not self.raw[0] & _DISABLED

    @property
    def timed_out(self) -> bool:
        """The motor turned and no coin came: probably empty. A warning; the next dispense clears it."""
        return bool(self.raw[0] & _TIMED_OUT)

    @property
    def reset_first(self) -> bool:
        """Whether the hopper refuses to pay until a soft reset."""
        first, second, third = self.raw.ljust(3, b"\0")[:3]
        strict = len(self.raw) == 3 and (second & _SECOND_RESET_FIRST or third & _THIRD_RESET_FIRST)
        return bool(first & _RESET_FIRST or strict)

    @property
    def pin_locked(self) -> bool:
        """Whether a PIN must be entered before each payout since its power came (Flow manual, p. 20; SCH2, p. 21)."""
        return bool(self.raw.ljust(2, b"\0")[1] & _PIN_LOCKED)

    @property
    def counters_doubtful(self) -> bool:
        """Whether the second byte reports a fault: on some units (SCH2) that is a wrong checksum of the counters."""
        return bool(self.raw.ljust(2, b"\0")[1] & _SECOND_FAULTS & ~_PIN_LOCKED)

    def state(self, level: bytes | None) -> HopperState:
        """One state from all flags; `level` is the answer to header 217, None where there are no level sensors."""
        first, second, _ = self.raw.ljust(3, b"\0")[:3]
        if first & _OVER_CURRENT:
            return HopperState.HARDWARE_ERROR
        if first & (_EXIT_BLOCKED | _EXIT_LIGHT | _BLOCKED_PAYING):
            return HopperState.JAMMED
        if second & _SECOND_FAULTS:
            strict_jam = len(self.raw) == 3 and second & _SECOND_FAULTS == _REVERSE_LIMIT
            return HopperState.JAMMED if strict_jam else HopperState.HARDWARE_ERROR
        fitted = level is not None and level[0] & _LOW_SENSOR_FITTED
        low = level is not None and fitted and level[0] & _LOW
        if first & _TIMED_OUT and (low or not fitted):  # above the low mark somebody has filled it since
            return HopperState.EMPTY
        return HopperState.LOW if low else HopperState.OK
