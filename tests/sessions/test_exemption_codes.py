"""A resident with an exemption code, in whole sessions: real machine, real centre, every key and coin."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from firmware.book import records
from firmware.session import scenes as show
from host_sim.centre.exemptions.grants import ExemptionDesk
from host_sim.centre.staff.accounts import Staff
from host_sim.rig.machine import COUNTER, STORE, RigMachine, Site
from host_sim.rig.people import Clerk, Person
from host_sim.wallet import WalletCard
from tests.sessions.city import City, CityMachine, residents
from tests.unit.centre.town import TUESDAY

Cards = Mapping[str, WalletCard]
CLERK = Staff("tanaka", "田中　一", frozenset({"clerk"}))


@pytest.fixture
def city(wallet: Cards, wallet_folder: Path) -> City:
    assert wallet
    return City(wallet_folder)


def code_for(city: City, holder: str, copies: int = 1) -> str:
    desk = ExemptionDesk(city.store, city.book)
    number = residents().cast[holder]
    return desk.grant(number, "welfare", ["inkan", "juminhyo"], copies, CLERK, "saw the paper", TUESDAY).code


def typing(*codes: str) -> dict[type[show.Scene], object]:
    """Press 0 at the first menu, then type each code in turn, as the screen asks for it."""
    left = list(codes)

    def choose(machine: RigMachine, scene: show.Scene) -> None:
        assert isinstance(scene, show.ChooseKind)
        if scene.countdown_s is None:
            machine.tap("0" if scene.takes_code else "2", machine.clock.monotonic() + 1.0)

    def type_it(machine: RigMachine, scene: show.Scene) -> None:
        assert isinstance(scene, show.TypeCode)
        now_s = machine.clock.monotonic()
        if scene.code == "" and left and scene.countdown_s is None:
            for number, key in enumerate((*left.pop(0), "enter")):
                machine.tap(key, now_s + 0.5 + 0.3 * number)

    return {show.ChooseKind: choose, show.TypeCode: type_it}


def serve(machine: CityMachine, person: Person) -> None:
    machine.serve(person, person.card.chip)
    machine.settle_advices()


def outcomes(machine: CityMachine) -> list[str]:
    return [end.outcome for end in machine.records(records.SessionClosed) if isinstance(end, records.SessionClosed)]


def test_at_a_counter_terminal_the_clerk_types_the_code_and_takes_no_fee(city: City, wallet: Cards) -> None:
    machine = CityMachine(city, COUNTER)
    person = Person(wallet["hanako"], code=code_for(city, "hanako"))
    machine.clerk = Clerk(person)
    serve(machine, person)
    assert outcomes(machine)[-1:] == ["issued"]
    assert [scene.fee_yen for scene in person.seen if isinstance(scene, show.Consent)][:1] == [0]
    assert not machine.records(records.FeeTaken)


def test_with_the_code_no_coin_is_asked_for(city: City, wallet: Cards) -> None:
    machine = CityMachine(city)
    person = Person(wallet["hanako"], coins=(), deeds=typing(code_for(city, "hanako")))  # type: ignore[arg-type]
    serve(machine, person)
    assert outcomes(machine)[-1:] == ["issued"]
    assert not [scene for scene in person.seen if isinstance(scene, show.Pay)]
    assert [scene.fee_yen for scene in person.seen if isinstance(scene, show.Basket)] == [0]
    # The same card again: the code was used, and nobody is asked for one.
    again = Person(wallet["hanako"], coins=(100, 100, 100))
    serve(machine, again)
    assert not any(scene.takes_code for scene in again.seen if isinstance(scene, show.ChooseKind))
    assert [scene.fee_yen for scene in again.seen if isinstance(scene, show.Pay)][:1] == [300]


def test_a_wrong_code_is_told_and_may_be_typed_again(city: City, wallet: Cards) -> None:
    machine = CityMachine(city)
    code = code_for(city, "hanako")
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    person = Person(wallet["hanako"], coins=(), deeds=typing(wrong, code))  # type: ignore[arg-type]
    serve(machine, person)
    assert [scene.wrong for scene in person.seen if isinstance(scene, show.TypeCode) and not scene.code] == [
        False,
        True,
    ]
    assert outcomes(machine)[-1:] == ["issued"]


def test_the_menu_ends_where_the_freed_copies_end(city: City, wallet: Cards) -> None:
    """One copy is free: a second line of the same kind cannot be chosen, and the screen says why."""
    machine = CityMachine(city)
    deeds = typing(code_for(city, "hanako"))
    first = deeds[show.ChooseKind]
    refused: list[str | None] = []

    def choose(rig: RigMachine, scene: show.Scene) -> None:
        assert isinstance(scene, show.ChooseKind)
        if scene.may_go_back:
            refused.append(scene.lines[1].refusal)
            rig.tap("clear", rig.clock.monotonic() + 1.0)
        else:
            first(rig, scene)  # type: ignore[operator]

    person = Person(wallet["hanako"], coins=(), then="2", deeds=deeds | {show.ChooseKind: choose})  # type: ignore[arg-type]
    serve(machine, person)
    assert refused == ["no_more"]
    assert outcomes(machine)[-1:] == ["issued"]


@pytest.mark.parametrize("site", [STORE, COUNTER])
def test_nobody_without_a_code_is_asked_for_one(city: City, wallet: Cards, site: Site) -> None:
    machine = CityMachine(city, site)
    code_for(city, "taro")
    person = Person(wallet["hanako"])
    if site is COUNTER:
        machine.clerk = Clerk(person)
    serve(machine, person)
    assert not any(scene.takes_code for scene in person.seen if isinstance(scene, show.ChooseKind))
    assert outcomes(machine)[-1:] == ["issued"]
