"""Rows of the line to the centre and of the site table that comes over it."""

from datetime import timedelta

from firmware.session import scenes as show
from host_sim.rig.catalogue.row import Trouble, row

CALLS = "challenges authentications requests document issued void claims"


@row("N1", "a message, or its answer, is lost")
def _(life: Trouble) -> None:
    call, fault = life.one_of(CALLS), life.one_of("lost_before lost_after")
    life.when(
        f"line {call} reached",
        lambda: getattr(life.machine.centre.faults, fault).add(call),
        told=f"line {fault}",
    )


@row("N2", "a message arrives twice")
def _(life: Trouble) -> None:
    call = life.one_of(CALLS)
    life.when(f"line {call} reached", lambda: life.machine.centre.faults.doubled.add(call), told="line doubled")


@row("N3", "the centre is slower than any deadline")
def _(life: Trouble) -> None:
    call = life.one_of(CALLS)
    life.when(f"line {call} reached", lambda: life.machine.centre.faults.slow.add(call), told="line slow")


@row("N4", "another person's document")
def _(life: Trouble) -> None:
    def swap() -> None:
        life.machine.centre.faults.foreign_document = True

    life.when("line document reached", swap, told="line foreign_document")


@row("N5", "an earlier answer is played again")
def _(life: Trouble) -> None:
    def replay() -> None:
        life.machine.centre.faults.replayed = True

    life.when("line requests reached", replay, told="line replayed")


@row("N8", "the centre believes another outcome, or refuses to hear ours")
def _(life: Trouble) -> None:
    if life.chance(0, 1):
        life.when("line (issued|void) reached", life.machine.centre.contradict, told="line contradicted")
        return
    call = life.one_of("issued void claims")
    life.when(f"line {call} reached", lambda: life.machine.centre.faults.unwanted.add(call), told="line unwanted")


@row("N9", "the centre is down for a minute")
def _(life: Trouble) -> None:
    def down() -> None:
        life.machine.centre.faults.down = True
        life.machine.clock.after(60.0, lambda: setattr(life.machine.centre.faults, "down", False))

    life.soon(down, within_s=15.0, told="line down")


@row("N10", "the site table is older than the one held, or damaged")
def _(life: Trouble) -> None:
    tables, older = life.machine.centre.tables, life.chance(0, 1)

    def serve() -> None:
        if older:
            tables.older = tables.version
        else:
            tables.change()
            tables.damaged = True

    life.person.comes_after_s = 30.0  # the machine asks for tables only between two residents
    life.now(serve, told="line tables")


@row("N11", "the site table changes, or one that was announced begins")
def _(life: Trouble) -> None:
    tables, announced, closes = life.machine.centre.tables, life.chance(0, 1), life.one_of("22:30 22:45 23:00")

    def change() -> None:
        hours = {"default": {"everyday": f"06:30-{closes}"}}
        if announced and not tables.announced:
            tables.announce(life.machine.true_time() + timedelta(seconds=life.chance(1, 60)), hours=hours)
        else:
            tables.change(hours=hours)

    life.when("line (heartbeats|challenges|requests|document) reached", change, among=3)


@row("N12", "every site table held has ended, and none comes")
def _(life: Trouble) -> None:
    def end() -> None:
        life.machine.centre.tables.renews = False
        life.machine.set_wall(life.machine.true_time() + timedelta(days=life.chance(31, 90)))

    if life.chance(0, 1):
        life.now(end)
    else:
        life.at_scene(show.Pay, end)
