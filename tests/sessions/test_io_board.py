"""Whole sessions with the I/O board between machine and keys, door, coins: whatever happens to it, every yen is explained."""

from collections.abc import Mapping
from random import Random

import pytest

from firmware.book import records
from firmware.service.availability import Reason
from firmware.session import scenes as show
from host_sim.adapters.wire import WireKind
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person, serve
from host_sim.rig.truth import Checker
from host_sim.rig.world import USB
from host_sim.wallet import WalletCard
from tests.sessions.test_coins import idle
from tests.sessions.test_sessions import balanced

Cards = Mapping[str, WalletCard]
LOSSY = WireKind(baud=None, loss=0.1)
TROUBLES = {
    "reset": lambda machine: machine.reset_board(),
    "cable": lambda machine: machine.replug_board(3.0, power=False),
    "plug": lambda machine: machine.replug_board(3.0, power=True),
    "short cable": lambda machine: machine.replug_board(0.3, power=False),
}


def checked(**world: object) -> tuple[RigMachine, Checker]:
    machine = RigMachine(pulse=True, **world)
    checker = Checker(machine)
    machine.at_point = checker.effect
    idle(machine)
    return machine, checker


@pytest.mark.parametrize("wire", [USB, LOSSY], ids=["clean", "lossy"])
@pytest.mark.parametrize("coins", [[100, 100, 100], [500], [10, 50, 100, 100, 50]])
def test_a_resident_is_served_over_the_board(wallet: Cards, wire: WireKind, coins: list[int]) -> None:
    machine, checker = checked(board=wire)
    serve(machine, Person(wallet["hanako"], coins=coins))
    assert balanced(machine).outcome == "issued"
    machine.settle_advices()
    checker.check()


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("scene", [show.EnterPin, show.Pay, show.Printing])
def test_whatever_happens_to_the_board_every_yen_is_explained_and_the_next_one_is_served(
    wallet: Cards, trouble: str, scene: type[show.Scene]
) -> None:
    machine, checker = checked(board=LOSSY, late=(trouble == "plug") is (scene is show.Pay))
    person, struck = Person(wallet["hanako"], coins=[100, 50, 100, 50]), []

    def strike(now: show.Scene) -> None:
        if isinstance(now, scene) and not struck:
            struck.append(now)
            machine.clock.after(Random(trouble).uniform(0.1, 1.5), lambda: TROUBLES[trouble](machine))

    person.on_scene = strike
    serve(machine, person)
    assert struck
    machine.settle_advices()
    checker.check()
    machine.mend()
    idle(machine)
    wallet["hanako"].chip.heal()
    serve(machine, Person(wallet["hanako"]))
    last = machine.records(records.SessionClosed)[-1]
    assert last.outcome == "issued", last  # type: ignore[union-attr]
    checker.check()


@pytest.mark.parametrize("trouble", ["reset", "cable", "plug"])
def test_at_rest_the_machine_is_open_again_and_asks_nobody(trouble: str) -> None:
    machine, checker = checked(board=USB)
    machine.wait(10)
    TROUBLES[trouble](machine)
    machine.wait(20)
    assert machine.loop.book.queue == []
    idle(machine)
    checker.check()


def test_a_board_that_is_gone_closes_the_machine_and_its_return_opens_it() -> None:
    machine, _ = checked(board=USB)
    machine.replug_board(60.0, power=True)
    machine.wait(20)
    assert set(machine.loop.reception.state.reasons) >= {Reason.KEYPAD, Reason.COIN}
    assert machine.board is not None
    machine.board.advance(machine.clock.monotonic())
    assert not machine.acceptor.powered  # type: ignore[union-attr]
    machine.wait(60)
    idle(machine)
