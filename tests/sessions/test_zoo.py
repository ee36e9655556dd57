"""Every device of the zoo: with those that are served a resident gets the certificate and every invariant holds; the others are
refused at the start by a sentence that names the cause, and nobody's money is touched.
"""

from collections.abc import Mapping

import pytest

from firmware.session import scenes as show
from host_sim.models.zoo import Device, load_all
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person
from host_sim.rig.truth import Checker
from host_sim.wallet import WalletCard

SERVED = [device for device in load_all().values() if device.refused is None]
# What a device does to every session on purpose; the resident gets the money back.
NOT_ISSUED = {"ch-926-weak-supply": "coin_trouble"}  # no coin's pulses ever arrive complete
REFUSED = [device for device in load_all().values() if device.refused is not None]


@pytest.mark.parametrize("device", SERVED, ids=lambda device: device.name)
def test_with_every_device_that_is_served_a_resident_is_served(
    device: Device, wallet: Mapping[str, WalletCard]
) -> None:
    machine = RigMachine(zoo=[device])
    checker = Checker(machine)
    machine.at_point = checker.effect
    person = Person(wallet["hanako"], coins=(100, 100, 100))
    machine.serve(person, person.card.chip)
    machine.settle_advices()
    checker.check()
    closed = machine.memory.last_closed
    assert closed is not None
    wanted = NOT_ISSUED.get(device.name)
    assert (closed.outcome, closed.reason) == ("not_issued" if wanted else "issued", wanted or "")
    assert closed.inserted_yen == closed.earned_yen + closed.paid_out_yen + closed.claimed_yen


@pytest.mark.parametrize("device", REFUSED, ids=lambda device: device.name)
def test_a_device_that_cannot_be_served_is_refused_by_its_sentence(
    device: Device, wallet: Mapping[str, WalletCard]
) -> None:
    machine = RigMachine(zoo=[device])
    machine.wait(60)
    assert device.refused is not None
    assert any(device.refused in sentence for sentence in machine.loop.troubles.values()), machine.loop.troubles
    assert not isinstance(machine.loop.scene, show.Idle)
    machine.reader.insert(wallet["hanako"].chip)
    machine.drop(100, machine.clock.monotonic() + 1)
    machine.wait(30)
    assert (machine.coins_in_yen(), machine.coins_out_yen()) == (0, 0)
