"""Rows of the two printers."""

import numpy as np

from firmware.session import scenes as show
from host_sim.rig.catalogue.row import Trouble, row


def _printer(life: Trouble, fault: str, *, low: int = 0) -> None:
    """Make this printer fault happen at a byte of the next page, chosen by the seed; `low`: the first one allowed."""

    def lay() -> None:
        life.machine.printer.fail(fault, life.chance(low, 8500))

    life.at_scene(show.Pay, lay, told=f"printer {fault}")


@row("R1", "no paper before the page, or a hot head")
def _(life: Trouble) -> None:
    life.now(life.machine.printer.paper_out if life.chance(0, 1) else life.machine.printer.overheat)


@row("R2", "the roll ends in the page")
def _(life: Trouble) -> None:
    _printer(life, "paper_out")


@row("R3", "the cover is opened in the page")
def _(life: Trouble) -> None:
    _printer(life, "cover_open")


@row("R4", "the cutter sticks after the page")
def _(life: Trouble) -> None:
    _printer(life, "cutter")


@row("R5", "the printer's port goes and comes back")
def _(life: Trouble) -> None:
    def unplug() -> None:
        stream = life.machine.stream_of("printer")
        stream.hang_up()
        life.machine.clock.after(float(life.chance(1, 4)), stream.plug_in)

    life.when("dots", unplug, among=3)


@row("R7", "the printer's answer is lost, or comes twice")
def _(life: Trouble) -> None:
    _printer(life, life.one_of("lose_reply double_reply"))


@row("R8", "a piece of an earlier job lies in the printer's memory")
def _(life: Trouble) -> None:
    life.when("dots", lambda: life.machine.die(None), among=3)  # the process ends during the page; the printer stays on


@row("R9", "the paper is not taken")
def _(life: Trouble) -> None:
    life.at_scene(show.TakePaper, lambda: None)
    life.person.leaves_paper = True


@row("R10", "the printer loses its power in the page, and cuts by itself when it is back")
def _(life: Trouble) -> None:
    printer, clock = life.machine.printer, life.machine.clock

    def cut_power() -> None:
        printer.behave(cuts_at_power_on=True)
        printer.power_off(clock.monotonic())
        clock.after(2.0, lambda: printer.power_on(clock.monotonic()))

    life.when("dots", cut_power, among=3)


def _soil(life: Trouble) -> None:
    """Somebody pulls at the paper under an open cover: 40 rows and a stain lie in the path."""
    life.machine.printer.path.burn(np.ones((40, 60), dtype=np.bool_))
    life.machine.printer.path.feed(40)
    life.machine.printer.counters.rows += 40


@row("R11", "a piece lies in the path of a printer that cuts off no thin strips")
def _(life: Trouble) -> None:
    def soil() -> None:
        life.machine.printer.behave(shortest_cut_mm=10.0)
        _soil(life)

    life.now(soil)


@row("R12", "the printer draws its paper back by less than the profile says")
def _(life: Trouble) -> None:
    printer = life.machine.printer
    feeds_itself = printer.machine.head_to_cutter_mm == 0.0  # GS V feeds to the cutter, wherever that is
    settings = {"head_to_cutter_mm": 24.0, "draws_back_mm": 9.0} if feeds_itself else {"draws_back_mm": 0.0}
    life.now(lambda: printer.behave(**settings))


@row("R13", "another program writes to the printer's port")
def _(life: Trouble) -> None:
    words = b"ATZ AT+GCAP\n\n"
    life.now(lambda: life.machine.printer.receive(words, life.machine.clock.monotonic()))


@row("R14", "something lies in the path after a loss while idle")
def _(life: Trouble) -> None:
    def open_cover() -> None:
        printer, clock = life.machine.printer, life.machine.clock
        printer.open_cover(clock.monotonic())
        _soil(life)
        clock.after(float(life.one_of("0.2 1 5")), lambda: printer.close_cover(clock.monotonic()))

    life.now(open_cover)


@row("R15", "the cover is open for 0.2 s in the page")
def _(life: Trouble) -> None:
    printer, clock = life.machine.printer, life.machine.clock

    def open_cover() -> None:
        printer.open_cover(clock.monotonic())
        clock.after(0.2, lambda: printer.close_cover(clock.monotonic()))

    life.when("dots", open_cover, among=3)
