"""Whole visits as strips of pictures for the README: `python -m tests.strips` draws them into hardware/pictures.

The scenes are those of sessions in virtual time, on the sample city; only waiting for devices is left out.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from PIL import Image

from firmware.screens import render
from firmware.session import scenes as show
from host_sim.rig.people import Person
from host_sim.wallet import Wallet
from tests.sessions.city import City, CityMachine

PICTURES = Path(__file__).parent.parent / "hardware" / "pictures"
COLUMNS, EDGE = 4, 6
SIZE = (400, 240)  # pixels of one screen in a strip: half of the glass
LEFT_OUT = (show.Starting, show.Working, show.ChooseLook)


@dataclass(frozen=True)
class Visit:
    """`before`: keys pressed at idle. `person`: arguments of `Person`."""

    card: str
    before: str
    person: Mapping[str, Any]


VISITS: Mapping[str, Visit] = {
    "visit": Visit("hanako", "", {"kind": "1", "purpose": "3", "coins": (500,)}),
    "visit-vi": Visit("hanako", "5", {"kind": "1", "purpose": "4", "coins": (100, 100, 500)}),
    "visit-large": Visit("hanako", "8", {"kind": "1", "purpose": "1", "coins": (500,)}),
}


def scenes_of(visit: Visit, folder: Path) -> list[show.Scene]:
    """What the resident sees, from the idle screen to the last one."""
    card = Wallet.open(folder, date(2026, 11, 24), keep=False).cards[visit.card]
    machine = CityMachine(City(folder))
    now_s = machine.clock.monotonic()
    for number, key in enumerate(visit.before, start=1):
        machine.tap(key, now_s + number)
    machine.wait(len(visit.before) + 1)
    first = machine.loop.scene
    person = Person(card, **visit.person)
    machine.serve(person, card.chip)
    assert first is not None
    return [first, *person.seen]


def steps(scenes: Sequence[show.Scene]) -> list[show.Scene]:
    """Of each screen how it looked last, but of the choices what was offered; the idle screen stands first only."""
    told: list[show.Scene] = []
    for scene in scenes:
        if isinstance(scene, LEFT_OUT) or (told and isinstance(scene, show.Idle)):
            continue
        if told and type(scene) is type(told[-1]) and not isinstance(scene, show.ChooseOption):
            told[-1] = scene
        else:
            told.append(scene)
    return told


def strip(scenes: Sequence[show.Scene]) -> Image.Image:
    """The screens in rows, each half as large as the glass."""
    width, height = SIZE[0] + EDGE, SIZE[1] + EDGE
    rows = -(-len(scenes) // COLUMNS)
    picture = Image.new("RGB", (COLUMNS * width - EDGE, rows * height - EDGE), (120, 120, 120))
    for number, scene in enumerate(scenes):
        small = render(scene).resize(SIZE, Image.Resampling.LANCZOS)
        picture.paste(small, (number % COLUMNS * width, number // COLUMNS * height))
    return picture


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, visit in VISITS.items():
            told = steps(scenes_of(visit, Path(folder) / name))
            path = PICTURES / f"{name}.png"
            strip(told).convert("P", palette=Image.Palette.ADAPTIVE, colors=128).save(path, optimize=True)
            print(path, len(told), "screens")


if __name__ == "__main__":
    main()
