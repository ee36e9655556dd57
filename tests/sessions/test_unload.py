"""`hopper unload`: every coin comes out once and is in the books, also through power cuts at each of its steps."""

import pytest

from firmware.book import records
from host_sim.adapters.disk import PowerLost, Tail
from host_sim.models.hopper import HopperFault
from host_sim.rig.console import PASSWORD, ConsoleRig
from tests.sessions.console_rooms import accounts_hold, acts


def unload(machine: ConsoleRig, value: int = 100) -> str:
    machine.enter_maintenance()
    planned = machine.say(f"hopper unload {value}")
    assert "Hold a bag under the payout cup" in planned
    return machine.confirm(planned, "kato")


@pytest.mark.parametrize("more", [0, 3, -2])
def test_a_hopper_is_emptied_and_its_coins_are_counted(more: int) -> None:
    """`more`: coins in the hopper that the book does not know of, or that are missing."""
    machine = ConsoleRig()
    hopper = machine.hoppers[100]
    hopper.tube += more
    said = unload(machine)
    if more < 0:
        assert "It stopped after 58 of 60 coins. Is it empty?" in " ".join(said.split())
        said = machine.say("y")
    assert f"hopper 100 is empty: {60 + more} coins" in " ".join(said.split())
    assert f"the book had 60 ({more:+d})" in " ".join(said.split())
    assert hopper.tube == 0
    assert machine.loop.book.tubes[100] == 0
    assert machine.loop.book.totals["staff_paid_yen"] == (60 + more) * 100
    assert acts(machine)[-1] == ("tanaka+kato", "technician+cash", "hopper.unload/100", "ok")
    assert "came out." in machine.confirm(machine.say("hopper pay 20x500"), "kato")  # its own cap is untouched
    accounts_hold(machine)


def test_a_jammed_hopper_is_not_taken_for_an_empty_one() -> None:
    machine = ConsoleRig()
    machine.hoppers[100].fault(HopperFault.JAM, machine.clock.monotonic())
    unload(machine)
    said = machine.say("n")
    assert "ERR short 0 coins came out; left in the book: 60." in " ".join(said.split())
    assert machine.loop.book.tubes[100] == 60
    accounts_hold(machine)


def test_it_needs_a_second_person() -> None:
    machine = ConsoleRig()
    machine.enter_maintenance()
    planned = machine.say("hopper unload 100")
    assert "ERR second" in machine.confirm(planned, "goto")
    assert machine.coins_out_yen() == 0


@pytest.mark.parametrize("tail", [Tail.DROPPED, Tail.KEPT])
def test_a_power_cut_at_any_step_loses_no_coin(tail: Tail) -> None:
    points: list[str] = []
    at = 0
    while at == 0 or at < len(points):
        machine = ConsoleRig(tubes={10: 60, 50: 40, 100: 4, 500: 20})
        machine.enter_maintenance()
        planned = machine.say("hopper unload 100")
        machine.say(f"confirm {planned.rsplit('confirm ', 1)[1][:4]}")
        machine.say("kato")
        seen: list[str] = []

        def point(name: str, machine: ConsoleRig = machine, seen: list[str] = seen, at: int = at) -> None:
            if name != "coin out" and not name.startswith("disk sync"):
                return
            seen.append(name)
            if len(seen) == at:
                machine.die(tail)

        machine.at_point = point
        try:
            machine.say(PASSWORD)
        except PowerLost:
            machine.at_point = lambda _: None
            machine.restart()
        machine.at_point = lambda _: None
        points = points or seen
        assert machine.loop.book.staff_paying is None
        assert all(done.paid is not None for done in machine.records(records.StaffPayDone))
        accounts_hold(machine)
        at += 1 + len(points) // 3
    assert len(points) > 8
