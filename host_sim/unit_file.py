"""The unit file as the world reads it: which devices to set up. Also writes the world's own unit file, which extends it."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from host_sim.models.pulse_acceptor import TAUGHT
from host_sim.models.zoo import Kind
from host_sim.models.zoo.room import NoRoom, Room, merged

_PORTS = {
    "coin": "coin",
    "printer": "printer",
    "receipt": "receipt_printer",
    "console": "console",
    "io_board": "io_board",
}


# A pulse acceptor on the pins of hardware/units/dev-pulse.toml, taught as the model is.
PULSE_TABLE: Mapping[str, Any] = {
    "coin_pin": 23,
    "inhibit_pin": 24,
    "pulses": {coin[2:5].lstrip("0"): pulses for coin, pulses in TAUGHT.items()},
}


class NotAUnit(ValueError):
    """The file cannot be read, or is no unit file; the message is a sentence."""


class UnitFile:
    """A unit file with the files it extends, read as `hardware/README.md` says, without the firmware's code.

    `room`: devices of the zoo, whose tables are laid over the unit's.
    """

    def __init__(self, path: Path, room: Room | None = None) -> None:
        """Raises `NotAUnit`, and `NoRoom` for a device that this unit has no place for."""
        self.path = path.resolve()
        self.room = room or Room()
        unit = _read(self.path)
        if not {"unit", "screen"} <= unit.keys():
            raise NotAUnit(f"{path} is no unit file; take one of hardware/units.")
        self._over = _over(unit, self.room)
        self.tables = merged(unit, self._over)

    def table(self, name: str) -> dict[str, Any]:
        table: dict[str, Any] = self.tables[name]
        return table

    def has(self, name: str) -> bool:
        return name in self.tables

    def text(self, table: str, key: str) -> str:
        return str(self.tables[table][key])

    def port(self, line: str) -> str:
        """The path of a serial line, relative to the run directory."""
        return self.text(_PORTS[line], "port")

    def below(self, run: Path, *, centre_port: int, voices: Path) -> str:
        """The text of one world's unit file, to be written into `run`: it extends this one, with its devices, the
        centre's port and the folder of the voices."""
        assert run.is_absolute()
        over = merged(self._over, {"centre": {"port": centre_port}})
        if self.has("speaker"):
            over = merged(over, {"speaker": {"voices": str(voices)}})
        return "".join(f"{row}\n" for row in (f'extends = "{self.path}"', *toml(over)))


def toml(tables: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Tables of a unit file, as its lines."""
    for name, table in tables.items():
        yield f"[{name}]"
        yield from (f"{key} = {_value(value)}" for key, value in table.items())


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_value(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)


def _over(unit: dict[str, Any], room: Room) -> dict[str, Any]:
    """The tables that the devices change. A pulse acceptor brings its two wires with it."""
    coins = [device for device in room.devices if device.kind in {Kind.ACCEPTOR, Kind.PULSE_ACCEPTOR, Kind.HOPPER}]
    if coins and "coin" not in unit:
        raise NoRoom(f"{coins[0].name} has no place in this unit: a counter terminal has no coin devices.")
    on_wires = "pulse" in unit.get("coin", {})
    slot = room.get(Kind.ACCEPTOR)
    if slot is not None and on_wires:
        raise NoRoom(f"{slot.name} has no place in this unit: its slot is a pulse acceptor's. Take another --unit.")
    wires = {"coin": {"pulse": PULSE_TABLE}} if room.get(Kind.PULSE_ACCEPTOR) is not None and not on_wires else {}
    return merged(wires, room.over(unit))


def _read(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as trouble:
        raise NotAUnit(f"The unit file {path} cannot be opened: {trouble.strerror}.") from None
    except ValueError as trouble:
        raise NotAUnit(f"The unit file {path} cannot be read: {trouble}.") from None
    base = table.pop("extends", None)
    return table if base is None else merged(_read((path.parent / base).resolve()), table)
