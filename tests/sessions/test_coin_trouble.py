"""What follows when coins are lost, or the acceptor restarts, while somebody pays."""

from collections.abc import Mapping

import pytest

from firmware.book import records
from firmware.book.cases import COIN_TROUBLE_SESSIONS, Case
from firmware.session import scenes as show
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person, serve
from host_sim.wallet import WalletCard
from tests.sessions.test_coins import idle, in_the_middle, numbers
from tests.sessions.test_sessions import balanced, sorry

Cards = Mapping[str, WalletCard]


def served(machine: RigMachine, card: WalletCard) -> Person:
    card.chip.heal()
    return serve(machine, Person(card))


def last_sid(machine: RigMachine) -> str:
    closed = machine.records(records.SessionClosed)[-1]
    assert isinstance(closed, records.SessionClosed)
    return closed.sid


def test_a4_a_restart_while_somebody_pays_ends_the_session_with_its_money_back(wallet: Cards) -> None:
    machine = RigMachine()
    person = serve(machine, in_the_middle(machine, wallet["hanako"], "reset"))
    assert sorry(person).reason == "coin_trouble"
    assert (balanced(machine).inserted_yen, balanced(machine).paid_out_yen) == (100, 100)
    assert (Case.ACCEPTOR_RESTARTED, f"session {last_sid(machine)}") in machine.loop.book.queue
    idle(machine)  # one may be chance


def test_a10_an_acceptor_that_restarts_at_each_coin_costs_two_residents_one_coin_and_then_takes_none(
    wallet: Cards,
) -> None:
    machine = RigMachine()
    idle(machine)
    machine.acceptor.fault("weak_supply", machine.clock.monotonic())
    for _ in range(2):
        assert sorry(served(machine, wallet["hanako"])).reason == "coin_trouble"
        told = [detail for code, detail in machine.loop.book.queue if code in {"credits_lost", "acceptor_restarted"}]
        assert any(last_sid(machine) in detail for detail in told)
    assert numbers(machine) == ("309",)
    assert machine.coins_in_yen() == 200, "one coin each: the slot shuts behind it"
    machine.restart()
    assert numbers(machine) == ("309",), "a restart does not make the coins safe"
    machine.acceptor.clear("weak_supply", machine.clock.monotonic())
    machine.mend()
    idle(machine)
    assert isinstance(served(machine, wallet["hanako"]).seen[-1], show.Idle)
    assert machine.memory.last_closed is not None
    assert machine.memory.last_closed.outcome == "issued"


@pytest.mark.parametrize(("between", "closed"), [(COIN_TROUBLE_SESSIONS - 2, True), (COIN_TROUBLE_SESSIONS - 1, False)])
def test_two_such_sessions_far_apart_may_both_be_chance(wallet: Cards, between: int, closed: bool) -> None:
    machine = RigMachine()
    serve(machine, in_the_middle(machine, wallet["hanako"], "reset"))
    for _ in range(between):
        wallet["hanako"].chip.heal()
        serve(machine, Person(wallet["hanako"], quits_at=show.EnterPin))
    wallet["hanako"].chip.heal()
    serve(machine, in_the_middle(machine, wallet["hanako"], "reset"))
    machine.wait(30)
    assert isinstance(machine.loop.scene, show.Closed) is closed
