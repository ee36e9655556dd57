"""Coins on bad wires, in virtual time: one seed is one day of sessions, after which the books must balance.

A resident feeds coins, singly and in handfuls; devices reset, the line loses and turns bits, the host is
killed and comes back with what its journal says, and the power of the whole machine is cut at any instant,
also in the middle of an answer or of a payout. The checker compares what the drivers said with what lies in
the cash box and what left the hoppers.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from drivers.coin.acceptor import Acceptor
from drivers.coin.bus import CcTalkBus
from drivers.coin.cctalk import Checksum
from drivers.coin.hopper import HopperBank
from drivers.errors import DeviceError, LineLost
from drivers.vocabulary import AcceptorRestarted, CoinCredited, CoinEvent, CreditsLost, Dispensed, HopperCounters
from host_sim.adapters.memory import MemoryStream
from host_sim.adapters.wire import WIRES, WireKind
from host_sim.clock import VirtualClock
from host_sim.models.acceptor import AcceptorModel
from host_sim.models.cctalk_bus import CcTalkBusModel
from host_sim.models.hopper import HopperModel

VALUES = {"JP010A": 10, "JP050A": 50, "JP100A": 100, "JP500A": 500, "JP500B": 500}
HOPPERS = {10: 3, 50: 4, 100: 5, 500: 6}
COIN_OF = {10: "JP010A", 50: "JP050A", 100: "JP100A", 500: "JP500A"}
ALL_YEN = frozenset(HOPPERS)
POLL_S = 0.2


class HostDies(BaseException):
    """The host stops between two instructions; not an Exception, as no driver may catch it."""


class Machine:
    """The simulated coin devices and their wire."""

    def __init__(
        self, wire: str | WireKind = "clean", seed: int = 0, *, crc: bool = False, tube: int = 100_000
    ) -> None:
        kind = WIRES[wire] if isinstance(wire, str) else wire
        self.clock = VirtualClock()
        self.crc = crc
        self.acceptor = AcceptorModel(crc=crc)
        self.hoppers = {
            value: HopperModel(
                address=address,
                coin=COIN_OF[value],
                tube=tube,
                crc=crc,
                dispense_style="serial" if value == 50 else "no_cipher",
            )
            for value, address in HOPPERS.items()
        }
        self.model = CcTalkBusModel([self.acceptor, *self.hoppers.values()])
        self.stream = MemoryStream(
            self.model, self.clock, kind, seed=seed, lost=lambda: LineLost("coin", "the port is gone.")
        )

    def host(self, last: int | None = None, total: int | None = None, serial: int | None = None) -> "Host":
        return Host(self, last, total, serial)


class Host:
    """Fresh drivers, as a process builds them at its start."""

    def __init__(self, machine: Machine, last: int | None, total: int | None, serial: int | None) -> None:
        checksum = Checksum.CRC if machine.crc else Checksum.SIMPLE
        self.bus = CcTalkBus(machine.stream, machine.clock, checksum=checksum)
        self.acceptor = Acceptor(self.bus, 2, serial, VALUES, last, last_accepted_total=total)
        self.bank = HopperBank(self.bus, HOPPERS, styles={50: "serial"})


@dataclass
class Books:
    """What a journal would hold, and the totals that the checker compares."""

    last: int | None = None
    total: int | None = None
    credited: Counter[int] = field(default_factory=Counter)  # value in yen -> coins
    paid_coins: dict[int, int] = field(default_factory=lambda: dict.fromkeys(HOPPERS, 0))
    intent: tuple[int, int, HopperCounters] | None = None
    flags: int = 0
    lost_told: int = 0
    # of the whole run
    coins: int = 0
    cuts: int = 0
    host_deaths: int = 0
    resets: int = 0
    short: int = 0  # coins in the box that were never credited
    worst_cut: int = 0
    payouts: int = 0


class Day:
    """One seed, one wire."""

    def __init__(self, wire: str, seed: int) -> None:
        self.random = random.Random(seed)
        self.machine = Machine(wire, seed, crc=wire.startswith("clean") and seed % 2 == 1)
        self.books = Books()
        self.failures: list[str] = []
        self._host: Host | None = None
        self._open = False
        self._session_number = 0

    def play(self, coins: int) -> Books:
        """Run sessions until this many coins went in; compare the books after each."""
        while self.books.coins < coins and not self.failures:
            self._session()
        return self.books

    # --- one session ----------------------------------------------------------------------------

    def _session(self) -> None:
        dice, books = self.random, self.books
        cuts, resets, short = books.cuts, books.resets, self._short()
        told = books.flags
        trouble = dice.choice(["none", "none", "cut", "host_death", "acceptor_reset", "hopper", "line", "stall"])
        self._feed(slow=trouble in {"cut", "acceptor_reset"})
        self._arm(trouble)
        self._alive(self._take_coins)
        self._alive(self._close)
        self._alive(lambda: self._pay(trouble))
        self._alive(self._quiet)
        self._session_number += 1
        lost = self._short() - short
        allowed = books.cuts - cuts + books.resets - resets
        books.short += lost
        books.worst_cut = max(books.worst_cut, lost)
        if lost < 0:
            self.failures.append(f"{-lost} coins credited that are not in the box ({trouble})")
        if lost > allowed:
            self.failures.append(f"{lost} coins lost with {allowed} cuts ({trouble})")
        if lost > 0 and books.flags == told:
            self.failures.append(f"{lost} coins lost and nobody was told ({trouble})")
        self._compare_money()

    def _compare_money(self) -> None:
        books = self.books
        phantom = books.credited - Counter(VALUES[coin] for coin in self.machine.acceptor.cash_box)
        if phantom:
            self.failures.append(f"credited, but not in the box: {dict(phantom)}")
        for value, hopper in self.machine.hoppers.items():
            if hopper.out != books.paid_coins[value]:
                self.failures.append(f"{hopper.out} x {value} yen out, {books.paid_coins[value]} paid by the counters")

    def _short(self) -> int:
        self.machine.acceptor.advance(self.machine.clock.monotonic())
        return len(self.machine.acceptor.cash_box) - self.books.credited.total()

    def _feed(self, *, slow: bool) -> None:
        """Drop coins at set instants whatever the host does. `slow`: at least 1.2 s between two coins."""
        dice = self.random
        at_s = self.machine.clock.monotonic() + 3.0
        names = [*VALUES, "JP005A"]
        for _ in range(dice.randrange(2, 7)):
            handful = 1 if slow else dice.choice([1, 1, 1, 2, 3, 4])
            for _ in range(handful):
                coin = dice.choices(names, [4, 3, 6, 2, 2, 1])[0]
                self._at(at_s, lambda coin=coin: self._insert(coin))
                at_s += dice.uniform(0.05, 0.15)
            at_s += dice.uniform(1.2, 2.0) if slow else dice.uniform(1.6, 2.4)
        self._fed_s = at_s

    def _at(self, when_s: float, act: Callable[[], None]) -> None:
        """Perhaps schedule one disturbance in this session."""
        session = self._session_number
        self.machine.clock.at(when_s, lambda: act() if session == self._session_number else None)

    def _insert(self, coin: str) -> None:
        self.books.coins += 1
        self.machine.acceptor.insert(coin, self.machine.clock.monotonic())

    def _arm(self, trouble: str) -> None:
        dice, now_s = self.random, self.machine.clock.monotonic()
        span_s = self._fed_s - now_s
        match trouble:
            case "cut":
                self._at(now_s + dice.uniform(0, span_s + 6), self._cut)
            case "host_death":
                self._at(now_s + dice.uniform(0, span_s + 6), self._die)
            case "acceptor_reset":
                self._at(now_s + dice.uniform(2.5, span_s), self._reset_acceptor)
            case "line":
                for _ in range(dice.randrange(1, 8)):
                    name = dice.choice(["lost_reply", "garbled_reply", "half_reply", "double_reply"])
                    self._at(now_s + dice.uniform(0, span_s + 4), lambda name=name: self.machine.model.fault(name))

    def _cut(self) -> None:
        self.books.cuts += 1
        self.books.flags += self._open  # the next start must flag a slot that was open at the cut
        self.machine.model.power_off(self.machine.clock.monotonic())
        self.machine.stream.cut()
        raise HostDies

    def _die(self) -> None:
        self.books.host_deaths += 1
        raise HostDies

    def _reset_acceptor(self) -> None:
        self.books.resets += 1
        self.machine.acceptor.fault("reset", self.machine.clock.monotonic())

    # --- the host -------------------------------------------------------------------------------

    def _alive(self, work: Callable[[], None]) -> None:
        """Call it with a running host; if the host dies, start a new one, settle what was open, and call it again."""
        for _ in range(30):
            try:
                if self._host is None:
                    self._start_host()
                if self._host is None:
                    continue  # an open payout could not be settled yet
                work()
            except HostDies:
                self._host = None
                self._open = False
                self._come_back()
            except DeviceError:
                self._host = None  # as the worker does after a device error
            else:
                return
        self.failures.append("the host did not get its work done in thirty starts")

    def _come_back(self) -> None:
        while True:  # a scheduled death may strike while the power is off: it changes nothing, time goes on
            try:
                self.machine.clock.advance(self.random.uniform(0.3, 8.0))
            except HostDies:
                continue
            self.machine.model.power_on(self.machine.clock.monotonic())
            return

    def _start_host(self) -> None:
        books = self.books
        host = self.machine.host(books.last, books.total)
        host.acceptor.start()
        host.bank.start()
        self._host = host
        if books.last is None:
            self._journal()
        self._note(host.acceptor.poll())
        if books.intent is not None:
            value, coins, before = books.intent
            self._paid(host.bank.settle(value, coins, before))
        if self._open:
            host.acceptor.accept(ALL_YEN)

    def _take_coins(self) -> None:
        assert self._host is not None
        self._host.acceptor.accept(ALL_YEN)
        self._open = True
        while self.machine.clock.monotonic() < self._fed_s:
            self._note(self._host.acceptor.poll())
            self.machine.clock.advance(POLL_S if self.random.random() > 0.01 else 1.5)

    def _close(self) -> None:
        assert self._host is not None
        self._host.acceptor.inhibit()
        self._quiet()
        self._open = False

    def _quiet(self) -> None:
        assert self._host is not None
        for _ in range(3):
            self._note(self._host.acceptor.poll())
            self.machine.clock.advance(0.1)

    def _pay(self, trouble: str) -> None:
        assert self._host is not None
        dice, books = self.random, self.books
        value = dice.choice(list(HOPPERS))
        if trouble == "hopper":
            hopper = self.machine.hoppers[value]
            name = dice.choice(["jam", "power_loss", "nak", "late_coin", "stuck_busy"])
            hopper.fault(name, self.machine.clock.monotonic())
            self._at(self.machine.clock.monotonic() + 40.0, lambda: self._mend(hopper))
        if dice.random() < 0.2:
            self.machine.model.fault("lost_reply", header=167)
        coins = dice.randrange(1, 7)
        before = self._host.bank.counters(value)
        books.intent = (value, coins, before)
        books.payouts += 1
        self._paid(self._host.bank.dispense(value, coins, before))
        self._mend(self.machine.hoppers[value])

    def _mend(self, hopper: HopperModel) -> None:
        for name in ("jam", "stuck_busy", "late_coin"):
            hopper.clear(name, self.machine.clock.monotonic())

    def _paid(self, dispensed: Dispensed) -> None:
        """Journal the result in one record; a payout with an unknown result stays open and is settled at the next start."""
        if dispensed.paid is None:
            self._host = None
            return
        if dispensed.paid > dispensed.asked:
            self.failures.append(f"{dispensed.paid} coins paid, {dispensed.asked} asked")
        self.books.paid_coins[dispensed.value_yen] += dispensed.paid
        self.books.intent = None

    def _note(self, events: "list[CoinEvent] | tuple[CoinEvent, ...]") -> None:
        books = self.books
        for event in events:
            match event:
                case CoinCredited(value_yen=value):
                    books.credited[value] += 1
                case CreditsLost(count=count):
                    books.flags += 1
                    books.lost_told += count
                case AcceptorRestarted():
                    books.flags += 1
        if events:
            self._journal()

    def _journal(self) -> None:
        host = self._host
        if host is not None:
            counters = host.acceptor.counters()
            self.books.last, self.books.total = counters.event_counter, counters.accepted_total


def play(wire: str, coins: int, seed: int) -> tuple[Books, list[str]]:
    """Play one day; return the books and a list of what was wrong (empty: nothing)."""
    day = Day(wire, seed)
    return day.play(coins), [f"{wire} seed {seed}: {failure}" for failure in day.failures]
