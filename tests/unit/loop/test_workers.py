"""Workers on real threads: how the machine ends when a worker raises an error or hangs."""

import threading
from collections.abc import Sequence

import pytest

from drivers.coin.pulse import PulseAcceptor, PulseTiming
from drivers.errors import NoReply
from firmware.desks import (
    COIN,
    OF_MACHINE,
    VOICE,
    Answer,
    CoinCommand,
    Desk,
    Health,
    LookAgain,
    OfSession,
    Posted,
    Tell,
)
from firmware.desks.coin import CoinDesk
from firmware.session.effects import OpenSlot
from firmware.session.events import Fault
from firmware.session.scenes import Starting
from firmware.workers import STUCK_S, ThreadCrew
from host_sim.models.pulse_acceptor import PulseAcceptorModel
from host_sim.rig.pulse import PulseWires
from host_sim.rig.world import PULSES
from tests.bench.coin_world import Machine


class Clock:
    now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s


class Trouble(Desk[CoinCommand]):
    """A desk whose next command calls a function of the test."""

    name = COIN

    def __init__(self) -> None:
        self.entered, self.leave = threading.Event(), threading.Event()
        self.error: Exception | None = None

    def start(self) -> Sequence[Answer]:
        return [Health(self.name, frozenset())]

    def handle(self, command: CoinCommand) -> Sequence[Answer]:
        self.entered.set()
        if self.error is not None:
            raise self.error
        assert self.leave.wait(300)
        return []

    def poll(self) -> Sequence[Answer]:
        return []

    def poll_every_s(self) -> float:
        return 3600.0


@pytest.fixture
def crew() -> tuple[ThreadCrew, Trouble, Clock]:
    desk, clock = Trouble(), Clock()
    made = ThreadCrew([desk], clock)
    made.start()
    assert made.receive(300) == Posted(COIN, OF_MACHINE, Health(COIN, frozenset()))
    return made, desk, clock


def test_a_failing_device_is_reported_and_the_worker_goes_on(crew: tuple[ThreadCrew, Trouble, Clock]) -> None:
    made, desk, _ = crew
    desk.error = NoReply("coin", "it is silent")
    made.send(COIN, LookAgain(), OfSession(7))
    posted = made.receive(300)
    assert posted is not None
    assert isinstance(posted.answer, Fault)
    assert posted.whose == OfSession(7)
    assert made.alive()
    made.stop()


def test_a_programmers_error_in_a_worker_ends_the_machine(crew: tuple[ThreadCrew, Trouble, Clock]) -> None:
    made, desk, _ = crew
    desk.error = ZeroDivisionError()
    (thread,) = made._threads
    made.send(COIN, LookAgain(), OF_MACHINE)
    thread.join(300)
    assert not made.alive()


def test_a_worker_that_hangs_ends_the_machine_and_one_that_works_does_not(
    crew: tuple[ThreadCrew, Trouble, Clock],
) -> None:
    made, desk, clock = crew
    made.send(COIN, LookAgain(), OF_MACHINE)
    assert desk.entered.wait(300)
    clock.now_s += STUCK_S
    assert made.alive(), "a page may take this long"
    clock.now_s += 1
    assert not made.alive()
    desk.leave.set()
    made.stop()
    assert not any(thread.is_alive() for thread in made._threads)


def test_the_slot_is_closed_when_the_program_ends() -> None:
    """Otherwise a pulse acceptor would go on taking coins that no program counts."""
    machine = Machine("clean")
    model = PulseAcceptorModel()
    wires = PulseWires(model, machine.clock)
    coins = PulseAcceptor(wires, wires, PULSES, PulseTiming())
    made = ThreadCrew([CoinDesk(coins, machine.host().bank)], machine.clock)
    made.start()
    made.send(COIN, OpenSlot(frozenset(PULSES.values())), OF_MACHINE)
    made.stop()
    assert model.inhibited


def test_a_worker_that_waits_for_work_does_not_count_as_hanging(crew: tuple[ThreadCrew, Trouble, Clock]) -> None:
    made, _, clock = crew
    clock.now_s += 10 * STUCK_S
    assert made.alive()
    made.stop()


class Mute(Desk[Tell]):
    """A voice desk whose loudspeaker never answers, until the test ends."""

    name = VOICE
    is_vital = False

    def __init__(self) -> None:
        self.entered, self.leave = threading.Event(), threading.Event()

    def start(self) -> Sequence[Answer]:
        return []

    def handle(self, command: Tell) -> Sequence[Answer]:
        self.entered.set()
        assert self.leave.wait(300)
        return []

    def poll(self) -> Sequence[Answer]:
        return []

    def poll_every_s(self) -> float:
        return 3600.0


def test_a_loudspeaker_that_hangs_keeps_nobody_waiting_and_ends_nothing() -> None:
    """More commands than the desk's inbox holds: each is given at once, taken or lost."""
    desk, clock = Mute(), Clock()
    made = ThreadCrew([desk], clock)
    made.start()
    for _ in range(500):
        made.send(VOICE, Tell(Starting()), OF_MACHINE)
    assert desk.entered.wait(300)
    clock.now_s += STUCK_S + 1
    assert made.alive()
    desk.leave.set()
    made.stop()
