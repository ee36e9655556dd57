"""A heartbeat holds the facts at the moment the loop sent it; it repeats an alarm until the centre has answered."""

from collections.abc import Mapping

from firmware.book.records import ConsoleAct
from firmware.console.access import HARD_LOCK
from firmware.desks import LINE, Beat, C, DeskName, Whose
from host_sim.rig.machine import RigMachine


def beats_of(machine: RigMachine) -> list[Mapping[str, object]]:
    """A list that gets the facts of each heartbeat sent from now on."""
    sent: list[Mapping[str, object]] = []
    send = machine.crew.send

    def sending(desk: DeskName[C], command: C, whose: Whose) -> None:
        if isinstance(command, Beat):
            sent.append({**command.facts, "events": list(command.events)})
        send(desk, command, whose)

    machine.crew.send = sending  # type: ignore[method-assign]
    return sent


def try_passwords(machine: RigMachine, count: int) -> None:
    for _ in range(count):
        machine.loop.write(ConsoleAct(who="tanaka", role="none", verb="login", outcome="tried"))


def test_a_locked_console_is_told_until_the_centre_has_heard_it() -> None:
    machine = RigMachine()
    sent = beats_of(machine)
    try_passwords(machine, HARD_LOCK - 1)
    machine.wait(30)
    assert [beat["events"] for beat in sent] == [[]] * len(sent)
    machine.centre.faults.down = True
    sent.clear()
    try_passwords(machine, 1)
    machine.wait(60)
    assert len(sent) > 1
    assert all(beat["events"] == ["console_locked"] for beat in sent), (
        "no heartbeat was answered yet, so each repeats the alarm"
    )
    machine.centre.faults.down = False
    machine.wait(60)
    told = [beat["events"] for beat in sent]
    assert told[-1] == []
    assert told == sorted(told, reverse=True), "the alarm stops once a heartbeat was answered, and is not repeated"


def test_a_heartbeat_holds_the_facts_at_the_moment_of_sending() -> None:
    machine = RigMachine()
    sent = beats_of(machine)
    machine.wait(30)
    beat = machine.loop.heartbeat.beat()
    machine.move_door(opened=True)
    machine.wait(30)
    assert (beat.facts["state"], sent[-1]["state"]) == ("in_service", "suspended")


def test_a_heartbeat_carries_the_head_of_the_moment_when_it_goes_out() -> None:
    """It may wait behind a message that carries a newer one, and the centre would take it for a rollback."""
    machine = RigMachine()
    machine.wait(30)
    beat = machine.loop.heartbeat.beat()
    try_passwords(machine, 1)
    machine.loop.send(LINE, beat)
    machine.wait(1)
    assert machine.centre.witnessed == machine.memory.journal.head()


def test_an_answer_to_a_heartbeat_without_the_alarm_does_not_end_it() -> None:
    """A heartbeat of staff (`test line`) may be under way when the console locks; its answer says nothing of the alarm."""
    machine = RigMachine()
    heartbeat = machine.loop.heartbeat
    before = heartbeat.beat()
    try_passwords(machine, HARD_LOCK)
    with_alarm = heartbeat.beat()
    heartbeat.answered(before.events)
    assert heartbeat.beat().events == with_alarm.events == ("console_locked",)
    heartbeat.answered(with_alarm.events)
    assert heartbeat.beat().events == ()
