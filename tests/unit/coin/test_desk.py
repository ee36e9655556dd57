"""The coin desk, with either acceptor: a slot counts as closed when no more coins can come in."""

import pytest

from drivers.coin.pulse import Edge, PulseAcceptor, PulseTiming
from drivers.errors import BadReply
from drivers.vocabulary import AcceptorCounters, CoinCredited
from firmware.desks import Answer
from firmware.desks.coin import CoinDesk
from firmware.session.effects import CheckCoins, CloseSlot, OpenSlot
from firmware.session.events import SlotClosed
from host_sim.models.acceptor import Fate, Insertion
from host_sim.models.cctalk_bus import NAK
from host_sim.models.pulse_acceptor import PulseAcceptorModel
from tests.bench.coin_world import Machine

YEN = {"JP010A": 10, "JP050A": 50, "JP100A": 100, "JP500A": 500}


class Wires:
    def __init__(self, model: PulseAcceptorModel, machine: Machine) -> None:
        self.model, self.clock = model, machine.clock

    def take(self) -> list[Edge]:
        return [Edge(active=low, at_s=at_s) for at_s, low in self.model.edges(self.clock.monotonic())]

    def now_s(self) -> float:
        return self.clock.monotonic()

    def allow(self, accepting: bool) -> None:
        self.model.hold_inhibit(None if accepting else 0.0)

    def active(self) -> bool:
        return self.model.low()

    def try_out(self) -> None:
        self.allow(False)


@pytest.mark.parametrize("width_s", [0.025, 0.1])
@pytest.mark.parametrize(
    "codes",
    [
        {
            "JP010A": 2,
            "JP050A": 10,
            "JP100A": 20,
            "JP500A": 100,
        },  # two pulses for 10 yen: polls between two pulses see nothing new
        {"JP010A": 5, "JP050A": 6, "JP100A": 7, "JP500A": 8},  # credited only when the train is over
    ],
)
def test_a_slot_closes_only_behind_the_last_pulse(codes: dict[str, int], width_s: float) -> None:
    machine = Machine("clean")
    model = PulseAcceptorModel(codes, width_s=width_s)
    wires = Wires(model, machine)
    acceptor = PulseAcceptor(wires, wires, {n: YEN[coin] for coin, n in codes.items()}, PulseTiming(width_s=width_s))
    desk = CoinDesk(acceptor, machine.host().bank)
    desk.start()
    desk.handle(OpenSlot(frozenset(YEN.values())))
    model.insert("JP100A", machine.clock.monotonic())
    machine.clock.advance(0.3)  # the coin's pulses have begun
    answers: list[Answer] = [*desk.poll(), *desk.handle(CloseSlot())]
    while not any(isinstance(answer, SlotClosed) for answer in answers):
        machine.clock.advance(desk.poll_every_s())
        answers += desk.poll()
    assert sum(answer.value_yen for answer in answers if isinstance(answer, CoinCredited)) == 100
    assert answers[-1] == SlotClosed(AcceptorCounters(event_counter=None, accepted_total=None))
    assert machine.clock.monotonic() > model.busy_until_s() - 0.2


def test_a_coin_is_not_lost_when_a_hopper_fails_in_the_same_command() -> None:
    """The coin was forced in while the slot was closed; the command that reads its event then fails at a hopper."""
    machine = Machine("clean")
    host = machine.host()
    desk = CoinDesk(host.acceptor, host.bank)
    desk.start()
    now_s = machine.clock.monotonic()
    machine.acceptor._rolling.append((now_s, Insertion("JP500A", now_s, Fate.ROLLING)))
    honest = machine.hoppers[100].command
    machine.hoppers[100].command = lambda header, data, at_s: NAK if header == 163 else honest(header, data, at_s)  # type: ignore[method-assign]
    with pytest.raises(BadReply):
        desk.handle(CheckCoins())
    machine.hoppers[100].command = honest  # type: ignore[method-assign]
    assert [a.value_yen for a in desk.start() if isinstance(a, CoinCredited)] == [500]
