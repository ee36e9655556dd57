"""A chip card as ISO/IEC 7816 describes it: applications, files, PINs and keys, power, and what can go wrong.

The tries left are in `state`, which survives power-off; that a PIN was verified does not. A try is spent before the PIN is
compared, so a card that is pulled during VERIFY has spent it.
"""

import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from host_sim.models.chip_faults import Fault, FaultName, Manners, Pulled, Silent

Sign = Callable[[bytes], bytes]  # the command's data -> its signature

OK = 0x9000


@dataclass(slots=True)
class Data:
    """A transparent file. `guards`: files of PINs, any of which opens it; none: free to read."""

    content: bytes = field(repr=False)
    guards: frozenset[int] = frozenset()


@dataclass(slots=True)
class Records:
    """A file of records, readable freely."""

    records: tuple[bytes, ...]


@dataclass(slots=True)
class Pin:
    """A reference. Its value changes by CHANGE REFERENCE DATA only; its tries left are in the card's state."""

    value: bytes = field(repr=False)
    tries: int = 3
    shortest: int = 4
    longest: int = 4


@dataclass(slots=True)
class Key:
    """A private key. `longest`: most bytes it signs; `exactly`: it signs only data of this length."""

    sign: Sign = field(repr=False)
    guards: frozenset[int] = frozenset()
    longest: int = 245
    exactly: int | None = None
    internal: bool = False  # used by INTERNAL AUTHENTICATE, else by COMPUTE DIGITAL SIGNATURE


File = Data | Records | Pin | Key


@dataclass(frozen=True, slots=True)
class Application:
    name: str
    aid: bytes
    files: Mapping[int, File]


def _nothing() -> None:
    """The default of `on_spent`: the card's state is not saved."""


