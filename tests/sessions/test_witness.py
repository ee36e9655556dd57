"""What the centre witnessed of a journal is in it, or nobody is served until two people have looked (invariant I14, faults J1 to J3)."""

from collections.abc import Mapping

from firmware.book import records
from firmware.journal.journal import ClockQuality, Journal
from firmware.journal.memory import Memory
from firmware.service.availability import Reason
from firmware.session import scenes as show
from host_sim.adapters.disk import MemoryDisk
from host_sim.rig.machine import RigMachine
from host_sim.rig.parts import SEAL
from host_sim.rig.people import Person, serve
from host_sim.wallet import WalletCard

Cards = Mapping[str, WalletCard]


def serve_some(machine: RigMachine, card: WalletCard, count: int = 2) -> None:
    for _ in range(count):
        serve(machine, Person(card))
    machine.settle_advices()
    machine.wait(30)  # a heartbeat tells the head


def put_back(machine: RigMachine, image: MemoryDisk, grown_to: int) -> None:
    """Start on an old image of the medium, whose journal somebody continued up to this record."""
    journal = Journal.open(
        image,
        wall=machine.now,
        mono=machine.clock.monotonic,
        quality=lambda: ClockQuality.TRUSTED,
        segment_bytes=1 << 18,
    )
    memory = Memory(journal, SEAL)
    while journal.head()[0] < grown_to:
        memory.note(records.Boot(reason="start", version="0"), durable=True)
    machine.disk = image
    machine.restart()
    machine.wait(10)


def closed_by(machine: RigMachine) -> frozenset[Reason]:
    return machine.loop.reception.state.reasons


def test_a_journal_that_was_rolled_back_and_grown_serves_nobody(wallet: Cards) -> None:
    machine = RigMachine()
    image = machine.disk.copy()
    serve_some(machine, wallet["hanako"])
    witnessed = machine.centre.witnessed
    assert witnessed[0] > 5
    for grown_to in (0, witnessed[0], witnessed[0] + 50):
        put_back(machine, image.copy(), grown_to)
        assert closed_by(machine) >= {Reason.JOURNAL_ROLLED_BACK}
        assert isinstance(machine.loop.scene, show.Closed)
        assert "106" in machine.loop.scene.numbers
        assert machine.centre.witnessed == witnessed, "a journal that proves nothing is no witness of its own"
        machine.restart()
        machine.wait(10)
        assert closed_by(machine) >= {Reason.JOURNAL_ROLLED_BACK}, "it stays until people have looked"


def test_the_same_journal_is_proved_at_every_start(wallet: Cards) -> None:
    machine = RigMachine()
    for _ in range(3):
        serve_some(machine, wallet["hanako"], 1)
        assert machine.centre.witnessed == machine.memory.journal.head()
        machine.restart()
    machine.wait(10)
    assert not closed_by(machine)
