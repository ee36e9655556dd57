"""The scripts of the crash explorer: the residents of each, and the machine they come to."""

from collections.abc import Callable, Sequence
from functools import partial

from firmware.session import scenes as show
from host_sim.rig.city import NEW_YEAR
from host_sim.rig.crash import Script
from host_sim.rig.machine import COUNTER, RigMachine
from host_sim.rig.pairs import LOSSY
from host_sim.rig.people import Clerk, Person
from host_sim.rig.world import USB
from host_sim.wallet import WalletCard

Cards = dict[str, WalletCard]


def scripts(cards: Cards) -> dict[str, Script]:
    """Every script by its name."""
    hanako, taro = cards["hanako"], cards["taro"]

    def one(**wants: object) -> Callable[[], Sequence[Person]]:
        return lambda: [Person(hanako, **wants)]  # type: ignore[arg-type]

    made = [
        Script("one copy, change", one(coins=(500,))),
        Script("exact money", one(coins=(100, 100, 100))),
        Script("three copies", one(coins=(500, 500), copies=3)),
        Script("two copies of two pages", one(coins=(500, 500), copies=2), pages=2),
        Script("basket of two fees", one(coins=(500, 100), then="1"), fees={"juminhyo": 250}),
        Script("credits without coins", one(coins=(), deeds={show.Pay: _forge_and_cancel})),
        Script("cancel with coins in", one(coins=(100, 50), gives_up_after_s=1.0)),
        Script("walks away from the slot", one(coins=(100,))),
        Script(
            "refused: wrong PIN, then right", lambda: [Person(hanako, pin="0000", coins=(100,) * 3, second_pin="1234")]
        ),
        Script("hopper of 100 nearly empty", one(coins=(500,)), tubes={10: 60, 50: 8, 100: 1, 500: 20}),
        Script("one hopper", one(coins=(500,)), tubes={10: 0, 50: 0, 100: 20, 500: 0}),
        Script("acceptor without a counter", one(coins=(100, 100, 100)), acceptor_counts=False),
        Script("printer without a counter", one(coins=(500,)), printer="receipt-80"),
        Script("hopper silent at the start", one(coins=(500,)), while_dead=_hopper_silent),
        Script("centre down at the start", one(coins=(500,)), while_dead=_centre_down),
        Script("two residents in a row", lambda: [Person(hanako, coins=(500,)), Person(taro, coins=(100,) * 3)]),
        Script("paper left in the mouth", lambda: [Person(hanako, coins=(500,), deeds={show.TakePaper: _nothing})]),
        Script(
            "table changes in the session",
            lambda: [Person(hanako, coins=(500,), deeds={show.Basket: _new_table})],
            rests_s=25.0,  # the next heartbeat tells of it
        ),
        Script(
            "claim paid at the city's desk",
            one(coins=(500,), deeds={show.Printing: _hoppers_run_dry}),
            at_rest=_desk_pays,
            rests_s=25.0,  # the next heartbeat tells of it
        ),
        Script("counter terminal: two copies", one(copies=2), site=COUNTER, clerk=Clerk),
        Script("counter terminal: a jam", one(deeds={show.Printing: _jam}), site=COUNTER, clerk=Clerk),
        Script(
            "counter terminal: one of two copies",
            one(copies=2, deeds={show.Printing: _jam_at_the_second}),
            site=COUNTER,
            clerk=Clerk,
        ),
        Script(
            "counter terminal: a refund that nobody confirms",
            one(deeds={show.Printing: _jam}),
            site=COUNTER,
            clerk=partial(Clerk, deeds={"return_fee": None}),
        ),
        Script(
            "counter terminal: without a PIN", one(), site=COUNTER, clerk=partial(Clerk, codes=("1123456", "2654321"))
        ),
        Script("pulses: exact money", one(coins=(100, 100, 100)), pulse=True),
        Script("pulses: change", one(coins=(500,)), pulse=True),
        Script("pulses: cancel with coins in", one(coins=(100, 50), gives_up_after_s=1.0), pulse=True),
        Script("pulses: late coin after the fee", one(coins=(100, 100, 100, 50), apart_s=0.25), pulse=True),
        Script("pulses: the switch is moved", one(coins=(100, 100, 50), deeds={show.Pay: _switch_moved}), pulse=True),
        Script("board: change", one(coins=(500,)), pulse=True, board=USB),
        Script("board: cancel with coins in", one(coins=(100, 50), gives_up_after_s=1.0), pulse=True, board=USB),
        Script("board: exact money, frames are lost", one(coins=(100, 100, 100)), pulse=True, board=LOSSY),
        Script("late coin after the fee", one(coins=(100, 100, 100, 50), apart_s=0.25)),
    ]
    return {script.name: script for script in made}


def _hopper_silent(machine: RigMachine) -> None:
    machine.hoppers[100].fault("mute", machine.clock.monotonic())


def _hoppers_run_dry(machine: RigMachine, _: show.Scene) -> None:
    """A deed: no hopper can pay the change, so it becomes a claim."""
    for hopper in machine.hoppers.values():
        hopper.tube = 0


def _desk_pays(machine: RigMachine) -> None:
    for key in machine.centre.claims:
        machine.centre.pay_at_desk(key)


def _centre_down(machine: RigMachine) -> None:
    machine.centre.faults.down = True


def _new_table(machine: RigMachine, _: show.Scene) -> None:
    """A deed: the city changes its file while the resident confirms."""
    tables = machine.centre.tables
    if tables.table["closed_days"] != [*NEW_YEAR, "2026-11-30"]:
        tables.change(closed_days=[*NEW_YEAR, "2026-11-30"])
    machine.tap("enter", machine.clock.monotonic() + 1.0)


def _forge_and_cancel(machine: RigMachine, scene: show.Scene) -> None:
    """A deed: one credit of 100 yen for which no coin comes, then cancel (fault M1)."""
    assert isinstance(scene, show.Pay)
    if scene.inserted_yen == 0 and scene.countdown_s is None:
        now_s = machine.clock.monotonic()
        machine.clock.at(now_s + 0.5, lambda: machine.acceptor.fault("forged", machine.clock.monotonic()))
        machine.tap("cancel", now_s + 0.55)


def _switch_moved(machine: RigMachine, scene: show.Scene) -> None:
    """A deed: two coins are paid, and between them somebody moves the acceptor's speed switch (fault W1)."""
    assert isinstance(scene, show.Pay)
    now_s = machine.clock.monotonic()
    if scene.inserted_yen == 0 and scene.countdown_s is None:
        machine.acceptor.clear("switched", now_s)
        machine.drop(100, now_s + 1.0)
    elif scene.inserted_yen == 100 and scene.countdown_s is None:
        machine.acceptor.fault("switched", now_s)
        machine.drop(100, now_s + 1.0)


def _jam(machine: RigMachine, _: show.Scene) -> None:
    """A deed: the paper jams."""
    machine.printer.jam(machine.clock.monotonic())


def _jam_at_the_second(machine: RigMachine, scene: show.Scene) -> None:
    """A deed: the first copy is printed, the second one jams."""
    assert isinstance(scene, show.Printing)
    if scene.copy == 2:
        _jam(machine, scene)


def _nothing(*_: object) -> None:
    """A deed: do nothing."""
