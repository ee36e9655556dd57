"""The coin side of a world: slot, cash box, hoppers and the two cups, and which of their state is kept in files.

The acceptor is on the coin line or, where the unit file says so, sends pulses to a pin or to the I/O board. On a pin it is
simulated inside the machine's process (`adapters/pins.py`), so coins reach it over the same socket as key presses.
"""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from host_sim.adapters.pty import PtyLine
from host_sim.models.acceptor import AcceptorModel
from host_sim.models.cctalk_bus import CcTalkBusModel
from host_sim.models.hopper import HopperModel
from host_sim.models.zoo import Kind
from host_sim.unit_file import UnitFile

FOREIGN = "ZZ001A"
_KEPT_BY_HOPPER = ("tube", "out", "paid", "unpaid", "life_total")


class Slot(Protocol):
    """An acceptor's slot, cash box and return cup."""

    cash_box: list[str]
    returned: list[str]

    def drop(self, coin: str, now_s: float) -> None: ...

    def is_open(self) -> bool: ...

    def jam(self, now_s: float, *, on: bool) -> None: ...


class Hand(Protocol):
    """What a person does at a pulse acceptor: `Fingers` on the simulated pins, `BoardSide` on the I/O board."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def drop(self, coin: str) -> bool: ...

    def slot_open(self) -> bool: ...

    def stick(self, on: bool) -> None: ...


class LineSlot:
    """The slot of an acceptor on the coin line."""

    def __init__(self, acceptor: AcceptorModel) -> None:
        self.cash_box, self.returned = acceptor.cash_box, acceptor.returned
        self._acceptor = acceptor

    def drop(self, coin: str, now_s: float) -> None:
        self._acceptor.insert(coin, now_s)

    def is_open(self) -> bool:
        return bool(self._acceptor.open_coins)

    def jam(self, now_s: float, *, on: bool) -> None:
        (self._acceptor.fault if on else self._acceptor.clear)("jam", now_s)


class PulseSlot:
    """The slot of a pulse acceptor, which is simulated elsewhere. `hand` gives a hand that reaches it."""

    def __init__(self, hand: Callable[[], Hand]) -> None:
        self.cash_box: list[str] = []
        self.returned: list[str] = []
        self._hand = hand

    def drop(self, coin: str, now_s: float) -> None:  # noqa: ARG002  it happens now
        with self._hand() as hand:
            (self.cash_box if hand.drop(coin) else self.returned).append(coin)

    def is_open(self) -> bool:
        try:
            with self._hand() as hand:
                return hand.slot_open()
        except OSError:
            return False  # the machine is off

    def jam(self, now_s: float, *, on: bool) -> None:  # noqa: ARG002
        with self._hand() as hand:
            hand.stick(on)


class CoinSide:
    """Acceptor and hoppers on their bus. The world sets their line before it starts the machine."""

    line: PtyLine

    def __init__(self, unit: UnitFile, run: Path, hand: Callable[[], Hand]) -> None:
        """`hand`: reaches a pulse acceptor."""
        settings = unit.table("coin")
        values: dict[str, int] = settings["values"]
        self._value_of = values
        self._coin_of = {yen: coin for coin, yen in reversed(values.items())}
        self.acceptor = AcceptorModel(address=settings.get("acceptor_address", 2), **unit.room.settings(Kind.ACCEPTOR))
        self.hoppers = [self._hopper(hopper, unit.room.settings(Kind.HOPPER)) for hopper in settings["hoppers"]]
        on_pins = "pulse" in settings
        self.slot: Slot = PulseSlot(hand) if on_pins else LineSlot(self.acceptor)
        self.bus = CcTalkBusModel([*(() if on_pins else (self.acceptor,)), *self.hoppers])
        self._memory = run / "coins.json"
        self._recall()
        self._taken = {hopper.address: hopper.out for hopper in self.hoppers}
        self._put_aside: dict[int, int] = {}

    def _hopper(self, table: dict[str, Any], make: dict[str, Any]) -> HopperModel:
        """The hopper of this table of the unit file; `make`: what a device of the zoo says of it."""
        make = {"dispense_style": table.get("dispense", "no_cipher"), "crc": self.acceptor.crc, **make}
        coin = self._coin_of[table["value_yen"]]
        return HopperModel(address=table["address"], coin=coin, tube=table["coins"], **make)

    # --- hands ----------------------------------------------------------------------------------

    def drop(self, yen: int) -> None:
        with self._still() as now_s:
            self.slot.drop(self._coin_of.get(yen, FOREIGN), now_s)

    def jam(self, *, on: bool) -> None:
        with self._still() as now_s:
            self.slot.jam(now_s, on=on)

    def take_change(self) -> list[int]:
        with self._still():
            change = self._change()
            self._taken = {hopper.address: hopper.out for hopper in self.hoppers}
            return change

    def take_returned(self) -> list[int]:
        with self._still():
            returned = [self._value_of.get(coin, 0) for coin in self.slot.returned]
            self.slot.returned.clear()
            return returned

    def pour(self, coins_by_yen: Mapping[int, int]) -> None:
        """Put so many coins into the hopper of each value, in the place of those that are in it."""
        with self._still():
            for hopper in self.hoppers:
                hopper.tube = coins_by_yen.get(self._value_of[hopper.coin], hopper.tube)

    def empty_hoppers(self) -> None:
        """Take the coins out of every hopper."""
        with self._still() as now_s:
            self._put_aside = {hopper.address: hopper.tube for hopper in self.hoppers}
            for hopper in self.hoppers:
                hopper.fault("empty", now_s)

    def fill_hoppers(self) -> None:
        """Put the coins back that `empty_hoppers` took out."""
        with self._still() as now_s:
            for hopper in self.hoppers:
                hopper.fill(self._put_aside.pop(hopper.address, 0), now_s)

    def status(self) -> dict[str, Any]:
        with self._still():
            return {
                "slot_open": self.slot.is_open(),
                "change": self._change(),
                "returned": [self._value_of.get(coin, 0) for coin in self.slot.returned],
                "box_yen": sum(self._value_of.get(coin, 0) for coin in self.slot.cash_box),
                "tubes": {self._value_of[hopper.coin]: hopper.tube for hopper in self.hoppers},
            }

    def _change(self) -> list[int]:
        return [
            self._value_of[hopper.coin]
            for hopper in self.hoppers
            for _ in range(hopper.out - self._taken[hopper.address])
        ]

    def _still(self) -> "_Still":
        return _Still(self)

    # --- state kept in files --------------------------------------------------------------------

    def remember(self) -> None:
        """Write coins and non-volatile counters to a file, for the next world in this directory."""
        with self._still():
            kept = {
                "cash_box": self.slot.cash_box,
                "accept_counter": self.acceptor.accept_counter,
                "hoppers": {
                    str(hopper.address): {name: getattr(hopper, name) for name in _KEPT_BY_HOPPER}
                    for hopper in self.hoppers
                },
            }
        self._memory.write_text(json.dumps(kept), encoding="utf-8")

    def _recall(self) -> None:
        if not self._memory.exists():
            return
        kept = json.loads(self._memory.read_text(encoding="utf-8"))
        self.slot.cash_box += kept["cash_box"]
        self.acceptor.accept_counter = kept["accept_counter"]
        for hopper in self.hoppers:
            for name, value in kept["hoppers"].get(str(hopper.address), {}).items():
                setattr(hopper, name, value)


class NoCoins:
    """The coin side of a counter terminal, which has none."""

    line: PtyLine

    def drop(self, yen: int) -> None:  # noqa: ARG002
        raise LookupError("A counter terminal has no coin slot: the clerk takes the fee at the till.")

    def jam(self, *, on: bool) -> None:
        if on:
            self.drop(0)

    def empty_hoppers(self) -> None:
        self.drop(0)

    def fill_hoppers(self) -> None:
        """Does nothing."""

    def take_change(self) -> list[int]:
        return []

    def take_returned(self) -> list[int]:
        return []

    def status(self) -> dict[str, Any]:
        return {"slot_open": False, "change": [], "returned": [], "box_yen": 0, "tubes": {}}

    def remember(self) -> None:
        """Does nothing."""


class _Still(AbstractContextManager[float]):
    """Context manager: locks the line, brings its devices up to the present instant, and gives that instant."""

    def __init__(self, side: CoinSide) -> None:
        self._side = side

    def __enter__(self) -> float:
        self._side.line.lock.acquire()
        now_s = time.monotonic()
        self._side.acceptor.advance(now_s)
        for hopper in self._side.hoppers:
            hopper.advance(now_s)
        return now_s

    def __exit__(self, *_: object) -> None:
        self._side.line.lock.release()
