"""How bytes stand on a serial line."""

from dataclasses import dataclass
from enum import StrEnum


class Parity(StrEnum):
    NONE = "none"
    EVEN = "even"
    ODD = "odd"


@dataclass(frozen=True, slots=True)
class Wire:
    """How a byte of eight bits stands on the line. A port with neither wires nor bits, as a pseudo-terminal, ignores it."""

    baud: int
    parity: Parity = Parity.NONE
    stop_bits: int = 1  # or 2
