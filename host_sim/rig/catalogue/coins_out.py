"""Rows of the hoppers."""

from firmware.session import scenes as show
from host_sim.rig.catalogue.row import Trouble, row


def _hopper(life: Trouble, fault: str, *, point: str = "coin out") -> None:
    def strike() -> None:
        busiest = max(life.machine.hoppers.values(), key=lambda hopper: hopper.still_to_pay)
        busiest.fault(fault, life.machine.clock.monotonic())

    life.when(point, strike, among=2, told=f"hopper {fault}")


@row("H1", "a hopper runs empty while paying")
def _(life: Trouble) -> None:
    _hopper(life, "empty")


@row("H2", "a hopper jams or draws too much")
def _(life: Trouble) -> None:
    _hopper(life, life.one_of("jam over_current"))


@row("H3", "a hopper loses its power while paying, or its counters")
def _(life: Trouble) -> None:
    _hopper(life, life.one_of("power_loss power_loss nv_error"))


@row("H4", "the answer to dispense is lost, or is NAK")
def _(life: Trouble) -> None:
    def refuse() -> None:
        for hopper in life.machine.hoppers.values():
            hopper.fault("nak", life.machine.clock.monotonic())

    if life.chance(0, 1):
        life.at_scene(show.Pay, lambda: life.machine.bus.fault("lost_reply", header=167), told="bus lost_reply")
    else:
        life.at_scene(show.Pay, refuse, told="hopper nak")


@row("H5", "a coin after the emergency stop")
def _(life: Trouble) -> None:
    def strike() -> None:
        for hopper in life.machine.hoppers.values():
            hopper.fault("stuck_busy", life.machine.clock.monotonic())
            hopper.fault("late_coin", life.machine.clock.monotonic())

    life.at_scene(show.Pay, strike, told="hopper late_coin")


@row("H8", "a hopper says that all is well and pays nothing")
def _(life: Trouble) -> None:
    value = int(life.one_of("10 50 100 500"))

    def stop_paying() -> None:
        for yen, hopper in life.machine.hoppers.items():
            if yen != value:
                hopper.fault("pays_nothing", life.machine.clock.monotonic())

    life.now(stop_paying, told="hopper pays_nothing")


@row("H9", "a hopper asks for a PIN")
def _(life: Trouble) -> None:
    hopper = life.machine.hoppers[int(life.one_of("10 50 100 500"))]
    life.soon(lambda: hopper.fault("pin_locked", life.machine.clock.monotonic()))


@row("H6", "a coin comes out without a command")
def _(life: Trouble) -> None:
    life.now(life.machine.phantom_coin)


@row("H7", "too little change")
def _(life: Trouble) -> None:
    def empty() -> None:
        for value, hopper in life.machine.hoppers.items():
            if value != int(life.one_of("10 50 100 500")):
                hopper.fault("empty", life.machine.clock.monotonic())

    life.now(empty)
