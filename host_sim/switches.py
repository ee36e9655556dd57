"""Faults that a developer can switch on behind the panel: each name is one thing that happens to a device."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from host_sim.adapters.line import FaultyLine
from host_sim.board_side import BoardSide
from host_sim.coins import CoinSide, NoCoins
from host_sim.models.io_board.loom import FAULTS
from host_sim.papers import PaperSide
from host_sim.sounds import SoundSide


class World(Protocol):
    """The parts of a world that the switches act on."""

    papers: PaperSide
    coins: CoinSide | NoCoins
    board: BoardSide | None
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


def _board(begin: Callable[[BoardSide], None], end: Callable[[BoardSide], None]) -> Trouble:
    def on_it(act: Callable[[BoardSide], None]) -> Callable[[World], None]:
        return lambda world: None if world.board is None else act(world.board)

    return Trouble(on_it(begin), on_it(end))


def _rewired(name: str) -> Trouble:
    return _board(lambda board: board.rewire(name), lambda board: board.rewire(None))


# What a world with an I/O board has besides. `board_rows_1_2`: these wires are on each other's pins; `board_row_1_cut`,
# `board_coin_touches_inhibit` (fault W5).
REWIRED: Mapping[str, Trouble] = {f"board_{name}": _rewired(name) for name in FAULTS}
AT_BOARD: Mapping[str, Trouble] = {
    "board_unplugged": _board(lambda board: board.unplug(), lambda board: board.plug_in()),
    "board_restarted": _board(lambda board: board.restart(), lambda _: None),
    **REWIRED,
}


class Switchboard:
    """Which faults are on."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._troubles = TROUBLES if world.board is None else {**TROUBLES, **AT_BOARD}
        self._on: dict[str, bool] = dict.fromkeys(self._troubles, False)

    def status(self) -> dict[str, bool]:
        return dict(self._on)

    def set(self, name: str, on: bool) -> None:
        """Turn a switch on or off; does nothing if it is so already. Raises LookupError for an unknown name."""
        trouble = self._troubles.get(name)
        if trouble is None:
            raise LookupError(f"There is no switch {name}. Use one of: {', '.join(self._troubles)}.")
        for alike in (LINE, frozenset(REWIRED) & self._on.keys()):  # one fault of each kind at a time
            for other in alike - {name} if on and name in alike else ():
                self.set(other, False)
        if self._on[name] is not on:
            (trouble.begin if on else trouble.end)(self._world)
            self._on[name] = on
