"""A ccTalk coin acceptor: `firmware.ports.CoinAcceptor`.

**Money is header 229.** Its answer is a counter and the five newest events (part 2, section 3.27). The
counter is 0 only after a reset, then 1 to 255 and 1 again. The number of new events is the difference to the
last counter handled, so asking twice credits nothing twice, and a lost answer loses nothing. Of more than five
new events, five are credited; the rest is reported as `CreditsLost`, as far as they were coins. Events are handled oldest first.

**Restarts.** The firmware journals the last counter handled, so a coin accepted while the host was down is
credited at the next start. After a reset of the acceptor its counter is 0, or a number that it
could not have reached in the time that passed; then every event it shows came after the reset. At a start the inhibits
show it, too: some acceptors send a dummy event after power-up, and coins may be pushed into the closed slot, so the
counter alone can pass for the old one. The driver applies the inhibits again and reports the restart.

**A second count.** Header 225 counts accepted coins by itself. While no events come, and in `compare`, the driver reads it: a
coin that was accepted and never shown in 229 is reported as lost, and a credit for which no coin was counted as
`CreditsWithoutCoins` (fault M1). It also says how many of the events that were lost in a burst were coins. A lower count
is the new base only after a restart, when it agrees with the coins since then (`_judge`), because some
acceptors keep it in RAM; the credits before the restart then stay unproven.

**Closed is the default.** While no session wants coins, the masks are all zero and the master inhibit is set;
the driver reads both back. It notices an unreported reset when the acceptor refuses coins that are allowed,
or at the regular check of the inhibits.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import assert_never

from drivers.coin.bus import CcTalkBus
from drivers.coin.cctalk import Header, number
from drivers.coin.events import Kind, Reading, kind_of
from drivers.errors import BadReply, DeviceError, DeviceFault, NoReply, NotPaired, WrongDevice
from drivers.vocabulary import (
    TOTAL_MASK,
    AcceptorBlocked,
    AcceptorCounters,
    AcceptorRestarted,
    CoinCredited,
    CoinEvent,
    CoinFraud,
    CoinRejected,
    Compared,
    CreditsLost,
    CreditsWithoutCoins,
    coins_between,
)

POSITIONS = 16
UNPROGRAMMED = "......"
_EVENTS = 5
_FASTEST_COINS_PER_S = 20.0  # no acceptor takes coins faster (part 4, 1.3.12)
_CHECK_EVERY_S = 5.0
_CHECK_AT_LAST_S = 15.0
_HOST_AWAY_S = 1.0  # an acceptor that nobody polls stops by itself after this (part 4, 2.1.2)
_CLOSE_TRIES = 4
_COMPARE_TRIES = 4
_CATEGORY = "Coin Acceptor"
_INHIBITED = 2  # event code: inhibited coin


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptorIdentity:
    """The acceptor's serial number, and the coin identifications of its positions 1 to 16."""

    serial: int
    coins: tuple[str, ...]


