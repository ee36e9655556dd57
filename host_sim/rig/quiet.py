"""When a poll may be left out: when the models prove that it would get the same answer as the last poll.

Each proof looks at the models, not at the wire. The desk polls as on a real machine whenever the wire has noise, a fault
is armed, a device is not well or a command was sent since the last poll. One poll every `AT_LEAST_EVERY_S` is never left
out, because drivers and desks do periodic work in it. A poll that is left out still has its effect on the device.
"""

from collections.abc import Callable, Collection, Mapping

from drivers.coin.acceptor import Acceptor
from drivers.printer.printer import PrinterDriver
from firmware.desks.coin import POLL_CLOSING_S, CoinDesk
from firmware.desks.paper import CHECK_S, PaperDesk
from host_sim.adapters.memory import MemoryStream
from host_sim.clock import VirtualClock
from host_sim.models.acceptor import AcceptorModel
from host_sim.models.cctalk_bus import CcTalkBusModel
from host_sim.models.hopper import HopperModel
from host_sim.models.printer import PrinterModel

Quiet = Callable[[], bool]  # whether the poll that is due now may be left out
AT_LEAST_EVERY_S = 5.0  # the acceptor's driver checks the inhibits at this interval


class CoinsAtRest:
    """True while the driver has handled every event of the acceptor and the journal explains each hopper's counter and state.

    False while the slot is closing, because the desk counts the polls without a coin.
    """

    def __init__(
        self,
        desk: CoinDesk,
        driver: Acceptor,
        stream: MemoryStream,
        bus: CcTalkBusModel,
        acceptor: AcceptorModel,
        hoppers: Mapping[int, HopperModel],
        explained: Callable[[], Mapping[int, int]],
        ill: Callable[[], Collection[int]],
        clock: VirtualClock,
    ) -> None:
        self._desk, self._driver, self._stream, self._bus = desk, driver, stream, bus
        self._acceptor, self._hoppers, self._explained, self._ill, self._clock = (
            acceptor,
            hoppers,
            explained,
            ill,
            clock,
        )
        self._polled_s = float("-inf")

    def __call__(self) -> bool:
        now_s = self._clock.monotonic()
        if now_s - self._polled_s < AT_LEAST_EVERY_S and self._at_rest(now_s):
            return True
        self._polled_s = now_s
        return False

    def _at_rest(self, now_s: float) -> bool:
        if self._desk.poll_every_s() == POLL_CLOSING_S or not self._stream.is_faultless or self._bus.is_armed:
            return False
        if self._acceptor.has_news(self._driver.counters().event_counter, now_s):
            return False
        explained, ill = self._explained(), self._ill()
        if any(hopper.is_well(now_s) == (value in ill) for value, hopper in self._hoppers.items()):
            return False
        return all(hopper.life_total == explained.get(value, 0) for value, hopper in self._hoppers.items())


class PrintersAtRest:
    """True while both printers are well and would give the same answers as at the last poll."""

    def __init__(
        self,
        desk: PaperDesk,
        driver: PrinterDriver,
        printers: Mapping[MemoryStream, PrinterModel],
        clock: VirtualClock,
    ) -> None:
        self._desk, self._driver, self._printers, self._clock = desk, driver, printers, clock
        self._polled_s = float("-inf")

    def __call__(self) -> bool:
        now_s = self._clock.monotonic()
        if now_s - self._polled_s < 6 * AT_LEAST_EVERY_S and self._at_rest(now_s):
            return True
        self._polled_s = now_s if self._are_well(now_s) else float("-inf")
        return False

    def _at_rest(self, now_s: float) -> bool:
        return self._desk.poll_every_s() == CHECK_S and self._driver.clean and self._are_well(now_s)

    def _are_well(self, now_s: float) -> bool:
        return all(stream.is_faultless and model.is_well(now_s) for stream, model in self._printers.items())
