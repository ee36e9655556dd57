"""Coin hoppers on the ccTalk bus: `firmware.ports.Hoppers`.

**Counters decide.** A hopper counts every coin that passes its exit in a number that survives a power cut (header
168). A dispense paid the difference between that number and the one in the journal, whatever was answered,
lost, refused or cut off in between. So `dispense` may be called again with the same `before`: if
coins have come out since, it pays none.

**The command is never repeated blindly.** Header 167 is sent once. If no answer comes, the driver sends
nothing until no answer can be under way, and then asks the hopper what it did (166, 168). It repeats the command
only when the hopper is not paying and not one coin has left since `before`,
at most `_SENDS_MAX` times in all. A NAK proves nothing: some hoppers count it as an event.

**Off by default.** A hopper is enabled for one dispense and disabled after it, so that it refuses a stray
command. After a power cut it is disabled and does not resume the payout (SCH2 manual, p. 22-26); the driver does
not resume it either. `strays` returns once the coins that left without a command, also those that left while the
machine was off (`explained` is the journalled count). The hopper is then out of use until `acknowledge`.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle, islice

from drivers.coin.bus import CcTalkBus
from drivers.coin.cctalk import Header, coin_value, number
from drivers.coin.payout import HopperFlags, PayoutReading, PayoutStatus
from drivers.errors import BadReply, DeviceError, DeviceFault, LineLost, NoReply, WrongDevice
from drivers.vocabulary import COMMAND_MAX, TUBE_MAX, Dispensed, HopperCounters, HopperState, StrayPayout

_LIFE_MASK = 0xFFFFFF
_SENDS_MAX = 3
_POLL_S = 0.1
_STALLED_S = 15.0  # every product stops its motor sooner when the tube is empty
_STOPS_MAX = 2
_SILENT_S = 8.0  # a hopper that lost power answers again sooner
_LATE_COIN_S = 0.3  # a coin in the exit drops after a stop (SCH2 manual, p. 38)
_RESTART_S = 2.0
_ENABLE = 165
_CATEGORY = b"Payout"


class DispenseStyle(StrEnum):
    """What header 167 carries to authorise the dispense."""

    NO_CIPHER = "no_cipher"  # SCH2 without encryption: header 160 first, then any eight bytes
    SERIAL = "serial"  # Alberici, Flow and others: the serial number


# How a product code says what the dispense wants (SCH2 manual, p. 59; Flow manual, title page).
_STYLE_TOLD: Mapping[bytes, DispenseStyle] = {
    b"NOENCRYPT": DispenseStyle.NO_CIPHER,
    b"USE_SERNR": DispenseStyle.SERIAL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HopperIdentity:
    """The hopper's serial number and coin identification; `coin` is "" where it names none."""

    serial: bytes
    coin: str


