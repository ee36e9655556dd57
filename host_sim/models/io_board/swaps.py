"""Two wires of the I/O board on each other's pins: what then happens, one pair at a time (fault W5)."""

from collections.abc import Iterable, Mapping

Cell = tuple[int, int]  # row, column, from 0

# Name of the fault -> the two wires. Each wire of the board is in one of them; pins as in firmware/io_board/README.md.
SWAPS: Mapping[str, tuple[str, str]] = {
    "rows_1_2": ("row 1", "row 2"),
    "rows_3_4": ("row 3", "row 4"),
    "row_4_column_1": ("row 4", "column 1"),
    "columns_1_2": ("column 1", "column 2"),
    "columns_3_4": ("column 3", "column 4"),
    "coin_inhibit": ("coin", "inhibit"),
    "supply_door": ("supply", "door"),
    "slot_lamp_paper_lamp": ("slot lamp", "paper lamp"),
    "paper_lamp_buzzer": ("paper lamp", "buzzer"),
    "buzzer_service": ("buzzer", "service"),
}
_BITS = {"slot lamp": 0x08, "paper lamp": 0x10, "buzzer": 0x20}


def crossings(closed: Iterable[Cell], swap: str | None) -> set[Cell]:
    """The crossings that a scan finds. A row and a column on each other's pins find only the key where both meet."""
    one, other = SWAPS[swap] if swap is not None else ("", "")
    if one.startswith("row") and other.startswith("column"):
        row, column = int(one[-1]) - 1, int(other[-1]) - 1
        return {cell for cell in closed if (cell[0] == row) is (cell[1] == column)}
    turned = {word: {int(one[-1]) - 1: int(other[-1]) - 1} for word in ("row", "column") if one.startswith(word)}
    for way in turned.values():
        way |= {there: here for here, there in way.items()}
    rows, columns = turned.get("row", {}), turned.get("column", {})
    return {(rows.get(row, row), columns.get(column, column)) for row, column in closed}


def lit(outputs: int, swap: str | None) -> frozenset[str]:
    """Which of lamps and buzzer are on, by what a person sees and hears, when the pins are so."""
    one, other = SWAPS[swap] if swap is not None else ("", "")
    names = {one: other, other: one}
    return frozenset(names.get(name, name) for name, bit in _BITS.items() if outputs & bit)
