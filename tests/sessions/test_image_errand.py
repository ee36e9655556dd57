"""The errand of `make image-test` (tests/image/errand.py) knows every screen of the session, and comes to its paper.

An emulated board takes minutes; so a new screen is noticed here, in virtual time, with the city's real centre.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PIL import Image

from firmware.screens import render
from firmware.screens.examples import examples
from firmware.session import scenes as show
from host_sim.rig.machine import STORE
from host_sim.wallet import WalletCard
from tests.image.errand import ACTS, ENDS, NEVER, PASSES, Eyes, serve_a_resident
from tests.sessions.city import City, CityMachine

SCENES = {
    name: kind
    for name, kind in vars(show).items()
    if isinstance(kind, type) and issubclass(kind, show.Scene) and kind is not show.Scene
}


class VirtualFront:
    """A resident's hands at a machine in virtual time."""

    def __init__(self, machine: CityMachine) -> None:
        self._machine = machine

    def insert(self, card: WalletCard) -> None:
        self._machine.reader.insert(card.chip)

    def take_card(self) -> None:
        self._machine.reader.remove()

    def tap(self, key: str) -> None:
        self._machine.tap(key, self._machine.clock.monotonic())
        self._machine.wait(0.4)

    def slot_open(self) -> bool:
        return bool(self._machine.acceptor.open_coins)

    def drop_coin(self, yen: int) -> None:
        self._machine.drop(yen, self._machine.clock.monotonic())

    def take_paper(self) -> Sequence[Image.Image]:
        sheets = self._machine.printer.take_paper(self._machine.clock.monotonic())
        return [sheet.image() for sheet in sheets]

    def take_receipt(self) -> Sequence[Image.Image]:
        self._machine.take_what_lies_there()
        return []

    def take_change(self) -> Sequence[int]:
        return []


def _glass(machine: CityMachine) -> Callable[[], Image.Image]:
    """The picture on the glass, drawn once a scene."""
    drawn: list[tuple[show.Scene, Image.Image]] = []

    def look() -> Image.Image:
        scene = machine.loop.scene
        if not drawn or drawn[0][0] is not scene:
            drawn[:] = [(scene, render(scene))]
        return drawn[0][1]

    return look


def test_the_errand_knows_every_screen_of_the_session() -> None:
    """A new screen must be put into one of the four; and one that is gone, or stands in two, is a mistake, too."""
    told = [*ACTS, *PASSES, *ENDS, *NEVER]
    assert sorted(told) == sorted(SCENES)


def test_the_errand_has_seen_a_picture_of_every_screen_that_it_may_meet() -> None:
    assert {type(scene).__name__ for scene in examples("ja")} >= {*ACTS, *PASSES, *ENDS}


def test_the_errand_comes_to_its_paper(wallet: Mapping[str, WalletCard], wallet_folder: Path) -> None:
    machine = CityMachine(City(wallet_folder), STORE)
    met: list[str] = []
    eyes = Eyes(_glass(machine), machine.wait)
    papers = serve_a_resident(VirtualFront(machine), wallet["hanako"], eyes, met.append)
    assert len(papers) == 1
    shown = {type(scene).__name__ for scene in machine.scenes}
    assert not shown & set(NEVER), "it meets a screen that it is said not to meet"
    assert set(met) == shown & set(ACTS), "it takes one screen for another"
