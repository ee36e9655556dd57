"""Which wire to look at: from what a guided test saw to a sentence with the pins of header or I/O board (pure)."""

from collections.abc import Iterable, Mapping, Sequence

from drivers.vocabulary import BoardOutput
from firmware.config.unit import DoorTable, KeypadTable, PulseTable, Via

# BCM number -> pin of the 40-pin header, as `pinout` on a Raspberry Pi shows it.
# fmt: off
HEADER: Mapping[int, int] = {
    2: 3, 3: 5, 4: 7, 17: 11, 27: 13, 22: 15, 10: 19, 9: 21, 11: 23, 0: 27, 5: 29, 6: 31, 13: 33, 19: 35, 26: 37,
    14: 8, 15: 10, 18: 12, 23: 16, 24: 18, 25: 22, 8: 24, 7: 26, 1: 28, 12: 32, 16: 36, 20: 38, 21: 40,
}
# fmt: on
# GP number -> pin of the I/O board, and which is which wire, as firmware/io_board/README.md has them ("The electrical side").
BOARD: Mapping[int, int] = {
    2: 4,
    3: 5,
    4: 6,
    5: 7,
    6: 9,
    7: 10,
    8: 11,
    9: 12,
    10: 14,
    11: 15,
    12: 16,
    13: 17,
    14: 19,
    15: 20,
    16: 21,
}
_BOARD_ROWS, _BOARD_COLUMNS, _BOARD_COIN, _BOARD_INHIBIT, _BOARD_SUPPLY, _BOARD_DOOR = (
    (2, 3, 4, 5),
    (6, 7, 8, 9),
    10,
    11,
    12,
    13,
)

Cell = tuple[int, int]  # row, column, counted from 0
Seen = Mapping[Cell, Cell | None]  # the crossing that was asked for -> the one that came; None: nothing came


def wire(name: str, pin: int | None, on_board: int) -> str:
    """`pin`: BCM number; None where the wire is on the I/O board, at its `on_board`."""
    if pin is None:
        return f"{name} (GP {on_board}, pin {BOARD[on_board]} of the I/O board)"
    return f"{name} (BCM {pin}, header pin {HEADER[pin]})"


def coin_wire(pulse: PulseTable | None) -> str:
    return "its cable" if pulse is None else wire("its coin wire", pulse.coin_pin, _BOARD_COIN)


def inhibit_wire(pulse: PulseTable | None) -> str:
    return "its cable" if pulse is None else wire("its inhibit wire", pulse.inhibit_pin, _BOARD_INHIBIT)


def supply_wire(pulse: PulseTable | None) -> str | None:
    """None where no wire switches the acceptor's 12 V."""
    on_board = pulse is not None and pulse.via is Via.IO_BOARD
    return wire("the wire of its 12 V relay", None, _BOARD_SUPPLY) if on_board else None


def lamp_wire(output: BoardOutput) -> str:
    names = {
        BoardOutput.SLOT_LAMP: ("the wire of the lamp at the slot", 14),
        BoardOutput.PAPER_LAMP: ("the wire of the lamp at the paper", 15),
        BoardOutput.BUZZER: ("the wire of the buzzer", 16),
    }
    name, on_board = names[output]
    return wire(name, None, on_board)


def door_wire(door: DoorTable) -> str:
    return wire("Its wire", door.pin, _BOARD_DOOR)


def _key_wires(keypad: KeypadTable) -> tuple[list[str], list[str]]:
    """The wires of the rows and of the columns, in words."""
    on_board = keypad.via is Via.IO_BOARD
    rows: Sequence[int | None] = [None] * len(keypad.keys) if on_board else keypad.rows
    columns: Sequence[int | None] = [None] * len(keypad.keys[0]) if on_board else keypad.columns
    return (
        [wire(f"row {n + 1}", pin, _BOARD_ROWS[n % 4]) for n, pin in enumerate(rows)],
        [wire(f"column {n + 1}", pin, _BOARD_COLUMNS[n % 4]) for n, pin in enumerate(columns)],
    )


def keypad_faults(keypad: KeypadTable, seen: Seen) -> list[str]:
    """A sentence for each fault that explains what came; empty when every key came as itself."""
    if all(cell is None for cell in seen.values()):
        return ["No key came. Is the keypad's plug in? Were the keys pressed when they were asked for?"]
    left = {asked: came for asked, came in seen.items() if came != asked}
    crossed = _crossed(keypad, seen, left)
    row_wires, column_wires = _key_wires(keypad)
    rows = _lines("row", row_wires, seen, left, 0)
    columns = _lines("column", column_wires, seen, left, 1)
    return [*crossed, *rows, *columns, *_single(keypad, left)]


def _name(keypad: KeypadTable, cell: Cell) -> str:
    rows, columns = _key_wires(keypad)
    return f"{rows[cell[0]]} and {columns[cell[1]]}"


def _crossed(keypad: KeypadTable, seen: Seen, left: dict[Cell, Cell | None]) -> list[str]:
    """A row and a column on each other's pins: all their keys are dead but the one at their crossing."""
    for cell, came in seen.items():
        others = [each for each in seen if each != cell and (each[0] == cell[0] or each[1] == cell[1])]
        if came == cell and all(seen[each] is None for each in others):
            _explained(left, others)
            return [f"The wires of {_name(keypad, cell)} are swapped."]
    return []


def _lines(kind: str, wires: Sequence[str], seen: Seen, left: dict[Cell, Cell | None], axis: int) -> list[str]:
    """Whole rows (`axis` 0) or columns (1) that are dead or come as others. Takes what they explain out of `left`."""
    dead, moved = [], []
    for line, name in enumerate(wires):
        cells = [cell for cell in seen if cell[axis] == line]
        came = {found[axis] for cell in cells if (found := seen[cell]) is not None}
        if not came and all(cell in left for cell in cells):
            dead.append(name)
        elif len(came) == 1 and came != {line} and all(seen[cell] is not None for cell in cells):
            moved.append(f"{name} comes as {kind} {came.pop() + 1}")
        else:
            continue
        _explained(left, cells)
    told = [f"Swapped wires: {'; '.join(moved)}."] if moved else []
    if len(dead) > 1:
        told.append(f"Dead: {', '.join(dead)}. Their wires touch each other or ground, or are cut.")
    elif dead:
        told.append(f"Dead: {dead[0]}. Its wire is cut, on another pin, or touches ground.")
    return told


def _explained(left: dict[Cell, Cell | None], cells: Iterable[Cell]) -> None:
    for cell in cells:
        left.pop(cell, None)


def label(key: str) -> str:
    """A key as it is asked for; in capitals, so that a language can tell `CLEAR` from what else is clear."""
    return key.upper()


def _single(keypad: KeypadTable, left: Mapping[Cell, Cell | None]) -> list[str]:
    told = []
    for cell, came in left.items():
        key = label(keypad.keys[cell[0]][cell[1]])
        if came is None:
            told.append(f"Key {key}: not pressed, dead or always closed. Do {_name(keypad, cell)} touch?")
        else:
            told.append(f"Key {key} comes as {label(keypad.keys[came[0]][came[1]])}. Look at {_name(keypad, cell)}.")
    return told
