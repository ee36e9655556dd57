"""What can go wrong with a card, by name, and how card generations differ in their answers.

A fault's place is a number of commands since the last power-on or reset; 1 is the first. `Manners` has the answers that
are not documented or that differ between generations (card sources 4, 11).
"""

from dataclasses import dataclass
from enum import StrEnum


class Pulled(Exception):
    """The card leaves the reader during a command; the adapter that catches this takes it out."""


class Silent(Exception):
    """The card never answers this command."""


class FaultName(StrEnum):
    """The faults of a card."""

    PULLED = "pulled"  # the card leaves the reader
    STATUS = "status"  # answers this status word instead
    MUTE = "mute"  # does not answer; at=0: not even to reset
    SLOW = "slow"  # takes this many seconds more
    CUT = "cut"  # the last byte of the data is missing
    LONG = "long"  # one byte more than there should be
    GARBAGE = "garbage"  # random bytes
    EMPTY = "empty"  # an answer without even a status word
    LABEL = "label"  # the token's label is an unknown one
    BLOCKED = "blocked"  # every PIN is blocked


_FOR_EVER = frozenset({FaultName.MUTE, FaultName.SLOW})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`at`: the first command it touches; `until`: the last (None: `at` alone, for MUTE and SLOW all that follow)."""

    name: FaultName
    at: int = 1
    until: int | None = None
    word: int = 0x6F00  # STATUS
    seconds: float = 0.0  # SLOW
    acts: bool = False  # PULLED: the command is carried out first, and only its answer is lost

    def touches(self, command: int) -> bool:
        if self.until is None:
            return command >= self.at if self.name in _FOR_EVER else command == self.at
        return self.at <= command <= self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How a generation of cards answers where the documents do not say."""

    filler: bytes = b"\xff" * 64  # behind the object in a file
    read_max: int = 256  # most bytes given to one READ BINARY
    read_over_max: int | None = None  # asked more: None gives read_max of them, else this word (6700)
    end_warning: bool = False  # a read up to the end of the file is answered 6282 instead of 9000
    t0: bool = False  # replies in T=0 form: 61xx and GET RESPONSE, 6Cxx for a wrong Le
    blocked_query: int = 0x63C0
    blocked_verify: int = 0x6984
    verified_query: int | None = None  # the query after a right PIN: None counts, else this word (9000)
    counts_aloud: bool = True  # False: 6300 for a wrong PIN, as the old card
