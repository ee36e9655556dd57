"""Coin hoppers on the ccTalk bus: `firmware.ports.Hoppers`.

**Counters decide.** A hopper counts every coin that passes its exit in a number it never forgets (header
168). What a dispense paid is the difference of that number to the one in the journal, whatever was answered,
lost, refused or cut off in between. `dispense` is therefore safe to call again with the same `before`: if
coins have come out since, it pays none.

**The command is never repeated blindly.** Header 167 is sent once. If its answer does not come, the line is
left silent until no answer can be under way, and then the hopper is asked what it did (166, 168). Only when
it says that it is not paying, and that not one coin has left since `before`, may the command be given
again, at most `_SENDS_MAX` times in all. A NAK says nothing by itself: some hoppers count it as an event.

**Off by default.** A hopper is enabled for one dispense and disabled after it, so that a stray command is
refused. One that lost power comes back disabled and never goes on by itself (SCH2 manual, p. 22-26); nor do
we. Coins that left without a command of ours, also while nobody watched (`explained` is what the journal knows),
are told once by `strays`, and the hopper is out of use until `acknowledge`.
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
_STALLED_S = 15.0  # longer than any product turns an empty tube before it gives up
_STOPS_MAX = 2
_SILENT_S = 8.0  # a hopper that lost power is back long before
_LATE_COIN_S = 0.3  # a coin in the exit drops after a stop (SCH2 manual, p. 38)
_RESTART_S = 2.0
_ENABLE = 165
_CATEGORY = b"Payout"


class DispenseStyle(StrEnum):
    """How header 167 is authorised."""

    NO_CIPHER = "no_cipher"  # SCH2 without encryption: header 160 first, then any eight bytes
    SERIAL = "serial"  # Alberici, Flow and others: the serial number


@dataclass(frozen=True, slots=True, kw_only=True)
class HopperIdentity:
    """Which unit it is; `coin` is "" where it does not name one."""

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
        """`explained`: the lifetime count as last journalled, None where nobody knows it."""
        self.identity: HopperIdentity | None = None
        self.strays: list[StrayPayout] = []
        self._suspect = False  # coins left it that nobody has acknowledged
        self._bus = bus
        self._address = address
        self._value_yen = value_yen
        self._style = style
        self._device = device
        self._life = explained

    def start(self) -> None:
        """Identify and disable. Raises `WrongDevice`, or `NoReply` when nobody is there."""
        self.identity = self._identify()
        if self._status().remaining == 0:
            flags = self._flags()
            if flags.reset_first or flags.timed_out:  # staff has cleared or filled it; let it look again
                self._reset()
            if flags.enabled:
                self._enable(on=False)
        self._look_for_strays()

    def state(self) -> HopperState:
        """UNKNOWN when it does not answer; HARDWARE_ERROR until strays are acknowledged."""
        try:
            flags = self._flags()
            level = self._bus.ask_optional(self._address, Header.REQUEST_PAYOUT_HIGH_LOW, lengths=(1,))
            self._look_for_strays()
        except NoReply:
            return HopperState.UNKNOWN
        return HopperState.HARDWARE_ERROR if self._suspect else flags.state(level)

    def look(self) -> None:
        """See whether coins have left since the last look. One that is silent, or never answered, is passed over."""
        if self.identity is not None:
            with suppress(NoReply, BadReply):
                self._look_for_strays()

    def counters(self) -> HopperCounters:
        """Both counters before a dispense: what moved until now is not that dispense's."""
        reading = self._reading()
        self._explain(reading.life_total)
        return HopperCounters(event_counter=reading.status.event_counter, life_total=reading.life_total)

    def acknowledge(self) -> None:
        """Staff has seen to the coins that left without a command."""
        self._suspect = False

    def dispense(self, coins: int, before: HopperCounters) -> Dispensed:
        """Pay, and settle by counters; see the module. `paid=None` when they cannot be read."""
        assert 0 < coins <= COMMAND_MAX
        try:
            self._pay(coins, before)
        except (LineLost, DeviceFault):
            return self._unknown(coins)
        except DeviceError:  # whatever went wrong on the way, the counters say how far it came
            return self._count(coins, before, silent_s=2.0)
        else:
            return self._count(coins, before, silent_s=_SILENT_S)
        finally:
            self._switch_off()

    def settle(self, coins: int, before: HopperCounters) -> Dispensed:
        """What became of the dispense that began at `before`. Sends no command that moves a coin."""
        return self._count(coins, before, silent_s=_SILENT_S)

    def _count(self, coins: int, before: HopperCounters, *, silent_s: float) -> Dispensed:
        try:
            self._until_idle(silent_s)
            return self._settled(coins, before)
        except DeviceError:
            return self._unknown(coins)

    # --- paying ---------------------------------------------------------------------------------

    def _pay(self, coins: int, before: HopperCounters) -> None:
        """Give the command until one was carried out, or failed, or coins are out already."""
        if self.identity is None:  # it was silent when the machine started
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
        """Header 167, once. True when the hopper said that it took it; False may mean anything."""
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
        """Wait until the motor rests and read the counters; stop a motor that turns without result.

        Raises what the bus raised last when the hopper has been silent for `silent_s`, `DeviceFault` when it cannot
        be stopped: not even a start may wait for it for ever.
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
            raise DeviceFault(self._device, "its motor does not stop.")
        self._bus.ask_optional(self._address, Header.EMERGENCY_STOP, lengths=(0, 1))

    def _rested(self, status: PayoutStatus) -> PayoutReading:
        """With coins unpaid one may still be in the exit: read until two readings apart agree."""
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
        if paid > COMMAND_MAX or (flags.counters_doubtful and paid != reading.status.paid):
            paid_or_unknown, state = None, HopperState.HARDWARE_ERROR
        self._life = reading.life_total
        counters = HopperCounters(event_counter=reading.status.event_counter, life_total=reading.life_total)
        return Dispensed(value_yen=self._value_yen, asked=coins, paid=paid_or_unknown, counters=counters, state=state)

    def _unknown(self, coins: int) -> Dispensed:
        """The counters are out of reach: they explain themselves to `settle` later."""
        self._life = None
        return Dispensed(value_yen=self._value_yen, asked=coins, paid=None, counters=None, state=HopperState.UNKNOWN)

    # --- keeping an eye on it -------------------------------------------------------------------

    def _look_for_strays(self) -> None:
        """Compare the lifetime count with what our own dispenses explain."""
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
        """What is not as expected is read twice before it is believed."""
        data = self._bus.ask(self._address, Header.REQUEST_CATEGORY, lengths=range(256))
        if data != _CATEGORY:
            data = self._bus.ask_steady(self._address, Header.REQUEST_CATEGORY, lengths=range(256), first=data)
        if data != _CATEGORY:
            raise WrongDevice(self._device, f"address {self._address} is {data!r}, not a hopper.")
        coin = self._coin()
        if coin_value(coin) not in {None, self._value_yen}:
            raise WrongDevice(
                self._device, f"address {self._address} pays {coin}, {self._value_yen} yen were expected."
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
        """Only a hopper that is authorised by it would notice a misread one."""
        if self._style is DispenseStyle.SERIAL:
            return self._bus.ask_steady(self._address, Header.REQUEST_SERIAL, lengths=(3, 4))
        return self._bus.ask(self._address, Header.REQUEST_SERIAL, lengths=(3, 4))

    def _status(self) -> PayoutStatus:
        return PayoutStatus.of(self._bus.ask(self._address, Header.REQUEST_PAYOUT_STATUS, lengths=(4,)))

    def _reading(self) -> PayoutReading:
        """Both counters, each believed when two readings in a row agree: they are money."""
        status = self._bus.ask_steady(self._address, Header.REQUEST_PAYOUT_STATUS, lengths=(4,))
        life = self._bus.ask_steady(self._address, Header.REQUEST_DISPENSE_COUNT, lengths=(3,))
        return PayoutReading.of(status, life)

    def _flags(self) -> HopperFlags:
        return HopperFlags(self._bus.ask_steady(self._address, Header.REQUEST_HOPPER_STATUS, lengths=(1, 2, 3)))

    def _enable(self, *, on: bool) -> bool:
        """Header 164, confirmed by the flags."""
        for _ in range(3):
            self._bus.ask_optional(self._address, Header.ENABLE_HOPPER, bytes((_ENABLE if on else 0,)), lengths=(0,))
            if self._flags().enabled is on:
                return True
        return False

    def _switch_off(self) -> None:
        try:
            self._enable(on=False)
        except DeviceError:
            return  # whoever lost contact has lost power too, or refuses a second command anyway

    def _reset(self) -> None:
        """Soft reset; the device is mute for a while after it."""
        self._bus.tell_once(self._address, Header.RESET, lengths=(0,), timeout_s=0.3)
        deadline_s = self._bus.clock.monotonic() + _RESTART_S
        self._bus.pause(0.2)
        while self._bus.ask_optional(self._address, Header.SIMPLE_POLL, lengths=(0,)) is None:
            if self._bus.clock.monotonic() > deadline_s:
                raise NoReply(self._device, f"address {self._address} did not come back after a reset.")


def _out(reading: PayoutReading, before: HopperCounters) -> int:
    """How many coins have left since `before`."""
    return (reading.life_total - before.life_total) & _LIFE_MASK


def _tried(base: PayoutStatus, after: PayoutStatus, coins: int) -> bool:
    """Whether the hopper carried the command out, as far as it got: then it would fail again."""
    moved = after.event_counter != base.event_counter
    return moved and (after.unpaid == coins or (after.paid, after.unpaid) != (base.paid, base.unpaid))


class HopperBank:
    """All hoppers of the machine, by coin value: `firmware.ports.Hoppers`.

    `hoppers`: value in yen -> address. `styles`: value in yen -> how it is authorised; `no_cipher` if not named.
    `explained`: value in yen -> lifetime count as last journalled, without the hopper of an unsettled payout.
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
        """Identify every hopper. One that is silent is UNKNOWN in `states`; all silent raises `NoReply`."""
        silent = 0
        for hopper in self._hoppers.values():
            try:
                hopper.start()
            except NoReply:
                silent += 1
        if silent and silent == len(self._hoppers):
            raise NoReply(self._device, "no hopper answers.")

    def states(self) -> Mapping[int, HopperState]:
        return {value: hopper.state() for value, hopper in self._hoppers.items()}

    def counters(self, value_yen: int) -> HopperCounters:
        return self._hoppers[value_yen].counters()

    def dispense(self, value_yen: int, coins: int, before: HopperCounters) -> Dispensed:
        return self._hoppers[value_yen].dispense(coins, before)

    def settle(self, value_yen: int, coins: int, before: HopperCounters) -> Dispensed:
        return self._hoppers[value_yen].settle(coins, before)

    def look(self) -> None:
        """Ask the next hopper in turn whether coins have left it: one question, for idle moments."""
        for hopper in islice(self._in_turn, 1):
            hopper.look()

    def strays(self) -> Sequence[StrayPayout]:
        """What left without a command and was not told before. Asks nobody."""
        found = [stray for hopper in self._hoppers.values() for stray in hopper.strays]
        for hopper in self._hoppers.values():
            hopper.strays.clear()
        return found

    def acknowledge(self, value_yen: int) -> None:
        """Staff has seen to the coins that left this hopper; it may be used again."""
        self._hoppers[value_yen].acknowledge()

    def identities(self) -> Mapping[int, HopperIdentity | None]:
        return {value: hopper.identity for value, hopper in self._hoppers.items()}
