"""Shared by the tests of money: the accounts, a machine that owes a resident, and one that stops with a coin unread."""

from collections.abc import Mapping

import pytest

from drivers.vocabulary import claim_code
from firmware.book import records
from firmware.session import scenes as show
from host_sim.adapters.disk import PowerLost, Tail
from host_sim.rig.console import ConsoleRig
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person, serve
from host_sim.wallet import WalletCard

Cards = Mapping[str, WalletCard]


def accounts_hold(machine: ConsoleRig) -> None:
    """Compare the coins that moved in the models, and the centre's claims, with the book's totals."""
    total = machine.loop.book.totals
    assert machine.coins_out_yen() == total["paid_out_yen"] + total["overpaid_yen"] + total["staff_paid_yen"]
    assert machine.coins_in_yen() == total["inserted_yen"] + total["stray_yen"] + total["test_coins_yen"]
    assert total["inserted_yen"] == total["earned_yen"] + total["paid_out_yen"] + total["claimed_yen"]
    machine.settle_advices()
    assert sum(sum(paid.values()) for paid in machine.centre.collected.values()) == total["collected_yen"]
    assert machine.centre.held == set()


def under_whom_the_hoppers_run_dry(card: WalletCard) -> Person:
    """A resident who pays 500 yen for 300, and the hoppers are empty when the change is due."""
    person = Person(card, coins=[500])

    def empty_the_hoppers(machine: RigMachine, _: show.Scene) -> None:
        for hopper in machine.hoppers.values():
            hopper.tube = 0

    person.deeds[show.Printing] = empty_the_hoppers
    return person


def owing_200(wallet: Cards) -> ConsoleRig:
    """A machine that owes a resident 200 yen: its hoppers were empty, and were filled afterwards."""
    machine = ConsoleRig()
    serve(machine, under_whom_the_hoppers_run_dry(wallet["hanako"]))
    for hopper in machine.hoppers.values():
        hopper.tube = 30
    return machine


def claim_of_200(wallet: Cards) -> tuple[ConsoleRig, str]:
    """The machine of `owing_200` in maintenance, and the code on the claim slip."""
    machine = owing_200(wallet)
    (key,) = machine.centre.claims
    assert machine.centre.claims[key] == 200
    machine.enter_maintenance()
    machine.say("test hopper")  # makes the machine ask the hoppers for their state again
    return machine, claim_code(key)


def acts(machine: ConsoleRig) -> list[tuple[str, str, str, str]]:
    return [(r.who, r.role, r.verb, r.outcome) for r in machine.records(records.ConsoleAct)]


def dies_with_a_coin_at_the_sensor(machine: RigMachine, card: WalletCard, tail: Tail | None) -> None:
    """500 yen are in the box, and the machine stops before it reads the event: by a power cut with `tail`, else killed."""

    def pay(_: RigMachine, __: show.Scene) -> None:
        now_s = machine.clock.monotonic()
        machine.drop(500, now_s + 1)
        machine.clock.at(now_s + 1.045, lambda: machine.die(tail))

    machine.watchers[:] = [Person(card, deeds={show.Pay: pay})]
    machine.reader.insert(card.chip)
    with pytest.raises(PowerLost):
        machine.run_session()
