"""Rows of the machine itself: its case, its clock, its medium and its power."""

from datetime import datetime, timedelta

from firmware.session import scenes as show
from host_sim.adapters.disk import Tail
from host_sim.rig.catalogue.row import Trouble, row
from host_sim.rig.world import JST


@row("S1", "the case is opened")
def _(life: Trouble) -> None:
    machine, shut = life.machine, life.chance(0, 1) == 1

    def opened() -> None:
        machine.move_door(opened=True)
        if shut:
            machine.clock.after(3.0, lambda: machine.move_door(opened=False))

    life.soon(opened, within_s=15.0)


@row("T1", "the wall clock jumps")
def _(life: Trouble) -> None:
    jump = timedelta(hours=float(life.one_of("-1 1 87600")))
    life.soon(lambda: life.machine.jump(jump))


@row("T2", "23:00 in the session")
def _(life: Trouble) -> None:
    today = life.machine.now().replace(hour=22, minute=49, second=50)
    life.machine.set_wall(today)
    at_closing = today.replace(hour=22, minute=59, second=59)
    life.at_scene(show.Pay, lambda: life.machine.set_wall(at_closing))


@row("T3", "midnight, the year's end, a leap day in the session")
def _(life: Trouble) -> None:
    before = datetime.fromisoformat(life.one_of("2026-12-31T23:59:58 2028-02-28T23:59:58 2026-11-24T23:59:58"))
    life.at_scene(show.Pay, lambda: life.machine.set_wall(before.replace(tzinfo=JST)))


# --- medium and power -----------------------------------------------------------------------------


@row("D1", "the medium is full")
def _(life: Trouble) -> None:
    life.now(life.machine.disk.fill)


@row("D2", "a sync fails")
def _(life: Trouble) -> None:
    at, forever = life.chance(1, 12), life.chance(0, 3) == 0
    life.now(lambda: life.machine.disk.fail("sync", at=at, forever=forever), told="disk sync")


@row("D3", "a torn, flipped or shuffled end after a cut")
def _(life: Trouble) -> None:
    tail = Tail(life.one_of("torn flipped shuffled"))
    life.when("disk write after", lambda: life.machine.die(tail, life.chance(0, 99)), among=14)


@row("D4", "the medium turns read-only")
def _(life: Trouble) -> None:
    at = life.chance(1, 12)
    life.now(lambda: life.machine.disk.fail("write", at=at, code=30, forever=True), told="disk write")


@row("X1", "the power goes")
def _(life: Trouble) -> None:
    tail = Tail(life.one_of("dropped kept torn flipped shuffled"))
    life.when(".*", lambda: life.machine.die(tail, life.chance(0, 99)), among=60)
    if life.chance(0, 2) == 0:  # and again, during the start that follows
        life.when(".*", lambda: life.machine.die(tail, life.chance(0, 99)), among=90)


@row("X2", "the process is killed")
def _(life: Trouble) -> None:
    life.when(".*", lambda: life.machine.die(None), among=60)


@row("X3", "the devices lose their power, the machine does not")
def _(life: Trouble) -> None:
    life.soon(life.machine.brown_out, within_s=12.0)
