"""I13 at the technician's line: at rest only the coins come out that two people confirmed, whatever the machine writes of it."""

from collections import Counter
from collections.abc import Callable, Generator, Mapping
from random import Random
from typing import Any

import pytest

from firmware.book import records
from firmware.console import money, talking
from firmware.console.access import Role
from firmware.console.steps import Ask, Person, Step
from host_sim.rig.console import ConsoleRig
from host_sim.rig.technician import Technician
from host_sim.rig.truth import Checker, Violation

Patch = pytest.MonkeyPatch
Approved = Generator[Step, Any, Person]
KATO = Person("kato", Role.CASH)


def without_a_second_person(patch: Patch) -> None:
    def approved(*_: object) -> Approved:
        yield from ()
        return KATO

    patch.setattr(talking, "_approved", approved)


def without_the_second_password(patch: Patch) -> None:
    def approved(_: object, me: Person, pair: Role) -> Approved:
        yield Ask(f"Second person{'' if me.role is pair else f' ({pair})'}: ")
        return KATO

    patch.setattr(talking, "_approved", approved)


def in_dearer_coins(patch: Patch) -> None:
    real = money._commands

    def commands(steps: Mapping[int, int]) -> list[tuple[int, int]]:
        return [(500, coins) for _, coins in real(steps)]

    patch.setattr(money, "_commands", commands)


def a_coin_more(patch: Patch) -> None:
    real = money._commands
    patch.setattr(money, "_commands", lambda steps: [(value, coins + 1) for value, coins in real(steps)])


def visits(seed: int, count: int, before: Callable[[ConsoleRig], None] = lambda _: None) -> list[records.StaffPayDone]:
    """A technician comes so many times while no resident does; the checker looks on. What the hoppers paid staff.

    `before`: what happens at the machine before each visit.
    """
    machine = ConsoleRig(seed=seed)
    checker = Checker(machine)
    machine.at_point = checker.effect
    technician = Technician(machine, Random(seed), Counter())
    for _ in range(count):
        before(machine)
        technician.comes()
        technician.works()
        technician.goes()
    checker.check()
    return [end for end in machine.records(records.StaffPayDone) if end.paid]


def test_what_two_people_confirm_may_come_out() -> None:
    assert len(visits(3, 2)) > 1


def test_a_coin_that_came_out_by_itself_is_none_of_theirs() -> None:
    """Fault H6 before staff's payout: found by the swarm, which took the hopper's own coin for one of the confirmed ones."""
    assert len(visits(3, 2, ConsoleRig.phantom_coin)) > 1


@pytest.mark.parametrize(
    "mistake", [without_a_second_person, without_the_second_password, in_dearer_coins, a_coin_more]
)
def test_a_mistake_that_lets_out_other_coins_is_seen(mistake: Callable[[Patch], None]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        mistake(patch)
        with pytest.raises(Violation, match="I13: a coin of"):
            visits(3, 2)
