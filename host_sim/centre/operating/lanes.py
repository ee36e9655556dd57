"""How much one machine may ask of the centre at once, and how much the centre does at once.

Calls run in two lanes with places of their own: making documents, which takes processor time, and everything else. So
orders, however many, never hold a place that a heartbeat or the report of a printed copy needs. A machine has one
session at a time; what it asks beyond that is answered `busy` at once, before its body is read.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

MAKING = min(8, max(2, os.cpu_count() or 2))  # calls at once; below, see `Lane`
QUICK = 24
WAITING = 64  # calls that wait for a place, in each lane
WAIT_S = 8.0  # no machine waits longer for an answer

CALLS = 6  # of one machine at once
ORDERS = 2  # of these, orders: the second is the repetition of one whose answer was lost
CONNECTIONS = 8  # of one machine
RATE_PER_S = 50.0  # calls of one machine, over some time
BURST = 200.0


class TooMuch(Exception):
    """This call is not taken now; ask again later."""


class Lane:
    def __init__(self, places: int, waiting_max: int = WAITING, wait_s: float = WAIT_S) -> None:
        self._free = asyncio.Semaphore(places)
        self._waiting_max = waiting_max
        self._wait_s = wait_s
        self.waiting = 0
        self.running = 0

    async def enter(self) -> Callable[[], None]:
        """Take a place, waiting for one in turn; returns how to give it back, which may be called twice. Raises `TooMuch`."""
        if self._free.locked() and self.waiting >= self._waiting_max:
            raise TooMuch
        self.waiting += 1
        try:
            async with asyncio.timeout(self._wait_s):
                await self._free.acquire()
        except TimeoutError:
            raise TooMuch from None
        finally:
            self.waiting -= 1
        self.running += 1
        held = [self]

        def leave() -> None:
            if held:
                held.clear()
                self.running -= 1
                self._free.release()

        return leave


@dataclass(slots=True)
class _Account:
    left: float
    at_s: float


class Shares:
    """What each machine is using now. `clock`: seconds that only grow."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._calls: Counter[str] = Counter()
        self._orders: Counter[str] = Counter()
        self._accounts: dict[str, _Account] = {}

    def enter(self, machine: str, *, order: bool) -> Callable[[], None]:
        """Count a call; returns how to end it. Raises `TooMuch`."""
        if self._calls[machine] >= CALLS or (order and self._orders[machine] >= ORDERS):
            raise TooMuch
        self._spend(machine)
        self._calls[machine] += 1
        self._orders[machine] += order

        def leave() -> None:
            self._calls[machine] -= 1
            self._orders[machine] -= order

        return leave

    def _spend(self, machine: str) -> None:
        now_s = self._clock()
        account = self._accounts.setdefault(machine, _Account(BURST, now_s))
        account.left = min(BURST, account.left + (now_s - account.at_s) * RATE_PER_S)
        account.at_s = now_s
        if account.left < 1.0:
            raise TooMuch
        account.left -= 1.0