class Hopper:
    """One hopper at one address, holding coins of one value."""

    def __init__(
        self,
        bus: CcTalkBus,
        address: int,
        value_yen: int,
        style: DispenseStyle,
        device: str,
        explained: int | None = None,
    ) -> None:
        """`explained`: the lifetime count as last journalled; None when the journal holds none."""
        self.identity: HopperIdentity | None = None
        self.strays: list[StrayPayout] = []
        self.seen: HopperState | None = None  # as last read; None: never
        self._suspect = False  # coins left it without a command, and `acknowledge` has not been called
        self._bus = bus
        self._address = address
        self._value_yen = value_yen
        self._style = style
        self._device = device
        self._life = explained

    def start(self) -> None:
        """Identify and disable the hopper. Raises `WrongDevice`; `NoReply` when no hopper answers at the address."""
        self.identity = self._identify()
        self._check_lock()
        self._check_style()
        if self._status().remaining == 0 and self._flags().enabled:
            self._enable(on=False)
        self.state()

    def clear(self) -> None:
        """Staff has filled or freed it: clear what it remembers of a payout that failed. Skips one that does not answer."""
        with suppress(NoReply, BadReply):
            flags = self._flags()
            if self._status().remaining == 0 and (flags.reset_first or flags.timed_out):
                self._reset()

    def state(self) -> HopperState:
        """UNKNOWN when it does not answer; HARDWARE_ERROR until strays are acknowledged."""
        self.seen = self._state()
        return HopperState.HARDWARE_ERROR if self._suspect and self.seen is not HopperState.UNKNOWN else self.seen

    def _state(self) -> HopperState:
        try:
            flags = self._flags()
            level = self._bus.ask_optional(self._address, Header.REQUEST_PAYOUT_HIGH_LOW, lengths=(1,))
            self._look_for_strays()
        except NoReply:
            return HopperState.UNKNOWN
        return flags.state(level)

    def look(self) -> None:
        """Note its state in `seen`, and in `strays` the coins that left since the last look."""
        with suppress(NoReply, BadReply):
            if self.identity is None:  # it did not answer when the machine started
                self.start()
            else:
                self.state()

    def counters(self) -> HopperCounters:
        """Both counters before a dispense. Coins that left without a command up to now go into `strays`."""
        reading = self._reading()
        self._explain(reading.life_total)
        return HopperCounters(event_counter=reading.status.event_counter, life_total=reading.life_total)

    def acknowledge(self) -> None:
        """Put the hopper back into use: staff has looked for the coins that left without a command."""
        self._suspect = False

    def dispense(self, coins: int, before: HopperCounters) -> Dispensed:
        """Pay `coins`, and read from the counters how many came out. `paid=None` when they cannot be read."""
        assert 0 < coins <= COMMAND_MAX
        try:
            self._pay(coins, before)
        except (LineLost, DeviceFault):
            return self._unknown(coins)
        except DeviceError:  # the counters still say how many coins came out
            return self._count(coins, before, silent_s=2.0)
        else:
            return self._count(coins, before, silent_s=_SILENT_S)
        finally:
            self._switch_off()

    def settle(self, coins: int, before: HopperCounters) -> Dispensed:
        """How many coins the dispense that began at `before` has paid. Sends no command that moves a coin."""
        return self._count(coins, before, silent_s=_SILENT_S)

    def _count(self, coins: int, before: HopperCounters, *, silent_s: float) -> Dispensed:
        try:
            self._until_idle(silent_s)
            return self._settled(coins, before)
        except DeviceError:
            return self._unknown(coins)

    # --- paying ---------------------------------------------------------------------------------

    def _pay(self, coins: int, before: HopperCounters) -> None:
        """Send the command until the hopper has carried one out or failed, or coins have left since `before`."""
        if self.identity is None:  # it did not answer when the machine started
            self.start()
        for _ in range(_SENDS_MAX):
            self._bus.hush()
            self._until_idle()
            if not self._made_ready():
                return
            base = self._reading()
            if _out(base, before):  # an earlier call, or an earlier try, has paid already
                return
            carried_out = self._send(coins)
            after = self._until_idle()
            restarted = base.status.event_counter and not after.status.event_counter
            if carried_out or restarted or _tried(base.status, after.status, coins):
                return

    def _send(self, coins: int) -> bool:
        """Send header 167 once. True when the hopper accepted it; after False it may have paid or not."""
        if self._style is DispenseStyle.NO_CIPHER:
            self._bus.ask(self._address, Header.REQUEST_PAYOUT_CIPHER, lengths=(8,))
            authorisation = bytes(8)
        else:
            assert self.identity is not None
            authorisation = self.identity.serial[:3]
        reply = self._bus.tell_once(
            self._address, Header.DISPENSE, authorisation + bytes((coins,)), lengths=(0, 1), timeout_s=1.0
        )
        return reply is not None and reply.header == Header.REPLY

    def _made_ready(self) -> bool:
        flags = self._flags()
        if flags.reset_first:
            self._reset()
            flags = self._flags()
        return not flags.reset_first and self._enable(on=True)

    def _until_idle(self, silent_s: float = _SILENT_S) -> PayoutReading:
        """Wait until the motor rests and read the counters; stop a motor that turns and pays nothing.

        Raises the last error of the bus when the hopper has been silent for `silent_s`, `DeviceFault` when the motor
        cannot be stopped.
        """
        clock = self._bus.clock
        moved_s = heard_s = clock.monotonic()
        last: PayoutStatus | None = None
        stops = 0
        while True:
            try:
                status = self._status()
                heard_s = clock.monotonic()
                if status.remaining == 0:
                    return self._rested(status)
                if last is None or status != last:
                    last, moved_s = status, heard_s
                elif heard_s - moved_s > _STALLED_S:
                    stops += 1
                    self._stop(stops)
                    moved_s = heard_s
            except (LineLost, DeviceFault):
                raise
            except DeviceError:
                if clock.monotonic() - heard_s > silent_s:
                    raise
            self._bus.pause(_POLL_S)

    def _stop(self, times: int) -> None:
        if times > _STOPS_MAX:
            raise DeviceFault(self._device, "its motor does not stop: switch off its power.")
        self._bus.ask_optional(self._address, Header.EMERGENCY_STOP, lengths=(0, 1))

    def _rested(self, status: PayoutStatus) -> PayoutReading:
        """Read the counters. After a payout that fell short a coin may still drop: read until two readings agree."""
        reading = self._reading()
        while status.unpaid:
            self._bus.pause(_LATE_COIN_S)
            before, reading = reading, self._reading()
            if before == reading:
                break
        return reading

    def _settled(self, coins: int, before: HopperCounters) -> Dispensed:
        reading, flags = self._reading(), self._flags()
        paid = _out(reading, before)
        state = flags.state(None)
        paid_or_unknown: int | None = paid
        doubtful = flags.counters_doubtful and paid != reading.status.paid
        if paid > COMMAND_MAX or doubtful or _contradicts(reading.status, paid, coins, before):
            paid_or_unknown, state = None, HopperState.HARDWARE_ERROR
        self._life, self.seen = reading.life_total, state
        counters = HopperCounters(event_counter=reading.status.event_counter, life_total=reading.life_total)
        return Dispensed(value_yen=self._value_yen, asked=coins, paid=paid_or_unknown, counters=counters, state=state)

    def _unknown(self, coins: int) -> Dispensed:
        """The counters cannot be read now; `settle` reads them later and decides."""
        self._life, self.seen = None, HopperState.UNKNOWN
        return Dispensed(value_yen=self._value_yen, asked=coins, paid=None, counters=None, state=HopperState.UNKNOWN)

    # --- coins that left without a command ------------------------------------------------------

    def _look_for_strays(self) -> None:
        """Compare the lifetime count with the count after the last dispense."""
        life = number(self._bus.ask(self._address, Header.REQUEST_DISPENSE_COUNT, lengths=(3,)))
        if life != self._life:
            self._explain(self._reading().life_total)

    def _explain(self, life: int) -> None:
        if self._life is not None and life != self._life:
            coins = (life - self._life) & _LIFE_MASK
            believable = coins if coins <= TUBE_MAX else None
            self.strays.append(StrayPayout(value_yen=self._value_yen, coins=believable, life_total=life))
            self._suspect = True
        self._life = life

    # --- asking ---------------------------------------------------------------------------------

    def _identify(self) -> HopperIdentity:
        """Raises `WrongDevice`, after two equal readings."""
        data = self._bus.ask(self._address, Header.REQUEST_CATEGORY, lengths=range(256))
        if data != _CATEGORY:
            data = self._bus.ask_steady(self._address, Header.REQUEST_CATEGORY, lengths=range(256), first=data)
        if data != _CATEGORY:
            raise WrongDevice(self._device, f"address {self._address} is {data!r}, not a hopper.")
        coin = self._coin()
        if coin_value(coin) not in {None, self._value_yen}:
            raise WrongDevice(
                self._device,
                f"address {self._address} holds {coin}, but {self._value_yen} yen is set for it: correct the address.",
            )
        return HopperIdentity(serial=self._serial(), coin=coin)

    def _coin(self) -> str:
        header = Header.REQUEST_HOPPER_COIN
        data = self._bus.ask_optional(self._address, header, lengths=(6,)) or b""
        coin = data.strip(b"\0-").decode("ascii", "replace")
        if data and coin_value(coin) != self._value_yen:
            data = self._bus.ask_steady(self._address, header, lengths=(6,), first=data)
            coin = data.strip(b"\0-").decode("ascii", "replace")
        return coin

    def _serial(self) -> bytes:
        """Read twice only where it authorises the dispense: a misread one would be refused."""
        if self._style is DispenseStyle.SERIAL:
            return self._bus.ask_steady(self._address, Header.REQUEST_SERIAL, lengths=(3, 4))
        return self._bus.ask(self._address, Header.REQUEST_SERIAL, lengths=(3, 4))

    def _check_lock(self) -> None:
        """Raises `DeviceFault` when the hopper says that it pays nothing until somebody enters its PIN."""
        if self._flags().pin_locked:
            raise DeviceFault(
                self._device,
                f"address {self._address} is locked with a PIN and pays nothing: remove its PIN, or put another hopper in.",
            )

    def _check_style(self) -> None:
        """Raises `WrongDevice` when the hopper says, or shows, that it wants another authorisation than the unit file has.

        Some product codes end with the style. Where none does, a hopper without cipher is told to pay 0 coins, which moves
        nothing (SCH2 manual, header 167): one that wants its cipher computed refuses that, too.
        """
        code = self._bus.ask_optional(self._address, Header.REQUEST_PRODUCT, lengths=range(256)) or b""
        told = next((style for mark, style in _STYLE_TOLD.items() if mark in code), None)
        if told not in {None, self._style}:
            raise WrongDevice(
                self._device,
                f"address {self._address} wants dispense style {told}, but the unit file says {self._style}: correct it.",
            )
        rests = self._status().remaining == 0
        if self._style is DispenseStyle.NO_CIPHER and told is None and rests and not self._pays_zero():
            raise WrongDevice(
                self._device,
                f"address {self._address} refuses to pay without a cipher: it is encrypted, or wants another style. Put a plain one in.",
            )

    def _pays_zero(self) -> bool:
        """Whether it accepts a command to pay 0 coins. True where it does not answer: then nothing is proved."""
        if not self._made_ready():
            return True  # its flags say why
        cipher = self._bus.ask_optional(self._address, Header.REQUEST_PAYOUT_CIPHER, lengths=(8,))
        reply = self._bus.tell_once(self._address, Header.DISPENSE, bytes(8) + b"\0", lengths=(0, 1), timeout_s=1.0)
        self._enable(on=False)
        return cipher is not None and (reply is None or reply.header == Header.REPLY)

    def _status(self) -> PayoutStatus:
        return PayoutStatus.of(self._bus.ask(self._address, Header.REQUEST_PAYOUT_STATUS, lengths=(4,)))

    def _reading(self) -> PayoutReading:
        """Both counters, each taken when two readings in a row agree, because they decide about money."""
        status = self._bus.ask_steady(self._address, Header.REQUEST_PAYOUT_STATUS, lengths=(4,))
        life = self._bus.ask_steady(self._address, Header.REQUEST_DISPENSE_COUNT, lengths=(3,))
        return PayoutReading.of(status, life)

    def _flags(self) -> HopperFlags:
        return HopperFlags(self._bus.ask_steady(self._address, Header.REQUEST_HOPPER_STATUS, lengths=(1, 2, 3)))

    def _enable(self, *, on: bool) -> bool:
        """Send header 164; True when the flags confirm it, False after three tries."""
        for _ in range(3):
            self._bus.ask_optional(self._address, Header.ENABLE_HOPPER, bytes((_ENABLE if on else 0,)), lengths=(0,))
            if self._flags().enabled is on:
                return True
        return False

    def _switch_off(self) -> None:
        try:
            self._enable(on=False)
        except DeviceError:
            return  # it was switched off, and comes back disabled; or it pays nothing without a new command

    def _reset(self) -> None:
        """Soft reset; the device does not answer for a while after it. Raises `NoReply` after `_RESTART_S`."""
        self._bus.tell_once(self._address, Header.RESET, lengths=(0,), timeout_s=0.3)
        deadline_s = self._bus.clock.monotonic() + _RESTART_S
        self._bus.pause(0.2)
        while self._bus.ask_optional(self._address, Header.SIMPLE_POLL, lengths=(0,)) is None:
            if self._bus.clock.monotonic() > deadline_s:
                raise NoReply(
                    self._device, f"address {self._address} does not answer since its reset: check its power."
                )