class ChipCard:
    """One card. `atr` is what it answers to reset."""

    def __init__(self, atr: bytes, applications: Iterable[Application] = (), manners: Manners | None = None) -> None:
        self.atr = atr
        self.manners = manners or Manners()
        self.applications = tuple(applications)
        self.state = self.full_state()
        self.on_spent: Callable[[], None] = _nothing  # called after tries left have changed
        self.on_fault: Callable[[str], None] = lambda _: None  # called with a fault's name at each command it touches
        self.faults: list[Fault] = []
        self.busy_s = 0.0  # how long a fault delayed the last command; the adapter waits so long
        self.log: deque[bytes] = deque(maxlen=4096)  # the first four bytes of every command: never its data
        self.commands = 0
        self.pins_shown = 0  # how often VERIFY came with a PIN
        self._application: Application | None = None
        self._current: int | None = None
        self._verified: set[int] = set()
        self._more = b""  # T=0: what GET RESPONSE will fetch

    def full_state(self) -> dict[str, int]:
        """The state of a new card: every PIN with all its tries."""
        return {
            f"{application.name}/{number:04x}": file.tries
            for application in self.applications
            for number, file in application.files.items()
            if isinstance(file, Pin)
        }

    # --- power ----------------------------------------------------------------------------------

    def power_on(self) -> None:
        self.commands = 0
        self._application = None
        self._current = None
        self._verified.clear()
        self._more = b""

    def power_off(self) -> None:
        self.power_on()

    def reset(self) -> None:
        self.power_on()

    @property
    def mute(self) -> bool:
        """Whether it does not answer a reset either."""
        return any(fault.name is FaultName.MUTE and fault.at == 0 for fault in self.faults)

    # --- faults ---------------------------------------------------------------------------------

    def fail(
        self,
        name: str,
        at: int = 1,
        *,
        until: int | None = None,
        word: int = 0x6F00,
        seconds: float = 0.0,
        acts: bool = False,
    ) -> None:
        """Set a fault by its name (`FaultName`)."""
        fault = Fault(name=FaultName(name), at=at, until=until, word=word, seconds=seconds, acts=acts)
        if fault.name is FaultName.BLOCKED:
            self.state.update(dict.fromkeys(self.state, 0))
        self.faults.append(fault)

    def heal(self) -> None:
        """Take all faults away. A PIN that was blocked stays blocked, as on a real card."""
        self.faults.clear()

    # --- commands -------------------------------------------------------------------------------

    def transmit(self, apdu: bytes) -> bytes:
        """One command, one answer with its status word. Raises `Pulled`, `Silent`."""
        self.commands += 1
        self.log.append(bytes(apdu[:4]))
        self.busy_s = 0.0
        active = [fault for fault in self.faults if fault.touches(self.commands)]
        for fault in active:
            self.on_fault(fault.name)
            match fault.name:
                case FaultName.SLOW:
                    self.busy_s += fault.seconds
                case FaultName.PULLED:
                    if fault.acts:
                        self._answer(apdu)
                    raise Pulled
                case FaultName.MUTE:
                    raise Silent
                case FaultName.STATUS:
                    return fault.word.to_bytes(2, "big")
                case _:
                    pass
        answer = self._answer(apdu)
        for fault in active:
            answer = self._spoil(fault, answer)
        return answer

    def _spoil(self, fault: Fault, answer: bytes) -> bytes:
        match fault.name:
            case FaultName.CUT:
                return answer[:-3] + answer[-2:]
            case FaultName.LONG:
                return answer[:-2] + b"\x00" + answer[-2:]
            case FaultName.GARBAGE:
                chance = random.Random(f"{self.commands} {fault.at}")
                return chance.randbytes(chance.randrange(2, 259))
            case FaultName.EMPTY:
                return b""
            case _:
                return answer

    def _answer(self, apdu: bytes) -> bytes:
        data, word = self._carry_out(apdu)
        return self._in_t0_form(apdu, data, word) if self.manners.t0 else data + word.to_bytes(2, "big")

    def _in_t0_form(self, apdu: bytes, data: bytes, word: int) -> bytes:
        """Change an answer to T=0: 61xx where the command had data, 6Cxx where Le was wrong (ISO/IEC 7816-3, 12.2)."""
        if not data:
            return word.to_bytes(2, "big")
        if len(apdu) == 5 and apdu[1] in {0xB0, 0xB2, 0x84, 0xC0}:
            if len(data) < (apdu[4] or 256):
                return bytes([0x6C, len(data) & 0xFF])
            return data + word.to_bytes(2, "big")
        self._more = data
        return bytes([0x61, len(data) & 0xFF])

    def _carry_out(self, apdu: bytes) -> tuple[bytes, int]:
        if (word := self._malformed(apdu)) is not None:
            return b"", word
        match apdu[0], apdu[1]:
            case 0x00, 0xA4:
                return b"", self._select(apdu)
            case 0x00, 0xB0:
                return self._read(apdu)
            case 0x00, 0xB2:
                return self._read_record(apdu)
            case 0x00, 0x20:
                return b"", self._verify(apdu)
            case 0x00, 0x24:
                return b"", self._change(apdu)
            case 0x00, 0x84:
                return self._challenge(apdu)
            case (0x80, 0x2A) | (0x00, 0x88):
                return self._sign(apdu, internal=apdu[1] == 0x88)
            case 0x00, 0xC0 if self.manners.t0:
                return self._get_response()
        return b"", 0x6D00 if apdu[0] in {0x00, 0x80} else 0x6E00  # no such instruction, no such class

    def _malformed(self, apdu: bytes) -> int | None:
        """The status word for a header that no instruction of this card can have."""
        if len(apdu) < 4:
            return 0x6700
        if apdu[0] & 0x03 and apdu[0] < 0x80:
            return 0x6881  # logical channels
        if apdu[0] & 0x0C and apdu[0] < 0x80:
            return 0x6882  # secure messaging
        return None

    def _select(self, apdu: bytes) -> int:
        name = apdu[5 : 5 + apdu[4]] if len(apdu) > 5 else b""
        if apdu[2] == 0x04:
            found = next((one for one in self.applications if name and one.aid.startswith(name)), None)
            if found is None:
                return 0x6A82
            if found is not self._application:
                self._verified.clear()
            self._application, self._current = found, None
            return OK
        if apdu[2] == 0x02 and len(name) == 2:
            if self._application is None or int.from_bytes(name, "big") not in self._application.files:
                return 0x6A82
            self._current = int.from_bytes(name, "big")
            return OK
        if apdu[2] == 0x00:
            return 0x6A82 if name else OK if self._application is not None else 0x6A86
        return 0x6A86

    def _file(self, short: int | None = None) -> tuple[int, File] | None:
        """The current file; a short identifier first makes its file the current one."""
        if short and self._application is not None and short in self._application.files:
            self._current = short
        if self._application is None or self._current is None:
            return None
        return self._current, self._application.files[self._current]

    def _open(self, guards: frozenset[int]) -> bool:
        return not guards or bool(guards & self._verified)

    def _read(self, apdu: bytes) -> tuple[bytes, int]:
        by_short = bool(apdu[2] & 0x80)
        found = self._file(apdu[2] & 0x1F if by_short else None)
        if found is None:
            return b"", 0x6986
        if not isinstance(found[1], Data):
            return b"", 0x6981
        if not self._open(found[1].guards):
            return b"", 0x6982
        content = found[1].content
        offset = apdu[3] if by_short else apdu[2] << 8 | apdu[3]
        asked = (apdu[4] if len(apdu) > 4 else 0) or 256
        if offset > len(content) or (offset == len(content) and content):
            return b"", 0x6B00
        if asked > self.manners.read_max:
            if self.manners.read_over_max is not None:
                return b"", self.manners.read_over_max
            asked = self.manners.read_max
        data = content[offset : offset + asked]
        return data, 0x6282 if self.manners.end_warning and len(data) < asked else OK

    def _read_record(self, apdu: bytes) -> tuple[bytes, int]:
        found = self._file(apdu[3] >> 3 or None)
        if found is None:
            return b"", 0x6986
        if not isinstance(found[1], Records):
            return b"", 0x6981
        number = apdu[2]
        if not 1 <= number <= len(found[1].records):
            return b"", 0x6A83
        return found[1].records[number - 1], OK

    def _pin(self, apdu: bytes) -> tuple[str, int, Pin] | int:
        if self._application is not None and not any(isinstance(f, Pin) for f in self._application.files.values()):
            return 0x6D00  # an application without a PIN does not know the instruction
        found = self._file(apdu[3] & 0x1F or None)
        if found is None or self._application is None:
            return 0x6986
        if not isinstance(found[1], Pin):
            return 0x6981
        return f"{self._application.name}/{found[0]:04x}", found[0], found[1]

    def _verify(self, apdu: bytes) -> int:
        pin = self._pin(apdu)
        if isinstance(pin, int):
            return pin
        place, number, reference = pin
        left = self.state[place]
        self.pins_shown += len(apdu) > 5
        if len(apdu) == 4 or (self.manners.t0 and apdu[4:] == b"\x00"):
            if number in self._verified and self.manners.verified_query is not None:
                return self.manners.verified_query
            return self._count(left) if left else self.manners.blocked_query
        if left == 0:
            return self.manners.blocked_verify
        if len(apdu) != 5 + apdu[4]:
            return 0x6700
        self._verified.discard(number)
        self.state[place] = left - 1
        if apdu[5:] == reference.value:
            self.state[place] = reference.tries
            self._verified.add(number)
        self.on_spent()
        return OK if number in self._verified else self._count(left - 1)

    def _count(self, left: int) -> int:
        return 0x63C0 | left if self.manners.counts_aloud else 0x6300

    def _change(self, apdu: bytes) -> int:
        pin = self._pin(apdu)
        if isinstance(pin, int):
            return pin
        if pin[1] not in self._verified:
            return 0x6982
        new = apdu[5:]
        if len(apdu) < 6 or len(new) != apdu[4] or not pin[2].shortest <= len(new) <= pin[2].longest:
            return 0x6700
        pin[2].value = bytes(new)
        return OK

    def _sign(self, apdu: bytes, *, internal: bool) -> tuple[bytes, int]:
        if apdu[2] != 0 or (internal and apdu[3] != 0) or (not internal and not apdu[3] & 0x80):
            return b"", 0x6A86
        found = self._file(None if internal else apdu[3] & 0x1F or None)
        if found is None:
            return b"", 0x6986
        key = found[1]
        if not isinstance(key, Key) or key.internal is not internal:
            return b"", 0x6981
        if not self._open(key.guards):
            return b"", 0x6982
        length = apdu[4] if len(apdu) > 4 else 0
        whole = len(apdu) == 5 + length if self.manners.t0 else len(apdu) == 6 + length
        if not whole or not 1 <= length <= key.longest or (key.exactly is not None and length != key.exactly):
            return b"", 0x6700
        return key.sign(bytes(apdu[5 : 5 + length])), OK

    def _challenge(self, apdu: bytes) -> tuple[bytes, int]:
        if len(apdu) != 5:
            return b"", 0x6700
        return random.Random(f"{self.commands}").randbytes(apdu[4] or 256), OK

    def _get_response(self) -> tuple[bytes, int]:
        if not self._more:
            return b"", 0x6985
        data, self._more = self._more, b""
        return data, OK
