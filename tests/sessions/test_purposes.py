"""What a paper is for, in whole sessions with the real centre: the purpose decides what stands on it, and the basket tells it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from firmware.session import scenes as show
from host_sim.centre import sample
from host_sim.centre.city.items import ITEMS, NUMBER
from host_sim.centre.city.model import PurposePart
from host_sim.rig.machine import COUNTER, STORE, RigMachine, Site
from host_sim.rig.people import Clerk, Person, serve
from host_sim.wallet import WalletCard
from tests.sessions.city import City, CityMachine
from tests.unit.centre.town import TUESDAY

Cards = Mapping[str, WalletCard]
PURPOSES = list(sample.city().on(TUESDAY.date()).rules.purposes.values())


@pytest.mark.parametrize(
    ("site", "numbers"), [(STORE, range(1, len(PURPOSES) + 1)), (COUNTER, [4])], ids=["store", "counter"]
)
def test_a_purpose_decides_what_stands_on_the_paper(
    wallet: Cards, wallet_folder: Path, site: Site, numbers: Sequence[int]
) -> None:
    machine = CityMachine(City(wallet_folder), site)
    for number in numbers:
        person = Person(wallet["hanako"], kind="1", purpose=str(number))
        clerk = machine.clerk = Clerk(person) if site is COUNTER else None
        wallet["hanako"].renew()
        serve(machine, person)
        assert any(isinstance(scene, show.Done) for scene in person.seen)
        _as_wanted(person.seen if clerk is None else clerk.seen, PURPOSES[number - 1])


def _as_wanted(seen: Sequence[show.Scene], purpose: PurposePart) -> None:
    asked = [scene for scene in seen if isinstance(scene, show.ChooseOption)]
    assert not asked, "the purpose answers everything about this household"
    (line,) = next(scene.lines for scene in seen if isinstance(scene, show.Basket))
    names = {key: ja for key, (ja, _) in ITEMS["juminhyo"].items()}
    wanted = {names[key] for key in purpose.kinds["juminhyo"].items}
    shown, left_off = ({item["ja"] for item in items} for items in (line.shown, line.left_off))
    assert shown <= wanted
    assert not left_off & wanted
    assert names[NUMBER] in (shown if purpose.number_law else left_off)


def test_a_machine_whose_table_has_no_purposes_asks_item_by_item(wallet: Cards) -> None:
    person = Person(wallet["hanako"], kind="1")
    wallet["hanako"].renew()
    serve(RigMachine(), person)
    assert not any(isinstance(scene, show.ChoosePurpose) for scene in person.seen)
    assert any(isinstance(scene, show.Basket) for scene in person.seen)
