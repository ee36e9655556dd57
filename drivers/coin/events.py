"""What an acceptor's event code says about the coin. Pure.

Codes and their R / ? / N marks (coin rejected: yes, possibly, no) are those of part 3, table 2. No code is
a credit, and only mark R says that the coin came back.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer to header 229: the event counter, and five pairs (position, code), newest first."""

    counter: int
    pairs: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, data: bytes) -> "Reading":
        return cls(data[0], tuple(zip(data[1::2], data[2::2], strict=True)))


class Kind(StrEnum):
    NOTHING = "nothing"  # no coin, or nothing a person could notice
    REJECTED = "rejected"  # the coin came back
    UNCERTAIN = "uncertain"  # the coin may have been kept: staff must be told
    FRAUD = "fraud"  # string, light, wrong sequence
    BLOCKED = "blocked"  # takes no coin until staff clears it


_NOTHING = {
    0,  # null event
    253,  # data block request
    254,  # return lever pressed
}
_REJECTED = {1, 2, 3, 8, 9, 10, 11, 12, 13, 22, 24, 25, 33, 37, 38, *range(128, 160)}
_FRAUD = {
    16,  # credit sequence wrong
    17,  # coin going backwards
    20,  # coin on a string
    40,  # light attack
}
_BLOCKED = {
    14,  # credit sensor blocked
    15,  # sorter exit blocked
    26,  # reject sensor blocked
    27,  # totaliser configuration
    28,
    29,  # gate open, not closed
    30,  # gate closed, not open
    32,  # manifold blocked
}


def kind_of(code: int) -> Kind:
    """The kind of any code 0 to 255. A code outside the table is UNCERTAIN, because the coin may have been kept."""
    if code in _NOTHING:
        return Kind.NOTHING
    if code in _REJECTED:
        return Kind.REJECTED
    if code in _FRAUD:
        return Kind.FRAUD
    return Kind.BLOCKED if code in _BLOCKED else Kind.UNCERTAIN
