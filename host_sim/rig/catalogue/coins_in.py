"""Rows of the coin acceptor, on ccTalk or on a pulse wire, and of the I/O board that counts its pulses."""

from collections.abc import Callable

from firmware.session import scenes as show
from host_sim.models.pulse_acceptor import PulseAcceptorModel
from host_sim.rig.catalogue.row import Trouble, row
from host_sim.rig.machine import COUNTER

# --- coins in -------------------------------------------------------------------------------------


def _pulses(life: Trouble) -> PulseAcceptorModel | None:
    """The acceptor, where it is one that counts in pulses."""
    acceptor = life.machine.acceptor
    return acceptor if isinstance(acceptor, PulseAcceptorModel) else None


def _wire(life: Trouble) -> PulseAcceptorModel | None:
    """The same, where a machine listens to it."""
    return None if life.machine.site is COUNTER else _pulses(life)


def _acceptor(life: Trouble, *faults: str) -> None:
    fault = life.one_of(" ".join(faults))

    def strike() -> None:
        life.machine.acceptor.fault(fault, life.machine.clock.monotonic())

    life.at_scene(show.Pay, strike, told=f"acceptor {fault}")


@row("A1", "a coin jams")
def _(life: Trouble) -> None:
    _acceptor(life, "jam" if _pulses(life) is None else "stuck")


@row("A2", "several coins between two polls")
def _(life: Trouble) -> None:
    life.now(lambda: life.person.pay_with((100, 10, 50, 100, 500), apart_s=0.05), told="person paid")


@row("A3", "more events than the buffer holds")
def _(life: Trouble) -> None:
    if _pulses(life) is None:
        life.when(
            "coin in", lambda: life.machine.acceptor.fault("burst_noise", life.machine.clock.monotonic()), among=2
        )


@row("A4", "the acceptor restarts")
def _(life: Trouble) -> None:
    life.when("coin in", life.machine.restart_acceptor, among=2)


@row("A5", "a coin after the fee")
def _(life: Trouble) -> None:
    life.now(lambda: life.person.pay_with((*life.person.coins, 100, 50), apart_s=0.12), told="person paid")


@row("A6", "string, light, unknown code, foreign coin")
def _(life: Trouble) -> None:
    if _pulses(life) is None:
        _acceptor(life, "string", "light", "unknown_code", "swallow")


@row("A8", "the host stops for 1.5 s")
def _(life: Trouble) -> None:
    life.when("coin in", lambda: life.machine.clock.after(0.01, lambda: life.machine.clock.advance(1.5)))


@row("A9", "another acceptor stands there")
def _(life: Trouble) -> None:
    if _pulses(life) is None:
        life.now(lambda: life.machine.acceptor.fault("swapped", life.machine.clock.monotonic()))


@row("A10", "the acceptor restarts at each coin")
def _(life: Trouble) -> None:
    _acceptor(life, "weak_supply")


@row("M1", "credits without coins")
def _(life: Trouble) -> None:
    machine, times, played = life.machine, life.chance(1, 3), life.chance(0, 3) == 0
    if _pulses(life) is not None:  # nothing counts beside its credits: M2
        return

    def forge() -> None:
        now_s = machine.clock.monotonic()
        if played:  # the forger lets it look as if the acceptor had restarted
            machine.acceptor.fault("reset", now_s)
        for number in range(times):
            at_s = now_s + 0.5 + number * 0.3
            machine.clock.at(at_s, lambda: machine.acceptor.fault("forged", machine.clock.monotonic()))

    if life.chance(0, 1):
        life.person.gives_up_after_s = 2.0
    life.at_scene(show.Pay, forge, told="acceptor forged")


@row("M2", "credits without coins, and no count beside them")
def _(life: Trouble) -> None:
    pulses, clock, times = _wire(life), life.machine.clock, life.chance(1, 3)
    if pulses is None:
        return

    def forge() -> None:
        for number in range(times):
            clock.after(0.5 + number * 0.3, lambda: pulses.fault("forged", clock.monotonic()))

    if life.chance(0, 1):
        life.person.gives_up_after_s = 2.0
    life.at_scene(show.Pay, forge, told="acceptor forged")


@row("M3", "coins are put in and taken back")
def _(life: Trouble) -> None:
    def pay() -> None:
        life.person.gives_up_after_s = 0.5
        life.person.pay_with((100, 50), apart_s=0.3)

    life.now(pay, told="person gives up")


# --- the wire of a pulse acceptor -----------------------------------------------------------------


@row("W1", "pulses of another width")
def _(life: Trouble) -> None:
    pulses, clock = _wire(life), life.machine.clock
    if pulses is None:
        return

    def move() -> None:
        pulses.fault("switched", clock.monotonic())

    if life.chance(0, 1):
        life.now(move, told="acceptor switched")
    else:
        life.when("coin in", move, told="acceptor switched")


@row("W2", "coins come while the slot is shut")
def _(life: Trouble) -> None:
    pulses, machine, times = _wire(life), life.machine, life.chance(1, 8)
    if pulses is None:
        return

    def drop() -> None:
        pulses.fault("inhibit cut", machine.clock.monotonic())
        for number in range(times):
            machine.drop(100, machine.clock.monotonic() + 0.3 * number)

    life.soon(drop, within_s=20.0, told="acceptor inhibit cut")


@row("W3", "pulses and spikes for which no coin comes")
def _(life: Trouble) -> None:
    pulses, clock, times, apart_s = _wire(life), life.machine.clock, life.chance(1, 60), life.chance(1, 20) / 10
    if pulses is None:
        return

    def touch() -> None:
        for number in range(times):
            clock.after(number * apart_s, lambda: pulses.fault("static", clock.monotonic()))

    life.soon(touch, within_s=15.0, told="acceptor static")


# --- the I/O board --------------------------------------------------------------------------------


def _at_board(life: Trouble, act: Callable[[], None], told: str) -> None:
    """At some instant of the session, or while coins come."""
    if life.machine.board is None:
        return
    if life.chance(0, 1):
        life.soon(act, within_s=30.0, told=told)
    else:
        delay_s = life.chance(0, 40) / 10
        life.at_scene(show.Pay, lambda: life.machine.clock.after(delay_s, act), told=told)


@row("B1", "the I/O board starts anew")
def _(life: Trouble) -> None:
    _at_board(life, life.machine.reset_board, "board reset")


@row("B2", "the I/O board's cable is pulled and put in again")
def _(life: Trouble) -> None:
    after_s, power = float(life.one_of("0.1 0.7 5 60")), life.chance(0, 1) == 1
    _at_board(life, lambda: life.machine.replug_board(after_s, power=power), "board replug")
