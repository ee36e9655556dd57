"""The door of the case (fault S1): opened outside maintenance it ends the session and closes the machine until staff clear it."""

from collections.abc import Mapping

import pytest

from firmware.book.cases import Case
from firmware.service.availability import Reason
from firmware.session import scenes as show
from host_sim.adapters.disk import PowerLost, Tail
from host_sim.rig.console import ConsoleRig
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person, serve
from host_sim.rig.truth import Checker
from host_sim.wallet import WalletCard

Cards = Mapping[str, WalletCard]


def told(machine: RigMachine) -> bool:
    return any(code == Case.DOOR_OPENED for code, _ in machine.memory.book.queue)


def closed_with(machine: RigMachine) -> tuple[str, ...]:
    front = machine.loop.scene
    return front.numbers if isinstance(front, show.Closed) else ()


def test_opened_while_nobody_is_there(wallet: Cards) -> None:
    machine = RigMachine()
    machine.wait(5)
    machine.move_door(opened=True)
    machine.wait(2)
    assert closed_with(machine) == ("601",)
    assert told(machine)
    machine.move_door(opened=False)
    machine.reader.insert(wallet["hanako"].chip)
    machine.wait(60)
    assert closed_with(machine) == ("601",), "shutting the door does not clear it"
    assert wallet["hanako"].chip.commands == 0, "an opened machine sends no command to a card"


@pytest.mark.parametrize(
    "scene",
    [show.EnterPin, show.ChooseKind, show.Basket, show.Pay, show.Printing, show.TakePaper, show.Sorry, show.Done],
)
def test_opened_in_a_session_the_resident_loses_nothing(scene: type[show.Scene], wallet: Cards) -> None:
    """Before printing the resident gets everything back, later the session is finished. Then the machine is closed."""
    machine = RigMachine()
    checker = Checker(machine)
    machine.at_point = checker.effect
    gives_up = scene is show.Sorry
    person = Person(
        wallet["hanako"], coins=[100] if gives_up else [100, 500], gives_up_after_s=0.5 if gives_up else None
    )
    person.on_scene = lambda shown: machine.move_door(opened=True) if isinstance(shown, scene) else None
    serve(machine, person)
    machine.wait(3)
    closed = machine.memory.last_closed
    assert closed is not None
    finished = scene in {show.Printing, show.TakePaper, show.Done}
    assert closed.earned_yen == (300 if finished else 0)
    assert (closed.reason or None) == (None if finished else "cancelled" if gives_up else "door")
    assert (told(machine), closed_with(machine)) == (True, ("601",))
    machine.settle_advices()
    checker.check()


def test_an_open_door_is_recorded_before_anything_shows_it(wallet: Cards) -> None:
    machine = RigMachine()

    def cut_at_the_next(scene: show.Scene) -> None:
        if machine.door_open:
            machine.die(Tail.DROPPED)
        if isinstance(scene, show.Pay):
            machine.move_door(opened=True)

    person = Person(wallet["hanako"], on_scene=cut_at_the_next)
    with pytest.raises(PowerLost):
        serve(machine, person)
    machine.restart()
    machine.move_door(opened=False)
    machine.wait(5)
    assert (told(machine), closed_with(machine)) == (True, ("601",))


def test_a_spike_on_the_wire_is_not_taken_for_an_open_door() -> None:
    machine = RigMachine()
    machine.move_door(opened=True)
    machine.clock.after(0.03, lambda: machine.move_door(opened=False))
    machine.wait(5)
    assert isinstance(machine.loop.scene, show.Idle)


def test_staff_may_open_it_in_maintenance(wallet: Cards) -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    machine.move_door(opened=True)
    machine.wait(2)
    assert "FAIL door: open; shut it. If it is shut, `test door` names the wire" in " ".join(
        machine.say("exit").split()
    )
    assert isinstance(machine.loop.scene, show.Maintenance), "with the door open the machine stays in maintenance"
    machine.move_door(opened=False)
    machine.wait(2)
    assert "in_service" in machine.say("exit")
    assert not told(machine)
    serve(machine, Person(wallet["hanako"]))


def test_only_security_gives_the_machine_back(wallet: Cards) -> None:
    machine = ConsoleRig()
    machine.move_door(opened=True)
    machine.wait(2)
    machine.enter_maintenance()
    assert Case.DOOR_OPENED in machine.say("uncertain")
    assert "The door is open." in machine.confirm(machine.say("resolve 1 seen key-left"), "goto")
    machine.move_door(opened=False)
    machine.wait(2)
    assert "security" in machine.confirm(machine.say("resolve 1 seen key-left"), "kato")
    assert told(machine)
    assert "Closed." in machine.confirm(machine.say("resolve 1 seen key-left"), "goto")
    assert Reason.DOOR not in machine.loop.reception.state.reasons
    assert "in_service" in machine.say("exit")
    serve(machine, Person(wallet["hanako"]))
