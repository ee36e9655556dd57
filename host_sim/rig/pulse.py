"""The two wires of a pulse acceptor in virtual time: what `drivers/gpio.py` is on a board."""

from collections.abc import Sequence

from drivers.coin.pulse import Edge
from host_sim.clock import VirtualClock
from host_sim.models.pulse_acceptor import PulseAcceptorModel


class PulseWires:
    """Satisfies `EdgeSource` and `InhibitLine` of `drivers.coin.pulse`."""

    def __init__(self, model: PulseAcceptorModel, clock: VirtualClock) -> None:
        self._model = model
        self._clock = clock
        self.take()  # pulses that came before this are lost, as on a board

    def take(self) -> Sequence[Edge]:
        return [Edge(active=low, at_s=at_s) for at_s, low in self._model.edges(self._clock.monotonic())]

    def now_s(self) -> float:
        return self._clock.monotonic()

    def allow(self, accepting: bool) -> None:
        self._model.inhibited = not accepting
