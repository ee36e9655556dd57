"""What a row of the fault catalogue is, and what it needs of the life in which it happens."""

from collections.abc import Callable
from typing import Protocol

from firmware.session import scenes as show
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person


class Trouble(Protocol):
    """What a row needs of the life it happens in (`swarm.Life`).

    The row is counted when `act` is done. Where `act` only lays a fault, `told` is the name by which the world tells that it
    happened (`RigWorld.at_fault`), and the row is counted then.
    """

    machine: RigMachine
    person: Person

    def chance(self, low: int, high: int) -> int: ...

    def one_of(self, words: str) -> str:
        """One of the words of a sentence, chosen by the seed."""
        ...

    def now(self, act: Callable[[], object], *, told: str = "") -> None:
        """Do it before the resident comes."""
        ...

    def soon(self, act: Callable[[], object], within_s: float = 10.0, *, told: str = "") -> None:
        """Do it at an instant of the session, within so many seconds, chosen by the seed."""
        ...

    def when(self, point: str, act: Callable[[], object], among: int = 1, *, told: str = "") -> None:
        """Do it at one of the first `among` points whose name matches the regular expression `point`."""
        ...

    def at_scene(self, scene: type[show.Scene], act: Callable[[], object], *, told: str = "") -> None:
        """Do it when this scene is first shown."""
        ...

    def other_card(self) -> None:
        """Another card takes the place of the one in the reader."""
        ...


Row = Callable[[Trouble], None]
ROWS: dict[str, tuple[str, Row]] = {}


def row(code: str, words: str) -> Callable[[Row], Row]:
    def add(make: Row) -> Row:
        ROWS[code] = (words, make)
        return make

    return add
