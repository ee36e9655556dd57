"""Somebody who tries found cards with a wrong PIN each."""

from collections.abc import Mapping

from firmware.session import scenes as show
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person
from host_sim.wallet import WalletCard

Cards = Mapping[str, WalletCard]
FOUND = ("hanako", "taro", "kazuko", "nguyen", "moved-out", "protected", "last-try")


def try_wrong_pin(machine: RigMachine, card: WalletCard) -> None:
    """For each card: insert it when the machine takes cards, type one wrong PIN, take it back."""
    machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 4000)
    person = Person(card, pin="0000", second_pin="0000")
    person.deeds[show.EnterPin] = lambda m, s: _type_once(m, s, person)
    machine.watchers[:] = [person]
    machine.reader.insert(card.chip)
    machine.run_session()
    machine.watchers.clear()


def _type_once(machine: RigMachine, scene: show.Scene, person: Person) -> None:
    assert isinstance(scene, show.EnterPin)
    if scene.wrong and scene.countdown_s is None:
        machine.tap("cancel", machine.clock.monotonic() + 1)
    elif scene.count == 0 and scene.countdown_s is None:
        person.type_pin(machine, machine.clock.monotonic())


def attack(machine: RigMachine, wallet: Cards, sessions: int) -> None:
    for name in FOUND[:sessions]:
        try_wrong_pin(machine, wallet[name])
