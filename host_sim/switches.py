"""Faults that a developer can switch on behind the panel: each name is one thing that happens to a device."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from host_sim.adapters.line import FaultyLine
from host_sim.coins import CoinSide, NoCoins
from host_sim.papers import PaperSide
from host_sim.sounds import SoundSide


class World(Protocol):
    """The parts of a world that the switches act on."""

    papers: PaperSide
    coins: CoinSide | NoCoins
    line: FaultyLine
    sounds: SoundSide

    def move_door(self, *, opened: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Trouble:
    """`begin` makes the fault, `end` mends it."""

    begin: Callable[[World], None]
    end: Callable[[World], None]


def _printer(name: str, begin: str, end: str) -> Trouble:
    """A fault of one printer: names of two `PrinterModel` methods that take the time in seconds."""

    def does(method: str) -> Callable[[World], None]:
        def act(world: World) -> None:
            model = getattr(world.papers, name)
            line = world.papers.lines["printer" if name == "certificate" else "receipt"]
            with line.lock:
                getattr(model, method)(time.monotonic())

        return act

    return Trouble(does(begin), does(end))


TROUBLES: Mapping[str, Trouble] = {
    "paper_out": _printer("certificate", "paper_out", "load_paper"),
    "cover_open": _printer("certificate", "open_cover", "close_cover"),
    "printer_silent": _printer("certificate", "power_off", "power_on"),
    "receipt_paper_out": _printer("receipt", "paper_out", "load_paper"),
    "line_down": Trouble(lambda world: world.line.cut(), lambda world: world.line.mend()),
    "line_silent": Trouble(lambda world: world.line.hold(), lambda world: world.line.mend()),
    "hopper_empty": Trouble(lambda world: world.coins.empty_hoppers(), lambda world: world.coins.fill_hoppers()),
    "coin_jam": Trouble(lambda world: world.coins.jam(on=True), lambda world: world.coins.jam(on=False)),
    "speaker_gone": Trouble(lambda world: world.sounds.unplug(on=True), lambda world: world.sounds.unplug(on=False)),
    "door_open": Trouble(lambda world: world.move_door(opened=True), lambda world: world.move_door(opened=False)),
}
LINE = frozenset({"line_down", "line_silent"})


class Switchboard:
    """Which faults are on."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._on: dict[str, bool] = dict.fromkeys(TROUBLES, False)

    def status(self) -> dict[str, bool]:
        return dict(self._on)

    def set(self, name: str, on: bool) -> None:
        """Turn a switch on or off; does nothing if it is so already. Raises LookupError for an unknown name."""
        trouble = TROUBLES.get(name)
        if trouble is None:
            raise LookupError(f"There is no switch {name}. Use one of: {', '.join(TROUBLES)}.")
        if on and name in LINE:  # the line has one fault at a time
            for other in LINE - {name}:
                self.set(other, False)
        if self._on[name] is not on:
            (trouble.begin if on else trouble.end)(self._world)
            self._on[name] = on
