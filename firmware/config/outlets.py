"""Where a machine can say something although its unit file cannot be used: what can still be read of the file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from drivers.decode import Table, Undecodable, read_toml, to_table
from firmware.config.unit import CentreTable, ConsoleTable, ScreenTable, Unit, merged

_T = TypeVar("_T", bound=Table)


@dataclass(frozen=True, slots=True)
class Outlets:
    """The sides on which a halted machine speaks. `centre=None`: it cannot be told."""

    name: str
    simulated: bool
    console: ConsoleTable | None
    screen: ScreenTable
    clerk_screen: ScreenTable | None  # of a counter terminal
    centre: CentreTable | None


def outlets_of(unit: Unit) -> Outlets:
    clerk_screen = None if unit.clerk is None else unit.clerk.screen
    return Outlets(unit.unit.name, unit.unit.simulated, unit.console, unit.screen, clerk_screen, unit.centre)


def readable_outlets(path: Path) -> Outlets:
    """What this unit file says of console, screen and centre, table by table. Raises nothing.

    A table that cannot be read is replaced by the names that hardware/udev makes on every machine; the centre has none.
    """
    tables = _tables(path, ())
    about = tables.get("unit")
    about = about if isinstance(about, dict) else {}
    clerk = tables.get("clerk")
    return Outlets(
        name=str(about.get("name", "")),
        simulated=about.get("simulated") is True,
        console=_read(ConsoleTable, tables.get("console")) or ConsoleTable(port="/dev/kofuki/console"),
        screen=_read(ScreenTable, tables.get("screen")) or ScreenTable(path="/dev/kofuki/screen", pixels="rgb565"),
        clerk_screen=_read(ScreenTable, clerk.get("screen") if isinstance(clerk, dict) else None),
        centre=_read(CentreTable, tables.get("centre")),
    )


def _read(kind: type[_T], table: Any) -> _T | None:
    try:
        return to_table(kind, table)
    except Undecodable:
        return None


def _tables(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    """All that can be read of the file and those it extends."""
    try:
        text = path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return {}
    try:
        tables = dict(read_toml(text))
    except Undecodable:
        tables = _piece_by_piece(text)
    base = tables.pop("extends", None)
    if not isinstance(base, str) or path in seen:
        return tables
    return merged(_tables((path.parent / base).resolve(), (*seen, path)), tables)


def _piece_by_piece(text: str) -> dict[str, Any]:
    """The tables of a file with a mistake in its syntax that are right by themselves. A piece begins at each `[table]`."""
    pieces = [""]
    for line in text.splitlines(keepends=True):
        if line.startswith("["):
            pieces.append("")
        pieces[-1] += line
    tables: dict[str, Any] = {}
    for piece in pieces:
        try:
            tables = merged(tables, dict(read_toml(piece)))
        except Undecodable:
            continue
    return tables
