"""The journal on two media, in whole sessions: after one fails no more money is taken (journal rule 4, fault D3)."""

from collections.abc import Mapping

import pytest

from firmware.book import records
from firmware.journal.frames import used_bytes
from firmware.journal.journal import Journal
from firmware.service.availability import Reason
from firmware.session import scenes as show
from host_sim.adapters.disk import MemoryDisk, PowerLost, Tail
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person, serve
from host_sim.wallet import WalletCard

Cards = Mapping[str, WalletCard]


def idle(machine: RigMachine) -> None:
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)


def kept(machine: RigMachine, disk: MemoryDisk) -> list[records.Record]:
    journal = Journal.open(disk.copy(), wall=machine.now, mono=machine.clock.monotonic, segment_bytes=1 << 18)
    return [stored.record for stored in journal.records()]


@pytest.mark.parametrize("operation", ["write", "sync"])
def test_a_second_medium_that_fails_lets_the_session_finish_and_then_closes(wallet: Cards, operation: str) -> None:
    second = MemoryDisk()
    machine = RigMachine(second=second)
    person = Person(wallet["hanako"], coins=[500])

    def fail(scene: show.Scene) -> None:
        if isinstance(scene, show.Pay):
            second.fail(operation, forever=True)

    person.on_scene = fail
    machine.serve(person, person.card.chip)
    assert [record.outcome for record in machine.records(records.SessionClosed)] == ["issued"]  # type: ignore[union-attr]
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Closed), 5)
    assert machine.loop.reception.state.reasons == {Reason.JOURNAL_COPY}
    second.heal()
    machine.restart()
    idle(machine)
    assert kept(machine, machine.disk) == kept(machine, second), "the start has copied the good medium to the other"


def test_without_its_second_medium_the_machine_serves_nobody() -> None:
    second = MemoryDisk()
    second.fail("names", forever=True)
    machine = RigMachine(second=second)
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Closed), 30)
    assert machine.loop.reception.state.reasons == {Reason.JOURNAL_COPY}


@pytest.mark.parametrize("point", range(3, 60, 4))
def test_after_a_cut_both_media_tell_the_same_story(wallet: Cards, point: int) -> None:
    """The cut leaves the two different; no acknowledged record is lost, and the next start makes them equal by itself."""
    second = MemoryDisk()
    machine = RigMachine(second=second)
    passed = [0]

    def strike(_: str) -> None:
        passed[0] += 1
        if passed[0] == point:
            machine.die(Tail.TORN, point)

    machine.at_point = strike
    person = Person(wallet["hanako"], coins=[500])
    with pytest.raises(PowerLost):
        serve(machine, person)
    acknowledged = machine.memory.journal.head()
    machine.restart()
    assert machine.memory.journal.confirms(*acknowledged)
    machine.settle_advices()
    idle(machine)
    assert kept(machine, machine.disk) == kept(machine, second)


def test_a_first_medium_that_was_replaced_is_filled_from_the_second(wallet: Cards) -> None:
    second = MemoryDisk()
    machine = RigMachine(second=second)
    serve(machine, Person(wallet["hanako"]))
    told = kept(machine, second)
    machine.disk = MemoryDisk()
    machine.restart()
    idle(machine)
    assert kept(machine, machine.disk)[: len(told)] == told


def test_d1_a_medium_that_filled_up_while_idle_refuses_the_session_before_money(wallet: Cards) -> None:
    """Records written while idle (stray coins and the like) use room, so the room for a session is checked when it begins."""
    machine = RigMachine()
    idle(machine)
    machine.disk.fill()
    segment = machine.disk.names()[0]
    while used_bytes(machine.disk.read(segment)) < len(machine.disk.read(segment)) - 4096:
        machine.loop.write(records.StrayCoin(value_yen=10, event_counter=1))
    machine.reader.insert(wallet["hanako"].chip)
    machine.run_until(lambda: machine.loop.reception.state.reasons == {Reason.JOURNAL_FULL}, 5)
    assert machine.records(records.SessionOpened) == []
    assert machine.coins_in_yen() == 0
