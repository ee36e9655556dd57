"""Every ccTalk device of the zoo that is served: coins in, change out, and nothing owed; also when its power goes at rest."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from firmware.book import records
from host_sim.models.acceptor import AcceptorModel
from host_sim.models.zoo import Device, Kind, of_kind
from host_sim.rig.console import ConsoleRig
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person, serve
from host_sim.wallet import WalletCard
from tests.sessions.test_coins import idle

Cards = Mapping[str, WalletCard]
SERVED = [device for kind in (Kind.ACCEPTOR, Kind.HOPPER) for device in of_kind(kind) if device.refused is None]
ACCEPTORS = of_kind(Kind.ACCEPTOR)


@pytest.mark.parametrize("device", SERVED, ids=lambda device: device.name)
def test_change_comes_out_of_every_hopper_and_for_every_acceptor(device: Device, wallet: Cards) -> None:
    machine = RigMachine(zoo=[device])
    serve(machine, Person(wallet["hanako"], coins=[500]))
    closed = machine.records(records.SessionClosed)[-1]
    assert isinstance(closed, records.SessionClosed)
    assert (closed.outcome, closed.paid_out_yen, closed.claimed_yen) == ("issued", 200, 0)
    assert machine.coins_out_yen() == 200


@pytest.mark.parametrize("device", ACCEPTORS, ids=lambda device: device.name)
@pytest.mark.parametrize("start", [0, 6, 0xFFFFFE])
def test_power_off_at_rest_and_a_total_that_wraps_are_no_money_that_moved(
    device: Device, start: int, wallet: Cards
) -> None:
    machine = ConsoleRig(zoo=[replace(device, model={**device.model, "accepted_before": start})])
    idle(machine)
    acceptor = machine.acceptor
    assert isinstance(acceptor, AcceptorModel)
    serve(machine, Person(wallet["hanako"]))
    acceptor.fault("reset", machine.clock.monotonic())
    machine.wait(40)
    machine.enter_maintenance("kato")
    machine.say("close")
    machine.say("exit")
    machine.wait(5)
    idle(machine)
    assert {code for code, _ in machine.loop.book.queue} <= {"acceptor_restarted"}
