"""The unit file as the world reads it: which devices to set up. Also writes the world's own unit file, which extends it."""

import tomllib
from pathlib import Path
from typing import Any

_PORTS = {"coin": "coin", "printer": "printer", "receipt": "receipt_printer", "console": "console"}


class UnitFile:
    """A unit file with the files it extends, read as `hardware/README.md` says, without the firmware's code."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.tables = _read(self.path)

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

    def below(self, run: Path, *, centre_port: int) -> str:
        """The text of one world's unit file, to be written into `run`: it extends this one and sets the centre's port."""
        assert run.is_absolute()
        return f'extends = "{self.path}"\n\n[centre]\nport = {centre_port}\n'


def _read(path: Path) -> dict[str, Any]:
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    base = table.pop("extends", None)
    return table if base is None else _merged(_read((path.parent / base).resolve()), table)


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = dict(base)
    for key, value in over.items():
        old = both.get(key)
        both[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return both
