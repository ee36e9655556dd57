"""What the centre is told of papers and debts: one type for each thing told. Pure.

`told()` gives the advice as JSON, for the medium and the line; `read` makes the advice from the JSON on the medium.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Told = dict[str, str | int]


class CopyFate(StrEnum):
    """What a copy has become, as the centre books it."""

    ISSUED = "issued"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class CopyAdvice:
    """What became of one copy. `reason`: a word of `SessionReason` or `AdviceReason`."""

    fate: CopyFate
    request_id: str
    copy: int
    reason: str

    @property
    def id(self) -> str:
        return f"{self.request_id}.{self.copy}"

    def told(self) -> Told:
        return {"op": str(self.fate), "request_id": self.request_id, "copy": self.copy, "reason": str(self.reason)}


@dataclass(frozen=True, slots=True)
class ClaimAdvice:
    """The machine owes this amount, and the centre's refund desk is to pay it. `key`: the claim's, 32 hex digits."""

    key: str
    amount_yen: int
    reason: str

    @property
    def id(self) -> str:
        return f"{self.key}.claim"

    def told(self) -> Told:
        return {"op": "claim", "key": self.key, "amount_yen": self.amount_yen, "reason": str(self.reason)}


@dataclass(frozen=True, slots=True)
class CollectedAdvice:
    """Staff has paid this much of a claim at the machine; `collection` counts such payments over the machine's life."""

    key: str
    amount_yen: int
    collection: int

    @property
    def id(self) -> str:
        return f"{self.key}.collected.{self.collection}"

    def told(self) -> Told:
        amount_yen, collection = self.amount_yen, self.collection
        return {"op": "collected", "key": self.key, "amount_yen": amount_yen, "collection": collection}


@dataclass(frozen=True, slots=True)
class HeardAdvice:
    """The machine has written that the city's desk paid this much of its claim; the centre need not say it again."""

    key: str
    amount_yen: int

    @property
    def id(self) -> str:
        return f"{self.key}.heard"

    def told(self) -> Told:
        return {"op": "heard", "key": self.key, "amount_yen": self.amount_yen}


SessionAdvice = CopyAdvice | ClaimAdvice  # what a session tells, each in a record of its own
Advice = SessionAdvice | CollectedAdvice | HeardAdvice


def read(told: Mapping[str, Any]) -> Advice:
    """The advice whose `told()` this is. Raises `KeyError`, `ValueError` or `TypeError` if it is none."""
    rest = dict(told)
    match rest.pop("op"):
        case "claim":
            return ClaimAdvice(**rest)
        case "collected":
            return CollectedAdvice(**rest)
        case "heard":
            return HeardAdvice(**rest)
        case op:
            return CopyAdvice(CopyFate(op), **rest)


def read_of_session(told: Mapping[str, Any]) -> SessionAdvice:
    """As `read`, for the field of an `AdviceQueued`. Raises `TypeError` for a payment too."""
    advice = read(told)
    if isinstance(advice, CollectedAdvice | HeardAdvice):
        raise TypeError("a payment is a record of its own")
    return advice
