"""What U-Boot does with the choice, as hardware/image/boot.cmd says it: its table is read out of the script itself."""

import re
from pathlib import Path

_SCRIPT = Path(__file__).parents[3] / "hardware" / "image" / "boot.cmd"
_ROW = re.compile(r"if itest\.b \*\S+ == 0x(\w\w); then setenv slot (\w)(?:; setenv counted 0x(\w\w))?$", re.MULTILINE)
_ELSE = re.compile(r"^else setenv slot (\w); fi$", re.MULTILINE)


def table() -> dict[bytes, tuple[str, bytes | None]]:
    """The choice -> the slot that is started, and what is written before (None: nothing)."""
    rows = _ROW.findall(_SCRIPT.read_text())
    return {bytes.fromhex(code): (slot, bytes.fromhex(counted) or None) for code, slot, counted in rows}


def fallback() -> str:
    """The slot that is started for any other byte."""
    (slot,) = _ELSE.findall(_SCRIPT.read_text())
    return slot
