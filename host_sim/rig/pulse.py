"""The two wires of a pulse acceptor in virtual time: what `drivers/gpio.py` is on a board."""

from collections.abc import Sequence

from drivers.coin.pulse import PINS_REST_S, Edge
from host_sim.clock import VirtualClock
from host_sim.models.pulse_acceptor import PulseAcceptorModel


class PulseWires:
    """Satisfies `EdgeSource` and `InhibitLine` of `drivers.coin.pulse`. `refuses`: as `drivers.gpio.OpenCollector` has it."""

    rest_s = PINS_REST_S

    def __init__(self, model: PulseAcceptorModel, clock: VirtualClock, refuses: str = "ground") -> None:
        self._model = model
        self._clock = clock
        self._ground_refuses = refuses == "ground"
        self.allow(False)
        self.take()  # pulses that came before this are lost, as on a board

    def take(self) -> Sequence[Edge]:
        return [Edge(active=low, at_s=at_s) for at_s, low in self._model.edges(self._clock.monotonic())]

    def active(self) -> bool:
        return self._model.low()

    def now_s(self) -> float:
        return self._clock.monotonic()

    def allow(self, accepting: bool) -> None:
        self._model.hold_inhibit(0.0 if accepting is not self._ground_refuses else None)

    def try_out(self) -> None:
        """This board's own wire is whole."""
        self.allow(False)