def _out(reading: PayoutReading, before: HopperCounters) -> int:
    """How many coins have left since `before`."""
    return (reading.life_total - before.life_total) & _LIFE_MASK


def _contradicts(status: PayoutStatus, paid: int, coins: int, before: HopperCounters) -> bool:
    """Whether the hopper's count of this payout (header 166) says another number than its lifetime count.

    A unit with one status byte has no other way to tell that its counters are broken. Where no coin is counted, its last
    payout may be an earlier one: it is this one when it is the next event, and as many coins.
    """
    if paid:
        return status.paid != paid
    is_this_one = status.event_counter == before.event_counter % 255 + 1 and status.paid + status.unpaid == coins
    return is_this_one and status.paid > 0


def _tried(base: PayoutStatus, after: PayoutStatus, coins: int) -> bool:
    """Whether the hopper began to carry the command out; a second one would fail like the first."""
    moved = after.event_counter != base.event_counter
    return moved and (after.unpaid == coins or (after.paid, after.unpaid) != (base.paid, base.unpaid))


class HopperBank:
    """All hoppers of the machine, by coin value: `firmware.ports.Hoppers`.

    `hoppers`: value in yen -> address. `styles`: value in yen -> dispense style, `no_cipher` if not given.
    `explained`: value in yen -> lifetime count as last journalled; it leaves out the hopper of an unsettled payout.
    """

    def __init__(
        self,
        bus: CcTalkBus,
        hoppers: Mapping[int, int],
        *,
        styles: Mapping[int, DispenseStyle | str] | None = None,
        explained: Mapping[int, int] | None = None,
        device: str = "hopper",
    ) -> None:
        chosen, known = styles or {}, explained or {}
        self._device = device
        self._hoppers = {
            value: Hopper(
                bus,
                address,
                value,
                DispenseStyle(chosen.get(value, "no_cipher")),
                f"{device} {value}",
                known.get(value),
            )
            for value, address in hoppers.items()
        }
        self._in_turn = cycle(self._hoppers.values())

    def start(self) -> None:
        """Identify every hopper. One that does not answer is UNKNOWN in `states`. Raises `NoReply` when none answers."""
        silent = 0
        for hopper in self._hoppers.values():
            try:
                hopper.start()
            except NoReply:
                hopper.seen = HopperState.UNKNOWN
                silent += 1
        if silent and silent == len(self._hoppers):
            raise NoReply(self._device, "no hopper answers: check their power and the cable of the coin bus.")

    def states(self) -> Mapping[int, HopperState]:
        return {value: hopper.state() for value, hopper in self._hoppers.items()}

    def seen(self) -> Mapping[int, HopperState]:
        """The states as last read, without a question."""
        return {value: hopper.seen for value, hopper in self._hoppers.items() if hopper.seen is not None}

    def clear(self) -> None:
        """Staff has filled or freed a hopper: clear what each remembers of a payout that failed."""
        for hopper in self._hoppers.values():
            hopper.clear()

    def counters(self, value_yen: int) -> HopperCounters:
        return self._hoppers[value_yen].counters()

    def dispense(self, value_yen: int, coins: int, before: HopperCounters) -> Dispensed:
        return self._hoppers[value_yen].dispense(coins, before)

    def settle(self, value_yen: int, coins: int, before: HopperCounters) -> Dispensed:
        return self._hoppers[value_yen].settle(coins, before)

    def look(self) -> None:
        """Ask the next hopper in turn how it is, and whether coins have left it. Call it while idle; it takes three questions."""
        for hopper in islice(self._in_turn, 1):
            hopper.look()

    def strays(self) -> Sequence[StrayPayout]:
        """Coins that left without a command, each returned once. Sends nothing."""
        found = [stray for hopper in self._hoppers.values() for stray in hopper.strays]
        for hopper in self._hoppers.values():
            hopper.strays.clear()
        return found

    def acknowledge(self, value_yen: int) -> None:
        """Put this hopper back into use: staff has looked for the coins that left it without a command."""
        self._hoppers[value_yen].acknowledge()