class Acceptor:
    """One acceptor at one address.

    `paired_serial`: the unit this machine was paired with, None to take the first one seen. `values`: coin
    identification -> yen; other coins are never enabled. `last_event_counter` and `last_accepted_total`: as
    last journalled, None on a new machine. `last_lost`: coins reported as lost since; the device may count them.
    """

    selective = True
    rest_s = 0.175  # plus 25 ms on the wire: one poll in 200 ms. The acceptor inhibits itself after 1 s without a poll

    def __init__(
        self,
        bus: CcTalkBus,
        address: int,
        paired_serial: int | None,
        values: Mapping[str, int],
        last_event_counter: int | None,
        *,
        device: str = "acceptor",
        last_accepted_total: int | None = None,
        last_lost: int = 0,
    ) -> None:
        self.identity: AcceptorIdentity | None = None
        self._bus = bus
        self._address = address
        self._paired_serial = paired_serial
        self._newly_paired: int | None = None
        self._values = values
        self._device = device
        self._last = last_event_counter  # counter of the newest event handled
        self._accepted = last_accepted_total  # what header 225 says if no coin was lost
        self._compared = last_accepted_total  # what header 225 said when it was last compared
        self._counts_accepted = False
        self._has_master = True
        self._position_values: dict[int, int] = {}
        self._programmed = 0
        self._wanted = 0  # mask of the coins that may be taken now
        self._pending: list[CoinEvent] = []
        self._handed: AcceptorCounters | None = None  # the counters before `_pending`, until `poll` returns it
        self._polled_s = 0.0
        self._checked_s = 0.0
        self._inhibits_doubted = False
        self._restart_told = False
        self._audit_due = False
        self._lost_told = last_lost  # events reported as lost since the last audit
        self._since_restart: int | None = None  # credits since a restart that came after the last audit
        self._count_began_anew = False  # header 225 began again at 0 since the slot was opened
        self._silent_polls = 0

    def start(self) -> None:
        """Identify the acceptor, close the slot, and read the events since the last counter handled.

        Raises `NotPaired` for another acceptor than the paired one, `WrongDevice` when the device is no acceptor
        or knows none of our coins, `DeviceFault` when it reports a fault of its own or keeps its count
        back. May be called again after a failure.
        """
        self._wanted = 0
        self.identity = self._identify()
        self._map_positions(self.identity.coins)
        master = self._optional(Header.REQUEST_MASTER_INHIBIT, lengths=(1,))
        self._has_master = master is not None
        lost_power = self._last is not None and bool(master and master[0] & 1) and self._masks_are_zero()
        self._apply()
        self._check_itself()
        self._catch_up(lost_power=lost_power)

    def pair(self, serial: int) -> bool:
        """Pair with the acceptor of this serial number, and start it.

        Counting begins at the new acceptor's counters. Raises what `start` raises; the old pairing then stays.
        """
        kept = self._paired_serial, self._last, self._accepted
        self._paired_serial, self._last, self._accepted = serial, None, None
        try:
            self.start()
        except DeviceError:
            self._paired_serial, self._last, self._accepted = kept
            raise
        self._newly_paired = serial
        return True

    def newly_paired(self) -> int | None:
        """The serial number paired since the last call, by `pair` or as the first one ever seen; None if none was."""
        serial, self._newly_paired = self._newly_paired, None
        return serial

    @property
    def under_way(self) -> bool:
        """Always False: ccTalk has no question for a coin that is still moving inside the acceptor."""
        return False

    def accept(self, values_yen: frozenset[int]) -> None:
        """Open the slot for these values: enable every coin identification of each value, and read it back.

        Raises `DeviceFault` when the acceptor does not confirm.
        """
        assert self.identity is not None
        if not self._wanted:
            self._count_began_anew = False
        self._wanted = sum(1 << (p - 1) for p, value in self._position_values.items() if value in values_yen)
        self._apply()

    def inhibit(self) -> None:
        """Close the slot; when this returns the acceptor has confirmed it. A coin already inside is still counted."""
        # With a counter of 0 a restart shows only in the inhibits, and closing would overwrite those.
        if self._wanted and self._last == 0:
            with suppress(NoReply, BadReply):
                if not self._inhibits_are_right(self._ask):
                    self._pending.append(AcceptorRestarted())
        self._wanted = 0
        self._apply()
        self._audit_due = True

    def poll(self) -> Sequence[CoinEvent]:
        """All events since the last poll, oldest first. Call it every 200 ms while the slot is open.

        The first poll without an answer returns nothing new; the second in a row raises `NoReply`. When there are
        events and trouble, this poll returns the events and the next one raises.
        """
        try:
            self._look()
            self._silent_polls = 0
        except NoReply:
            self._silent_polls += 1
            if self._silent_polls > 1 and not self._pending:
                raise
        except DeviceError:
            if not self._pending:
                raise
        events, self._pending = self._pending, []
        self._handed = None
        return events

    def compare(self) -> Compared:
        """Read the events, then compare header 225 with all credits. Raises nothing: a silent acceptor proves nothing."""
        borne = False
        self._audit_due = self._counts_accepted
        with suppress(DeviceError):  # the next poll raises it again
            for _ in range(_COMPARE_TRIES if self._counts_accepted else 0):
                self._look()
                if not self._audit_due:
                    borne = not self._count_began_anew
                    break
        events, self._pending = tuple(self._pending), []
        self._handed = None
        return Compared(borne, events)

    def counters(self) -> AcceptorCounters:
        """The counters after the last event that `poll` returned: journal both for the constructor at the next start."""
        return self._handed or AcceptorCounters(event_counter=self._last or 0, accepted_total=self._accepted)

    def blocked(self) -> bool:
        """Whether the self-check still reports a fault. False when the acceptor does not answer it."""
        return self._fault_of_its_own() != 0

    def accepted_by_device(self) -> int | None:
        """Coins accepted in the device's life (header 225); None where it does not count them."""
        data = self._optional(Header.REQUEST_ACCEPT_COUNTER, lengths=(3,))
        return None if data is None else number(data)

    # --- identity -------------------------------------------------------------------------------

    def _identify(self) -> AcceptorIdentity:
        """Raises `WrongDevice` or `NotPaired`, each after two equal readings."""
        category = self._category()
        if category != _CATEGORY:
            raise WrongDevice(self._device, f"address {self._address} is a {category!r}, not a coin acceptor.")
        serial = self._paired()
        identity = AcceptorIdentity(serial=serial, coins=self._coin_table())
        if self._paired_serial is None:
            self._paired_serial = self._newly_paired = serial
        return identity

    def _paired(self) -> int:
        """The serial number of the device. Raises `NotPaired` when it is not the paired one."""
        serial = number(self._ask_serial())
        if self._paired_serial not in {None, serial}:
            raise NotPaired(
                self._device,
                f"it has serial number {serial}, but this machine was paired with {self._paired_serial}.",
                serial,
            )
        return serial

    def _category(self) -> str:
        header = Header.REQUEST_CATEGORY
        data = self._bus.ask(self._address, header, lengths=range(256))
        if data != _CATEGORY.encode():
            data = self._bus.ask_steady(self._address, header, lengths=range(256), first=data)
        return data.decode("ascii", "replace").strip()

    def _ask_serial(self) -> bytes:
        first = self._bus.ask(self._address, Header.REQUEST_SERIAL, lengths=(3, 4))
        if number(first) == self._paired_serial:
            return first
        return self._bus.ask_steady(self._address, Header.REQUEST_SERIAL, lengths=(3, 4), first=first)

    def _coin_table(self) -> tuple[str, ...]:
        """The coin identifications of all positions.

        An answer does not say which position it is about: one that came twice would shift all after it, and the
        table is used until the next start. So the first position is asked again at the end, which shows a
        shift. If the line had any error during the reading, every position is read again with `ask_proven`.
        """
        trouble = self._bus.quality.trouble
        *table, first_again = [self._coin_id(position) for position in (*range(1, POSITIONS + 1), 1)]
        if self._bus.quality.trouble == trouble and first_again == table[0] != table[-1]:
            return tuple(table)
        return tuple(self._coin_id(position, proven=True) for position in range(1, POSITIONS + 1))

    def _coin_id(self, position: int, *, proven: bool = False) -> str:
        question = bytes((position,))
        data = self._optional(Header.REQUEST_COIN_ID, question, lengths=(6,))
        if data is not None and proven:
            data = self._bus.ask_proven(self._address, Header.REQUEST_COIN_ID, question, lengths=(6,))
        return UNPROGRAMMED if data is None else data.decode("ascii", "replace")

    def _map_positions(self, coins: Sequence[str]) -> None:
        programmed = {position: coin for position, coin in enumerate(coins, 1) if coin != UNPROGRAMMED}
        self._programmed = sum(1 << (position - 1) for position in programmed)
        self._position_values = {p: self._values[coin] for p, coin in programmed.items() if coin in self._values}
        if not self._position_values:
            raise WrongDevice(
                self._device, "it knows none of the coins of this machine: program its coins, or correct the unit file."
            )
        options = self._optional(Header.REQUEST_OPTION_FLAGS, lengths=(1,))
        if options and options[0] & 1:
            raise WrongDevice(
                self._device, "it reports values instead of coin positions: set its credit codes to positions."
            )

    # --- inhibits -------------------------------------------------------------------------------

    def _apply(self) -> None:
        """Set the inhibits as wanted and read them back. Closing sets the master inhibit first, opening clears it last."""
        mask = self._wanted.to_bytes(2, "little")
        is_open = self._wanted != 0
        for _ in range(_CLOSE_TRIES):
            if not is_open:
                self._set_master(accepting=False)
            self._optional(Header.MODIFY_INHIBITS, mask, lengths=(0,))
            if is_open:
                self._set_master(accepting=True)
            if self._inhibits_are_right(self._ask if self._bus.trusted else self._ask_twice):
                self._checked_s = self._bus.clock.monotonic()
                return
        state = "open" if is_open else "closed"
        raise DeviceFault(
            self._device, f"it does not confirm that its slot is {state}: check its cable and its inhibits."
        )

    def _set_master(self, *, accepting: bool) -> None:
        if self._has_master:
            self._optional(Header.MODIFY_MASTER_INHIBIT, bytes((accepting,)), lengths=(0,))

    def _masks_are_zero(self) -> bool:
        """With the master inhibit at "accepting" this is how an acceptor begins, and as this driver never leaves one."""
        ask = self._ask if self._bus.trusted else self._ask_twice
        return not number(ask(Header.REQUEST_INHIBITS, 2)) & self._programmed

    def _inhibits_are_right(self, ask: Callable[[Header, int], bytes]) -> bool:
        """Whether the inhibits read back as wanted. Bits of unprogrammed positions may have any value."""
        if (number(ask(Header.REQUEST_INHIBITS, 2)) ^ self._wanted) & self._programmed:
            return False
        if not self._has_master:
            return True
        return (ask(Header.REQUEST_MASTER_INHIBIT, 1)[0] & 1) == (self._wanted != 0)

    # --- events ---------------------------------------------------------------------------------

    def _read(self) -> Reading:
        data = self._bus.ask(self._address, Header.READ_EVENTS, lengths=(11,), fresh=False)
        if not self._bus.trusted and data[0] != self._last:  # a change is believed when two readings agree
            data = self._bus.ask_steady(self._address, Header.READ_EVENTS, lengths=(11,), first=data, fresh=False)
        return Reading.of(data)

    def _catch_up(self, *, lost_power: bool) -> None:
        """At start: put the events since the journalled counters into `_pending`; without those, begin at the present ones."""
        reading = self._read()
        total = self._total_at_start()
        self._counts_accepted = total is not None
        if self._last is None:
            self._last = reading.counter
        else:
            self._handed = self.counters()
            if lost_power:
                self._tell_restart()
                self._last = 0  # every event it shows came after that
            self._handle(reading, _HOST_AWAY_S)
            self._pending = [
                event for event in self._pending if not (isinstance(event, CoinRejected) and event.certain)
            ]
        if self._accepted is None or total is None:
            self._accepted = self._compared = total  # nothing to compare with; otherwise the audit compares
        self._polled_s = self._bus.clock.monotonic()
        self._audit_due = True

    def _total_at_start(self) -> int | None:
        """Header 225. Raises `DeviceFault` when the paired acceptor told it before and does not now: without it nobody could
        prove a credit, and whoever is on the wire can keep one answer back.
        """
        total = self.accepted_by_device()
        if total is None and self._accepted is not None:
            raise DeviceFault(
                self._device,
                "it does not tell its count of coins (ccTalk header 225), as it did before: check its line.",
            )
        return total

    def _look(self) -> None:
        """One poll: new events into `_pending`; when there are none, the slower checks."""
        now_s = self._bus.clock.monotonic()
        reading = self._read()
        since_s, self._polled_s = now_s - self._polled_s, now_s
        if reading.counter != self._last:
            self._handle(reading, since_s)
            self._audit_due = True
        elif not self._inhibits_doubted:
            self._check_slowly(reading, now_s)
        if self._inhibits_doubted:
            self._check_inhibits(now_s)

    def _check_slowly(self, reading: Reading, now_s: float) -> None:
        """Audit and inhibit check, which take longer than a poll. While the slot is open they wait for a line without
        errors, so that coins are polled in time; at most `_CHECK_AT_LAST_S`, or a restart would go unnoticed.
        """
        if self._bus.owing and self._wanted:
            self._inhibits_doubted = now_s - self._checked_s >= _CHECK_AT_LAST_S
            return
        if self._audit_due:
            self._audit(reading)
        elif now_s - self._checked_s >= _CHECK_EVERY_S:
            self._inhibits_doubted = True

    def _check_inhibits(self, now_s: float) -> None:
        if self._restart_told:
            self._paired()  # an exchanged acceptor looks like a restart
        restless = self._bus.owing and self._wanted  # polling must go on: do not wait for a silent line
        if not self._inhibits_are_right(self._ask_at_once if restless else self._ask):
            self._tell_restart()  # it forgot its inhibits; the audit finds coins that were lost with them
            self._audit_due = True
            self._apply()
        self._inhibits_doubted = self._restart_told = False
        self._checked_s = now_s

    def _handle(self, reading: Reading, since_s: float) -> None:
        """Put every event that is new in `reading` into `_pending`."""
        last, counter = self._last or 0, reading.counter
        if counter == last:
            return
        self._last = counter
        if counter == 0:
            self._restarted()
            return
        new = (counter - last) % 255 if last else counter
        if counter < last and new > _EVENTS + since_s * _FASTEST_COINS_PER_S:
            self._restarted()  # too many coins for the time that passed: the counter began again at 0
            new = counter
        if new > _EVENTS and not self._counts_accepted:  # else the audit says how many of the lost events were coins
            self._pending.append(CreditsLost(new - _EVENTS))
            self._lost_told += new - _EVENTS
        for age in range(min(new, _EVENTS), 0, -1):
            a, b = reading.pairs[age - 1]
            number_of_event = (counter - age) % 255 + 1
            if a:
                self._credit(a, number_of_event)
            elif not (b == _INHIBITED and number_of_event == 1):  # some acceptors send this as a dummy after power-up
                self._note(b)

    def _restarted(self) -> None:
        self._tell_restart()
        self._inhibits_doubted = True

    def _tell_restart(self) -> None:
        """Report a restart once, however often the inhibits have to be set."""
        if not self._restart_told:
            self._pending.append(AcceptorRestarted())
            self._since_restart = 0
        self._restart_told = True

    def _credit(self, position: int, event_counter: int) -> None:
        if self._accepted is not None:
            self._accepted = (self._accepted + 1) & TOTAL_MASK
        if self._since_restart is not None:
            self._since_restart += 1
        value = self._position_values.get(position)
        # A coin that was never enabled is in the cash box too, but its value is unknown.
        self._pending.append(CreditsLost(1) if value is None else CoinCredited(value, event_counter))

    def _note(self, code: int) -> None:
        if self._wanted and (code == _INHIBITED or 128 <= code < 160):
            self._inhibits_doubted = True  # an allowed coin may have been refused: was the acceptor reset?
        match kind_of(code):
            case Kind.NOTHING:
                return
            case Kind.REJECTED:
                self._pending.append(CoinRejected(code, certain=True))
            case Kind.UNCERTAIN:
                self._pending.append(CoinRejected(code, certain=False))
            case Kind.FRAUD:
                self._pending.append(CoinFraud(code))
            case Kind.BLOCKED:
                self._pending.append(AcceptorBlocked(code))
            case other:
                assert_never(other)

    def _audit(self, reading: Reading) -> None:
        """Compare header 225 with the credits seen. Called after a poll without new events."""
        if not self._counts_accepted or self._accepted is None:
            self._audit_due = False
            return
        expected = self._accepted
        total = number(self._ask(Header.REQUEST_ACCEPT_COUNTER, 3))
        if total != expected:
            total = number(self._ask_twice(Header.REQUEST_ACCEPT_COUNTER, 3))
            if self._read().counter != reading.counter:
                return  # a coin came in between: audit after the next poll without events
        self._audit_due = False
        more = coins_between(expected, total)
        if more < 0 and self._since_restart is None and not self._inhibits_are_right(self._ask):
            self._restarted()  # it hid behind its first events: those that are shown came after it
            self._since_restart = sum(position > 0 for position, _ in reading.pairs[: min(reading.counter, _EVENTS)])
        self._judge(total, more=more)

    def _judge(self, total: int, *, more: int) -> None:
        """Take the device's count over, and report by how much it differs from the credits seen.

        `more`: coins counted and not credited. A negative number is reported as credits without coins, unless the count
        was kept in RAM and may have begun anew: then it equals the credits since the restart, or it is lower than before and
        equals those and a few lost ones. Nobody can say then what the credits before were worth (`compare`). Who plays a
        restart on the wire cannot lower the count itself, so where it was higher the forgery shows.
        """
        told, since, before = self._lost_told, self._since_restart, self._compared or 0
        self._accepted, self._compared, self._lost_told, self._since_restart = total, total, 0, None
        began_anew = since is not None and 0 <= total - since <= _EVENTS and (total < before or total == since)
        if more < 0 and began_anew:
            self._count_began_anew = True
        elif more < 0:
            self._pending.append(CreditsWithoutCoins(-more))
        elif told < more:
            self._pending.append(CreditsLost(more - told))

    # --- asking ---------------------------------------------------------------------------------

    def _check_itself(self) -> None:
        fault = self._fault_of_its_own()
        if fault:
            raise DeviceFault(
                self._device,
                f"its self-check reports fault {fault}: look the number up in its manual (ccTalk header 232).",
            )

    def _fault_of_its_own(self) -> int:
        """The fault code of the self-check, 0 for none. It moves coils and takes up to two seconds, so it is asked once."""
        reply = self._bus.tell_once(self._address, Header.SELF_CHECK, lengths=(1, 2), timeout_s=2.5)
        return reply.data[0] if reply is not None and reply.header == Header.REPLY else 0

    def _ask(self, header: Header, length: int) -> bytes:
        return self._bus.ask(self._address, header, lengths=(length,))

    def _ask_at_once(self, header: Header, length: int) -> bytes:
        """Ask without first waiting for late answers."""
        return self._bus.ask(self._address, header, lengths=(length,), fresh=False)

    def _ask_twice(self, header: Header, length: int) -> bytes:
        return self._bus.ask_steady(self._address, header, lengths=(length,))

    def _optional(self, header: Header, data: bytes = b"", *, lengths: Sequence[int]) -> bytes | None:
        return self._bus.ask_optional(self._address, header, data, lengths=lengths)
