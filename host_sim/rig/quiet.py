"""When a poll may be left out: the world can prove that it would only hear again what the last one heard.

Each proof looks at the devices themselves, below the wire, and errs on the side of asking: a wire with noise, an armed
fault, a device that is not well or a command since then, and the desk polls as it does on a real machine. What a
driver or a desk does by itself from time to time still happens (`AT_LEAST_EVERY_S`), and so does what a poll does to
the device.
"""

from collections.abc import Callable, Mapping

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

Quiet = Callable[[], bool]  # asked when a poll is due: whether it may be left out
AT_LEAST_EVERY_S = 5.0  # the acceptor's driver looks at the inhibits so often


class CoinsAtRest:
    """An acceptor without an event that the driver has not handled, and hoppers that the journal explains.

    A closing slot is polled in any case: the desk counts the polls without a coin.
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
        clock: VirtualClock,
    ) -> None:
        self._desk, self._driver, self._stream, self._bus = desk, driver, stream, bus
        self._acceptor, self._hoppers, self._explained, self._clock = acceptor, hoppers, explained, clock
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
        explained = self._explained()
        return all(hopper.life_total == explained.get(value, 0) for value, hopper in self._hoppers.items())


class PrintersAtRest:
    """Two printers that are well, and would answer what they would have answered at the last poll."""

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
