"""`firmware.ports.Hoppers`, with both kinds of dispense command."""

import pytest

from drivers.vocabulary import HopperState
from firmware.ports import Hoppers
from tests.bench.coin_world import HOPPERS, Machine

WAYS = pytest.mark.parametrize("value", [100, 50], ids=["no_cipher", "serial"])


@pytest.fixture
def machine() -> Machine:
    return Machine("clean_echo", tube=50)


@pytest.fixture
def hoppers(machine: Machine) -> Hoppers:
    bank = machine.host().bank
    bank.start()
    return bank


def test_every_hopper_of_the_unit_file_has_a_state(hoppers: Hoppers, machine: Machine) -> None:
    machine.hoppers[500].fault("mute", machine.clock.monotonic())
    states = hoppers.states()
    assert states == dict.fromkeys(HOPPERS, HopperState.OK) | {500: HopperState.UNKNOWN}


@WAYS
def test_a_payout_reports_the_coins_that_left_and_repeated_moves_no_coin(
    hoppers: Hoppers, machine: Machine, value: int
) -> None:
    before = hoppers.counters(value)
    paid = hoppers.dispense(value, 3, before)
    assert (paid.value_yen, paid.asked, paid.paid, machine.hoppers[value].out) == (value, 3, 3, 3)
    assert paid.counters == hoppers.counters(value)
    assert hoppers.settle(value, 3, before).paid == 3
    assert hoppers.dispense(value, 3, before).paid == 3, "the same payout again pays nothing more"
    assert machine.hoppers[value].out == 3


@WAYS
def test_a_payout_cut_short_tells_what_left(hoppers: Hoppers, machine: Machine, value: int) -> None:
    machine.hoppers[value].tube = 2
    paid = hoppers.dispense(value, 5, hoppers.counters(value))
    assert (paid.paid, paid.state, machine.hoppers[value].out) == (2, HopperState.EMPTY, 2)


def test_coins_without_a_command_are_told_once_and_their_hopper_waits_for_staff(
    hoppers: Hoppers, machine: Machine
) -> None:
    machine.hoppers[100].fault("phantom", machine.clock.monotonic())
    machine.clock.advance(1.0)
    assert list(hoppers.strays()) == []
    for _ in HOPPERS:
        hoppers.look()
    assert [(stray.value_yen, stray.coins) for stray in hoppers.strays()] == [(100, 1)]
    assert list(hoppers.strays()) == []
    assert hoppers.states()[100] is not HopperState.OK
    hoppers.acknowledge(100)
    assert hoppers.states()[100] is HopperState.OK
