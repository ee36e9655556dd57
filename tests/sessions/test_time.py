"""Time in whole sessions: no service until the centre has confirmed the clock, and none after a jump (faults T1 to T3)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from firmware.book import records
from firmware.desks import LINE, Beat, C, DeskName, Whose
from firmware.service.availability import Reason
from firmware.session import scenes as show
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person, serve
from host_sim.rig.world import JST
from host_sim.wallet import WalletCard

Cards = Mapping[str, WalletCard]


def idle(machine: RigMachine) -> None:
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(hours=1), timedelta(days=3650), timedelta(seconds=90)])
def test_a_jump_of_the_clock_closes_the_machine_until_the_centre_agrees_again(jump: timedelta) -> None:
    machine = RigMachine()
    idle(machine)
    machine.jump(jump)
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Closed), 5)
    front = machine.loop.scene
    assert isinstance(front, show.Closed)
    assert front.reason == "clock", "neither a wrong hour nor a line that is down"
    back = jump < timedelta(0)  # behind the last record whose clock was confirmed
    assert front.numbers == (str((Reason.CLOCK_BEHIND if back else Reason.CLOCK).number),)
    machine.run_until(lambda: machine.clock.monotonic() >= 90, 120)
    assert isinstance(machine.loop.scene, show.Closed), "the clock is still wrong"
    machine.jump(-jump)
    idle(machine)


def test_a_machine_whose_clock_stands_in_1970_does_not_begin() -> None:
    machine = RigMachine()
    machine.skew = datetime(1970, 1, 1, tzinfo=JST) - machine.true_time()
    machine.restart()
    with pytest.raises(TimeoutError):
        machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 120)
    assert machine.loop.reception.state.reasons == {Reason.CLOCK_BEHIND}
    machine.skew = timedelta(0)
    idle(machine)


def test_a_clock_that_is_behind_the_last_confirmed_record_says_so_also_without_a_line() -> None:
    """A Pi without a clock chip, after a power cut, with no NTP yet and no cable; then the cable, then NTP."""
    machine = RigMachine()
    idle(machine)
    right, machine.skew = machine.skew, timedelta(days=-20)
    machine.centre.faults.down = True
    machine.restart()
    machine.wait(30)
    assert machine.loop.reception.state.reasons == {Reason.CLOCK_BEHIND, Reason.LINE}
    assert machine.loop.scene == show.Closed(reason="out_of_service", opens_at=None, numbers=("111", "501"))
    machine.centre.faults.down = False
    machine.wait(30)
    assert machine.loop.scene == show.Closed(reason="clock", opens_at=None, numbers=("111",))
    machine.skew = right
    idle(machine)


def test_only_a_confirmed_record_counts_as_past() -> None:
    """A clock chip that stood in 2036 for one start must not close the machine once it is right (security rule 18)."""
    machine = RigMachine()
    idle(machine)
    machine.skew = timedelta(days=3650)
    machine.restart()
    machine.wait(10)
    assert machine.loop.reception.state.reasons == {Reason.CLOCK}
    machine.skew = timedelta(0)
    machine.restart()
    idle(machine)


def test_a_line_that_answers_slowly_is_not_asked_faster_than_it_answers() -> None:
    """On a real machine commands wait in a queue, and the loop would block on a full one."""
    machine = RigMachine()
    machine.jump(timedelta(hours=1))  # with a wrong clock the loop sends heartbeats most often
    asked: list[float] = []
    send = machine.crew.send

    def holding_back(desk: DeskName[C], command: C, whose: Whose) -> None:
        if isinstance(command, Beat):
            asked.append(machine.clock.monotonic())
        else:
            send(desk, command, whose)

    machine.crew.send = holding_back  # type: ignore[method-assign]
    until_s = machine.clock.monotonic() + 60
    machine.run_until(lambda: machine.clock.monotonic() >= until_s, 90)
    assert len(asked) == 1
    machine.crew.send = send  # type: ignore[method-assign]
    machine.loop.send(LINE, machine.loop.heartbeat.beat())  # lets the late answer come
    machine.jump(-timedelta(hours=1))
    idle(machine)


def test_a_small_clock_difference_is_ignored(wallet: Cards) -> None:
    machine = RigMachine()
    machine.skew = timedelta(seconds=40)
    serve(machine, Person(wallet["hanako"]))
    assert [record.outcome for record in machine.records(records.SessionClosed)] == ["issued"]  # type: ignore[union-attr]


def test_a_jump_in_the_middle_lets_the_session_finish_and_admits_nobody_after(wallet: Cards) -> None:
    """Deadlines use the monotonic clock, and the copies that the resident has paid for are printed."""
    machine = RigMachine()
    person = Person(wallet["hanako"])
    person.on_scene = lambda scene: machine.jump(timedelta(hours=5)) if isinstance(scene, show.Printing) else None
    machine.serve(person, person.card.chip)
    assert [record.outcome for record in machine.records(records.SessionClosed)] == ["issued"]  # type: ignore[union-attr]
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Closed), 5)


def test_a_session_begun_before_the_last_admission_goes_on_past_closing_and_midnight(wallet: Cards) -> None:
    machine = RigMachine(begins=datetime(2026, 11, 24, 22, 49, 30, tzinfo=JST))
    person = Person(wallet["hanako"])
    late = datetime(2026, 11, 24, 23, 59, 59, tzinfo=JST)
    person.on_scene = lambda scene: machine.set_wall(late) if isinstance(scene, show.Pay) else None
    machine.serve(person, person.card.chip)
    assert [record.outcome for record in machine.records(records.SessionClosed)] == ["issued"]  # type: ignore[union-attr]
    opened = next(s for s in machine.memory.journal.records() if isinstance(s.record, records.SessionOpened))
    assert opened.wall.astimezone(JST).date() == late.date(), "the business date is the date on which the session began"
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Closed), 30)


def test_the_year_ends_in_a_session_and_the_machine_rests(wallet: Cards) -> None:
    machine = RigMachine(begins=datetime(2026, 12, 28, 22, 49, 30, tzinfo=JST))
    serve(machine, Person(wallet["hanako"]))
    machine.set_wall(datetime(2026, 12, 29, 10, 0, tzinfo=JST))
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Closed) and not machine.loop.scene.numbers, 60)
    front = machine.loop.scene
    assert isinstance(front, show.Closed)
    assert front.opens_at is not None
    assert (front.opens_at.month, front.opens_at.day) == (1, 4)
